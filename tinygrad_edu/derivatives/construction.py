"""Arrays built from Values: grids, pieces put together, functions run along axes, sorted sets.

z  output
"""

import functools
import operator

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from tinygrad_edu.core.arrays import as_array
from tinygrad_edu.core.rules import compose, nondifferentiable, refuse
from tinygrad_edu.core.tape import Entry, payload
from tinygrad_edu.derivatives.arithmetic import as_kind
from tinygrad_edu.derivatives.indexing import put_back


def spaced(function, start, stop, num, endpoint, axis):
    """Evenly spaced numbers in a new axis, rounded as NumPy rounds them, and how far they are apart."""
    if isinstance(num, Entry):
        raise refuse(function, "num is a Value", "it is how many; pass an int")
    if operator.index(num) < 0:
        raise ValueError(f"num is {num}, and negative")
    kind = np.result_type(0.0, *(x if type(x) in (int, float) else as_array(x).dtype for x in (start, stop)))
    start, stop = np.broadcast_arrays(*(as_kind(as_array(x), kind) for x in (start, stop)))
    axis = normalize_axis_index(axis, start.ndim + 1)
    i = np.reshape(np.arange(operator.index(num), dtype=kind), [-1 if k == axis else 1 for k in range(start.ndim + 1)])
    last = i.size - 1 if endpoint else i.size
    step = (stop - start) / max(last, 1)
    z = i * np.expand_dims(step, axis) + np.expand_dims(start, axis)
    if endpoint and last > 0:
        z = np.where(i == last, np.expand_dims(stop, axis), z)
    return z, step if last > 0 else np.float64(np.nan)


@compose(np.linspace)
def linspace(start, stop, num=50, endpoint=True, retstep=False, axis=0):
    """Evenly spaced numbers from `start` to `stop`."""
    z, step = spaced(np.linspace, start, stop, num, endpoint, axis)
    return (z, step) if retstep else z


@compose(np.logspace)
def logspace(start, stop, num=50, endpoint=True, base=10.0, axis=0):
    """Powers of a base, their exponents evenly spaced."""
    if np.ndim(base):
        raise refuse(np.logspace, "base is an array", "write base ** np.linspace(start, stop)")
    return base ** spaced(np.logspace, start, stop, num, endpoint, axis)[0]


@compose(np.geomspace, "write np.exp(np.linspace(np.log(start), np.log(stop), num))")
def geomspace(start, stop, num=50, endpoint=True, axis=0):
    """Numbers of one sign from `start` to `stop`, each the same multiple of the one before; of float32, float64 too."""
    start, stop = as_array(start), as_array(stop)
    if not np.all(payload(start)) or not np.all(payload(stop)) or np.any(payload(start) * payload(stop) < 0):
        raise ValueError("np.geomspace: the ends must be of one sign, and not 0")
    start, stop = (as_kind(x, np.result_type(x.dtype, np.float64)) for x in (start, stop))
    signs = np.sign(payload(start) + 0.0 * payload(stop))
    z, _ = spaced(np.geomspace, np.log(abs(start)), np.log(abs(stop)), num, endpoint, axis)
    return np.expand_dims(signs, axis) * np.exp(z)


@compose(np.meshgrid)
def meshgrid(*xi, copy=True, sparse=False, indexing="xy"):
    """Coordinates of a grid: each vector laid along an axis of its own, and spread over the others."""
    if indexing not in ("xy", "ij"):
        raise ValueError(f"np.meshgrid: indexing={indexing!r}; use xy or ij")
    order = [1, 0, *range(2, len(xi))] if indexing == "xy" and len(xi) > 1 else range(len(xi))
    laid = [np.reshape(x, [-1 if axis == i else 1 for axis in range(len(xi))]) for x, i in zip(xi, order, strict=True)]
    return tuple(+z if isinstance(z, Entry) else z for z in (laid if sparse else np.broadcast_arrays(*laid)))


@compose(np.piecewise)
def piecewise(x, condlist, funclist, *args, **kw):
    """What the function of each condition gives of the elements where it holds; of several, the last one counts."""
    x = as_array(x)
    given = np.asarray(condlist, bool)
    conditions = [given] if given.ndim < 2 and x.ndim else [*given]
    if len(funclist) == len(conditions) + 1:
        conditions.append(~functools.reduce(np.logical_or, conditions))
    if len(funclist) != len(conditions) or any(c.shape != x.shape for c in conditions):
        raise ValueError(f"np.piecewise: {len(funclist)} functions for {len(conditions)} conditions of x's shape")
    z = np.zeros(x.shape, x.dtype)
    for condition, f in zip(conditions, funclist, strict=True):
        part = f(x[condition], *args, **kw) if callable(f) else f
        part = as_kind(np.broadcast_to(as_array(part), (int(condition.sum()),)), x.dtype)
        z = np.where(condition, put_back(part, condition, x.shape), z)
    return z


@compose(np.apply_along_axis)
def apply_along_axis(func1d, axis, arr, *args, **kwargs):
    """What a function gives of each vector along an axis, in place of that axis."""
    arr = as_array(arr)
    axis = normalize_axis_index(axis, arr.ndim)
    rows = np.moveaxis(arr, axis, -1)
    shape = rows.shape[:-1]
    if not np.prod(shape):
        raise ValueError("np.apply_along_axis: there is no vector to call the function on")
    found = [as_array(func1d(rows[place], *args, **kwargs)) for place in np.ndindex(*shape)]
    z = np.reshape(np.stack(found), shape + found[0].shape)
    made = range(len(shape), z.ndim)
    return np.moveaxis(z, [*made], [axis + i for i in range(len(made))])


@compose(np.apply_over_axes)
def apply_over_axes(func, a, axes):
    """What a reduction over one axis after the other gives, with axes of length one in their place."""
    a = as_array(a)
    for axis in [axes] if np.ndim(axes) == 0 else axes:
        axis = normalize_axis_index(axis, a.ndim)  # noqa: PLW2901
        z = func(a, axis)
        a = z if z.ndim == a.ndim else np.expand_dims(z, axis)
        if z.ndim not in (a.ndim, a.ndim - 1):
            raise ValueError("np.apply_over_axes: the function must keep the number of axes, or take one away")
    return a


@compose(np.unique)
def unique(ar, return_index=False, return_inverse=False, return_counts=False, axis=None, equal_nan=True):
    """The elements in order, each of them once: of those that are equal, the first; where they stand has no slope."""
    if axis is not None:
        raise refuse(
            np.unique, "axis= has no rule for Values", "pass x.data, with return_index=True, and write x[index]"
        )
    _, index, *rest = np.unique(payload(ar), True, return_inverse, return_counts, equal_nan=equal_nan)
    picked = np.ravel(ar)[index]
    more = ([index] if return_index else []) + rest
    return (picked, *more) if more else picked


nondifferentiable(
    np.histogram, np.histogram2d, np.histogramdd, np.histogram_bin_edges,
    np.diag_indices_from, np.tril_indices_from, np.triu_indices_from,
)  # fmt: skip
