"""Functions that return several arrays: one entry holds them, and rules get a cotangent for each."""

import typing

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import Value, functions
from tinygrad_edu.core.rules import Each
from tinygrad_edu.core.source_info import label
from tinygrad_edu.testing import A, check_derivative, of

sigmoid = functions.sigmoid


def lstm_in_numpy(a, c):
    """A step of an LSTM, from what its gates and its candidate get, (4, n), and the cell (n,)."""
    i, f, o, u = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
    c = f * c + i * u
    return o * np.tanh(c), c


def cell_cotangent(g, z, o):
    """The cotangent of the new cell: its own, and what it gets by way of the output."""
    return g[1] + g[0] * o * (1 - np.tanh(z[1]) ** 2)


def by_gates(g, z, a, c):
    """The rule for what goes into the gates."""
    i, f, o, u = sigmoid(a[0]), sigmoid(a[1]), sigmoid(a[2]), np.tanh(a[3])
    g_c = cell_cotangent(g, z, o)
    parts = g_c * u * i * (1 - i), g_c * c * f * (1 - f), g[0] * np.tanh(z[1]) * o * (1 - o), g_c * i * (1 - u * u)
    return np.stack(parts)


def by_cell(g, z, a, c):
    """The rule for the cell."""
    return cell_cotangent(g, z, sigmoid(a[2])) * sigmoid(a[1])


def made(body, *rules, results=2):
    """A primitive with several results."""
    function = tg.primitive(body)
    tg.derivative(function, *(rules or (lambda g, z, x: g[0] + g[1],)), results=results)
    return function


@pytest.fixture
def lstm():
    """The step as a primitive; its row must not be there while other tests list the table."""
    return made(lstm_in_numpy, by_gates, by_cell)


rng = np.random.default_rng(0)
GATES, CELL = rng.normal(size=(4, 3)), rng.normal(size=3)


def unrolled(step):
    """Three steps, each from the results of the one before."""

    def run(a, c):
        h = np.zeros(3)
        for _ in range(3):
            h, c = step(a + h, c)
        return np.sum(h * h) + np.sum(np.sin(c))

    return run


def assert_alike(got, wanted):
    """Fail unless two trees of arrays are the same but for rounding."""
    for x, y in zip(tg.tree.leaves(got), tg.tree.leaves(wanted), strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-12, atol=1e-13 * np.max(abs(np.asarray(y))))


@pytest.mark.parametrize(
    "transform",
    [
        lambda f: tg.value_and_grad(f, (0, 1)),
        lambda f: tg.hessian(f, 0),
        lambda f: tg.grad(lambda a, c: np.sum(tg.grad(f, 1)(a, c) ** 2), (0, 1)),
        lambda f: lambda *x: tg.jvp(f, x, x),
        lambda f: lambda *x: tg.hvp(f, x, x),
        lambda f: tg.compile(tg.value_and_grad(f, (0, 1))),
        lambda f: lambda *x: [tg.compile(tg.grad(f))(*x) for _ in range(2)],
    ],
)
def test_every_transform_gives_what_it_gives_for_plain_numpy(transform, lstm):
    assert_alike(transform(unrolled(lstm))(GATES, CELL), transform(unrolled(lstm_in_numpy))(GATES, CELL))


def test_jacobians_of_several_results_are_those_of_plain_numpy(lstm):
    assert_alike(tg.jacobian(lstm, (0, 1))(GATES, CELL), tg.jacobian(lstm_in_numpy, (0, 1))(GATES, CELL))
    z, pull = tg.vjp(lstm, GATES, CELL)
    assert_alike(z, lstm_in_numpy(GATES, CELL))
    assert_alike(pull((CELL, -CELL)), tg.vjp(lstm_in_numpy, GATES, CELL)[1]((CELL, -CELL)))


def test_a_row_with_several_results_passes_what_rows_pass(lstm):
    check_derivative(lstm, domain=[of(A(4, 3), A(3)), of(A(4, 0), A(0)), of(A(4, 2, 2), A(2, 2))])


