"""Templates: Python expressions in x, y and z, with precedence taken from Python's own grammar.

x, y, z   operands
level     how tightly a text holds together, from CHOICE (``x if c else y``) to ATOM (a name or a call); an operand
          looser than its place demands is put in parentheses
"""

import ast
import functools
import math
from typing import Any

import numpy as np

from tinygrad_edu.compiler.codegen.scalar_table import HELPERS

Text = tuple[str, int]  # with its level

CHOICE, OR, AND, NOT, COMPARED, BIT_OR, BIT_XOR, BIT_AND, SUM, PRODUCT, UNARY, POWER, ATOM = range(13)

_OPERANDS = "xyz"
_BINARY: dict[type[ast.operator], int] = {
    ast.Add: SUM, ast.Sub: SUM, ast.Mult: PRODUCT, ast.Div: PRODUCT, ast.Mod: PRODUCT, ast.FloorDiv: PRODUCT,
    ast.MatMult: PRODUCT, ast.BitOr: BIT_OR, ast.BitXor: BIT_XOR, ast.BitAnd: BIT_AND,
}  # fmt: skip
_SCOPE = vars(math) | {"np": np} | HELPERS


class Template:
    """An expression in x, y and z that is filled with texts, or called with numbers; made once, by `template`.

    names: what it takes besides: functions and numbers of `math`, helpers, builtins.
    uses:  how often each operand stands in it.

    >>> product = template("x * y")
    >>> product.fill([("a + b", SUM), ("c", ATOM)])
    '(a + b) * c'
    >>> product(2.0, 3.0)
    6.0
    """

    def __init__(self, text: str) -> None:
        tree = ast.parse(text, mode="eval").body
        places: list[tuple[int, int, int]] = []
        self.text = self.__name__ = text
        self.names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} - {*_OPERANDS}
        self.level = _collect(tree, CHOICE, places)
        places.sort()
        pieces, end = [], 0
        for start, _, _ in places:
            pieces.append(text[end:start])
            end = start + 1
        self._frame = "{}".join([*pieces, text[end:]])
        self._places = [(i, demanded) for _, i, demanded in places]
        counts = [i for i, _ in self._places]
        self.uses = tuple(counts.count(i) for i in range(max(counts, default=-1) + 1))

    def fill(self, operands: list[Text]) -> str:
        """The expression with operands in their places."""
        return self._frame.format(
            *[operands[i][0] if operands[i][1] >= demanded else f"({operands[i][0]})" for i, demanded in self._places]
        )

    @functools.cached_property
    def _function(self) -> Any:
        return eval(f"lambda {', '.join(_OPERANDS[: len(self.uses)])}: {self.text}", _SCOPE)

    def __call__(self, *numbers: Any) -> Any:
        """The number that the expression has for these operands."""
        return self._function(*numbers)

    def __repr__(self) -> str:
        return f"template({self.text!r})"


template = functools.cache(Template)


def _collect(node: ast.expr, demanded: int, places: list[tuple[int, int, int]]) -> int:
    """The level of an expression; collects where its operands stand, which they are, and what is demanded."""
    if isinstance(node, ast.Name) and node.id in _OPERANDS:
        places.append((node.col_offset, _OPERANDS.index(node.id), demanded))
        return ATOM
    level, parts = _parts(node)
    for part, wanted in parts:
        _collect(part, wanted, places)
    return level


def _parts(node: ast.expr) -> tuple[int, list[tuple[ast.expr, int]]]:
    """The level of an expression, and its parts with the level that each must have."""
    match node:
        case ast.IfExp(test, body, orelse):
            return CHOICE, [(test, OR), (body, OR), (orelse, OR)]
        case ast.BoolOp(op, values):
            level = AND if isinstance(op, ast.And) else OR
            return level, [(value, level + 1) for value in values]
        case ast.UnaryOp(ast.Not(), operand):
            return NOT, [(operand, NOT)]
        case ast.UnaryOp(_, operand):
            return UNARY, [(operand, POWER)]
        case ast.Compare(left, _, comparators):  # a < b == c would be a < b and b == c
            return COMPARED, [(x, BIT_OR) for x in (left, *comparators)]
        case ast.BinOp(left, ast.Pow(), right):
            return POWER, [(left, ATOM), (right, ATOM)]
        case ast.BinOp(left, op, right):
            level = _BINARY[type(op)]
            return level, [(left, level), (right, level + 1)]
        case ast.Call(_, args):
            return ATOM, [(x, CHOICE) for x in args]
        case _:
            return ATOM, []
