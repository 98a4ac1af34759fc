"""State goes in and comes out, through any nesting, eager and compiled; modes are said at each call."""

import dataclasses
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_edu as tg
from tinygrad_edu import nn, tree
from tinygrad_edu.nn.linear import random_bits


def rng(seed=0):
    return np.random.default_rng(seed)


def made(dtype=np.float64):
    inner = nn.Sequential([nn.Linear(4, 4, rng(1), dtype=dtype), nn.BatchNorm(4, dtype=dtype), np.tanh])
    return nn.Sequential([nn.Linear(3, 4, rng(2), dtype=dtype), inner, nn.Dropout(0.3, rng(3)), inner])


def test_the_state_is_a_tree_beside_the_network():
    network = made()
    state = network.initial_state()
    statistics = {"mean": np.zeros(4), "variance": np.ones(4)}
    assert tree.paths(state) == tree.paths(
        {"layers": [{}, {"layers": [{}, statistics, {}]}, {"counter": 0}, {"layers": [{}, statistics, {}]}]}
    )
    before = tree.map(np.copy, state)
    y, following = network.apply(rng().normal(size=(8, 3)), state, training=True)
    assert tree.paths(following) == tree.paths(state)
    for one, other in zip(tree.leaves(before), tree.leaves(state), strict=True):
        np.testing.assert_array_equal(one, other)  # nothing is written into
    assert all(type(leaf) is np.ndarray for leaf in tree.leaves(following))
    same, still = network.apply(rng().normal(size=(8, 3)), following, training=False)
    assert [*map(id, tree.leaves(still))] == [*map(id, tree.leaves(following))]
    assert y.shape == same.shape


def numbers(leaf):
    return (leaf.data if isinstance(leaf, tg.Value) else leaf).astype(float)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_compiled_step_hands_the_state_on_and_is_compiled_once(dtype):
    x, labels = rng().normal(size=(8, 3)).astype(dtype), rng().integers(0, 4, 8)

    def loss(network, state, x, labels):
        logits, state = network.apply(x, state, training=True)
        return tg.losses.cross_entropy(logits, labels), state

    slopes_of = tg.value_and_grad(loss, has_aux=True)

    def step(network, state, x, labels):
        (value, state), slopes = slopes_of(network, state, x, labels)
        return value, tg.optim.descend(network, slopes, 0.1), state

    compiled = tg.compile(step)
    network, state = made(dtype), made(dtype).initial_state()
    other, own = network, state
    sources = set()
    for _ in range(4):
        value, network, state = compiled(network, state, x, labels)
        with tg.no_grad():
            wanted, other, own = step(other, own, x, labels)
        sources.add(compiled.source)
        assert value.dtype == dtype
        room = 256 * np.finfo(dtype).eps
        assert abs(value.data - wanted.data) <= room * abs(wanted.data)
        for got, want in zip(tree.leaves((network, state)), tree.leaves((other, own)), strict=True):
            assert got.dtype == want.dtype
            assert np.all(abs(numbers(got) - numbers(want)) <= room * (1 + np.max(abs(numbers(want)))))
    assert len(sources) == 1
    assert state["layers"][2]["counter"] == made().initial_state()["layers"][2]["counter"] + np.uint64(4 * 32)


def test_statistics_are_not_differentiated():
    layer, x = nn.BatchNorm(2), rng().normal(size=(4, 2))

    def loss(x):
        y, state = layer.apply(x, layer.initial_state(), training=True)
        assert type(state["mean"]) is np.ndarray
        return np.sum(np.sin(y))

    assert tg.compare_gradients(loss, x).ok


def test_evaluation_uses_what_was_gathered_and_the_last_of_many_batches_counts_most():
    layer, state = nn.BatchNorm(1, momentum=0.5), nn.BatchNorm(1).initial_state()
    for mean in (0.0, 8.0):
        _, state = layer.apply(np.array([[mean - 1], [mean + 1]]), state, training=True)
    assert state["mean"] == 4.0
    assert state["variance"] == 0.25 * 1 + 0.75 * 2
    y, _ = layer.apply(np.array([[4.0]]), state, training=False)
    assert y.data == 0.0


@given(st.floats(0.05, 0.95), st.integers(0, 99))
def test_dropout_silences_that_share_and_keeps_the_mean(rate, seed):
    layer = nn.Dropout(rate, rng(seed))
    ones = np.ones((50, 200))
    y, state = layer.apply(ones, layer.initial_state(), training=True)
    again, _ = layer.apply(ones, layer.initial_state(), training=True)
    other, _ = layer.apply(ones, state, training=True)
    np.testing.assert_array_equal(y, again)
    deviation = np.sqrt(rate * (1 - rate) / y.size)
    for drawn in (y, other):
        assert {*np.unique(drawn)} <= {0.0, 1 / (1 - rate)}
        assert abs(np.mean(drawn == 0) - rate) <= 8 * deviation
    assert abs(np.mean((y == 0) & (other == 0)) - rate**2) <= 8 * np.sqrt(rate**2 * (1 - rate**2) / y.size)
    slope = tg.grad(lambda x: np.sum(layer.apply(x, layer.initial_state(), training=True)[0]))(ones)
    np.testing.assert_array_equal(slope, y)


