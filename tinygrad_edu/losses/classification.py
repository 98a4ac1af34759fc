"""Losses of classes, from logits, so that nothing overflows and the last examples count exactly.

logits  what a network gives for each class, before it is turned into probabilities: (n, ..., k)
labels  the right class of each example, integers from 0 to k - 1: (n, ...)
"""

import math
from typing import Any

import numpy as np

from tinygrad_edu.core.arrays import as_array
from tinygrad_edu.core.context import OuterArray, Tracer
from tinygrad_edu.core.primitives import primitive
from tinygrad_edu.core.rules import Array, derivative
from tinygrad_edu.core.tape import Entry
from tinygrad_edu.functions import log_softmax, relu, softplus
from tinygrad_edu.losses.checks import Reduction, check_reduction, check_same_shape, in_floats, reduced


def check_logits(caller: str, logits: Array, axes: str) -> tuple[int, ...]:
    """The shape of logits, which must have the axes that are named in `axes`; dots stand for any number of others.

    Raises:
        ValueError: they have too few axes, or there is nothing in them.
    """
    shape: tuple[int, ...] = as_array(logits).shape
    names = axes.replace("..., ", "").split(",")
    fits = len(shape) == len(names) or ("..." in axes and len(shape) > len(names))
    if not fits or 0 in shape:
        raise ValueError(f"{caller}: logits have shape {shape}; pass {axes}, with at least one of each")
    return shape


def check_labels(caller: str, labels: Any, k: int, shape: tuple[int, ...], counted: Array | None = None) -> Array:
    """Labels as an array of places: integers from 0 to k - 1, one for each example; 0 for what is not `counted`.

    Raises:
        TypeError: they are not integers.
        ValueError: there are more or fewer than examples, or one is no class.
    """
    labels = as_array(labels)
    if labels.dtype.kind not in "iu" and labels.size:
        raise TypeError(f"{caller}: labels are of dtype {labels.dtype}; pass integers from 0 to {k - 1}")
    if labels.shape != shape:
        raise ValueError(f"{caller}: labels have shape {labels.shape} beside logits of {(*shape, k)}; pass {shape}")
    if counted is not None:
        labels = np.where(counted, labels, 0)
    if labels.size and labels.astype(np.uint64).max() >= k:  # where a negative label is enormous
        found = f"{labels.min()} to {labels.max()}"
        raise ValueError(f"{caller}: labels go from {found}; with {k} logits a row they are 0 to {k - 1}")
    return labels.astype(np.intp, copy=False)  # of unsigned ones and signed ones NumPy makes floats


def cross_entropy(
    logits: Array,
    labels: Array,
    *,
    weights: Array | None = None,
    label_smoothing: float = 0.0,
    ignore_index: int | None = None,
    reduction: Reduction = "mean",
) -> Array:
    """-log(probability of the right class), the probabilities by softmax; by default the mean over all examples.

    It does not overflow, however large the logits (n, ..., k); `labels` are integers of shape (n, ...).

    >>> cross_entropy(np.array([[0.0, np.log(3.0)]]), [1]) == np.log(4 / 3)
    np.True_
    >>> cross_entropy(np.zeros((2, 3, 4)), [[0, 1, 2], [3, -1, -1]], ignore_index=-1).round(4)  # log 4
    np.float64(1.3863)

    Args:
        logits: numbers for each class, which come last.
        labels: the right class of each example.
        weights: how much an example of each class counts, (k,); the mean is then one with these weights.
        label_smoothing: what share of each example to give to all classes evenly.
        ignore_index: examples with this label do not count.
        reduction: "mean", "sum" or "none", which gives the shape of the labels and 0 for those ignored.

    Source: Szegedy et al., 2016, section 7, for the smoothing; with weights it is torch's.

    Raises:
        TypeError: labels are not integers.
        ValueError: there is not one label for each row, a label is no column, all are ignored, or a keyword is not
            in its range.
    """
    *examples, k = check_logits("cross_entropy", logits, "(n, ..., k)")
    counted = None if ignore_index is None else as_array(labels) != ignore_index
    labels = check_labels("cross_entropy", labels, k, (*examples,), counted)
    check_reduction("cross_entropy", reduction, math.prod(examples))
    if not 0 <= label_smoothing <= 1:
        raise ValueError(f"cross_entropy: label_smoothing is {label_smoothing}; it must be from 0 to 1")
    log_p = log_softmax(logits)
    if len(examples) != 1:
        log_p, labels = log_p.reshape(-1, k), labels.reshape(-1)
    if weights is None and not label_smoothing and counted is None and reduction == "mean":
        return negative_log_likelihood(log_p, labels)
    counts = _class_weights(weights, k, log_p.dtype)
    counted = np.full(labels.shape, True) if counted is None else counted.reshape(-1)
    weight = np.where(counted, np.take_along_axis(counts, labels, axis=0), 0)
    # What has no weight may be infinite, so it is left out before it is multiplied.
    losses = weight * np.where(weight > 0, -np.take_along_axis(log_p, labels[:, None], axis=1)[:, 0], 0)
    if label_smoothing:
        even = (counts * np.where(counted[:, None] & (counts > 0), -log_p, 0)).sum(axis=-1) / k
        losses = (1 - label_smoothing) * losses + label_smoothing * even
    if reduction != "mean":
        return reduced(losses.reshape(examples), reduction)
    if not weight.any():
        raise ValueError("cross_entropy: no example counts, all are ignored or have weight 0; pass others")
    return losses.mean() / weight.mean()  # and not of sums, which float16 may not hold


