"""Shapes: the same numbers, laid out, repeated, joined and split another way.

g  cotangent of the output
z  output
a  input
"""

import itertools

import numpy as np

from tinygrad_edu.core.dispatch import primitive
from tinygrad_edu.core.rules import Each, compose, derivative


@primitive
def concatenate(*arrays, axis=0):
    """Arrays joined along an axis, as np.concatenate does with a list of them."""
    return np.concatenate(arrays, axis=axis)


def part(i, g, z, *arrays, axis=0):
    """The part of `g` that belongs to the i-th of the joined arrays."""
    if axis is None:
        start = sum(a.size for a in arrays[:i])
        return np.reshape(g[start : start + arrays[i].size], arrays[i].shape)
    start = sum(a.shape[axis] for a in arrays[:i])
    before = (slice(None),) * (axis % g.ndim)
    return g[(*before, slice(start, start + arrays[i].shape[axis]))]


def inverse(axes):
    """The permutation that undoes `axes`."""
    return None if axes is None else tuple(np.argsort([axis % len(axes) for axis in axes]))


# fmt: off
derivative(np.reshape,      lambda g, z, a, *, shape, order="C": np.reshape(g, a.shape, order=order), selects=True)
derivative(np.ravel,        lambda g, z, a, *, order="C": np.reshape(g, a.shape, order=order), selects=True)
derivative(np.transpose,    lambda g, z, a, *, axes=None: np.transpose(g, inverse(axes)), selects=True)
derivative(np.swapaxes,     lambda g, z, a, *, axis1, axis2: np.swapaxes(g, axis1, axis2), selects=True)
derivative(np.moveaxis,     lambda g, z, a, *, source, destination: np.moveaxis(g, destination, source), selects=True)
derivative(np.expand_dims,  lambda g, z, a, *, axis: np.reshape(g, a.shape), selects=True)
derivative(np.squeeze,      lambda g, z, a, *, axis=None: np.reshape(g, a.shape), selects=True)
derivative(np.broadcast_to, lambda g, z, a, *, shape: g, selects=True)
derivative(np.flip,         lambda g, z, a, *, axis=None: np.flip(g, axis=axis), selects=True)
derivative(np.roll,         lambda g, z, a, *, shift, axis=None: np.roll(g, np.negative(shift), axis=axis),
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
    lambda tup: concatenate(*[a if np.ndim(a) == 2 else np.reshape(a, (-1, 1)) for a in tup], axis=1)
)
compose(np.hsplit)(lambda ary, indices_or_sections: np.split(ary, indices_or_sections, min(1, ary.ndim - 1)))
compose(np.vsplit)(lambda ary, indices_or_sections: np.split(ary, indices_or_sections, 0))
compose(np.unstack)(lambda x, axis=0: tuple(np.moveaxis(x, axis, 0)))
compose(np.broadcast_arrays)(
    lambda *args: tuple(np.broadcast_to(a, np.broadcast_shapes(*map(np.shape, args))) for a in args)
)


def at_least(n):
    """The function that puts axes of length one in front until there are `n`."""

    def raised(*arys):
        made = [np.reshape(a, (1,) * (n - np.ndim(a)) + np.shape(a)) for a in arys]
        return made[0] if len(made) == 1 else tuple(made)

    return raised


compose(np.atleast_1d)(at_least(1))
compose(np.atleast_2d)(at_least(2))


@compose(np.array_split)
def array_split(ary, indices_or_sections, axis=0):
    """Parts of as nearly equal length as can be, or cut at the given places."""
    before = (slice(None),) * (axis % ary.ndim)
    inner = indices_or_sections
    if np.ndim(inner) == 0:
        inner = np.cumsum([len(piece) for piece in np.array_split(np.arange(ary.shape[axis]), int(inner))[:-1]])
    edges = [0, *inner, ary.shape[axis]]
    return [ary[(*before, slice(i, j))] for i, j in itertools.pairwise(edges)]


@compose(np.split)
def split(ary, indices_or_sections, axis=0):
    """Equal parts, or parts cut at the given places."""
    if not np.ndim(indices_or_sections) and ary.shape[axis] % indices_or_sections:
        raise ValueError(
            f"np.split: {ary.shape[axis]} elements do not make {indices_or_sections} equal parts; use np.array_split"
        )
    return array_split(ary, indices_or_sections, axis)


@compose(np.repeat)
def repeat(a, repeats, axis=None):
    """Each element repeated, which is indexing; a number counts as an array of one."""
    a = a if a.ndim else np.reshape(a, 1)
    n = a.size if axis is None else a.shape[axis]
    return np.take(a, np.repeat(np.arange(n), repeats), axis=axis)


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
    for _ in range(k % 4):
        m = np.flip(np.swapaxes(m, *axes), axis=axes[0])
    return m


@compose(np.pad)
def pad(array, pad_width, mode="constant", constant_values=0):
    """An array with a constant joined on, or with elements that are there repeated, which is indexing."""
    widths = np.broadcast_to(pad_width, (array.ndim, 2))
    values = np.broadcast_to(constant_values, (array.ndim, 2))
    if mode not in ("constant", "edge", "reflect", "symmetric", "wrap"):
        raise TypeError(f"np.pad: mode={mode!r} has no rule; use constant, edge, reflect, symmetric or wrap")
    for axis, (before, after) in enumerate(widths):
        if mode == "constant":
            shape = list(array.shape)
            ends = []
            for width, value in zip((before, after), values[axis], strict=True):
                shape[axis] = int(width)
                ends.append(np.full(shape, value, dtype=array.dtype))
            array = concatenate(ends[0], array, ends[1], axis=axis)
        else:
            array = np.take(array, np.pad(np.arange(array.shape[axis]), (before, after), mode), axis=axis)
    return array
