"""Functions of `scipy.linalg`, which makes an array of what it gets: of the same names, for Values and arrays alike.

a, b  a matrix, and what stands on the right of the equations
g     cotangent of the output
z     output

Source: Giles, "Collected matrix derivative results for forward and reverse mode algorithmic differentiation", 2008.
"""

import functools
from typing import Any, NoReturn

import numpy as np
from scipy import linalg

from tinygrad_edu.core import rules
from tinygrad_edu.core.arrays import as_array
from tinygrad_edu.core.primitives import primitive
from tinygrad_edu.derivatives.arithmetic import conjugated
from tinygrad_edu.derivatives.indexing import pick
from tinygrad_edu.derivatives.linear_algebra import t
from tinygrad_edu.scipy.matrix_functions import (
    expm,
    fractional_matrix_power,
    logm,
    solve_continuous_lyapunov,
    solve_discrete_lyapunov,
    solve_sylvester,
    sqrtm,
)
from tinygrad_edu.scipy.slopes import in_double

# Tracers do not go through SciPy, which makes arrays of them: programs call these functions as they stand.
derivative = functools.partial(rules.derivative, opaque=True)
__all__ = [
    "block_diag", "cho_solve", "expm", "fractional_matrix_power", "logm", "solve_continuous_lyapunov",
    "solve_discrete_lyapunov", "solve_sylvester", "solve_triangular", "sqrtm", "toeplitz",
]  # fmt: skip


@primitive
def triangular(a: Any, b: Any, lower: bool, transposed: bool) -> Any:
    """The solution of ``a x = b``, or of ``aᵀ x = b``, of one triangular matrix."""
    return linalg.solve_triangular(in_double("solve_triangular", a), b, trans=int(transposed), lower=lower)


def by_triangle(g: Any, z: Any, a: Any, b: Any, lower: bool, transposed: bool) -> Any:
    """``-a⁻ᵀ g zᵀ``, of which only the triangle is read."""
    u = triangular(a, g, lower, not transposed)
    u, z = (x[:, None] if x.ndim == 1 else x for x in (u, z))
    share = z @ t(u) if transposed else u @ t(z)
    return -(np.tril(share) if lower else np.triu(share))


def solve_triangular(a: Any, b: Any, trans: int | str = 0, lower: bool = False, unit_diagonal: bool = False) -> Any:
    """The solution of ``a x = b`` for a triangular `a`, as `scipy.linalg.solve_triangular`; of one matrix.

    `trans` is 0 or "N", 1 or "T" for aᵀ, 2 or "C" for its adjoint; with `unit_diagonal`, its diagonal is 1.

    >>> solve_triangular(np.array([[2.0, 0.0], [1.0, 4.0]]), np.array([2.0, 5.0]), lower=True)
    array([1., 1.])

    Raises:
        ValueError: `a` is no square matrix, or `b` does not fit it.
        numpy.linalg.LinAlgError: a number on the diagonal is 0.
    """
    a, b = as_array(a), as_array(b)
    if a.ndim != 2 or a.shape[0] != a.shape[1] or b.ndim not in (1, 2) or b.shape[0] != a.shape[0]:
        wanted = "a is one square matrix (n, n), and b is (n,) or (n, k)"
        raise ValueError(f"solve_triangular: a has shape {a.shape}, and b {b.shape}; {wanted}")
    if trans not in (0, 1, 2, "N", "T", "C"):
        raise ValueError(f"solve_triangular: trans={trans!r}; it is 0 or 'N', 1 or 'T', 2 or 'C'")
    if unit_diagonal:
        a = np.where(np.eye(a.shape[0], dtype=bool), 1.0, a)
    a = conjugated(a) if trans in (2, "C") else a
    return triangular(a, b, bool(lower), trans not in (0, "N"))


def cho_solve(c_and_lower: tuple[Any, bool], b: Any) -> Any:
    """The solution of ``a x = b``, where the Cholesky factor of `a` is given, as `scipy.linalg.cho_solve`.

    >>> cho_solve((np.array([[2.0, 0.0], [1.0, 1.0]]), True), np.array([4.0, 2.0]))
    array([1., 0.])
    """
    c, lower = c_and_lower
    return solve_triangular(c, solve_triangular(c, b, 0 if lower else 2, lower), 2 if lower else 0, lower)


def block_diag(*arrs: Any) -> Any:
    """A matrix with matrices along its diagonal, and zeros elsewhere, as `scipy.linalg.block_diag`.

    >>> block_diag(np.array([[1.0, 2.0]]), 3.0)
    array([[1., 2., 0.],
           [0., 0., 3.]])

    Raises:
        ValueError: one of them has more than 2 axes.
    """
    parts: list[Any] = [np.atleast_2d(as_array(x)) for x in arrs or ([],)]
    if wrong := [x.shape for x in parts if x.ndim > 2]:
        raise ValueError(f"block_diag: an array has shape {wrong[0]}; each must have at most 2 axes")
    widths = [x.shape[1] for x in parts]
    rows = []
    for k, x in enumerate(parts):
        before, behind = (np.zeros((x.shape[0], sum(part))) for part in (widths[:k], widths[k + 1 :]))
        rows.append(np.concatenate([before, x, behind], axis=1))
    return np.concatenate(rows, axis=0)


def toeplitz(c: Any, r: Any = None) -> Any:
    """The matrix that has `c` as its first column, `r` as its first row, and equal numbers along each diagonal.

    Without `r` it is symmetric, or Hermitian, as that of `scipy.linalg.toeplitz`; r[0] is not looked at.

    >>> toeplitz([1.0, 2.0], [9.0, 5.0, 6.0])
    array([[1., 5., 6.],
           [2., 1., 5.]])

    Raises:
        ValueError: `c` or `r` is no vector.
    """
    c = as_array(c)
    r = conjugated(c) if r is None else as_array(r)
    if c.ndim != 1 or r.ndim != 1:
        raise ValueError(f"toeplitz: c has shape {c.shape}, and r {r.shape}; both are vectors")
    m, n = c.shape[0], r.shape[0]
    return pick(np.concatenate([c[::-1], r[1:]]), np.arange(m - 1, -1, -1)[:, None] + np.arange(n))


# fmt: off
derivative(triangular, by_triangle,
                       lambda g, z, a, b, lower, transposed: triangular(a, g, lower, not transposed), None, None)
# fmt: on

_INSTEAD = {
    **dict.fromkeys(("lu", "lu_factor", "lu_solve", "ldl"), "write np.linalg.solve(a, b), or np.linalg.slogdet(a)"),
    "polar": "write u @ vt with u, s, vt = np.linalg.svd(a, full_matrices=False)",
    **dict.fromkeys(
        ("null_space", "orth"), "write columns of np.linalg.svd(a), which have slopes if singular values differ"
    ),
    "pinvh": "write np.linalg.pinv(a)",
    **dict.fromkeys(
        ("cho_factor", "cholesky"),
        "write np.linalg.cholesky(a), and for cho_solve the pair (np.linalg.cholesky(a), True)",
    ),
}


def __getattr__(name: str) -> NoReturn:
    own = (
        f"write np.linalg.{name}, which takes Values" if hasattr(np.linalg, name) else f"there are {', '.join(__all__)}"
    )
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}; {_INSTEAD.get(name, own)}")
