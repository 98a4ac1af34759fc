"""Decompositions of one matrix or a stack of them: Cholesky, QR, eigenvalues, singular values.

g     cotangents of the factors, a tuple, or of the one factor
z     factors
a     matrix
t, h  matrices transposed, and conjugated as well

What is arbitrary in a factor has no slope: signs are taken for constant, and vectors of equal eigenvalues or singular
values may turn among each other. The slope of a result that does not use the vectors is right there; where it uses
them, it is infinite or NaN. The phases of complex vectors are arbitrary as well, but those of `eig`, which are known.

Sources: Giles, "Collected matrix derivative results for forward and reverse mode algorithmic differentiation", 2008;
Murray, "Differentiation of the Cholesky decomposition", 2016; Townsend, "Differentiating the singular value
decomposition", 2016; Walter and Lehmann, "Algorithmic differentiation of linear algebra functions with application in
optimum experimental design", 2012; Liao, Liu, Wang and Xiang, "Differentiable programming tensor networks", 2019.
"""

import numpy as np

from tinygrad_edu.core.context import OuterArray, Tracer
from tinygrad_edu.core.dtypes import is_complex
from tinygrad_edu.core.primitives import primitive
from tinygrad_edu.core.rules import compose, derivative, refuse
from tinygrad_edu.core.source_info import label
from tinygrad_edu.core.tape import payload
from tinygrad_edu.derivatives.arithmetic import conjugated
from tinygrad_edu.derivatives.inverses import solved
from tinygrad_edu.derivatives.linear_algebra import h, t


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


def refuse_phases(function, *turns):
    """Refuse what depends on the phases of complex vectors, which are arbitrary; `turns` are vᴴ times their slopes.

    Vectors of which each turns by a phase of its own move the result by the imaginary part of the diagonal. Compiled
    programs do not ask, since the first call has asked: whether phases cancel depends on the function, not on numbers.
    """
    parts = [turn.parts() if isinstance(turn, OuterArray) else [turn] for turn in map(payload, turns)]
    parts = [[*map(payload, several)] for several in parts]
    for together in zip(*parts, strict=True):
        if not any(isinstance(turn, Tracer) for turn in together):
            moved = np.imag(np.diagonal(sum(together), 0, -2, -1))
            size = max(float(np.max(abs(turn), initial=0.0)) for turn in together)
            if np.max(abs(moved), initial=0.0) > np.sqrt(np.finfo(moved.dtype).eps) * size:
                raise np.linalg.LinAlgError(
                    f"the rule of {label(function)}: the result depends on the phases of complex vectors, which are "
                    "arbitrary, so it has no slope; write it so that they cancel, as in abs(v) or v * w @ v.conj().T"
                )


def cholesky_rule(g, z, a, *, upper=False):
    """``z⁻ᵀ Φ(zᵀ g) z⁻¹`` and its transpose, Φ halving the diagonal; NumPy reads one triangle, which gets all."""
    if type(payload(z)).__module__.startswith("dask"):
        what = "of Dask's arrays it gives the upper factor, and NumPy's is the lower one"
        raise refuse(np.linalg.cholesky, what, "factor a NumPy array")
    g, z = (t(g), h(z)) if upper else (conjugated(g), z)
    s = np.linalg.solve(h(z), h(np.linalg.solve(h(z), halved(h(z) @ g))))
    back = halved(s + h(s))
    return t(back) if upper else conjugated(back)


def eigh_rule(g, z, a, *, UPLO="L"):  # noqa: N803 - NumPy's name
    """``v (diag(g_w) + F ∘ vᵀ g_v) vᵀ`` with ``F_ij = 1 / (w_j - w_i)``; NumPy reads one triangle, which gets all."""
    (g_w, g_v), (w, v) = g, z
    turning = h(v) @ conjugated(g_v)
    if is_complex(a):
        refuse_phases(np.linalg.eigh, turning)
    s = (v * g_w[..., None, :] + v @ over_gaps(turning, w[..., None, :] - w[..., :, None])) @ h(v)
    back = halved(s + h(s))
    return conjugated(back) if UPLO.upper() == "L" else t(back)


@primitive
def thin_svd(a):
    """Singular vectors and values, as many as `a` has rows or columns."""
    return np.linalg.svd(a, full_matrices=False)


