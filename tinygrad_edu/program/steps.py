"""A program of single numbers as steps, each a formula of the table of numbers.

step  one formula with its operands
node  what the step stands for in the program
"""

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_edu.program import scalars
from tinygrad_edu.program.formulas import LEAF, Kind, Step, constant, formula, is_constant
from tinygrad_edu.program.nodes import Node, Program, expect
from tinygrad_edu.program.short_forms import shorter
from tinygrad_edu.program.tracing import cast
from tinygrad_edu.table import wholes

_KINDS: dict[Any, Kind] = {float: float, np.float64: float, bool: bool, np.bool_: bool, int: int}
_CONVERSIONS = {
    (bool, float): "1.0 if x else 0.0", (int, float): "float(x)", (float, bool): "x != 0.0", (int, bool): "x != 0",
}  # fmt: skip
_HARMLESS = {"axis", "keepdims", "order"}


class NotScalarError(Exception):
    """The program has arrays, or functions that the table of numbers does not know."""


class Steps:
    """The steps of a program, in order, with how often each is used.

    Raises:
        NotScalarError: there is something else than single numbers, or a function that is not in the table.
    """

    def __init__(self, program: Program) -> None:
        self.all: list[Step] = []
        self.inputs = [_input(node) for node in program.inputs]
        self.of: dict[Node, Step] = dict(zip(program.inputs, self.inputs, strict=True))
        self._converted: dict[tuple[Step, Kind], Step] = {}
        self._squares: dict[Step, Step] = {}
        for node in program.nodes:
            if node.writes is not None:
                raise NotScalarError
            self.of[node] = _SPECIAL.get(_key(node.function), _call)(self, node)
        for step in map(self.of.__getitem__, program.results):
            step.uses, step.is_named = step.uses + 1, True
        for step in reversed(self.all):
            if step.uses:
                for x, times in zip(step.operands, step.formula.uses, strict=True):
                    x.uses += times
                    x.is_named = x.is_named or times > 1

    def add(self, text: str, operands: tuple[Step, ...], kind: Kind, node: Node | None) -> Step:
        """Go one step further, if the formula does more than give its operand back."""
        if text == "x":
            return operands[0]
        if text == "x * x" and operands[0] in self._squares:
            return self._squares[operands[0]]
        found = formula(text)
        if len(found.uses) != len(operands):
            raise NotScalarError
        step = Step(found, operands, kind, node)
        self.all.append(step)
        if text == "x * x":
            self._squares[operands[0]] = step
        return step

    def operand(self, x: Any) -> Step:
        """Give the step for an argument."""
        if isinstance(x, Node):
            return self.of[x]
        if isinstance(x, np.ndarray) and x.shape == ():
            x = x[()]
        if type(x) not in _KINDS:
            raise NotScalarError
        return constant(_KINDS[type(x)](x))

    def converted(self, x: Step, kind: Kind) -> Step:
        """Give a number as one of another kind."""
        if x.kind is kind:
            return x
        if x.value is not None:
            return constant(_float(x.value) if kind is float else bool(x.value))
        if (x, kind) not in self._converted:
            self._converted[x, kind] = self.add(_CONVERSIONS[x.kind, kind], (x,), kind, x.node)
        return self._converted[x, kind]


def kind_of(node: Node) -> Kind:
    """Tell what a node gives, once it is a number of Python's.

    Raises:
        NotScalarError: it is none.
    """
    kind = node.dtype.type if node.kind is np.ndarray and node.shape == () else node.kind
    if kind not in _KINDS:
        raise NotScalarError
    return _KINDS[kind]


def is_of_numbers(program: Program) -> bool:
    """Tell at a glance whether there are arrays."""
    nodes = *program.inputs, *program.nodes, *program.outputs
    return not any(getattr(node, "shape", None) for node in nodes)


def _input(node: Node) -> Step:
    if node.kind is np.ndarray:
        raise NotScalarError
    return Step(LEAF, (), kind_of(node), node)


def _float(x: float) -> float:
    try:
        return float(x)
    except OverflowError:  # an integer of hundreds of digits
        raise NotScalarError from None


