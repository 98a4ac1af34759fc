"""Distances between what is and what should be: the numbers that learning makes small.

v, w    what is compared, of one shape
logits  what a network gives for each class, before it is turned into probabilities: (n, k)
labels  the right class of each example, integers from 0 to k - 1: (n,)
"""

import numpy as np

from tinygrad_edu.core.arrays import as_array
from tinygrad_edu.core.dispatch import primitive
from tinygrad_edu.core.rules import Array, derivative
from tinygrad_edu.functions import log_softmax

__all__ = ["cross_entropy", "distance", "mean_squared_error", "negative_log_likelihood"]


def __dir__() -> list[str]:
    return [*__all__]


def _same_shape(caller: str, v: Array, w: Array) -> None:
    """Refuse to broadcast: (n, 1) against (n,) would compare everything with everything."""
    if np.shape(v) != np.shape(w):
        raise ValueError(
            f"{caller}: got shapes {np.shape(v)} and {np.shape(w)}; both must have the same, so reshape one"
        )


def distance(v: Array, w: Array) -> Array:
    """The Euclidean distance along the last axis: shapes (..., d) become (...).

    Where v equals w it has a kink, and its slope is taken to be 0.

    >>> distance(np.array([0.0, 0.0]), np.array([3.0, 4.0]))
    np.float64(5.0)

    Source: the post, "Estimating a function".

    Raises:
        ValueError: the shapes differ, or there is no axis.
    """
    _same_shape("distance", v, w)
    if not np.shape(v):
        raise ValueError("distance: got two single numbers; it is of vectors, so pass [v] and [w], or use abs(v - w)")
    return np.linalg.norm(np.subtract(v, w), axis=-1)


def mean_squared_error(v: Array, w: Array) -> Array:
    """The mean of the squared differences, one number for shapes that are the same.

    >>> mean_squared_error(np.array([1.0, 2.0]), np.array([1.0, 4.0]))
    np.float64(2.0)

    Raises:
        ValueError: the shapes differ.
    """
    _same_shape("mean_squared_error", v, w)
    return np.mean(np.square(np.subtract(v, w)))


def _check_labels(logits: Array, labels: Array) -> Array:
    shape = np.shape(logits)
    if len(shape) != 2 or 0 in shape:
        raise ValueError(f"cross_entropy: logits have shape {shape}; pass (n, k), a row for each example")
    n, k = shape
    labels = as_array(labels)
    if labels.dtype.kind not in "iu":
        raise TypeError(f"cross_entropy: labels are of dtype {labels.dtype}; pass integers from 0 to {k - 1}")
    if labels.shape != (n,):
        raise ValueError(f"cross_entropy: labels have shape {labels.shape} beside logits of {(n, k)}; pass ({n},)")
    if labels.astype(np.uint64).max() >= k:  # where a negative label is enormous
        found = f"{labels.min()} to {labels.max()}"
        raise ValueError(f"cross_entropy: labels go from {found}; with {k} logits a row they are 0 to {k - 1}")
    return labels


def cross_entropy(logits: Array, labels: Array) -> Array:
    """The mean over n examples of -log(probability of the right class), the probabilities by softmax.

    It does not overflow, however large the logits (n, k); `labels` are integers of shape (n,).

    >>> cross_entropy(np.array([[0.0, np.log(3.0)]]), [1]) == np.log(4 / 3)
    np.True_

    Raises:
        TypeError: labels are not integers.
        ValueError: there is not one label a row, or a label is no column.
    """
    return negative_log_likelihood(log_softmax(logits), _check_labels(logits, labels))


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
    picks = np.zeros_like(log_p, order="C")
    picks.reshape(-1)[_places(log_p, labels)] = -1 / len(labels)
    return picks


# fmt: off
derivative(negative_log_likelihood, lambda g, z, log_p, labels: g * _nll_slope(log_p, labels), None)
# fmt: on
