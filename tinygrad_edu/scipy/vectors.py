"""Distributions of vectors.

x  vectors
d  how many numbers there are in one
"""

from typing import Any

import numpy as np
from scipy import special

from tinygrad_edu.core.arrays import as_array
from tinygrad_edu.core.tape import payload
from tinygrad_edu.scipy.linalg import solve_triangular
from tinygrad_edu.scipy.support import LOG_2PI, check_positive


class MultivariateNormal:
    """The normal distribution of vectors (..., d).

    >>> float(MultivariateNormal().logpdf([1.0, 2.0], [0.0, 2.0], [[2.0, 0.5], [0.5, 1.0]])).__round__(4)
    -2.4034
    """

    def logpdf(self, x: Any, mean: Any = None, cov: Any = 1.0, allow_singular: bool = False) -> Any:
        """The logarithm of the density at each vector of x, (..., d), by the Cholesky factor of the covariance.

        Args:
            x: vectors; where the distribution is of one number, numbers.
            mean: one vector (d,), by default of zeros, as many as `cov` has rows.
            cov: the covariance (d, d), or its diagonal (d,), or a number for all of it.
            allow_singular: False, since the density of a singular one has no slope by its covariance.

        Raises:
            ValueError: x, mean and cov do not fit each other, or `allow_singular` is True.
            numpy.linalg.LinAlgError: cov is not positive definite.
        """
        if allow_singular:
            remedy = (
                "a singular one has a density, and slopes, only where it is not 0: leave out what is a sum of others"
            )
            raise ValueError(f"multivariate_normal.logpdf: allow_singular=True is not supported; {remedy}")
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