def _class_weights(weights: Array | None, k: int, dtype: Any) -> Array:
    if weights is None:
        return np.ones(k, dtype)
    counts = as_array(weights)
    if counts.shape != (k,):
        raise ValueError(f"cross_entropy: weights have shape {counts.shape}; pass ({k},), one for each class")
    if not (counts >= 0).all():
        raise ValueError("cross_entropy: a weight is negative or not a number; pass numbers of at least 0")
    return counts.astype(dtype)


@primitive
def negative_log_likelihood(log_p: Array, labels: Array) -> Array:
    """The mean of -log_p[i, labels[i]], for logarithms of probabilities (n, k) and labels known to be right."""
    return -log_p.reshape(-1)[_places(log_p, labels)].sum() / len(labels)


def _places(log_p: Array, labels: Array) -> Array:
    """Where log_p[i, labels[i]] stands in the flattened array."""
    n, k = log_p.shape
    return np.arange(0, n * k, k) + labels


def _nll_slope(log_p: Array, labels: Array) -> Array:
    """-1 / n where a probability was asked for, and 0 elsewhere."""
    if not isinstance(log_p, (np.ndarray, Tracer, Entry, OuterArray)):  # of another library, whose views may be copies
        return np.where(np.arange(log_p.shape[1]) == labels[:, None], -1 / len(labels), log_p.dtype.type(0))
    picks = np.zeros_like(log_p, order="C")
    picks.reshape(-1)[_places(log_p, labels)] = -1 / len(labels)
    return picks


def binary_cross_entropy(
    logits: Array, targets: Array, *, positive_weight: float = 1.0, reduction: Reduction = "mean"
) -> Array:
    """-t·log(p) - (1 - t)·log(1 - p), where p is sigmoid of the logit and t the target; by default the mean.

    Both have one shape, targets are from 0 to 1, and nothing overflows, however large the logits.

    >>> np.exp(binary_cross_entropy(np.array([0.0, np.log(3.0)]), [0, 1], reduction="none")).round(6)
    array([2.      , 1.333333])

    Args:
        logits: numbers that sigmoid makes probabilities of.
        targets: 1 where it is so, 0 where it is not, or a probability.
        positive_weight: how much t·log(p) counts beside the rest, for classes of which one is rare.
        reduction: "mean", "sum" or "none".

    Source: Cox, 1958.

    Raises:
        ValueError: the shapes differ, a target is not from 0 to 1, the weight is not above 0, or there is no such
            reduction.
    """
    caller = "binary_cross_entropy"
    check_same_shape(caller, logits, targets)
    check_reduction(caller, reduction, math.prod(np.shape(logits)))
    if not 0 < positive_weight < math.inf:
        raise ValueError(f"{caller}: positive_weight is {positive_weight}; it must be a positive number")
    z, t = in_floats(logits, targets)
    if not ((t >= 0) & (t <= 1)).all():
        raise ValueError(f"{caller}: targets are not all from 0 to 1; pass 0 and 1, or probabilities")
    t = t.astype(z.dtype)
    # Each half only where it counts: 0 times an infinite loss is nothing.
    missed = t * np.where(t > 0, softplus(-z), 0)
    false = (1 - t) * np.where(t < 1, softplus(z), 0)
    return reduced(positive_weight * missed + false, reduction)


def hinge(scores: Array, labels: Array, *, reduction: Reduction = "mean") -> Array:
    """max(0, 1 - label · score), for labels of -1 and 1; by default the mean. At 1 the slope is 0.

    >>> hinge(np.array([2.0, 0.5, 0.5]), [1, 1, -1], reduction="none")
    array([0. , 0.5, 1.5])

    Source: Cortes and Vapnik, 1995.

    Raises:
        ValueError: the shapes differ, a label is neither -1 nor 1, or there is no such reduction.
    """
    check_same_shape("hinge", scores, labels)
    check_reduction("hinge", reduction, math.prod(np.shape(scores)))
    s, signs = in_floats(scores, labels)
    if not (abs(signs) == 1).all() or signs.dtype.kind in "bu":
        raise ValueError("hinge: labels are not all -1 or 1; of labels that are 0 and 1 make 2 * labels - 1")
    return reduced(relu(1 - signs.astype(s.dtype) * s), reduction)


def kl_divergence(logits: Array, target_logits: Array, *, reduction: Reduction = "mean") -> Array:
    """Σ p·(log p - log q) along the last axis, q the softmax of the logits and p that of the targets'.

    How much worse one fares who expects q where p is so: 0 if they are the same. Logarithms of probabilities are logits
    too. Shapes (..., k) become (...), of which by default the mean is taken.

    >>> kl_divergence(np.log([0.5, 0.5]), np.log([0.25, 0.75])).round(4)
    np.float64(0.1308)

    Source: Kullback and Leibler, 1951.

    Raises:
        ValueError: the shapes differ, there is no axis or nothing in them, or there is no such reduction.
    """
    check_same_shape("kl_divergence", logits, target_logits)
    *examples, _ = check_logits("kl_divergence", logits, "(..., k)")
    check_reduction("kl_divergence", reduction, math.prod(examples))
    log_q, log_p = map(log_softmax, in_floats(logits, target_logits))
    p = np.exp(log_p)
    apart = np.where(p > 0, log_p, 0) - np.where(p > 0, log_q, 0)  # what is impossible may be infinite, and counts not
    return reduced((p * apart).sum(axis=-1), reduction)


# fmt: off
derivative(negative_log_likelihood, lambda g, z, log_p, labels: g * _nll_slope(log_p, labels), None)
# fmt: on
