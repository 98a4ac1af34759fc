"""Exponentials and logarithms.

g     cotangent of the output
z     output
x, y  inputs
d     their difference
"""

import math
from typing import Any

import numpy as np

from tinygrad_edu.core.primitives import primitive
from tinygrad_edu.core.rules import derivative

LN2 = float(np.log(2.0))
LN10 = float(np.log(10.0))


@primitive
def share(d: Any, base: float) -> Any:
    """1 / (1 + base⁻ᵈ), to the last digits of both ends: the share of baseˣ in baseˣ + baseʸ, for d = x - y."""
    part = -1.0 * abs(d)
    e = np.exp2(part) if base == 2 else np.exp(part)
    return np.where(d < 0, e, 1.0) / (1 + e)


def softmax_weight(x: Any, y: Any, base: float) -> Any:
    """The share of x in logaddexp(x, y); infinite ones that tie share evenly."""
    tie = np.isinf(x) & (x == y)
    return share(np.where(tie, 0.0, x) - np.where(tie, 0.0, y), base)


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
derivative(share,         lambda g, z, d, base: g * z * share(-d, base) * math.log(base), None, real=DIRECTLY)
derivative(np.exp,        lambda g, z, x: g * z)
derivative(np.exp2,       lambda g, z, x: g * z * LN2)
derivative(np.expm1,      lambda g, z, x: g * np.exp(x))
derivative(np.log,        lambda g, z, x: g / x)
derivative(np.log2,       lambda g, z, x: g / x / LN2)
derivative(np.log10,      lambda g, z, x: g / x / LN10)
derivative(np.log1p,      lambda g, z, x: g / (1 + x))
derivative(np.logaddexp,  lambda g, z, x, y: g * softmax_weight(x, y, math.e),
                          lambda g, z, x, y: g * softmax_weight(y, x, math.e), real=DIRECTLY)
derivative(np.logaddexp2, lambda g, z, x, y: g * softmax_weight(x, y, 2.0),
                          lambda g, z, x, y: g * softmax_weight(y, x, 2.0), real=DIRECTLY)
# fmt: on
