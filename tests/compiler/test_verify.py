"""Graphs that are not sound are refused, each for what is wrong with it."""

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.compiler.ir import Graph, GraphError, Input, Node
from tinygrad_edu.compiler.passes import simplify
from tinygrad_edu.compiler.passes.verify import make_up, verify
from tinygrad_edu.compiler.tracing.trace import Traced

X = np.linspace(0.5, 2.0, 6).reshape(2, 3)


def f(x):
    y = np.exp(x)
    v = y[0]
    v += 1
    return np.sin(y) * 2


def change(where, **attributes):
    def fault(graph):
        for name, x in attributes.items():
            setattr(graph.nodes[where], name, x)

    return fault


def writes_into_its_input(graph):
    graph.nodes[2].arguments, graph.nodes[2].writes = (graph.inputs[0], 1), graph.inputs[0]


def writes_into_a_constant(graph):
    graph.nodes[2].writes = np.zeros(3)


def looks_through_a_write(graph):
    before = Node(np.exp, (graph.inputs[0],), {})
    before.describe(X)
    graph.nodes.append(before)
    graph.nodes[3].arguments = (before,)
    graph.nodes[3], graph.nodes[4], graph.nodes[5] = graph.nodes[5], graph.nodes[3], graph.nodes[4]


FAULTS = {
    "uses what is not made before": lambda graph: graph.nodes.reverse(),
    "stands there twice": lambda graph: graph.nodes.append(graph.nodes[0]),
    "not all made": lambda graph: graph.nodes.pop(),
    "no array of the program's own": writes_into_its_input,
    "writes into what is no array": writes_into_a_constant,
    "says .3, 2": change(0, shape=(3, 2)),
    "has dtype float64, and says float32": change(0, dtype=np.dtype(np.float32)),
    "has strides .24, 8., and says .8, 16": change(0, strides=(8, 16)),
    "is a ndarray, and says float64": change(4, kind=np.float64),
    "shares no memory with its base": lambda graph: change(3, memory=graph.nodes[0])(graph),
    "shares memory that it does not say": lambda graph: change(1, memory=graph.nodes[1])(graph),
}


@pytest.mark.parametrize("message", FAULTS)
def test_what_is_not_sound_is_refused(message):
    graph = Traced(f, (X,), {}).graph
    assert np.array_equal(verify(graph, [X])[0], f(X))
    FAULTS[message](graph)
    with pytest.raises(GraphError, match=message):
        verify(graph)


def test_a_pass_that_looks_through_a_write_is_seen():
    def wrong(graph):
        looks_through_a_write(graph)
        return graph

    with pytest.raises(GraphError, match=r"(?s)wrong: output 0 is .* and was"):
        simplify.run_passes(Traced(f, (X,), {}).graph, (wrong,))


def test_passes_are_verified_while_compiling(monkeypatch):
    monkeypatch.setattr(simplify, "_UNIFORM", {np.ones_like: 2, np.zeros_like: 0})
    with pytest.raises(GraphError, match="fold_constants: output 0"):
        tg.compile(lambda x: x * np.ones_like(x))(X)


def test_what_is_made_up_lies_as_what_was_traced():
    for x in (X, X.T, X[::-1, ::2], np.broadcast_to(X[0], (4, 3)), X[:0], np.float32(2), 1.5, 3, True, X > 1):
        given = Input("x", type(x))
        given.describe(x)
        (made,) = make_up([given])
        assert type(made) is type(x)
        if isinstance(x, np.ndarray):
            assert (made.dtype, made.shape) == (x.dtype, x.shape)
            assert made.strides == x.strides


def test_numbers_that_numpy_refuses_are_not_held_against_a_graph():
    graph = Traced(np.linalg.cholesky, (np.eye(2),), {}).graph
    assert verify(graph) is None
    assert np.array_equal(verify(graph, [np.eye(2)])[0], np.eye(2))


def test_a_graph_is_shown_line_by_line():
    def each(x, i):
        y = np.zeros_like(x)
        y[0, i] = np.sum(x[1:], axis=0)[0]
        return np.concatenate([y, x]), 2.5

    assert str(Traced(each, (X, 1), {}).graph).splitlines() == [
        "program(x, i)",
        "t1 = np.zeros_like(x)  float64 (2, 3)",
        "t2 = getitem(x, slice(1, None, None))  float64 (1, 3)",
        "t3 = np.sum(t2, axis=0)  float64 (3,)",
        "t4 = getitem(t3, 0)  float64 ()",
        "t1 <- setitem(t1, (0, i), t4)",
        "t6 = np.concatenate([t1, x])  float64 (4, 3)",
        "return t6, 2.5",
    ]


def test_the_name_of_a_graph_is_its_own():
    assert str(Graph("nothing", [], [], [])) == "nothing()\nreturn "
