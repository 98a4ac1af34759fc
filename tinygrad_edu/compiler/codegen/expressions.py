"""Nodes as text: each the expression that computes it.

infix   whether arrays are combined by signs, as in ``a @ b + c``, or by NumPy's functions

>>> x, y = (Node(np.ones, (3,), {}) for _ in range(2))
>>> x.shape = y.shape = (3,)
>>> names, node = Names(), x.sibling(np.multiply, (x.sibling(np.add, (x, y), (3,), None, None), -2.0), (3,), None, None)
>>> total = node.arguments[0]
>>> names.inlined[total] = expression(total, names)
>>> expression(node, names)[0], expression(node, Names(), infix=False)[0]
('(t1 + t2) * -2.0', 'np.multiply(t1, -2.0)')
"""

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_edu.compiler.codegen.names import Names, format_value
from tinygrad_edu.compiler.codegen.scalar_table import OPERATORS
from tinygrad_edu.compiler.codegen.templates import ATOM, UNARY, Template, Text, template
from tinygrad_edu.compiler.ir import Node, cast
from tinygrad_edu.core.rules import is_opaque
from tinygrad_edu.core.source_info import label

_SIGNS: dict[Any, str] = OPERATORS | {
    np.add: "x + y", np.subtract: "x - y", np.multiply: "x * y", np.divide: "x / y", np.floor_divide: "x // y",
    np.remainder: "x % y", np.power: "x ** y", np.matmul: "x @ y", np.greater: "x > y", np.greater_equal: "x >= y",
    np.less: "x < y", np.less_equal: "x <= y", np.equal: "x == y", np.not_equal: "x != y", np.bitwise_and: "x & y",
    np.bitwise_or: "x | y", np.bitwise_xor: "x ^ y", np.negative: "-x", np.invert: "~x", np.float_power: "x ** y",
}  # fmt: skip


def expression(node: Node, names: Names, infix: bool = True) -> Text:
    """What a node computes: a filled template, where there is a sign for it, else a call."""
    function, arguments = node.function, node.arguments
    if isinstance(function, Template):
        return function.fill([operand(x, names) for x in arguments]), function.level
    if (infix or not node.shape) and function in _SIGNS and not node.keywords and _means_its_sign(node):
        sign = template(_SIGNS[function])
        if len(arguments) == len(sign.uses):
            return sign.fill([operand(x, names) for x in arguments]), sign.level
    special = _as_method if node.is_view and function in _METHODS else _SPECIAL.get(function)
    text = special(node, names) if special else None
    if text is None:
        called, arguments = (
            (format_function(function, names), arguments) if infix else callee(function, arguments, names)
        )
        text = format_call(called, arguments, node.keywords, names)
    return text, ATOM


def callee(function: Callable[..., Any], arguments: tuple[Any, ...], names: Names) -> tuple[str, tuple[Any, ...]]:
    """What is called, and with what: for a product the method of its first array, a quarter of a µs quicker.

    >>> x = Node(np.ones, (3,), {})
    >>> x.shape = (3,)
    >>> callee(np.dot, (x, 2.0), Names())
    ('t1.dot', (2.0,))
    """
    if function is np.dot and getattr(arguments[0], "shape", None):
        return f"{_owner(arguments[0], names)}.dot", arguments[1:]
    return format_function(function, names), arguments


def operand(x: Any, names: Names) -> Text:
    """An argument with its level."""
    if isinstance(x, Node):
        return names.inlined[x] if x in names.inlined else (names.of(x), ATOM)
    text = format_value(x, names)
    return text, UNARY if text.startswith("-") else ATOM


def format_function(function: Callable[..., Any], names: Names) -> str:
    """The function of a node: by NumPy's name, its own or a constant's."""
    if is_opaque(function):
        return names.function(function)
    owner = getattr(function, "__self__", None)
    if isinstance(owner, np.ufunc):
        return f"{format_function(owner, names)}.{function.__name__}"
    text = label(function)
    found: Any = np
    for part in text.split(".")[1:] if text.startswith("np.") else ["?"]:
        found = getattr(found, part, None)
    return text if found is function or found == function else names.function(function)


