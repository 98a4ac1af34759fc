"""Reductions and running sums.

g     cotangent of the output
z     output
a     input
axis  the axes that were reduced, None for all; some functions let a number have an axis, 0 or -1
"""

import math
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from tinygrad_edu.core.arrays import as_array, is_asked
from tinygrad_edu.core.dtypes import is_complex
from tinygrad_edu.core.rules import Array, compose, derivative, nondifferentiable
from tinygrad_edu.core.tape import payload
from tinygrad_edu.derivatives.arithmetic import as_kind, at_zero, conjugated, replace_zero


def restore_axes(g, a, axis, keepdims):
    """`g` with the axes of length one that the reduction of `a` took away, so that it broadcasts."""
    if keepdims or axis is None or not a.ndim:
        return g
    axes = axis if isinstance(axis, tuple) else (axis,)
    return np.expand_dims(g, tuple(i % a.ndim for i in axes))


def counted(g, where):
    """`g`, where elements count."""
    return g if where is True else np.where(where, g, 0.0)


def extreme(g, z, a, axis, keepdims, initial, where):
    """`g`, shared evenly among the elements that tie for the extreme value, and the initial one if it does."""
    z = restore_axes(z, a, axis, keepdims)
    chosen = a == z if where is True else (a == z) & where
    wide = np.result_type(a.dtype, np.float32)  # float16 ends at 65,504
    chosen = chosen.astype(wide)  # for once: NumPy is slow to add truth values
    ties = np.sum(chosen, axis=axis, keepdims=True)
    ties = ties if initial is None else ties + (z == initial)
    return chosen * (restore_axes(g, a, axis, keepdims) / ties)


def tied_extremes(z, a, *, axis=None, keepdims=False, initial=None, where=True):
    """Whether several elements tie for an extreme value, or one with the first value."""
    chosen = (a == restore_axes(z, a, axis, keepdims)) & where
    return np.sum(chosen) + (0 if initial is None else np.sum(z == initial)) > z.size


def chosen(where: Any) -> dict[str, Any]:
    """The keyword that says what goes in, which not every library knows, if it says anything."""
    return {} if where is True else {"where": where}


def deviation(a: Array, axis: Any, where: Any = True, mean: Any = None) -> Array:
    """The distance of each element from the mean; the second round is for what the first one rounds."""
    if mean is not None:
        return a - mean
    for _ in range(2):
        a = a - np.mean(a, axis=axis, keepdims=True, **chosen(where))
    return a


def inverse_count(a: Array, axis: Any, ddof: float = 0, where: Any = True) -> Any:
    """One over the number of elements that go into each output, less `ddof`; a float, which float16 can hold."""
    if where is not True:
        counts = np.sum(np.broadcast_to(where, a.shape), axis=axis, keepdims=True) - ddof
        return np.where(counts > 0, 1 / np.where(counts > 0, counts, 1), math.inf)
    axes = range(a.ndim) if axis is None else np.atleast_1d(axis)
    n = math.prod(a.shape[i] for i in axes) - ddof
    return 1 / n if n > 0 else math.inf


def spread_slope(g, a, axis, ddof, keepdims, where, mean):
    """Half the slope of the variance, times `g`."""
    g = np.real(g) if is_complex(g) else g  # the variance is real, whatever dtype= makes of it
    shares = restore_axes(g, a, axis, keepdims) * conjugated(deviation(a, axis, where, mean))
    return counted(shares * inverse_count(a, axis, ddof, where), where)


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
derivative(np.sum,    lambda g, z, a, *, axis=None, dtype=None, keepdims=False, initial=0, where=True:
                          counted(restore_axes(g, a, axis, keepdims), where), selects=True)
derivative(np.mean,   lambda g, z, a, *, axis=None, dtype=None, keepdims=False, where=True:
                          counted(restore_axes(g, a, axis, keepdims) * inverse_count(a, axis, 0, where), where),
                      selects=True)
derivative(np.prod,   lambda g, z, a, *, axis=None, dtype=None, keepdims=False, initial=1, where=True:
                          counted(restore_axes(g if initial is None else g * initial, a, axis, keepdims)
                                  * others(a if where is True else np.where(where, a, 1.0), axis), where))
derivative(np.cumsum, lambda g, z, a, *, axis=None, dtype=None: reverse_cumsum(g, a, axis))

# Kinks: where elements tie for the extreme, they share its slope evenly; std'(constant) = 0.
derivative(np.max,    lambda g, z, a, *, axis=None, keepdims=False, initial=None, where=True:
                          extreme(g, z, a, axis, keepdims, initial, where), selects=True,
                          kink=tied_extremes)
derivative(np.min,    lambda g, z, a, *, axis=None, keepdims=False, initial=None, where=True:
                          extreme(g, z, a, axis, keepdims, initial, where), selects=True,
                          kink=tied_extremes)
derivative(np.var,    lambda g, z, a, *, axis=None, dtype=None, ddof=0, keepdims=False, where=True, mean=None,
                             correction=0:
                          spread_slope(2 * g, a, axis, ddof + correction, keepdims, where, mean))
derivative(np.std,    lambda g, z, a, *, axis=None, dtype=None, ddof=0, keepdims=False, where=True, mean=None,
                             correction=0:
                          spread_slope(g / replace_zero(z), a, axis, ddof + correction, keepdims, where, mean),
                          kink=at_zero)
# fmt: on


@compose(np.amax)
def amax(a, axis=None, keepdims=False, initial=np._NoValue, where=True):
    """As np.max."""
    return np.max(a, axis=axis, keepdims=keepdims, initial=initial, **chosen(where))


@compose(np.amin)
def amin(a, axis=None, keepdims=False, initial=np._NoValue, where=True):
    """As np.min."""
    return np.min(a, axis=axis, keepdims=keepdims, initial=initial, **chosen(where))


compose(np.ptp)(
    lambda a, axis=None, keepdims=False: (
        np.max(a, axis=axis, keepdims=keepdims) - np.min(a, axis=axis, keepdims=keepdims)
    )
)


@compose(np.average)
def average(a, axis=None, weights=None, returned=False, keepdims=False):
    """The average, with weights of the shape of `a`, or of the axes that are averaged over; and if asked, their sum."""
    if weights is None:
        z = np.mean(a, axis=axis, keepdims=keepdims)
        return (z, np.full(z.shape, math.prod(np.shape(a)) / max(z.size, 1), z.dtype)[()]) if returned else z
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
    total = as_kind(total, np.result_type(as_array(a).dtype, total.dtype))
    if is_asked(payload(total)) and np.any(total == 0):
        raise ZeroDivisionError("np.average: the weights sum to zero; their sum must not be 0")
    z = np.sum(a * weights, axis=axis, keepdims=keepdims) / total
    return (z, np.broadcast_to(total, z.shape)) if returned else z


nondifferentiable(np.argmax, np.argmin, np.any, np.all, np.count_nonzero)
