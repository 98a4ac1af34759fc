"""Slopes of Bessel functions.

x      input
y      its size
z      output
n      how many times a function was differentiated
order  of I or K, such as 0 of I₀
u      1 - cosθ

Sources: DLMF 10.6, 10.29, 10.32.1, 10.40.1 and 10.40.2.
"""

import math
from typing import Any

import numpy as np
from scipy import special

from tinygrad_edu.core.primitives import primitive
from tinygrad_edu.scipy.pieces import Coefficients, Pieces, beyond
from tinygrad_edu.scipy.slopes import ROOT_2PI, derivative, elementwise, like, wide

FAR, FAR_TERMS = 30.0, 24  # from where that many terms of the asymptotic series are enough
NODES = 128  # of the trapezoidal rule, which for periodic functions is exact to the last digit
ANGLES = (np.arange(NODES) + 0.5) * (math.pi / NODES)
SINE, COSINE, U = np.sin(ANGLES), np.cos(ANGLES), 2 * np.sin(ANGLES / 2) ** 2


def mean_of(weight: Any) -> Coefficients:
    """The Taylor coefficients of the mean of ``weight * exp(-y u)`` over θ from 0 to π."""

    def coefficients(c: Any) -> list[Any]:
        parts = np.exp(-c[:, None] * U) * weight / NODES
        return [(-1) ** n / math.factorial(n) * np.sum(parts * U**n, axis=-1) for n in range(16)]

    return coefficients


# exp(-y) times I₁(y) / y, I₁'(y), I₀(y) - I₁(y) and I₁(y) - I₁'(y)
FIRST, BY_X = Pieces(mean_of(SINE**2), FAR, 2), Pieces(mean_of(COSINE**2), FAR, 2)
FALL = Pieces(mean_of(U), FAR, 2), Pieces(mean_of(COSINE * U), FAR, 2)


def waves(c: Any) -> list[Any]:
    """The Taylor coefficients of J₁'."""
    return [
        np.mean(SINE ** (n + 2) * np.cos(c[:, None] * SINE + n * math.pi / 2), axis=-1) / math.factorial(n)
        for n in range(13)
    ]


WAVE = Pieces(waves, FAR, 2)


def asymptotic(y: Any, order: Any, n: int, turn: float = -1.0) -> Any:
    """The nth derivative of exp(-y) I(y), far out; of exp(y) K(y) / π for `turn` 1, where signs do not alternate."""
    t = 1 / y
    series: Any = 0.0
    term: Any = 1.0
    for k in range(FAR_TERMS):
        series = series + term * math.prod(k + 0.5 + j for j in range(n))
        term = term * (turn * (4 * order * order - (2 * k + 1) ** 2) / (8 * (k + 1))) * t
    return (-1) ** n * series * t**n * np.sqrt(t) / ROOT_2PI


def farther(order: Any, x: Any, z: Any) -> tuple[Any, Any]:
    """Where the asymptotic series holds, and the size of `x` there: from FAR on, of a high order from order² / 2."""
    y, start = abs(x), np.maximum(FAR, order * order / 2)
    far = (y > start) & (z == z)  # noqa: PLR0124 - where z is NaN, so is the slope
    return far, np.where(far, y, start)


def ive_slope(order: Any, x: Any, z: Any) -> Any:
    """The slope of z = exp(-|x|) I(x) by x: (I₋ + I₊) / 2 - I; far out, where these nearly cancel, a series."""
    far, y = farther(order, x, z)
    beside = (special.ive(order - 1, x) + special.ive(order + 1, x)) / 2 - np.sign(x) * z
    mirrored = np.where(x < 0, 2 * np.remainder(order, 2) - 1, 1.0)
    return np.where(far, asymptotic(y, order, 1) * mirrored, beside)


def kve_slope(order: Any, x: Any, z: Any) -> Any:
    """The slope of z = exp(x) K(x) by x: K - (K₋ + K₊) / 2; far out, where these nearly cancel, a series."""
    far, y = farther(order, x, z)
    beside = z - (special.kve(order - 1, x) + special.kve(order + 1, x)) / 2
    return np.where(far, math.pi * asymptotic(y, order, 1, turn=1.0), beside)


