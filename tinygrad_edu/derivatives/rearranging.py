"""Rearranging: what only picks elements, of one array or of several, is asked where it puts their places.

NumPy reads the arguments: it runs on the places of the elements instead of the elements, and what comes out says what
to pick. So whatever it refuses is refused, and nothing is read twice.

pool  the elements of all arrays, one after the other
"""

import itertools
import math
from collections.abc import Iterator

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from tinygrad_edu.core.arrays import as_array
from tinygrad_edu.core.dtypes import is_complex
from tinygrad_edu.core.rules import Array, compose, refuse
from tinygrad_edu.core.tape import payload
from tinygrad_edu.derivatives.arithmetic import as_kind
from tinygrad_edu.derivatives.indexing import diag, pick, plain, take_along_axis
from tinygrad_edu.derivatives.shapes import concatenate


def arrays_in(nested) -> Iterator[Array]:
    """The arrays and numbers in nested lists and tuples."""
    if isinstance(nested, (list, tuple)):
        for part in nested:
            yield from arrays_in(part)
    else:
        yield nested


def numbered(nested, start):
    """The same nested lists, with the places of the elements in the pool; `start` iterates over where arrays begin."""
    if isinstance(nested, (list, tuple)):
        return type(nested)(numbered(part, start) for part in nested)
    return next(start) + np.reshape(np.arange(math.prod(np.shape(nested))), np.shape(nested))


def rearrange(function, nested, *arguments, **keywords):
    """What `function` makes of the arrays in `nested`, by picking their elements."""
    given = [*arrays_in(nested)]
    starts = itertools.accumulate((math.prod(np.shape(x)) for x in given), initial=0)
    picked = function(numbered(nested, starts), *arguments, **keywords)
    pool = np.ravel(given[0]) if len(given) == 1 else concatenate(*map(np.ravel, given))
    if isinstance(picked, (list, tuple)):
        return type(picked)(pick(pool, places) for places in picked)
    return pick(pool, picked)


compose(np.block)(lambda arrays: rearrange(np.block, arrays))
compose(np.dstack)(lambda tup: rearrange(np.dstack, [*tup]))
compose(np.dsplit)(
    lambda ary, indices_or_sections: rearrange(
        np.dsplit, ary, plain(np.dsplit, "indices_or_sections", indices_or_sections)
    )
)
compose(np.rollaxis)(lambda a, axis, start=0: rearrange(np.rollaxis, a, axis, start))
compose(np.resize)(lambda a, new_shape: rearrange(np.resize, a, new_shape))
compose(np.diagflat)(lambda v, k=0: diag(np.ravel(v), k))


@compose(np.delete)
def delete(arr, obj, axis=None):
    """An array without some of its places along an axis, or of the flattened array."""
    return rearrange(np.delete, arr, plain(np.delete, "obj", obj), axis)


@compose(np.choose)
def choose(a, choices, mode="raise"):
    """For each place the element of the choice that `a` names."""
    a = plain(np.choose, "a", a)
    if not isinstance(choices, (list, tuple)) and np.ndim(choices) == 0:
        raise refuse(np.choose, "choices is a number", "pass a list of arrays")
    return rearrange(lambda x: np.choose(a, x, mode=mode), [*choices])


@compose(np.insert)
def insert(arr, obj, values, axis=None):
    """An array with elements put in ahead of places along an axis, or into the flattened array."""
    kind = as_array(arr).dtype
    if kind.kind not in "fc" or (kind.kind == "f" and is_complex(as_array(values))):
        what = f"arr is of dtype {kind}, to which values would be rounded"
        raise refuse(np.insert, what, "pass an array of floats, or complex numbers")
    obj = plain(np.insert, "obj", obj)
    z = rearrange(lambda x: np.insert(x[0], obj, x[1], axis), [arr, values])
    return as_kind(z, kind)


@compose(np.trim_zeros)
def trim_zeros(filt, trim="fb", axis=None):
    """An array without the zeros at its ends."""
    numbers = np.asarray(payload(filt))
    lengths = np.trim_zeros(numbers, trim, *(() if axis is None else (axis,))).shape
    found = np.argwhere(numbers)
    starts = found.min(axis=0) if "f" in trim.lower() and len(found) else [0] * numbers.ndim
    ends = zip(starts, lengths, numbers.shape, strict=True)
    return filt[tuple(slice(int(start), int(start) + n) if n < whole else slice(None) for start, n, whole in ends)]


@compose(np.atleast_3d)
def atleast_3d(*arys):
    """Arrays with axes of length one put around, or behind a matrix, until there are three."""
    made = [rearrange(np.atleast_3d, a) for a in arys]
    return made[0] if len(made) == 1 else tuple(made)


@compose(sliding_window_view)
def windows(x, window_shape, axis=None):
    """All windows of a shape, in new last axes."""
    return rearrange(sliding_window_view, x, window_shape, axis)


@compose(np.partition)
def partition(a, kth, axis=-1, kind="introselect"):
    """The elements so that the kth stands where it would in order, the smaller before, the larger behind."""
    numbers = payload(a)
    ranks = np.argsort(np.argsort(np.partition(numbers, kth, axis, kind), axis, stable=True), axis)
    return take_along_axis(a, np.take_along_axis(np.argsort(numbers, axis, stable=True), ranks, axis), axis)
