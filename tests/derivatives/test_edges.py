"""Slopes where a formula breaks, but the function does not: at zeros, ties, nodes, and the ends of the floats."""

import math

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import functions

EPS = np.finfo(float).eps
inf = math.inf
PI2 = math.pi**2
NODES, HEIGHTS = np.array([0.0, 1.0, 2.0]), np.array([0.0, 1.0, 4.0])


def same(got, wanted, ulps=8):
    got, wanted = np.asarray(got, float), np.asarray(wanted, float)
    assert got.shape == wanted.shape
    np.testing.assert_allclose(got, wanted, rtol=ulps * EPS, equal_nan=True)


SLOPES = {  # of two numbers: the function, the numbers, both slopes
    "0 ** 0": (np.power, (0.0, 0.0), (0.0, 0.0)),
    "0 ** 1": (np.power, (0.0, 1.0), (1.0, 0.0)),
    "0 ** 3": (np.power, (0.0, 3.0), (0.0, 0.0)),
    "hypot at 0": (np.hypot, (0.0, 0.0), (0.0, 0.0)),
    "hypot at 1e200": (np.hypot, (3e200, 4e200), (0.6, 0.8)),
    "hypot at 1e-200": (np.hypot, (3e-200, 4e-200), (0.6, 0.8)),
    "arctan2 at 0": (np.arctan2, (0.0, 0.0), (0.0, 0.0)),
    "arctan2 at 1e200": (np.arctan2, (3e200, 4e200), (1.6e-201, -1.2e-201)),
    "arctan2 at 1e-200": (np.arctan2, (3e-200, 4e-200), (1.6e199, -1.2e199)),
    "logaddexp of inf and 0": (np.logaddexp, (inf, 0.0), (1.0, 0.0)),
    "logaddexp of infinities": (np.logaddexp, (inf, inf), (0.5, 0.5)),
    "logaddexp of negative infinities": (np.logaddexp, (-inf, -inf), (0.5, 0.5)),
    "logaddexp of both infinities": (np.logaddexp, (inf, -inf), (1.0, 0.0)),
}


@pytest.mark.parametrize(("f", "x", "slopes"), SLOPES.values(), ids=SLOPES)
def test_slopes_of_two_numbers(f, x, slopes):
    same(tg.grad(f, (0, 1))(*x), slopes)


def test_slope_by_the_exponent_of_a_negative_base_is_none():
    base, exponent = tg.grad(np.power, (0, 1))(-2.0, 2.0)
    assert base == -4.0
    assert np.isnan(exponent)


GRADIENTS = {
    "norm": (np.linalg.norm, [0.0, 0.0], [0.0, 0.0]),
    "norm of order ½": (lambda x: np.linalg.norm(x, 0.5), [0.0, 0.0], [0.0, 0.0]),
    "norm of order -1": (lambda x: np.linalg.norm(x, -1), [0.0, 0.0], [0.0, 0.0]),
    "norm of order -1, one zero": (lambda x: np.linalg.norm(x, -1), [0.0, 2.0], [0.0, 0.0]),
    "squared norm": (lambda x: np.linalg.norm(x) ** 2, [0.0, 0.0], [0.0, 0.0]),
    "std of a constant": (np.std, [0.1, 0.1, 0.1], [0.0, 0.0, 0.0]),
    "std of one": (np.std, [2.0], [0.0]),
    "std of one, ddof": (lambda x: np.std(x, ddof=1), [2.0], [math.nan]),
    "var of one, ddof": (lambda x: np.var(x, ddof=1), [2.0], [math.nan]),
    "product with a zero": (np.prod, [0.0, 2.0, 3.0], [6.0, 0.0, 0.0]),
    "product with zeros": (np.prod, [0.0, 0.0, 3.0], [0.0, 0.0, 0.0]),
    "running product": (lambda x: np.sum(np.cumprod(x)), [2.0, 0.0, 3.0, 0.0], [1.0, 8.0, 0.0, 0.0]),
    "logsumexp of inf": (functions.logsumexp, [inf, 0.0], [1.0, 0.0]),
    "logsumexp of infinities": (functions.logsumexp, [-inf, -inf], [0.5, 0.5]),
    "entropy": (lambda p: -np.sum(np.where(p > 0, p * np.log(p), 0.0)), [0.0, 1.0], [0.0, -1.0]),
    "median of equal numbers": (np.median, [1.0, 1.0, 1.0], [0.0, 1.0, 0.0]),
    "median between pairs": (np.median, [1.0, 1.0, 2.0, 2.0], [0.0, 0.5, 0.5, 0.0]),
    "least of equal numbers": (lambda x: np.sort(x)[0], [1.0, 1.0], [1.0, 0.0]),
    "unwrap": (lambda x: np.unwrap(x)[2], [0.0, 4.0, 8.0], [0.0, 0.0, 1.0]),
    "trace by einsum": (lambda x: np.einsum("ii", np.reshape(x, (2, 2))), [1.0, 2.0, 3.0, 4.0], [1.0, 0.0, 0.0, 1.0]),
    "einsum, letters summed away": (lambda x: np.einsum("i,jk->", x, np.ones((2, 2))), [1.0, 2.0], [4.0, 4.0]),
    "einsum, broadcast": (lambda x: np.sum(np.einsum("...i,i->...", np.ones((3, 1, 2)), x)), [1.0, 2.0], [3.0, 3.0]),
    "vector times vector": (lambda x: x @ np.array([3.0, 4.0]), [1.0, 2.0], [3.0, 4.0]),
    "axis of length zero": (lambda x: np.sum(np.zeros((0, 2)) @ x), [1.0, 2.0], [0.0, 0.0]),
}


