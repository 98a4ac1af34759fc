"""How NumPy's functions run on a whole batch at once: most need only be told where the axes are now.

n     the size of the batch, the length of the hidden axis
x, y  batches, or arrays that are the same for all of a batch
"""

import functools
import math
import operator
from typing import Any

import numpy as np

from tinygrad_edu.core.rules import Function
from tinygrad_edu.derivatives import indexing
from tinygrad_edu.derivatives.arithmetic import cast
from tinygrad_edu.derivatives.linear_algebra import LETTERS
from tinygrad_edu.derivatives.shapes import concatenate
from tinygrad_edu.transforms.batching.array import (
    Batch,
    NotBatchableError,
    aligned,
    elementwise,
    handlers,
    shift_index,
)

_put_back: Function = indexing.put_back


def shift_axis(axis: Any, ndim: int) -> Any:
    """The place of an axis, or of several, behind the hidden one; for None, of all that others see."""
    if axis is None:
        return tuple(range(1, ndim + 1))
    if isinstance(axis, (tuple, list)) or np.ndim(axis):
        return tuple(shift_axis(i, ndim) for i in axis)
    if not -ndim <= axis < ndim:
        raise NotBatchableError
    return axis % ndim + 1


def lengths(shape: Any) -> tuple[Any, ...]:
    """A shape as a tuple."""
    return tuple(shape) if isinstance(shape, (tuple, list)) else (operator.index(shape),)


def along(function: Function, x: Any, axis: Any = None, **keywords: Any) -> Any:
    """A reduction, or a flip, of axes that others see."""
    if any(isinstance(part, Batch) for part in keywords.values()):
        raise NotBatchableError
    if not x.ndim and type(axis) is int and axis in (0, -1):  # which NumPy lets single numbers have
        axis = ()
    return Batch(function(x.array, axis=shift_axis(axis, x.ndim), **keywords))


def in_order(function: Function, x: Any, *arguments: Any, axis: Any = None, **keywords: Any) -> Any:
    """What goes through the elements along one axis, or through all of them."""
    x = reshape(x, -1) if axis is None else x
    return Batch(function(x.array, *arguments, axis=shift_axis(0 if axis is None else axis, x.ndim), **keywords))


def cumsum(x: Any, axis: Any = None, dtype: Any = None) -> Any:
    """Running sums along one axis, or of all elements."""
    return in_order(np.cumsum, x, axis=axis, dtype=dtype)


def roll(x: Any, shift: Any, axis: Any = None) -> Any:
    """Elements rolled along axes, or all of them."""
    return reshape(in_order(np.roll, x, shift), x.shape) if axis is None else in_order(np.roll, x, shift, axis=axis)


def reshape(x: Any, shape: Any, order: str = "C") -> Any:
    """Another shape, filled row by row, or in Fortran's order column by column."""
    if order == "F":
        return transpose(reshape(transpose(x), lengths(shape)[::-1]))
    if order != "C":
        raise NotBatchableError
    return Batch(np.reshape(x.array, (x.n, *lengths(shape))))


def transpose(x: Any, axes: Any = None) -> Any:
    """Axes in another order."""
    return Batch(np.transpose(x.array, (0, *shift_axis([*(range(x.ndim)[::-1] if axes is None else axes)], x.ndim))))


def _with_two(function: Function, x: Any, first: Any, second: Any) -> Any:
    return Batch(function(x.array, shift_axis(first, x.ndim), shift_axis(second, x.ndim)))


def swapaxes(x: Any, axis1: Any, axis2: Any) -> Any:
    """Two axes swapped."""
    return _with_two(np.swapaxes, x, axis1, axis2)


def moveaxis(x: Any, source: Any, destination: Any) -> Any:
    """Axes moved."""
    return _with_two(np.moveaxis, x, source, destination)


def expand_dims(x: Any, axis: Any) -> Any:
    """Axes of length one put in."""
    axes = axis if isinstance(axis, (tuple, list)) else (axis,)
    return Batch(np.expand_dims(x.array, shift_axis(tuple(axes), x.ndim + len(axes))))


