"""The slope over q errs as theory says: truncation on the right, rounding on the left."""

import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_edu as tg
from tinygrad_edu.check import SlopeCurve, slope_curve

EPS = np.finfo(float).eps
METHODS = ("forward", "central", "richardson")
# Functions whose derivatives are not 0 where x is drawn from, right to the last digit or so.
BENT = [
    (np.exp, st.floats(-2, 2)),
    (np.log, st.floats(0.5, 8)),
    (lambda x: 1 / x, st.floats(0.5, 4)),
    (lambda x: x**5, st.floats(0.5, 3)),
    (np.sqrt, st.floats(0.5, 8)),
]
each_bent_function = pytest.mark.parametrize(("f", "domain"), BENT)


def once(x):
    """The function sinh, by a row that cannot be differentiated again: np.setdiff1d has none."""
    sinh = tg.primitive(np.sinh)
    tg.derivative(sinh, lambda g, z, x: g * np.setdiff1d(np.reshape(np.cosh(x), (1,)), [])[0])
    return sinh(x)


def scale(f, x):
    """The length over which a function bends: it is x for all but exp."""
    return 1 if f is np.exp else x


def power(q, errors):
    """Fit the power of q by which errors grow."""
    return np.polyfit(np.log(q), np.log(errors), 1)[0]


def test_it_measures_what_it_says():
    curve = slope_curve(np.exp, 1.0)
    assert isinstance(curve, SlopeCurve)
    assert curve.slope == curve.value == curve.second == curve.third == np.exp(1.0) == tg.grad(np.exp)(1.0)
    for q, *errors in zip(curve.q, curve.forward, curve.central, curve.richardson, strict=True):
        c, half = ((np.exp(1 + h) - np.exp(1 - h)) / (2 * h) for h in (q, q / 2))
        slopes = tg.slope(np.exp, 1.0, q), c, (4 * half - c) / 3
        assert errors == [abs(slope - np.exp(1.0)) for slope in slopes]


@each_bent_function
@given(data=st.data())
def test_truncation_falls_like_q_and_like_its_square(f, domain, data):
    x = data.draw(domain)
    curve = slope_curve(f, x)
    for errors, truncation, order in (
        (curve.forward, curve.forward_truncation, 1),
        (curve.central, curve.central_truncation, 2),
    ):
        ruling = (truncation > 500 * curve.rounding) & (curve.q <= 0.02 * scale(f, x))
        assert ruling.sum() >= 4
        # The next term of the series is at most q/x of the first, times 1, or for central slopes (q/x)².
        np.testing.assert_allclose(errors[ruling], truncation[ruling], rtol=0.03)
        np.testing.assert_allclose(power(curve.q[ruling], errors[ruling]), order, rtol=0.02)
        np.testing.assert_allclose(power(curve.q, truncation), order, rtol=64 * EPS)


@each_bent_function
@given(data=st.data())
def test_rounding_bounds_the_errors_for_small_steps(f, domain, data):
    curve = slope_curve(f, data.draw(domain))
    small = curve.q <= curve.meeting["forward"]
    assert small.sum() >= 20
    # 4: NumPy's functions round to a whole last digit, not half, and Richardson's slopes have 3/2 of the rounding.
    for method in METHODS:
        assert np.all(getattr(curve, method)[small] <= 4 * curve.rounding[small])
    # It is no more than it need be: a tenth of it is reached.
    assert np.any(curve.forward[small] >= 0.1 * curve.rounding[small])


@each_bent_function
@given(data=st.data())
def test_truncation_and_rounding_meet_where_predicted(f, domain, data):
    x = data.draw(domain)
    meeting = slope_curve(f, x).meeting
    # What the formulas leave out, the rounding of q itself, is less than ∛eps of the rest.
    for method, q in meeting.items():
        at = slope_curve(f, x, [q])
        np.testing.assert_allclose(getattr(at, f"{method}_truncation"), at.rounding, rtol=8 * np.cbrt(EPS))
    assert EPS**0.5 / 16 <= meeting["forward"] <= 16 * max(1, x) * EPS**0.5
    assert np.cbrt(EPS) / 16 <= meeting["central"] <= 16 * max(1, x) * np.cbrt(EPS)