def test_a_result_that_is_not_used_has_cotangent_zero():
    seen = []
    function = made(lambda x: (x, x + 1), lambda g, z, x: seen.append(g) or g[0])
    x = Value([1.0, 2.0])
    first, second = function(x)
    np.sum(first * 3).backward()
    np.sum(second * 3).backward()
    assert [[part.tolist() for part in g] for g in seen] == [[[3.0, 3.0], [0.0, 0.0]], [[0.0, 0.0], [3.0, 3.0]]]
    assert x.grad.tolist() == [3.0, 3.0]


def test_the_rule_is_called_once_for_all_results():
    calls = []
    function = made(lambda x: (x, x, x), lambda g, z, x: calls.append(g) or g[0] + g[1] + g[2], results=3)
    assert tg.grad(lambda x: np.sum(np.stack(function(x))))(1.0) == 3.0
    assert len(calls) == 1


def test_results_come_back_as_the_named_tuple_that_they_are():
    class Moments(typing.NamedTuple):
        mean: typing.Any
        square: typing.Any

    moments = made(lambda x: Moments(np.mean(x), np.mean(x * x)), lambda g, z, x: (g.mean + 2 * x * g.square) / x.size)
    z = moments(Value([1.0, 2.0]))
    assert isinstance(z, Moments)
    assert isinstance(z.mean, Value)
    assert tg.grad(lambda x: moments(x).square - moments(x).mean ** 2)(np.array([1.0, 3.0])).tolist() == [-1.0, 1.0]
    assert isinstance(tg.jacobian(moments)(np.ones(2)), Moments)


def test_shapes_and_dtypes_may_differ_from_result_to_result():
    function = made(
        lambda x: (np.sum(x), x.astype(np.float64)[:, None], x[:0]), lambda g, z, x: g[0] + g[1][:, 0], results=3
    )
    x = Value(np.ones(2, np.float32))
    total, column, empty = function(x)
    assert [z.dtype for z in (total, column, empty)] == [np.float32, np.float64, np.float32]
    assert [z.shape for z in (total, column, empty)] == [(), (2, 1), (0,)]
    assert isinstance(total.data, np.float32)
    (total + np.sum(column)).backward()
    assert x.grad.tolist() == [2.0, 2.0]
    assert x.grad.dtype == np.float32


def test_constants_and_keywords_go_through():
    def scaled(x, y, *, k=1):
        return k * x, x * y

    function = tg.primitive(scaled)
    tg.derivative(
        function, lambda g, z, x, y, *, k=1: k * g[0] + y * g[1], lambda g, z, x, y, *, k=1: x * g[1], results=2
    )
    assert tg.grad(lambda x: sum(function(x, 3.0, k=5)))(2.0) == 8.0
    assert tg.grad(lambda y: sum(function(2.0, y)))(2.0) == 2.0
    with pytest.raises(TypeError, match="no_such= has no rule"):
        function(Value(1.0), 2.0, no_such=1)


def test_one_rule_may_be_for_any_number_of_inputs():
    function = made(lambda *xs: (sum(xs), sum(x * x for x in xs)), Each(lambda i, g, z, *xs: g[0] + 2 * xs[i] * g[1]))
    assert tg.grad(lambda x, y, z: sum(function(x, 5.0, y, z)), (0, 1, 2))(1.0, 2.0, 3.0) == (3.0, 5.0, 7.0)


def test_a_keyword_may_be_called_layout():
    def scaled(x, *, layout=1):
        return layout * x, x

    function = tg.primitive(scaled)
    tg.derivative(function, lambda g, z, x, *, layout=1: layout * g[0] + g[1], results=2)
    assert tg.grad(lambda x: sum(function(x, layout=3)))(2.0) == 4.0


def test_a_ufunc_may_have_several_results():
    special = pytest.importorskip("scipy.special")
    turn = np.pi / 2
    tg.derivative(special.fresnel, lambda g, z, x: g[0] * np.sin(turn * x * x) + g[1] * np.cos(turn * x * x), results=2)
    x = np.array([0.5, 2.0])
    wanted = np.diag(np.sin(turn * x * x)), np.diag(np.cos(turn * x * x))
    assert_alike(tg.jacobian(special.fresnel)(x), wanted)


def test_under_no_grad_and_on_plain_numbers_nothing_is_recorded(lstm):
    with tg.no_grad():
        h, c = lstm(Value(GATES), Value(CELL))
    assert h.function is c.function is None
    assert all(type(z) is np.ndarray for z in lstm(GATES, CELL))


