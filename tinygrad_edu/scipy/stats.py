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
from tinygrad_edu.core.tape import payload
from tinygrad_edu.scipy.linalg import solve_triangular

__all__ = [
    "beta", "binom", "dirichlet", "expon", "gamma", "laplace", "logistic", "multivariate_normal", "norm", "poisson",
    "t",
]  # fmt: skip
LOG_2PI = math.log(2 * math.pi)


def check_positive(of: str, **numbers: Any) -> None:
    """Make sure that numbers are positive.

    Raises:
        ValueError: one is not.
    """
    for name, x in numbers.items():
        least = np.min(payload(x), initial=np.inf)
        if not least > 0:
            raise ValueError(f"{of}: {name} is {float(least)}; it must be greater than 0")


def where(inside: Any, f: Callable[[Any], Any], z: Any, outside: float, safe: float) -> Any:
    """``f(z)`` where z is inside, else `outside`; `safe` is a place at which `f` is finite."""
    return np.where(inside, f(np.where(inside, z, safe)), outside)


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


class Poisson:
    """The Poisson distribution of counts `k`, of mean `mu`."""

    def logpmf(self, k: Any, mu: Any) -> Any:
        """The logarithm of the probability of each count; minus infinity of what is no count."""
        check_positive("poisson.logpmf", mu=mu)
        k, counts = whole("poisson.logpmf", k, np.inf)
        return np.where(counts, special.xlogy(k, mu) - special.gammaln(k + 1.0) - mu, -np.inf)

    def pmf(self, k: Any, mu: Any) -> Any:
        """The probability of each count."""
        return np.exp(self.logpmf(k, mu))


class Binomial:
    """The binomial distribution of counts `k` among `n`, each of probability `p`."""

    def logpmf(self, k: Any, n: Any, p: Any) -> Any:
        """The logarithm of the probability of each count; minus infinity of what is no count up to `n`."""
        numbers = payload(p)
        if not np.all((numbers >= 0) & (numbers <= 1)):
            raise ValueError("binom.logpmf: p is a probability, from 0 to 1")
        k, counts = whole("binom.logpmf", k, n)
        chosen = special.gammaln(n + 1.0) - special.gammaln(k + 1.0) - special.gammaln(n - k + 1.0)
        return np.where(counts, chosen + special.xlogy(k, p) + special.xlog1py(n - k, -as_array(p)), -np.inf)

    def pmf(self, k: Any, n: Any, p: Any) -> Any:
        """The probability of each count."""
        return np.exp(self.logpmf(k, n, p))


def whole(of: str, k: Any, most: Any) -> tuple[Any, Any]:
    """Counts, 0 in place of what is none, and where they are some."""
    numbers = payload(k)
    if numbers is not k:
        raise TypeError(f"{of}: k is a Value; counts have no slope: pass k.data")
    counts = (np.floor(numbers) == numbers) & np.greater_equal(numbers, 0) & np.less_equal(numbers, most)
    return np.where(counts, numbers, 0.0), counts


class MultivariateNormal:
    """The normal distribution of vectors (..., d).

    >>> float(multivariate_normal.logpdf([1.0, 2.0], [0.0, 2.0], [[2.0, 0.5], [0.5, 1.0]])).__round__(4)
    -2.4034
    """

    def logpdf(self, x: Any, mean: Any = None, cov: Any = 1.0) -> Any:
        """The logarithm of the density at each vector of x, (..., d), by the Cholesky factor of the covariance.

        Args:
            x: vectors; where the distribution is of one number, numbers.
            mean: one vector (d,), by default of zeros, as many as `cov` has rows.
            cov: the covariance (d, d), or its diagonal (d,), or a number for all of it.

        Raises:
            ValueError: x, mean and cov do not fit each other.
            numpy.linalg.LinAlgError: cov is not positive definite.
        """
        x, cov = as_array(x), as_array(cov)
        mean = np.atleast_1d(np.zeros(cov.shape[:1]) if mean is None else as_array(mean))
        d = mean.shape[0]
        cov = np.diag(np.broadcast_to(cov, (d,))) if cov.ndim < 2 and cov.shape in ((), (d,)) else cov
        x = x[..., None] if d == 1 and x.shape[-1:] != (1,) else x
        if mean.ndim != 1 or cov.shape != (d, d) or x.shape[-1:] != (d,):
            shapes = f"x has shape {x.shape}, mean {mean.shape}, cov {cov.shape}"
            raise ValueError(f"multivariate_normal.logpdf: {shapes}; they must be (..., d), (d,) and (d, d)")
        try:
            factor = np.linalg.cholesky(cov)
        except np.linalg.LinAlgError as error:
            remedy = "add a small multiple of np.eye(d), or leave out what is a sum of others"
            message = f"multivariate_normal.logpdf: cov is not positive definite; {remedy}"
            raise np.linalg.LinAlgError(message) from error
        z = solve_triangular(factor, np.reshape(x - mean, (-1, d)).T, lower=True)
        squares = np.reshape(np.sum(z * z, axis=0), x.shape[:-1])
        return -squares / 2 - np.sum(np.log(np.diagonal(factor))) - d * LOG_2PI / 2

    def pdf(self, x: Any, mean: Any = None, cov: Any = 1.0) -> Any:
        """The density."""
        return np.exp(self.logpdf(x, mean, cov))


class Dirichlet:
    """The Dirichlet distribution of shares that sum to 1, of concentrations `alpha`."""

    def logpdf(self, x: Any, alpha: Any) -> Any:
        """The logarithm of the density at shares x, (d,), or (d, ...) as in SciPy.

        Raises:
            ValueError: shares do not sum to 1, or are no more than 0.
        """
        x, alpha = as_array(x), as_array(alpha)
        check_positive("dirichlet.logpdf", x=x, alpha=alpha)
        if alpha.ndim != 1 or x.shape[:1] != alpha.shape:
            raise ValueError(f"dirichlet.logpdf: x has shape {x.shape}, alpha {alpha.shape}; pass (d, ...) and (d,)")
        if np.max(abs(np.sum(payload(x), axis=0) - 1), initial=0.0) > 1e-9:
            raise ValueError("dirichlet.logpdf: x are shares; they must sum to 1 along the first axis")
        power = np.reshape(alpha - 1, (-1, *[1] * (x.ndim - 1)))
        sizes = special.gammaln(np.sum(alpha)) - np.sum(special.gammaln(alpha))
        return np.sum(special.xlogy(power, x), axis=0) + sizes


norm, t, expon, laplace, logistic, gamma, beta = (
    Normal(), StudentT(), Exponential(), Laplace(), Logistic(), Gamma(), Beta(),
)  # fmt: skip
poisson, binom, multivariate_normal, dirichlet = Poisson(), Binomial(), MultivariateNormal(), Dirichlet()
