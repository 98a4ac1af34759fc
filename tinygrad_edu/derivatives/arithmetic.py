"""Arithmetic: the four operations, powers and roots, rounding, choosing.

g     cotangent of the output
z     output
x, y  inputs
"""

from typing import Any

import numpy as np

from tinygrad_edu.core.dtypes import is_complex
from tinygrad_edu.core.primitives import primitive
from tinygrad_edu.core.rules import compose, derivative, nondifferentiable, refuse
from tinygrad_edu.core.tape import Entry, payload

PARTS = "write it of np.real(x) and np.imag(x), or of abs(x)"  # instead of functions of real numbers only


def flat(g, z, *inputs):
    """No slope: the function is flat wherever it has one."""
    return 0.0


def flat_to(g, z, x, *, decimals=0):
    """No slope, to whichever decimal numbers are rounded."""
    return 0.0


def tie_weight(x, y):
    """The part of ``maximum(x, y)``'s slope that is x's; a tie is shared evenly."""
    return 1.0 * (x > y) + 0.5 * (x == y)


def at_zero(z, *inputs, **keywords):
    """Where a size is 0: it grows in every direction."""
    return z == 0


def tied(z, x, y):
    """Where two arguments are equal, so that either may be the one chosen."""
    return x == y


def past_nan(y, weight):
    """The weight of what stands beside `y`: all of it where `y` is NaN."""
    return np.where(np.isnan(y), 1.0, weight)


def nonzero_base(x, y):
    """`x`, with 1 in place of a 0 whose power is taken for y = 0: its slope is 0 there, not 0 · 0⁻¹."""
    if isinstance(y, (int, float)) and y != 0:
        return x
    return x + (x * x == 0) * (y == 0)


def one_power_less(x, y):
    """``x ** (y - 1)``, where x is 1 in place of a 0 if y = 0; the square is met most."""
    if type(y) is int and y == 2:
        return x
    return nonzero_base(x, y) ** (y - 1)


def replace_zero(z):
    """`z`, with ones in place of zeros, to divide something that is zero there too."""
    return z + (z == 0)


def conjugated(x):
    """The conjugate of `x`, which is `x` itself where it is real."""
    return np.conjugate(x) if is_complex(x) else x


def turned(g, z, x):
    """The slope of ``x / |x|``, which turns with a complex x; the sign of real numbers is flat."""
    if not is_complex(x):
        return 0.0
    return 1j * np.imag(g * z) * np.conjugate(z) / replace_zero(abs(x))


def angle_rule(g, z, x, *, deg=False):
    """``Im(dx / x)``, in degrees if asked, and 0 at 0."""
    h = replace_zero(abs(x))
    return -1j * (np.rad2deg(g) if deg else g) * (conjugated(x) / h) / h


@primitive
def cast(x, dtype):
    """`x` as another kind of number."""
    return x.astype(dtype)


def as_kind(x, dtype):
    """`x` as this kind of number, which it may be already."""
    return x if x.dtype == dtype else np.astype(x, dtype)


# fmt: off
derivative(np.add,          lambda g, z, x, y: g,
                            lambda g, z, x, y: g)
derivative(np.subtract,     lambda g, z, x, y: g,
                            lambda g, z, x, y: -g)
derivative(np.multiply,     lambda g, z, x, y: g * y,
                            lambda g, z, x, y: g * x)
derivative(np.divide,       lambda g, z, x, y: g / y,
                            lambda g, z, x, y: -g * z / y)
derivative(np.remainder,    lambda g, z, x, y: g,
                            lambda g, z, x, y: -g * np.floor_divide(x, y), real=PARTS)
derivative(np.fmod,         lambda g, z, x, y: g,
                            lambda g, z, x, y: -g * np.trunc(x / y), real=PARTS)
derivative(np.negative,     lambda g, z, x: -g)
derivative(np.positive,     lambda g, z, x: g, selects=True)
derivative(np.reciprocal,   lambda g, z, x: -g * z * z)
derivative(np.square,       lambda g, z, x: g * 2 * x)
derivative(np.sqrt,         lambda g, z, x: g / (2 * z))
derivative(np.cbrt,         lambda g, z, x: g / (3 * z * z), real="write x ** (1 / 3), the principal root")
derivative(cast,            lambda g, z, x, dtype: g, None)

# x**0 is 1 for every x, so its slope is 0 at x = 0 too; 0**y is 0 for every y > 0. The logarithm is as precise as z.
derivative(np.power,        lambda g, z, x, y: g * y * one_power_less(x, y),
                            lambda g, z, x, y: g * (z * np.log(x + (x == 0) * z.dtype.type(1))))
derivative(np.float_power,  lambda g, z, x, y: g * y * np.float_power(nonzero_base(x, y), y - 1),
                            lambda g, z, x, y: g * (z * np.log(x + (x == 0) * z.dtype.type(1))))

# Kinks: abs'(0) = 0, hypot'(0, 0) = 0; where two arguments tie, each has half the slope.
derivative(np.absolute,     lambda g, z, x: g * conjugated(np.sign(x)), kink=at_zero)
derivative(np.fabs,         lambda g, z, x: g * np.sign(x), kink=at_zero, real="write np.abs(x)")
derivative(np.hypot,        lambda g, z, x, y: g * (x / replace_zero(z)),
                            lambda g, z, x, y: g * (y / replace_zero(z)), kink=at_zero,
                            real="write np.sqrt(abs(x) ** 2 + abs(y) ** 2)")
