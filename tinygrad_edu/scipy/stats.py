"""Distributions of `scipy.stats`, which does not ask Values what to do: of the same names and arguments.

x      where the distribution is looked at
loc    where it begins, or its middle
scale  how wide it is; of the normal one, its standard deviation
z      x, less loc, over scale

Outside of where they live, densities are 0, and their logarithms minus infinity, with slope 0.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import special

from tinygrad_edu.core.arrays import as_array
from tinygrad_edu.scipy.counts import Binomial, Poisson
from tinygrad_edu.scipy.support import LOG_2PI, check_positive, where
from tinygrad_edu.scipy.vectors import Dirichlet, MultivariateNormal

__all__ = [
    "beta", "binom", "cauchy", "chi2", "dirichlet", "expon", "gamma", "halfnorm", "laplace", "logistic", "lognorm",
    "multivariate_normal", "norm", "pareto", "poisson", "t", "uniform", "weibull_min",
]  # fmt: skip


class Distribution:
    """What distributions of one number have in common."""

    name: str

    def logpdf(self, x: Any, *args: Any, **keywords: Any) -> Any:
        """The logarithm of the density."""
        raise NotImplementedError

    def pdf(self, x: Any, *args: Any, **keywords: Any) -> Any:
        """The density; arguments as for `logpdf`."""
        return np.exp(self.logpdf(x, *args, **keywords))

    def _standardized(self, of: str, x: Any, loc: Any, scale: Any, **shapes: Any) -> Any:
        check_positive(f"{self.name}.{of}", scale=scale, **shapes)
        return (as_array(x) - loc) / scale


class Normal(Distribution):
    """The normal distribution.

    >>> float(norm.logpdf(1.0, loc=1.0, scale=2.0)).__round__(4)
    -1.6121
    """

    name = "norm"

    def logpdf(self, x: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
        """The logarithm of the density."""
        z = self._standardized("logpdf", x, loc, scale)
        return -z * z / 2 - LOG_2PI / 2 - np.log(scale)

    def cdf(self, x: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
        """The probability of what is at most `x`."""
        return special.ndtr(self._standardized("cdf", x, loc, scale))

    def logcdf(self, x: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
        """The logarithm of `cdf`."""
        return special.log_ndtr(self._standardized("logcdf", x, loc, scale))

    def sf(self, x: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
        """The probability of what is more than `x`."""
        return special.ndtr(-self._standardized("sf", x, loc, scale))

    def logsf(self, x: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
        """The logarithm of `sf`."""
        return special.log_ndtr(-self._standardized("logsf", x, loc, scale))

    def ppf(self, q: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
        """Where `cdf` is `q`."""
        check_positive("norm.ppf", scale=scale)
        return loc + scale * special.ndtri(as_array(q))

    def isf(self, q: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
        """Where `sf` is `q`."""
        check_positive("norm.isf", scale=scale)
        return loc - scale * special.ndtri(as_array(q))


class StudentT(Distribution):
    """Student's t distribution, of `df` degrees of freedom."""

    name = "t"

    def logpdf(self, x: Any, df: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
        """The logarithm of the density."""
        z, df = self._standardized("logpdf", x, loc, scale, df=df), as_array(df)
        at_zero = special.gammaln((df + 1) / 2) - special.gammaln(df / 2) - np.log(df * math.pi) / 2
        return at_zero - (df + 1) / 2 * np.log1p(z * z / df) - np.log(scale)

    def cdf(self, x: Any, df: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
        """The probability of what is at most `x`; `df` must not be a Value."""
        return special.stdtr(df, self._standardized("cdf", x, loc, scale, df=df))


class Exponential(Distribution):
    """The exponential distribution."""

    name = "expon"

    def logpdf(self, x: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
        """The logarithm of the density, from `loc` on."""
        z = self._standardized("logpdf", x, loc, scale)
        return where(z >= 0, np.negative, z, -np.inf, 0.0) - np.log(scale)

    def cdf(self, x: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
        """The probability of what is at most `x`."""
        z = self._standardized("cdf", x, loc, scale)
        return where(z >= 0, lambda z: -np.expm1(-z), z, 0.0, 0.0)


class Laplace(Distribution):
    """The Laplace distribution, with a corner in the middle."""

    name = "laplace"

    def logpdf(self, x: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
        """The logarithm of the density."""
        return -abs(self._standardized("logpdf", x, loc, scale)) - np.log(2 * as_array(scale))


class Logistic(Distribution):
    """The logistic distribution, whose cdf is the sigmoid."""

    name = "logistic"

    def logpdf(self, x: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
        """The logarithm of the density."""
        z = abs(self._standardized("logpdf", x, loc, scale))
        return -z - 2 * np.log1p(np.exp(-z)) - np.log(scale)

    def cdf(self, x: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
        """The probability of what is at most `x`."""
        return special.expit(self._standardized("cdf", x, loc, scale))


class Gamma(Distribution):
    """The gamma distribution, of shape `a`."""

    name = "gamma"

    def logpdf(self, x: Any, a: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
        """The logarithm of the density, from `loc` on."""
        z, a = self._standardized("logpdf", x, loc, scale, a=a), as_array(a)
        inside = where(z >= 0, lambda z: special.xlogy(a - 1, z) - z, z, -np.inf, 1.0)
        return inside - special.gammaln(a) - np.log(scale)

    def cdf(self, x: Any, a: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
        """The probability of what is at most `x`; `a` must not be a Value."""
        z = self._standardized("cdf", x, loc, scale, a=a)
        return where(z >= 0, lambda z: special.gammainc(a, z), z, 0.0, 1.0)


class Beta(Distribution):
    """The beta distribution, of shapes `a` and `b`."""

    name = "beta"

    def logpdf(self, x: Any, a: Any, b: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
        """The logarithm of the density, between `loc` and ``loc + scale``."""
        z, a, b = self._standardized("logpdf", x, loc, scale, a=a, b=b), as_array(a), as_array(b)
        inside = (z >= 0) & (z <= 1)
        shape = where(inside, lambda z: special.xlogy(a - 1, z) + special.xlog1py(b - 1, -z), z, -np.inf, 0.5)
        return shape - special.betaln(a, b) - np.log(scale)

    def cdf(self, x: Any, a: Any, b: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
        """The probability of what is at most `x`; `a` and `b` must not be Values."""
        z = self._standardized("cdf", x, loc, scale, a=a, b=b)
        inside = (z >= 0) & (z <= 1)
        return where(inside, lambda z: special.betainc(a, b, z), z, 0.0, 0.5) + (z > 1)


class OneFormula(Distribution):
    """A distribution whose logarithm is one formula, ``log_density(z, *shapes)`` where z is at least `start`."""

    def __init__(self, name: str, log_density: Callable[..., Any], shapes: str = "", start: float = 0.0) -> None:
        self.name, self.log_density, self.shapes, self.start = name, log_density, shapes.split(), start

    def logpdf(self, x: Any, *args: Any, **keywords: Any) -> Any:
        """The logarithm of the density, by the shapes, `loc` and `scale`, by position or by name."""
        names = [*self.shapes, "loc", "scale"]
        given = dict(zip(names, args, strict=False))
        if len(args) > len(names) or keywords.keys() - set(names) or given.keys() & keywords.keys():
            raise TypeError(f"{self.name}.logpdf: pass x, {', '.join(names)}")
        given = {"loc": 0.0, "scale": 1.0} | given | keywords
        if missing := [name for name in self.shapes if name not in given]:
            raise TypeError(f"{self.name}.logpdf: lacks {', '.join(missing)}")
        shapes = {name: as_array(given[name]) for name in self.shapes}
        z = self._standardized("logpdf", x, given["loc"], given["scale"], **shapes)
        inside = where(z >= self.start, lambda z: self.log_density(z, *shapes.values()), z, -np.inf, self.start + 0.5)
        return inside - np.log(given["scale"])


# fmt: off
LEAST = math.ulp(0.0)  # a logarithm that is infinite at 0 begins behind it
cauchy = OneFormula("cauchy", lambda z: -np.log1p(z * z) - math.log(math.pi), start=-math.inf)
halfnorm = OneFormula("halfnorm", lambda z: -z * z / 2 + math.log(2 / math.pi) / 2)
uniform = OneFormula("uniform", lambda z: np.where(z <= 1, 0.0 * z, -np.inf))
lognorm = OneFormula("lognorm", lambda z, s: -((np.log(z) / s) ** 2) / 2 - np.log(s * z) - LOG_2PI / 2, "s", LEAST)
pareto = OneFormula("pareto", lambda z, b: np.log(b) - (b + 1) * np.log(z), "b", 1.0)
weibull_min = OneFormula("weibull_min", lambda z, c: np.log(c) + special.xlogy(c - 1, z) - z**c, "c")
chi2 = OneFormula("chi2", lambda z, df: special.xlogy(df / 2 - 1, z) - z / 2 - special.gammaln(df / 2)
                                        - df / 2 * math.log(2), "df")
# fmt: on
norm, t, expon, laplace, logistic, gamma, beta = (
    Normal(),
    StudentT(),
    Exponential(),
    Laplace(),
    Logistic(),
    Gamma(),
    Beta(),
)  # fmt: skip
poisson, binom, multivariate_normal, dirichlet = Poisson(), Binomial(), MultivariateNormal(), Dirichlet()
