"""How far values and slopes of functions of one number are from the exact ones, over the float range; by mpmath.

x      a float
value  what a function is there, exactly
slope  what its derivative is there, exactly
ulp    the distance between two floats that are neighbours there
"""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import mpmath
import numpy as np
from mpmath import mpf
from scipy import special

import tinygrad_edu as tg
from tinygrad_edu import functions

Exact = Callable[[Any], Any]
LARGEST, SMALLEST = 1e300, 1e-300  # slopes beyond these are not asked for
DIGITS = 50
COUNT = 61  # points of either sign


class Exactly(NamedTuple):
    """A function and its slope, in mpmath; both are asked only where it is defined, and within `far`."""

    value: Exact
    slope: Exact
    where: Callable[[float], bool] = lambda x: True
    far: float = 1e300


def positive(x: float) -> bool:
    """Whether x is above 0."""
    return x > 0


def inside(x: float) -> bool:
    """Whether x is between -1 and 1."""
    return -1 < x < 1


def nonzero(x: float) -> bool:
    """Whether x is not 0."""
    return x != 0


LN2, LN10 = (lambda: mpmath.log(2)), (lambda: mpmath.log(10))
sigmoid: Exact = lambda x: 1 / (1 + mpmath.exp(-x))  # noqa: E731
bell: Exact = lambda x: mpmath.exp(-x * x / 2) / mpmath.sqrt(2 * mpmath.pi)  # noqa: E731
ERF: Exact = lambda x: 2 / mpmath.sqrt(mpmath.pi) * mpmath.exp(-x * x)  # noqa: E731


def ndtri(y: Any) -> Any:
    """Where the normal distribution reaches y, by Newton's method from where SciPy says."""
    z = mpf(float(special.ndtri(float(y))))
    for _ in range(4):
        z -= (mpmath.ncdf(z) - y) / bell(z)
    return z


def erfcx(x: Any) -> Any:
    """exp(x²) erfc(x), far out by as many terms of its asymptotic series."""
    if x > 1e4:
        return (
            sum((-1) ** k * mpmath.fac2(2 * k - 1) / (2 * x * x) ** k for k in range(20)) / x / mpmath.sqrt(mpmath.pi)
        )
    return mpmath.exp(x * x) * mpmath.erfc(x)


def erfcinv(y: Any) -> Any:
    """Where erfc is y, by Newton's method from where SciPy says."""
    z = mpf(float(special.erfcinv(float(y))))
    for _ in range(4):
        z += (mpmath.erfc(z) - y) / ERF(z)
    return z


def cosine(x: Any) -> Any:
    """The cosine of degrees."""
    return mpmath.cos(mpmath.radians(x))


def sinc_slope(x: Any) -> Any:
    """The slope of sin(πx) / (πx), whose terms cancel near 0."""
    y = mpmath.pi * x
    return -mpmath.pi * y / 3 if abs(y) < 1e-30 else (mpmath.cospi(x) - mpmath.sincpi(x)) / x


def si(x: Any) -> Any:
    """The sine integral."""
    return special.sici(x)[0]


def ci(x: Any) -> Any:
    """The cosine integral."""
    return special.sici(x)[1]


def shi(x: Any) -> Any:
    """The hyperbolic sine integral."""
    return special.shichi(x)[0]


def chi(x: Any) -> Any:
    """The hyperbolic cosine integral."""
    return special.shichi(x)[1]


