"""Shapes: the same numbers, laid out, repeated, joined and split another way.

g  cotangent of the output
z  output
a  input
"""

import math

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from tinygrad_edu.core.primitives import primitive
from tinygrad_edu.core.rules import Each, compose, derivative
from tinygrad_edu.core.tape import payload
from tinygrad_edu.derivatives.indexing import pick_along, plain


@primitive
def concatenate(*arrays, axis=0):
    """Arrays joined along an axis, as np.concatenate does with a list of them."""
    return np.concatenate(arrays, axis=axis)


def part(i, g, z, *arrays, axis=0):
    """The part of `g` that belongs to the i-th of the joined arrays."""
    if axis is None:
        start = sum(math.prod(np.shape(a)) for a in arrays[:i])
        return np.reshape(g[start : start + arrays[i].size], arrays[i].shape)
    start = sum(a.shape[axis] for a in arrays[:i])
    before = (slice(None),) * (axis % g.ndim)
    return g[(*before, slice(start, start + arrays[i].shape[axis]))]


def inverse(axes):
    """The permutation that undoes `axes`."""
    return None if axes is None else tuple(np.argsort(np.atleast_1d(axes) % np.size(axes)))


def axes_as_they_lie(strides):
    """The axes in the order "K" of NumPy's iterator: large strides first; an axis of stride 0 stays where it is."""
    inward: list[int] = []  # the innermost first
    for i in reversed(range(len(strides))):
        place = len(inward)
        for k in reversed(range(len(inward))):
            inner, outer = abs(strides[inward[k]]), abs(strides[i])
            if inner and outer:
                if inner <= outer:
                    break
                place = k
        inward.insert(place, i)
    return inward[::-1]


def as_read(g, a, order):
    """`g` in the shape of `a`, whose numbers were read in this order; "A" and "K" go by how they lie in memory."""
    if order in ("K", "k"):
        axes = axes_as_they_lie(payload(a).strides)
        return np.transpose(np.reshape(g, [a.shape[i] for i in axes]), inverse(axes))
    if order in ("A", "a"):
        order = "F" if payload(a).flags.fnc else "C"
    return np.reshape(g, a.shape) if order == "C" else np.reshape(g, a.shape, order=order)  # Dask knows no order


# fmt: off
derivative(np.reshape,      lambda g, z, a, *, shape, order="C": as_read(g, a, order), selects=True)
derivative(np.ravel,        lambda g, z, a, *, order="C": as_read(g, a, order), selects=True)
derivative(np.transpose,    lambda g, z, a, *, axes=None: np.transpose(g, inverse(axes)), selects=True)
derivative(np.swapaxes,     lambda g, z, a, *, axis1, axis2: np.swapaxes(g, axis1, axis2), selects=True)
derivative(np.moveaxis,     lambda g, z, a, *, source, destination: np.moveaxis(g, destination, source), selects=True)
derivative(np.expand_dims,  lambda g, z, a, *, axis: np.reshape(g, a.shape), selects=True)
derivative(np.squeeze,      lambda g, z, a, *, axis=None: np.reshape(g, a.shape), selects=True)
derivative(np.broadcast_to, lambda g, z, a, *, shape: g, selects=True)
derivative(np.flip,         lambda g, z, a, *, axis=None: np.flip(g, axis=axis), selects=True)
derivative(np.roll,         lambda g, z, a, *, shift, axis=None: np.roll(g, -np.asarray(shift, int), axis=axis),
                            selects=True)
derivative(concatenate,     Each(part), selects=True)
# fmt: on

