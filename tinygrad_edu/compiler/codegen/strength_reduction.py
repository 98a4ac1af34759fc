"""Shorter forms that give the same numbers, where an operation costs as much as reading a name.

x, y  operands

>>> reduce(np.power, (Node(np.sin, (0.5,), {}), 3.0))[0]
'x * x * x'
"""

import math
from typing import Any

import numpy as np

from tinygrad_edu.compiler.codegen import scalar_table as table
from tinygrad_edu.compiler.codegen.templates import template
from tinygrad_edu.compiler.ir import Node

Number = Node | float
Form = tuple[str, tuple[Number, ...]]

TRUTH = template("1.0 if x else 0.0")
_NEGATIVE = template("-x")


def is_constant(x: Number, *numbers: float) -> bool:
    """Whether a number is a constant, one of `numbers` if there are any; NaN is none of them."""
    return not isinstance(x, Node) and (x in numbers if numbers else not math.isnan(x))


def reduce(function: Any, operands: tuple[Number, ...]) -> Form | None:
    """A shorter form of a function of floats than the table has, if there is one."""
    if len(operands) != 2:
        return None
    x, y = operands
    if function is np.multiply:
        return ("x * x", (x,)) if x is y else _product(x, y) or _product(y, x)
    if function in (np.add, np.subtract):
        return _sum(function, x, y)
    if function is np.divide and is_constant(y, 1.0):
        return "x", (x,)
    if function in (np.power, np.float_power) and is_constant(y, *table.POWERS):
        return table.POWERS[y], (x,)  # type: ignore[index]
    if function is np.power and is_constant(y):
        return ("sqrt(x)", (x,)) if y == 0.5 else ("pow(x, y)", operands)
    if function in table.RIGHT_IS_CONSTANT and is_constant(y):
        return table.RIGHT_IS_CONSTANT[function], operands
    if function in table.LEFT_IS_CONSTANT and is_constant(x):
        return table.LEFT_IS_CONSTANT[function], operands
    return None


def _product(x: Number, y: Number) -> Form | None:
    """A product with 1, with -1, or of a positive number with a truth value."""
    if is_constant(x, 1.0, -1.0):
        return "x" if x == 1 else "-x", (y,)
    if is_constant(x) and 0 < x < math.inf and isinstance(y, Node) and y.function is TRUTH:  # type: ignore[operator]
        return "x if y else 0.0", (x, y.arguments[0])
    return None


def _sum(function: Any, x: Number, y: Number) -> Form | None:
    """A sum with something negative as a difference, and the other way about."""
    if isinstance(y, Node) and y.function is _NEGATIVE:
        return "x - y" if function is np.add else "x + y", (x, y.arguments[0])
    if function is np.add and isinstance(x, Node) and x.function is _NEGATIVE:
        return "x - y", (y, x.arguments[0])
    return None
