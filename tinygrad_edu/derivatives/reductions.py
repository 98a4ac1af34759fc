"""Reductions and running sums.

g     cotangent of the output
z     output
a     input
axis  the axes that were reduced, None for all; some functions let a number have an axis, 0 or -1
"""

import math
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from tinygrad_edu.core.rules import Array, compose, derivative, nondifferentiable
from tinygrad_edu.derivatives.arithmetic import at_zero, replace_zero


def restore_axes(g, a, axis, keepdims):
    """`g` with the axes of length one that the reduction of `a` took away, so that it broadcasts."""
    if keepdims or axis is None or not a.ndim:
        return g
    axes = axis if isinstance(axis, tuple) else (axis,)
    return np.expand_dims(g, tuple(i % a.ndim for i in axes))


def extreme(g, z, a, axis, keepdims):
    """`g`, shared evenly among the elements that tie for the extreme value."""
    chosen = a == restore_axes(z, a, axis, keepdims)
    ties = np.sum(chosen, axis=axis, keepdims=True, dtype=np.result_type(a.dtype, np.float32))  # float16 ends at 65,504
    return chosen * (restore_axes(g, a, axis, keepdims) / ties)


def ties(z, a, *, axis=None, keepdims=False):
    """Whether several elements tie for an extreme value."""
    return np.sum(a == restore_axes(z, a, axis, keepdims)) > z.size


def deviation(a: Array, axis: Any) -> Array:
    """The distance of each element from the mean; the second round is for what the first one rounds."""
    for _ in range(2):
        a = a - np.mean(a, axis=axis, keepdims=True)
    return a


def inverse_count(a: Array, axis: Any, ddof: float = 0) -> float:
    """One over the number of elements that go into each output, less `ddof`; a float, which float16 can hold."""
    axes = range(a.ndim) if axis is None else np.atleast_1d(axis)
    n = math.prod(a.shape[i] for i in axes) - ddof
    return 1 / n if n > 0 else math.inf


def exclusive_cumprod(x, n):
    """The product of all that stands before each element, along the last axis of length `n`.

    Each round doubles the reach, so log₂ n products of whole arrays suffice, and nothing
    is divided by: zeros do no harm.
    """
    ones = np.ones((*x.shape[:-1], 1))
    z = np.concatenate([ones, x], axis=-1)[..., :n]
    reach = 1
    while reach < n:
        z = z * np.concatenate([ones] * min(reach, n) + [z[..., :-reach]], axis=-1)
        reach *= 2
    return z


def others(a, axis):
    """For each element of `a` the product of all others along `axis`, zeros or not."""
    axes = tuple(range(a.ndim)) if axis is None or not a.ndim else tuple(np.atleast_1d(axis) % a.ndim)
    last = tuple(range(-len(axes), 0))
    moved = np.moveaxis(a, axes, last)
    rest = moved.shape[: a.ndim - len(axes)]
    n = a.size // max(int(np.prod(rest)), 1)
    x = np.reshape(moved, (*rest, n))
    z = exclusive_cumprod(x, n) * np.flip(exclusive_cumprod(np.flip(x, axis=-1), n), axis=-1)
    return np.moveaxis(np.reshape(z, moved.shape), last, axes)


def reverse_cumsum(g, a, axis):
    """What the running sum passes back: the sum of everything from each element to the end."""
    back = np.flip(np.cumsum(np.flip(g, axis=axis or 0), axis=axis or 0), axis=axis or 0)
    return np.reshape(back, a.shape)


# fmt: off
derivative(np.sum,    lambda g, z, a, *, axis=None, keepdims=False: restore_axes(g, a, axis, keepdims), selects=True)
derivative(np.mean,   lambda g, z, a, *, axis=None, keepdims=False:
                          restore_axes(g, a, axis, keepdims) * inverse_count(a, axis), selects=True)
derivative(np.prod,   lambda g, z, a, *, axis=None, keepdims=False:
                          restore_axes(g, a, axis, keepdims) * others(a, axis))
derivative(np.cumsum, lambda g, z, a, *, axis=None: reverse_cumsum(g, a, axis))

# Kinks: where elements tie for the extreme, they share its slope evenly; std'(constant) = 0.
derivative(np.max,    lambda g, z, a, *, axis=None, keepdims=False: extreme(g, z, a, axis, keepdims), selects=True,
                          kink=ties)
derivative(np.min,    lambda g, z, a, *, axis=None, keepdims=False: extreme(g, z, a, axis, keepdims), selects=True,
                          kink=ties)
derivative(np.var,    lambda g, z, a, *, axis=None, ddof=0, keepdims=False:
                          restore_axes(g, a, axis, keepdims) * deviation(a, axis) * (2 * inverse_count(a, axis, ddof)))
derivative(np.std,    lambda g, z, a, *, axis=None, ddof=0, keepdims=False:
                          restore_axes(g / replace_zero(z), a, axis, keepdims)
                          * deviation(a, axis) * inverse_count(a, axis, ddof), kink=at_zero)
# fmt: on


compose(np.amax)(lambda a, axis=None, keepdims=False: np.max(a, axis=axis, keepdims=keepdims))
compose(np.amin)(lambda a, axis=None, keepdims=False: np.min(a, axis=axis, keepdims=keepdims))
compose(np.ptp)(
    lambda a, axis=None, keepdims=False: (
        np.max(a, axis=axis, keepdims=keepdims) - np.min(a, axis=axis, keepdims=keepdims)
    )
)


@compose(np.average)
def average(a, axis=None, weights=None, keepdims=False):
    """The average, with weights of the shape of `a`, or of the axes that are averaged over."""
    if weights is None:
        return np.mean(a, axis=axis, keepdims=keepdims)
    axes = tuple(range(np.ndim(a))) if axis is None else normalize_axis_tuple(axis, np.ndim(a))
    if np.shape(weights) != np.shape(a):
        wanted = tuple(np.shape(a)[i] for i in axes)
        if axis is None or np.shape(weights) != wanted:
            along = f"one of shape {wanted} for axis={axis}" if axis is not None else "say axis="
            raise ValueError(
                f"np.average: weights of shape {np.shape(weights)} for an array of shape {np.shape(a)}; "
                f"they must have its shape, or {along}"
            )
        spread = [n if i in axes else 1 for i, n in enumerate(np.shape(a))]
        weights = np.reshape(np.transpose(weights, np.argsort(axes)), spread)
    weights = np.broadcast_to(weights, np.shape(a))
    total = np.sum(weights, axis=axis, keepdims=keepdims)
    if np.any(total == 0):
        raise ZeroDivisionError("np.average: the weights sum to zero; their sum must not be 0")
    return np.sum(a * weights, axis=axis, keepdims=keepdims) / total


@compose(np.diff)
def diff(a, n=1, axis=-1):
    """The difference of neighbours along `axis`, taken `n` times."""
    if n < 0:
        raise ValueError(f"np.diff: n={n} is how many times differences are taken; use 0 or more")
    for _ in range(n):
        before = (slice(None),) * normalize_axis_index(axis, a.ndim)
        a = a[(*before, slice(1, None))] - a[(*before, slice(None, -1))]
    return a


nondifferentiable(np.argmax, np.argmin, np.any, np.all, np.count_nonzero)
