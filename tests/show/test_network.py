"""A network as a table of its layers."""

import dataclasses
import subprocess
import sys

import numpy as np
import pytest

from tests.show.drawn import small
from tinygrad_edu import functions, nn
from tinygrad_edu.show import Summary


def images():
    rng = np.random.default_rng(0)
    layers = [nn.Conv2d(1, 4, 3, rng), nn.BatchNorm(4), functions.relu, nn.MaxPool(2), nn.Flatten()]
    return nn.Sequential([*layers, nn.Linear(36, 10, rng)]), rng.normal(size=(2, 1, 8, 8))


def test_each_layer_says_what_it_gives():
    network, x = images()
    table = Summary(network, x)
    shapes, z = [], x
    for layer in network.layers:
        z, _ = nn.module.apply(layer, z, nn.module.initial_state(layer), training=False)
        shapes.append(str(z.shape))
    assert [output for _, _, output, _ in table.rows] == [shapes[-1], *shapes]
    assert sum(count for *_, count in table.rows[1:]) == table.rows[0][-1] == nn.count_parameters(network)
    assert "output" not in str(Summary(network))


def test_layers_of_layers_have_places_and_outputs():
    rng = np.random.default_rng(0)
    network = nn.Sequential([nn.Embedding(5, 8, rng), nn.TransformerBlock(8, 2, rng)])
    outputs = {place: output for place, _, output, _ in Summary(network, np.zeros((2, 3), int)).rows}
    assert outputs[".layers[1].network.layers[0]"] == "(2, 3, 32)"
    assert outputs[".layers[1].attention.query"] == "(2, 3, 8)"
    assert all(outputs.values())


def test_nothing_of_the_network_changes():
    network, x = images()
    kinds, numbers = [type(layer) for layer in network.layers], [p.data.copy() for p in network.parameters()]
    Summary(network, x)
    assert [type(layer) for layer in network.layers] == kinds
    assert all(np.array_equal(p.data, before) for p, before in zip(network.parameters(), numbers, strict=True))
    assert all(p.grad is None or not np.any(p.grad) for p in network.parameters())


def test_a_module_of_one_s_own_with_a_layer_that_is_not_called():
    @dataclasses.dataclass(frozen=True, eq=False, repr=False)
    class Half(nn.Module):
        used: nn.Linear
        spare: nn.Linear

        def __call__(self, x):
            return self.used(x) / 2

    rng = np.random.default_rng(0)
    rows = Summary(Half(nn.Linear(2, 3, rng), nn.Linear(2, 3, rng)), np.ones(2)).rows
    assert [(place, output) for place, _, output, _ in rows] == [("", "(3,)"), (".used", "(3,)"), (".spare", "")]


def test_notebooks_show_networks_and_results():
    network, _ = images()
    html = network._repr_html_()
    assert html.startswith("<table>")
    assert html.count("<tr>") == 8
    assert ".layers[5]" in html
    assert small()._repr_html_().startswith("<pre>Value(")


def test_without_the_hook_there_is_text():
    script = (
        "import tinygrad_edu as tg, numpy as np; del tg.Value._repr_html_; "
        "assert tg.nn.Linear(2, 3, np.random.default_rng(0))._repr_html_() is None"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_what_does_not_fit_is_refused():
    network, _ = images()
    with pytest.raises(TypeError, match="got a list; pass a Module"):
        Summary(network.layers)
    with pytest.raises(ValueError, match="Conv2d"):
        Summary(network, np.ones((2, 3, 8, 8)))