compose(np.matrix_transpose)(lambda x: np.swapaxes(x, -1, -2))
compose(np.fliplr)(lambda m: np.flip(m, axis=1))
compose(np.flipud)(lambda m: np.flip(m, axis=0))
compose(np.concatenate)(lambda arrays, axis=0: concatenate(*arrays, axis=axis))
compose(np.append)(
    lambda arr, values, axis=None: (
        concatenate(np.ravel(arr), np.ravel(values)) if axis is None else concatenate(arr, values, axis=axis)
    )
)
compose(np.stack)(lambda arrays, axis=0: concatenate(*[np.expand_dims(a, axis) for a in arrays], axis=axis))
compose(np.hstack)(lambda tup: concatenate(*[np.atleast_1d(a) for a in tup], axis=0 if np.ndim(tup[0]) < 2 else 1))
compose(np.vstack)(lambda tup: concatenate(*[np.atleast_2d(a) for a in tup]))
compose(np.column_stack)(
    lambda tup: concatenate(*[a if np.ndim(a) > 1 else np.reshape(a, (-1, 1)) for a in tup], axis=1)
)
compose(np.hsplit)(lambda ary, indices_or_sections: np.split(ary, indices_or_sections, min(1, ary.ndim - 1)))
compose(np.broadcast_arrays)(
    lambda *args: tuple(np.broadcast_to(a, np.broadcast_shapes(*map(np.shape, args))) for a in args)
)


@compose(np.unstack)
def unstack(x, axis=0):
    """The parts of an array along an axis."""
    # Halved over and over: a slope that is put back goes into an array of twice its size, not into the whole.
    parts = [np.moveaxis(x, axis, 0)]
    count = len(parts[0])
    while len(parts) < count:
        parts = [half for part in parts for half in (part[: len(part) // 2], part[len(part) // 2 :]) if len(half)]
    return tuple(part[0] for part in parts if count)


def at_least(n):
    """The function that puts axes of length one in front until there are `n`."""

    def raised(*arys):
        """Arrays with axes of length one in front."""
        made = [np.reshape(a, (1,) * (n - np.ndim(a)) + np.shape(a)) for a in arys]
        return made[0] if len(made) == 1 else tuple(made)

    return raised


compose(np.atleast_1d)(at_least(1))
compose(np.atleast_2d)(at_least(2))


def cut(function):
    """The function that cuts an axis as `function` cuts the places along it."""

    def pieces(ary, indices_or_sections, axis=0):
        """Parts of an array, cut along an axis."""
        axis = normalize_axis_index(axis, ary.ndim)
        cuts = payload(plain(function, "indices_or_sections", indices_or_sections))
        parts = function(np.arange(ary.shape[axis]), cuts)
        ends = [(int(part[0]), int(part[-1]) + 1) if part.size else (0, 0) for part in parts]
        return [ary[(*(slice(None),) * axis, slice(*end))] for end in ends]

    return pieces


compose(np.array_split)(cut(np.array_split))
split = compose(np.split)(cut(np.split))


@compose(np.vsplit)
def vsplit(ary, indices_or_sections):
    """An array split along its first axis, which must not be its only one."""
    if ary.ndim < 2:
        raise ValueError(f"np.vsplit: got an array of shape {ary.shape}; of one axis, use np.split")
    return split(ary, indices_or_sections)


@compose(np.repeat)
def repeat(a, repeats, axis=None):
    """Elements, each as often as is said, one after the other."""
    times = payload(plain(np.repeat, "repeats", repeats))
    return pick_along(a, axis, lambda n: np.repeat(n, times))


@compose(np.tile)
def tile(A, reps):  # noqa: N803
    """Copies side by side: spread over new axes, which are then folded in."""
    times = (reps,) if np.ndim(reps) == 0 else tuple(reps)
    times = (1,) * (A.ndim - len(times)) + times
    sizes = (1,) * (len(times) - A.ndim) + A.shape
    spread = np.reshape(A, [m for n in sizes for m in (1, n)])
    copies = np.broadcast_to(spread, [m for pair in zip(times, sizes, strict=True) for m in pair])
    return np.reshape(copies, [r * n for r, n in zip(times, sizes, strict=True)])


@compose(np.rot90)
def rot90(m, k=1, axes=(0, 1)):
    """An array turned by `k` right angles in the plane of two axes."""
    first, second = normalize_axis_tuple(axes, m.ndim)
    for _ in range(k % 4):
        m = np.flip(np.swapaxes(m, first, second), axis=first)
    return m
