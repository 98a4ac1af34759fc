"""Programs of single numbers run on Python's floats, and give what NumPy gives."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import tinygrad_edu as tg
from tests.compiler.numbers import EXTREMES, ORDINARY, agree, anything, ordinary, own_spread, spreads
from tinygrad_edu.compiler.codegen import scalar_table as scalars
from tinygrad_edu.compiler.codegen.templates import template
from tinygrad_edu.functions import relu, sigmoid, softplus

pytestmark = pytest.mark.filterwarnings("ignore:.*encountered:RuntimeWarning")


def compiled(f, *args):
    """Compile a function, and make sure that it is a program of numbers."""
    found = tg.compile(f)
    found(*args)
    assert found._programs[0].executable.is_scalar
    return found


def of_numbers(f):
    """A function of NumPy's as one that takes its numbers one by one, and how many those are."""

    def one(x):
        return f(x)

    def two(x, y):
        return f(x, y)

    count = len(template(scalars.FLOATS[f]).uses)
    return (one, two)[count - 1], count


@pytest.mark.parametrize("f", [f for f in scalars.FLOATS if f is not np.dot], ids=lambda f: f.__name__)
@given(drawn=st.tuples(anything, anything))
def test_each_row_of_the_table_gives_what_numpy_gives(f, drawn):
    function, count = of_numbers(f)
    ours = compiled(function, *map(np.float64, ORDINARY[:count]))
    for numbers in (*itertools.product([*EXTREMES, *ORDINARY], repeat=count), drawn[:count]):
        x = tuple(map(np.float64, numbers))
        expected = f(*x)
        assert agree(ours(*x), expected, own_spread(f, float(expected), x)), (numbers, ours(*x), expected)
    assert all(program.fallbacks == 0 for program in ours._programs)


FORMS = {
    "maximum, constant right": lambda x: np.maximum(x, 0.5),
    "maximum, constant left": lambda x: np.maximum(0.5, x),
    "maximum, 0": lambda x: np.maximum(x, 0),
    "minimum, constant right": lambda x: np.minimum(x, 0.5),
    "minimum, constant left": lambda x: np.minimum(0.5, x),
    "clip": lambda x: np.clip(x, -0.5, 2.0),
    "clip by numbers": lambda x: np.clip(x, -x, x * x),
    "cube": lambda x: x**3,
    "square": lambda x: x**2,
    "inverse": lambda x: x**-1,
    "root": lambda x: x**0.5,
    "root by np.power": lambda x: np.power(x, 0.5),
    "power by np.power": lambda x: np.power(x, 1.7),
    "power of a constant": lambda x: 2.0**x,
    "times -1": lambda x: -1 * x + x * -1.0,
    "sum with a negative": lambda x: np.sin(x) + -x - -np.cos(x),
    "negative sum": lambda x: -x + np.sin(x),
    "truth as a number": lambda x: 1.0 * (x > 0.5) + 0.25 * (x == 0.5) - x * (x < 2),
    "truths": lambda x: ~(x > 0) & ((x < 1) | (x == 2)) ^ (x != x),
    "numbers as truths": lambda x: np.logical_and(x, x - 1),
    "neither": lambda x: np.logical_not(np.logical_or(x > 1, x)),
    "where": lambda x: np.where(x > 0, np.log(x), 0.0),
    "where of a number": lambda x: np.where(x, x, 2.0),
    "where of truths": lambda x: np.where(x > 1, x > 2, x < 0),
    "rounded": lambda x: np.round(x, 2),
    "rounded to tens": lambda x: np.round(x, -1),
    "rounded to integers": lambda x: np.round(x) + 0.5,
    "cast": lambda x: (x > 0).astype(float) + x,
    "sum and the like": lambda x: np.sum(x) + np.max(x) * np.mean(x),
    "constants": lambda x: (np.float64(np.inf), np.nan, 1, True, np.sin(2.0), x)[0] * 0 + x,
    "infinite constant": lambda x: np.maximum(x, -np.inf) + np.minimum(x, np.inf),
    "NaN": lambda x: np.maximum(x, np.nan),
    "input": lambda x: x,
}


@pytest.mark.parametrize("name", FORMS)
def test_shorter_forms_give_what_numpy_gives(name):
    f = FORMS[name]
    ours = compiled(f, np.float64(0.3))
    for number in (*EXTREMES, *ORDINARY):
        x = np.float64(number)
        expected = f(x)
        (spread,) = spreads(ours._programs[0].executable.numpy_graph, [x])
        result = ours(x)
        assert np.shape(result) == np.shape(expected)
        assert type(result) is type(expected)
        assert agree(result[()], expected[()], spread), (number, result, expected)
    assert ours._programs[0].fallbacks == 0


def test_plain_numbers_stay_plain():
    def f(x, n):
        whole = n + 1, n // 2, n**2, n > 2, ~n, -n % 5, n & 6
        return *whole, x * n, x > n, x == n, -x, abs(x), x // n, x % n, x**2, x / n, np.sin(x) * n, (x > 1) * x

    ours = compiled(f, 1.5, 3)
    for numbers in [(1.5, 3), (-2.5, 7), (2.0**53, 2**53 + 1), (0.1, 10**30), (math.inf, 4), (math.nan, -1)]:
        results, expected = ours(*numbers), f(*numbers)
        assert [*map(type, results)] == [*map(type, expected)]
        assert [*map(str, results)] == [*map(str, expected)]