def format_call(function: str, arguments: tuple[Any, ...], keywords: dict[str, Any], names: Names) -> str:
    """A call."""
    given = [format_value(x, names) for x in arguments]
    given += [f"{key}={format_value(x, names)}" for key, x in keywords.items()]
    return f"{function}({', '.join(given)})"


def format_index(x: Any, names: Names) -> str:
    """What stands between brackets."""
    if isinstance(x, tuple) and x:
        parts = [format_value(part, names) if type(part) is tuple else format_index(part, names) for part in x]
        return ", ".join(parts)
    if isinstance(x, slice):
        start, stop, step = ("" if part is None else format_value(part, names) for part in (x.start, x.stop, x.step))
        return f"{start}:{stop}" + (f":{step}" if step else "")
    return "None" if x is None else format_value(x, names)


def _means_its_sign(node: Node) -> bool:
    """Whether a sign does as NumPy's function: not between Python's own numbers; `**` of single ones is float_power."""
    if not isinstance(node.function, np.ufunc):
        return True
    if node.function is np.float_power:
        base, exponent = (x.kind if isinstance(x, Node) else type(x) for x in node.arguments)
        return node.shape == () and base is np.float64 and exponent in (np.float64, float, int)
    of_numpy = any(
        isinstance(x, (np.ndarray, np.generic)) or getattr(x, "shape", None) is not None for x in node.arguments
    )
    of_python = any(type(x) is complex for x in node.arguments)  # to which a single np.float64 is a float
    return of_numpy and not (node.shape == () and (node.function is np.power or of_python))


def _owner(x: Any, names: Names) -> str:
    """An argument that a bracket or an attribute follows."""
    text, level = operand(x, names)
    return text if level == ATOM else f"({text})"


def _cast(node: Node, names: Names) -> str:
    x, dtype = node.arguments
    if isinstance(x, Node) and x.shape is None:
        return format_call(f"np.{dtype.name}", (x,), {}, names)
    return format_call(f"{_owner(x, names)}.astype", (dtype,), node.keywords, names)


def _zeros(node: Node, names: Names) -> str | None:
    """Zeros by their shape: NumPy's function for that is much quicker than the one that takes an example."""
    return f"np.zeros({node.shape}, {format_value(node.dtype, names)})" if node.is_contiguous else None


def _copy(node: Node, names: Names) -> str | None:
    """A copy of an array, by its method: NumPy's function takes three times as long."""
    (x, *rest), order = node.arguments, node.keywords.get("order", "K")
    if rest or not node.keywords.keys() <= {"order"} or getattr(x, "strides", None) is None:
        return None
    return format_call(f"{_owner(x, names)}.copy", () if order == "C" else (order,), {}, names)


def _as_method(node: Node, names: Names) -> str:
    """A view, by the method of the array, which is quicker than NumPy's function."""
    owner, name = _owner(node.arguments[0], names), node.function.__name__
    rest = tuple(x for x in (*node.arguments[1:], *node.keywords.values()) if x is not None)
    if name not in ("swapaxes", "transpose"):
        return f"{owner}.reshape({node.shape})"
    swaps = (rest[0] - rest[1]) % 2 if name == "swapaxes" else not rest
    return f"{owner}.T" if len(node.shape or ()) == 2 and swaps else format_call(f"{owner}.{name}", rest, {}, names)


_SPECIAL: dict[Any, Callable[[Node, Names], str | None]] = {
    operator.getitem: lambda node, names: (
        f"{_owner(node.arguments[0], names)}[{format_index(node.arguments[1], names)}]"
    ),
    np.ndarray.view: lambda node, names: format_call(
        f"{_owner(node.arguments[0], names)}.view", node.arguments[1:], {}, names
    ),
    np.zeros_like: _zeros,
    np.copy: _copy,
    cast: _cast,
}
_METHODS = {np.swapaxes, np.transpose, np.reshape, np.ravel, np.squeeze, np.expand_dims}
