"""The judge must be right about functions whose slope is known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_edu as tg

EPS = np.finfo(float).eps
KNOWN = [
    (np.exp, np.exp, st.floats(-5, 5)),
    (np.sin, np.cos, st.floats(-6, 6)),
    (np.log, lambda x: 1 / x, st.floats(0.1, 100)),
    (lambda x: x**3 - 2 * x, lambda x: 3 * x**2 - 2, st.floats(-50, 50)),
    (lambda x: 1 / x, lambda x: -1 / x**2, st.floats(0.2, 9)),
]


@given(st.integers(-1000, 1000), st.integers(-10, 3))
def test_the_slope_of_the_posts_parabola_is_exact(k, log_q):
    x, q = k / 8, 2.0**log_q
    assert tg.slope(lambda x: x**2 + 1, x, q) == 2 * x + q


def test_the_slope_is_of_any_shape_and_needs_a_step():
    np.testing.assert_array_equal(tg.slope(lambda x: x**2, np.array([1.0, 2.0]), 0.5), [2.5, 4.5])
    with pytest.raises(ZeroDivisionError, match="q is 0"):
        tg.slope(np.sin, 1.0, 0)


@pytest.mark.parametrize("method", ["forward", "central", "richardson", "complex"])
@pytest.mark.parametrize(("f", "df", "domain"), KNOWN)
@given(data=st.data())
def test_each_method_is_as_right_as_it_says(method, f, df, domain, data):
    x = data.draw(domain)
    estimate, error = tg.numeric_gradient(f, x, method=method, error=True)
    # An estimate of an error is one itself; 4 is the room it gets, and the function has its own rounding.
    assert abs(estimate - df(x)) <= 4 * error + 8 * EPS * abs(df(x))


def test_each_method_is_as_sharp_as_theory_says():
    worst = {"forward": EPS**0.5, "central": EPS ** (2 / 3), "richardson": EPS**0.8, "complex": 4 * EPS}
    for method, bound in worst.items():
        for x in np.linspace(-1, 1, 9):
            assert abs(tg.numeric_gradient(np.exp, x, method=method) - np.exp(x)) <= 16 * bound * np.exp(x)


COARSE = {  # functions whose values are coarser than their last digit, where they are taken, and their slopes
    "float32 inside": (lambda x: np.float64(np.float32(3 * x)), 1.0, 3.0),
    "large numbers that cancel": (lambda x: (1e8 + x) - 1e8, 1.0, 1.0),
    "larger ones": (lambda x: (1e9 + x) - 1e9, 1.0, 1.0),
    "rounded": (lambda x: np.round(x * x, 10), 0.3, 0.6),
    "beside a huge number": (lambda x: 1e20 + x, 1.0, 1.0),
    "subnormal": (lambda x: 1e-310 * x, 1.0, 1e-310),
    "vanishing": (lambda x: 1e-320 * x, 1.0, 1e-320),
}


@pytest.mark.parametrize("method", ["forward", "central", "richardson"])
@pytest.mark.parametrize(("f", "x", "slope"), COARSE.values(), ids=COARSE)
def test_an_error_holds_where_values_are_coarse(method, f, x, slope):
    estimate, error = tg.numeric_gradient(f, x, method=method, error=True)
    assert error > 0
    assert abs(estimate - slope) <= 4 * error


def test_an_error_is_never_exactly_zero():
    """Of a function that does not move no method can say more than its values, which round at least as subnormals."""
    for method in ("forward", "central", "richardson"):
        estimate, error = tg.numeric_gradient(lambda x: 0.0 * x, 1.0, method=method, error=True)
        assert estimate == 0
        assert 0 < error < 1e-300


def test_float32_is_judged_as_float32():
    x = np.array([0.5, 1.0], np.float32)
    g, e = tg.numeric_gradient(lambda x: np.sum(np.exp(x)), x, method="richardson", error=True)
    assert g.dtype == e.dtype == np.float32
    assert np.all(abs(g - np.exp(x)) <= 4 * e)
    assert np.all(e > np.finfo(np.float32).eps)


def test_trees_arrays_integers_and_values():
    tree = {"w": np.array([[1.0, 2.0]]), "b": [3, tg.Value(4.0)]}
    g = tg.numeric_gradient(lambda t: np.sum(t["w"] ** 2) * t["b"][0] + t["b"][1], tree, method="complex")
    np.testing.assert_allclose(g["w"], 6 * tree["w"], rtol=4 * EPS)
    assert g["b"] == [5.0, 1.0]
    a, b = tg.numeric_gradient(lambda x, y: x * y, 3.0, 4.0, method="richardson")
    assert (round(a, 9), round(b, 9)) == (4.0, 3.0)


@given(st.integers(-12, 12), st.sampled_from([np.log, np.sqrt, np.cbrt, lambda x: 1 / x]))
def test_steps_over_a_pole_do_not_count(k, f):
    x = 10.0**k
    with np.errstate(all="ignore"):
        estimate, error = tg.numeric_gradient(f, x, method="richardson", error=True)
    assert abs(estimate - tg.grad(f)(x)) <= 4 * error + 8 * EPS * abs(estimate)
    assert error <= 1e-6 * abs(estimate)


def test_arguments_are_left_alone():
    x = np.ones(3)
    tg.numeric_gradient(lambda v: np.sum(v**2), x)
    assert x.tolist() == [1.0] * 3


@pytest.mark.parametrize(
    ("attempt", "said"),
    [
        (lambda: tg.numeric_gradient(np.sin, 1.0, method="wild"), "choose from forward, central"),
        (lambda: tg.numeric_gradient(np.sin, 1j), "complex128"),
        (lambda: tg.numeric_gradient(np.sin), "hold no number"),
        (lambda: tg.numeric_gradient(np.sin, np.ones(2)), r"gave shape \(2,\)"),
        (lambda: tg.numeric_gradient(abs, 1.0, method="complex"), "imaginary"),
    ],
)
def test_wrong_input_is_refused(attempt, said):
    with pytest.raises((TypeError, ValueError), match=said):
        attempt()


def test_argnums_chooses_what_moves_and_the_rest_is_constant():
    def f(x, n, y):
        return x**n * y

    assert tg.numeric_gradient(f, 2.0, 3, 5.0, argnums=0) == pytest.approx(60.0)
    assert tg.numeric_gradient(f, 2.0, 3, 5.0, argnums=(-1, 0)) == pytest.approx((8.0, 60.0))
    assert tg.numeric_gradient(f, 2.0, 3, 5.0, argnums=(2,), error=True)[0] == pytest.approx((8.0,))
    with pytest.raises(ValueError, match="argnums=3 with 3 arguments"):
        tg.numeric_gradient(f, 2.0, 3, 5.0, argnums=3)
    for argnums in ((0, 0), (0, -3), "x", 1.5, ("x",)):
        with pytest.raises(ValueError, match="name each at most once, by its position from 0"):
            tg.numeric_gradient(f, 2.0, 3, 5.0, argnums=argnums)
    with pytest.raises(ValueError, match="step is 'a'; it must be positive"):
        tg.numeric_gradient(f, 2.0, 3, 5.0, step="a")


@pytest.mark.parametrize(("method", "slope"), [("forward", 2.5), ("central", 2.0), ("richardson", 2.0)])
def test_the_step_is_the_one_given(method, slope):
    steps = []

    def d(x):
        steps.append(float(abs(x - 1.0)))
        return x**2

    assert tg.numeric_gradient(d, 1.0, method=method, step=0.5) == pytest.approx(slope)
    assert 0.5 in steps
    with pytest.raises(ValueError, match=r"step is 0; it must be positive"):
        tg.numeric_gradient(d, 1.0, method=method, step=0)
