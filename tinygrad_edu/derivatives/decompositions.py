"""Decompositions of one matrix or a stack of them: Cholesky, QR, eigenvalues, singular values.

g     cotangents of the factors, a tuple, or of the one factor
z     factors
a     matrix
t     matrices transposed

What is arbitrary in a factor has no slope: signs are taken for constant, and vectors of equal eigenvalues or singular
values may turn among each other. The slope of a result that does not use the vectors is right there; where it uses
them, it is infinite or NaN.

Sources: Giles, "Collected matrix derivative results for forward and reverse mode algorithmic differentiation", 2008;
Murray, "Differentiation of the Cholesky decomposition", 2016; Townsend, "Differentiating the singular value
decomposition", 2016; Walter and Lehmann, "Algorithmic differentiation of linear algebra functions with application in
optimum experimental design", 2012; Liao, Liu, Wang and Xiang, "Differentiable programming tensor networks", 2019.
"""

import numpy as np

from tinygrad_edu.core.dispatch import primitive
from tinygrad_edu.core.rules import compose, derivative, refuse
from tinygrad_edu.derivatives.inverses import solved
from tinygrad_edu.derivatives.linear_algebra import t


def halved(x):
    """The lower triangles of matrices, with half of the diagonal: what of ``x + xᵀ`` is below, once."""
    n = x.shape[-1]
    return x * (np.tri(n) - 0.5 * np.eye(n))


@primitive
def quotient(x, gap):
    """``x / gap``, but 0 / 0 is 0: what is not used passes nothing back."""
    with np.errstate(all="ignore"):
        return np.where(np.equal(x, 0), 0.0, np.divide(x, gap))


def over_gaps(x, gaps):
    """`x` over the gaps between eigenvalues, with nothing on the diagonal."""
    return quotient(x, np.where(np.eye(x.shape[-1], dtype=bool), np.inf, gaps))


def cholesky_rule(g, z, a, *, upper=False):
    """``z⁻ᵀ Φ(zᵀ g) z⁻¹`` and its transpose, Φ halving the diagonal; NumPy reads one triangle, which gets all."""
    if upper:
        return t(cholesky_rule(t(g), t(z), t(a)))
    s = np.linalg.solve(t(z), t(np.linalg.solve(t(z), halved(t(z) @ g))))
    return halved(s + t(s))


def eigh_rule(g, z, a, *, UPLO="L"):  # noqa: N803 - NumPy's name
    """``v (diag(g_w) + F ∘ vᵀ g_v) vᵀ`` with ``F_ij = 1 / (w_j - w_i)``; NumPy reads one triangle, which gets all."""
    (g_w, g_v), (w, v) = g, z
    turning = over_gaps(t(v) @ g_v, w[..., None, :] - w[..., :, None])
    s = (v * g_w[..., None, :] + v @ turning) @ t(v)
    return halved(s + t(s)) if UPLO.upper() == "L" else t(halved(s + t(s)))


@primitive
def thin_svd(a):
    """Singular vectors and values, as many as `a` has rows or columns."""
    return np.linalg.svd(a, full_matrices=False)


def thin_svd_rule(g, z, a):
    """Vectors turn among each other by ``F_ij = 1 / (s_j² - s_i²)``, and out of their space by ``1 / s``."""
    (g_u, g_s, g_vt), (u, s, vt) = g, z
    m, n = a.shape[-2:]
    row, column = s[..., None, :], s[..., :, None]
    gaps = (row - column) * (row + column)
    turning_u, turning_v = over_gaps(t(u) @ g_u, gaps), over_gaps(vt @ t(g_vt), gaps)
    inside = (turning_u + t(turning_u)) * row + column * (turning_v + t(turning_v))
    back = (u @ inside + u * g_s[..., None, :]) @ vt
    if m > n:
        back = back + quotient(g_u - u @ (t(u) @ g_u), row) @ vt
    if m < n:
        back = back + u @ quotient(g_vt - (g_vt @ t(vt)) @ vt, column)
    return back


@primitive
def reduced_qr(a):
    """An orthogonal and an upper triangular factor."""
    return np.linalg.qr(a)


def square_qr_rule(g_q, g_r, q, r):
    """``(g_q + q (l + lᵀ)) r⁻ᵀ`` with l the lower half of ``r g_rᵀ - g_qᵀ q``."""
    lower = halved(r @ t(g_r) - t(g_q) @ q)
    return t(solved(np.linalg.qr, r, t(g_q + q @ (lower + t(lower)))))


def reduced_qr_rule(g, z, a):
    """Columns beyond the square, if there are any, are q times their part of r; the columns within have a rule."""
    (g_q, g_r), (q, r) = g, z
    m, n = a.shape[-2:]
    if m >= n:
        return square_qr_rule(g_q, g_r, q, r)
    g_rest = g_r[..., m:]
    within = square_qr_rule(g_q + a[..., m:] @ t(g_rest), g_r[..., :m], q, r[..., :m])
    return np.concatenate([within, q @ g_rest], axis=-1)


# fmt: off
derivative(np.linalg.cholesky, cholesky_rule)
derivative(np.linalg.eigh,     eigh_rule, results=2)
derivative(thin_svd,           thin_svd_rule, results=3)
derivative(reduced_qr,         reduced_qr_rule, results=2)
derivative(quotient,           lambda g, z, x, gap: quotient(g, gap),
                               lambda g, z, x, gap: -quotient(g * z, gap))
# fmt: on

compose(np.linalg.eigvalsh)(lambda a, UPLO="L": np.linalg.eigh(a, UPLO)[0])  # noqa: N803 - NumPy's name
compose(np.linalg.svdvals)(lambda x: thin_svd(x)[1])


@compose(np.linalg.svd)
def svd(a, full_matrices=True, compute_uv=True):
    """Singular vectors and values, but no vectors that only fill up a square."""
    if not compute_uv:
        return thin_svd(a)[1]
    if full_matrices and a.shape[-2] != a.shape[-1]:
        what = f"full_matrices=True of shape {a.shape} has vectors that only fill up a square, without slope"
        raise refuse(np.linalg.svd, what, "write full_matrices=False")
    return thin_svd(a)


@compose(np.linalg.qr)
def qr(a, mode="reduced"):
    """An orthogonal and an upper triangular factor, but no columns that only fill up a square."""
    if mode == "complete" and a.shape[-2] > a.shape[-1]:
        what = f"mode='complete' of shape {a.shape} has columns that only fill up a square, without slope"
        raise refuse(np.linalg.qr, what, "write mode='reduced'")
    if mode not in ("reduced", "complete", "r"):
        raise TypeError(f"mode={mode!r} has no rule; use 'reduced' or 'r'")
    return reduced_qr(a)[1] if mode == "r" else reduced_qr(a)
