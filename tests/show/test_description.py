"""What is shown of a tape is what the engine computes: shares, local slopes, formulas and the slope formula agree."""

import gc
import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import tinygrad_edu as tg
from tests.show.drawn import micrograd
from tinygrad_edu import Value
from tinygrad_edu.derivatives.exponential import share
from tinygrad_edu.functions import relu, sigmoid
from tinygrad_edu.show.description import running_totals
from tinygrad_edu.show.scopes import _origins
from tinygrad_edu.testing.programs import programs

EPS = np.finfo(np.float64).eps
UNARY = [np.tanh, np.sin, np.exp, np.sqrt, np.log, np.log1p, np.arctan, np.reciprocal, np.square, np.abs, sigmoid, relu]
BINARY = [np.add, np.subtract, np.multiply, np.divide, np.power, np.maximum, np.arctan2, np.hypot, np.logaddexp]
numbers = st.floats(0.25, 3.0).map(np.float64)


@given(programs())
def test_the_shares_are_those_of_the_engine(program):
    leaves = [Value(x) for x in program.arrays]
    z = program(*leaves)
    assume(isinstance(z, Value) and z.function)
    nodes = tg.Tape(z).description().nodes
    assert not any(np.any(node.value.grad) for node in nodes)  # nothing was swept into them
    z.backward(np.ones(z.shape))
    for node in nodes:
        eps, size = np.finfo(node.data.dtype).eps, np.abs(node.gradient).max(initial=0.0)
        np.testing.assert_allclose(node.gradient, node.value.grad, rtol=64 * eps, atol=64 * eps * size)
        totals = [total for _, total in running_totals(node)]
        if node is not nodes[-1]:
            np.testing.assert_array_equal(totals[-1], node.gradient)
        for edge in node.edges:
            share = np.asarray(edge.share)
            eps = np.finfo(share.dtype).eps
            size = np.abs(share).max(initial=0.0)
            if edge.is_elementwise:
                product = np.asarray(node.gradient * edge.local)
                stretched = tuple(range(product.ndim - share.ndim))
                added = product.sum(axis=stretched)
                added = added.sum(axis=tuple(i for i, n in enumerate(share.shape) if n == 1), keepdims=True)
                np.testing.assert_allclose(added, share, rtol=64 * eps, atol=64 * eps * size * max(product.size, 1))
            if edge.terms and share.size:
                added = sum(g * local for _, g, local in edge.terms)
                scale = sum(abs(g * local) for _, g, local in edge.terms)
                assert abs(added - share[edge.at]) <= 64 * eps * scale


def evaluated(edge):
    """The formula of an edge, computed as Python."""
    names = {f"v{node.place}": node.data for node in (edge.node, *(e.input for e in edge.node.edges))}
    text = edge.formula
    for node in (edge.node, *(e.input for e in edge.node.edges)):
        text = text.replace(node.name, f"v{node.place}")
    return eval(text, {"np": np, "sigmoid": sigmoid, "relu": relu, "share": share, **names})


@pytest.mark.parametrize("function", [*UNARY, *BINARY])
@given(x=numbers, y=numbers)
def test_a_formula_is_the_local_slope(function, x, y):
    given = [Value(x), Value(y)][: 2 if function in BINARY else 1]
    for edge in tg.Tape(function(*given)).description().result.edges:
        assert edge.formula, function
        # A constant in a formula is written to six digits.
        np.testing.assert_allclose(float(evaluated(edge)), edge.local, rtol=1e-5, atol=16 * EPS)


@pytest.mark.parametrize("function", [*UNARY, *BINARY])
@given(x=numbers, y=numbers)
def test_the_slope_formula_stands_beside(function, x, y):
    assume(abs(x - y) > 0.01)
    given = [Value(x), Value(y)][: 2 if function in BINARY else 1]
    tape = tg.Tape(function(*given)).description()
    for i, edge in enumerate(tape.result.edges):
        step = math.sqrt(EPS) * max(1.0, abs(given[i].item()))
        ahead = [v.item() + step * (i == k) for k, v in enumerate(given)]
        there = tg.Tape(function(*map(Value, ahead))).description().result.edges[i].local
        bend = abs(there - edge.local)  # half of it is the truncation of a chord
        rounding = 4 * EPS * (abs(tape.result.data) + abs(edge.local * given[i].item())) / step
        assert abs(edge.numeric - edge.local) <= bend + rounding


