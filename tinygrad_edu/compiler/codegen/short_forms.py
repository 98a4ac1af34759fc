"""Algebra that pays where an operation costs as much as reading a name: shorter forms that give the same numbers.

x, y  operands
"""

from typing import Any

import numpy as np

from tinygrad_edu.compiler.codegen import scalar_table as scalars
from tinygrad_edu.compiler.codegen.formulas import Step, formula, is_constant

Form = tuple[str, tuple[Step, ...]]

_NEGATIVE = formula("-x")
_TRUTH = formula("1.0 if x else 0.0")


def shorter(function: Any, operands: tuple[Step, ...]) -> Form | None:
    """Give a shorter form of a function of floats than the table has, if there is one."""
    if len(operands) != 2:
        return None
    x, y = operands
    if function is np.multiply:
        return ("x * x", (x,)) if x is y else _product(x, y) or _product(y, x)
    if function in (np.add, np.subtract):
        return _sum(function, x, y)
    if function is np.divide and is_constant(y, 1.0):
        return "x", (x,)
    if function in (np.power, np.float_power) and y.value in scalars.POWERS:
        return scalars.POWERS[y.value], (x,)
    if function is np.power and is_constant(y):
        return ("sqrt(x)", (x,)) if y.value == 0.5 else ("pow(x, y)", operands)
    if function in scalars.RIGHT_IS_CONSTANT and is_constant(y):
        return scalars.RIGHT_IS_CONSTANT[function], operands
    if function in scalars.LEFT_IS_CONSTANT and is_constant(x):
        return scalars.LEFT_IS_CONSTANT[function], operands
    return None


def _product(x: Step, y: Step) -> Form | None:
    """Write a product with 1, with -1, or of a positive number with a truth value."""
    if is_constant(x, 1.0, -1.0):
        return "x" if x.value == 1 else "-x", (y,)
    if is_constant(x) and x.value is not None and 0 < x.value < float("inf") and y.formula is _TRUTH:
        return "x if y else 0.0", (x, y.operands[0])
    return None


def _sum(function: Any, x: Step, y: Step) -> Form | None:
    """Write a sum with something negative as a difference, and the other way about."""
    adds = function is np.add
    if y.formula is _NEGATIVE:
        return "x - y" if adds else "x + y", (x, y.operands[0])
    if adds and x.formula is _NEGATIVE:
        return "x - y", (y, x.operands[0])
    return None