def test_a_branch_that_was_not_chosen_spoils_nothing():
    roots = made(lambda x: (np.sqrt(x), x), lambda g, z, x: g[0] / (2 * z[0]) + g[1])

    def loss(x):
        root, same = roots(x)
        return np.sum(np.where(x > 0, np.log(same), 0.0) + 0.0 * np.where(x > 0, root, 1.0))

    assert tg.grad(loss)(np.array([0.5, 1.0])).tolist() == [2.0, 1.0]


def test_the_tape_shows_the_function_and_runs_again():
    twice = made(lambda x: (2 * x, x * x), lambda g, z, x: 2 * g[0] + 2 * x * g[1])
    double, square = twice(Value([1.0, 2.0], name="x"))
    tape = tg.Tape(np.sum(double * square))
    assert label(twice) in str(tape)
    assert "return" in tape.source()


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        (lambda g, z, a, c: by_gates((g[0], 0 * g[1]), z, a, c), "input 0"),  # forgets a cotangent
        (lambda g, z, a, c: by_gates(g[::-1], z, a, c), "input 0"),  # takes one for the other
        (lambda g, z, a, c: by_gates(g, z, a, c) * np.array([[1.0], [1.0], [-1.0], [1.0]]), "input 0"),
    ],
)
def test_a_wrong_term_is_found(wrong, place, lstm):
    step = made(lstm_in_numpy, wrong, by_cell)
    report = tg.compare_gradients(unrolled(step), GATES, CELL)
    assert not report.ok
    assert "lstm_in_numpy" in str(report)
    assert f"its rule for {place}" in str(report)
    assert "h, c = step(a + h, c)" in str(report)
    assert tg.compare_gradients(unrolled(lstm), GATES, CELL).ok


def test_a_right_rule_is_not_called_wrong_where_its_function_rounds():
    """Steps inside that cancel are seen, as they are of a function with one result."""
    function = made(lambda x: (((x + 1e8) - 1e8) ** 2, x), lambda g, z, x: 2 * g[0] * ((x + 1e8) - 1e8) + g[1])
    assert tg.compare_gradients(lambda x: np.sum(function(x)[0]), np.array([1e-3, 0.3, 2.0])).ok


@pytest.mark.parametrize(
    ("result", "said"),
    [
        (lambda x: x, r"it returned a float64, and its row says results=2"),
        (lambda x: (x,), r"a tuple of 1, and its row says results=2"),
        (lambda x: (x, x, x), r"a tuple of 3, and its row says results=2"),
        (lambda x: [x, x], r"returned a list"),
        (lambda x: (x, None), r"returned a NoneType"),
        (lambda x: (x, (x, x)), r"returned a tuple"),
        (lambda x: (x, "1"), r"real numbers"),
    ],
)
def test_other_results_than_the_row_says_are_refused(result, said):
    with pytest.raises(TypeError, match=said):
        made(result)(Value(1.0))


def test_several_results_without_saying_so_are_refused_with_the_remedy():
    function = tg.primitive(lambda x: (x, x))
    tg.derivative(function, lambda g, z, x: g)
    with pytest.raises(TypeError, match=r"returned a tuple.*results=2"):
        function(Value(1.0))


@pytest.mark.parametrize("results", [0, -1, 2.0, None, "two"])
def test_a_number_of_results_that_is_none_is_refused(results):
    with pytest.raises(TypeError, match=r"results="):
        tg.derivative(tg.primitive(lambda x: x), lambda g, z, x: g, results=results)


def test_what_is_meant_for_one_result_is_refused_for_several():
    with pytest.raises(TypeError, match="a function that selects"):
        tg.derivative(tg.primitive(lambda x: (x, x)), lambda g, z, x: g[0], results=2, selects=True)


@pytest.mark.parametrize("answer", [lambda g, x: g, lambda g, x: [g[0], g[1]], lambda g, x: None, lambda g, x: "g"])
def test_a_rule_that_returns_no_array_says_so(answer):
    function = made(lambda x: (x, x), lambda g, z, x: answer(g, x))
    with pytest.raises(
        TypeError, match=r"the rule of <lambda> returned (None|a (tuple|list|str)); .*one number or array"
    ):
        tg.grad(lambda x: function(x)[0])(3.0)
