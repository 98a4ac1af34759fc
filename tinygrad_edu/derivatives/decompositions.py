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


def refuse_arbitrary(function, what, cure, moves, turns, cotangents):
    """Refuse what depends on how vectors are turned, where that is arbitrary; `turns` are vᴴ times their cotangents.

    `moves` gives of the sum of turns how the result moves with the vectors. Compiled programs do not ask, since the
    first call has asked: whether it cancels depends on the function, not on numbers.
    """
    parts = [x.parts() if isinstance(x, OuterArray) else [x] for x in map(payload, (*turns, *cotangents))]
    for together in zip(*([*map(payload, several)] for several in parts), strict=True):
        if not any(isinstance(x, Tracer) for x in together):
            moved = moves(sum(together[: len(turns)]))
            size = max(float(np.max(abs(x), initial=0.0)) for x in together)
            if np.max(abs(moved), initial=0.0) > np.sqrt(np.finfo(moved.dtype).eps) * size:
                raise np.linalg.LinAlgError(
                    f"the rule of {label(function)}: the result depends on {what} arbitrary, so it has no slope; "
                    f"write it so that they cancel, as in {cure}"
                )


def refuse_phases(function, turns, cotangents):
    """Refuse what depends on the phases of complex vectors: the imaginary part of the diagonal moves it."""
    cure = "abs(v) or v * w @ v.conj().T"
    moves = lambda turn: np.imag(np.diagonal(turn, 0, -2, -1))  # noqa: E731
    refuse_arbitrary(function, "the phases of complex vectors, which are", cure, moves, turns, cotangents)


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
        refuse_phases(np.linalg.eigh, [turning], [g_v])
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
        refuse_phases(np.linalg.svd, turns, [g_u, g_vt])
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


def of_the_first(function, g, v, k):
    """The cotangent of the first `k` of all vectors: as these turn, the others turn back, ``dv₂ = -v₁ dv₁ᵀ v₂``.

    How the others turn among each other is arbitrary, and moves nothing if ``v₂ᵀ g₂`` is its own conjugate transpose.
    """
    first, rest, g_rest = v[..., :k], v[..., k:], g[..., k:]
    what, cure = "the turns of vectors that only fill up a square, which are", "q @ q.conj().T"
    refuse_arbitrary(function, what, cure, lambda turn: turn - h(turn), [h(rest) @ g_rest], [g])
    return g[..., :k] - rest @ (h(g_rest) @ first)


@primitive
def full_svd(a):
    """As many singular vectors as fill up a square, and the values."""
    return np.linalg.svd(a)


def full_svd_rule(g, z, a):
    """The rule of `thin_svd`, with what the other vectors add to the cotangents of its own."""
    (g_u, g_s, g_vt), (u, s, vt) = g, z
    k = s.shape[-1]
    if u.shape[-1] > k:
        g_u, u = conjugated(of_the_first(np.linalg.svd, conjugated(g_u), u, k)), u[..., :k]
    else:
        g_vt, vt = t(of_the_first(np.linalg.svd, t(g_vt), h(vt), k)), vt[..., :k, :]
    return thin_svd_rule((g_u, g_s, g_vt), (u, s, vt), a)


@primitive
def complete_qr(a):
    """A square orthogonal factor, and an upper triangular one with zeros below it."""
    return np.linalg.qr(a, "complete")


def complete_qr_rule(g, z, a):
    """The rule of `reduced_qr`, with what the other columns add to the cotangent of its own."""
    (g_q, g_r), (q, r) = g, z
    k = a.shape[-1]
    g_q = conjugated(of_the_first(np.linalg.qr, conjugated(g_q), q, k))
    return reduced_qr_rule((g_q, g_r[..., :k, :]), (q[..., :k], r[..., :k, :]), a)


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
derivative(full_svd,           full_svd_rule, results=3)
derivative(complete_qr,        complete_qr_rule, results=2)
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
    """Singular vectors and values; of vectors that only fill up a square, what does not depend on how they turn."""
    if not compute_uv:
        return thin_svd(a)[1]
    return full_svd(a) if full_matrices and a.shape[-2] != a.shape[-1] else thin_svd(a)


@compose(np.linalg.qr)
def qr(a, mode="reduced"):
    """An orthogonal and an upper triangular factor; of columns that only fill up a square as much as `svd` gives."""
    if mode not in ("reduced", "complete", "r"):
        raise TypeError(f"mode={mode!r} has no rule; use 'reduced', 'complete' or 'r'")
    if mode == "r":
        return reduced_qr(a)[1]
    return complete_qr(a) if mode == "complete" and a.shape[-2] > a.shape[-1] else reduced_qr(a)
