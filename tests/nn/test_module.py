"""Modules print what they are, are trees, and learn as in micrograd."""

import copy
import pickle

import numpy as np

import tinygrad_edu as tg
from tinygrad_edu import nn, tree


def test_a_network_prints_one_line_for_each_layer():
    rng = np.random.default_rng(0)
    network = nn.Sequential(
        [nn.Conv2d(1, 4, 3, rng, stride=2, groups=1), np.tanh, nn.Flatten(), nn.TransformerBlock(4, 2, rng)]
    )
    lines = str(network).splitlines()
    assert lines[0].split() == ["Sequential", "284", "parameters"]
    assert len(lines) == 1 + 3 + 11
    assert lines[1].split(maxsplit=1)[1].split() == [
        "Conv2d",
        "weights",
        "(4,",
        "1,",
        "3,",
        "3),",
        "bias",
        "(4,),",
        "stride",
        "2",
        "40",
    ]
    assert lines[2].split() == [".layers[1]", "tanh", "0"]
    assert [line.split()[0] for line in lines[4:7]] == [
        ".layers[3].attention_norm", ".layers[3].attention.query", ".layers[3].attention.key",
    ]  # fmt: skip
    counts = [int(line.split()[-1]) for line in lines[1:]]
    assert sum(counts) == nn.count_parameters(network)
    for layer in (*network.layers[::2], network):
        assert "\n" not in repr(layer)
    assert str(nn.LayerNorm(3)) == repr(nn.LayerNorm(3)) == "LayerNorm(scale (3,), shift (3,); 6 parameters)"
    assert repr(nn.MaxPool(2)) == "MaxPool(size 2; 0 parameters)"


def test_networks_are_copied_and_pickled():
    network = nn.Sequential([nn.LSTM(2, 3, np.random.default_rng(0)), nn.Dropout(0.1, np.random.default_rng(0))])
    x = np.ones((1, 4, 2))
    for other in (copy.deepcopy(network), pickle.loads(pickle.dumps(network)), tree.map(lambda p: p, network)):
        assert type(other) is nn.Sequential
        np.testing.assert_array_equal(other(x).data, network(x).data)
        assert other.initial_state() == network.initial_state()


def test_it_learns_as_in_micrograd():
    model = nn.MLP(2, [8, 1], np.random.default_rng(0), nonlinearity=np.tanh)
    x = np.random.default_rng(1).normal(size=(20, 2))
    y = np.sign(x[:, 0] * x[:, 1])
    losses = []
    for _ in range(60):
        loss = ((model(x)[:, 0] - y) ** 2).sum()
        model.zero_grad()
        loss.backward()
        for p in model.parameters():
            p.data += -0.01 * p.grad
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 2
    assert sum(p.size for p in model.parameters()) == nn.count_parameters(model) == 33


def test_a_value_has_the_methods_of_micrograds():
    x = tg.Value(0.5)
    for name, wanted in (("tanh", np.tanh(0.5)), ("exp", np.exp(0.5)), ("log", np.log(0.5)), ("relu", 0.5)):
        z = getattr(x, name)()
        assert z.data == wanted
        x.zero_grad()
        z.backward()
        assert x.grad == tg.grad(getattr(np, name, tg.functions.relu))(0.5)


def test_without_a_generator_mlps_differ():
    one, other = nn.MLP(2, [3]), nn.MLP(2, [3])
    assert not np.array_equal(one.layers[0].weights.data, other.layers[0].weights.data)