@pytest.mark.filterwarnings("ignore:Degrees of freedom")  # as NumPy itself
@pytest.mark.parametrize(("f", "x", "gradient"), GRADIENTS.values(), ids=GRADIENTS)
def test_gradients(f, x, gradient):
    with np.errstate(all="ignore"):
        same(tg.grad(f)(np.array(x)), gradient)


def test_second_derivatives_at_zeros():
    same(tg.hessian(np.prod)(np.array([0.0, 0.0, 3.0])), [[0, 3, 0], [3, 0, 0], [0, 0, 0]])
    same(tg.hessian(lambda x: np.sum(np.cumprod(x)))(np.array([2.0, 0.0, 0.0])), [[0, 1, 0], [1, 0, 2], [0, 2, 0]])
    same(tg.hessian(lambda x: np.sum(x ** np.array([0.0, 1.0, 2.0, 3.0])))(np.zeros(4)), np.diag([0, 0, 2, 0]))
    same(tg.hessian(lambda x: x[0] ** x[1])(np.array([0.0, 2.0])), [[2, 0], [0, 0]])


@pytest.mark.parametrize("x", [0.0, 1e-9])
@pytest.mark.parametrize(("n", "wanted"), [(2, -PI2 / 3), (4, PI2**2 / 5), (6, -(PI2**3) / 7)])
def test_sinc_has_every_derivative_at_zero(n, wanted, x):
    def derivative(f, n):
        return f if n == 0 else derivative(tg.grad(f), n - 1)

    same(derivative(np.sinc, n)(x), wanted)
    assert abs(derivative(np.sinc, n - 1)(x)) <= 2 * abs(wanted) * x


@pytest.mark.parametrize("x", [40.0, -40.0, 700.0, -700.0])
def test_sigmoid_keeps_its_slope(x):
    same(tg.grad(functions.sigmoid)(x), math.exp(-abs(x)))
    same(tg.grad(tg.grad(functions.sigmoid))(x), -math.copysign(math.exp(-abs(x)), x))


@pytest.mark.parametrize("x", [20.0, -20.0, 300.0])
def test_tanh_keeps_its_slope(x):
    same(tg.grad(np.tanh)(x), 1 / math.cosh(x) ** 2)
    same(tg.grad(tg.grad(np.tanh))(x), -2 * math.tanh(x) / math.cosh(x) ** 2)


PIECES = [(-1.0, 0.0, [1, 0, 0]), (0.0, 1.0, [1, 0, 0]), (0.5, 1.0, [0.5, 0.5, 0]), (1.0, 3.0, [0, 1, 0]),
          (2.0, 3.0, [0, 0, 1]), (3.0, 0.0, [0, 0, 1])]  # fmt: skip


