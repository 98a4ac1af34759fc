"""Rows for the ufuncs of `scipy.special`, and its functions that are no ufuncs: they make arrays, which Values refuse.

g     cotangent of the output
z     output
x, y  inputs
n     an order

Sources: DLMF (dlmf.nist.gov), chapters 5, 7, 8 and 10.
"""

import math
from typing import Any, NoReturn

import numpy as np
from scipy import special

from tinygrad_edu import functions
from tinygrad_edu.core.arrays import as_array
from tinygrad_edu.core.rules import remedies, table
from tinygrad_edu.core.tape import payload
from tinygrad_edu.derivatives.arithmetic import replace_zero
from tinygrad_edu.derivatives.exponential import bell
from tinygrad_edu.scipy import elementary as _elementary  # noqa: F401 - rows
from tinygrad_edu.scipy import probabilities as _probabilities  # noqa: F401 - rows
from tinygrad_edu.scipy.bessel import i0_slope, i0e_slope, i1_slope, i1e_slope, ive_slope, j1_slope, kve_slope
from tinygrad_edu.scipy.normal import erfcinv_slope, erfcx_slope, erfinv_slope, hazard, ndtri_slope
from tinygrad_edu.scipy.slopes import (
    ERF,
    ROOT_2PI,
    derivative,
    log_ratio,
    psi_difference,
    trigamma,
    zeta,
)

__all__ = ["log_softmax", "logsumexp", "multigammaln", "polygamma", "softmax"]
Axis = int | tuple[int, ...] | None


def polygamma(n: int, x: Any) -> Any:
    """The nth derivative of the digamma function, as `scipy.special.polygamma`, of one whole n from 0 up.

    >>> polygamma(1, np.array(1.0)).round(4)
    np.float64(1.6449)

    Raises:
        TypeError: `n` is no whole number from 0 up.
    """
    if not isinstance(n, (int, np.integer)) or n < 0:
        got = f"n is {n!r}" if isinstance(n, (int, float)) else f"n is a {type(n).__name__}"
        raise TypeError(f"polygamma: {got}; it counts derivatives: pass an int from 0 up")
    if n == 0:
        return special.psi(as_array(x))
    return (-1.0) ** (n + 1) * float(math.factorial(n)) * zeta(n + 1.0, as_array(x))


def logsumexp(a: Any, axis: Axis = None, b: Any = None, keepdims: bool = False, return_sign: bool = False) -> Any:
    """log(sum(b exp(a))) along `axis`, as `scipy.special.logsumexp`; NaN where the sum is negative.

    With `return_sign`, the logarithm of its magnitude, and its sign.

    >>> float(logsumexp(np.array([1000.0, 1000.0]), b=np.array([1.0, -0.5])) - 1000).__round__(4)
    -0.6931
    """
    a = as_array(a)
    if b is None and not return_sign:
        return functions.logsumexp(a, axis=axis, keepdims=keepdims)
    a, b = np.broadcast_arrays(a, as_array(1.0 if b is None else b))
    with np.errstate(invalid="ignore", divide="ignore"):
        a = np.where((payload(b) == 0) & (payload(a) == np.inf), -np.inf, a)
        largest = np.max(np.where(payload(b) == 0, -np.inf, payload(a)), axis=axis, keepdims=True, initial=-np.inf)
        shift = np.where(np.isfinite(largest), largest, 0.0).astype(a.dtype)
        total = np.sum(b * np.exp(a - shift), axis=axis, keepdims=True)
        z = np.log(abs(total) if return_sign else total) + shift
    z, sign = (x if keepdims else np.squeeze(x, axis=axis)[()] for x in (z, np.sign(total)))
    return (z, sign) if return_sign else z


def softmax(x: Any, axis: Axis = None) -> Any:
    """exp(x) over its sum along `axis`, as `scipy.special.softmax`: by default over all elements."""
    return functions.softmax(as_array(x), axis=axis)


def log_softmax(x: Any, axis: Axis = None) -> Any:
    """The logarithm of `softmax`, as `scipy.special.log_softmax`: by default over all elements."""
    return functions.log_softmax(as_array(x), axis=axis)


def binom_by_n(g: Any, z: Any, n: Any, k: Any) -> Any:
    """Z (ψ(n + 1) - ψ(n - k + 1)); where that is 0 · ∞, at whole numbers n < k, n! m! (-1)ᵐ / k! with m = k - 1 - n."""
    return g * np.where(is_pole(n - k), _limit(n, k, k - 1 - n), z * psi_difference(_off(n - k) + 1, k))


