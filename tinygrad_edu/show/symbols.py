"""Rules and functions as formulas: they are run on symbols, which note what is done to them.

The rule of a product is ``lambda g, z, x, y: g * y``. Run on symbols it says that the slope by x is y, and nobody
need write that down a second time.

function  what made a symbol; None if it was there from the beginning
number    what it is here: a number or an array, so that rules may look at shapes and choose by values
"""

import inspect
import operator
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

import numpy as np

from tinygrad_edu.compiler.codegen.templates import ATOM, UNARY, Text, template
from tinygrad_edu.core.context import OuterArray
from tinygrad_edu.core.operators import ArrayMethods
from tinygrad_edu.core.rules import Array, Function
from tinygrad_edu.core.source_info import label

SIGNS: dict[Any, str] = {
    np.add: "x + y", np.subtract: "x - y", np.multiply: "x * y", np.divide: "x / y", np.floor_divide: "x // y",
    np.remainder: "x % y", np.power: "x ** y", np.matmul: "x @ y", np.negative: "-x", np.positive: "+x",
    np.greater: "x > y", np.greater_equal: "x >= y", np.less: "x < y", np.less_equal: "x <= y", np.equal: "x == y",
    np.not_equal: "x != y", np.square: "x ** 2", np.reciprocal: "1 / x",
}  # fmt: skip

_MOST = 200  # parts of a formula: more is not read, and what is shared inside would be written again and again


class Call(NamedTuple):
    """A function with what it was called with."""

    function: Function
    inputs: tuple[Any, ...]
    keywords: dict[str, Any]


@dataclass
class Run:
    """What the symbols of one run share: whether helpers of rules are looked into, and the choices made by numbers.

    Inside a helper, which works on single numbers, np.where is such a choice.
    """

    expand: bool = True
    choices: list[str] = field(default_factory=list)
    inside: bool = False


class Symbol(np.lib.mixins.NDArrayOperatorsMixin, ArrayMethods, OuterArray):
    """An array with the text or the call that it came from."""

    __slots__ = ("came_from", "number", "run", "size_of_text")
    __hash__ = object.__hash__

    def __init__(self, number: Array, came_from: str | Call, run: Run) -> None:
        self.number, self.came_from, self.run = number, came_from, run
        inside = came_from.inputs if isinstance(came_from, Call) else ()
        self.size_of_text: int = 1 + sum(x.size_of_text for x in inside if isinstance(x, Symbol))
        if self.size_of_text > _MOST:
            raise OverflowError(f"a formula of over {_MOST} parts, which nobody reads")

    def _made(self, function: Function, inputs: tuple[Any, ...], keywords: dict[str, Any]) -> Self:
        number = function(*_numbers(inputs), **{key: _numbers(x) for key, x in keywords.items()})
        return type(self)(number, Call(function, inputs, keywords), self.run)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **keywords: Any) -> Any:
        return self._made(ufunc if method == "__call__" else getattr(ufunc, method), inputs, keywords)

    def __array_function__(self, function: Any, types: Any, arguments: Any, keywords: Any) -> Any:
        if function in (np.shape, np.ndim, np.size, np.result_type):
            return function(*_numbers(arguments), **keywords)
        if function is np.where and self.run.inside:
            condition, x, y = arguments
            return x if condition else y
        return self._made(function, arguments, keywords)

    def call(self, function: Any, arguments: tuple[Any, ...], keywords: dict[str, Any], body: Any = None) -> Any:
        """What a primitive gives: its formula, if it is a helper of the rules' that works on single numbers."""
        helper = body is not None and (function.__module__ or "").startswith("tinygrad_edu.derivatives.")
        if self.run.expand and helper and not any(map(np.ndim, _numbers(arguments))):
            before, self.run.inside = self.run.inside, True
            try:
                return inspect.unwrap(body)(*arguments, **keywords)
            finally:
                self.run.inside = before
        return self._made(function, arguments, keywords)

    def __getitem__(self, index: Any) -> Any:
        return self._made(operator.getitem, (self, index), {})

    def __bool__(self) -> bool:
        self.run.choices.append(text_of(self))
        return bool(self.number)

    def __len__(self) -> int:
        return len(self.number)

    shape = property(operator.attrgetter("number.shape"), doc="The length along each axis.")
    ndim = property(operator.attrgetter("number.ndim"), doc="The number of axes.")
    size = property(operator.attrgetter("number.size"), doc="The number of elements.")
    dtype = property(operator.attrgetter("number.dtype"), doc="The kind of float.")


def _numbers(x: Any) -> Any:
    """The numbers behind symbols, in tuples and lists too."""
    if isinstance(x, (tuple, list)):
        return type(x)(map(_numbers, x))
    return x.number if isinstance(x, Symbol) else x


def _is(x: Any, number: float) -> bool:
    return isinstance(x, (int, float, np.generic)) and bool(x == number)