def scaled_slope(x: Any, order: int) -> Any:
    """The slope of exp(-|x|) I(x): its terms nearly cancel far out, so that it is a series of the difference."""
    y = abs(wide(x))
    s = beyond(FAR, y, -FALL[order](y), lambda y: asymptotic(y, order, 1))
    return like(s * np.sign(x) if order == 0 else s, x)


def unscaled_slope(x: Any, order: int) -> Any:
    """I₀' = I₁ or I₁' = I₀ - I₁ / x, near 0 to more digits than SciPy's I₁ and I₀ have."""
    y = abs(wide(x))
    s = y * FIRST(y) if order == 0 else BY_X(y)
    s = beyond(FAR, y, s * np.exp(np.minimum(y, FAR)), _first if order == 0 else _by_x)
    return like(s * np.sign(x) if order == 0 else s, x)


def _first(y: Any) -> Any:
    return special.i1(y)


def _by_x(y: Any) -> Any:
    return special.i1(y) * (special.i0e(y) / special.i1e(y) - 1 / y)


def j1_slope_of(x: Any) -> Any:
    """J₀(x) - J₁(x) / x, near 0 as the mean of sin²θ cos(x sinθ)."""
    y = abs(wide(x))
    return like(beyond(FAR, y, WAVE(y), lambda y: special.j0(y) - special.j1(y) / y), x)


@primitive
def i0_slope(x: Any, out: Any = None) -> Any:
    """I₀'(x) = I₁(x)."""
    return elementwise(lambda x: unscaled_slope(x, 0), x, out=out)


@primitive
def i1_slope(x: Any, out: Any = None) -> Any:
    """I₁'(x) = I₀(x) - I₁(x) / x."""
    return elementwise(lambda x: unscaled_slope(x, 1), x, out=out)


@primitive
def i0e_slope(x: Any, out: Any = None) -> Any:
    """sign(x) exp(-|x|) (I₁(|x|) - I₀(x)); at 0, the mean of both sides."""
    return elementwise(lambda x: scaled_slope(x, 0), x, out=out)


@primitive
def i1e_slope(x: Any, out: Any = None) -> Any:
    """exp(-|x|) (I₁'(x) - I₁(|x|))."""
    return elementwise(lambda x: scaled_slope(x, 1), x, out=out)


@primitive
def scaled_bessel_slope(x: Any, order: int, n: int) -> Any:
    """The nth derivative of exp(-|x|) I(x), for n from 2 up; at 0, the mean of both sides."""
    y = abs(wide(x))
    near = np.minimum(y, FAR)
    direct = sum((-1) ** j * math.comb(2 * n, j) * special.ive(order + n - j, near) for j in range(2 * n + 1)) / 2**n
    s = np.where(y < FAR, direct, asymptotic(np.maximum(y, FAR), order, n))
    return like(s * np.sign(x) if (n + order) % 2 else s, x)


@primitive
def j1_slope(x: Any, out: Any = None) -> Any:
    """J₁'(x) = J₀(x) - J₁(x) / x."""
    return elementwise(j1_slope_of, x, out=out)


def has_two_sides(z: Any, x: Any, *order: int) -> Any:
    """Where a derivative of the scaled functions differs from that of the other side."""
    return x == 0


# fmt: off
derivative(i0_slope,  lambda g, z, x: g * i1_slope(x), opaque=True)
derivative(i1_slope,  lambda g, z, x: g * (special.iv(3, x) + 3 * special.i1(x)) / 4, opaque=True)
derivative(j1_slope,  lambda g, z, x: g * (special.jv(3, x) - 3 * special.j1(x)) / 4, opaque=True)
derivative(i0e_slope, lambda g, z, x: g * scaled_bessel_slope(x, 0, 2), opaque=True)
derivative(i1e_slope, lambda g, z, x: g * scaled_bessel_slope(x, 1, 2), kink=has_two_sides, opaque=True)
derivative(scaled_bessel_slope, lambda g, z, x, order, n: g * scaled_bessel_slope(x, order, n + 1), None, None,
           kink=has_two_sides)
# fmt: on
