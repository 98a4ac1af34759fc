"""Norms of vectors and matrices.

x    array
ord  which norm, by NumPy's names
"""

import math

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from tinygrad_edu.core.dtypes import is_complex
from tinygrad_edu.core.primitives import primitive
from tinygrad_edu.core.rules import compose, derivative, nondifferentiable
from tinygrad_edu.derivatives.arithmetic import at_zero, replace_zero


@primitive
def root(total, order):
    """The root of a sum of powers, which is what makes it a norm."""
    return np.sqrt(total) if order == 2 else total ** (1 / order)


derivative(
    root,
    lambda g, z, total, order: (z != 0) * (g / (order * replace_zero(z) ** (order - 1))),
    None,
    kink=at_zero,
)


@primitive
def power(size, order):
    """Sizes to a power below 1, whose slope at 0 is infinite: what nothing comes through passes on nothing."""
    return size**order


derivative(
    power,
    lambda g, z, size, order: g * order * np.where((g == 0) & (size == 0), 1.0, size) ** (order - 1),
    None,
)


def squares(x):
    """The squared magnitudes of numbers."""
    return np.real(x * np.conjugate(x)) if is_complex(x) else x * x


def spectrum(x):
    """Singular values of matrices; abs'(0) = 0 makes the slope of a norm 0 at 0."""
    return abs(np.linalg.svdvals(x))


def norm_of_matrices(x, ord):
    """The norms of the matrices in the last two axes."""
    if ord in (1, -1, np.inf, -np.inf):
        sums = np.sum(abs(x), axis=-2 if abs(ord) == 1 else -1)
        return (np.max if ord > 0 else np.min)(sums, axis=-1)
    if ord in (2, -2):
        return (np.max if ord > 0 else np.min)(spectrum(x), axis=-1)
    if ord == "nuc":
        return np.sum(spectrum(x), axis=-1)
    raise ValueError(f"ord={ord!r} is no norm of matrices")


@compose(np.linalg.norm)
def norm(x, ord=None, axis=None, keepdims=False):
    """Any norm of vectors and matrices; norm'(0) = 0."""
    axes = tuple(range(x.ndim)) if axis is None else normalize_axis_tuple(axis, x.ndim)
    matrix = len(axes) == 2
    if len(axes) not in (1, 2) and not (ord is None and axis is None):
        raise ValueError(f"np.linalg.norm: a vector has one axis and a matrix two, got axes {axes}; give axis=")
    if ord is None or (ord == "fro" and matrix) or (ord == 2 and not matrix):
        return root(np.sum(squares(x), axis=axis, keepdims=keepdims), 2)
    if matrix:
        z = norm_of_matrices(np.moveaxis(x, axes, (-2, -1)), ord)
        return np.expand_dims(z, axes) if keepdims else z
    if isinstance(ord, str):
        raise ValueError(f"ord={ord!r} is no norm of vectors")
    size = abs(x)
    if ord == np.inf and not x.size:
        return np.sum(size, axis=axis, keepdims=keepdims)
    if ord in (np.inf, -np.inf):
        return (np.max if ord > 0 else np.min)(size, axis=axis, keepdims=keepdims)
    if ord == 0:
        return np.sum(np.where(size == 0, size, 1.0), axis=axis, keepdims=keepdims)
    powers = power(size, ord) if ord < 1 else size**ord
    return root(np.sum(powers, axis=axis, keepdims=keepdims), ord)


@compose(np.linalg.vector_norm)
def vector_norm(x, axis=None, keepdims=False, ord=2):
    """The norm of all elements along axes, as of one vector."""
    if axis is not None and not isinstance(axis, tuple):
        return norm(x, ord, axis, keepdims)
    axes = tuple(range(x.ndim)) if axis is None else normalize_axis_tuple(axis, x.ndim)
    last = np.moveaxis(x, axes, tuple(range(-len(axes), 0)))
    rest = last.shape[: x.ndim - len(axes)]
    z = norm(np.reshape(last, (*rest, math.prod(x.shape[i] for i in axes))), ord, -1)
    return np.expand_dims(z, axes) if keepdims else z


@compose(np.linalg.cond)
def cond(x, p=None):
    """The norm of matrices times that of their inverses, by singular values or by both."""
    if isinstance(p, np.ndarray):
        raise TypeError("p is an array; it is one number or a name")
    with np.errstate(all="ignore"):
        if p in (None, 2, -2):
            s = spectrum(x)
            z = s[..., -1] / s[..., 0] if p == -2 else s[..., 0] / s[..., -1]
        else:
            z = norm(x, p, (-2, -1)) * norm(np.linalg.inv(x), p, (-2, -1))
    endless = np.isnan(z) & ~np.any(np.isnan(x), axis=(-2, -1))
    return np.where(endless, np.inf, z) if np.any(endless) else z


@compose(np.linalg.matrix_norm)
def matrix_norm(x, keepdims=False, ord="fro"):
    """The norms of the matrices in the last two axes."""
    return norm(x, ord, (-2, -1), keepdims)


nondifferentiable(np.linalg.matrix_rank)
