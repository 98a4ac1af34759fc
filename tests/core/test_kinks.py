"""Derivatives of higher order at kinks: the slope of the gradient is the judge, never a convention times a convention.

f    function of one array
h    step of the slope that judges
x    the point, on a kink
"""

import numpy as np
import pytest
from scipy import special

import tinygrad_edu as tg
from tinygrad_edu.core.rules import table
from tinygrad_edu.derivatives.norms import root
from tinygrad_edu.functions import relu
from tinygrad_edu.scipy import special as _its_rows  # noqa: F401
from tinygrad_edu.scipy.bessel import i1e_slope, scaled_bessel_slope

ZEROS, ONES = np.zeros(2), np.ones(3)
EYE = np.eye(3)
ASIDE = 8 * np.finfo(float).eps ** 0.9  # the sides are that far away, and so is what is cubic there

SMOOTH = {
    "norm²": (lambda x: np.linalg.norm(x) ** 2, ZEROS, 2 * np.eye(2)),
    "norm of order 3, cubed and summed": (lambda x: np.linalg.norm(x, 3) ** 3 + x @ x, ZEROS, 2 * np.eye(2)),
    "|x|²": (lambda x: np.sum(abs(x) ** 2), ZEROS, 2 * np.eye(2)),
    "|x|² away from 0": (lambda x: np.sum(abs(x - 1) ** 2), ONES, 2 * EYE),
    "hypot²": (lambda x: np.hypot(x[0], x[1]) ** 2, ZEROS, 2 * np.eye(2)),
    "std²": (lambda x: np.std(x) ** 2, ONES, (2 / 3) * (EYE - 1 / 3)),
    "distance²": (lambda x: np.linalg.norm(x - 1.0) ** 2, ONES, 2 * EYE),
    "max² + min²": (lambda x: np.max(x[:2]) ** 2 + np.min(x[:2]) ** 2, ONES, np.diag([2.0, 2.0, 0.0])),
    "maximum² + minimum²": (lambda x: np.maximum(x, 1.0) ** 2 @ ONES + np.minimum(x, 1.0) ** 2 @ ONES, ONES, 2 * EYE),
    "max · min": (lambda x: np.max(x[:2]) * np.min(x[:2]), ONES, np.array([[0, 1, 0], [1, 0, 0], [0, 0, 0]])),
    "relu² + relu(-x)²": (lambda x: np.sum(relu(x) ** 2 + relu(-x) ** 2), ZEROS, 2 * np.eye(2)),
    "beside a time stamp": (lambda x: np.sum(abs(x) ** 2 + np.sin(1e9 * ONES[:2] * (1 + x))), ZEROS, None),
}


@pytest.mark.parametrize("name", SMOOTH)
def test_what_is_smooth_has_the_second_derivative_of_both_sides(name):
    f, x, expected = SMOOTH[name]
    if expected is None:
        expected = np.diag(2 - 1e18 * np.sin(1e9) * np.ones(2))
    room = ASIDE * np.max(abs(expected)) * (1e9 if np.max(abs(expected)) > 1e9 else 1)
    h = tg.hessian(f)(x)
    np.testing.assert_allclose(h, expected, rtol=0, atol=room)
    v = np.arange(1.0, 1 + x.size)
    for product in (
        tg.hvp(f, (x,), (v,))[0],
        tg.jvp(tg.grad(f), (x,), (v,))[1],
        tg.grad(lambda x: tg.grad(f)(x) @ v)(x),
    ):
        np.testing.assert_allclose(product, expected @ v, rtol=0, atol=4 * v.size * room)


@pytest.mark.parametrize("name", SMOOTH)
def test_compiled_as_eager(name):
    f, x, _ = SMOOTH[name]
    aside = x + np.linspace(0.3, 0.7, x.size)
    for points in ((aside, x), (x, aside)):
        compiled = tg.compile(tg.hessian(f))
        for point in (*points, *points):
            eager = tg.hessian(f)(point)
            room = ASIDE * np.max(abs(eager))
            np.testing.assert_allclose(compiled(point), eager, rtol=0, atol=room)


def test_third_and_fourth_order():
    d = tg.grad
    assert d(d(d(lambda x: abs(x) ** 3)))(0.0) == 0.0
    assert d(d(d(d(lambda x: abs(x) ** 4))))(0.0) == pytest.approx(24.0, rel=1e-12)
    assert d(d(d(lambda x: abs(x) ** 2 * np.exp(x))))(0.0) == pytest.approx(6.0, rel=1e-12)


def test_where_the_sides_differ_it_is_the_mean_as_the_slope_is():
    d = tg.grad
    assert d(d(lambda x: np.maximum(x, 0) ** 2))(0.0) == 1.0
    assert d(d(lambda x: relu(x) ** 2))(0.0) == 1.0
    assert d(d(lambda x: x * abs(x)))(0.0) == 0.0
    assert d(d(lambda x: np.clip(x, 0, 1) * x))(np.float32(0.0)) == 1.0
    assert d(d(abs))(0.0) == 0.0


