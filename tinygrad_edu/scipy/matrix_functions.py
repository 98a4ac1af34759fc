"""Functions of whole matrices, their slopes made of one another, so that there are all orders; real and complex.

a, b  matrices
x     the output
g     cotangent of the output
e     a matrix that a step of the logarithm hands on

Where rules hold for complex numbers, nothing is conjugated: a transposed matrix is not a Hermitian one.

Sources: Mathias, "A chain rule for matrix functions and applications", 1996; Al-Mohy, Higham and Relton, "Computing the
Fréchet derivative of the matrix logarithm and estimating the condition number", 2013.
"""

from typing import Any

import numpy as np
from scipy import linalg

from tinygrad_edu.core.arrays import as_array
from tinygrad_edu.core.primitives import primitive
from tinygrad_edu.core.rules import derivative
from tinygrad_edu.derivatives.linear_algebra import h, t
from tinygrad_edu.scipy.slopes import in_double

ROOTS = 9  # of a matrix, one of another: then its eigenvalues are near 1 if they were between e⁻¹²⁸ and e¹²⁸
NODES, WEIGHTS = (x / 2 for x in np.polynomial.legendre.leggauss(8))


@primitive
def expm(a: Any) -> Any:
    """The exponential of a matrix, or of each in a stack, as `scipy.linalg.expm`.

    >>> expm(np.array([[0.0, 1.0], [0.0, 0.0]]))
    array([[1., 1.],
           [0., 1.]])

    Raises:
        ValueError: `a` is no square matrix, and no stack of them.
    """
    a = in_double("expm", a)
    if a.ndim < 2 or a.shape[-1] != a.shape[-2]:
        raise ValueError(f"expm: a has shape {a.shape}; it must be a square matrix (n, n), or a stack of them")
    return linalg.expm(a)


def by_block_triangle(g: Any, a: Any) -> Any:
    """The slope of the exponential: of that of ``[[aᵀ, g], [0, aᵀ]]``, it is the block in the upper right."""
    n = a.shape[-1]
    upper, below = np.concatenate([t(a), g], axis=-1), np.concatenate([np.zeros_like(g), t(a)], axis=-1)
    return expm(np.concatenate([upper, below], axis=-2))[..., :n, n:]


@primitive
def sqrtm(a: Any) -> Any:
    """The principal square root of a matrix, as `scipy.linalg.sqrtm`.

    >>> sqrtm(np.array([[4.0, 1.0], [0.0, 4.0]]))
    array([[2.  , 0.25],
           [0.  , 2.  ]])

    Raises:
        ValueError: `a` is no square matrix, or is real and has no real root: an eigenvalue is negative.
        numpy.linalg.LinAlgError: `a` is singular, so that its root has no slope.
    """
    return _of_one_matrix("sqrtm", linalg.sqrtm, a)


@primitive
def logm(a: Any) -> Any:
    """The principal logarithm of a matrix, as `scipy.linalg.logm`.

    >>> logm(np.array([[1.0, 2.0], [0.0, 1.0]])).round(12)
    array([[0., 2.],
           [0., 0.]])

    Raises:
        ValueError: `a` is no square matrix, or is real and has no real logarithm: an eigenvalue is negative.
        numpy.linalg.LinAlgError: `a` is singular.
    """
    return _of_one_matrix("logm", linalg.logm, a)


def _of_one_matrix(name: str, function: Any, a: Any) -> Any:
    a = np.asarray(in_double(name, a))
    if a.ndim != 2 or a.shape[0] != a.shape[1]:
        raise ValueError(f"{name}: a has shape {a.shape}; it must be one square matrix (n, n)")
    if np.linalg.slogdet(a)[0] == 0:
        raise np.linalg.LinAlgError(f"{name}: a is singular; there it has no slope")
    x = function(a.astype(np.result_type(a.dtype, np.float64)))
    if x.dtype.kind == "c" and a.dtype.kind != "c":
        if np.any(np.imag(x)):
            remedy = "its result is complex: pass a + 0j"
            raise ValueError(f"{name}: a is real and has an eigenvalue on the negative axis; {remedy}")
        x = np.real(x)
    return np.array(x, np.result_type(a.dtype, np.float32))  # memory of its own, where SciPy gives some that it holds


