"""Arguments that were once read differently from NumPy: each has the right value and slope, or is refused at once."""

import itertools

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import functions, losses
from tinygrad_edu.testing.calls import outcome

MANY = 80_000  # more than float16's largest number, 65,504
X = np.arange(6.0).reshape(2, 3) + 0.5
FORTRAN = np.asfortranarray(X)
LAYOUTS = {
    "C": X,
    "Fortran": FORTRAN,
    "reversed": X[::-1, ::-1],
    "axes moved": np.moveaxis(X[..., None] * [1.0, 2.0], 1, 0),
}


@pytest.mark.parametrize("f", [np.mean, np.average, lambda x: losses.squared_error(x, np.full(MANY, 0.5, np.float16))])
def test_means_of_many_small_floats(f):
    assert np.array_equal(tg.grad(f)(np.ones(MANY, np.float16)), np.full(MANY, np.float16(1 / MANY)))


@pytest.mark.parametrize("f", [np.max, np.min, np.amax, np.amin])
def test_extremes_of_many_small_floats(f):
    assert np.array_equal(tg.grad(f)(np.ones(MANY, np.float16)), np.full(MANY, np.float16(1 / MANY)))


def test_probabilities_of_many_small_floats():
    x = np.zeros(MANY, np.float16)
    p = np.full(MANY, np.float16(1 / MANY))
    assert np.array_equal(functions.softmax(x), p)
    assert functions.logsumexp(x) == np.float16(np.log(MANY))
    assert np.array_equal(functions.log_softmax(x), np.full(MANY, -np.float16(np.log(MANY))))
    assert np.array_equal(tg.grad(functions.logsumexp)(x), p)
    assert np.array_equal(tg.grad(lambda x: functions.softmax(x)[0])(x)[:2], [np.float16(1 / MANY), 0])


@pytest.mark.parametrize("f", [np.std, np.var])
def test_spreads_of_many_small_floats(f):
    x = np.resize(np.array([0.25, -0.25], np.float16), MANY)
    wanted = np.float16({np.std: 1, np.var: 0.5}[f] / MANY) * np.sign(x)  # the mean is 0, the deviation 0.25
    assert np.all(abs(tg.grad(f)(x) - wanted) <= np.finfo(np.float16).smallest_subnormal)


