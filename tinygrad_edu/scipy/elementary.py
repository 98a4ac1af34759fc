"""Rows for the ufuncs of `scipy.special` whose slopes are elementary.

g         cotangent of the output
z         output
x, y      inputs
power     of the Box-Cox transformation
d, r      where a loss changes its form, and a residual
"""

import math

import numpy as np
from scipy import special

from tinygrad_edu.derivatives.arithmetic import flat, replace_zero
from tinygrad_edu.derivatives.exponential import LN2, LN10, bell
from tinygrad_edu.scipy.slopes import ERF, ROOT_2PI, ROOT_HALF, derivative

DEGREE = math.pi / 180

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
derivative(special.owens_t,      lambda g, z, x, y: -g / 2 / ROOT_2PI * bell(x, 0.5) * special.erf(x * y * ROOT_HALF),
                                 lambda g, z, x, y: g * np.exp(-x * x * (1 + y * y) / 2) / (2 * math.pi * (1 + y * y)))
# fmt: on
