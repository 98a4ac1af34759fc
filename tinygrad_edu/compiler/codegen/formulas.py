"""Formulas, and the steps they are taken in: Python expressions with places for operands, which may be expressions too.

level  how tightly an expression holds together, from ``x if c else y`` (0) to a name or a call (10); an operand that
       is looser than its place demands is put in parentheses
step   one formula with its operands: other steps, inputs or constants
kind   what a step gives, as Python has it: float, bool or int
"""

import ast
import functools
import math
from typing import Any

Kind = type[float] | type[bool] | type[int]

ATOM, UNARY, PRODUCT, SUM, SIGNED, COMPARED, NOT, AND, OR, CHOICE = 10, 8, 7, 6, 5, 4, 3, 2, 1, 0

_OPERANDS = "xyz"
_BINARY: dict[type[ast.operator], int] = {
    ast.Add: SUM, ast.Sub: SUM, ast.Mult: PRODUCT, ast.Div: PRODUCT, ast.Mod: PRODUCT, ast.FloorDiv: PRODUCT,
}  # fmt: skip


class Formula:
    """An expression in x, y and z, ready to have texts put in their places; made once by `formula`.

    names: what it takes besides: functions of `math` or helpers, and ``inf``.
    uses:  how often each operand stands in it.
    parts: whether it chooses between ways, so that not all of it is computed.

    >>> formula("x * y").filled([("a + b", SUM), ("c", ATOM)])
    '(a + b) * c'
    """

    def __init__(self, text: str) -> None:
        tree = ast.parse(text, mode="eval").body
        places: list[tuple[int, int, int]] = []
        self.names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} - {*_OPERANDS}
        self.parts = any(isinstance(node, (ast.IfExp, ast.BoolOp)) for node in ast.walk(tree))
        self.level = _level(tree, CHOICE, places)
        places.sort()
        pieces, end = [], 0
        for start, _, _ in places:
            pieces.append(text[end:start])
            end = start + 1
        self._frame = "{}".join([*pieces, text[end:]])
        self._places = [(i, demanded) for _, i, demanded in places]
        counts = [i for i, _ in self._places]
        self.uses = tuple(counts.count(i) for i in range(max(counts, default=-1) + 1))

    def filled(self, operands: list[tuple[str, int]]) -> str:
        """Put operands, given as texts with their levels, in their places."""
        return self._frame.format(
            *[operands[i][0] if operands[i][1] >= demanded else f"({operands[i][0]})" for i, demanded in self._places]
        )


formula = functools.cache(Formula)


def _level(node: ast.expr, demanded: int, places: list[tuple[int, int, int]]) -> int:
    """Give the level of an expression; collect where its operands stand, which they are, and what is demanded."""
    if isinstance(node, ast.Name) and node.id in _OPERANDS:
        places.append((node.col_offset, _OPERANDS.index(node.id), demanded))
        return ATOM
    level, parts = _inside(node)
    for part, wanted in parts:
        _level(part, wanted, places)
    return level


def _inside(node: ast.expr) -> tuple[int, list[tuple[ast.expr, int]]]:
    """Give the level of an expression, and its parts with the level that each has to have."""
    match node:
        case ast.IfExp(test, body, orelse):
            return CHOICE, [(test, OR), (body, OR), (orelse, OR)]
        case ast.BoolOp(op, values):
            level = AND if isinstance(op, ast.And) else OR
            return level, [(value, level + 1) for value in values]
        case ast.UnaryOp(ast.Not(), operand):
            return NOT, [(operand, NOT)]
        case ast.UnaryOp(_, operand):
            return UNARY, [(operand, UNARY)]
        case ast.Compare(left, _, comparators):
            return COMPARED, [(x, SIGNED) for x in (left, *comparators)]
        case ast.BinOp(left, op, right) if type(op) in _BINARY:
            level = _BINARY[type(op)]
            return level, [(left, level), (right, level + 1)]
        case ast.BinOp(left, _, right):  # powers and bits, which are rare
            return SIGNED, [(left, ATOM), (right, ATOM)]
        case ast.Call(_, args):
            return ATOM, [(x, CHOICE) for x in args]
        case _:
            return ATOM, []


LEAF = formula("0")


class Step:
    """One formula with its operands; an input or a constant is a leaf."""

    __slots__ = (
        "asks",
        "formula",
        "is_named",
        "is_pending",
        "kind",
        "level",
        "node",
        "operands",
        "text",
        "uses",
        "value",
    )

    def __init__(self, formula: Formula, operands: tuple["Step", ...], kind: Kind, node: Any = None) -> None:
        self.formula, self.operands, self.kind = formula, operands, kind
        self.node = node  # what it stands for in the program; None for a constant
        self.value: float | None = None  # of a constant
        self.asks = False  # it is no number, but the question whether the program does not hold for these numbers
        self.uses = 0
        self.is_named = False  # it must have a name: it stands several times in one formula, or is a result
        self.is_pending = False  # it is written where it is used, not on a line of its own
        self.text, self.level = "", ATOM


def constant(x: float) -> Step:
    """Give the step for a number that is written out; one that is not finite is a name of `math`."""
    step = Step(LEAF, (), type(x))
    step.value, step.text = x, repr(x)
    if step.text.startswith("-"):
        step.level = SIGNED
    return step


def is_constant(step: Step, *numbers: float) -> bool:
    """Tell whether a step is a constant, one of `numbers` if there are any; NaN is none of them."""
    return step.value is not None and (step.value in numbers if numbers else not math.isnan(step.value))
