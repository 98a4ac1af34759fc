"""At kinks, zeros and the ends of the float range: gradients keep to the stated conventions and are never NaN."""

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import functions as F

inf, nan = np.inf, np.nan
HUGE = [inf, -inf, 1e308, -1e308, 1100.0, -1100.0, 1e4, -1e4]


def orders(f, x, count=3):
    """The first derivatives of a function of one number, from the first on."""
    found = []
    for _ in range(count):
        f = tg.grad(f)
        found.append(float(f(x)))
    return found


@pytest.mark.parametrize("power", [np.power, np.float_power])
@pytest.mark.parametrize(
    ("n", "wanted"), [(0, [0, 0, 0]), (1, [1, 0, 0]), (2, [0, 2, 0]), (3, [0, 0, 6]), (4.0, [0, 0, 0])]
)
def test_powers_at_zero(power, n, wanted):
    assert orders(lambda x: power(x, n), 0.0) == wanted
    assert orders(lambda x: power(x, np.array([n]))[0], 0.0) == wanted
    assert tg.grad(lambda x: power(x, tg.Value(float(n))))(0.0) == wanted[0]


def test_zeroth_power_where_the_inverse_overflows():
    assert orders(lambda x: x**0, 5e-324) == [0, 0, 0]


def test_zero_to_a_power():
    assert orders(lambda y: 0.0**y, 2.0) == [0, 0, 0]
    assert tg.grad(lambda x, y: x**y, (0, 1))(0.0, 3.0) == (0, 0)
    assert tg.grad(lambda x, y: x**y, (0, 1))(0.0, 0.0) == (0, 0)


def test_hessian_of_a_power_is_symmetric_where_the_exponent_is_zero():
    at_zero = tg.hessian(lambda v: v[0] ** v[1])(np.array([2.0, 0.0]))
    assert np.allclose(at_zero, [[0, 0.5], [0.5, np.log(2) ** 2]], rtol=1e-15)


@pytest.mark.parametrize(
    ("a", "wanted"),
    [
        ([0, 2, 3], [6, 0, 0]),
        ([0, 0, 3], [0, 0, 0]),
        ([1e-200, 1e-200], [1e-200, 1e-200]),
        ([1e-200, 1e-200, 0], [0, 0, 0]),
        ([1e200, 1e-200, 1e200, 1e-200], [1e-200, 1e200, 1e-200, 1e200]),
        ([5e-324, 2], [2, 5e-324]),
    ],
)
def test_product_with_zeros_and_tiny_numbers(a, wanted):
    assert np.allclose(tg.grad(np.prod)(np.array(a, float)), wanted, rtol=1e-15, atol=0)


def test_hessian_of_a_product_with_two_zeros():
    assert np.array_equal(tg.hessian(np.prod)(np.array([0.0, 0.0, 3.0])), [[0, 3, 0], [3, 0, 0], [0, 0, 0]])


