"""Exponentials and logarithms.

g     cotangent of the output
z     output
x, y  inputs
"""

import numpy as np

from tinygrad_edu.protocols import derivative

LN2 = float(np.log(2.0))
LN10 = float(np.log(10.0))

# fmt: off
derivative(np.exp,        lambda g, z, x: g * z)
derivative(np.exp2,       lambda g, z, x: g * z * LN2)
derivative(np.expm1,      lambda g, z, x: g * np.exp(x))
derivative(np.log,        lambda g, z, x: g / x)
derivative(np.log2,       lambda g, z, x: g / x / LN2)
derivative(np.log10,      lambda g, z, x: g / x / LN10)
derivative(np.log1p,      lambda g, z, x: g / (1 + x))
derivative(np.logaddexp,  lambda g, z, x, y: g * np.exp(x - z),
                          lambda g, z, x, y: g * np.exp(y - z))
derivative(np.logaddexp2, lambda g, z, x, y: g * np.exp2(x - z),
                          lambda g, z, x, y: g * np.exp2(y - z))
# fmt: on