def thin_svd_rule(g, z, a):
    """Vectors turn among each other by ``F_ij = 1 / (s_j² - s_i²)``, and out of their space by ``1 / s``."""
    (g_u, g_s, g_vt), (u, s, vt) = g, z
    g_u, g_vt = conjugated(g_u), conjugated(g_vt)
    m, n = a.shape[-2:]
    row, column = s[..., None, :], s[..., :, None]
    gaps = (row - column) * (row + column)
    turns = h(u) @ g_u, vt @ h(g_vt)
    turning_u, turning_v = (over_gaps(turn, gaps) for turn in turns)
    inside = (turning_u + h(turning_u)) * row + column * (turning_v + h(turning_v))
    along = g_s
    if is_complex(a):
        refuse_phases(np.linalg.svd, *turns)
        along = along + quotient(1j * np.imag(np.diagonal(turns[0], 0, -2, -1)), s)
    back = (u @ inside + u * along[..., None, :]) @ vt
    if m > n:
        back = back + quotient(g_u - u @ (h(u) @ g_u), row) @ vt
    if m < n:
        back = back + u @ quotient(g_vt - (g_vt @ h(vt)) @ vt, column)
    return conjugated(back)


@primitive
def reduced_qr(a):
    """An orthogonal and an upper triangular factor."""
    return np.linalg.qr(a)


def square_qr_rule(g_q, g_r, q, r):
    """``(g_q + q (l + lᵀ)) r⁻ᵀ`` with l the lower half of ``r g_rᵀ - g_qᵀ q``."""
    lower = halved(r @ h(g_r) - h(g_q) @ q)
    return h(solved(np.linalg.qr, r, h(g_q + q @ (lower + h(lower)))))


def reduced_qr_rule(g, z, a):
    """Columns beyond the square, if there are any, are q times their part of r; the columns within have a rule."""
    (g_q, g_r), (q, r) = map(conjugated, g), z
    m, n = a.shape[-2:]
    if m >= n:
        return conjugated(square_qr_rule(g_q, g_r, q, r))
    g_rest = g_r[..., m:]
    within = square_qr_rule(g_q + a[..., m:] @ h(g_rest), g_r[..., :m], q, r[..., :m])
    return conjugated(np.concatenate([within, q @ g_rest], axis=-1))


@primitive
def eigenpairs(a):
    """Eigenvalues and eigenvectors; the rule lets a vector move by the others only, not along itself."""
    return np.linalg.eig(a)


def eigenpairs_rule(g, z, a):
    """``v⁻ᵀ (diag(g_w) + F ∘ vᵀ g_v) vᵀ`` with ``F_ij = 1 / (w_j - w_i)``."""
    (g_w, g_v), (w, v) = g, z
    turning = over_gaps(t(v) @ g_v, w[..., None, :] - w[..., :, None])
    along = np.eye(a.shape[-1]) * g_w[..., None, :]
    return solved(np.linalg.eig, t(v), (along + turning) @ t(v))


def eigvals_rule(g, z, a):
    """The same without vectors; LAPACK may give the eigenvalues in another order when it finds vectors as well."""
    if not a.shape[-1]:
        return 0.0 * a
    w, v = eigenpairs(a)
    here = np.argmin(abs(w[..., :, None] - z[..., None, :]), axis=-1)
    along = np.eye(a.shape[-1]) * np.take_along_axis(g, here, axis=-1)[..., None, :]
    return solved(np.linalg.eigvals, t(v), along @ t(v))


# fmt: off
derivative(np.linalg.cholesky, cholesky_rule)
derivative(np.linalg.eigh,     eigh_rule, results=2)
derivative(eigenpairs,         eigenpairs_rule, results=2)
derivative(np.linalg.eigvals,  eigvals_rule)
derivative(thin_svd,           thin_svd_rule, results=3)
derivative(reduced_qr,         reduced_qr_rule, results=2)
derivative(quotient,           lambda g, z, x, gap: quotient(g, gap),
                               lambda g, z, x, gap: -quotient(g * z, gap))
# fmt: on

compose(np.linalg.eigvalsh)(lambda a, UPLO="L": np.linalg.eigh(a, UPLO)[0])  # noqa: N803 - NumPy's name
compose(np.linalg.svdvals)(lambda x: thin_svd(x)[1])


@compose(np.linalg.eig)
def eig(a):
    """Eigenvalues, and eigenvectors of length 1 whose largest number is real, as LAPACK makes them."""
    pairs = eigenpairs(a)
    v = pairs.eigenvectors
    v = v / np.linalg.norm(v, axis=-2, keepdims=True)
    if is_complex(v) and v.size:
        largest = np.take_along_axis(v, np.argmax(abs(v), axis=-2)[..., None, :], axis=-2)
        v = v * (np.conjugate(np.sign(largest)) * np.sign(np.real(largest)))
    return pairs._replace(eigenvectors=v)


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
