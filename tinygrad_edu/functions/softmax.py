"""Probabilities: softmax, its logarithm, and what it is the gradient of; vectors for labels.

All of them take plain arrays as well as Values, and hold to the ends of the float range.

g     cotangent of the output
z     output
x     input
axis  the axis along which probabilities add up to one
"""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_edu.core.arrays import as_array, is_asked
from tinygrad_edu.core.primitives import primitive
from tinygrad_edu.core.rules import derivative

Axis = int | tuple[int, ...] | None


def _in_wide_floats(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function`, of float16 computed in float32, as sums of float16 end at 65,504, and of integers in float64."""

    @functools.wraps(function)
    def wide(x: Any, **keywords: Any) -> Any:
        x = as_array(x)
        if x.dtype == np.float16:
            return function(x.astype(np.float32), **keywords).astype(x.dtype)
        return function(x if x.dtype.kind not in "iub" else x.astype(np.float64), **keywords)

    return wide


@primitive
@_in_wide_floats
def softmax(x: Any, *, axis: Axis = -1) -> Any:
    """Probabilities made of numbers along `axis`: exp(x) over its sum, of the shape of `x`.

    An infinite x takes all the probability, and infinite ones of the same sign share it.

    >>> softmax(np.array([0.0, np.log(3.0)]))
    array([0.25, 0.75])
    """
    e = np.exp(_below_maximum(x, axis))
    return e / e.sum(axis=axis, keepdims=True)


@primitive
@_in_wide_floats
def logsumexp(x: Any, *, axis: Axis = None, keepdims: bool = False) -> Any:
    """log(sum(exp(x))) along `axis`, without overflow.

    >>> logsumexp(np.array([1000.0, 1000.0])) == 1000 + np.log(2)
    np.True_
    """
    maximum = np.max(x, axis=axis, keepdims=True)
    shift = np.where(np.isfinite(maximum), maximum, 0.0)
    with np.errstate(divide="ignore", over="ignore"):
        z = np.log(np.sum(np.exp(x - shift), axis=axis, keepdims=True)) + shift
    return z if keepdims else np.squeeze(z, axis=axis)[()]


@primitive
@_in_wide_floats
def log_softmax(x: Any, *, axis: Axis = -1) -> Any:
    """The logarithm of softmax, of the shape of `x`, exact where a probability underflows."""
    below = _below_maximum(x, axis)
    return below - np.log(np.exp(below).sum(axis=axis, keepdims=True))


def _below_maximum(x: Any, axis: Axis) -> Any:
    """How far each number is below the largest, which is 0 below itself even if infinite."""
    largest = np.maximum.reduce if isinstance(x, np.ndarray) else np.max  # the former is quicker
    maximum = largest(x, axis=axis, keepdims=True)
    with np.errstate(over="ignore"):
        if not is_asked(x):
            return np.where(x == maximum, 0.0, x - maximum)
        if np.isfinite(maximum).all():
            return x - maximum
        return np.subtract(x, maximum, out=np.zeros_like(x), where=x != maximum)


def one_hot(labels: Any, classes: int) -> Any:
    """For each label a vector with 1 in its place: integers of shape (...) become (..., classes).

    >>> one_hot([2, 0], 3)
    array([[0., 0., 1.],
           [1., 0., 0.]])

    Raises:
        TypeError: labels are not integers.
        ValueError: a label is not in 0 … classes - 1.
    """
    labels = as_array(labels)
    if labels.dtype.kind not in "iu":
        raise TypeError(f"one_hot: labels are of dtype {labels.dtype}; pass integers from 0 to {classes - 1}")
    if labels.size and not 0 <= labels.min() <= labels.max() < classes:
        found = f"{labels.min()} to {labels.max()}"
        raise ValueError(f"one_hot: labels go from {found}; with {classes} classes they are 0 to {classes - 1}")
    return (labels[..., None] == np.arange(classes)).astype(np.float64)


def _logsumexp_rule(g: Any, z: Any, x: Any, axis: Axis, keepdims: bool) -> Any:
    if not keepdims and axis is not None:
        g = np.expand_dims(g, axis)
    return g * softmax(x, axis=axis)


# fmt: off
derivative(softmax,     lambda g, z, x, *, axis=-1: z * (g - (g * z).sum(axis=axis, keepdims=True)))
derivative(log_softmax, lambda g, z, x, *, axis=-1: g - np.exp(z) * g.sum(axis=axis, keepdims=True))
derivative(logsumexp,   lambda g, z, x, *, axis=None, keepdims=False: _logsumexp_rule(g, z, x, axis, keepdims))
# fmt: on
