"""Losses of numbers: what is, v, against what should be, w, of one shape."""

import math

import numpy as np

from tinygrad_edu.core.rules import Array
from tinygrad_edu.losses.checks import Reduction, check_reduction, check_same_shape, in_floats, reduced


def distance(v: Array, w: Array) -> Array:
    """The Euclidean distance along the last axis: shapes (..., d) become (...).

    Where v equals w it has a kink, and its slope is taken to be 0.

    >>> distance(np.array([0.0, 0.0]), np.array([3.0, 4.0]))
    np.float64(5.0)

    Source: the post, "Estimating a function".

    Raises:
        ValueError: the shapes differ, or there is no axis.
    """
    check_same_shape("distance", v, w)
    if not np.shape(v):
        raise ValueError("distance: got two single numbers; it is of vectors, so pass [v] and [w], or use abs(v - w)")
    return np.linalg.norm(np.subtract(*in_floats(v, w)), axis=-1)


def _difference(caller: str, v: Array, w: Array, reduction: str) -> Array:
    check_same_shape(caller, v, w)
    check_reduction(caller, reduction, math.prod(np.shape(v)))
    return np.subtract(*in_floats(v, w))


def squared_error(v: Array, w: Array, *, reduction: Reduction = "mean") -> Array:
    """The squared differences (v - w)², by default their mean.

    >>> squared_error(np.array([1.0, 2.0]), np.array([1.0, 4.0]))
    np.float64(2.0)
    >>> squared_error(np.array([1.0, 2.0]), np.array([1.0, 4.0]), reduction="none")
    array([0., 4.])

    Source: Legendre, 1805: least squares.

    Raises:
        ValueError: the shapes differ, there is no such reduction, or nothing to take the mean of.
    """
    return reduced(np.square(_difference("squared_error", v, w, reduction)), reduction)


def absolute_error(v: Array, w: Array, *, reduction: Reduction = "mean") -> Array:
    """The absolute differences |v - w|, by default their mean; where v equals w, the slope is 0.

    >>> absolute_error(np.array([1.0, 2.0]), np.array([1.0, 4.0]))
    np.float64(1.0)

    Source: Laplace, 1774.

    Raises: as `squared_error`.
    """
    return reduced(abs(_difference("absolute_error", v, w, reduction)), reduction)


def huber(v: Array, w: Array, *, delta: float = 1.0, reduction: Reduction = "mean") -> Array:
    """Half the squared difference up to `delta`, and from there on a straight line, by default the mean.

    So a few examples far off pull no harder than with the absolute error, and near 0 all is smooth.

    >>> huber(np.array([0.5, 3.0]), np.zeros(2), reduction="none")
    array([0.125, 2.5  ])

    Source: Huber, 1964: ½ d² where |d| ≤ δ, else δ (|d| - ½ δ).

    Raises:
        ValueError: as `squared_error`, or delta is not a positive number.
    """
    if not 0 < delta < math.inf:
        raise ValueError(f"huber: delta is {delta}; it must be a positive number")
    far = abs(_difference("huber", v, w, reduction))
    near = np.minimum(far, delta)
    return reduced(near * (far - 0.5 * near), reduction)
