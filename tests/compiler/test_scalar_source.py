"""The text of a program of single numbers: plain Python, a line a statement, that runs on its own."""

import ast
import math

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.compiler.codegen.templates import ATOM, CHOICE, COMPARED, NOT, OR, SUM, UNARY, template
from tinygrad_edu.compiler.ir import Node


def chain(a, x, y, rounds=20):
    for _ in range(rounds):
        a = np.exp(np.tanh(a * x + y) ** 2)
    return a


def source(f, *args):
    compiled = tg.compile(f)
    compiled(*args)
    assert compiled._programs[0].executable.is_scalar
    return compiled.source


def code(text):
    """The lines without their remarks."""
    return [line.partition("  #")[0].strip() for line in text.splitlines()]


def test_it_runs_on_its_own():
    slopes = tg.value_and_grad(lambda x, y: chain(x, y, 0.3) + np.logaddexp(x, y), argnums=(0, 1))
    text = source(slopes, 0.5, 0.2)
    imports = [node for node in ast.walk(ast.parse(text)) if isinstance(node, (ast.Import, ast.ImportFrom))]
    names = {getattr(node, "module", None) or node.names[0].name for node in imports}
    assert names == {"math", "numpy"}
    scope = {}
    exec(text, scope)
    compiled = tg.compile(slopes)
    compiled(0.5, 0.2)
    assert scope["program"](0.5, 0.2) == tuple(tg.tree.leaves(compiled(0.5, 0.2)))


def test_what_is_used_once_stands_where_it_is_used():
    lines = code(source(lambda a, x, y: np.exp(np.tanh(a * x + y)), 1.0, 2.0, 3.0))
    assert lines[:3] == ["from math import exp, tanh", "", "import numpy as np"]
    body = lines[lines.index("def program(a, x, y):") + 1 :]
    assert body == ["", "result = exp(tanh(a * x + y))", "return np.float64(result),"]


def test_forward_and_backward_are_marked_and_lines_tell_where_they_come_from():
    text = source(tg.value_and_grad(chain), 0.3, 0.7, 0.2)
    assert text.count("# forward") == text.count("# backward") == 1
    assert text.count("# test_scalar_source.py:1") > 40


def test_names_of_the_user_stay():
    def f(exp, program, math):
        t = exp * program
        return np.exp(t) * t + math

    text = source(f, 1.0, 2.0, 3.0)
    scope = {}
    exec(text, scope)
    assert scope["program"](1.0, 2.0, 3.0)[0] == math.exp(2.0) * 2 + 3
    assert "t = " in text


def test_numbers_of_numpy_are_made_plain_only_where_they_go_in():
    text = source(lambda x, y: x * y, np.float64(2.0), 3.0)
    assert "x = float(x)" in text
    assert "y = float" not in text


@pytest.mark.parametrize(
    "f",
    [
        lambda x: sum((x * k for k in range(1200)), 0.0 * x),
        lambda x: np.tanh(-np.abs(chain(x, x, x, 150))),
        lambda x: -sum(np.sin(x + k) * -x for k in range(150)),
    ],
)
def test_lines_stay_short_however_long_the_expression(f):
    text = source(tg.value_and_grad(f), 0.4)
    assert max(map(len, code(text))) < 140
    assert tg.compile(tg.value_and_grad(f))(0.4)[0] == pytest.approx(f(0.4), rel=1e-9)


def test_many_numbers_go_in_and_come_out():
    def step(p):
        value, slopes = tg.value_and_grad(lambda p: sum(np.tanh(x) for x in p))(p)
        return value, [x - 0.1 * g for x, g in zip(p, slopes, strict=True)]

    p = [0.001 * k for k in range(600)]
    assert tg.tree.leaves(tg.compile(step)(p)) == pytest.approx(tg.tree.leaves(step(p)), rel=1e-13)


@pytest.mark.parametrize(
    ("text", "operands", "filled"),
    [
        ("x - y", [("a - b", SUM), ("c - d", SUM)], "a - b - (c - d)"),
        ("x * y", [("a + b", SUM), ("-1.0", UNARY)], "(a + b) * -1.0"),
        ("abs(x)", [("a + b", SUM)], "abs(a + b)"),
        ("-x", [("-1.0", UNARY)], "-(-1.0)"),
        ("x ** y", [("a", ATOM), ("-b", UNARY)], "a ** (-b)"),
        ("x == y", [("a > b", COMPARED), ("c", ATOM)], "(a > b) == c"),
        ("not x", [("a > b", COMPARED)], "not a > b"),
        ("x and y", [("a or b", OR), ("not c", NOT)], "(a or b) and not c"),
        ("y if x else z", [("p if c else q", CHOICE), ("a", ATOM), ("b or c", OR)], "a if (p if c else q) else b or c"),
    ],
)
def test_parentheses_stand_where_they_must(text, operands, filled):
    assert template(text).fill(operands) == filled


def test_it_is_explained_and_timed():
    compiled = tg.compile(tg.value_and_grad(chain))
    compiled(0.3, 0.7, 0.2)
    assert "entries" in compiled.explain()
    report = compiled.report(0.3, 0.7, 0.2, rounds=2)
    assert any("tanh(" in each.text for each in report.statements)
    giving_up = tg.compile(lambda x: np.log(x) * x)
    assert giving_up(0.0) != giving_up(0.0)
    assert "log" in str(giving_up.report(0.0, rounds=2))


@pytest.mark.parametrize("x", [0.3, -0.7, 1.9])
def test_a_lowered_graph_can_be_run_node_by_node(x):
    slopes = tg.value_and_grad(lambda x: np.logaddexp(np.clip(x, -0.5, 1.0) ** 3, np.tanh(x) * (x > 0)))
    compiled = tg.compile(slopes)
    compiled(x)
    graph = compiled._last.executable.graph
    value = dict(zip(graph.inputs, [x], strict=True))
    for node in graph.nodes:
        value[node] = node.function(*(value[a] if isinstance(a, Node) else a for a in node.arguments))
        assert node.kind in (None, type(value[node]))
    assert [value[x] for x in graph.outputs] == tg.tree.leaves(compiled(x))