BAD = {
    "log": np.log,
    "log2": np.log2,
    "log1p": lambda x: np.log1p(x - 1),
    "sqrt": np.sqrt,
    "cbrt": np.cbrt,
    "reciprocal": np.reciprocal,
    "quotient": lambda x: 1 / x,
    "quotient by a constant": lambda x: x / np.array([0.0, 0.0, 1.0]),
    "negative power": lambda x: x**-1.5,
    "exponential": lambda x: np.exp(1000 * (1 - x)),
    "arccosh": np.arccosh,
    "arcsin": lambda x: np.arcsin(x - 2.5),
    "self power": lambda x: x**x,
    "composition": lambda x: np.log(np.sqrt(x)) * x,
}
CHOICES = {
    "where": lambda good, x, bad: np.where(good, bad(x), 2 * x),
    "where not": lambda good, x, bad: np.where(~good, 2 * x, bad(x)),
    "select": lambda good, x, bad: np.select([good], [bad(x)], 2 * x),
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
@pytest.mark.parametrize("choose", CHOICES.values(), ids=CHOICES)
def test_branch_that_is_not_chosen_leaks_nothing(choose, bad):
    good = np.array([False, False, True])

    def f(x):
        with np.errstate(all="ignore"):
            return np.sum(choose(good, x, bad))

    with np.errstate(all="ignore"):
        chosen = orders(lambda x: bad(x * np.ones(3))[2], 2.0, 2)
    first = tg.grad(f)(np.array([0.0, -1.0, 2.0]))
    second = tg.grad(lambda x: np.sum(tg.grad(f)(x)))(np.array([0.0, -1.0, 2.0]))
    assert np.allclose(first, [2, 2, chosen[0]], rtol=1e-14)
    assert np.allclose(second, [0, 0, chosen[1]], rtol=1e-14)


@pytest.mark.parametrize("ord", [None, 1, 2, 3, 1.5, inf, -inf])
def test_norm_of_zero_has_slope_zero(ord):
    assert np.array_equal(tg.grad(lambda x: np.linalg.norm(x, ord))(np.zeros(3)), np.zeros(3))
    rows = tg.grad(lambda x: np.sum(np.linalg.norm(x, ord, 1)))(np.array([[0.0, 0.0], [3.0, 4.0]]))
    assert np.array_equal(rows[0], [0, 0])
    assert np.all(np.isfinite(rows))


@pytest.mark.parametrize("constant", [2.0, 0.1, -1e10 / 3])
@pytest.mark.parametrize("n", [3, 7, 100])
def test_deviation_of_a_constant_has_slope_zero(constant, n):
    for spread in (np.std, np.var):
        assert np.array_equal(tg.grad(spread)(np.full(n, constant)), np.zeros(n))


SATURATED = {
    "tanh": (np.tanh, 350, lambda e: 4 * e**2 / (1 + e**2) ** 2),
    "sigmoid": (F.sigmoid, 700, lambda e: e / (1 + e) ** 2),
}


@pytest.mark.parametrize(("f", "end", "exact"), SATURATED.values(), ids=SATURATED)
def test_saturated_slopes_keep_full_relative_precision(f, end, exact):
    x = np.linspace(-end, end, 401)
    wanted = exact(np.exp(-abs(x.astype(np.longdouble))))
    assert np.all(abs(tg.grad(lambda x: np.sum(f(x)))(x) / wanted - 1) < 8 * np.finfo(float).eps)


STEPS = {  # the function, and its value and slope at the two ends
    "tanh": (np.tanh, (-1, 0), (1, 0)),
    "sigmoid": (F.sigmoid, (0, 0), (1, 0)),
    "relu": (F.relu, (0, 0), (None, 1)),
    "leaky relu": (F.leaky_relu, (None, 0.01), (None, 1)),
    "softplus": (F.softplus, (0, 0), (None, 1)),
    "gelu": (F.gelu, (0, 0), (None, 1)),
    "erf": (F.erf, (-1, 0), (1, 0)),
    "logaddexp": (lambda x: np.logaddexp(1.0, x), (1, 0), (None, 1)),
    "logaddexp2": (lambda x: np.logaddexp2(x, 1.0), (1, 0), (None, 1)),
}


@pytest.mark.parametrize(("f", "low", "high"), STEPS.values(), ids=STEPS)
@pytest.mark.parametrize("x", HUGE)
def test_ends_of_the_float_range(f, low, high, x):
    value, slope = tg.value_and_grad(f)(x)
    wanted, steepness = high if x > 0 else low
    assert (value, slope) == (x * steepness if wanted is None else wanted, steepness)


@pytest.mark.parametrize("x", HUGE)
def test_slopes_that_fall_off_slowly(x):
    r = 1 / x
    assert np.isclose(tg.grad(np.arctan)(x), r * r / (1 + r * r), rtol=1e-15, atol=0)
    assert np.isclose(tg.grad(lambda y: np.arctan2(y, 1.0))(x), r * r / (1 + r * r), rtol=1e-15, atol=0)
    assert np.isclose(tg.grad(np.arcsinh)(x), abs(r) / np.hypot(1, r), rtol=1e-15, atol=0)


SHARES = [
    ([inf, 1], [1, 0]),
    ([-inf, 1], [0, 1]),
    ([-inf, -inf], [0.5, 0.5]),
    ([inf, inf], [0.5, 0.5]),
    ([inf, -inf], [1, 0]),
    ([1e308, -1e308], [1, 0]),
    ([1e308, 1e308], [0.5, 0.5]),
    ([-1e308, -1e308], [0.5, 0.5]),
    ([800, -800], [1, 0]),
]


@pytest.mark.parametrize(("x", "shares"), SHARES)
def test_shares_of_infinities(x, shares):
    x = np.array(x, float)
    assert np.array_equal(F.softmax(x), shares)
    assert np.array_equal(tg.grad(F.logsumexp)(x), shares)
    with np.errstate(over="ignore"):  # NumPy's own, for two numbers as far apart as there are
        assert np.array_equal(tg.vjp(np.logaddexp, *x)[1](1.0), shares)
        assert F.logsumexp(x) == np.logaddexp(*x)
    p = np.array(shares)
    assert np.array_equal(tg.jacobian(F.softmax)(x), np.diag(p) - np.outer(p, p))
    assert np.array_equal(tg.hessian(F.logsumexp)(x), np.diag(p) - np.outer(p, p))
    assert np.array_equal(tg.jacobian(F.log_softmax)(x), np.eye(2) - p)


KINKS = {
    "absolute": (np.absolute, [0.0], [0.0]),
    "fabs": (np.fabs, [-0.0], [0.0]),
    "relu": (F.relu, [0.0], [0.0]),
    "sign": (np.sign, [0.0], [0.0]),
    "hypot": (lambda v: np.hypot(v[0], v[1]), [0.0, 0.0], [0.0, 0.0]),
    "arctan2": (lambda v: np.arctan2(v[0], v[1]), [0.0, 0.0], [0.0, 0.0]),
    "maximum": (lambda v: np.maximum(v[0], v[1]), [2.0, 2.0], [0.5, 0.5]),
    "minimum": (lambda v: np.minimum(v[0], v[1]), [2.0, 2.0], [0.5, 0.5]),
    "fmax": (lambda v: np.fmax(v[0], v[1]), [2.0, 2.0], [0.5, 0.5]),
    "fmin": (lambda v: np.fmin(v[0], v[1]), [2.0, 2.0], [0.5, 0.5]),
    "fmax beside NaN": (lambda v: np.fmax(v[0], v[1]), [nan, 2.0], [0.0, 1.0]),
    "fmin beside NaN": (lambda v: np.fmin(v[0], v[1]), [2.0, nan], [1.0, 0.0]),
    "clip at a bound": (lambda v: np.clip(v, -1, 1), [-1.0, 1.0, 0.0, 5.0], [0.5, 0.5, 1.0, 0.0]),
    "max": (np.max, [1.0, 3.0, 3.0], [0.0, 0.5, 0.5]),
    "min": (np.min, [1.0, 1.0, 1.0, 1.0], [0.25, 0.25, 0.25, 0.25]),
    "ptp": (np.ptp, [2.0, 2.0], [0.0, 0.0]),
    "sort": (lambda v: np.sort(v)[0], [2.0, 2.0, 3.0], [1.0, 0.0, 0.0]),
}


@pytest.mark.parametrize(("f", "x", "wanted"), KINKS.values(), ids=KINKS)
def test_kinks(f, x, wanted):
    assert np.array_equal(tg.grad(lambda v: np.sum(f(v)))(np.array(x)), wanted)
