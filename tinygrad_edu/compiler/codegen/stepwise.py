"""From calls of NumPy's to steps: which formula each of them is, and what it takes its operands for.

node  the call
"""

import operator
from collections.abc import Callable
from typing import Any, TypeGuard

import numpy as np

from tinygrad_edu.compiler.codegen import scalar_table as scalars
from tinygrad_edu.compiler.codegen.formulas import Kind, Step, constant, is_constant
from tinygrad_edu.compiler.codegen.short_forms import shorter
from tinygrad_edu.compiler.codegen.steps import NotScalarError, Steps, as_float, kind_of
from tinygrad_edu.compiler.ir import Graph, Node, assume
from tinygrad_edu.compiler.tracing.tracer import cast
from tinygrad_edu.core.rules import is_opaque
from tinygrad_edu.core.source_info import label

_HARMLESS = {"axis", "keepdims", "order"}


def steps_of(program: Graph, native: bool = False) -> Steps:
    """Give the steps of a program; `native` are those that machine code does as Python does.

    Raises:
        NotScalarError: there is something else than single numbers, or a function that is not in the table.
    """
    steps = Steps(program, native)
    for node in program.nodes:
        if node.writes is not None:
            raise NotScalarError("writing into an array")
        steps.of[node] = _SPECIAL.get(_key(node.function), _call)(steps, node)
    steps.count(program.results)
    return steps


def _call(steps: Steps, node: Node) -> Step:
    """Find the formula of a function, and make its operands what it takes."""
    function, kind = node.function, kind_of(node)
    operands = tuple(map(steps.operand, node.arguments))
    if node.keywords:
        raise NotScalarError(f"{label(function)} with keywords")
    if node.kind in (float, int, bool):
        return _between_plain(steps, function, operands, kind, node)
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
    return function.__name__ if is_opaque(function) else function


def _found(table: dict[Any, str], function: Any) -> str:
    if function not in table:
        raise NotScalarError(label(function))
    return table[function]


def _is_small(number: float | None) -> TypeGuard[float]:
    return number is not None and abs(number) < 2**53  # so that a float holds it


def _between_plain(steps: Steps, function: Any, operands: tuple[Step, ...], kind: Kind, node: Node) -> Step:
    """Do to Python's own numbers what Python does."""
    text, question = _found(scalars.OPERATORS, function), None
    if steps.native:
        operands = tuple(constant(float(x.value)) if _is_small(x.value) else x for x in operands)
        if function in scalars.NOT_NATIVE or int in {kind, *(x.kind for x in operands)}:
            raise NotScalarError(f"{label(function)} between integers of Python's")
        text, question = scalars.NATIVE_OPERATORS.get(function, (text, None))
    step = steps.add(text, operands, kind, node)
    if question:
        steps.ask(question, (step,) if question.endswith("(x)") else operands[1:], node)
    return step


def _on_floats(steps: Steps, function: Any, operands: tuple[Step, ...], kind: Kind, node: Node | None) -> Step:
    table = scalars.NATIVE_FLOATS if steps.native else scalars.FLOATS
    text, operands = shorter(function, operands) or (_found(table, function), operands)
    return steps.add(text, operands, kind, node)


def _question(steps: Steps, node: Node) -> Step:
    condition, answer = node.arguments
    return steps.ask("not x" if answer else "x", (steps.converted(steps.operand(condition), bool),), node)


def _where(steps: Steps, node: Node) -> Step:
    kind = kind_of(node)
    if len(node.arguments) != 3 or node.keywords:
        raise NotScalarError("np.where with keywords")
    condition, *branches = map(steps.operand, node.arguments)
    operands = steps.converted(condition, bool), *_all(steps, tuple(branches), kind)
    return steps.add("y if x else z", operands, kind, node)


def _same(steps: Steps, node: Node) -> Step:
    """Give the first operand, of which this is a copy, a sum, a view or another kind."""
    kind, x = kind_of(node), steps.operand(node.arguments[0])
    if len(node.arguments) > 2 or not node.keywords.keys() <= _HARMLESS:
        raise NotScalarError(f"{label(node.function)} with keywords")
    return steps.converted(x, kind)


def _sech_squared(steps: Steps, node: Node) -> Step:
    """Give 1 - z² for z = tanh(x), or where that is nearly all rounding, 1 / cosh(x)²."""
    x, z = (steps.converted(steps.operand(x), float) for x in node.arguments)
    slope = steps.add("1.0 - x", (steps.add("x * x", (z,), float, node),), float, node)
    return steps.add("x if x >= 0.05 else sech_squared(y)", (slope, x), float, node)


def _clip(steps: Steps, node: Node) -> Step:
    x, low, high = (*node.arguments, None, None)[:3]
    if kind_of(node) is not float or node.keywords:
        raise NotScalarError("np.clip with keywords")
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
        raise NotScalarError("np.round with keywords")
    step, scale = steps.converted(steps.operand(x), float), constant(as_float(10 ** abs(decimals)))
    there, back = (np.multiply, np.divide) if decimals >= 0 else (np.divide, np.multiply)
    for function, operands in ((there, [scale]), (np.rint, []), (back, [scale])):
        step = _on_floats(steps, function, (step, *operands), float, node)
    return step


_SPECIAL: dict[Any, Callable[[Steps, Node], Step]] = {
    assume: _question, np.where: _where, np.clip: _clip, np.round: _round, np.around: _round,
    "sech_squared": _sech_squared, operator.getitem: _same, cast: _same,
    **dict.fromkeys((np.positive, np.copy, np.sum, np.prod, np.mean, np.max, np.min), _same),
    **dict.fromkeys((np.reshape, np.broadcast_to, np.squeeze, np.transpose, np.real), _same),
}  # fmt: skip
