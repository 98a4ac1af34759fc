"""Inverses, solutions of linear equations, and determinants, of one matrix or a stack of them.

g     cotangent of the output
z     output
a, b  a matrix, and what stands on the right of the equations
t, h  matrices transposed, and conjugated as well

Sources: Giles, "Collected matrix derivative results for forward and reverse mode algorithmic differentiation", 2008;
Golub and Pereyra, "The differentiation of pseudo-inverses and nonlinear least squares problems", 1973.
"""

import math
import operator
from typing import Any

import numpy as np

from tinygrad_edu.core.arrays import as_array
from tinygrad_edu.core.dtypes import is_complex
from tinygrad_edu.core.primitives import primitive
from tinygrad_edu.core.rules import compose, derivative
from tinygrad_edu.core.source_info import label
from tinygrad_edu.core.tape import payload
from tinygrad_edu.derivatives.arithmetic import conjugated
from tinygrad_edu.derivatives.linear_algebra import h, t
from tinygrad_edu.derivatives.norms import squares
from tinygrad_edu.derivatives.reductions import others

WELL_CONDITIONED = 0.01  # of singular values, the smallest over the largest


def solved(function, a, b):
    """``a⁻¹ b`` in the rule of a function; where there is no inverse, the function has no slope."""
    try:
        return np.linalg.solve(a, b)
    except np.linalg.LinAlgError as error:
        raise np.linalg.LinAlgError(
            f"the rule of {label(function)}: a matrix is singular, and there its slope is infinite or undefined"
        ) from error


def solve_transposed(g, a, b):
    """``a⁻ᵀ g``, of vectors where `b` is one."""
    return np.linalg.solve(t(a), g[..., None])[..., 0] if b.ndim == 1 else np.linalg.solve(t(a), g)


def solve_by_matrix(g, z, a, b):
    """The outer product ``-a⁻ᵀ g zᵀ``."""
    u = solve_transposed(g, a, b)
    return -u[..., None] * z[..., None, :] if b.ndim == 1 else -u @ t(z)


@primitive
def cofactors(a):
    """The slopes of the determinant, ``det(a) a⁻ᵀ``, also where it is 0 and there is no inverse."""
    z = np.linalg.det(a)
    if np.all(z != 0):
        return z[..., None, None] * t(np.linalg.inv(a))
    u, s, vt = np.linalg.svd(a)
    return orientation(u, vt) * (conjugated(u) * others(s, -1)[..., None, :]) @ conjugated(vt)


def orientation(u, vt):
    """1 or -1, the determinant of two rotations or reflections; of unitary matrices, a phase."""
    if is_complex(u):
        return (np.linalg.det(u) * np.linalg.det(vt))[..., None, None]
    return np.round(np.linalg.det(payload(u)) * np.linalg.det(payload(vt)))[..., None, None]


def cofactors_rule(g, z, a):
    """The second derivatives of the determinant.

    With the inverse x they are ``⟨g, z⟩ xᵀ - z gᵀ xᵀ``, two terms that cancel where there nearly is none. There the
    singular vectors serve: in their coordinates they are products of all singular values but two.
    """
    s = np.linalg.svdvals(payload(a))
    if np.all(s[..., -1:] > WELL_CONDITIONED * s[..., :1]):
        xt = t(np.linalg.inv(a))
        return np.sum(g * z, axis=(-2, -1), keepdims=True) * xt - z @ t(g) @ xt
    u, s, vt = np.linalg.svd(a)
    eye = np.eye(a.shape[-1])
    pairs = others(np.where(eye, 1.0, s[..., None, :]), -1) * (1 - eye)  # of all singular values but two
    m = h(u) @ g @ h(vt)
    along = pairs @ np.sum(eye * m, axis=-1)[..., None]
    return orientation(u, vt) * (conjugated(u) @ (eye * along - pairs * t(m)) @ conjugated(vt))


def slogdet_rule(g, z, a):
    """The slope of the logarithm, ``a⁻ᵀ``; the sign is flat, but that of a complex determinant turns."""
    g_sign, g_log = g
    if is_complex(a):
        g_log = g_log + 1j * np.imag(g_sign * z[0])
    return g_log[..., None, None] * solved(np.linalg.slogdet, t(a), np.eye(a.shape[-1]))


@primitive
def truncated(a, tolerance):
    """Matrices without what belongs to singular values below a part of the largest."""
    u, s, vt = np.linalg.svd(a, full_matrices=False)
    return (u * (s * kept(s, tolerance))[..., None, :]) @ vt


def kept(s, tolerance):
    """Which singular values are above a part of the largest, 1 or 0."""
    s = payload(s)
    return (s > np.asarray(tolerance)[..., None] * np.max(s, axis=-1, keepdims=True, initial=0.0)).astype(s.dtype)


def truncated_rule(g, z, a, tolerance):
    """Between a value that is kept and one that is not, ``s_i² g_ij + s_i s_j g_ji`` over ``s_i² - s_j²``."""
    g = conjugated(g)
    u, s, vt = np.linalg.svd(a, full_matrices=False)
    keep = kept(s, tolerance)
    row, column = keep[..., None, :], keep[..., :, None]
    apart = row != column
    x, y = s[..., None, :], s[..., :, None]
    gaps = np.where(apart, (row - column) * (x - y) * (x + y), 1.0)
    m = h(u) @ g @ h(vt)
    larger = np.where(row > column, x, y)
    inside = row * column * m + apart * (larger * larger * m + x * y * h(m)) / gaps
    left, right = u * row, column * vt
    outside = (g - u @ (h(u) @ g)) @ h(right) @ right + left @ h(left) @ (g - (g @ h(vt)) @ vt)
    return conjugated(u @ inside @ vt + outside)


