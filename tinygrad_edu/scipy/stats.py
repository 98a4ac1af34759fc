"""Distributions of `scipy.stats`, which does not ask Values what to do: of the same names and arguments.

x      where the distribution is looked at
loc    its mean
scale  its standard deviation
"""

import math
from typing import Any

import numpy as np
from scipy import special

from tinygrad_edu.core.arrays import as_array
from tinygrad_edu.core.tape import payload

__all__ = ["norm"]
LOG_ROOT_2PI = math.log(2 * math.pi) / 2


class Normal:
    """The normal distribution.

    >>> float(norm.logpdf(1.0, loc=1.0, scale=2.0)).__round__(4)
    -1.6121
    """

    def pdf(self, x: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
        """The density."""
        return np.exp(self.logpdf(x, loc, scale))

    def logpdf(self, x: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
        """The logarithm of the density."""
        z = self._standardized("logpdf", x, loc, scale)
        return -z * z / 2 - LOG_ROOT_2PI - np.log(scale)

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
        self._check("ppf", scale)
        return loc + scale * special.ndtri(as_array(q))

    def isf(self, q: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
        """Where `sf` is `q`."""
        self._check("isf", scale)
        return loc - scale * special.ndtri(as_array(q))

    def _standardized(self, name: str, x: Any, loc: Any, scale: Any) -> Any:
        self._check(name, scale)
        return (as_array(x) - loc) / scale

    def _check(self, name: str, scale: Any) -> None:
        least = np.min(payload(scale), initial=np.inf)
        if not least > 0:
            raise ValueError(f"norm.{name}: scale is {float(least)}; a standard deviation is greater than 0")


norm = Normal()
