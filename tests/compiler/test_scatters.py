"""Cotangents of elements and slices are added up in one array of zeros, to the bit."""

import numpy as np
import pytest

import tinygrad_edu as tg
from tests.compiler.test_rewrites import same_bits
from tinygrad_edu.compiler.ir import Graph
from tinygrad_edu.compiler.passes.simplify import run_passes
from tinygrad_edu.compiler.passes.verify import verify
from tinygrad_edu.compiler.tracing.trace import Traced

X = np.linspace(-1.0, 2.0, 6)
FUNCTIONS = {
    "elements": lambda x: 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2,
    "slices": lambda x: np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2),
    "from both ends": lambda x: np.sum(x[::-1] * x) + np.sum(x[::2] * x[1::2]) * x[-1],
    "rows": lambda x: np.sum(x.reshape(2, 3)[0] * x.reshape(2, 3)[1]) + x.reshape(2, 3)[1, 2] * x[0],
    "new axes": lambda x: np.sum(x[:3, None] * x[None, 3:]) * x[..., 1],
    "all at once": lambda x: sum(x[i] * x[i - 1] for i in range(6)),
    "beside all of it": lambda x: np.sum(x * x) * x[2] + np.sum(x[1:3]),
    "empty": lambda x: np.sum(x[:0] * x[6:]) + x[1] * x[2],
}

LEFT = {"from both ends": 2, "rows": 4}  # arrays of zeros, where what is added to is no part, or each view its own


def arrays_of_zeros(graph: Graph):
    return sum(node.function is np.zeros_like for node in graph.nodes)


def passed(f, *arrays):
    """The graph after the passes, which compute what was traced, to the bit."""
    traced = Traced(f, arrays, {}).graph
    before, graph = verify(traced, arrays), run_passes(traced)[0]
    for x, y in zip(verify(graph, arrays), before, strict=True):
        assert same_bits(x, y), f"{x!r}, not {y!r}\n{graph}"
    return graph


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_gradients_stay_as_they_are(name, dtype):
    f = tg.grad(FUNCTIONS[name])
    for x in (X, -X, np.zeros(6), -np.zeros(6)):
        graph = passed(f, x.astype(dtype))
        np.testing.assert_allclose(
            verify(graph, [x.astype(dtype)])[0], f(x.astype(dtype)), rtol=32 * np.finfo(dtype).eps
        )
    assert arrays_of_zeros(graph) <= LEFT.get(name, 1)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_second_derivatives_stay_as_they_are(name):
    f = tg.grad(FUNCTIONS[name])
    passed(lambda x: tg.jvp(f, (x,), (np.cos(x),))[1], X)


WRITTEN = {
    "used again": lambda x, y, z: (x + y, x),
    "added twice": lambda x, y, z: (x + x, y + x),
    "a sum that is used twice": lambda x, y, z: ((x + y) + z, (x + y) * 2),
    "written into later": lambda x, y, z: ((total := x + y), y.fill(3.0), total + z)[0::2],
    "a view of it": lambda x, y, z: (x + y, x[1:] * 2),
    "both given out": lambda x, y, z: (x + y, x + y),
    "in another order": lambda x, y, z: (z + (y + x),),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_only_what_nobody_else_sees_is_written_into(name):
    combine = WRITTEN[name]

    def f(a):
        x, y, z = np.zeros_like(a), np.zeros_like(a), np.zeros_like(a)
        value = a[:2] * 2
        x[1] = a[0]
        y[:2] = value
        z[-1] = -0.0
        value += 1
        return combine(x, y, z)

    passed(f, X)


def test_a_part_that_is_given_by_what_is_written_into_later_is_left_alone():
    def f(a):
        x, y = np.zeros_like(a), np.zeros_like(a)
        value = a * 2
        x[:] = value
        y[0] = a[1]
        value *= 3
        return x + y, value

    assert arrays_of_zeros(passed(f, X)) == 2
