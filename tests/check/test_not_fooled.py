"""Right functions that cancel, saturate, sit beside kinks, holes and edges are not called wrong; wrong ones are."""

import numpy as np
import pytest

import tinygrad_edu as tg
from tests.check.planted import operation
from tinygrad_edu.functions import softmax
from tinygrad_edu.losses import cross_entropy

W = np.array([0.3, -1.2, 0.7, 2.0, -0.4, 0.9, -1.5])
LABELS = np.array([0, 2])


def plain_softmax(x):
    e = np.exp(x - np.max(x))
    return e / np.sum(e)


def batch_norm(x):
    centred = x - np.mean(x, 0)
    return np.sum(centred / np.sqrt(np.mean(centred**2, 0) + 1e-5))


def z_scores(x):
    return np.sum((x - np.mean(x)) / np.std(x))


# A function, the shape of its argument, and how large that is.
RIGHT = {
    "batch norm": (batch_norm, (6, 3), 1),
    "z-scores": (z_scores, 7, 1),
    "softmax summed": (lambda x: np.sum(plain_softmax(x)), 6, 1),
    **{f"softmax at {s}": (lambda x: softmax(x) @ W, 7, s) for s in (10, 20, 50, 200)},
    **{f"cross-entropy at {s}": (lambda x: cross_entropy(x, LABELS), (2, 7), s) for s in (10, 20, 50)},
    "sin, an offset": (lambda x: np.sin(x + 1e6), (), 1),
    "square, an offset": (lambda x: ((x + 1e4) - 1e4) ** 2, (), 1),
    "variance, an offset": (lambda x: np.mean((x + 1e4) ** 2) - np.mean(x + 1e4) ** 2, 5, 1),
    "sum of what is left of the mean": (lambda x: np.sum(x - np.mean(x)), 7, 1),
    **{f"clip, {d} away": (lambda x, d=d: np.sum(np.clip(1 + d * x, -1, 1)), 4, 1) for d in (1e-9, 1e-12, 1e-14)},
    **{f"max, {d} away": (lambda x, d=d: np.max(0.7 + d * x), 4, 1) for d in (1e-9, 1e-12, 1e-14)},
}


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_gradient_is_not_called_wrong(name):
    f, shape, size = RIGHT[name]
    for seed in range(5):
        report = tg.compare_gradients(f, size * np.random.default_rng(seed).normal(size=shape))
        assert report, report


@pytest.mark.parametrize("x", [1e-1, 1e-2, 1e-3, 1e-5])
@pytest.mark.parametrize(
    "f", [lambda x: (1 - np.cos(x)) / x**2, lambda x: (x - np.sin(x)) / x**3, lambda x: np.sin(x) / x]
)
def test_beside_a_removable_hole_nothing_is_wrong(f, x):
    report = tg.compare_gradients(f, x)
    assert report, report


@pytest.mark.parametrize(
    ("f", "x"),
    [(np.sin, 1e12), (lambda x: np.sqrt(x + 1) - np.sqrt(x), 1e7)],
)
def test_fast_phases_and_differences_of_roots_are_not_wrong(f, x):
    report = tg.compare_gradients(f, x)
    assert report, report


@pytest.mark.parametrize("x", [11647220.270681303, -40400041.44306597])  # all steps are nearly multiples of 2π
def test_a_phase_whose_periods_fit_into_all_steps_is_not_wrong(x):
    assert tg.compare_gradients(np.sin, x)


@pytest.mark.parametrize(
    ("f", "x", "slope"),
    [(lambda x: x**2.5, 0.0, 0.0), (lambda x: (1 - x * x) ** 1.5, 1.0, 0.0), (lambda x: x**1.5 + 3 * x, 0.0, 3.0)],
)
def test_at_an_edge_the_slope_is_of_the_one_side(f, x, slope):
    report = tg.compare_gradients(f, x)
    assert report, report
    worst = report.arguments[0].worst
    assert abs(worst.slope - slope) <= worst.bound < 1e-3


@pytest.mark.parametrize(("f", "x"), [(lambda x: x**x, 0.0), (np.arcsin, 1.0), (np.arccosh, 1.0)])
def test_at_an_edge_without_a_finite_slope_nothing_is_wrong(f, x):
    report = tg.compare_gradients(f, x)
    assert report, report
    assert "no finite slope" in str(report)


@pytest.mark.parametrize(
    ("rule", "x"),
    [
        (lambda g, z, x: g * np.nan, 1.0),
        (lambda g, z, x: g * np.where(np.arange(3) == 1, np.nan, 2 * x), np.array([1.0, 2.0, 3.0])),
    ],
)
def test_what_is_not_a_number_is_wrong(rule, x):
    squared = operation(np.square, rule)
    report = tg.compare_gradients(lambda x: np.sum(squared(x)), x)
    assert not report
    assert report.arguments[0].worst.kind == "wrong"
    assert "not a number where the slope is" in report.arguments[0].worst.verdict


@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.parametrize("x", [0.0016910719100945827, 0.0123, 1e-4])
def test_a_complex_step_is_not_trusted_where_numpy_is_less_precise_for_complex_numbers(x):
    """np.log1p of a complex number is the logarithm of |1 + x|, which rounds x."""
    assert tg.compare_gradients(lambda x: np.log1p(x) / x, x)


def test_a_complex_step_is_not_trusted_where_rounding_lands_on_a_kink():
    d, w, x = -4.7e-15, np.array([0.48, -0.54, 0.25]), np.array([0.69, -0.02, 0.44])
    assert tg.compare_gradients(lambda x: np.sum(w * np.clip(1 + d * x, -1, 1)), x)
    for d in (1.58e-15, 1e-16, 1e-15):
        assert tg.compare_gradients(lambda x, d=d: np.sum(w * np.sort(0.7 + d * x)), x)
        assert tg.compare_gradients(lambda x, d=d: np.max(0.7 + d * x), x)


def test_a_complex_step_is_not_trusted_where_the_function_cancels():
    with np.errstate(all="ignore"):
        report = tg.compare_gradients(lambda x: np.where(x == 0, 1.0, (np.exp(x) - 1) / x), 0.0)
    assert not report
    worst = report.arguments[0].worst
    assert abs(worst.slope - 0.5) <= worst.bound + worst.error < 0.1