@each_bent_function
@given(data=st.data())
def test_the_best_is_no_worse_than_where_they_meet(f, domain, data):
    curve = slope_curve(f, data.draw(domain))
    for method in ("forward", "central"):
        i = np.argmin(abs(np.log(curve.q / curve.meeting[method])))
        errors = getattr(curve, method)
        assert errors[curve.q == curve.best[method]] == np.nanmin(errors)
        assert np.nanmin(errors) <= 4 * (curve.rounding[i] + getattr(curve, f"{method}_truncation")[i])


@each_bent_function
@given(data=st.data())
def test_richardson_beats_central_on_a_smooth_function(f, domain, data):
    x = data.draw(domain)
    curve = slope_curve(f, x, np.geomspace(0.01, 0.1) * scale(f, x))
    assert np.all(curve.richardson <= 0.05 * curve.central)
    np.testing.assert_allclose(power(curve.q, curve.richardson), 4, rtol=0.05)


def test_float32_is_judged_as_float32():
    curve = slope_curve(np.sin, np.float32(1))
    assert curve.slope.dtype == curve.x.dtype == np.float32
    assert (curve.q[0], curve.q[-1]) == (np.float32(1e-8), 1.0)
    assert curve.eps == np.finfo(np.float32).eps
    small = curve.q <= curve.meeting["forward"]
    for method in METHODS:
        assert np.all(getattr(curve, method)[small] <= 4 * curve.rounding[small])
    assert curve.forward.min() > EPS**0.5


@pytest.mark.parametrize("kind", [np.float16, np.longdouble])
def test_other_floats_have_their_own_range(kind):
    curve = slope_curve(np.exp, kind(1))
    eps = np.finfo(kind).eps
    assert eps / 100 <= curve.q[0] <= eps / 10
    assert curve.forward.min() <= 4 * np.e * np.sqrt(eps)
    assert curve.rounding.dtype == curve.forward_truncation.dtype == curve.central_truncation.dtype == float


def test_the_default_steps_grow_with_x():
    steps = slope_curve(np.log, 1.0).q
    np.testing.assert_allclose(steps[[0, 1, 2, 3, -1]], [1e-17, 2e-17, 5e-17, 1e-16, 1.0], rtol=8 * EPS)
    curve = slope_curve(np.log, 4e5)
    np.testing.assert_allclose(curve.q, steps * 1e5, rtol=8 * EPS)
    assert 1 < curve.best["central"] < 1e3


@pytest.mark.parametrize("x", [2, np.int8(2), np.array([2]), np.array(2.0), tg.Value(2.0)])
def test_what_is_taken_for_a_number(x):
    curve = slope_curve(lambda x: x**3, x)
    assert (curve.x, curve.slope, curve.second, curve.third) == (2.0, 12.0, 12.0, 6.0)
    assert curve.x.dtype == float


def test_what_is_taken_for_a_result():
    constant = tg.Value(3.0)
    for f in (lambda x: constant * x, lambda x: np.reshape(3 * x, (1, 1))):
        curve = slope_curve(f, 1.0, [0.25, 0.5])
        assert [curve.slope, curve.second, *curve.forward, *curve.central] == [3.0, 0.0, 0.0, 0.0, 0.0, 0.0]
        assert "the tape's slope is 3," in str(curve)


def test_a_tape_that_cannot_be_differentiated_again():
    curve = slope_curve(once, 0.5)
    np.testing.assert_allclose(float(curve.slope), math.cosh(0.5), rtol=4 * EPS)
    assert curve.second is curve.third is curve.forward_truncation is curve.central_truncation is None
    assert np.isnan([*curve.meeting.values()]).all()
    assert "forward: f″ is not known, so truncation is not predicted; least (*) at" in str(curve)