def test_the_formulas_of_the_common_functions():
    x, y = Value(0.5, name="x"), Value(2.0, name="y")
    cases = {
        x * y: ["y", "x"], x + y: ["1", "1"], x - y: ["1", "-1"], x / y: ["1 / y", "-#2 / y"], x**2: ["2 * x"],
        np.tanh(x): ["1 - #1 * #1"], np.exp(x): ["#1"], np.sin(x): ["np.cos(x)"], np.cos(x): ["-np.sin(x)"],
        np.sqrt(x): ["1 / (2 * #1)"], np.log(x): ["1 / x"], relu(x): ["x > 0"], 10 / x: ["-#1 / x"],
        sigmoid(x): ["#1 * sigmoid(-x)"], np.maximum(x, y): ["(x > y) + 0.5 * (x == y)", "(y > x) + 0.5 * (y == x)"],
    }  # fmt: skip
    for z, wanted in cases.items():
        assert [edge.formula for edge in tg.Tape(z).description().result.edges] == wanted


def test_a_rule_of_ones_own_has_a_formula():
    cubed = tg.primitive(lambda x: x * x * x)
    tg.derivative(cubed, lambda g, z, x: g * 3 * x**2)
    (edge,) = tg.Tape(cubed(Value(2.0, name="x"))).description().result.edges
    assert (edge.formula, edge.local) == ("3 * x ** 2", 12.0)


def test_where_symbols_are_not_enough_there_is_no_formula():
    stubborn = tg.primitive(lambda x: 2.0 * x)
    tg.derivative(stubborn, lambda g, z, x: g * 2.0 * np.ones(3)[int(x.number)] if hasattr(x, "number") else g * 2.0)
    tape = tg.Tape(stubborn(Value(5.0)))
    assert tape.description().result.edges[0].formula == ""
    assert "2.0" in tape.explain()


def test_arrays_say_which_axes_were_summed():
    x, b = Value(np.arange(6.0).reshape(2, 3) + 1), Value([[1.0], [2.0]], name="b")
    (_, edge) = tg.Tape(np.multiply(x, b)).description().result.edges
    assert edge.stretched == (1,)
    assert [place for place, _, _ in edge.terms] == [(1, 0), (1, 1), (1, 2)]  # of the larger share
    assert edge.terms[0][1:] == (1.0, 4.0)
    assert edge.share[edge.at] == 15.0
    np.testing.assert_allclose(edge.numeric, 15.0, rtol=1e-6)


def test_many_elements_are_not_followed_one_by_one():
    (edge,) = tg.Tape(np.cumsum(Value(np.ones(1000)))).description().result.edges
    assert edge.terms == []
    assert edge.at == (0,)
    assert "follow #0[0]: 1000.0" in tg.Tape(np.cumsum(Value(np.ones(1000)))).explain()


def test_empty_arrays_and_float32():
    text = tg.Tape(np.sum(Value(np.zeros((0, 3))) * 2.0)).explain()
    assert "shape (0, 3)" in text
    x = Value(np.float32(0.5), name="x")
    (edge,) = tg.Tape(np.exp(x)).description().result.edges
    assert edge.local.dtype == edge.share.dtype == np.float32
    assert abs(edge.numeric - edge.local) <= 8 * math.sqrt(np.finfo(np.float32).eps)


def test_a_seed_and_wrong_ones():
    x = Value([1.0, 2.0])
    z = x * x
    np.testing.assert_array_equal(tg.Tape(z, [1.0, 10.0]).description().nodes[0].gradient, [2.0, 40.0])
    assert "The sweep begins with [ 1., 10.]" in tg.Tape(z, [1.0, 10.0]).explain()
    with pytest.raises(ValueError, match=r"the seed has shape \(3,\), the result \(2,\)"):
        tg.Tape(z, np.ones(3)).table()


def test_a_leaf_with_new_data_is_refused():
    x = Value(2.0)
    z = x * x
    x.data = 3.0
    with pytest.raises(RuntimeError, match="was given new data"):
        tg.Tape(z).explain()


def test_names_that_two_entries_have_tell_nothing():
    x, y = Value(2.0, name="w"), Value(3.0, name="w")
    assert tg.Tape(x * y).description().result.text == "#0 * #1"


def test_nothing_to_differentiate():
    assert tg.Tape(Value(2.0, name="a")).explain().endswith("a = 2.0, gradient 1.0")