def squeeze(x: Any, axis: Any = None) -> Any:
    """Axes of length one taken out."""
    axis = tuple(i for i, m in enumerate(x.shape) if m == 1) if axis is None else axis
    return Batch(np.squeeze(x.array, shift_axis(axis, x.ndim)))


def broadcast_to(x: Any, shape: Any) -> Any:
    """A batch stretched to a shape."""
    shape = lengths(shape)
    return Batch(np.broadcast_to(aligned(x, len(shape)), (x.n, *shape)))


def joined(function: Function, arrays: Any, axis: Any = 0) -> Any:
    """Arrays joined along an axis; what is the same for all of a batch is repeated for each."""
    n = next(x.n for x in arrays if isinstance(x, Batch))
    every = [x if isinstance(x, Batch) else Batch(np.broadcast_to(x, (n, *np.shape(x)))) for x in arrays]
    if axis is None:
        every, axis = [reshape(x, -1) for x in every], 0
    ndim = every[0].ndim + (function is np.stack)
    return Batch(function([x.array for x in every], axis=shift_axis(axis, ndim)))


def like(function: Function, x: Any, *number: Any, shape: Any = None, **keywords: Any) -> Any:
    """New arrays of the same kind."""
    if any(isinstance(part, Batch) for part in number):
        raise NotBatchableError
    shape = x.shape if shape is None else lengths(shape)
    return Batch(function(x.array, *number, shape=(x.n, *shape), **keywords))


def matmul(x: Any, y: Any) -> Any:
    """Products of matrices; as few and as large ones as can be, since each product has its cost."""
    row, column = x.ndim == 1, y.ndim == 1
    if row and not isinstance(y, Batch) and y.ndim <= 2:
        return Batch(x.array @ y)
    if column and not isinstance(x, Batch) and x.ndim <= 2:
        return Batch(y.array @ (x if row else x.swapaxes(-1, -2)))
    x = x[None, :] if row else x
    y = y[:, None] if column else y
    ndim = max(x.ndim, y.ndim)
    if not isinstance(y, Batch) and x.ndim == y.ndim == 2:
        z = np.reshape(np.reshape(x.array, (x.n * x.shape[0], x.shape[1])) @ y, (x.n, x.shape[0], y.shape[1]))
    elif not isinstance(x, Batch) and x.ndim == y.ndim == 2 and y.shape[1] == 1:
        z = np.reshape(np.reshape(y.array, (y.n, x.shape[1])) @ x.swapaxes(-1, -2), (y.n, x.shape[0], 1))
    else:
        z = aligned(x, ndim) @ aligned(y, ndim)
    return Batch(z[(..., *((0,) if row else (slice(None),)), *((0,) if column else (slice(None),)))])


def solve(a: Any, b: Any) -> Any:
    """Solutions of linear equations; if the matrix is the same for all, their right-hand sides are columns of one."""
    columns = b if b.ndim > 1 else b[..., None]
    if not isinstance(a, Batch) and a.ndim == columns.ndim == 2:
        side = np.moveaxis(columns.array, 0, -1)
        z = np.linalg.solve(a, np.reshape(side, (a.shape[0], math.prod(side.shape[1:]))))
        z = np.moveaxis(np.reshape(z, side.shape), -1, 0)
    else:
        ndim = max(a.ndim, columns.ndim)
        z = np.linalg.solve(aligned(a, ndim), aligned(columns, ndim))
    return Batch(z if b.ndim > 1 else z[..., 0])


def einsum(subscripts: Any, *operands: Any, **keywords: Any) -> Any:
    """Sums of products, with one more letter in front for the hidden axis."""
    letter = next(c for c in LETTERS if c not in subscripts)
    inputs, arrow, output = subscripts.replace(" ", "").partition("->")
    if not arrow:
        raise NotBatchableError
    terms = inputs.split(",")
    led = [letter * isinstance(x, Batch) + term for term, x in zip(terms, operands, strict=True)]
    every = [x.array if isinstance(x, Batch) else x for x in operands]
    return Batch(np.einsum(f"{','.join(led)}->{letter}{output}", *every, **keywords))


