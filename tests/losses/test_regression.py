"""Distances are distances, errors are their formulas, and nothing is broadcast."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import tinygrad_edu as tg
from tinygrad_edu import Value
from tinygrad_edu.losses import absolute_error, distance, huber, squared_error

EPS = np.finfo(float).eps
numbers = st.floats(-1e3, 1e3).map(lambda x: round(x, 3))


def vectors(*shape):
    return hnp.arrays(np.float64, shape, elements=numbers)


@given(vectors(3), vectors(3), vectors(3))
def test_distance_is_a_distance(u, v, w):
    assert distance(v, w) >= 0
    assert distance(v, w) == distance(w, v)
    assert (distance(v, w) == 0) == np.array_equal(v, w)
    # Each distance is off by a few roundings: of 3 squares, 2 sums, a root, and of the differences.
    direct, around = distance(u, w), distance(u, v) + distance(v, w)
    assert direct <= around + 8 * EPS * (around + np.max(abs(np.stack([u, v, w]))))


def test_distance_is_taken_for_each_row():
    np.testing.assert_array_equal(distance(np.zeros((2, 2)), np.array([[3.0, 4.0], [5.0, 12.0]])), [5.0, 13.0])


def test_distance_points_away_and_is_flat_where_it_is_zero():
    w = np.array([1.0, 2.0])
    np.testing.assert_array_equal(tg.grad(distance)(w, w), [0.0, 0.0])
    np.testing.assert_allclose(tg.grad(distance)(np.array([4.0, 6.0]), w), [0.6, 0.8], rtol=4 * EPS)


@given(vectors(4), vectors(4))
def test_squared_error_and_its_slope(v, w):
    assert squared_error(v, w) == np.mean((v - w) ** 2)
    np.testing.assert_allclose(tg.grad(squared_error)(v, w), (v - w) / 2, rtol=4 * EPS)


@pytest.mark.parametrize("loss", [distance, squared_error, absolute_error, huber])
@pytest.mark.parametrize(("v", "w"), [((3, 1), (3,)), ((3,), (1,)), ((2, 3), (3, 2))])
def test_nothing_is_broadcast(loss, v, w):
    for wrap in (np.asarray, Value):
        with pytest.raises(ValueError, match=f"{loss.__name__}: got shapes"):
            loss(wrap(np.zeros(v)), np.zeros(w))


def test_distance_is_of_vectors():
    with pytest.raises(ValueError, match="two single numbers"):
        distance(1.0, 2.0)


@given(vectors(3, 2), vectors(3, 2), st.floats(0.1, 10))
def test_huber_is_a_parabola_near_and_a_line_far(v, w, delta):
    d = abs(v - w)
    formula = np.where(d <= delta, d * d / 2, delta * (d - delta / 2))
    np.testing.assert_allclose(huber(v, w, delta=delta, reduction="none"), formula, rtol=8 * EPS)
    slope = tg.grad(lambda v: huber(v, w, delta=delta, reduction="sum"))(v)
    np.testing.assert_allclose(slope, np.clip(v - w, -delta, delta), rtol=8 * EPS, atol=8 * EPS * delta)


@given(vectors(3, 2), vectors(3, 2))
def test_absolute_error_and_its_slope(v, w):
    assert absolute_error(v, w) == np.mean(abs(v - w))
    np.testing.assert_array_equal(tg.grad(absolute_error)(v, w), np.sign(v - w) / 6)


@pytest.mark.parametrize("loss", [squared_error, absolute_error, huber])
def test_reductions_are_of_the_same_numbers(loss):
    v, w = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[2.0, 2.0], [0.0, 8.0]])
    each = loss(v, w, reduction="none")
    assert each.shape == v.shape
    assert loss(v, w, reduction="sum") == each.sum()
    assert loss(v, w) == loss(v, w, reduction="mean") == each.mean()
    assert loss(v[:0], w[:0], reduction="sum") == 0
    with pytest.raises(ValueError, match=rf'{loss.__name__}: there is nothing to take the mean of; .*reduction="sum"'):
        loss(v[:0], w[:0])
    with pytest.raises(ValueError, match=rf"{loss.__name__}: reduction is 'all'"):
        loss(v, w, reduction="all")


@pytest.mark.parametrize("loss", [squared_error, absolute_error, huber, distance])
@pytest.mark.parametrize("kind", [np.uint8, bool])
def test_differences_of_small_integers_do_not_wrap(loss, kind):
    v, w = np.array([0, 0, 1], kind), np.array([1, 0, 0], kind)
    assert loss(v, w) == loss(v.astype(float), w.astype(float))


@pytest.mark.parametrize("delta", [0, -1.0, np.nan, np.inf])
def test_delta_is_positive(delta):
    with pytest.raises(ValueError, match=r"huber: delta is .*; it must be a positive number"):
        huber([1.0], [2.0], delta=delta)


@pytest.mark.parametrize("loss", [squared_error, absolute_error, huber])
def test_compiled_errors_are_eager_ones_and_float32_stays(loss):
    v, w = np.random.default_rng(0).normal(size=(2, 4, 3)).astype(np.float32)
    compiled = tg.compile(tg.value_and_grad(loss))
    compiled(v, w)
    for got, wanted in zip(compiled(w, v), tg.value_and_grad(loss)(w, v), strict=True):
        assert got.dtype == wanted.dtype == np.float32
        assert np.all(abs(got - wanted) <= 16 * np.finfo(np.float32).eps * np.max(abs(wanted)))
