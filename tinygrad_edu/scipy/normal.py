"""Slopes of the normal distribution's functions, all by way of Mills' ratio (1 - Φ) / φ.

x, y  inputs
z     the output
s     the slope
t     a number from 0 up
n     how many times Mills' ratio was differentiated
"""

import math
from typing import Any

import numpy as np
from scipy import special

from tinygrad_edu.core.primitives import primitive
from tinygrad_edu.derivatives.arithmetic import flat
from tinygrad_edu.derivatives.exponential import bell
from tinygrad_edu.scipy.pieces import Coefficients, Pieces, beyond
from tinygrad_edu.scipy.slopes import ERF, ROOT_2PI, ROOT_HALF, derivative, elementwise, like, wide

ROOT_HALF_PI = math.sqrt(math.pi / 2)
TERMS = 150  # of the continued fraction, for t ≥ 2
FAR, FAR_TERMS = 40.0, 8  # from where that many terms of the asymptotic series are enough
STEP = 1 / 32
NODES = np.exp(GRID := np.arange(-4, 2.75, STEP)) * np.exp(-np.exp(-GRID))
WEIGHTS = STEP * (1 + np.exp(-GRID)) * NODES


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
    for k in reversed(range(n + TERMS)):
        ratio = 1 / (outward + (k + 1) * ratio)  # Mₖ / Mₖ₋₁, and M₋₁ = 1
        far = far * ratio if k <= n else 1.0
    return like(np.where(t < 2, near, far), x)


def coefficients(slopes: int) -> Coefficients:
    """The Taylor coefficients of Mₙ / n! at n = 0 or 1, by a sum over positive numbers.

    Source: Takahasi and Mori, "Double exponential formulas for numerical integration", 1974.
    """

    def at(c: Any) -> list[Any]:
        parts = np.exp(-c[:, None] * NODES - NODES**2 / 2) * WEIGHTS * NODES**slopes
        return [(-1) ** n / math.factorial(n) * np.sum(parts * NODES**n, axis=-1) for n in range(9)]

    return at


NEAR, NEAR_SLOPE = (Pieces(coefficients(n), FAR, 32) for n in (0, 1))


def asymptotic(t: Any, n: int) -> Any:
    """M₀ = 1/t - 1/t³ + 3/t⁵ - … or M₁ = 1/t² - 3/t⁴ + 15/t⁶ - … far out (DLMF 7.12.1)."""
    square, series = 1 / t / t, 1.0
    for k in reversed(range(n, FAR_TERMS)):
        series = 1 - (2 * k + 1) * square * series
    return series / t ** (n + 1)


def quick_mills(t: Any) -> Any:
    """Mills' ratio, for t ≥ 0, at a fraction of the cost."""
    return beyond(FAR, t, NEAR(t), lambda t: asymptotic(t, 0))


def erfinv_slope_of(y: Any, z: Any) -> Any:
    """√π/2 exp(z²) for z = erfinv(y): that is erfcx(z) over 1 - |y|, which is exact where z² has lost digits."""
    return like(_over_tail(abs(wide(z)) / ROOT_HALF, (1 - abs(wide(y))) / ROOT_HALF), y)


def ndtri_slope_of(y: Any, z: Any) -> Any:
    """√2π exp(z²/2) for z = ndtri(y), which is Mills' ratio over y or 1 - y, the smaller one."""
    return like(_over_tail(abs(wide(z)), np.minimum(wide(y), 1 - wide(y))), y)


def erfcinv_slope_of(y: Any, z: Any) -> Any:
    """√π/2 exp(z²) for z = erfcinv(y): as that of erfinv, over y or 2 - y."""
    return like(_over_tail(abs(wide(z)) / ROOT_HALF, np.minimum(wide(y), 2 - wide(y)) / ROOT_HALF), y)


def erfcx_slope_of(x: Any) -> Any:
    """2 x erfcx(x) - 2/√π, which is 4 x exp(x²) less that of -x; above 0, where its terms cancel, -2/√π M₁(√2 x)."""
    t = wide(x)
    u = abs(t) / ROOT_HALF
    s = -ERF * beyond(FAR, u, NEAR_SLOPE(u), lambda u: asymptotic(u, 1))
    if np.any(t < 0):
        s = s + 4 * np.minimum(t, 0.0) * bell(np.minimum(t, 0.0), -1.0)
    return like(s, x)


def erfcx_rule(g: Any, s: Any, x: Any) -> Any:
    """2 erfcx(x) + 2 x s, above 0 as 4 √(2/π) M₂(√2 x)."""
    u = np.where(x < 0, 0.0, x) / ROOT_HALF
    return g * np.where(x < 0, 2 * special.erfcx(np.minimum(x, 0.0)) + 2 * x * s, 4 / ROOT_HALF_PI * mills(u, 2))


def _over_tail(t: Any, tail: Any) -> Any:
    with np.errstate(divide="ignore"):  # infinite at both ends
        return quick_mills(np.minimum(t, FAR)) / tail


def hazard_of(x: Any) -> Any:
    """φ(x) / Φ(x), which below 0 is one over Mills' ratio M, and above φ / (1 - φ M)."""
    t = wide(x)
    ratio, density = quick_mills(abs(t)), bell(np.maximum(t, 0.0), 0.5) / ROOT_2PI
    return like(np.where(t < 0, 1 / ratio, density / (1 - density * ratio)), x)


@primitive
def erfinv_slope(y: Any, z: Any, out: Any = None) -> Any:
    """The slope of z = erfinv(y)."""
    return elementwise(erfinv_slope_of, y, z, out=out)


@primitive
def ndtri_slope(y: Any, z: Any, out: Any = None) -> Any:
    """The slope of z = ndtri(y), where Φ reaches y."""
    return elementwise(ndtri_slope_of, y, z, out=out)


@primitive
def erfcinv_slope(y: Any, z: Any, out: Any = None) -> Any:
    """Less the slope of z = erfcinv(y)."""
    return elementwise(erfcinv_slope_of, y, z, out=out)


@primitive
def erfcx_slope(x: Any, out: Any = None) -> Any:
    """The slope of erfcx."""
    return elementwise(erfcx_slope_of, x, out=out)


@primitive
def hazard(x: Any, out: Any = None) -> Any:
    """The slope of log Φ."""
    return elementwise(hazard_of, x, out=out)


def hazard_rule(g: Any, s: Any, x: Any) -> Any:
    """-s (x + s), where x and s nearly cancel by way of Mills' ratio: -M₁ / M₀²."""
    t = np.where(x < 0, -x, 0.0)
    return g * np.where(x < 0, -mills(t, 1) / mills(t, 0) ** 2, -s * (x + s))


# fmt: off
# As functions of z alone: y is there for digits that z lacks.
derivative(erfinv_slope, flat, lambda g, s, y, z: g * 2 * z * s, opaque=True)
derivative(erfcinv_slope, flat, lambda g, s, y, z: g * 2 * z * s, opaque=True)
derivative(ndtri_slope,  flat, lambda g, s, y, z: g * z * s, opaque=True)

derivative(erfcx_slope,  erfcx_rule, opaque=True)
derivative(hazard,       hazard_rule, opaque=True)
derivative(mills,        lambda g, z, x, n: -(n + 1) * g * mills(x, n + 1), None)
# fmt: on