def clip(x: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None, **keywords: Any) -> Any:
    """Numbers between two bounds, which have two names each."""
    low, high = (a if a is not None else b for a, b in ((a_min, min), (a_max, max)))
    return elementwise(np.clip, x, low, high, **keywords)


def put_into_zeros(x: Any, index: Any, shape: Any) -> Any:
    """The elements of each added into zeros; a list of rows becomes one list for all, because that is much quicker."""
    listed = isinstance(index, list) or getattr(index, "ndim", 0) > 0
    if not listed or np.asanyarray(index).dtype == bool:
        return Batch(_put_back(x.array, shift_index(index), (x.n, *shape)))
    m, rest = shape[0], tuple(shape[1:])
    places = np.reshape(index, -1).astype(np.intp)  # an unsigned or a short integer does not count rows of all
    rows = (np.arange(x.n)[:, None] * m + places % max(m, 1)).reshape(-1)
    z = _put_back(np.reshape(x.array, (rows.size, *rest)), rows, (x.n * m, *rest))
    return Batch(np.reshape(z, (x.n, *shape)))


def fourier(function: Function, x: Any, n: Any = None, axis: int = -1, norm: Any = None) -> Any:
    """A Fourier transform of one axis."""
    return Batch(function(x.array, n, shift_axis(axis, x.ndim), norm))


def fourier_of_axes(function: Function, x: Any, s: Any = None, axes: Any = None, norm: Any = None) -> Any:
    """A Fourier transform of several axes, by default of all, or of as many as `s` has numbers."""
    axes = range(-(x.ndim if s is None else len(s)), 0) if axes is None else axes
    return Batch(function(x.array, s, shift_axis(tuple(axes), x.ndim), norm))


def fact(function: Function, *arguments: Any) -> Any:
    """What does not depend on the size of the batch."""
    return function(*[x.array if isinstance(x, Batch) else x for x in arguments])


_ALONG: tuple[Function, ...] = (
    np.sum, np.mean, np.prod, np.max, np.min, np.var, np.std, np.any, np.all, np.flip,
)  # fmt: skip
_LIKE: tuple[Function, ...] = (np.zeros_like, np.ones_like, np.empty_like, np.full_like)
_FACTS: tuple[Function, ...] = (np.result_type, np.can_cast, np.min_scalar_type, np.iscomplexobj, np.isrealobj)
handlers |= {f: functools.partial(along, f) for f in _ALONG}
handlers |= {f: functools.partial(like, f) for f in _LIKE}
handlers |= {f: functools.partial(fact, f) for f in _FACTS}
for _kind in ("fft", "ifft", "rfft", "irfft", "hfft", "ihfft"):
    handlers[getattr(np.fft, _kind)] = functools.partial(fourier, getattr(np.fft, _kind))
for _kind in ("fft", "ifft", "rfft", "irfft"):
    _of_two, _of_axes = getattr(np.fft, f"{_kind}2"), getattr(np.fft, f"{_kind}n")
    handlers[_of_axes] = functools.partial(fourier_of_axes, _of_axes)
    handlers[_of_two] = lambda x, s=None, axes=(-2, -1), norm=None, f=_of_axes: fourier_of_axes(f, x, s, axes, norm)
handlers |= {
    np.cumsum: cumsum, np.roll: roll, np.reshape: reshape, np.ravel: lambda x, order="C": reshape(x, -1, order),
    np.transpose: transpose, np.swapaxes: swapaxes, np.moveaxis: moveaxis, np.expand_dims: expand_dims,
    np.squeeze: squeeze, np.broadcast_to: broadcast_to, np.matmul: matmul, np.einsum: einsum,
    np.linalg.solve: solve, np.clip: clip,
    np.where: functools.partial(elementwise, np.where), _put_back: put_into_zeros,
    np.concatenate: functools.partial(joined, np.concatenate), np.stack: functools.partial(joined, np.stack),
    concatenate: lambda *arrays, axis=0: joined(np.concatenate, arrays, axis),
    cast: lambda x, dtype: x.astype(dtype), np.copy: lambda x, order="K": Batch(np.copy(x.array, order)),
    np.shape: lambda x: x.shape, np.ndim: lambda x: x.ndim, np.size: lambda x: x.size,
}  # fmt: skip