@pytest.mark.parametrize(
    ("f", "number", "error"),
    [(lambda x: 1 / x, 0.0, ZeroDivisionError), (lambda x: x**2, 1e200, OverflowError), (lambda x: x // x, 0.0, None)],
)
def test_errors_of_plain_numbers_stay(f, number, error):
    with pytest.raises(error or ZeroDivisionError):
        compiled(f, 2.0)(number)


def test_a_power_may_become_complex():
    f = lambda x: x ** (1 / 3)  # noqa: E731
    assert compiled(f, 8.0)(-8.0) == f(-8.0)
    wide = lambda x: np.float64(x) ** (1 / 3)  # noqa: E731
    assert np.isnan(compiled(tg.grad(lambda x: x ** (1 / 3)), 8.0)(-8.0))
    assert np.isnan(wide(-8.0))


UNARY = [np.tanh, np.exp, np.sin, np.sqrt, np.log1p, np.arctan, np.absolute, np.square, np.cbrt]
UNARY += [sigmoid, relu, softplus]
BINARY = (np.add, np.subtract, np.multiply, np.divide, np.maximum, np.minimum, np.hypot, np.logaddexp, np.arctan2)
places = st.integers(0, 30)
lines = st.lists(st.tuples(st.sampled_from([*UNARY, *BINARY]), places, places), min_size=1, max_size=30)


def run(lines, *numbers):
    """Run a random program: each line takes numbers that were there before, counted from the last."""
    made = [*numbers]
    for function, i, j in lines:
        x, y = made[-1 - i % len(made)], made[-1 - j % len(made)]
        made.append(function(x, y) if function in BINARY else function(x))
    return made[-1] + 0.5 * made[-2]


@given(lines, st.tuples(ordinary, ordinary), st.lists(st.tuples(ordinary, ordinary), max_size=4))
def test_random_programs_and_their_gradients(lines, first, others):
    lines = tuple(lines)
    slopes = tg.value_and_grad(lambda x, y: run(lines, x, y), argnums=(0, 1))
    assume(np.isfinite(tg.tree.leaves(slopes(*first))).all())
    ours = compiled(slopes, *first)
    program = ours._programs[0].executable.numpy_graph
    for numbers in (first, *others):
        pairs = zip(*map(tg.tree.leaves, (ours(*numbers), slopes(*numbers))), spreads(program, numbers), strict=True)
        for result, expected, spread in pairs:
            assert math.isinf(spread) or agree(result[()], expected, spread), (result, expected, spread)


@given(lines, st.tuples(anything, anything))
def test_random_programs_of_anything(lines, numbers):
    lines = tuple(lines)
    function = lambda x, y: run(lines, x, y)  # noqa: E731
    ours = compiled(function, *map(np.float64, ORDINARY[:2]))
    x = tuple(map(np.float64, numbers))
    (spread,) = spreads(ours._programs[0].executable.numpy_graph, x)
    expected = function(*x)
    assume(math.isfinite(spread) and not 1e300 < abs(expected) < math.inf)
    assert agree(ours(*x), expected, spread)
    assert ours._programs[0].fallbacks == 0


def test_where_math_gives_up_numpy_goes_on():
    ours = compiled(lambda x: (np.exp(x), 1 / np.log(x), np.sin(x)), np.float64(2.0))
    printed = ours._programs[0].executable
    assert printed.run._numpy_form is None
    assert [*map(str, ours(np.float64(1e4)))] == [*map(str, (np.inf, 1 / np.log(1e4), np.sin(1e4)))]
    assert ours(np.float64(1.0))[1] == np.inf
    assert not printed.run.numpy_form.is_scalar
    assert ours._programs[0].fallbacks == 0


def test_what_does_not_hold_goes_to_the_function():
    slope = tg.value_and_grad(lambda x: np.where(x > 0, np.log(x), 0.0))
    ours = compiled(slope, 2.0)
    assert "return None" in ours.source
    assert ours(0.0) == slope(0.0) == (0, 0)  # 0 / 0 on the way back is NaN, and done again with care
    assert ours._programs[0].fallbacks == 1


MORE = np.sinc, lambda x: np.ones(3) * x, lambda x: x.astype(np.float32), lambda x: np.where(x > 1, 2, 3) * x


@pytest.mark.parametrize("more", MORE)
def test_what_is_not_of_numbers_runs_on_numpy(more):
    ours = tg.compile(lambda x: more(x) + 1)
    assert np.array_equal(ours(np.float64(2.0)), more(np.float64(2.0)) + 1)
    assert not ours._programs[0].executable.is_scalar


def test_integers_beside_floats_of_either_kind():
    f = lambda x, n: np.tanh(x) * -n + (n + 1)  # noqa: E731
    ours = tg.compile(f)
    for x, n in ((0.5, 2), (np.float64(0.25), 3), (np.float64(0.5), -2), (-1.0, 4)):
        assert agree(ours(x, n), f(x, n), own_spread(np.tanh, 8.0, ()))
    assert len(ours._programs) == 2


def test_errors_that_numpy_is_told_to_raise_are_seen():
    def f(x):
        with np.errstate(divide="raise"):
            return 1 / np.log(x)

    with pytest.raises(tg.TraceError, match=r"np\.errstate"):
        tg.compile(f)(np.float64(2.0))


def test_between_numpy_floats_operators_are_others():
    ours = tg.compile(lambda x, y: (x > y, np.sin(x)))
    for kind, truth in ((np.float64, np.bool_), (float, bool), (np.float64, np.bool_)):
        assert type(ours(kind(1.0), kind(2.0))[0]) is truth
