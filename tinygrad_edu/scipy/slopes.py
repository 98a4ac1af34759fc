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
from tinygrad_edu.core.dispatch import primitive
from tinygrad_edu.derivatives.exponential import bell

derivative = functools.partial(
    rules.derivative, real="rules of SciPy's functions are of real numbers: write it of parts"
)
zeta: Any = inspect.unwrap(special.zeta).__globals__["_ufuncs"]._zeta  # Hurwitz', which `special.zeta(n, x)` calls
ROOT_PI = math.sqrt(math.pi)
ROOT_2PI = math.sqrt(2 * math.pi)
ROOT_HALF_PI = math.sqrt(math.pi / 2)
ROOT_HALF = math.sqrt(0.5)
# Of log Γ's asymptotic series, Σ bₖ / (2k (2k - 1) x²ᵏ⁻¹): the Bernoulli numbers b₂, b₄, … (DLMF 24.2).
BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6)
ASYMPTOTIC = 10  # from where that series is as good as double precision
MILLS_TERMS = 150  # of the continued fraction, for x ≥ 2
BESSEL_FAR = 30.0  # from where the asymptotic series of I is as good as double precision
BESSEL_TERMS = 24


def wide(x: Any) -> Any:
    """`x` in double precision at least."""
    return np.multiply(x, np.float64(1.0))


def like(z: Any, *inputs: Any) -> Any:
    """`z` in the precision of the inputs."""
    kinds = [x.dtype for x in inputs if hasattr(x, "dtype")]
    return z.astype(np.result_type(*kinds, np.float16) if kinds else np.float64)[()]


@primitive
def erfinv_slope(y: Any) -> Any:
    """√π/2 exp(z²) for z = erfinv(y), which is √π/2 erfcx(|z|) / (1 - |y|): exact enough where z² is large."""
    z, end = abs(special.erfinv(y)), abs(y) == 1
    slope = np.where(z < 1, np.exp(np.minimum(z, 1) ** 2), special.erfcx(z) / (1 - abs(y) + end))
    return np.where(end, np.inf, ROOT_PI / 2 * slope)[()]


@primitive
def ndtri_slope(y: Any) -> Any:
    """√2π exp(z²/2) for z = ndtri(y), which is √(π/2) erfcx(|z|/√2) over y or 1 - y, the smaller one."""
    tail = np.minimum(y, 1 - y)
    end = tail == 0
    return np.where(end, np.inf, ROOT_HALF_PI * special.erfcx(abs(special.ndtri(y)) * ROOT_HALF) / (tail + end))[()]


@primitive
def hazard(x: Any) -> Any:
    """φ(x) / Φ(x), the slope of log Φ."""
    below = np.minimum(x, -1.0)
    above = np.maximum(x, -1.0)
    tail = 1 / ROOT_HALF_PI / special.erfcx(-below * ROOT_HALF)
    return like(np.where(x < -1, tail, bell(above, 0.5) / ROOT_2PI / special.ndtr(above)), x)


def hazard_rule(g: Any, s: Any, x: Any) -> Any:
    """-s (x + s), where x and s nearly cancel by way of Mills' ratio: -M₁ / M₀²."""
    t = np.where(x < 0, -x, 0.0)
    return g * np.where(x < 0, -mills(t, 1) / mills(t, 0) ** 2, -s * (x + s))


@primitive
def mills(x: Any, n: int) -> Any:
    """∫ uⁿ/n! exp(-u²/2 - u x) du from 0 up, for x ≥ 0: n = 0 is Mills' ratio, and the slope of one is the next.

    (n + 1) Mₙ₊₁ = Mₙ₋₁ - x Mₙ, which far out loses all digits; the continued fraction that it makes loses none.

    Source: DLMF 7.18, repeated integrals of the error function.
    """
    t = wide(x)
    near, before = ROOT_HALF_PI * special.erfcx(t * ROOT_HALF), 1.0
    for k in range(1, n + 1):
        near, before = (before - t * near) / k, near
    outward, ratio, far = np.maximum(t, 2.0), 0.0, 1.0
    for k in reversed(range(n + MILLS_TERMS)):
        ratio = 1 / (outward + (k + 1) * ratio)  # Mₖ / Mₖ₋₁, and M₋₁ = 1
        far = far * ratio if k <= n else 1.0
    return like(np.where(t < 2, near, far), x)


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