@pytest.mark.parametrize(("x", "slope", "weights"), PIECES)
def test_interp_on_its_nodes_between_and_outside(x, slope, weights):
    same(tg.grad(np.interp)(x, NODES, HEIGHTS), slope)
    same(tg.grad(lambda heights: np.interp(x, NODES, heights))(HEIGHTS), weights)
    same(tg.grad(lambda nodes: np.interp(x, nodes, HEIGHTS))(NODES), -slope * np.array(weights, float) + 0.0)


def test_transpose_with_an_int():
    x = tg.Value(np.ones(3))
    assert np.transpose(x, 0).shape == x.transpose(0).shape == (3,)


@pytest.mark.parametrize("f", [np.sum, np.mean, np.prod, np.var, np.std, np.nansum, np.nanmean, np.nanprod])
def test_a_reduction_in_another_dtype_has_gradients_of_the_inputs(f):
    x = np.array([0.5, 2.0, -3.0])
    reduced = tg.Value(x)
    z = f(reduced, dtype=np.float32)
    z.backward()
    assert z.dtype == np.float32
    assert reduced.grad.dtype == np.float64
    few = 8 * np.finfo(np.float32).eps  # roundings of slopes up to 6
    np.testing.assert_allclose(reduced.grad, tg.grad(f)(x), rtol=few)
    np.testing.assert_array_equal(tg.compile(lambda x: f(x, dtype="float32"))(x), z.data)


def test_what_is_padded_with_a_value_sends_it_their_sum():
    x, widths = np.array([[1.0, 2.0], [3.0, 4.0]], np.float32), ((1, 0), (0, 2))
    weights = np.arange(12.0).reshape(3, 4)

    def padded(x, v):
        return np.sum(weights * np.pad(x, widths, constant_values=v))

    by_x, by_v = tg.grad(padded, (0, 1))(x, 5.0)
    assert np.array_equal(by_x, weights[1:, :2])
    assert by_v == np.sum(weights) - np.sum(weights[1:, :2])
    z = np.pad(tg.Value(x), widths, constant_values=tg.Value(0.1))
    assert z.dtype == x.dtype
    assert np.array_equal(z.data, np.pad(x, widths, constant_values=0.1))
    with pytest.raises(TypeError, match=r"np\.pad: constant_values= is a Value of several numbers"):
        np.pad(tg.Value(x), widths, constant_values=tg.Value([1.0, 2.0]))
    with pytest.raises(TypeError, match="is complex, and the array is real"):
        np.pad(tg.Value(x), widths, constant_values=tg.Value(1j))


@pytest.mark.parametrize("end", [0.5, np.array([1.0, -2.0]), np.array([[1.0, -2.0], [3.0, 0.25]])], ids=np.shape)
def test_what_a_ramp_leads_to_has_its_slope(end):
    x, widths = np.array([[1.0, 2.0], [3.0, 4.0]]), ((3, 2), (0, 2))

    def ramp(x, end):
        return np.sum(np.pad(x, widths, "linear_ramp", end_values=end) ** 2)

    assert tg.compare_gradients(ramp, x, end).ok
    assert np.array_equal(
        np.pad(tg.Value(x), widths, "linear_ramp", end_values=tg.Value(end)).data,
        np.pad(x, widths, "linear_ramp", end_values=end),
    )
    with pytest.raises(TypeError, match=r"np\.pad: end_values= is complex, and the array is real"):
        np.pad(tg.Value(x), widths, "linear_ramp", end_values=tg.Value(end + 1j))


def test_modes_of_padding_are_named_where_none_fits():
    with pytest.raises(TypeError, match=r"np\.pad: mode='empty' has no rule; use constant, .* mean or median"):
        np.pad(tg.Value([1.0, 2.0]), 1, "empty")
    with pytest.raises(TypeError, match=r"np\.pad: stat_length= is a Value; it is how many"):
        np.pad(tg.Value([1.0, 2.0]), 1, "mean", stat_length=tg.Value(1.0))
    with pytest.raises(ValueError, match=r"np\.pad: .*can't extend empty axis 0"):
        np.pad(tg.Value(np.ones((0, 2))), 1, "mean")
    with pytest.raises(ValueError, match=r"np\.pad: .*unsupported keyword arguments for mode 'mean'"):
        np.pad(tg.Value([1.0, 2.0]), 1, "mean", end_values=1)