def by_roots(g: Any, a: Any) -> Any:
    """The slope of the logarithm: that of a root near 1, of which log(1 + x) is a mean of x / (1 + c x) over c."""
    root, e = t(a), g
    for _ in range(ROOTS):
        root = sqrtm(root)
        e = sylvester(root, root, e)
    one = np.eye(a.shape[-1])
    inverses = [np.linalg.inv(one + (0.5 + c) * (root - one)) for c in NODES]
    return 2.0**ROOTS * sum(w * (inverse @ e @ inverse) for w, inverse in zip(WEIGHTS, inverses, strict=True))


@primitive
def sylvester(a: Any, b: Any, q: Any) -> Any:
    """The solution of ``a x + x b = q``."""
    kind = np.result_type(*(in_double("solve_sylvester", x) for x in (a, b, q)))
    a, b, q = (np.asarray(x, kind) for x in (a, b, q))  # SciPy's is wrong for mixed kinds
    sums = abs(np.linalg.eigvals(a)[:, None] + np.linalg.eigvals(b))
    if np.min(sums) <= np.finfo(kind).eps * (np.linalg.norm(a) + np.linalg.norm(b)):  # SciPy gives huge numbers
        raise np.linalg.LinAlgError("solve_sylvester: a and -b have an eigenvalue in common; there is no one solution")
    return linalg.solve_sylvester(a, b, q)


def solve_sylvester(a: Any, b: Any, q: Any) -> Any:
    """The solution x of ``a x + x b = q``, as `scipy.linalg.solve_sylvester`: (m, m), (n, n) and (m, n).

    >>> solve_sylvester(np.array([[1.0]]), np.array([[3.0]]), np.array([[8.0]]))
    array([[2.]])

    Raises:
        ValueError: their shapes do not fit.
        numpy.linalg.LinAlgError: a and -b have an eigenvalue in common.
    """
    a, b, q = as_array(a), as_array(b), as_array(q)
    m, n = a.shape[:1], b.shape[:1]
    if a.shape != m + m or b.shape != n + n or q.shape != m + n or not (m and n):
        shapes = f"a has shape {a.shape}, b {b.shape}, q {q.shape}"
        raise ValueError(f"solve_sylvester: {shapes}; they must be (m, m), (n, n) and (m, n)")
    return sylvester(a, b, q)


def solve_continuous_lyapunov(a: Any, q: Any) -> Any:
    """The solution x of ``a x + x aᴴ = q``, as `scipy.linalg.solve_continuous_lyapunov`; a and q are (n, n)."""
    a, q = _alike("solve_continuous_lyapunov", a, q)
    return solve_sylvester(a, h(a), q)


def solve_discrete_lyapunov(a: Any, q: Any) -> Any:
    """The solution x of ``a x aᴴ - x + q = 0``, as `scipy.linalg.solve_discrete_lyapunov`: by n² equations; (n, n).

    >>> solve_discrete_lyapunov(np.array([[0.5]]), np.array([[3.0]]))
    array([[4.]])
    """
    a, q = _alike("solve_discrete_lyapunov", a, q)
    equations = np.eye(a.shape[0] ** 2) - np.kron(a, t(h(a)))
    return np.reshape(np.linalg.solve(equations, np.ravel(q)), q.shape)


def _alike(name: str, a: Any, q: Any) -> tuple[Any, Any]:
    a, q = as_array(a), as_array(q)
    if a.ndim != 2 or a.shape[0] != a.shape[1] or q.shape != a.shape:
        raise ValueError(f"{name}: a has shape {a.shape}, q {q.shape}; both must be (n, n)")
    return a, q


def fractional_matrix_power(a: Any, p: Any) -> Any:
    """`a` to the power p, which may be any number, as `scipy.linalg.fractional_matrix_power`: exp(p log a).

    >>> fractional_matrix_power(np.array([[4.0, 0.0], [0.0, 9.0]]), 0.5).round(12)
    array([[2., 0.],
           [0., 3.]])
    """
    return expm(p * logm(as_array(a)))


# fmt: off
derivative(expm,      lambda g, x, a: by_block_triangle(g, a), opaque=True)
derivative(logm,      lambda g, x, a: by_roots(g, a), opaque=True)
derivative(sqrtm,     lambda g, x, a: sylvester(t(x), t(x), g), opaque=True)
derivative(sylvester, lambda g, x, a, b, q: -sylvester(t(a), t(b), g) @ t(x),
                      lambda g, x, a, b, q: -t(x) @ sylvester(t(a), t(b), g),
                      lambda g, x, a, b, q: sylvester(t(a), t(b), g), opaque=True)
# fmt: on