def test_jacobians_of_jacobians_in_batches_and_row_by_row():
    for f in (lambda x: abs(x) ** 2, lambda x: np.maximum(x, 0.0) ** 2 + np.minimum(x, 0.0) ** 2):
        second = tg.jacobian(tg.jacobian(f))
        expected = 2 * np.eye(2)[:, :, None] * np.eye(2)
        np.testing.assert_array_equal(second(ZEROS), expected)
        np.testing.assert_array_equal(tg.compile(second)(ZEROS), expected)
    several = tg.jacobian(tg.jacobian(lambda x: np.linalg.norm(x) ** 2 * np.ones(3)))(ZEROS)
    np.testing.assert_allclose(several, [2 * np.eye(2)] * 3, rtol=0, atol=ASIDE)
    cubic = tg.jacobian(tg.hessian(lambda x: np.sum(abs(x) ** 2 * np.exp(x))))(ZEROS)
    np.testing.assert_allclose(cubic[0, 0], [6.0, 0.0], rtol=0, atol=8 * ASIDE)


def test_the_gradient_itself_keeps_the_convention():
    x = np.array([0.0, 2.0])

    def f(x):
        return np.sum(abs(x) + np.maximum(x, 0.0))

    value, slopes = tg.vjp(tg.grad(f), x)
    assert value.tolist() == [0.5, 2.0] == tg.grad(f)(x).tolist()
    assert slopes(np.ones(2))[0].tolist() == [0.0, 0.0]


def test_the_slope_by_the_cotangent_is_the_convention():
    def pulled(v, x):
        return tg.vjp(abs, x)[1](v)[0]

    assert tg.grad(pulled)(1.0, 0.0) == 0.0
    assert tg.grad(lambda v: pulled(v, tg.Value(2.0)))(1.0) == 1.0
    assert tg.jvp(lambda x: abs(x) + np.maximum(x, 0.0), (0.0,), (1.0,))[1] == 0.5


def test_one_side_counts_where_the_other_is_not_defined():
    assert tg.hessian(lambda x: x[0] ** 2.5 + abs(x[1]) ** 2)(ZEROS)[1, 1] == 2.0


def test_kinks_that_stay_cost_no_derivative():
    padding = np.zeros(3)

    def f(x):
        return np.sum(abs(padding * x)) + np.sum(x**3)

    np.testing.assert_array_equal(tg.hessian(f)(ONES), 6 * EYE)


KINKED = {
    np.absolute: (0.0,), np.fabs: (0.0,), np.copysign: (0.0, 1.0), np.hypot: (0.0, 0.0),
    np.maximum: (0.5, 0.5), np.minimum: (0.5, 0.5), np.fmax: (0.5, 0.5), np.fmin: (0.5, 0.5),
    np.max: (np.array([0.5, 0.5]),), np.min: (np.array([0.5, 0.5]),), np.std: (np.array([0.5, 0.5]),),
    relu: (0.0,),
}  # fmt: skip


CURVED = {special.i0e: (0.0,), i1e_slope: (0.0,), scaled_bessel_slope: (0.0, 0, 2)}  # beside a kink, slopes up to 4


def test_every_row_with_a_kink_has_a_point():
    steps = {function for function, row in table.items() if row.unrolled}  # loops: tests/transforms/test_loops.py
    assert {function for function, row in table.items() if row.kink} - steps == {*KINKED, *CURVED, root}


@pytest.mark.parametrize("function", [*KINKED, *CURVED], ids=lambda function: function.__name__)
def test_rows_agree_with_the_slope_of_the_gradient(function):
    arguments = (KINKED | CURVED)[function]
    start = function(*arguments)

    def f(x):
        return (function(x, *arguments[1:]) - start) ** 2

    gradient = tg.grad(f)
    x = arguments[0]
    h = 2.0**-20
    truncation = 64 * h if function in CURVED else 0.0  # of straight lines on each side there is none
    for i in range(np.size(x)):
        step = h if np.ndim(x) == 0 else h * np.eye(np.size(x))[i]
        judge = (gradient(x + step) - gradient(x - step)) / (2 * h)
        second = tg.grad(lambda x, i=i: np.ravel(gradient(x))[i])(x)
        np.testing.assert_allclose(second, judge, rtol=0, atol=2.0**-52 / h * 8 + truncation)


def test_a_primitive_of_ones_own_says_where_its_kinks_are():
    @tg.primitive
    def ramp(x):
        return np.where(x > 1, x - 1, 0.0)

    tg.derivative(ramp, lambda g, z, x: g * (0.5 * (x >= 1) + 0.5 * (x > 1)), kink=lambda z, x: x == 1)
    assert tg.grad(ramp)(1.0) == 0.5
    assert tg.grad(tg.grad(lambda x: ramp(x) ** 2))(1.0) == 1.0
    with pytest.raises(TypeError, match=r"kink=1.0\): give a function"):
        tg.derivative(ramp, lambda g, z, x: g, kink=1.0)
