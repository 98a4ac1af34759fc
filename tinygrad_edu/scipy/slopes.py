"""Slopes of special functions, to the last digits where a formula of NumPy's functions alone would lose them.

x, y  inputs
z     the output
s     the slope
n     how many times a function was differentiated, or an order
"""

import functools
import inspect
import math
from typing import Any

import numpy as np
from scipy import special

from tinygrad_edu.core import rules
from tinygrad_edu.core.primitives import primitive
from tinygrad_edu.core.tape import Entry, payload

derivative = functools.partial(
    rules.derivative, real="rules of SciPy's functions are of real numbers: write it of parts"
)
zeta: Any = inspect.unwrap(special.zeta).__globals__["_ufuncs"]._zeta  # Hurwitz', which `special.zeta(n, x)` calls
ROOT_2PI = math.sqrt(2 * math.pi)
ROOT_HALF = math.sqrt(0.5)
ERF = 2 / math.sqrt(math.pi)  # the slope of erf at 0
# Of log Γ's asymptotic series, Σ bₖ / (2k (2k - 1) x²ᵏ⁻¹): the Bernoulli numbers b₂, b₄, … (DLMF 24.2).
BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798)
ASYMPTOTIC = 10  # from where that series is as good as double precision


def wide(x: Any) -> Any:
    """`x` in double precision at least."""
    return np.multiply(x, np.float64(1.0))


def like(z: Any, *inputs: Any) -> Any:
    """`z` in the precision of the inputs."""
    kinds = [x.dtype for x in inputs if hasattr(x, "dtype")]
    return z.astype(np.result_type(*kinds, np.float16) if kinds else np.float64)[()]


def in_double(name: str, a: Any) -> Any:
    """`a`, which must not be of long doubles: SciPy has nothing finer than doubles, and would lose digits unsaid."""
    a = a if hasattr(a, "dtype") else np.asarray(a)
    if a.dtype in (np.longdouble, np.clongdouble):
        raise TypeError(
            f"{name}: got numbers of {a.dtype}, and SciPy computes in double precision; pass a.astype(float)"
        )
    return a


def elementwise(function: Any, *arrays: Any, out: Any) -> Any:
    """``function(*arrays)``, written to `out` if there is one; of Dask's arrays lazily, block by block."""
    if any(isinstance(x, Entry) for x in arrays):
        raise TypeError(f"{function.__name__}: its steps are of numbers, and have no slopes of their own")
    first = in_double(function.__name__, arrays[0])
    if hasattr(first, "map_blocks"):
        return first.map_blocks(function, *arrays[1:], dtype=first.dtype)
    z = function(*arrays)
    if out is None:
        return z
    out[...] = z
    return out


def trigamma_of(x: Any) -> Any:
    """ψ'(x) = Σ 1 / (x + k)²: some terms, and from there on the asymptotic series; below 0 by reflection."""
    y = wide(x)
    below = y < 0
    if reflected := np.any(below):
        y = np.where(below, 1 - y, y)
    with np.errstate(over="ignore"):
        z = 1 / (y * y)
        for k in range(1, ASYMPTOTIC):
            part = y + k
            part *= part
            z += 1 / part
    t = 1 / (y + ASYMPTOTIC)
    square, series = t * t, np.zeros_like(t)
    for number in reversed(BERNOULLI):
        series += number
        series *= square
    series += t / 2
    series += 1
    z += t * series
    if reflected:  # ψ'(x) = π² / sin²(πx) - ψ'(1 - x)
        rest = np.where(below, wide(x) - np.rint(wide(x)), 0.5)
        z = np.where(below, (math.pi / np.sin(math.pi * rest)) ** 2 - z, z)
    return like(z, x)


@primitive
def trigamma(x: Any, out: Any = None) -> Any:
    """ψ'(x), the slope of the digamma function.

    Source: DLMF 5.5.4, 5.15.1 and 5.15.8.
    """
    return elementwise(trigamma_of, x, out=out)


@primitive
def psi_difference(x: Any, y: Any) -> Any:
    """ψ(x + y) - ψ(x), which for a small y / x would lose its digits: for positive numbers, a sum of positive terms.

    Source: DLMF 5.5.2 and 5.11.2.
    """
    plain = special.psi(wide(x) + y) - special.psi(wide(x))
    positive = (x > 0) & (x + y > 0) & (abs(y) <= x)
    a, b = np.where(positive, wide(x), 1.0), np.where(positive, wide(y), 1.0)
    s: Any = 0.0
    for k in range(ASYMPTOTIC):
        s = s + b / ((a + k) * (a + b + k))
    a = a + ASYMPTOTIC
    u, v = 1 / a, 1 / (a + b)
    less = u * v * b  # u - v
    s = s + np.log1p(b * u) + less / 2
    squares, power, other = less * (u + v), np.zeros_like(u), np.ones_like(u)
    for k, number in enumerate(BERNOULLI, 1):  # u²ᵏ - v²ᵏ, of which u² - v² is a factor
        power = power * v * v + other
        other = other * u * u
        s = s + number / (2 * k) * squares * power
    return like(np.where(positive, s, plain), x, y)


