"""Long elementwise parts, printed as loops over blocks: the same numbers and dtypes, on any number of threads."""

import operator
import time

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.compiler.codegen.names import Names
from tinygrad_edu.compiler.codegen.numpy import print_graph
from tinygrad_edu.compiler.codegen.statements import write_into
from tinygrad_edu.compiler.ir import Graph, Input, Node
from tinygrad_edu.compiler.memory import plan_memory
from tinygrad_edu.compiler.passes.tiling import LEAST

X = np.linspace(-1.0, 2.0, LEAST + 7)

EXACT = {
    "a choice": lambda x: np.where(x * 2 > 0, np.sin(x) * x, x * 2 + 1),
    "a choice in between": lambda x: np.where(x > 0, x * 2, np.sin(x) * x) * 2 + 1,
    "counts": lambda x: np.sum(np.tanh(x) * x * 2 > 0.1),
    "truths": lambda x: np.sum((x > 0) & (x < 1)),
    "whole numbers": lambda x: np.sum((x * 10).astype(np.int32) * 3 + 1),
    "a product of truths": lambda x: np.dot((x > 0) & (x < 1), ~(x > 1.5)),
    "truths added to truths": lambda x: (x > 0) + (x < 1) + (x == 2),
    "single precision": lambda x: np.cos(x.astype(np.float32)) * np.float32(0.1) + np.float32(2),
    "slopes": tg.grad(lambda x: np.sum(np.tanh(x) * np.exp(-x * x))),
    "clipped": lambda x: np.clip(x * 2 + 1, -0.5, 0.5) * 3,
}


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("name", EXACT)
def test_numbers_and_dtypes_are_those_of_numpy(name, threads):
    compiled = tg.compile(EXACT[name], threads=threads)
    for x in (X, X[::-1].copy(), X):
        given, expected = compiled(x), EXACT[name](x)
        assert given.dtype == expected.dtype
        np.testing.assert_array_equal(given, expected)
    assert compiled.fallbacks == 0


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_sums_keep_their_dtype(dtype, threads):
    def f(x):
        return np.sum(np.exp(x) * x * x)

    x = X.astype(dtype)
    compiled = tg.compile(f, threads=threads)
    compiled(x)
    given, expected = compiled(x), f(x.astype(np.float64))
    assert given.dtype == dtype
    # NumPy adds up 28,000 numbers in pairs, and the blocks one after the other; rounding adds up with their number.
    assert abs(given - expected) <= 64 * np.finfo(dtype).eps * np.sum(np.abs(np.exp(X) * X * X))
    assert compiled.fallbacks == 0


@pytest.mark.parametrize(
    ("function", "arguments", "text"),
    [
        (np.exp, (0.5,), "np.exp(0.5, h)"),
        (np.maximum, (0.5, 2.0), "np.maximum(0.5, 2.0, out=h)"),
        (np.add.reduce, (0.5,), "np.add.reduce(0.5, out=h)"),
        (np.where, (True, 1.0, 2.0), "np.copyto(h, np.where(True, 1.0, 2.0))"),
        (np.sort, (0.5,), "np.copyto(h, np.sort(0.5))"),
        (np.empty, (3,), ""),
    ],
)
def test_only_what_takes_out_is_told_where_to_write(function, arguments, text):
    assert write_into(Node(function, arguments, {}), "h", Names()) == text


def test_printing_grows_with_the_number_of_nodes():
    def seconds(count):
        x = Input("x")
        x.describe(np.ones(3))
        nodes = [x]
        for k in range(count):
            node = nodes[-1].sibling((np.sin, np.add)[k % 2], (nodes[-1], x)[: k % 2 + 1], (3,), (8,), x.dtype)
            nodes.append(node)
            if k % 3 == 0:
                view = node.sibling(operator.getitem, (node, slice(None, None, -1)), (3,), (-8,), x.dtype)
                view.memory = node
                nodes.append(view)
        graph = Graph("program", [x], nodes[1:], nodes[-1:])
        plan, start = plan_memory(graph), time.process_time()
        print_graph(graph, plan, infix=False)
        print_graph(graph)
        return time.process_time() - start

    # Eight times as many nodes take eight times as long, not 64 times.
    assert min(seconds(8000) for _ in range(2)) < 24 * min(seconds(1000) for _ in range(3))
