"""Gradient descent is a pure function."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_edu as tg
from tinygrad_edu import Value, tree
from tinygrad_edu.nn import Network
from tinygrad_edu.optim import descend

EPS = np.finfo(float).eps


@given(st.floats(-100, 100), st.floats(-100, 100), st.floats(0, 2))
def test_a_step_is_its_formula(p, g, learning_rate):
    after = descend([p, {"w": np.array([p, 1.0])}], [g, {"w": np.array([g, 0.0])}], learning_rate)
    assert after[0] == p - learning_rate * g
    np.testing.assert_array_equal(after[1]["w"], [p - learning_rate * g, 1.0])


def test_nothing_is_written_into():
    parameters, gradients = {"w": np.ones(3), "v": Value(2.0)}, {"w": np.ones(3), "v": 1.0}
    after = descend(parameters, gradients, 0.5)
    np.testing.assert_array_equal(parameters["w"], np.ones(3))
    assert parameters["v"].item() == 2.0
    assert after["v"].item() == 1.5
    assert not np.shares_memory(after["w"], parameters["w"])


def test_dtype_and_kind_stay():
    network = Network.random([2, 2], 0)
    with tg.no_grad():
        after = descend(network, network, 0.25)
    assert type(after) is Network
    assert all(type(leaf) is Value and leaf.function is None for leaf in tree.leaves(after))
    assert descend(np.ones(2, np.float32), np.ones(2, np.float32), 0.1).dtype == np.float32


@given(st.floats(0.1, 2), st.floats(0.01, 0.4), st.integers(1, 20))
def test_on_a_parabola_it_shrinks_by_a_constant_factor(curvature, learning_rate, steps):
    x = 1.0
    for _ in range(steps):
        x = descend(x, tg.grad(lambda x: curvature * x**2 / 2)(x), learning_rate)
    factor = 1 - learning_rate * curvature
    # Each step rounds four times, by up to eps of what it subtracts from, which is at most 1/factor of the result.
    assert abs(x - factor**steps) <= 4 * (steps + 1) * EPS / factor * factor**steps


def test_structures_must_agree():
    with pytest.raises(ValueError, match="same structure"):
        descend({"w": 1.0}, {"b": 1.0}, 0.1)