def stirling_error(x: Any) -> Any:
    """Log Γ(x) - (x - ½) log x + x - ½ log 2π, for x > 0."""
    far = np.maximum(x, ASYMPTOTIC)
    series: Any = 0.0
    for k, number in reversed([*enumerate(BERNOULLI, 1)]):
        series = series / far / far + number / (2 * k * (2 * k - 1))
    near = np.minimum(x, ASYMPTOTIC)
    own = special.gammaln(near) - (near - 0.5) * np.log(near) + near - math.log(ROOT_2PI)
    return np.where(x < ASYMPTOTIC, own, series / far)


def deviance(x: Any, mean: Any) -> Any:
    """X log(x / mean) + mean - x, which near x = mean is as small as (mean - x)².

    Source: C. Loader, "Fast and accurate computation of binomial probabilities", 2000.
    """
    d = (mean - x) / x
    close = abs(d) < 0.5
    v = np.where(close, (mean - x) / (mean + x), 0.0)
    series: Any = 0.0
    for k in reversed(range(17)):
        series = series * v * v + 1 / (2 * k + 3)
    return x * np.where(close, d * v - 2 * v**3 * series, d - np.log(np.where(close, 1.0, mean / x)))


@primitive
def gamma_density(a: Any, x: Any) -> Any:
    """xᵃ⁻¹ exp(-x) / Γ(a), the slope of gammainc(a, x) by x."""
    a, y = wide(a), wide(x)
    inside = (a > 0) & (y > 0) & np.isfinite(y)
    b, m = np.where(inside, a, 1.0), np.where(inside, y, 1.0)
    density = np.exp(-stirling_error(b) - deviance(b, m)) * np.sqrt(b) / ROOT_2PI / m
    scale, at = special.rgamma(a), np.where(inside | (y == np.inf), 1.0, y)
    edge = np.where(scale == 0, 0.0, np.power(at, a - 1) * np.exp(-at)) * scale
    return like(np.where(inside, density, np.where(y == np.inf, 0.0, edge)), x)


@primitive
def beta_density(a: Any, b: Any, x: Any) -> Any:
    """xᵃ⁻¹ (1 - x)ᵇ⁻¹ / B(a, b), the slope of betainc(a, b, x) by x."""
    a, b, y = wide(a), wide(b), wide(x)
    inside = (a > 0) & (b > 0) & (y > 0) & (y < 1)
    p, q, m = (np.where(inside, part, 0.5) for part in (a, b, y))
    n = p + q
    exponent = stirling_error(n) - stirling_error(p) - stirling_error(q) - deviance(p, n * m) - deviance(q, n * (1 - m))
    density = np.exp(exponent) * np.sqrt(p) * np.sqrt(q / n) / ROOT_2PI / m / (1 - m)
    size, at = special.beta(a, b), np.where(inside, 0.5, y)
    edge = np.where(np.isinf(size), 0.0, np.power(at, a - 1) * np.power(1 - at, b - 1)) / np.where(inside, 1.0, size)
    return like(np.where(inside, density, edge), x)


def beta_rule(g: Any, z: Any, a: Any, b: Any, x: Any) -> Any:
    """Z ((a - 1) / x - (b - 1) / (1 - x)), and at 0 and 1, where that may be 0 · ∞, by densities of less shape."""
    inside = (payload(x) > 0) & (payload(x) < 1)
    m, end = np.where(inside, x, 0.5), np.where(inside, 0.0, x)
    with np.errstate(all="ignore"):
        at_end = (a + b - 1) * (beta_density(a - 1, b, end) - beta_density(a, b - 1, end))
    return g * np.where(inside, z * ((a - 1) / m - (b - 1) / (1 - m)), at_end)


@primitive
def log_ratio(x: Any, y: Any) -> Any:
    """log(x / y), precise where they are nearly equal and where the quotient leaves the float range."""
    a, b = wide(x), wide(y)
    close = abs(a - b) < b / 2
    quotient = np.where(close, 1.0, a / b)
    apart = np.where((quotient > 1e-300) & (quotient < 1e300), np.log(quotient), np.log(a) - np.log(b))
    return like(np.where(close, np.log1p(np.where(close, a - b, 0.0) / b), apart), x, y)


# fmt: off
derivative(zeta,           None, lambda g, z, n, x: -g * n * zeta(n + 1, x))
derivative(trigamma,       lambda g, z, x: -2 * g * zeta(3.0, x), opaque=True)
derivative(psi_difference, lambda g, z, x, y: g * (trigamma(x + y) - trigamma(x)),
                           lambda g, z, x, y: g * trigamma(x + y))
derivative(gamma_density,  None, lambda g, z, a, x: g * (gamma_density(a - 1, x) - z))
derivative(beta_density,   None, None, beta_rule)
derivative(log_ratio,      lambda g, z, x, y: g / x,
                           lambda g, z, x, y: -g / y)
# fmt: on
