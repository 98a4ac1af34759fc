"""Distributions of counts, which have no slope themselves.

k  counts
n  how many there can be
"""

from typing import Any

import numpy as np
from scipy import special

from tinygrad_edu.core.arrays import as_array
from tinygrad_edu.core.tape import payload
from tinygrad_edu.scipy.support import check_positive


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