@primitive
def log_ratio(x: Any, y: Any) -> Any:
    """log(x / y), precise where they are nearly equal and where the quotient leaves the float range."""
    a, b = wide(x), wide(y)
    close = abs(a - b) < b / 2
    quotient = np.where(close, 1.0, a / b)
    apart = np.where((quotient > 1e-300) & (quotient < 1e300), np.log(quotient), np.log(a) - np.log(b))
    return like(np.where(close, np.log1p(np.where(close, a - b, 0.0) / b), apart), x, y)


@primitive
def j1_slope(x: Any) -> Any:
    """J₁'(x) = J₀(x) - J₁(x) / x."""
    return np.where(x == 0, 0.5, special.j0(x) - special.j1(x) / (x + (x == 0)))[()]


@primitive
def i1_slope(x: Any) -> Any:
    """I₁'(x) = I₀(x) - I₁(x) / x."""
    at_zero = x == 0
    ratio = special.i0e(x) / (special.i1e(x) + at_zero) - 1 / (x + at_zero)
    return np.where(at_zero, 0.5, special.i1(x) * ratio)[()]


@primitive
def scaled_bessel_slope(x: Any, order: int, n: int) -> Any:
    """The nth derivative of exp(-|x|) I(x), of order 0 or 1; at 0, the mean of both sides.

    Far out its terms nearly cancel, and the asymptotic series is differentiated instead.

    Source: DLMF 10.29.1 and 10.40.1.
    """
    y = abs(wide(x))
    near, far = np.minimum(y, BESSEL_FAR), np.maximum(y, BESSEL_FAR)
    if n == 1:
        zeroth, first = special.i0e(near), special.i1e(near)
        by_x = np.where(near == 0, 0.5, first / (near + (near == 0)))
        direct = first - zeroth if order == 0 else zeroth - by_x - first
    else:
        direct = (
            sum((-1) ** j * math.comb(2 * n, j) * special.ive(order + n - j, near) for j in range(2 * n + 1)) / 2**n
        )
    term, series = 1.0, 0.0
    for k in range(BESSEL_TERMS):
        series = series + term * math.prod(k + 0.5 + j for j in range(n)) / far**k
        term = -term * (4 * order**2 - (2 * k + 1) ** 2) / (8 * (k + 1))
    asymptotic = (-1) ** n * series / far**n / np.sqrt(far) / ROOT_2PI
    s = np.where(y < BESSEL_FAR, direct, asymptotic)
    return like(s * np.sign(x) if (n + order) % 2 else s, x)


def has_two_sides(z: Any, x: Any, order: int, n: int) -> Any:
    """Where a derivative of the scaled functions differs from that of the other side."""
    return x == 0


# fmt: off
derivative(erfinv_slope,        lambda g, s, y: g * 2 * special.erfinv(y) * s * s)
derivative(ndtri_slope,         lambda g, s, y: g * special.ndtri(y) * s * s)
derivative(hazard,              hazard_rule)
derivative(mills,               lambda g, z, x, n: -(n + 1) * g * mills(x, n + 1), None)
derivative(psi_difference,      lambda g, z, x, y: g * (zeta(2.0, x + y) - zeta(2.0, x)),
                                lambda g, z, x, y: g * zeta(2.0, x + y))
derivative(gamma_density,       None, lambda g, z, a, x: g * (gamma_density(a - 1, x) - z))
derivative(beta_density,        None, None,
           lambda g, z, a, b, x: g * (a + b - 1) * (beta_density(a - 1, b, x) - beta_density(a, b - 1, x)))
derivative(log_ratio,           lambda g, z, x, y: g / x,
                                lambda g, z, x, y: -g / y)
derivative(j1_slope,            lambda g, z, x: g * (special.jv(3, x) - 3 * special.j1(x)) / 4)
derivative(i1_slope,            lambda g, z, x: g * (special.iv(3, x) + 3 * special.i1(x)) / 4)
derivative(scaled_bessel_slope, lambda g, z, x, order, n: g * scaled_bessel_slope(x, order, n + 1), None, None,
           kink=has_two_sides)
# fmt: on