PARTS = {special.sici: (si, ci), special.shichi: (shi, chi)}  # of functions with several results
EXACT: dict[Callable[..., Any], Exactly] = {
    np.exp: Exactly(mpmath.exp, mpmath.exp, far=690),
    np.exp2: Exactly(lambda x: mpf(2) ** x, lambda x: mpf(2) ** x * LN2(), far=990),
    np.expm1: Exactly(mpmath.expm1, mpmath.exp, far=690),
    np.log: Exactly(mpmath.log, lambda x: 1 / x, positive),
    np.log2: Exactly(lambda x: mpmath.log(x, 2), lambda x: 1 / x / LN2(), positive),
    np.log10: Exactly(mpmath.log10, lambda x: 1 / x / LN10(), positive),
    np.log1p: Exactly(mpmath.log1p, lambda x: 1 / (1 + x), lambda x: x > -1),
    np.sqrt: Exactly(mpmath.sqrt, lambda x: 1 / (2 * mpmath.sqrt(x)), positive),
    np.cbrt: Exactly(
        lambda x: mpmath.sign(x) * mpmath.cbrt(abs(x)), lambda x: 1 / (3 * mpmath.cbrt(abs(x)) ** 2), nonzero),
    np.square: Exactly(lambda x: x * x, lambda x: 2 * x),
    np.reciprocal: Exactly(lambda x: 1 / x, lambda x: -1 / x / x, nonzero),
    np.sin: Exactly(mpmath.sin, mpmath.cos),
    np.cos: Exactly(mpmath.cos, lambda x: -mpmath.sin(x)),
    np.tan: Exactly(mpmath.tan, lambda x: 1 / mpmath.cos(x) ** 2),
    np.arcsin: Exactly(mpmath.asin, lambda x: 1 / mpmath.sqrt(1 - x * x), inside),
    np.arccos: Exactly(mpmath.acos, lambda x: -1 / mpmath.sqrt(1 - x * x), inside),
    np.arctan: Exactly(mpmath.atan, lambda x: 1 / (1 + x * x)),
    np.sinh: Exactly(mpmath.sinh, mpmath.cosh, far=690),
    np.cosh: Exactly(mpmath.cosh, mpmath.sinh, far=690),
    np.tanh: Exactly(mpmath.tanh, lambda x: 1 / mpmath.cosh(x) ** 2, far=1000),
    np.arcsinh: Exactly(mpmath.asinh, lambda x: 1 / mpmath.hypot(1, x)),
    np.arccosh: Exactly(mpmath.acosh, lambda x: 1 / mpmath.sqrt((x - 1) * (x + 1)), lambda x: x > 1),
    np.arctanh: Exactly(mpmath.atanh, lambda x: 1 / ((1 - x) * (1 + x)), inside),
    np.deg2rad: Exactly(mpmath.radians, lambda x: mpmath.pi / 180),
    np.rad2deg: Exactly(mpmath.degrees, lambda x: 180 / mpmath.pi),
    np.sinc: Exactly(mpmath.sincpi, sinc_slope, far=0.9),
    np.i0: Exactly(lambda x: mpmath.besseli(0, x), lambda x: mpmath.besseli(1, x), far=690),
    functions.sigmoid: Exactly(sigmoid, lambda x: sigmoid(x) * sigmoid(-x), far=1000),
    functions.softplus: Exactly(lambda x: mpmath.log1p(mpmath.exp(x)), sigmoid, far=1000),
    functions.erf: Exactly(mpmath.erf, ERF, far=40),
    special.erf: Exactly(mpmath.erf, ERF, far=40),
    special.erfc: Exactly(mpmath.erfc, lambda x: -ERF(x), far=40),
    special.erfinv: Exactly(mpmath.erfinv, lambda y: 1 / ERF(mpmath.erfinv(y)), inside),
    special.ndtr: Exactly(mpmath.ncdf, bell, far=40),
    special.ndtri: Exactly(ndtri, lambda y: 1 / bell(ndtri(y)), lambda y: 0 < y < 1),
    special.log_ndtr: Exactly(lambda x: mpmath.log(mpmath.ncdf(x)), lambda x: bell(x) / mpmath.ncdf(x), far=1000),
    special.expit: Exactly(sigmoid, lambda x: sigmoid(x) * sigmoid(-x), far=1000),
    special.log_expit: Exactly(lambda x: -mpmath.log1p(mpmath.exp(-x)), lambda x: sigmoid(-x), far=1000),
    special.logit: Exactly(lambda y: mpmath.log(y / (1 - y)), lambda y: 1 / (y * (1 - y)), lambda y: 0 < y < 1),
    special.entr: Exactly(lambda x: -x * mpmath.log(x), lambda x: -mpmath.log(x) - 1, positive),
    special.gammaln: Exactly(mpmath.loggamma, lambda x: mpmath.psi(0, x), lambda x: x > 0 and not 0.7 < x < 2.5),
    special.loggamma: Exactly(
        mpmath.loggamma, lambda x: mpmath.psi(0, x), lambda x: x > 0 and not 0.7 < x < 2.5),
    special.gamma: Exactly(mpmath.gamma, lambda x: mpmath.gamma(x) * mpmath.psi(0, x), positive, far=165),
    special.psi: Exactly(lambda x: mpmath.psi(0, x), lambda x: mpmath.psi(1, x), lambda x: x > 0, far=1e15),
    special.j0: Exactly(lambda x: mpmath.besselj(0, x), lambda x: -mpmath.besselj(1, x), far=2),
    special.j1: Exactly(
        lambda x: mpmath.besselj(1, x), lambda x: (mpmath.besselj(0, x) - mpmath.besselj(2, x)) / 2, far=1.5),
    special.i0: Exactly(lambda x: mpmath.besseli(0, x), lambda x: mpmath.besseli(1, x), far=690),
    special.i1: Exactly(
        lambda x: mpmath.besseli(1, x), lambda x: (mpmath.besseli(0, x) + mpmath.besseli(2, x)) / 2, far=690),
    special.i0e: Exactly(
        lambda x: mpmath.exp(-abs(x)) * mpmath.besseli(0, x),
        lambda x: mpmath.exp(-abs(x)) * (mpmath.besseli(1, x) - mpmath.sign(x) * mpmath.besseli(0, x)),
        nonzero, far=1e3),
    special.i1e: Exactly(
        lambda x: mpmath.exp(-abs(x)) * mpmath.besseli(1, x),
        lambda x: mpmath.exp(-abs(x))
        * ((mpmath.besseli(0, x) + mpmath.besseli(2, x)) / 2 - mpmath.sign(x) * mpmath.besseli(1, x)),
        lambda x: not 1 < abs(x) < 2 and x != 0, far=1e3),
    special.y0: Exactly(lambda x: mpmath.bessely(0, x), lambda x: -mpmath.bessely(1, x), positive, far=0.7),
    special.y1: Exactly(
        lambda x: mpmath.bessely(1, x), lambda x: (mpmath.bessely(0, x) - mpmath.bessely(2, x)) / 2, positive, far=2),
    special.k0: Exactly(lambda x: mpmath.besselk(0, x), lambda x: -mpmath.besselk(1, x), positive, far=690),
    special.k1: Exactly(
        lambda x: mpmath.besselk(1, x), lambda x: -(mpmath.besselk(0, x) + mpmath.besselk(2, x)) / 2,
        positive, far=690),
    special.rgamma: Exactly(mpmath.rgamma, lambda x: -mpmath.rgamma(x) * mpmath.psi(0, x), positive, far=165),
    special.erfcinv: Exactly(erfcinv, lambda y: -1 / ERF(erfcinv(y)), lambda y: 0 < y < 2),
    special.erfcx: Exactly(erfcx, lambda x: 2 * x * erfcx(x) - 2 / mpmath.sqrt(mpmath.pi), lambda x: x > -26, far=1e10),
    special.erfi: Exactly(mpmath.erfi, lambda x: 2 / mpmath.sqrt(mpmath.pi) * mpmath.exp(x * x), far=26),
    special.exp1: Exactly(mpmath.e1, lambda x: -mpmath.exp(-x) / x, positive, far=690),
    special.expi: Exactly(mpmath.ei, lambda x: mpmath.exp(x) / x, nonzero, far=690),
    special.exprel: Exactly(
        lambda x: mpmath.hyp1f1(1, 2, x), lambda x: mpmath.hyp1f1(2, 3, x) / 2, far=690),
    si: Exactly(mpmath.si, mpmath.sinc),
    ci: Exactly(lambda x: mpmath.ci(abs(x)), lambda x: mpmath.cos(x) / x, nonzero),
    shi: Exactly(mpmath.shi, lambda x: mpmath.sinh(x) / x, nonzero, far=690),
    chi: Exactly(lambda x: mpmath.chi(abs(x)), lambda x: mpmath.cosh(x) / x, nonzero, far=690),
    special.exp2: Exactly(lambda x: mpf(2) ** x, lambda x: mpf(2) ** x * LN2(), far=990),
    special.exp10: Exactly(lambda x: mpf(10) ** x, lambda x: mpf(10) ** x * LN10(), far=299),
    special.expm1: Exactly(mpmath.expm1, mpmath.exp, far=690),
    special.log1p: Exactly(mpmath.log1p, lambda x: 1 / (1 + x), lambda x: x > -1),
    special.cbrt: Exactly(
        lambda x: mpmath.sign(x) * mpmath.cbrt(abs(x)), lambda x: 1 / (3 * mpmath.cbrt(abs(x)) ** 2), nonzero),
    special.cosm1: Exactly(lambda x: -2 * mpmath.sin(x / 2) ** 2, lambda x: -mpmath.sin(x)),
    special.sindg: Exactly(lambda x: mpmath.sin(mpmath.radians(x)), lambda x: cosine(x) * mpmath.pi / 180, far=80),
    special.cosdg: Exactly(cosine, lambda x: -mpmath.sin(mpmath.radians(x)) * mpmath.pi / 180, far=80),
    special.tandg: Exactly(
        lambda x: mpmath.tan(mpmath.radians(x)), lambda x: mpmath.pi / 180 / cosine(x) ** 2, far=80),
    special.cotdg: Exactly(
        lambda x: mpmath.cot(mpmath.radians(x)), lambda x: -mpmath.pi / 180 / mpmath.sin(mpmath.radians(x)) ** 2,
        lambda x: abs(x) > 0.01, far=80),
}  # fmt: skip


