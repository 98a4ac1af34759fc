"""Indexing: picking elements out, and its opposite, putting them back.

g      cotangent of the output
z      output
a      input
index  what stood between the brackets
"""

import math
import operator
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from tinygrad_edu.core.arrays import as_array, is_asked
from tinygrad_edu.core.context import OuterArray, Tracer
from tinygrad_edu.core.primitives import primitive
from tinygrad_edu.core.rules import compose, derivative, nondifferentiable, refuse
from tinygrad_edu.core.tape import Entry, payload

PLAIN = np.ndarray, np.float64  # beside which an array is NumPy's own
AXES = {type(None), type(...), slice}  # what an index of whole axes is made of


def picks_all(index: Any) -> bool:
    """Whether an index picks all there is in the order that it has, and only puts axes in, as in a[:, None]."""
    parts = index if isinstance(index, tuple) else (index,)
    return AXES.issuperset(map(type, parts)) and all(
        part.start is part.stop is part.step is None for part in parts if type(part) is slice
    )


@primitive
def put_back(x, index, shape):
    """Add the elements of `x` into zeros of `shape` at `index`: what is picked twice is added twice."""
    if type(x) in PLAIN and type(index) in (slice, int):
        z = np.zeros(shape, x.dtype)
        z[index] = x
        return z
    parts = index if isinstance(index, tuple) else (index,)
    if picks_all(index):
        return np.reshape(x, shape).copy()  # as the sweep adds into what comes of here
    like = next((i for i in (x, *parts) if hasattr(i, "__array_function__") and type(i) not in PLAIN), None)
    z = np.zeros(shape, x.dtype) if like is None else np.zeros_like(like, dtype=x.dtype, shape=shape, order="C")
    if 0 in x.shape:
        return z
    several = (i for i in parts if i is not None and i is not ... and not isinstance(i, slice))
    listed = [i for i in several if (isinstance(i, list) or np.ndim(i)) and as_array(i).dtype != bool]
    known = all(isinstance(i, list) or is_asked(i) for i in listed)
    if like is x and not is_asked(x) and known and (listed or any(i is None for i in parts)):
        return put_back_by_picking(x, index, shape)
    if listed and listed[0] is index:
        add_rows(z, as_array(index).astype(np.intp, copy=False), x)
    elif listed:
        np.add.at(z, index, x)
    else:
        z[index] = x
    return z


def put_back_by_picking(x, index, shape):
    """As `put_back`, of libraries that do not add at places: each place picks what is put there, or zeros."""
    size = math.prod(shape)
    places = np.ravel(np.reshape(np.arange(size), shape)[index])
    order = np.argsort(places, kind="stable")
    first = np.searchsorted(places[order], np.arange(size))
    turn = np.arange(len(order)) - first[places[order]]  # the how manieth that is put in its place
    sources = np.full((max(turn, default=-1) + 1, size), len(order))
    sources[turn, places[order]] = order
    flat = np.reshape(x, (-1,))
    padded = np.concatenate([flat, np.zeros_like(flat, shape=(1,))])
    z = np.zeros_like(flat, shape=(size,))
    for each in sources:
        z = z + padded[each]
    return np.reshape(z, shape)


def add_rows(z, index, x):
    """Add each of `x` to a row of `z`; number by number, because NumPy is several times slower at adding rows."""
    width = math.prod(z.shape[1:])
    places = index.reshape(-1, 1) * width + np.arange(width)
    np.add.at(z.reshape(-1), np.ravel(places), np.ravel(x))


def lower(m, k):
    """True on and below the k-th diagonal of a matrix, False above."""
    return np.tri(m.shape[-2 if m.ndim > 1 else -1], m.shape[-1], k, dtype=bool)


# fmt: off
derivative(operator.getitem, lambda g, z, a, index: put_back(g, index, a.shape), None, selects=True)
derivative(put_back,         lambda g, z, x, index, shape: at(g, index), None, None, selects=True)
# fmt: on


def places(a):
    """The place of each element of `a` in the flattened array: picking these tells what is picked."""
    return np.reshape(np.arange(a.size), a.shape)


def pick(pool: Any, places: Any) -> Any:
    """Elements of a vector; places that have several axes are laid out in one, since not every library knows more."""
    if np.ndim(places) < 2 or is_asked(payload(pool)):
        return pool[places]
    return np.reshape(pool[np.ravel(places)], np.shape(places))