@pytest.mark.parametrize("x", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize("order", ["C", "F", "A", "K"])
def test_orders_of_reading(x, order):
    w = np.arange(x.size) ** 2.0
    slopes = tg.grad(lambda v: np.sum(np.ravel(v, order=order) * w))(x)
    places = np.ravel(np.array(x, order="K"), order=order)
    assert np.array_equal(slopes[tuple(np.array([np.argwhere(x == p)[0] for p in places]).T)], w)
    assert np.array_equal(tg.grad(lambda v: np.sum(v.flatten(order) * w))(x), slopes)
    if order != "K":
        assert np.array_equal(tg.grad(lambda v: np.sum(np.reshape(v, (x.size,), order=order) * w))(x), slopes)
    flipped = tg.grad(lambda v: np.sum(np.ravel(np.flip(v), order=order) * w))(x)
    assert np.array_equal(np.sort(flipped, axis=None), w)


def test_order_a_of_a_transposed_array_by_hand():
    w = np.arange(6.0)
    slopes = tg.grad(lambda v: np.sum(np.reshape(v.T, (6,), order="A") * w))(X)  # v.T lies in Fortran order: v's own
    assert np.array_equal(slopes, w.reshape(2, 3))
    again = tg.hessian(lambda v: np.sum(np.reshape(v.T, (6,), order="A") ** 3))(X)
    assert np.array_equal(again.reshape(6, 6), np.diag(6 * X.ravel()))


def test_column_stack_of_three_axes():
    assert np.column_stack([tg.Value(X[..., None])] * 2).shape == np.column_stack([X[..., None]] * 2).shape == (2, 6, 1)


def test_truth_values_are_places_to_take():
    assert np.array_equal(tg.grad(lambda x: np.sum(np.take(x, [True, False, True]) * [1.0, 2.0, 4.0]))(X[0]), [2, 5, 0])


def test_minimum_past_nan_beside_small_integers():
    x = np.array([5.0, 150.0, 250.0])
    y = np.array([1, 200, 255], np.uint8)  # of which -y is 255, 56, 1
    assert np.array_equal(tg.grad(lambda x: np.sum(np.fmin(x, y)))(x), [0, 1, 1])
    assert np.array_equal(tg.grad(lambda x: np.sum(np.fmax(x, y)))(x), [1, 0, 0])
    assert np.array_equal(tg.grad(lambda x: np.sum(np.fmin(x, y > 9)))(x), [0, 0, 0])


@pytest.mark.parametrize("f", [np.var, np.std])
@pytest.mark.parametrize("ddof", [3, 4, 7])
def test_spread_without_freedom_has_no_finite_slope(f, ddof):
    x = tg.Value(X[0])
    with np.errstate(all="ignore"), pytest.warns(RuntimeWarning, match="Degrees of freedom"):
        z = f(x, ddof=ddof)
    z.backward()
    assert not np.any(np.isfinite(x.grad))


def test_norms_of_nothing():
    with np.errstate(divide="ignore"):
        for ord in (None, 1, 2, 3, np.inf, -1, 0.5):
            assert np.linalg.norm(tg.Value([]), ord).data == np.linalg.norm(np.array([]), ord)
    assert np.array_equal(np.linalg.norm(tg.Value(np.zeros((0, 3))), np.inf, axis=0).data, np.zeros(3))
    assert tg.grad(lambda x: np.linalg.norm(x, np.inf))(np.zeros(0)).shape == (0,)


def test_average_over_two_axes_with_weights():
    w = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    x = np.arange(12.0).reshape(3, 2, 2)
    swapped = tg.grad(lambda x: np.sum(np.average(x, axis=(1, 0), weights=w)))(x)
    assert np.array_equal(swapped, np.repeat(w.T[..., None], 2, axis=-1) / 21)
    by_weights = tg.grad(lambda w: np.average(X, axis=(0, 1), weights=w))(w)
    assert np.allclose(by_weights, (X - np.sum(X * w) / 21) / 21, rtol=1e-14)


def test_pad_widths_by_axis():
    z = np.pad(tg.Value(X), {-1: (1, 2)}, constant_values=7.0)
    assert np.array_equal(z.data, np.pad(X, {-1: (1, 2)}, constant_values=7.0))
    assert np.array_equal(tg.grad(lambda x: np.sum(np.pad(x, {0: 1}) ** 2))(X), 2 * X)


@pytest.mark.parametrize("pick", [lambda x: x[[]], lambda x: np.take(x, []), lambda x: np.take(x, [], axis=0)])
def test_nothing_picked_has_slope_zero(pick):
    assert np.array_equal(tg.grad(lambda x: np.sum(pick(x)) + x[0])(X[0]), [1, 0, 0])


def test_transposing_a_vector_by_its_axis():
    assert np.array_equal(tg.grad(lambda x: np.sum(np.transpose(x, 0) * X[1]))(X[0]), X[1])
    assert np.array_equal(tg.grad(lambda x: np.sum(x.transpose(0) * X[1]))(X[0]), X[1])
    assert isinstance(outcome(tg.Value(X).transpose, 0), ValueError)


def test_casts_without_copies():
    assert np.array_equal(tg.grad(lambda x: np.sum(x.astype(np.float64, copy=False) * X[1]))(X[0]), X[1])


V, M = tg.Value(X[0]), tg.Value(X)
REFUSED = {
    "diff along an axis that is not there": lambda: np.diff(V, axis=1),
    "diff a negative number of times": lambda: np.diff(V, n=-1),
    "take along an axis that is not there": lambda: np.take(M, [0], axis=2),
    "take along one from the end that is not there": lambda: np.take(M, [0], axis=-3),
    "take of a tuple of places that reads as an index": lambda: np.take(M, (0, None)),
    "compress along an axis that is not there": lambda: np.compress([True], V, axis=1),
    "compress by a matrix": lambda: np.compress([[True]], V),
    "compress by more than there is": lambda: np.compress([True] * 5, V),
    "turning a vector": lambda: np.rot90(V),
    "turning in one axis": lambda: np.rot90(M, axes=(1, -1)),
    "vecdot over a broadcast axis": lambda: np.vecdot(M, np.ones((2, 1))),
    "vecdot with a number": lambda: np.vecdot(V, 2.0),
    "weights that would broadcast": lambda: np.average(M, axis=1, weights=np.ones((1, 3))),
    "weights without an axis": lambda: np.average(M, weights=np.ones(3)),
    "weights that add up to zero": lambda: np.average(V, weights=[1.0, -1.0, 0.0]),
    "half a padding": lambda: np.pad(V, 1.5),
    "a negative padding": lambda: np.pad(V, -1),
    "padding of edges with a constant": lambda: np.pad(V, 1, "edge", constant_values=1),
    "clip by one bound": lambda: np.clip(V, 0.0),
    "clip by bounds under both names": lambda: np.clip(V, 0.0, 1.0, min=0.0),
    "accumulating along no axis": lambda: np.add.accumulate(M, axis=None),
    "accumulating a number": lambda: np.add.accumulate(tg.Value(1.0)),
    "vsplit of a vector": lambda: np.vsplit(V, 3),
    "norm along an axis that a number has not": lambda: np.linalg.norm(V[0], axis=-1),
    "conditions that are no truth values": lambda: np.select([[1, 0, 1]], [V]),
    "places that are a list": lambda: np.take_along_axis(V, [0], 0),
    "places with fewer axes": lambda: np.take_along_axis(M, np.array([0]), 0),
    "tensordot along an axis that is not there": lambda: np.tensordot(V, M, (1, 0)),
    "text to choose": lambda: np.where(X[0] > 1, V, "x"),
    "text to join": lambda: np.concatenate([V, "x"]),
}


@pytest.mark.parametrize("call", REFUSED.values(), ids=REFUSED)
def test_call_is_refused_at_once(call):
    refusal = outcome(call)
    assert isinstance(refusal, (TypeError, ValueError, IndexError, ZeroDivisionError, AttributeError))
    assert str(refusal)


@pytest.mark.parametrize("axes", [*itertools.permutations(range(3))])
def test_memory_order_of_a_stretched_value_is_numpys(axes):
    x, weights = np.arange(6.0).reshape(2, 1, 3), np.arange(24.0) ** 2

    def read(x):
        return np.sum(np.ravel(np.transpose(np.broadcast_to(x, (2, 4, 3)), axes), "K") * weights)

    slopes = [read(one) for one in np.eye(6).reshape(6, 2, 1, 3)]  # it is linear
    assert tg.grad(read)(x).ravel().tolist() == slopes