def test_explain_tells_micrograds_example():
    text = tg.Tape(micrograd()).explain()
    assert "b = 2.0, gradient 645.577\n  It was used 5 times: its gradient is the sum of as many shares." in text
    assert "∂#23/∂#22 = 2 * #22 = -14.0" in text
    assert "was used before: its shares add up, and it has -13.8834 by now" in text


def test_the_table_tells_entries_from_numbers_and_fits():
    text = str(tg.Tape(micrograd()))
    assert "#3, #4" in text
    assert "#1, 3 " in text
    for width in (30, 60, 80, 200):
        assert max(map(len, tg.Tape(micrograd()).table(width).splitlines())) <= max(width, 58)


def test_scopes_name_parts_and_remember_lines():
    x = Value(2.0)
    with tg.scope("outer"):
        y = x * 3.0
        with tg.scope("inner"):
            z = np.tanh(y)
        w = z + 1.0
    nodes = tg.Tape(w * 2.0).description().nodes
    assert [node.scope for node in nodes] == [(), ("outer",), ("outer", "inner"), ("outer",), ()]
    assert nodes[2].line.endswith("z = np.tanh(y)")
    assert nodes[0].line == nodes[4].line == ""
    assert "[outer / inner]" in tg.Tape(w).explain()


def test_scopes_leave_nothing_behind():
    gc.collect()
    before = len(_origins)
    with tg.scope("part"):
        z = np.tanh(Value(2.0) * 3.0)
    assert len(_origins) == before + 3
    del z
    assert len(_origins) == before


def test_scopes_decorate_and_respect_no_grad():
    @tg.scope("layer")
    def layer(x):
        return np.tanh(x)

    with tg.no_grad():
        assert layer(Value(2.0)).function is None
    for _ in range(2):
        assert tg.Tape(layer(Value(2.0))).description().result.scope == ("layer",)


def test_a_scope_lets_others_listen():
    with pytest.raises(tg.check.NonFiniteError, match=r"np\.log made -inf"), tg.detect_nan(), tg.scope("layer"):
        np.log(Value(0.0)) * 2.0


def test_a_scope_does_not_disturb_compiling():
    def loss(x):
        with tg.scope("layer"):
            return np.sum(np.tanh(x) ** 2)

    x = np.array([0.5, 1.0])
    compiled = tg.compile(tg.grad(loss))
    for _ in range(3):
        np.testing.assert_allclose(compiled(x), tg.grad(loss)(x), rtol=8 * EPS)


def test_a_scope_wants_a_text():
    with pytest.raises(TypeError, match="got a int; give a text"):
        tg.scope(3)


def test_long_formulas_are_left_out():
    x = Value(np.arange(6.0).reshape(2, 3), name="x")
    text = tg.Tape(np.sum(np.linalg.svd(x, full_matrices=False)[1])).explain()
    assert "x gets what the rule of thin_svd makes of the gradient of #1" in text


def test_formulas_of_joining_and_picking():
    x, y = Value([1.0, 2.0], name="x"), Value([[3.0], [4.0]], name="y")
    joined = tg.Tape(np.concatenate([x, y[:, 0]])).description()
    assert [edge.formula for edge in joined.result.edges] == ["g[0:2]", "g[2:4]"]
    assert joined.nodes[2].text == "y[:, 0]"
    assert tg.Tape(x @ y).description().nodes[2].edges[1].formula == "x[:, None] * g[..., None, :]"


def test_names_that_mean_something_else_in_formulas_are_not_used():
    x = Value(np.ones((2, 2)), name="g")
    assert tg.Tape(x @ Value(np.ones((2, 2)), name="w")).description().result.edges[1].formula == "#0.T @ g"
    odd = Value(3.0, name="#2") * Value(2.0, name="g")
    assert tg.Tape(odd).description().result.text == "#0 * g"


def test_formulas_that_would_grow_without_end_are_given_up():
    def grown(g, z, x):
        for _ in range(60):
            x = x * x + x  # each round is written twice in the next
        return g * 0.0 * x

    grow = tg.primitive(lambda x: 0.0 * x)
    tg.derivative(grow, grown)
    assert tg.Tape(grow(Value(1e-3))).description().result.edges[0].formula == ""
    assert "np.sinc" in tg.Tape(np.sinc(Value(0.5))).explain()