@pytest.mark.parametrize(
    ("f", "x", "best", "said"),
    [
        (abs, 0.0, {"forward": 1.0, "central": 1.0, "richardson": 1.0}, "do not meet, for |f| = 0 and |f″| = 0"),
        (np.sqrt, 0.0, {}, "do not meet, for |f| = 0 and |f″| = inf; no error is finite"),
        (lambda x: 1 / x, 0.0, {}, "no error is finite"),
        (lambda x: x**2 + 1, -2.0, {"central": 1.0}, "do not meet, for |f| = 5 and |f‴| = 0"),
        (lambda x: x + x**2, 0.0, {}, "do not meet, for |f| = 0 and |f″| = 2"),
    ],
)
def test_kinks_poles_and_parabolas_go_without_warnings(f, x, best, said):
    curve = slope_curve(f, x)
    assert said in str(curve)
    assert best.items() <= curve.best.items()
    assert np.any(np.isfinite(curve.forward)) != np.isnan(curve.best["forward"])


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        ((np.sin, [1.0, 2.0]), TypeError, r"x is of shape \(2,\).* fix the others in a lambda"),
        ((np.sin, np.zeros(0)), TypeError, r"x is of shape \(0,\)"),
        ((np.sin, "one"), TypeError, "x is 'one', of type str; it must be a real number"),
        ((np.sin, 1j), TypeError, "of type complex"),
        ((np.sin, None), TypeError, "of type NoneType"),
        ((np.sin, math.nan), ValueError, "x is nan, and a slope is taken at a finite number"),
        ((lambda x: x * np.ones(2), 1.0), TypeError, r"f\(1.0\) gave shape \(2,\); it must give one real number"),
        ((lambda x: None, 1.0), TypeError, "gave dtype object"),
        ((lambda x: x * 1j, 1.0), TypeError, "gave dtype complex128"),
        ((math.sin, 1.0), TypeError, r"float\(\) of a Value .*would leave the tape"),
        ((np.sin, 1.0, [0.0, 1.0]), ValueError, r"q holds 0 \(as float64\), and one point has no slope"),
        ((np.sin, np.float32(1), [1e-60, 1.0]), ValueError, r"q holds 0 \(as float32\)"),
        ((np.sin, 1.0, [-0.5, 1.0]), ValueError, "q holds -0.5 .* positive and finite"),
        ((np.sin, 1.0, [0.5, math.nan]), ValueError, "q holds nan"),
        ((np.sin, 1.0, [0.5, math.inf]), ValueError, "q holds inf"),
        ((np.sin, 1.0, [1.0, 0.5]), ValueError, r"does not grow .*np.unique\(q\)"),
        ((np.sin, 1.0, [0.5, 0.5]), ValueError, "does not grow"),
        ((np.sin, 1.0, 0.5), ValueError, r"q is of shape \(\); give a sequence"),
        ((np.sin, 1.0, []), ValueError, r"q is of shape \(0,\)"),
        ((np.sin, 1.0, ["a"]), TypeError, "q is of dtype <U1"),
    ],
)
def test_wrong_input_is_refused(arguments, error, said):
    with pytest.raises(error, match=said):
        slope_curve(*arguments)


def test_it_is_imported_when_asked_for():
    code = """
import sys, tinygrad_edu as tg
assert 'tinygrad_edu.check' not in sys.modules
str(tg.slope_curve(lambda x: x * x, 1.0))
assert 'matplotlib' not in sys.modules
sys.modules['matplotlib'] = None
try:
    tg.slope_curve(lambda x: x * x, 1.0).plot()
except ModuleNotFoundError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "SlopeCurve.plot: this needs matplotlib; pip install 'tinygrad_edu[show]'\n"
    assert tg.slope_curve is slope_curve
    assert "slope_curve" in tg.__all__


def test_a_claimed_slope_is_held_against_measured_ones():
    right = tg.slope_curve(math.exp, 1.0, [1e-5, 1e-4], gradient=math.exp)
    wrong = tg.slope_curve(math.exp, 1.0, [1e-5, 1e-4], gradient=lambda x: 1.001 * math.exp(x))
    assert max(right.central) < 1e-8
    assert min(wrong.central) > 1e-3
    assert "the claimed slope is 2.718" in str(right)
    assert "f″ is not known" in str(right)


def test_a_claimed_slope_must_be_a_function():
    with pytest.raises(TypeError, match="slope_curve: gradient= is a int; pass a function of x"):
        slope_curve(np.sin, 0.5, gradient=3)