def without_small(a, tolerance):
    """`a`, truncated if there is anything to leave out."""
    small = kept(np.linalg.svdvals(payload(a)), tolerance) == 0
    return truncated(a, tolerance) if np.any(small) else a


@primitive
def pseudo_inverse(a, tolerance):
    """The pseudo-inverse of matrices that have no small singular values but those which rounding leaves of 0."""
    return np.linalg.pinv(a, rcond=tolerance)


def pseudo_inverse_rule(g, z, a, tolerance):
    """The slope while the rank stays as it is: ``-zᵀ g zᵀ + (1 - a z) gᵀ z zᵀ + zᵀ z gᵀ (1 - z a)``."""
    g = conjugated(g)
    right, left = h(g) @ (z @ h(z)), (h(z) @ z) @ h(g)
    return conjugated(right - a @ (z @ right) + left - (left @ z) @ a - h(z) @ g @ h(z))


@primitive
def least_squares(a, b, rcond):
    """The solution that np.linalg.lstsq finds, of matrices as for `pseudo_inverse`."""
    return np.linalg.lstsq(a, b, rcond)[0]


def cutoff(a, rcond):
    """The singular values that np.linalg.lstsq takes for 0, over the largest."""
    eps = float(np.finfo(np.result_type(a.dtype, np.float32)).eps)
    return eps * max(a.shape[-2:]) if rcond is None else max(rcond, eps)


def least_squares_by_matrix(g, z, a, b, rcond):
    """As `pseudo_inverse_rule`, of what it makes of `b`; the residual stands where ``(1 - a z) b`` does."""
    p = pseudo_inverse(a, cutoff(a, rcond))
    r = b - a @ z
    g, z, r = (x[:, None] if b.ndim == 1 else x for x in (conjugated(g), z, r))
    left = (h(p) @ z) @ h(g)
    return conjugated(r @ (h(g) @ p @ h(p)) + left - (left @ p) @ a - (h(p) @ g) @ h(z))


# fmt: off
derivative(np.linalg.inv,     lambda g, z, a: -t(z) @ g @ t(z))
derivative(np.linalg.solve,   solve_by_matrix,
                              lambda g, z, a, b: solve_transposed(g, a, b))
derivative(np.linalg.det,     lambda g, z, a: g[..., None, None] * cofactors(a))
derivative(cofactors,         cofactors_rule)
derivative(np.linalg.slogdet, slogdet_rule, results=2)
derivative(truncated,         truncated_rule, None)
derivative(pseudo_inverse,    pseudo_inverse_rule, None)
derivative(least_squares,     least_squares_by_matrix,
                              lambda g, z, a, b, rcond: t(pseudo_inverse(a, cutoff(a, rcond))) @ g, None, opaque=True)
# fmt: on


@compose(np.linalg.pinv)
def pinv(a, rcond=None, rtol=np._NoValue):
    """The pseudo-inverse; with a tolerance, singular values are left out."""
    if rcond is None and rtol is np._NoValue:
        return pseudo_inverse(a, None)
    if rcond is not None and rtol is not np._NoValue:
        raise ValueError("rcond and rtol are two names for one tolerance")
    tolerance = cutoff(a, None) if rtol is None else rtol if rcond is None else rcond
    return pseudo_inverse(without_small(a, tolerance), tolerance)


@compose(np.linalg.lstsq)
def lstsq(a, b, rcond=None):
    """The solution of least squares, the sums of squares that are left, the rank, and the singular values."""
    a, b = as_array(a), as_array(b)
    x = least_squares(a if rcond is None else without_small(a, cutoff(a, rcond)), b, rcond)
    s = np.linalg.svdvals(a)
    rank = np.sum(kept(s, cutoff(a, rcond)), dtype=np.intc)
    left = np.sum(squares(np.reshape(b - a @ x, (a.shape[0], -1))), axis=0)
    return x, left if rank == a.shape[1] < a.shape[0] else left[:0], rank, s


@compose(np.linalg.matrix_power)
def matrix_power(a, n):
    """A product of `n` equal matrices, by squaring; of inverses, if `n` is negative."""
    n = operator.index(n)
    one = np.linalg.matrix_power(payload(a), 0)
    if n < 0:
        a, n = np.linalg.inv(a), -n
    z: Any = None
    while n:
        n, odd = divmod(n, 2)
        if odd:
            z = a if z is None else z @ a
        a = a @ a if n else a
    return np.where(True, one, a) if z is None else z


@compose(np.linalg.tensorsolve)
def tensorsolve(a, b, axes=None):
    """The tensor x with ``tensordot(a, x, x.ndim) = b``."""
    if axes is not None:
        rest = list(range(np.ndim(a)))
        for k in axes:
            rest.remove(k)
            rest.insert(np.ndim(a), k)
        a = np.transpose(a, rest)
    shape = np.shape(a)[np.ndim(b) - np.ndim(a) :]
    n = math.prod(shape)
    return np.reshape(np.linalg.solve(np.reshape(a, (n, n)), np.ravel(b)), shape)


@compose(np.linalg.tensorinv)
def tensorinv(a, ind=2):
    """The tensor whose product with `a`, over its first `ind` axes, is an identity."""
    if ind <= 0 or not a.ndim:
        raise ValueError(f"ind={ind} of shape {a.shape} is not the number of axes that come first")
    n = math.prod(a.shape[ind:])
    return np.reshape(np.linalg.inv(np.reshape(a, (n, -1))), a.shape[ind:] + a.shape[:ind])