def simplified(x: Any) -> Any:
    """A symbol, or what it is equal to: without factors, divisors and exponents of 1, and with signs in front."""
    if not isinstance(x, Symbol) or isinstance(x.came_from, str):
        return x
    function, inputs, keywords = x.came_from
    a, b = (*map(simplified, inputs[:2]), None, None)[:2]
    if function is np.multiply and _is(a, 1):
        return b
    if function in (np.multiply, np.divide, np.power) and _is(b, 1):
        return a
    if function is np.multiply and _is(a, -1):
        return Symbol(x.number, Call(np.negative, (b,), {}), x.run)
    if function is np.multiply and _negated(a) is not None:
        product = simplified(Symbol(-x.number, Call(np.multiply, (_negated(a), b), {}), x.run))
        return Symbol(x.number, Call(np.negative, (product,), {}), x.run)
    return Symbol(x.number, Call(function, (a, b, *map(simplified, inputs[2:]))[: len(inputs)], keywords), x.run)


def _negated(x: Any) -> Any:
    """What `x` is the negative of, if it is written so."""
    negative = isinstance(x, Symbol) and isinstance(x.came_from, Call) and x.came_from.function is np.negative
    return x.came_from.inputs[0] if negative else None


def text_of(x: Any) -> str:
    """How a symbol is written.

    >>> x, y = (Symbol(np.float64(2.0), name, Run()) for name in "xy")
    >>> text_of(-np.tanh(x) / (y + 1) ** 2)
    '-np.tanh(x) / (y + 1) ** 2'
    """
    return written(x)[0]


def written(x: Any) -> Text:
    """The text of a symbol or a constant, with its level."""
    if not isinstance(x, Symbol):
        text = constant(x)
        return text, UNARY if text.startswith("-") else ATOM
    if isinstance(x.came_from, str):
        return x.came_from, ATOM
    function, inputs, keywords = x.came_from
    if function is np.swapaxes and inputs[1:] == (-1, -2):
        return f"{call_text(None, [written(inputs[0])])[0]}.T", ATOM
    return call_text(function, [written(i) for i in inputs], keywords)


def call_text(function: Function | None, inputs: list[Text], keywords: dict[str, Any] | None = None) -> Text:
    """A call as it is written: with a sign where there is one, else by name; without function, an operand in brackets.

    >>> call_text(np.multiply, [("a", ATOM), ("b", ATOM)])[0], call_text(np.sum, [("a", ATOM)], {"axis": 0})[0]
    ('a * b', 'np.sum(a, axis=0)')
    """
    if function is None:
        return (inputs[0][0] if inputs[0][1] == ATOM else f"({inputs[0][0]})"), ATOM
    sign = template(SIGNS[function]) if function in SIGNS and not keywords else None
    if sign is not None and len(sign.uses) == len(inputs):
        return sign.fill(inputs), sign.level
    if function is operator.getitem:
        index = inputs[1][0]
        return f"{call_text(None, inputs[:1])[0]}[{index[1:-1].rstrip(',') if index.startswith('(') else index}]", ATOM
    named = [f"{key}={constant(x)}" for key, x in (keywords or {}).items() if not key.startswith("_")]
    return f"{label(function)}({', '.join([*(text for text, _ in inputs), *named])})", ATOM


def constant(x: Any) -> str:
    """A constant as it is written: numbers to six digits, arrays as ``const``, slices as between brackets."""
    if isinstance(x, (bool, np.bool_, type(None))):
        return str(x)
    if isinstance(x, str):
        return repr(x)
    if isinstance(x, (int, float, np.generic)):
        return f"{x:.6g}"
    if isinstance(x, np.ndarray):
        return "const" if x.ndim else f"{x[()]:.6g}"
    if isinstance(x, slice):
        parts = (x.start, x.stop) if x.step is None else (x.start, x.stop, x.step)
        return ":".join("" if i is None else str(i) for i in parts)
    if isinstance(x, (tuple, list)):
        inside = ", ".join(map(constant, x))
        return f"[{inside}]" if isinstance(x, list) else f"({inside},)" if len(x) == 1 else f"({inside})"
    return "..." if x is Ellipsis else label(x) if callable(x) or hasattr(x, "__name__") else type(x).__name__


def formula(
    rule: Callable[..., Array], names: list[str], numbers: list[Any], keywords: dict[str, Any], expand: bool = True
) -> Any:
    """What a function or rule makes of symbols; what has no name stays a number. None if symbols are not enough."""
    run = Run(expand)
    inputs = [Symbol(x, name, run) if name else x for x, name in zip(numbers, names, strict=True)]
    try:
        with np.errstate(all="ignore"):
            return simplified(rule(*inputs, **keywords))
    except Exception:  # a rule may ask of an array what a symbol does not know
        return None
