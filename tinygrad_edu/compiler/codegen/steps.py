"""A program of single numbers as steps, each a formula of the table of numbers.

step  one formula with its operands
node  what the step stands for in the program
"""

from typing import Any

import numpy as np

from tinygrad_edu.compiler.codegen.formulas import LEAF, Kind, Step, constant, formula
from tinygrad_edu.compiler.ir import Graph, Node
from tinygrad_edu.core.source_info import label

_KINDS: dict[Any, Kind] = {float: float, np.float64: float, bool: bool, np.bool_: bool, int: int}
_CONVERSIONS = {
    (bool, float): "1.0 if x else 0.0", (int, float): "float(x)", (float, bool): "x != 0.0", (int, bool): "x != 0",
}  # fmt: skip


class NotScalarError(Exception):
    """The program has something else than single numbers, or a function that the table does not know; it tells what."""


class Steps:
    """The steps of a program, in order, with how often each is used.

    native: only what machine code does as Python does, whose integers have no end; and what chooses between ways is a
        function of its own, in `choices`, so that the rest is one straight line.

    Raises:
        NotScalarError: there is something else than single numbers, or a function that is not in the table.
    """

    def __init__(self, program: Graph, native: bool = False) -> None:
        self.native = native
        self.choices: dict[str, str] = {}
        self.all: list[Step] = []
        self.inputs = [_input(node) for node in program.inputs]
        self.of: dict[Node, Step] = dict(zip(program.inputs, self.inputs, strict=True))
        self._converted: dict[tuple[Step, Kind], Step] = {}
        self._squares: dict[Step, Step] = {}

    def count(self, results: list[Node]) -> None:
        """Count how often each step is used by those that lead to a result or a question."""
        for step in map(self.of.__getitem__, results):
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
            raise NotScalarError("a function of more arguments than it needs")
        if self.native and found.parts:
            name = self.choices.setdefault(text, f"choice_{len(self.choices) + 1}")
            found = formula(f"{name}({', '.join('xyz'[: len(operands)])})")
        step = Step(found, operands, kind, node)
        self.all.append(step)
        if text == "x * x":
            self._squares[operands[0]] = step
        return step

    def ask(self, text: str, operands: tuple[Step, ...], node: Node) -> Step:
        """Go one step further, a question to which the answer must be no."""
        step = Step(formula(text), operands, bool, node)
        step.asks, step.uses = True, 1
        self.all.append(step)
        return step

    def operand(self, x: Any) -> Step:
        """Give the step for an argument."""
        if isinstance(x, Node):
            return self.of[x]
        if isinstance(x, np.ndarray) and x.shape == ():
            x = x[()]
        if type(x) not in _KINDS:
            raise NotScalarError(f"a {type(x).__name__}")
        return constant(_KINDS[type(x)](x))

    def converted(self, x: Step, kind: Kind) -> Step:
        """Give a number as one of another kind."""
        if x.kind is kind:
            return x
        if x.value is not None:
            return constant(as_float(x.value) if kind is float else bool(x.value))
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
        raise NotScalarError(f"{label(node.function)}, which gives a {getattr(kind, '__name__', kind)}")
    return _KINDS[kind]


def is_of_numbers(program: Graph) -> bool:
    """Tell at a glance whether there are arrays."""
    nodes = *program.inputs, *program.nodes, *program.outputs
    return not any(getattr(node, "shape", None) for node in nodes)


def _input(node: Node) -> Step:
    if node.kind is np.ndarray:
        raise NotScalarError("an array without axes")
    return Step(LEAF, (), kind_of(node), node)


def as_float(x: float) -> float:
    """Give a number as a float, if it is not too large."""
    try:
        return float(x)
    except OverflowError:  # an integer of hundreds of digits
        raise NotScalarError("a huge integer") from None