def points(exactly: Exactly) -> list[float]:
    """Floats of either sign, of every size that counts, and some near 1."""
    top = np.log10(exactly.far)
    sizes = np.concatenate([np.logspace(-300, min(top, 300), COUNT // 3), np.logspace(-3, min(top, 3), COUNT)])
    near_one = 1 + np.array([-1, 1])[:, None] * 2.0 ** -np.arange(4, 53, 8)
    every = np.unique(np.concatenate([-sizes, sizes, near_one.ravel()]))
    return [float(x) for x in every if abs(x) <= exactly.far and exactly.where(float(x))]


def ulps(found: float, exact: Any) -> float:
    """How far a float is from an exact number, in ulps of that number."""
    unit = mpf(float(np.spacing(abs(np.float64(float(exact))))))
    return float(abs(mpf(float(found)) - exact) / unit)


class Errors(NamedTuple):
    """The largest errors of values and of slopes, in ulps, and where the slope's is."""

    value: float
    slope: float
    at: float


@functools.cache
def measured(function: Callable[..., Any]) -> Errors:
    """The largest errors of a function over the points where value and slope are of a size that floats have."""
    exactly = EXACT[function]
    values, slopes = [0.0], [(0.0, 0.0)]
    xs = points(exactly)
    leaf = tg.Value(np.array(xs))
    with np.errstate(all="ignore"):
        z = function(leaf)
        z.backward(np.ones(len(xs)))
    with mpmath.workdps(DIGITS):
        for x, value, slope in zip(xs, z.data, leaf.grad, strict=True):
            wanted, rate = exactly.value(mpf(x)), exactly.slope(mpf(x))
            if SMALLEST < abs(wanted) < LARGEST:
                values.append(ulps(value, wanted))
            if SMALLEST < abs(rate) < LARGEST:
                slopes.append((ulps(slope, rate), x))
    return Errors(max(values), *max(slopes))
