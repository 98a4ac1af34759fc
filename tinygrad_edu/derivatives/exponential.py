"""Exponentials and logarithms.

g     cotangent of the output
z     output
x, y  inputs
"""

from typing import Any

import numpy as np

from tinygrad_edu.core.dispatch import primitive
from tinygrad_edu.core.rules import derivative

LN2 = float(np.log(2.0))
LN10 = float(np.log(10.0))


def softmax_weight(x, y, exp, logaddexp):
    """exp(x) / (exp(x) + exp(y)); infinite ones that tie share evenly."""
    tie = np.isinf(x) & (x == y)
    return exp(-logaddexp(0.0, np.where(tie, 0.0, y) - np.where(tie, 0.0, x)))


@primitive
def bell(x: Any, rate: float) -> Any:
    """exp(-rate x²), of which the rounding of x² alone would cost x² roundings: of x, a part is squared exactly."""
    far = np.clip(x, -64.0, 64.0) * np.float64(1.0)
    head = far.astype(np.float32).astype(far.dtype)
    z = np.exp(-rate * head * head) * np.exp(rate * (head - far) * (head + far))
    return z.astype(x.dtype if hasattr(x, "dtype") else z.dtype)[()]


DIRECTLY = "write it with np.log and np.exp"

# fmt: off
derivative(bell,          lambda g, z, x, rate: g * (-2 * rate * np.clip(x, -64.0, 64.0)) * z, None, real=DIRECTLY)
derivative(np.exp,        lambda g, z, x: g * z)
derivative(np.exp2,       lambda g, z, x: g * z * LN2)
derivative(np.expm1,      lambda g, z, x: g * np.exp(x))
derivative(np.log,        lambda g, z, x: g / x)
derivative(np.log2,       lambda g, z, x: g / x / LN2)
derivative(np.log10,      lambda g, z, x: g / x / LN10)
derivative(np.log1p,      lambda g, z, x: g / (1 + x))
derivative(np.logaddexp,  lambda g, z, x, y: g * softmax_weight(x, y, np.exp, np.logaddexp),
                          lambda g, z, x, y: g * softmax_weight(y, x, np.exp, np.logaddexp), real=DIRECTLY)
derivative(np.logaddexp2, lambda g, z, x, y: g * softmax_weight(x, y, np.exp2, np.logaddexp2),
                          lambda g, z, x, y: g * softmax_weight(y, x, np.exp2, np.logaddexp2), real=DIRECTLY)
# fmt: on
