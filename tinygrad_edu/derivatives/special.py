"""Special functions of NumPy's, and those that take floats apart.

g  cotangent of the output
z  output
x  input
n  how many times a function was differentiated
"""

import math

import numpy as np

from tinygrad_edu.core.primitives import primitive
from tinygrad_edu.core.rules import compose, derivative, nondifferentiable
from tinygrad_edu.core.tape import payload
from tinygrad_edu.derivatives.arithmetic import PARTS, flat

NODES = 64  # of the trapezoidal rule, which is exact to the last digit for what i0 can hold
ANGLES = (np.arange(NODES) + 0.5) * (math.pi / 2 / NODES)
COSINES, FROM_ONE = np.cos(ANGLES), 2 * np.sin(ANGLES / 2) ** 2  # and 1 - cosθ


@primitive
def sinc_slope(x, n):
    """The nth derivative of sin(πx) / (πx), by its series near 0 and by recurrence elsewhere.

    x s⁽ⁿ⁾ + n s⁽ⁿ⁻¹⁾ = πⁿ⁻¹ sin(πx + nπ/2) is x s(x) = sin(πx) / π, differentiated n times.
    """
    kind = x.dtype
    x = x.astype(np.result_type(kind, np.float64))
    near = abs(x) < (n + 2) / math.pi
    far = np.where(near, 1.0, x)
    z = np.sinc(far)
    for k in range(1, n + 1):
        z = (math.pi ** (k - 1) * np.sin(math.pi * far + k * math.pi / 2) - k * z) / far
    y = np.where(near, math.pi * x, 0.0)
    series = np.zeros_like(y)
    first = (n + 1) // 2
    for k in reversed(range(first, first + 2 * n + 24)):
        power = 2 * k - n  # of y; the terms are (-1)ᵏ y^power / (power! (2k + 1))
        series = series + (-1.0) ** k * y**power / (math.factorial(power) * (2 * k + 1))
    return np.where(near, math.pi**n * series, z).astype(kind)[()]


@primitive
def i0_slope(x, n):
    """The nth derivative of the Bessel function I₀: the mean of cosⁿθ times that of cosh at x cosθ, all positive.

    e^|x| is taken out, since the rounding of x cosθ would become one that is x times as large.

    Source: DLMF 10.32.1, by the trapezoidal rule, which converges exponentially for periodic functions.
    """
    sign = np.where(np.real(x) < 0, -1.0, 1.0)  # so that complex numbers go through it, too
    size = x * sign
    twice = -2 * size[..., None] * COSINES
    wave = -np.expm1(twice) if n % 2 else 1 + np.exp(twice)
    mean = np.mean(np.exp(-size[..., None] * FROM_ONE) * wave * COSINES**n, axis=-1) / 2
    z = mean * np.exp(size / 2) * np.exp(size / 2)
    return (z * sign if n % 2 else z).astype(x.dtype)[()]


# fmt: off
derivative(np.sinc,      lambda g, z, x: g * sinc_slope(x, 1))
derivative(sinc_slope,   lambda g, z, x, n: g * sinc_slope(x, n + 1), None)
derivative(np.i0,        lambda g, z, x: g * i0_slope(x, 1), real=PARTS)
derivative(i0_slope,     lambda g, z, x, n: g * i0_slope(x, n + 1), None)
derivative(np.ldexp,     lambda g, z, x, y: np.ldexp(g, y), None, real="write x * 2.0**n")
derivative(np.nextafter, lambda g, z, x, y: g, flat, selects=True, real=PARTS)
derivative(np.spacing,   flat, real=PARTS)
# fmt: on


@compose(np.frexp, PARTS)
def frexp(x):
    """The mantissa, from ½ up to 1, and the exponent, which has no slope."""
    exponent = np.frexp(payload(x))[1]
    return np.ldexp(x, -exponent), exponent


nondifferentiable(np.isreal, np.iscomplex, np.common_type)

# Of integers: NumPy refuses floats.
nondifferentiable(
    np.bitwise_and, np.bitwise_or, np.bitwise_xor, np.invert, np.left_shift, np.right_shift, np.bitwise_count,
    np.gcd, np.lcm, np.isnat, np.unravel_index, np.ravel_multi_index, np.packbits, np.unpackbits, np.ix_,
)  # fmt: skip
