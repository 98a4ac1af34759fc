"""Distances are distances, and cross-entropy is exact to its last examples."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import tinygrad_edu as tg
from tinygrad_edu import Value
from tinygrad_edu.functions import one_hot, softmax
from tinygrad_edu.losses import cross_entropy, distance, mean_squared_error

EPS = np.finfo(float).eps
numbers = st.floats(-1e3, 1e3).map(lambda x: round(x, 3))


def vectors(*shape):
    return hnp.arrays(np.float64, shape, elements=numbers)


@st.composite
def classified(draw, widest=30.0):
    n, k = draw(st.integers(1, 5)), draw(st.integers(1, 6))
    logits = draw(hnp.arrays(np.float64, (n, k), elements=st.floats(-widest, widest)))
    return logits, np.array(draw(st.lists(st.integers(0, k - 1), min_size=n, max_size=n)))


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
def test_mean_squared_error_and_its_slope(v, w):
    assert mean_squared_error(v, w) == np.mean((v - w) ** 2)
    np.testing.assert_allclose(tg.grad(mean_squared_error)(v, w), (v - w) / 2, rtol=4 * EPS)


@pytest.mark.parametrize("loss", [distance, mean_squared_error])
@pytest.mark.parametrize(("v", "w"), [((3, 1), (3,)), ((3,), (1,)), ((2, 3), (3, 2))])
def test_nothing_is_broadcast(loss, v, w):
    for wrap in (np.asarray, Value):
        with pytest.raises(ValueError, match=f"{loss.__name__}: got shapes"):
            loss(wrap(np.zeros(v)), np.zeros(w))


def test_distance_is_of_vectors():
    with pytest.raises(ValueError, match="two single numbers"):
        distance(1.0, 2.0)


@given(classified())
def test_cross_entropy_is_its_formula(example):
    logits, labels = example
    fine = np.exp(logits.astype(np.longdouble))
    expected = -np.mean(np.log(fine[np.arange(len(labels)), labels] / np.sum(fine, axis=1)))
    # A handful of roundings, each of a number no larger than the spread of the logits and log k.
    scale = np.ptp(logits) + np.log(logits.shape[1]) + 1
    assert abs(cross_entropy(logits, labels) - expected) <= 8 * EPS * scale


@given(classified())
def test_its_slope_is_the_surplus_of_probability(example):
    logits, labels = example
    n, k = logits.shape
    expected = (softmax(logits) - one_hot(labels, k)) / n
    # Two ways to the same probabilities differ by the rounding of exp at the spread of the logits.
    room = (8 + k + np.ptp(logits)) * EPS
    np.testing.assert_allclose(tg.grad(cross_entropy)(logits, labels), expected, rtol=0, atol=4 * room / n)


@given(classified())
def test_its_slope_is_the_slope(example):
    logits, labels = example
    measured, error = tg.numeric_gradient(lambda x: cross_entropy(x, labels), logits, error=True)
    # The estimate of the error may be four times too small. It counts one rounding of the loss, but a small loss
    # comes of larger numbers, each rounded; the slope divides what is left by a step of at least eps^(1/3).
    rounding = 8 * EPS * (np.ptp(logits) + np.log(logits.shape[1]) + 1) / EPS ** (1 / 3)
    assert np.all(abs(tg.grad(cross_entropy)(logits, labels) - measured) <= 4 * error + rounding)


@given(classified(widest=5.0))
def test_its_second_slopes(example):
    logits, labels = example
    p = softmax(logits[:1])[0]
    hessian = tg.hessian(lambda x: cross_entropy(x, labels[:1]))(logits[:1])[0, :, 0, :]
    room = (8 + len(p) + np.ptp(logits)) * EPS
    np.testing.assert_allclose(hessian, np.diag(p) - np.outer(p, p), rtol=0, atol=8 * room)


@given(classified(), st.integers(-(2**40), 2**40))
def test_only_differences_of_logits_count(example, shift):
    logits, labels = np.round(example[0]), example[1]
    assert cross_entropy(logits, labels) == cross_entropy(logits + shift, labels)


def test_large_and_infinite_logits():
    assert cross_entropy(np.array([[1e308, 0.0]]), [0]) == 0.0
    assert cross_entropy(np.array([[1e300, 0.0]]), [1]) == 1e300
    assert cross_entropy(np.array([[np.inf, 0.0]]), [0]) == 0.0
    assert cross_entropy(np.array([[-np.inf, 0.0]]), [1]) == 0.0
    np.testing.assert_array_equal(tg.grad(cross_entropy)(np.array([[1e300, 0.0]]), [1]), [[1.0, -1.0]])


def test_dtype_stays():
    logits = np.array([[1.0, 2.0]], np.float32)
    assert cross_entropy(Value(logits), [0]).dtype == np.float32
    assert tg.grad(cross_entropy)(logits, np.array([0], np.uint8)).dtype == np.float32


@pytest.mark.parametrize(
    ("shape", "labels", "error", "message"),
    [
        ((2, 3), [0, 3], ValueError, "labels go from 0 to 3; with 3 logits a row they are 0 to 2"),
        ((2, 3), [-1, 0], ValueError, "labels go from -1 to 0"),
        ((2, 3), [0.0, 1.0], TypeError, "labels are of dtype float64"),
        ((2, 3), [True, False], TypeError, "labels are of dtype bool"),
        ((2, 3), [0], ValueError, r"labels have shape \(1,\)"),
        ((2, 3), [[0], [1]], ValueError, r"labels have shape \(2, 1\)"),
        ((3,), [0, 1, 2], ValueError, r"logits have shape \(3,\)"),
        ((0, 3), [], ValueError, r"logits have shape \(0, 3\)"),
    ],
)
def test_labels_that_are_none(shape, labels, error, message):
    for wrap in (np.asarray, Value):
        with pytest.raises(error, match=f"cross_entropy: {message}"):
            cross_entropy(wrap(np.zeros(shape)), labels)
