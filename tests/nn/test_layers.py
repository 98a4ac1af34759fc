"""Every layer: compiled is eager, slopes are slopes, the dtype stays, and what does not fit is refused."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_edu as tg
from tinygrad_edu import nn, tree
from tinygrad_edu.functions import relu


def rng(seed=0):
    return np.random.default_rng(seed)


def normal(*shape, seed=1):
    return rng(seed).normal(size=shape)


def spread(*shape):
    """Numbers that are not near each other, nor near 0."""
    return (rng(2).permutation(np.prod(shape)) - np.prod(shape) / 2 + 0.3).reshape(shape) / 4


WORDS = np.array([[1, 3, 1], [0, 2, 2]])
LAYERS = {
    "Linear": (lambda dtype: nn.Linear(3, 4, rng(), dtype=dtype), normal(2, 5, 3)),
    "Linear without bias": (lambda dtype: nn.Linear(3, 4, rng(), bias=False, dtype=dtype), normal(3)),
    "Embedding": (lambda dtype: nn.Embedding(4, 3, rng(), dtype=dtype), WORDS),
    "Conv1d": (lambda dtype: nn.Conv1d(2, 4, 2, rng(), padding=1, dilation=2, dtype=dtype), normal(2, 2, 5)),
    "Conv2d": (lambda dtype: nn.Conv2d(2, 4, (2, 1), rng(), stride=2, groups=2, dtype=dtype), normal(2, 2, 4, 3)),
    "ConvTranspose1d": (lambda dtype: nn.ConvTranspose1d(2, 3, 2, rng(), stride=2, dtype=dtype), normal(2, 2, 4)),
    "ConvTranspose2d": (lambda dtype: nn.ConvTranspose2d(2, 3, 2, rng(), padding=1, dtype=dtype), normal(2, 2, 3, 3)),
    "LayerNorm": (lambda dtype: nn.LayerNorm(4, dtype=dtype), normal(3, 4)),
    "GroupNorm": (lambda dtype: nn.GroupNorm(2, 4, dtype=dtype), normal(2, 4, 3)),
    "RMSNorm": (lambda dtype: nn.RMSNorm(4, dtype=dtype), normal(3, 4)),
    "RNN": (lambda dtype: nn.RNN(3, 2, rng(), dtype=dtype), normal(2, 4, 3)),
    "GRU": (lambda dtype: nn.GRU(3, 2, rng(), dtype=dtype), normal(2, 4, 3)),
    "LSTM": (lambda dtype: nn.LSTM(3, 2, rng(), dtype=dtype), normal(2, 4, 3)),
    "Bidirectional": (
        lambda dtype: nn.Bidirectional(nn.GRU(3, 2, rng(), dtype=dtype), nn.RNN(3, 1, rng(1), dtype=dtype)),
        normal(2, 4, 3),
    ),
    "MultiHeadAttention": (lambda dtype: nn.MultiHeadAttention(4, 2, rng(), causal=True, dtype=dtype), normal(2, 3, 4)),
    "TransformerBlock": (lambda dtype: nn.TransformerBlock(4, 2, rng(), hidden=5, dtype=dtype), normal(2, 3, 4)),
    "MLP": (lambda dtype: nn.MLP(3, [4, 2], rng(), nonlinearity=np.tanh, dtype=dtype), normal(5, 3)),
    "a convnet": (
        lambda dtype: nn.Sequential(
            [
                nn.Conv2d(1, 2, 2, rng(), dtype=dtype),
                relu,
                nn.MaxPool(2),
                nn.Flatten(),
                nn.Linear(8, 3, rng(), dtype=dtype),
            ]
        ),
        spread(2, 1, 5, 5),
    ),
    "pools": (
        lambda dtype: nn.Sequential([nn.Conv1d(1, 2, 1, rng(), dtype=dtype), nn.MeanPool(2), nn.MaxPool(2, stride=1)]),
        spread(2, 1, 8),
    ),
}


def loss(layer, x):
    return np.sum(np.sin(layer(x)))


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_compiled_is_eager_and_the_dtype_stays(name, dtype):
    made, x = LAYERS[name]
    layer = made(dtype)
    x = x if x.dtype.kind == "i" else x.astype(dtype)
    compiled = tg.compile(tg.value_and_grad(loss))
    compiled(layer, x)
    moved = tree.map(lambda p: tg.Value(p.data + dtype(0.125)), layer)
    (value, slopes), (wanted, expected) = compiled(moved, x), tg.value_and_grad(loss)(moved, x)
    eps = np.finfo(dtype).eps
    size = x.size * max(np.size(p) for p in tree.leaves(layer))
    assert value.dtype == wanted.dtype == dtype
    assert abs(value.data - wanted.data) <= 8 * size * eps * (1 + abs(wanted.data))
    assert tree.paths(slopes) == tree.paths(layer)
    largest = max(np.max(abs(g.data)) for g in tree.leaves(expected))
    for got, want, parameter in zip(*map(tree.leaves, (slopes, expected, layer)), strict=True):
        assert got.dtype == parameter.dtype == dtype
        assert np.all(abs(got.data - want.data) <= 64 * np.sqrt(size) * eps * largest)


@pytest.mark.parametrize("name", LAYERS)
def test_of_plain_arrays_it_is_the_same(name):
    made, x = LAYERS[name]
    layer = tree.map(lambda p: p.data, made(np.float64))
    compiled = tg.compile(lambda layer, x: layer(x))
    compiled(layer, x)
    wanted = made(np.float64)(x).data
    for got in (layer(x), compiled(layer, x)):
        assert type(got) is np.ndarray
        assert np.all(abs(got - wanted) <= 64 * np.finfo(float).eps * np.max(abs(wanted)))


@pytest.mark.parametrize("name", LAYERS)
def test_slopes_are_slopes(name):
    made, x = LAYERS[name]
    layer = tree.map(lambda p: p.data, made(np.float64))
    vector, unravel = tg.tree.ravel(layer)
    report = tg.compare_gradients(lambda v: loss(unravel(v), x), vector + 0.1 * normal(vector.size, seed=3))
    assert report.ok, str(report)
    if x.dtype.kind == "f":
        report = tg.compare_gradients(lambda x: loss(layer, x), x)
        assert report.ok, str(report)


def test_only_parameters_are_learnt():
    network = nn.Sequential(
        [
            nn.Conv2d(1, 2, 2, rng(), stride=2, padding=1, groups=1),
            nn.BatchNorm(2),
            nn.Dropout(0.1, rng()),
            nn.MaxPool(2),
        ]
    )
    assert [p.name for p in network.parameters()] == ["weights", "bias", "scale", "shift"]
    assert all(isinstance(p, tg.Value) for p in network.parameters())
    moved = tg.optim.descend(network, tree.map(lambda p: np.ones(p.shape), network), 0.5)
    assert (moved.layers[0].stride, moved.layers[0].padding, moved.layers[2].rate) == (2, 1, 0.1)


def test_a_function_of_the_layers_is_that_of_its_parts():
    first, second = nn.Linear(3, 4, rng()), nn.Linear(4, 2, rng(1))
    x = normal(5, 3)
    wanted = np.tanh(x @ first.weights.data + first.bias.data) @ second.weights.data + second.bias.data
    for layers in ([first, np.tanh, second], (first, np.tanh, second), iter([first, np.tanh, second])):
        np.testing.assert_array_equal(nn.Sequential(layers)(x).data, wanted)


@given(st.integers(1, 3), st.integers(1, 4), st.integers(0, 2))
def test_a_recurrent_run_can_be_cut(t, more, seed):
    x = normal(2, t + more, 3, seed=seed)
    for kind in (nn.RNN, nn.GRU, nn.LSTM):
        layer = kind(3, 2, rng(seed))
        outputs, carry = layer.run(x)
        first, between = layer.run(x[:, :t])
        second, last = layer.run(x[:, t:], between)
        room = 64 * (t + more) * np.finfo(float).eps  # products of other shapes are added up in another order
        assert np.all(abs(np.concatenate([first.data, second.data], axis=1) - outputs.data) <= room)
        for one, other in zip(tree.leaves(carry), tree.leaves(last), strict=True):
            assert np.all(abs(one.data - other.data) <= room)
        assert np.all(abs(layer(x[0]).data - outputs.data[0]) <= room)


def test_a_recurrent_layer_starts_with_a_rotation_and_remembers():
    layer = nn.LSTM(3, 4, rng())
    for gate in range(4):
        u = layer.hidden_weights.data[:, 4 * gate : 4 * gate + 4]
        assert np.all(abs(u @ u.T - np.eye(4)) <= 32 * np.finfo(float).eps)
    assert layer.bias.data.tolist() == [0] * 4 + [1] * 4 + [0] * 8


def test_causal_attention_sees_nothing_that_is_later():
    layer = nn.MultiHeadAttention(4, 2, rng(), causal=True)
    slopes = tg.jacobian(lambda x: layer(x).sum(axis=-1))(normal(5, 4)).data
    np.testing.assert_array_equal(np.any(slopes != 0, axis=-1), np.tri(5, dtype=bool))
    mask = np.tile(np.array([True, True, True, True, False]), (5, 1))
    both = tg.jacobian(lambda x: layer(x, mask=mask).sum(axis=-1))(normal(5, 4)).data
    itself = np.eye(5, dtype=bool)  # by its own query
    np.testing.assert_array_equal(np.any(both != 0, axis=-1), (np.tri(5, dtype=bool) & mask) | itself)
    batched = layer(normal(3, 5, 4), mask=np.stack([mask] * 3)).data
    np.testing.assert_array_equal(batched, layer(normal(3, 5, 4), mask=mask).data)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_rms_norm_of_huge_numbers_does_not_overflow(dtype):
    layer, huge = nn.RMSNorm(3, dtype=dtype), np.finfo(dtype).max / 4
    x = np.array([[1.0, -2.0, 3.0]], dtype)
    z, pull = tg.vjp(layer, x * huge)
    wanted = x / np.sqrt(np.mean(x * x))
    assert np.all(abs(z.data - wanted) <= 16 * np.finfo(dtype).eps * abs(wanted))
    assert np.all(np.isfinite(pull(np.ones((1, 3), dtype))[0].data))


X = np.zeros((2, 3, 4))
R = rng()
REFUSED = [
    (ValueError, "Linear: inputs is or holds 0; pass integers of at least 1", lambda: nn.Linear(0, 1, R)),
    (TypeError, "Linear: outputs is or holds 1.5", lambda: nn.Linear(1, 1.5, R)),
    (TypeError, "Linear: rng is a int; pass a generator, np.random.default_rng(seed)", lambda: nn.Linear(1, 1, 0)),
    (TypeError, "nn: dtype is int64; parameters are floats", lambda: nn.Linear(1, 1, R, dtype=np.int64)),
    (ValueError, "Linear: the input has shape (2, 3, 4); its last axis must have length 3",
     lambda: nn.Linear(3, 1, R)(X)),
    (ValueError, "Linear: the input has shape ()", lambda: nn.Linear(3, 1, R)(1.0)),
    (TypeError, "embedding: indices are of dtype float64", lambda: nn.Embedding(3, 1, R)(X)),
    (ValueError, "embedding: indices go from 0 to 3", lambda: nn.Embedding(3, 1, R)([0, 3])),
    (ValueError, "Dropout: rate is 1; it must be at least 0 and less than 1", lambda: nn.Dropout(1, R)),
    (TypeError, "Dropout: rng is a int", lambda: nn.Dropout(0.5, 1)),
    (ValueError, "Conv2d: got 2 groups of 3 inputs and 4 outputs; groups must divide both",
     lambda: nn.Conv2d(3, 4, 1, R, groups=2)),
    (ValueError, "Conv2d: x has shape (2, 3, 4); reshape it to (n, c, h, w)", lambda: nn.Conv2d(3, 4, 1, R)(X)),
    (ValueError, "Conv1d: the input has shape (2, 3, 4); its axis 1 must have length 2",
     lambda: nn.Conv1d(2, 4, 1, R)(X)),
    (ValueError, "windows of (5,) do not fit into images of (4,)", lambda: nn.Conv1d(3, 4, 5, R)(X)),
    (TypeError, "Conv1d: size is or holds (1, 1)", lambda: nn.Conv1d(3, 4, (1, 1), R)),
    (ValueError, "Conv1d: stride is or holds 0", lambda: nn.Conv1d(3, 4, 1, R, stride=0)),
    (ValueError, "pass a size from (8,) to (9,)", lambda: nn.ConvTranspose1d(3, 4, 2, R, stride=2)(X, size=7)),
    (ValueError, "max_pool1d: size is or holds 0", lambda: nn.MaxPool(0)(X)),
    (ValueError, "BatchNorm: momentum is 0; it must be above 0 and at most 1", lambda: nn.BatchNorm(3, momentum=0)),
    (ValueError, "LayerNorm: eps is 0; it must be above 0", lambda: nn.LayerNorm(3, eps=0)),
    (ValueError, "LayerNorm: shape is ()", lambda: nn.LayerNorm(())),
    (ValueError, "LayerNorm: the input has shape (2, 3, 4); it must end with (4, 3)", lambda: nn.LayerNorm((4, 3))(X)),
    (ValueError, "GroupNorm: got 2 groups of 3 channels", lambda: nn.GroupNorm(2, 3)),
    (ValueError, "GroupNorm: the input has shape (2, 3, 4); its axis 1", lambda: nn.GroupNorm(1, 4)(X)),
    (ValueError, "RMSNorm: the input has shape (2, 3, 4); its last axis", lambda: nn.RMSNorm(3)(X)),
    (TypeError, "Bidirectional: got the class LSTM; pass two recurrent layers",
     lambda: nn.Bidirectional(nn.LSTM(3, 1, R), nn.LSTM)),
    (TypeError, "Bidirectional: got a Linear", lambda: nn.Bidirectional(nn.Linear(3, 1, R), nn.LSTM(3, 1, R))),
    (ValueError, "LSTM: the input has shape (3,)",
     lambda: nn.Bidirectional(nn.LSTM(3, 1, R), nn.LSTM(3, 1, R))(X[0, 0, :3])),
    (ValueError, "LSTM: the input has shape (2, 3, 4); its last axis must have length 3", lambda: nn.LSTM(3, 1, R)(X)),
    (ValueError, "GRU: the input has shape (4,); pass (..., t, 4)", lambda: nn.GRU(4, 1, R)(X[0, 0])),
    (ValueError, "RNN: the input has shape (2, 0, 4); pass (..., t, 4), of one step at least",
     lambda: nn.RNN(4, 1, R)(X[:, :0])),
    (ValueError, "got 3 heads for tokens of 4 numbers; heads must divide them", lambda: nn.MultiHeadAttention(4, 3, R)),
    (ValueError, "MultiHeadAttention: the input has shape (4,); pass tokens",
     lambda: nn.MultiHeadAttention(4, 2, R)(X[0, 0])),
    (ValueError, "MultiHeadAttention: the input has shape (2, 3, 5)",
     lambda: nn.MultiHeadAttention(4, 2, R)(X, np.zeros((2, 3, 5)))),
    (TypeError, "attention: mask is of dtype int64",
     lambda: nn.MultiHeadAttention(4, 2, R)(X, mask=np.ones((3, 3), int))),
    (TypeError, "Sequential: layer 1 is a float; pass modules, and functions", lambda: nn.Sequential([np.tanh, 1.0])),
    (TypeError, "Sequential: layer 0 is the class Flatten; pass modules", lambda: nn.Sequential([nn.Flatten])),
    (ValueError, "MLP: sizes is or holds 0", lambda: nn.MLP(2, [3, 0])),
    (ValueError, "MLP: there are no sizes", lambda: nn.MLP(2, [])),
    (TypeError, "MLP: rng is a int", lambda: nn.MLP(2, [1], 0)),
]  # fmt: skip


@pytest.mark.parametrize(("error", "said", "call"), REFUSED)
def test_what_does_not_fit_is_refused(error, said, call):
    with pytest.raises(error, match=re.escape(said)):
        call()


@pytest.mark.parametrize("kind", [nn.RNN, nn.GRU, nn.LSTM])
def test_a_long_sequence_is_one_loop(kind):
    def lines(t):
        step = tg.compile(tg.value_and_grad(loss))
        step(kind(2, 3, rng()), normal(1, t, 2))
        return len(step.source.splitlines())

    assert lines(40) == lines(400)
    assert len(list(tg.Tape(loss(kind(2, 3, rng()), normal(1, 400, 2))))) < 40


@pytest.mark.parametrize("kind", [nn.RNN, nn.GRU, nn.LSTM])
def test_a_recurrent_layer_is_the_plain_loop_over_its_step(kind):
    layer, x = kind(3, 4, rng()), normal(2, 6, 3)

    def unrolled(layer, x):
        sums = x @ layer.input_weights + layer.bias
        carry, outputs = layer.first_carry((2, 4), sums.dtype), []
        for z in np.unstack(sums, axis=-2):
            carry = layer.step(z, carry)
            outputs.append(layer.seen(carry))
        return np.stack(outputs, axis=-2)

    def value_and_slopes(run):
        of = tg.value_and_grad(lambda layer, x: np.sum(np.sin(run(layer, x))), argnums=(0, 1))
        return tree.leaves(of(layer, x))

    pairs = zip(value_and_slopes(lambda layer, x: layer(x)), value_and_slopes(unrolled), strict=True)
    for one, other in ([tg.core.tape.payload(each) for each in pair] for pair in pairs):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-12 * np.max(abs(other)))
