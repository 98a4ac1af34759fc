"""Polynomials, as np.poly* writes them: a vector of coefficients, that of the highest power first.

p     coefficients
deg   degree
"""

import operator

import numpy as np

from tinygrad_edu.core.arrays import as_array
from tinygrad_edu.core.dtypes import is_complex
from tinygrad_edu.core.rules import compose, refuse
from tinygrad_edu.core.tape import payload
from tinygrad_edu.derivatives.arithmetic import as_kind
from tinygrad_edu.derivatives.sequences import convolution


def coefficients(p):
    """A vector of coefficients, of one number too."""
    if isinstance(p, np.poly1d):
        return p.coeffs
    return vector(np.atleast_1d(as_array(p)))


def vector(p):
    """`p`, which must be a vector."""
    p = as_array(p)
    if p.ndim != 1:
        raise ValueError(f"coefficients of shape {p.shape}; they must be a vector")
    return p


def whole(function, name, n):
    """A number of times, or a degree, from 0 up."""
    n = operator.index(n)
    if n < 0:
        raise ValueError(f"{name}={n}; it must be 0 or more")
    return n


@compose(np.vander)
def vander(x, N=None, increasing=False):  # noqa: N803
    """The powers of each number of a vector, in a row of `N`, the highest first."""
    x = as_array(x)
    if x.ndim != 1:
        raise ValueError(f"np.vander: x of shape {x.shape} must be a vector")
    powers = np.arange(x.shape[0] if N is None else whole(np.vander, "N", N))
    return x[:, None] ** (powers if increasing else powers[::-1])


@compose(np.polyval)
def polyval(p, x):
    """The value of a polynomial, by Horner's rule."""
    if isinstance(x, np.poly1d):
        raise refuse(np.polyval, "x is a poly1d", "pass numbers")
    x = as_array(x)
    z = np.zeros_like(x)
    for c in as_array(p):
        z = z * x + c
    return z


def added(a, b, sign):
    """The sum of two polynomials, or with sign -1 the difference."""
    a, b = coefficients(a), coefficients(b)
    n = max(a.shape[0], b.shape[0])
    a, b = (x if x.shape[0] == n else np.concatenate([np.zeros(n - x.shape[0], x.dtype), x]) for x in (a, b))
    return a + b if sign > 0 else a - b


compose(np.polyadd)(lambda a1, a2: added(a1, a2, 1))
compose(np.polysub)(lambda a1, a2: added(a1, a2, -1))


@compose(np.polymul)
def polymul(a1, a2):
    """The product of two polynomials."""
    a1, a2 = coefficients(a1), coefficients(a2)
    return convolution(a1, a2)


@compose(np.polydiv)
def polydiv(u, v):
    """Quotient and remainder, by long division; the remainder without the zeros that it begins with."""
    u, v = coefficients(u) + 0.0, coefficients(v) + 0.0
    degree = v.shape[0] - 1
    quotient, rest = [], as_kind(u, payload(u[0] + v[0]).dtype)
    for k in range(u.shape[0] - degree):
        quotient.append(rest[k] * (1.0 / v[0]))
        rest = np.concatenate([rest[:k], rest[k : k + degree + 1] - quotient[-1] * v, rest[k + degree + 1 :]])
    while rest.shape[0] > 1 and np.allclose(payload(rest[0]), 0, rtol=1e-14):
        rest = rest[1:]
    return np.stack(quotient) if quotient else np.zeros(1, rest.dtype), rest


@compose(np.polyder)
def polyder(p, m=1):
    """The derivative of a polynomial, taken `m` times."""
    p = vector(p)
    for _ in range(whole(np.polyder, "m", m)):
        p = p[:-1] * np.arange(p.shape[0] - 1, 0, -1)
    return p


@compose(np.polyint)
def polyint(p, m=1, k=None):
    """The integral of a polynomial, taken `m` times, with its constants `k`."""
    m = whole(np.polyint, "m", m)
    constants = np.zeros(m) if k is None else np.atleast_1d(as_array(k))
    constants = np.broadcast_to(constants, (m,)) if constants.shape == (1,) else constants
    if constants.shape[0] < m:
        raise ValueError(f"np.polyint: k has {constants.shape[0]} constants; it needs {m}")
    p = vector(p)
    for i in range(m):
        p = np.concatenate([p / np.arange(p.shape[0], 0, -1), constants[i : i + 1]])
    return p


@compose(np.poly)
def poly(seq_of_zeros):
    """The polynomial with these roots."""
    roots = as_array(seq_of_zeros)
    if roots.ndim == 2 and roots.shape[0] == roots.shape[1] != 0:
        roots = np.linalg.eigvals(roots)
    roots = np.atleast_1d(roots)
    if roots.ndim != 1:
        raise ValueError(f"np.poly: got an array of shape {roots.shape}; pass a vector of roots, or a square matrix")
    p = np.ones(1, roots.dtype)
    for i in range(roots.shape[0]):
        p = convolution(p, np.concatenate([np.ones(1, roots.dtype), -roots[i : i + 1]]))
    given = payload(roots)
    in_pairs = is_complex(roots) and np.all(np.sort(given) == np.sort(given.conj()))
    return np.real(p) if in_pairs else p


@compose(np.roots)
def roots(p):
    """The roots of a polynomial, as eigenvalues of its companion matrix; one at 0 comes last."""
    p = np.atleast_1d(as_array(p))
    if p.ndim != 1:
        raise ValueError("Input must be a rank-1 array.")
    given, first, end = payload(p), 0, p.shape[0]
    while first < end and given[first] == 0:
        first += 1
    while first < end and given[end - 1] == 0:
        end -= 1
    if first == end:
        raise refuse(np.roots, "all coefficients are 0", "then every number is a root")
    at_zero = p.shape[0] - end
    if at_zero > 1:
        raise refuse(np.roots, f"{at_zero} roots are 0, and where roots meet they have no slope", "leave them out")
    p = p[first:]
    n = p.shape[0] - 1
    if not n:
        return p[:0]
    z = np.linalg.eigvals(np.concatenate([(-p[1:] / p[0])[None, :], np.eye(n - 1, n, dtype=p.dtype)]))
    zero = np.argmin(abs(payload(z)))
    return z[[*np.delete(np.arange(n), zero), zero]] if at_zero else z


@compose(np.polyfit)
def polyfit(x, y, deg, rcond=None, w=None):
    """The polynomial that fits points with the least squares, each weighted by `w`."""
    x, y = as_array(x) + 0.0, as_array(y) + 0.0
    deg = whole(np.polyfit, "deg", deg)
    if x.ndim != 1 or y.ndim not in (1, 2) or x.shape[0] != y.shape[0] or not x.size:
        raise TypeError(f"np.polyfit: x of shape {x.shape} and y of shape {y.shape}; x is a vector, y as long")
    if rcond is not None:
        raise refuse(np.polyfit, "rcond= has no rule for Values", "leave it out")
    rows = vander(x, deg + 1)
    if w is not None:
        w = as_array(w) + 0.0
        if w.shape != (x.shape[0],):
            raise TypeError(f"np.polyfit: w of shape {w.shape} must be a vector as long as x")
        rows, y = rows * w[:, None], y * (w if y.ndim == 1 else w[:, None])
    scale = np.sqrt(np.sum(rows * rows, axis=0))
    found = np.linalg.lstsq(rows / scale, y, rcond=x.shape[0] * np.finfo(x.dtype).eps)[0]
    return found / (scale if found.ndim == 1 else scale[:, None])