def test_dropout_of_rate_0_and_in_evaluation_changes_nothing():
    x = rng().normal(size=(3, 4))
    for layer, training in ((nn.Dropout(0.0, rng()), True), (nn.Dropout(0.5, rng()), False)):
        y, state = layer.apply(x, layer.initial_state(), training=training)
        assert y is x
        assert state.keys() == {"counter"}
    infinite = np.full(64, np.inf)
    y, _ = nn.Dropout(0.5, rng()).apply(infinite, nn.Dropout(0.5, rng()).initial_state(), training=True)
    assert {*y} == {0.0, np.inf}


def test_layers_of_one_generator_drop_differently():
    generator, x = rng(), np.ones(64)
    masks = [
        layer.apply(x, layer.initial_state(), training=True)[0]
        for layer in (nn.Dropout(0.5, generator), nn.Dropout(0.5, generator))
    ]
    assert not np.array_equal(*masks)


def test_random_bits_are_splitmix():
    # The first numbers of the reference generator (S. Vigna, splitmix64.c) with the seed 1234567.
    seed = np.uint64(1234567)
    golden = np.uint64(0x9E3779B97F4A7C15)
    z = [(int(seed) + (i + 1) * int(golden)) % 2**64 for i in range(3)]
    expected = [6457827717110365317, 3203168211198807973, 9817491932198370423]
    for state, wanted in zip(z, expected, strict=True):
        x = state
        x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) % 2**64
        x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) % 2**64
        assert x ^ (x >> 31) == wanted
    assert random_bits(np.array([0], np.uint64))[0] == 0xE220A8397B1DCDAF


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Residual(nn.Module):
    """A module of a user's, with another inside."""

    inner: nn.Module

    def apply(self, x, state, *, training):
        y, inner = self.inner.apply(x, state["inner"], training=training)
        return x + y, {"inner": inner}


def test_modules_of_ones_own_compose():
    block = Residual(nn.Sequential([nn.Linear(3, 3, rng()), nn.Dropout(0.5, rng())]))
    network = nn.Sequential([block, np.tanh])
    x = np.ones((2, 3))
    linear = block.inner.layers[0]
    np.testing.assert_array_equal(network(x).data, np.tanh(x + linear(x).data))
    state = network.initial_state()
    assert tree.paths(state) == ["['layers'][0]['inner']['layers'][1]['counter']"]
    y, following = network.apply(x, state, training=True)
    assert following["layers"][0]["inner"]["layers"][1]["counter"] == tree.leaves(state)[0] + np.uint64(6)
    assert not np.array_equal(y.data, network(x).data)
    assert repr(network) == "Sequential(4 modules; 12 parameters)"


class Nothing(nn.Module):
    """It says nothing of how to be called."""


STATE = made().initial_state()


@pytest.mark.parametrize(
    ("error", "said", "call"),
    [
        (ValueError, "Sequential: BatchNorm evaluates with the statistics that training gathered; write y, state =",
         lambda: made()(np.ones((2, 3)))),
        (ValueError, "BatchNorm: BatchNorm evaluates with the statistics", lambda: nn.BatchNorm(2)(np.ones((2, 2)))),
        (ValueError, "BatchNorm: the input has shape (1, 2), one number for each channel",
         lambda: nn.BatchNorm(2).apply(np.ones((1, 2)), nn.BatchNorm(2).initial_state(), training=True)),
        (ValueError, "BatchNorm: the input has shape (2, 3); its axis 1 must have length 2",
         lambda: nn.BatchNorm(2).apply(np.ones((2, 3)), nn.BatchNorm(2).initial_state(), training=False)),
        (ValueError, "BatchNorm: the input has shape (2,); its axis 1",
         lambda: nn.BatchNorm(2).apply(np.ones(2), nn.BatchNorm(2).initial_state(), training=True)),
        (TypeError, "BatchNorm: got the state {}, which is not one of this layer's; pass what network.initial_state()",
         lambda: nn.BatchNorm(2).apply(np.ones((2, 2)), {}, training=True)),
        (TypeError, "Dropout: got the state None",
         lambda: nn.Dropout(0.5, rng()).apply(np.ones(2), None, training=True)),
        (TypeError, "Sequential: got the state a dict with counter",
         lambda: made().apply(np.ones((2, 3)), STATE["layers"][2], training=True)),
        (ValueError, "Sequential: got the states of 1 layers for 4",
         lambda: made().apply(np.ones((2, 3)), {"layers": [{}]}, training=True)),
        (TypeError, "TransformerBlock: got the state {}",
         lambda: nn.TransformerBlock(4, 2, rng()).apply(np.ones((2, 4)), {}, training=True)),
        (NotImplementedError, "Nothing: define __call__(self, x), or apply if it has a state", lambda: Nothing()(1.0)),
    ],
)  # fmt: skip
def test_what_is_no_state_is_refused(error, said, call):
    with pytest.raises(error, match=re.escape(said)):
        call()