derivative(np.maximum,      lambda g, z, x, y: g * tie_weight(x, y),
                            lambda g, z, x, y: g * tie_weight(y, x), selects=True, kink=tied)
derivative(np.minimum,      lambda g, z, x, y: g * tie_weight(y, x),
                            lambda g, z, x, y: g * tie_weight(x, y), selects=True, kink=tied)
derivative(np.fmax,         lambda g, z, x, y: g * past_nan(y, tie_weight(x, y)),
                            lambda g, z, x, y: g * past_nan(x, tie_weight(y, x)), selects=True, kink=tied)
derivative(np.fmin,         lambda g, z, x, y: g * past_nan(y, tie_weight(y, x)),
                            lambda g, z, x, y: g * past_nan(x, tie_weight(x, y)), selects=True, kink=tied)
derivative(np.copysign,     lambda g, z, x, y: g * np.copysign(1.0, x) * np.copysign(1.0, y), flat,
                            kink=at_zero, real=PARTS)
derivative(np.where,        None,
                            lambda g, z, c, x, y: np.where(c, g, 0.0),
                            lambda g, z, c, x, y: np.where(c, 0.0, g), selects=True)

# Flat between their jumps.
derivative(np.sign,         turned)  # of complex numbers, x / |x|
derivative(np.floor,        flat, real=PARTS)
derivative(np.ceil,         flat, real=PARTS)
derivative(np.trunc,        flat, real=PARTS)
derivative(np.rint,         flat)
derivative(np.round,        flat_to)
derivative(np.floor_divide, flat, flat, real=PARTS)
derivative(np.heaviside,    flat, lambda g, z, x, y: g * (x == 0), real=PARTS)

# Of complex numbers: none of these is holomorphic.
derivative(np.real,         lambda g, z, x: g, selects=True)
derivative(np.imag,         lambda g, z, x: -1j * g, selects=True)
derivative(np.conjugate,    lambda g, z, x: np.conjugate(g), selects=True)
derivative(np.angle,        angle_rule)
# fmt: on


@compose(np.clip)
def clip(a, a_min=np._NoValue, a_max=np._NoValue, *, min=np._NoValue, max=np._NoValue):
    """`a` held between two bounds; on a bound, half the slope is a's and half the bound's."""
    missing = np._NoValue
    if (a_min is missing) != (a_max is missing):
        raise TypeError("np.clip: got only one of a_min and a_max; pass None for the other, or use min= or max=")
    if a_min is not missing and not (min is missing and max is missing):
        raise ValueError("np.clip: got a_min and a_max, and min or max too; they are two names for the same bounds")
    low, high = (min, max) if a_min is missing else (a_min, a_max)
    low, high = (None if bound is missing else bound for bound in (low, high))
    a = a if low is None else np.maximum(a, low)
    return a if high is None else np.minimum(a, high)


@compose(np.astype)
def astype(x, dtype, copy=True):
    """`x` as another kind of float or complex number, or as plain integers or truth values."""
    kind = np.dtype(dtype).kind
    if is_complex(x) and kind in "fiu":
        raise TypeError(f"np.astype: dtype={dtype!r} would drop the imaginary part; write np.real(x)")
    if kind in "fc":
        return cast(x, dtype)
    if kind in "iub":
        return payload(x).astype(dtype)
    raise TypeError(f"np.astype: dtype={dtype!r} has no slope; Values hold real and complex numbers")


@compose(np.full_like)
def full_like(a, fill_value, dtype=None, order="K", shape=None):
    """An array like `a`, of one number or of an array that broadcasts to it."""
    like = np.empty_like(a, dtype=dtype, order=order, shape=shape)
    if not isinstance(fill_value, Entry):
        return np.full_like(like, fill_value, order=order)
    if dtype is not None:
        raise TypeError("np.full_like: dtype= has no rule for a Value; write np.full_like(a, x).astype(dtype)")
    if is_complex(fill_value) and not is_complex(like):
        raise refuse(np.full_like, "fill_value is complex and a is not", "write np.full_like(a + 0j, fill_value)")
    filled: Any = np.broadcast_to(fill_value, like.shape)  # type: ignore[call-overload]
    return filled if filled.dtype == like.dtype else np.astype(filled, like.dtype)


compose(np.fix, PARTS)(lambda x: np.trunc(x))  # noqa: PLW0108 - it is called by keyword, which np.trunc refuses
compose(np.around)(lambda a, decimals=0: np.round(a, decimals))
compose(np.divmod, PARTS)(lambda x1, x2: (x1 // x2, x1 % x2))
compose(np.modf, PARTS)(lambda x: (x - np.trunc(x), np.trunc(x)))
compose(np.copy)(lambda a: +a)

nondifferentiable(
    np.greater, np.greater_equal, np.less, np.less_equal, np.equal, np.not_equal,
    np.logical_and, np.logical_or, np.logical_not, np.logical_xor,
    np.isnan, np.isinf, np.isfinite, np.signbit, np.isposinf, np.isneginf,
    np.isclose, np.allclose, np.array_equal, np.array_equiv, np.isrealobj, np.iscomplexobj,
    np.shape, np.ndim, np.size, np.zeros_like, np.ones_like, np.empty_like,
    np.result_type, np.can_cast, np.min_scalar_type, np.may_share_memory, np.shares_memory,
    np.array_repr, np.array_str, np.array2string,
)  # fmt: skip
