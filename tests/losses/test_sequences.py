"""CTC adds up every path that says the labels, and its slope is right where probabilities underflow."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_edu as tg
from tinygrad_edu.functions import log_softmax
from tinygrad_edu.losses import ctc

EPS = np.finfo(float).eps


def says(path, blank):
    """The labels that a path says: one for each run of a class, without blanks."""
    return [c for c, _ in itertools.groupby(path) if c != blank]


def by_hand(logits, labels, blank):
    """The sum, over all paths, of the probabilities of those that say the labels."""
    p = np.exp(log_softmax(logits).astype(np.longdouble))
    t, k = p.shape
    paths = (path for path in itertools.product(range(k), repeat=t) if says(path, blank) == labels)
    return -np.log(sum(np.prod(p[range(t), path]) for path in paths))


@st.composite
def examples(draw):
    t, k = draw(st.integers(1, 5)), draw(st.integers(2, 3))
    blank = draw(st.integers(0, k - 1))
    path = draw(st.lists(st.integers(0, k - 1), min_size=t, max_size=t))
    seed = draw(st.integers(0, 99))
    return np.random.default_rng(seed).normal(size=(t, k)) * 2, says(path, blank), blank


@given(st.lists(examples(), min_size=1, max_size=3), st.integers(0, 2))
def test_it_is_the_sum_over_all_paths(drawn, more):
    blank = drawn[0][2]
    drawn = [
        (logits, labels, blank)
        for logits, labels, own in drawn
        if own == blank and logits.shape[1] == drawn[0][0].shape[1]
    ]
    t, s = max(len(x) for x, _, _ in drawn), max(len(y) for _, y, _ in drawn) + more
    logits = np.stack([np.pad(x, ((0, t - len(x)), (0, 0)), constant_values=9.0) for x, _, _ in drawn])
    labels = np.array([y + [-7] * (s - len(y)) for _, y, _ in drawn], int).reshape(len(drawn), s)
    losses = ctc(
        logits,
        labels,
        logit_lengths=np.array([len(x) for x, _, _ in drawn]),
        label_lengths=np.array([len(y) for _, y, _ in drawn]),
        blank=blank,
        reduction="none",
    )
    for loss, example in zip(losses, drawn, strict=True):
        wanted = by_hand(*example)
        assert abs(loss - wanted) <= 32 * t * EPS * (1 + abs(wanted))


def test_its_slope_is_the_slope_and_it_has_a_second():
    logits, labels = np.random.default_rng(0).normal(size=(2, 5, 3)), np.array([[1, 1], [2, 1]])
    report = tg.compare_gradients(lambda x: ctc(x, labels), logits)
    assert report.ok, str(report)
    second = tg.compare_gradients(tg.grad(lambda x: ctc(x, labels, reduction="sum")), logits)
    assert second.ok, str(second)


def test_where_probabilities_underflow_the_slope_is_still_that_of_the_best_path():
    # Classes 0 and 1 have odds of e^-800 at each step: no path that says 1, 1, 1 has a probability that a float holds.
    logits = np.zeros((1, 6, 3))
    logits[..., 2] = 800.0
    loss, slope = tg.value_and_grad(lambda x: ctc(x, [[1, 1, 1]]))(logits)
    # All 6 steps cost 800.
    paths = sum(says(path, 0) == [1, 1, 1] for path in itertools.product(range(2), repeat=6))
    assert abs(loss - (6 * 800 - np.log(paths))) <= 16 * EPS * loss
    np.testing.assert_allclose(slope.sum(axis=-1), np.zeros((1, 6)), atol=64 * EPS)
    np.testing.assert_allclose(slope[..., 2], np.ones((1, 6)), rtol=16 * EPS)
    assert np.all(slope[..., :2] <= 0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_compiled_is_eager_and_keeps_the_dtype(dtype):
    logits = np.random.default_rng(0).normal(size=(2, 6, 4)).astype(dtype)

    def loss(x, labels, counts):
        return ctc(x, labels, label_lengths=counts)

    compiled = tg.compile(tg.value_and_grad(loss))
    compiled(logits, np.array([[1, 2], [3, 1]]), np.array([2, 1]))
    other = np.array([[2, 2], [1, 3]]), np.array([2, 2])
    for got, wanted in zip(compiled(logits, *other), tg.value_and_grad(loss)(logits, *other), strict=True):
        assert got.dtype == wanted.dtype == dtype
        assert np.all(abs(got - wanted) <= 64 * np.finfo(dtype).eps * np.max(abs(wanted)))
    with pytest.raises(ValueError, match="a label is 0, the blank"):
        compiled(logits, np.array([[0, 2], [3, 1]]), np.array([2, 1]))


X = np.zeros((2, 3, 4))


@pytest.mark.parametrize(
    ("error", "said", "x", "labels", "how"),
    [
        (ValueError, r"logits have shape \(3, 4\); pass \(n, t, k\)", X[0], [[1]], {}),
        (ValueError, r"labels have shape \(2,\) beside logits of \(2, 3, 4\); pass \(2, s\)", X, [1, 2], {}),
        (TypeError, "labels are of dtype float64", X, [[1.0], [2.0]], {}),
        (ValueError, "labels go from 1 to 4; with 4 logits a row they are 0 to 3", X, [[1], [4]], {}),
        (ValueError, "labels go from -1 to 1", X, [[1], [-1]], {}),
        (ValueError, "a label is 0, the blank", X, [[1], [0]], {}),
        (ValueError, "blank is 4; with 4 logits a step it is from 0 to 3", X, [[1], [1]], {"blank": 4}),
        (ValueError, "an example has fewer steps than its labels need", X, [[1, 2, 1, 2], [1, 2, 1, 2]], {}),
        (ValueError, "an example has fewer steps", X, [[1, 1, 2], [1, 2, 3]], {}),
        (ValueError, "an example has fewer steps", X, [[1, 2], [1, 2]], {"logit_lengths": [3, 1]}),
        (ValueError, "logit_lengths go from 0 to 3; pass from 1 to 3", X, [[1], [1]], {"logit_lengths": [0, 3]}),
        (ValueError, "label_lengths go from 1 to 2; pass from 0 to 1", X, [[1], [1]], {"label_lengths": [1, 2]}),
        (ValueError, r"label_lengths have shape \(1,\); pass \(2,\)", X, [[1], [1]], {"label_lengths": [1]}),
        (TypeError, "label_lengths are of dtype float64", X, [[1], [1]], {"label_lengths": [1.0, 1.0]}),
        (ValueError, "reduction is 'x'", X, [[1], [1]], {"reduction": "x"}),
    ],
)
def test_what_does_not_fit_is_refused(error, said, x, labels, how):
    for wrap in (np.asarray, tg.Value):
        with pytest.raises(error, match=f"ctc: {said}"):
            ctc(wrap(x), labels, **how)
