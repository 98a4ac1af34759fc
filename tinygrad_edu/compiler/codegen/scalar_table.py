"""The table of numbers: what each function of NumPy's is called on single numbers, in plain Python and `math`.

Where NumPy gives an infinity or NaN, `math` raises an error, or gives the same; no formula gives another number. Only
the last bits may differ, since NumPy and the C library each have their own way to round exp, tanh, pow and the like;
and where 0.0 and -0.0 tie in `np.maximum`, the formula takes the second, which NumPy leaves to the processor.

x, y, z  operands
"""

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

# fmt: off
COMPARISONS: dict[Any, str] = {
    np.greater: "x > y", np.greater_equal: "x >= y", np.less: "x < y", np.less_equal: "x <= y",
    np.equal: "x == y", np.not_equal: "x != y",
}

FLOATS: dict[Any, str] = COMPARISONS | {
    np.add: "x + y", np.subtract: "x - y", np.multiply: "x * y", np.divide: "x / y", np.dot: "x * y",
    np.negative: "-x", np.reciprocal: "1.0 / x", np.square: "x * x",
    np.absolute: "abs(x)", np.fabs: "abs(x)",
    np.sqrt: "sqrt(x)", np.cbrt: "cbrt(x)", np.float_power: "pow(x, y)",
    np.exp: "exp(x)", np.exp2: "exp2(x)", np.expm1: "expm1(x)",
    np.log: "log(x)", np.log2: "log2(x)", np.log10: "log10(x)", np.log1p: "log1p(x)",
    np.logaddexp: "logaddexp(x, y)", np.logaddexp2: "logaddexp2(x, y)",
    np.sin: "sin(x)", np.cos: "cos(x)", np.tan: "tan(x)", np.sinh: "sinh(x)", np.cosh: "cosh(x)", np.tanh: "tanh(x)",
    np.arcsin: "asin(x)", np.arccos: "acos(x)", np.arctan: "atan(x)", np.arctan2: "atan2(x, y)",
    np.arcsinh: "asinh(x)", np.arccosh: "acosh(x)", np.arctanh: "atanh(x)",
    np.deg2rad: "radians(x)", np.radians: "radians(x)", np.rad2deg: "degrees(x)", np.degrees: "degrees(x)",
    np.hypot: "hypot(x, y)", np.copysign: "copysign(x, y)", np.nextafter: "nextafter(x, y)",
    np.remainder: "x % y", np.floor_divide: "x // y", np.fmod: "fmod(x, y)",

    # np.power takes the square root where it sees it, which is NaN at -inf; ** and np.float_power do not.
    np.power: "sqrt(x) if y == 0.5 else pow(x, y)",

    # math rounds to an integer, which has no -0; it raises an error for what is infinite.
    np.floor: "copysign(floor(x), x)", np.ceil: "copysign(ceil(x), x)", np.trunc: "copysign(trunc(x), x)",
    np.rint: "copysign(round(x), x)",

    # NaN is neither more nor less than anything, and unlike itself.
    np.maximum: "y if x <= y or y != y else x", np.minimum: "y if x >= y or y != y else x",
    np.fmax: "x if x >= y or y != y else y", np.fmin: "x if x <= y or y != y else y",
    np.sign: "1.0 if x > 0.0 else -1.0 if x < 0.0 else 0.0 if x == 0.0 else x",
    np.heaviside: "1.0 if x > 0.0 else 0.0 if x < 0.0 else y if x == 0.0 else x",

    np.isnan: "isnan(x)", np.isinf: "isinf(x)", np.isfinite: "isfinite(x)", np.signbit: "copysign(1.0, x) < 0.0",
    np.isposinf: "x == inf", np.isneginf: "x == -inf",
}

RIGHT_IS_CONSTANT = {np.maximum: "y if x <= y else x", np.minimum: "y if x >= y else x"}
LEFT_IS_CONSTANT = {np.maximum: "x if y < x else y", np.minimum: "x if y > x else y"}
POWERS = {1.0: "x", 2.0: "x * x", 3.0: "x * x * x", -1.0: "1.0 / x"}

# Of truth values, giving one; those that take numbers for truth values come first.
LOGICAL: dict[Any, str] = {
    np.logical_and: "x and y", np.logical_or: "x or y", np.logical_xor: "x != y", np.logical_not: "not x",
}
TRUTHS: dict[Any, str] = LOGICAL | COMPARISONS | {
    np.bitwise_and: "x and y", np.multiply: "x and y", np.minimum: "x and y",
    np.bitwise_or: "x or y", np.add: "x or y", np.maximum: "x or y",
    np.bitwise_xor: "x != y", np.invert: "not x", np.absolute: "x",
}

# Python's own operators, between its own numbers: they stay as they are.
OPERATORS: dict[Any, str] = {
    operator.add: "x + y", operator.sub: "x - y", operator.mul: "x * y", operator.truediv: "x / y",
    operator.floordiv: "x // y", operator.mod: "x % y", operator.pow: "x ** y",
    operator.and_: "x & y", operator.or_: "x | y", operator.xor: "x ^ y", operator.invert: "~x",
    operator.neg: "-x", operator.pos: "+x", operator.abs: "abs(x)",
    operator.gt: "x > y", operator.ge: "x >= y", operator.lt: "x < y", operator.le: "x <= y",
    operator.eq: "x == y", operator.ne: "x != y",
}
# fmt: on


def logaddexp(x: float, y: float) -> float:
    """log(exp(x) + exp(y)), without overflow."""
    if x == y:
        return x + math.log(2.0)
    d = x - y
    return x + math.log1p(math.exp(-d)) if d > 0.0 else y + math.log1p(math.exp(d)) if d < 0.0 else d


def logaddexp2(x: float, y: float) -> float:
    """log2(2 ** x + 2 ** y), without overflow."""
    if x == y:
        return x + 1.0
    d = x - y
    n = x if d > 0.0 else y
    return n + math.log1p(math.exp2(-abs(d))) * math.log2(math.e) if not math.isnan(d) else d


HELPERS: dict[str, Callable[..., float]] = {f.__name__: f for f in (logaddexp, logaddexp2)}
"""What `math` lacks; the text of what a program calls goes before it."""