def at(a, index):
    """``a[index]``, of other libraries by places in the flattened array where there are lists of several."""
    listed = [i for i in index if np.ndim(i)] if type(index) is tuple else []
    if is_asked(payload(a)) or (len(listed) < 2 and all(np.ndim(i) < 2 for i in listed)):
        return a[index]
    return pick(np.reshape(a, (-1,)), places(a)[index])


def plain(function, name, x):
    """`x`, which says what to pick, or how often, and must not be a Value."""
    if isinstance(x, Entry):
        raise refuse(function, f"{name}= is a Value", "it has no slope there; pass x.data, as integers")
    return x


def picked(a: Any, i: Any) -> Any:
    """``a[i]``, also where `i` is traced, or of a batch, and `a` is plain: that array would make a plain one of `i`."""
    asked = i[-1] if type(i) is tuple else i
    if isinstance(asked, OuterArray) or (isinstance(asked, Tracer) and type(a) is np.ndarray):
        return asked.call(operator.getitem, (a, i), {})
    return at(a, i if type(i) is tuple else (i,))


def pick_along(a, axis, pick):
    """What `pick` picks of the places along an axis of `a`, or of the flattened array; a number has one axis."""
    if axis is None or not a.ndim:
        a, axis = np.ravel(a), 0 if axis is None else axis
    axis = normalize_axis_index(axis, a.ndim)
    found = pick(np.arange(a.shape[axis]))
    return at(a, (*(slice(None),) * axis, found))


@compose(np.take)
def take(a, indices, axis=None, mode="raise"):
    """Elements picked along one axis, or out of the flattened array."""
    indices = payload(plain(np.take, "indices", indices))
    ready = mode == "raise" and hasattr(indices, "dtype") and indices.dtype.kind in "iu"
    return pick_along(a, axis, lambda n: indices if ready else np.take(n, indices, mode=mode))


@compose(np.take_along_axis)
def take_along_axis(arr, indices, axis=-1):
    """Elements picked along one axis, by indices that differ from place to place."""
    indices = plain(np.take_along_axis, "indices", indices)
    return pick(np.ravel(arr), np.take_along_axis(places(arr), indices, axis))


@compose(np.sort)
def sort(a, axis=-1, kind=None, stable=None):
    """The elements in order along an axis; those that tie keep their places, unless another kind is asked for."""
    kind = "stable" if kind is stable is None else kind
    return take_along_axis(a, np.argsort(a, axis=axis, kind=kind, stable=stable), axis)


@compose(np.diagonal)
def diagonal(a, offset=0, axis1=0, axis2=1):
    """The diagonal of two axes, as a last axis."""
    moved, offset = np.moveaxis(a, (axis1, axis2), (-2, -1)), operator.index(offset)  # -offset of an unsigned one wraps
    n = np.arange(len(np.diagonal(np.empty(moved.shape[-2:]), offset)))
    return at(moved, (..., n + max(-offset, 0), n + max(offset, 0)))


@compose(np.diag)
def diag(v, k=0):
    """The diagonal of a matrix, or the matrix that has `v` as its diagonal."""
    if v.ndim == 2:
        return diagonal(v, k)
    k = operator.index(k)
    n = v.shape[0] + abs(k)
    i = np.arange(v.shape[0])
    return put_back(v, (i + max(-k, 0), i + max(k, 0)), (n, n))


@compose(np.select)
def select(condlist, choicelist, default=0):
    """For each element the first choice whose condition holds."""
    conditions = np.broadcast_arrays(*condlist)
    for condition, choice in zip(reversed(conditions), reversed(choicelist), strict=True):
        if condition.dtype != bool:
            raise TypeError(f"np.select: a condition is of dtype {condition.dtype}; pass truth values, such as x > 0")
        default = np.where(condition, choice, default)
    return default


@compose(np.compress)
def compress(condition, a, axis=None):
    """The elements along an axis where a condition holds."""
    condition = payload(plain(np.compress, "condition", condition))
    return pick_along(a, axis, lambda n: np.compress(condition, n))


@compose(np.extract)
def extract(condition, arr):
    """The elements of the flattened array where a condition holds."""
    condition = payload(plain(np.extract, "condition", condition))
    return pick_along(arr, None, lambda n: np.extract(condition, n))


compose(np.trace)(lambda a, offset=0, axis1=0, axis2=1: np.sum(diagonal(a, offset, axis1, axis2), axis=-1))
compose(np.tril)(lambda m, k=0: np.where(lower(m, k), m, 0.0))
compose(np.triu)(lambda m, k=0: np.where(lower(m, k - 1), 0.0, m))

nondifferentiable(np.argsort, np.lexsort, np.nonzero, np.flatnonzero, np.argwhere, np.searchsorted, np.digitize)
