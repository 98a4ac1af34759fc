"""Cross-entropy is exact to its last examples, and what is no label is refused."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import tinygrad_edu as tg
from tinygrad_edu import Value
from tinygrad_edu.functions import one_hot, softmax
from tinygrad_edu.losses import binary_cross_entropy, cross_entropy, hinge, kl_divergence

EPS = np.finfo(float).eps


@st.composite
def classified(draw, widest=30.0):
    n, k = draw(st.integers(1, 5)), draw(st.integers(1, 6))
    logits = draw(hnp.arrays(np.float64, (n, k), elements=st.floats(-widest, widest)))
    return logits, np.array(draw(st.lists(st.integers(0, k - 1), min_size=n, max_size=n)))


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


def test_labels_have_the_leading_axes_of_the_logits():
    logits = np.random.default_rng(0).normal(size=(2, 3, 4, 5))
    labels = np.random.default_rng(1).integers(0, 5, (2, 3, 4))
    flat = cross_entropy(logits.reshape(-1, 5), labels.reshape(-1))
    assert cross_entropy(logits, labels) == flat
    each = cross_entropy(logits, labels, reduction="none")
    assert each.shape == labels.shape
    np.testing.assert_allclose(each.mean(), flat, rtol=32 * EPS)


@given(classified(), st.floats(0, 1), st.data())
def test_weights_smoothing_and_ignored_labels_are_their_formula(example, smoothing, data):
    logits, labels = example
    n, k = logits.shape
    weights = np.array(data.draw(st.lists(st.floats(0.1, 3), min_size=k, max_size=k)))
    ignored = data.draw(st.integers(-1, k - 1))
    fine = logits.astype(np.longdouble)
    log_p = fine - np.log(np.exp(fine).sum(axis=1, keepdims=True))
    total = weight = 0
    for row, label in zip(log_p, labels, strict=True):
        if label != ignored:
            total -= (1 - smoothing) * weights[label] * row[label] + smoothing * np.sum(weights * row) / k
            weight += weights[label]
    how = {"weights": weights, "label_smoothing": smoothing, "ignore_index": ignored}
    bound = 32 * k * n * EPS * (np.ptp(logits) + np.log(k) + 1) * 3
    assert abs(cross_entropy(logits, labels, reduction="sum", **how) - total) <= bound
    if weight:
        assert abs(cross_entropy(logits, labels, **how) - total / weight) <= bound / weight
    else:
        with pytest.raises(ValueError, match="cross_entropy: no example counts"):
            cross_entropy(logits, labels, **how)


def test_ignored_examples_have_no_slope_even_where_they_are_infinite():
    logits = np.array([[-np.inf, 0.0], [1.0, 2.0]])
    slope = tg.grad(lambda x: cross_entropy(x, [0, 1], ignore_index=0))(logits)
    np.testing.assert_array_equal(slope[0], [0.0, 0.0])
    np.testing.assert_array_equal(slope[1], tg.grad(cross_entropy)(logits[1:], [1])[0])


def test_infinite_logits_of_two_classes():
    z = np.array([np.inf, -np.inf, np.inf, -np.inf, 800.0])
    losses = binary_cross_entropy(z, [1, 0, 0, 1, 0], reduction="none")
    np.testing.assert_array_equal(losses, [0.0, 0.0, np.inf, np.inf, 800.0])
    slope = tg.grad(lambda z: binary_cross_entropy(z, [1, 0, 0, 1, 0], reduction="sum"))(z)
    np.testing.assert_array_equal(slope, [0.0, 0.0, 1.0, -1.0, 1.0])
    # Where a probability underflows, so does 1 - p in the naive formula; here the last digits count.
    assert binary_cross_entropy(np.array([60.0]), [1]) == np.exp(-60.0)


def test_kl_divergence_counts_nothing_where_the_target_is_impossible():
    q, p = np.array([0.3, -0.2, 0.1]), np.array([0.5, -np.inf, 0.2])
    fine = np.exp(p) / np.exp(p).sum()
    expected = np.sum(fine[[0, 2]] * (np.log(fine[[0, 2]]) - np.log((np.exp(q) / np.exp(q).sum())[[0, 2]])))
    assert abs(kl_divergence(q, p) - expected) <= 16 * EPS
    assert kl_divergence(q, q) == 0
    assert np.all(np.isfinite(tg.grad(kl_divergence, (0, 1))(q, p)))


@given(classified())
def test_slopes_of_the_other_losses_are_slopes(example):
    logits, labels = example
    targets = np.random.default_rng(0).random(logits.shape)
    signs = np.where(targets < 0.5, -1, 1)
    # The estimate of the error may be four times too small, and one rounding of the loss over the step remains.
    rounding = 32 * EPS ** (2 / 3) * (np.max(abs(logits)) + 1) * logits.size
    for loss in (
        lambda x: binary_cross_entropy(x, targets),
        lambda x: kl_divergence(x, targets, reduction="sum"),
        lambda x: kl_divergence(targets, x, reduction="sum"),
        lambda x: cross_entropy(x, labels, weights=np.arange(1.0, logits.shape[1] + 1), label_smoothing=0.1),
    ):
        measured, error = tg.numeric_gradient(loss, logits, error=True)
        assert np.all(abs(tg.grad(loss)(logits) - measured) <= 4 * error + rounding)
    assert tg.grad(hinge)(np.ones(1), [1]) == 0.0  # at the kink
    away = np.where(abs(signs * logits - 1) < 0.01, logits + 0.5, logits)
    wanted = np.where(signs * away < 1, -signs, 0)
    np.testing.assert_array_equal(tg.grad(lambda s: hinge(s, signs, reduction="sum"))(away), wanted)


LOSSES = {
    "cross_entropy": lambda x: cross_entropy(x, [0, 2, 1]),
    "all of cross_entropy": lambda x: cross_entropy(
        x, [0, 2, 1], weights=[0.5, 1, 2], label_smoothing=0.1, ignore_index=1
    ),
    "none": lambda x: np.sum(cross_entropy(x, [0, 2, 1], reduction="none") ** 2),
    "binary_cross_entropy": lambda x: binary_cross_entropy(x, np.eye(3), positive_weight=2),
    "hinge": lambda x: hinge(x, 2 * np.eye(3) - 1),
    "kl_divergence": lambda x: kl_divergence(x, np.eye(3, dtype=x.dtype)),
}


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_compiled_losses_are_eager_ones_and_keep_the_dtype(loss, dtype):
    x = np.random.default_rng(0).normal(size=(3, 3)).astype(dtype)
    eager, compiled = tg.value_and_grad(loss), tg.compile(tg.value_and_grad(loss))
    compiled(x)
    wanted, slope = eager(x + 1)
    value, gradient = compiled(x + 1)
    room = 16 * np.finfo(dtype).eps
    assert value.dtype == gradient.dtype == wanted.dtype == slope.dtype == dtype
    assert abs(value - wanted) <= room * abs(wanted)
    assert np.all(abs(gradient - slope) <= room * np.max(abs(slope)))


def test_compiled_labels_go_in_and_are_checked():
    f = tg.compile(tg.value_and_grad(lambda x, y: cross_entropy(x, y, ignore_index=-1)))
    x = np.random.default_rng(0).normal(size=(3, 3))
    for labels in ([0, 1, 2], [2, -1, 0], [-1, -1, 1]):
        y = np.array(labels)
        np.testing.assert_allclose(f(x, y)[0], cross_entropy(x, y, ignore_index=-1), rtol=16 * EPS)
    with pytest.raises(ValueError, match="labels go from 0 to 3"):
        f(x, np.array([0, 3, 1]))


def test_integers_are_numbers():
    bytes_ = np.array([[1, 2, 255]], np.uint8)
    assert cross_entropy(bytes_, [2]) == 0.0
    assert kl_divergence(bytes_, bytes_[:, ::-1]) == kl_divergence(bytes_.astype(float), bytes_[:, ::-1].astype(float))
    assert binary_cross_entropy(bytes_, bytes_ == 255) == binary_cross_entropy(bytes_.astype(float), bytes_ == 255)


X = np.zeros((2, 3))


@pytest.mark.parametrize(
    ("error", "said", "call"),
    [
        (
            ValueError,
            "cross_entropy: weights have shape (2,); pass (3,)",
            lambda: cross_entropy(X, [0, 1], weights=[1, 2]),
        ),
        (ValueError, "cross_entropy: a weight is negative", lambda: cross_entropy(X, [0, 1], weights=[1, 2, -1])),
        (
            ValueError,
            "cross_entropy: a weight is negative or not",
            lambda: cross_entropy(X, [0, 1], weights=[1, 2, np.nan]),
        ),
        (
            ValueError,
            "label_smoothing is 1.5; it must be from 0 to 1",
            lambda: cross_entropy(X, [0, 1], label_smoothing=1.5),
        ),
        (ValueError, "reduction is 'average'; pass \"mean\"", lambda: cross_entropy(X, [0, 1], reduction="average")),
        (
            ValueError,
            "labels have shape (3, 2) beside logits of (2, 3)",
            lambda: cross_entropy(X, np.zeros((3, 2), int)),
        ),
        (ValueError, "labels go from -1 to 1", lambda: cross_entropy(X, [-1, 1], ignore_index=2)),
        (ValueError, "binary_cross_entropy: got shapes (2, 3) and (3,)", lambda: binary_cross_entropy(X, X[0])),
        (ValueError, "targets are not all from 0 to 1", lambda: binary_cross_entropy(X, X + 2)),
        (ValueError, "targets are not all from 0 to 1", lambda: binary_cross_entropy(X, X + np.nan)),
        (ValueError, "positive_weight is 0; it must be", lambda: binary_cross_entropy(X, X, positive_weight=0)),
        (ValueError, "hinge: labels are not all -1 or 1; of labels that are 0 and 1 make", lambda: hinge(X, X)),
        (ValueError, "hinge: labels are not all -1 or 1", lambda: hinge(X, X == 0)),
        (ValueError, "hinge: got shapes (2, 3) and (2,)", lambda: hinge(X, [1, -1])),
        (ValueError, "kl_divergence: got shapes (2, 3) and (3,)", lambda: kl_divergence(X, X[0])),
        (
            ValueError,
            "kl_divergence: logits have shape (2, 0); pass (..., k)",
            lambda: kl_divergence(X[:, :0], X[:, :0]),
        ),
        (ValueError, "kl_divergence: logits have shape ()", lambda: kl_divergence(1.0, 2.0)),
    ],
)
def test_what_does_not_fit_is_refused(error, said, call):
    with pytest.raises(error, match=re.escape(said)):
        call()
