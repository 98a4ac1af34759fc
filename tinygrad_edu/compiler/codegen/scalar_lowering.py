"""The pass that lowers a graph of single numbers to Python: each node becomes a template of the table of numbers.

kind    what a node gives, as Python has it: float, bool or int
number  a node that was lowered, an input, or a constant of Python's

>>> x = Input("x", np.float64)
>>> x.describe(np.float64(0.5))
>>> y = x.sibling(np.power, (x, 2), (), None, x.dtype)
>>> y.kind = np.float64
>>> for node in lower(Graph("program", [x], [y], [y])).nodes:
...     print(node.function.text)
float(x)
x * x
np.float64(x)
"""

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_edu.compiler.codegen import scalar_table as table
from tinygrad_edu.compiler.codegen.strength_reduction import TRUTH, is_constant, reduce
from tinygrad_edu.compiler.codegen.templates import template
from tinygrad_edu.compiler.ir import Graph, Input, Node, assume, cast
from tinygrad_edu.core.source_info import label
from tinygrad_edu.derivatives.trigonometric import sech_squared

Kind = type[float] | type[bool] | type[int]
Number = Node | float

_KINDS: dict[Any, Kind] = {float: float, np.float64: float, bool: bool, np.bool_: bool, int: int}
_CONVERSIONS = {
    (bool, float): TRUTH, (int, float): template("float(x)"), (float, bool): template("x != 0.0"),
    (int, bool): template("x != 0"), (bool, int): template("int(x)"),
}  # fmt: skip
_RESULTS = {np.float64: "np.float64(x)", np.bool_: "np.bool_(x)", np.ndarray: "np.array(x)"}
_CHANGE_NOTHING = {"axis", "keepdims", "order"}  # keywords, for a single number


class NotScalarError(Exception):
    """The graph has something else than single numbers, or a function that the table does not know; it says what."""


def lower(graph: Graph) -> Graph:
    """The same graph in Python's numbers.

    Raises:
        NotScalarError: there is something else than single numbers, or a function that is not in the table.
    """
    if any(getattr(x, "shape", None) for x in (*graph.inputs, *graph.nodes, *graph.outputs)):
        raise NotScalarError("arrays")
    lowering = _Lowering(graph.inputs)
    for node in graph.nodes:
        if node.writes is not None:
            raise NotScalarError("writing into an array")
        lowering.node = node
        lowering.of[node] = number = _SPECIAL.get(node.function, _call)(lowering, node)
        if isinstance(number, Node):
            number.name = number.name or node.name
    outputs = [lowering.result(x) for x in graph.outputs]
    return Graph(graph.name, graph.inputs, lowering.nodes, outputs)


class _Lowering:
    """The nodes so far, with what each node of NumPy became; `node` is the one that is being lowered."""

    def __init__(self, inputs: list[Input]) -> None:
        self.nodes: list[Node] = []
        self.of: dict[Node, Number] = {}
        self.node: Node
        for x in inputs:
            if x.kind is np.ndarray:
                raise NotScalarError("an array without axes")
            self.node, self.of[x], kind = x, x, kind_of(x)
            if kind is not x.kind:
                self.of[x] = self.add(f"{kind.__name__}(x)", (x,), kind)

    def add(self, text: str, numbers: tuple[Number, ...], kind: Kind) -> Number:
        """One step further, if the template does more than give its operand back."""
        if text == "x":
            return numbers[0]
        function = template(text)
        if len(function.uses) != len(numbers):
            raise NotScalarError("a function of more arguments than it needs")
        made = self.node.sibling(function, tuple(map(self._spelled, numbers)), None, None, None)
        made.kind = kind
        self.nodes.append(made)
        return made

    def _spelled(self, x: Number) -> Number:
        """A constant as it can be written: infinities and NaN by the names that `math` has for them."""
        return self.add(repr(x), (), float) if type(x) is float and not math.isfinite(x) else x

    def number(self, x: Any) -> Number:
        """What an argument became."""
        if isinstance(x, Node):
            return self.of[x]
        if isinstance(x, np.ndarray) and x.shape == ():
            x = x[()]
        if type(x) not in _KINDS:
            raise NotScalarError(f"a {type(x).__name__}")
        number: Number = _KINDS[type(x)](x)
        return number

    def converted(self, x: Any, kind: Kind) -> Number:
        """What an argument became, as another kind of number."""
        number = self.number(x)
        have = _kind(number)
        if have is kind:
            return number
        if not isinstance(number, Node):
            return _as_float(number) if kind is float else kind(number)
        if (have, kind) not in _CONVERSIONS:
            raise NotScalarError(f"a {have.__name__} taken for a {kind.__name__}")
        return self.add(_CONVERSIONS[have, kind].text, (number,), kind)

    def floats(self, function: Any, numbers: tuple[Number, ...], kind: Kind = float) -> Number:
        """What a function gives of floats."""
        return self.add(*(reduce(function, numbers) or (_row(table.FLOATS, function), numbers)), kind)

    def result(self, x: Any) -> Any:
        """An output as the function itself gives it."""
        if not isinstance(x, Node) or x.kind not in _RESULTS:
            return self.of[x] if isinstance(x, Node) else x
        made = x.sibling(template(_RESULTS[x.kind]), (self._spelled(self.of[x]),), x.shape, x.strides, x.dtype)
        made.kind = x.kind
        self.nodes.append(made)
        return made