def binom_by_k(g: Any, z: Any, n: Any, k: Any) -> Any:
    """Z (ψ(n - k + 1) - ψ(k + 1)), with the same limits where it is 0 · ∞."""
    beyond, below = is_pole(n - k), is_pole(k)
    slope = z * (special.psi(_off(n - k) + 1) - special.psi(_off(k) + 1))
    slope = np.where(beyond, -_limit(n, k, k - 1 - n), slope)
    return g * np.where(below, _limit(n, n - k, -k - 1), slope)


def rgamma_slope(x: Any, z: Any) -> Any:
    """-ψ(x) / Γ(x); at 0, -1, -2, …, where that is ∞ · 0, m! (-1)ᵐ with m = -x."""
    pole = (payload(x) <= 0) & (payload(x) == np.floor(payload(x)))
    m = np.where(pole, -payload(x), 0.0)
    return np.where(
        pole, (1 - 2 * np.remainder(m, 2.0)) * special.gamma(m + 1), -z * special.psi(np.where(pole, 1.0, x))
    )


def multigammaln(a: Any, d: int) -> Any:
    """The logarithm of Γ in d dimensions, as `scipy.special.multigammaln`: of a Wishart distribution.

    >>> round(float(multigammaln(2.5, 2)), 6)
    0.857048

    Raises:
        TypeError: `d` is no whole number from 1 up.
        ValueError: `a` is no more than (d - 1) / 2.
    """
    a = as_array(a)
    if not isinstance(d, (int, np.integer)) or d < 1:
        raise TypeError(f"multigammaln: d is {d!r}; pass an int from 1 up")
    if np.any(payload(a) <= (d - 1) / 2):
        raise ValueError(f"multigammaln: a must be greater than (d - 1) / 2, which is {(d - 1) / 2}")
    terms = [special.gammaln(a - j / 2) for j in range(d)]
    return sum(terms, d * (d - 1) / 4 * math.log(math.pi))


def is_pole(x: Any) -> Any:
    """Whether 1 / Γ(x + 1) is 0, at a whole number below 0."""
    return (payload(x) < 0) & (payload(x) == np.floor(payload(x)))


def _off(x: Any) -> Any:
    return np.where(is_pole(x), 1.0, x)


def _limit(n: Any, k: Any, m: Any) -> Any:
    sign = 1 - 2 * np.remainder(payload(m), 2.0)
    return sign * special.gamma(payload(n) + 1.0) * special.gamma(payload(m) + 1.0) / special.gamma(payload(k) + 1.0)


# fmt: off
derivative(special.erf,       lambda g, z, x: g * ERF * bell(x, 1.0))
derivative(special.erfc,      lambda g, z, x: -g * ERF * bell(x, 1.0))
derivative(special.erfinv,    lambda g, z, y: g * erfinv_slope(y, z))
derivative(special.erfcinv,   lambda g, z, y: -g * erfcinv_slope(y, z))
derivative(special.erfcx,     lambda g, z, x: g * erfcx_slope(x))
derivative(special.ndtr,      lambda g, z, x: g / ROOT_2PI * bell(x, 0.5))
derivative(special.ndtri,     lambda g, z, y: g * ndtri_slope(y, z))
derivative(special.log_ndtr,  lambda g, z, x: g * hazard(x))
derivative(special.expit,     lambda g, z, x: g * z * special.expit(-x))
derivative(special.log_expit, lambda g, z, x: g * special.expit(-x))
derivative(special.logit,     lambda g, z, x: g / (x * (1 - x)))

# 0 log 0 = 0: by y its slope is 0 for x = 0, and by x it is log y, which is infinite for y = 0.
derivative(special.xlogy,     lambda g, z, x, y: g * np.log(y),
                              lambda g, z, x, y: g * x / (y + (x == 0) * (y == 0)))
derivative(special.xlog1py,   lambda g, z, x, y: g * np.log1p(y),
                              lambda g, z, x, y: g * x / (1 + y + (x == 0) * (y == -1)))
derivative(special.entr,      lambda g, z, x: -g * (np.log(x) + 1))
derivative(special.rel_entr,  lambda g, z, x, y: g * (log_ratio(x, y) + 1),
                              lambda g, z, x, y: -g * (x / replace_zero(y)))
