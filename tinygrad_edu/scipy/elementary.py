"""Rows for the ufuncs of `scipy.special` whose slopes are elementary.

g         cotangent of the output
z         output
x, y      inputs
n         an order
power     of the Box-Cox transformation
d, r      where a loss changes its form, and a residual
"""

import math
from typing import Any

import numpy as np
from scipy import special

from tinygrad_edu.derivatives.arithmetic import flat, replace_zero
from tinygrad_edu.derivatives.exponential import LN2, LN10, bell
from tinygrad_edu.scipy.slopes import ERF, ROOT_2PI, ROOT_HALF, derivative

DEGREE = math.pi / 180
TERMS = 18  # of a power series, for numbers between -1 and 1


def exprel_slope(x: Any, z: Any) -> Any:
    """The slope of z = (exp(x) - 1) / x: between -1 and 1, where (exp(x) - z) / x cancels, by its power series."""
    near = (x > -1) & (x < 1)
    u, v = np.where(near, x, 0.0), np.where(near, 1.0, x)
    series: Any = 0.0
    for k in reversed(range(TERMS)):
        series = series * u + 1 / (math.factorial(k) * (k + 2))
    far = np.where(v > 0, z - (z - 1) / v, (np.exp(np.minimum(v, 0.0)) - z) / v)
    return np.where(near, series, far)


def sinc(x: Any) -> Any:
    """sin(x) / x, near 0 by NumPy's function of half turns, whose slopes do not cancel there."""
    near = (x > -1) & (x < 1)
    return np.where(near, np.sinc(np.where(near, x, 0.0) / math.pi), np.sin(x) / np.where(near, 1.0, x))


def over(x: Any, g: Any) -> Any:
    """The quotient g / x, 0 where `g` is, even at 0: there the other of two results may be asked for alone."""
    return g / (x + (x == 0) * (g == 0))


# fmt: off
derivative(special.exp2,    lambda g, z, x: g * z * LN2)
derivative(special.exp10,   lambda g, z, x: g * z * LN10)
derivative(special.expm1,   lambda g, z, x: g * np.exp(x))
derivative(special.log1p,   lambda g, z, x: g / (1 + x))
derivative(special.cbrt,    lambda g, z, x: g / (3 * z * z))
derivative(special.cosm1,   lambda g, z, x: -g * np.sin(x))
derivative(special.powm1,   lambda g, z, x, y: g * y * np.power(x, y - 1),
                            lambda g, z, x, y: g * special.xlogy(np.power(x, y), x))
derivative(special.sindg,   lambda g, z, x: g * special.cosdg(x) * DEGREE)
derivative(special.cosdg,   lambda g, z, x: -g * special.sindg(x) * DEGREE)
derivative(special.tandg,   lambda g, z, x: g * (1 + z * z) * DEGREE)
derivative(special.cotdg,   lambda g, z, x: -g * DEGREE / special.sindg(x) ** 2)
derivative(special.round,   flat)
derivative(special.gammasgn, flat)

derivative(special.boxcox,       lambda g, z, x, power: g * np.power(x, power - 1), None)
derivative(special.boxcox1p,     lambda g, z, x, power: g * np.power(1 + x, power - 1), None)
derivative(special.inv_boxcox,   lambda g, z, y, power: g * np.power(z, 1 - power), None)
derivative(special.inv_boxcox1p, lambda g, z, y, power: g * np.power(1 + z, 1 - power), None)
derivative(special.huber,        lambda g, z, d, r: g * np.maximum(abs(r) - d, 0.0),
                                 lambda g, z, d, r: g * np.clip(r, -d, d))
derivative(special.pseudo_huber, lambda g, z, d, r: g * (r / replace_zero(np.hypot(d, r) + d)) ** 2
                                 * (r / replace_zero(np.hypot(d, r))) * r,
                                 lambda g, z, d, r: g * d * (r / replace_zero(np.hypot(d, r))))

derivative(special.erfi,         lambda g, z, x: g * ERF * bell(x, -1.0))
derivative(special.exp1,         lambda g, z, x: -g * np.exp(-x) / x)
derivative(special.expi,         lambda g, z, x: g * np.exp(x) / x)
derivative(special.expn,         None, lambda g, z, n, x: -g * np.where(n == 0, z * (1 + 1 / x),
                                                                        special.expn(np.maximum(n, 1) - 1, x)))
derivative(special.exprel,       lambda g, z, x: g * exprel_slope(x, z))
derivative(special.sici,         lambda g, z, x: g[0] * sinc(x) + over(x, g[1]) * np.cos(x), results=2)
derivative(special.shichi,       lambda g, z, x: g[0] / 2 * (special.exprel(x) + special.exprel(-x))
                                 + over(x, g[1]) * np.cosh(x), results=2)
derivative(special.owens_t,      lambda g, z, x, y: -g / 2 / ROOT_2PI * bell(x, 0.5) * special.erf(x * y * ROOT_HALF),
                                 lambda g, z, x, y: g * np.exp(-x * x * (1 + y * y) / 2) / (2 * math.pi * (1 + y * y)))
# fmt: on
