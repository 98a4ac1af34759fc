"""Circular and hyperbolic functions, and their inverses.

g     cotangent of the output
z     output
x, y  inputs
h     hypotenuse, the square root of a sum of squares
"""

import numpy as np

from tinygrad_edu.core.dtypes import is_complex
from tinygrad_edu.core.primitives import primitive
from tinygrad_edu.core.rules import derivative
from tinygrad_edu.derivatives.arithmetic import flat, replace_zero

SCALED = "multiply by np.pi / 180, or by 180 / np.pi"


def over_square(g, h):
    """`g` / h², where h² itself would overflow."""
    return g / h / h


def part_over_square(g, x, h):
    """`g` x / h², where h² would overflow or be 0, and h ≥ x would not."""
    return g * (x / h) / h


def root_of_one_plus_square(x):
    """√(1 + x²), without overflow, and of complex numbers with the branch cuts of arctan and arcsinh."""
    return np.sqrt(1 + 1j * x) * np.sqrt(1 - 1j * x) if is_complex(x) else np.hypot(1, x)


@primitive
def sech_squared(x, z, out=None):
    """1 - z² for z = tanh(x), or 1 / cosh(x)², where 1 - z² is nearly all rounding and x tells more."""
    complex_numbers = type(z) is not np.float64 and getattr(getattr(z, "dtype", None), "kind", "") == "c"
    of_numpy = type(z) is np.float64 or isinstance(z, (np.ndarray, np.generic, float))  # others may not be asked
    if of_numpy and (type(z) is np.float64 or not (np.ndim(z) or complex_numbers)):
        s = 1 - z * z
        if s < 0.2:
            s = 1 / np.cosh(x)
            s = s * s
        return s
    if complex_numbers:
        w = np.exp(-2 * np.where(np.real(x) < 0, -x, x))
        s = 1 - z * z
        s = np.where(abs(s) >= 0.2, s, 4 * w / (1 + w) ** 2)[()]
        return s if out is None else np.positive(s, out)
    if not of_numpy:  # of a library whose elements are not picked one by one
        s, e = 1 - z * z, np.exp(-np.abs(x))
        return np.where(s < 0.2, np.square(2 * e / (1 + e * e)), s)
    s = np.multiply(z, z, out)
    np.subtract(1, s, s)
    row = s
    if s.flags.forc and x.strides == s.strides:  # then places have one index, which is several times as quick
        x, row = x.ravel("K"), s.ravel("K")
    places = np.nonzero(row < 0.2)
    if places[0].size:
        h = x[places]
        np.divide(1, np.cosh(h, h), h)
        row[places] = np.multiply(h, h, h)
    return s


# fmt: off
derivative(np.sin,     lambda g, z, x: g * np.cos(x))
derivative(np.cos,     lambda g, z, x: -g * np.sin(x))
derivative(np.tan,     lambda g, z, x: g * (1 + z * z))
derivative(np.arcsin,  lambda g, z, x: g / np.sqrt((1 - x) * (1 + x)))
derivative(np.arccos,  lambda g, z, x: -g / np.sqrt((1 - x) * (1 + x)))
derivative(np.arctan,  lambda g, z, x: over_square(g, root_of_one_plus_square(x)))
derivative(np.arctan2, lambda g, z, y, x: part_over_square(g, x, replace_zero(np.hypot(x, y))),
                       lambda g, z, y, x: part_over_square(-g, y, replace_zero(np.hypot(x, y))),
                       real="write np.angle(x + 1j * y)")
derivative(np.sinh,    lambda g, z, x: g * np.cosh(x))
derivative(np.cosh,    lambda g, z, x: g * np.sinh(x))
derivative(np.tanh,    lambda g, z, x: g * sech_squared(x, z))
derivative(np.arcsinh, lambda g, z, x: g / root_of_one_plus_square(x))
derivative(np.arccosh, lambda g, z, x: g / (np.sqrt(x - 1) * np.sqrt(x + 1)))
derivative(np.arctanh, lambda g, z, x: g / ((1 - x) * (1 + x)))
derivative(np.deg2rad, lambda g, z, x: np.deg2rad(g), real=SCALED)
derivative(np.radians, lambda g, z, x: np.deg2rad(g), real=SCALED)
derivative(np.rad2deg, lambda g, z, x: np.rad2deg(g), real=SCALED)
derivative(np.degrees, lambda g, z, x: np.rad2deg(g), real=SCALED)

# As a function of z alone: x is there for digits that z lacks.
derivative(sech_squared, flat, lambda g, s, x, z: -2 * g * z, opaque=True)
# fmt: on