derivative(special.kl_div,    lambda g, z, x, y: g * log_ratio(x, y),
                              lambda g, z, x, y: g * np.where(x == 0, 1.0, (y - x) / replace_zero(y)))

derivative(special.psi,       lambda g, z, x: g * trigamma(x))
derivative(special.gammaln,   lambda g, z, x: g * special.psi(x))
derivative(special.loggamma,  lambda g, z, x: g * special.psi(x))
derivative(special.gamma,     lambda g, z, x: g * z * special.psi(x))
derivative(special.beta,      lambda g, z, x, y: -g * z * psi_difference(x, y),
                              lambda g, z, x, y: -g * z * psi_difference(y, x))
derivative(special.betaln,    lambda g, z, x, y: -g * psi_difference(x, y),
                              lambda g, z, x, y: -g * psi_difference(y, x))
derivative(special.binom,     binom_by_n, binom_by_k)
derivative(special.poch,      lambda g, z, x, y: g * z * psi_difference(x, y),
                              lambda g, z, x, y: g * z * special.psi(x + y))
derivative(special.rgamma,    lambda g, z, x: g * rgamma_slope(x, z))

derivative(special.j0,        lambda g, z, x: -g * special.j1(x))
derivative(special.j1,        lambda g, z, x: g * j1_slope(x))
derivative(special.jv,        None, lambda g, z, n, x: g * (special.jv(n - 1, x) - special.jv(n + 1, x)) / 2)
derivative(special.y0,        lambda g, z, x: -g * special.y1(x))
derivative(special.y1,        lambda g, z, x: g * (special.y0(x) - z / x))
derivative(special.yn,        None, lambda g, z, n, x: g * (special.yn(n - 1, x) - special.yn(n + 1, x)) / 2)
derivative(special.yv,        None, lambda g, z, n, x: g * (special.yv(n - 1, x) - special.yv(n + 1, x)) / 2)
derivative(special.i0,        lambda g, z, x: g * i0_slope(x))
derivative(special.i1,        lambda g, z, x: g * i1_slope(x))
derivative(special.iv,        None, lambda g, z, n, x: g * (special.iv(n - 1, x) + special.iv(n + 1, x)) / 2)
derivative(special.ive,       None, lambda g, z, n, x: g * ive_slope(n, x, z))
derivative(special.k0,        lambda g, z, x: -g * special.k1(x))
derivative(special.k1,        lambda g, z, x: -g * (special.k0(x) + z / x))
derivative(special.kn,        None, lambda g, z, n, x: -g * (special.kn(n - 1, x) + special.kn(n + 1, x)) / 2)
derivative(special.kv,        None, lambda g, z, n, x: -g * (special.kv(n - 1, x) + special.kv(n + 1, x)) / 2)
derivative(special.kve,       None, lambda g, z, n, x: g * kve_slope(n, x, z))

# i0e has a kink at 0, where its slope is taken for 0; the slope of i1e has one.
derivative(special.i0e,       lambda g, z, x: g * i0e_slope(x), kink=lambda z, x: x == 0)
derivative(special.i1e,       lambda g, z, x: g * i1e_slope(x))
# fmt: on

remedies.update({"k0e": "write scipy.special.kve(0, x)", "k1e": "write scipy.special.kve(1, x)"})
_INSTEAD = {
    **dict.fromkeys(
        ("factorial", "comb", "perm"), "write special.gamma(n + 1), special.binom(n, k), special.poch(n - k + 1, k)"
    ),
    "zeta": "by its second argument write polygamma(n - 1, q), which is (-1)ⁿ (n - 1)! ζ(n, q)",
    "sinc": "write np.sinc(x)",
    **dict.fromkeys(("jvp", "yvp", "ivp", "kvp"), "write the gradient of jv, yv, iv or kv"),
}


def __getattr__(name: str) -> NoReturn:
    known = getattr(special, name, None)
    if known is None:
        own = "nor has scipy.special"
    elif known in table or name == "softplus":
        own = f"scipy.special.{name} takes Values itself"
    else:
        rule = "give it a row, with tinygrad_edu.primitive and tinygrad_edu.derivative"
        own = f"{_INSTEAD[name]}, or {rule}" if name in _INSTEAD else f"there is no rule for it: {rule}"
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}; {own}")
