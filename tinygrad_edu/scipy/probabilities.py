"""Rows for the ufuncs of `scipy.special` that are probabilities, and for their inverses; by shapes there are no rules.

g        cotangent of the output
z        output
a, b, n  shapes: a Value there is refused, since no elementary formula is known
x        where
p        a probability
"""

from typing import Any

import numpy as np
from scipy import special

from tinygrad_edu.scipy.slopes import beta_density, derivative, gamma_density


def t_density(n: Any, x: Any) -> Any:
    """The density of Student's t distribution of n degrees of freedom."""
    return np.exp(-(n + 1) / 2 * np.log1p(x * x / n)) / (np.sqrt(n) * special.beta(0.5, n / 2))


def f_density(m: Any, n: Any, x: Any) -> Any:
    """The density of the F distribution of m and n degrees of freedom, by that of the beta distribution."""
    scale = n / (m * x + n)
    return beta_density(m / 2, n / 2, m * x / (m * x + n)) * scale * scale * (m / n)


# fmt: off
derivative(special.gammainc,     None, lambda g, z, a, x: g * gamma_density(a, x))
derivative(special.gammaincc,    None, lambda g, z, a, x: -g * gamma_density(a, x))
derivative(special.gammaincinv,  None, lambda g, z, a, p: g / gamma_density(a, z))
derivative(special.gammainccinv, None, lambda g, z, a, p: -g / gamma_density(a, z))
derivative(special.betainc,      None, None, lambda g, z, a, b, x: g * beta_density(a, b, x))
derivative(special.betaincc,     None, None, lambda g, z, a, b, x: -g * beta_density(a, b, x))
derivative(special.betaincinv,   None, None, lambda g, z, a, b, p: g / beta_density(a, b, z))
derivative(special.betainccinv,  None, None, lambda g, z, a, b, p: -g / beta_density(a, b, z))
derivative(special.chdtr,        None, lambda g, z, n, x: g * gamma_density(n / 2, x / 2) / 2)
derivative(special.chdtrc,       None, lambda g, z, n, x: -g * gamma_density(n / 2, x / 2) / 2)
derivative(special.chdtri,       None, lambda g, z, n, p: -2 * g / gamma_density(n / 2, z / 2))
derivative(special.gdtr,         lambda g, z, a, b, x: g * x * gamma_density(b, a * x), None,
                                 lambda g, z, a, b, x: g * a * gamma_density(b, a * x))
derivative(special.gdtrc,        lambda g, z, a, b, x: -g * x * gamma_density(b, a * x), None,
                                 lambda g, z, a, b, x: -g * a * gamma_density(b, a * x))
derivative(special.pdtr,         None, lambda g, z, n, x: -g * gamma_density(np.floor(n) + 1, x))
derivative(special.pdtrc,        None, lambda g, z, n, x: g * gamma_density(np.floor(n) + 1, x))
derivative(special.fdtr,         None, None, lambda g, z, m, n, x: g * f_density(m, n, x))
derivative(special.fdtrc,        None, None, lambda g, z, m, n, x: -g * f_density(m, n, x))
derivative(special.fdtri,        None, None, lambda g, z, m, n, p: g / f_density(m, n, z))
derivative(special.stdtr,        None, lambda g, z, n, x: g * t_density(n, x))
derivative(special.stdtrit,      None, lambda g, z, n, p: g / t_density(n, z))
# fmt: on