def kind_of(node: Node) -> Kind:
    """The kind of number that a node gives.

    Raises:
        NotScalarError: it gives none.
    """
    kind = node.dtype.type if node.kind is np.ndarray and node.shape == () else node.kind
    if kind not in _KINDS:
        raise NotScalarError(f"{label(node.function)}, which gives a {getattr(kind, '__name__', kind)}")
    return _KINDS[kind]


def _kind(x: Number) -> Any:
    return x.kind if isinstance(x, Node) else type(x)


def _row(rows: dict[Any, str], function: Any) -> str:
    if function not in rows:
        raise NotScalarError(label(function))
    return rows[function]


def _as_float(x: float) -> float:
    try:
        return float(x)
    except OverflowError:  # an integer of hundreds of digits
        raise NotScalarError("a huge integer") from None


def _call(lowering: _Lowering, node: Node) -> Number:
    """A function of the table, its operands made what it takes."""
    function, kind = node.function, kind_of(node)
    if node.keywords:
        raise NotScalarError(f"{label(function)} with keywords")
    numbers = tuple(map(lowering.number, node.arguments))
    if node.kind in (float, int, bool):
        return lowering.add(_row(table.OPERATORS, function), numbers, kind)
    kinds = {*map(_kind, numbers)}
    if kind is float and kinds == {float} and function not in table.LOGICAL:
        return lowering.floats(function, numbers)
    if function in table.LOGICAL or (kind is bool and kinds == {bool}):
        truths = tuple(lowering.converted(x, bool) for x in node.arguments)
        return lowering.add(_row(table.TRUTHS, function), truths, kind)
    if kind is float or float in kinds:
        return lowering.floats(function, tuple(lowering.converted(x, float) for x in node.arguments), kind)
    return lowering.add(_row(table.COMPARISONS, function), numbers, kind)


def _assume(lowering: _Lowering, node: Node) -> Number:
    condition, answer = node.arguments
    made = node.sibling(assume, (lowering.converted(condition, bool), answer), None, None, None)
    lowering.nodes.append(made)
    return made


def _where(lowering: _Lowering, node: Node) -> Number:
    kind = kind_of(node)
    if len(node.arguments) != 3 or node.keywords:
        raise NotScalarError("np.where with keywords")
    condition, *branches = node.arguments
    numbers = (lowering.converted(x, kind) for x in branches)
    return lowering.add("y if x else z", (lowering.converted(condition, bool), *numbers), kind)


def _same(lowering: _Lowering, node: Node) -> Number:
    """The first operand, of which this is a copy, a sum, a view or another kind."""
    kind = kind_of(node)
    if len(node.arguments) > 2 or not node.keywords.keys() <= _CHANGE_NOTHING:
        raise NotScalarError(f"{label(node.function)} with keywords")
    return lowering.converted(node.arguments[0], kind)


def _sech_squared(lowering: _Lowering, node: Node) -> Number:
    """1 - z² for z = tanh(x), or where that has lost more than a digit, 1 / cosh(x)², which takes longer than tanh."""
    x, z = (lowering.converted(x, float) for x in node.arguments)
    slope = lowering.add("1.0 - x", (lowering.add("x * x", (z,), float),), float)
    return lowering.add("x if x >= 0.05 else cosh(y) ** -2.0", (slope, x), float)


def _clip(lowering: _Lowering, node: Node) -> Number:
    x, low, high = (*node.arguments, None, None)[:3]
    if kind_of(node) is not float or node.keywords:
        raise NotScalarError("np.clip with keywords")
    number = lowering.converted(x, float)
    for sign, bound in (("<", low), (">", high)):
        if bound is not None:
            y = lowering.converted(bound, float)
            text = f"y if x {sign} y else x" if is_constant(y) else f"y if x {sign} y or y != y else x"
            number = lowering.add(text, (number, y), float)
    return number


def _round(lowering: _Lowering, node: Node) -> Number:
    """Rounded as NumPy does: what is scaled by a power of ten is rounded to an integer."""
    x, decimals = (*node.arguments, *node.keywords.values(), 0)[:2]
    if kind_of(node) is not float or not node.keywords.keys() <= {"decimals"} or type(decimals) is not int:
        raise NotScalarError("np.round with keywords")
    number, scale = lowering.converted(x, float), _as_float(10 ** abs(decimals))
    there, back = (np.multiply, np.divide) if decimals >= 0 else (np.divide, np.multiply)
    number = lowering.floats(np.rint, (lowering.floats(there, (number, scale)),))
    return lowering.floats(back, (number, scale))


_SPECIAL: dict[Any, Callable[[_Lowering, Node], Number]] = {
    assume: _assume, np.where: _where, np.clip: _clip, np.round: _round, np.around: _round,
    sech_squared: _sech_squared, operator.getitem: _same, cast: _same,
    **dict.fromkeys((np.positive, np.copy, np.sum, np.prod, np.mean, np.max, np.min), _same),
    **dict.fromkeys((np.reshape, np.broadcast_to, np.squeeze, np.transpose, np.real), _same),
}  # fmt: skip
