"""Jumps are found wherever they are, and what is only steep, cancels or ends is none."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_edu.check.jumps import jumps

places = st.floats(-100, 100).map(lambda x: x if abs(x) > 1e-9 else 0.0)
heights = st.floats(1e-3, 1e3).flatmap(lambda h: st.sampled_from([h, -h]))


@given(places, heights, st.floats(-1, 1), st.sampled_from([np.greater, np.greater_equal, np.equal]))
def test_a_jump_is_found(at, height, slope, compare):
    (jump,) = jumps(lambda x: np.sin(x) + slope * x + height * compare(x, at), [np.float64(at)])
    assert (jump.argument, jump.place) == (0, ())
    steps = np.array([jump.here - jump.below, jump.above - jump.here])
    wanted = {np.greater: [0, height], np.greater_equal: [height, 0], np.equal: [height, -height]}[compare]
    assert np.all(abs(steps - wanted) <= 1e-6 * abs(height))


@given(places, st.floats(0.01, 0.99), heights)
def test_beside_a_jump_there_is_none(at, off, height):
    assert jumps(lambda x: height * np.floor(x - at), [np.float64(at + off)]) == []


SMOOTH = {
    "kink": abs,
    "root": lambda x: np.sqrt(abs(x)),
    "tenth root": lambda x: np.sign(x) * abs(x) ** 0.1,
    "edge": np.sqrt,
    "edge of a logarithm": lambda x: x * np.log(x),
    "steep": lambda x: np.tanh(1e9 * x),
    "quick": lambda x: np.sin(1e6 * x),
    "cancels": lambda x: (1e8 + x) - 1e8,
    "constant": lambda x: 0 * x + 3.0,
    "tiny": lambda x: 1e-200 * x,
    "removable": lambda x: np.where(x == 0, 1.0, np.sin(x) / np.where(x == 0, 1, x)),
}


@pytest.mark.parametrize("f", SMOOTH.values(), ids=SMOOTH)
@pytest.mark.parametrize("x", [0.0, 1e-300, 1e-10, 0.5, 1.0, 1e6])
def test_what_is_no_jump(f, x):
    assert jumps(f, [np.float64(x)]) == []


def test_in_arrays_and_in_outputs():
    found = jumps(lambda x, y: [np.sum(x) * y, np.floor(x) + y], [np.array([[0.5, 1.0], [2.0, 0.1]]), np.float64(0.5)])
    assert [(jump.argument, jump.place) for jump in found] == [(0, (0, 1)), (0, (1, 0))]