def _call(steps: Steps, node: Node) -> Step:
    """Find the formula of a function, and make its operands what it takes."""
    function, kind = node.function, kind_of(node)
    operands = tuple(map(steps.operand, node.arguments))
    if node.keywords:
        raise NotScalarError
    if node.kind in (float, int, bool):
        return steps.add(_found(scalars.OPERATORS, function), operands, kind, node)
    kinds = {x.kind for x in operands}
    if function in scalars.LOGICAL or (kind is bool and kinds == {bool}):
        return steps.add(_found(scalars.TRUTHS, function), _all(steps, operands, bool), kind, node)
    if kind is float or float in kinds:
        return _on_floats(steps, function, _all(steps, operands, float), kind, node)
    return steps.add(_found(scalars.COMPARISONS, function), operands, kind, node)


def _all(steps: Steps, operands: tuple[Step, ...], kind: Kind) -> tuple[Step, ...]:
    return tuple(steps.converted(x, kind) for x in operands)


def _key(function: Any) -> Any:
    """Give what a function stands for in tables: itself, or its name if it is one of this package."""
    return function.__name__ if function in wholes else function


def _found(table: dict[Any, str], function: Any) -> str:
    if function not in table:
        raise NotScalarError
    return table[function]


def _on_floats(steps: Steps, function: Any, operands: tuple[Step, ...], kind: Kind, node: Node | None) -> Step:
    text, operands = shorter(function, operands) or (_found(scalars.FLOATS, function), operands)
    return steps.add(text, operands, kind, node)


def _question(steps: Steps, node: Node) -> Step:
    condition, answer = node.arguments
    asked = steps.converted(steps.operand(condition), bool)
    step = Step(formula("not x" if answer else "x"), (asked,), bool, node)
    step.uses = 1
    steps.all.append(step)
    return step


def _where(steps: Steps, node: Node) -> Step:
    kind = kind_of(node)
    if len(node.arguments) != 3 or node.keywords or kind is int:
        raise NotScalarError
    condition, *branches = map(steps.operand, node.arguments)
    operands = steps.converted(condition, bool), *_all(steps, tuple(branches), kind)
    return steps.add("y if x else z", operands, kind, node)


def _same(steps: Steps, node: Node) -> Step:
    """Give the first operand, of which this is a copy, a sum, a view or another kind."""
    kind, x = kind_of(node), steps.operand(node.arguments[0])
    if len(node.arguments) > 2 or not node.keywords.keys() <= _HARMLESS:
        raise NotScalarError
    return steps.converted(x, kind)


def _sech_squared(steps: Steps, node: Node) -> Step:
    """Give 1 - z² for z = tanh(x), or where that is nearly all rounding, 1 / cosh(x)²."""
    x, z = (steps.converted(steps.operand(x), float) for x in node.arguments)
    slope = steps.add("1.0 - x", (steps.add("x * x", (z,), float, node),), float, node)
    return steps.add("x if x >= 0.05 else sech_squared(y)", (slope, x), float, node)


def _clip(steps: Steps, node: Node) -> Step:
    x, low, high = (*node.arguments, None, None)[:3]
    if kind_of(node) is not float or node.keywords:
        raise NotScalarError
    step = steps.converted(steps.operand(x), float)
    for sign, bound in (("<", low), (">", high)):
        if bound is not None:
            y = steps.converted(steps.operand(bound), float)
            text = f"y if x {sign} y else x" if is_constant(y) else f"y if x {sign} y or y != y else x"
            step = steps.add(text, (step, y), float, node)
    return step


def _round(steps: Steps, node: Node) -> Step:
    """Round as NumPy does: what is scaled by a power of ten is rounded to an integer."""
    x, decimals = (*node.arguments, *node.keywords.values(), 0)[:2]
    if kind_of(node) is not float or not node.keywords.keys() <= {"decimals"} or type(decimals) is not int:
        raise NotScalarError
    step, scale = steps.converted(steps.operand(x), float), constant(_float(10 ** abs(decimals)))
    there, back = (np.multiply, np.divide) if decimals >= 0 else (np.divide, np.multiply)
    for function, operands in ((there, [scale]), (np.rint, []), (back, [scale])):
        step = _on_floats(steps, function, (step, *operands), float, node)
    return step


_SPECIAL: dict[Any, Callable[[Steps, Node], Step]] = {
    expect: _question, np.where: _where, np.clip: _clip, np.round: _round, np.around: _round,
    "sech_squared": _sech_squared, operator.getitem: _same, cast: _same,
    **dict.fromkeys((np.positive, np.copy, np.sum, np.prod, np.mean, np.max, np.min), _same),
    **dict.fromkeys((np.reshape, np.broadcast_to, np.squeeze, np.transpose, np.real), _same),
}  # fmt: skip
