"""Functions and local slopes as JavaScript, so that a page can compute a tape of single numbers again.

A local slope is the rule of its function, run on symbols and printed, as formulas are; only what the functions
themselves are called in JavaScript is written down here.

v  the values of the entries, by place
"""

import numpy as np

from tinygrad_edu import functions
from tinygrad_edu.compiler.codegen.templates import ATOM, UNARY, Text, template
from tinygrad_edu.core.tape import Entry
from tinygrad_edu.derivatives.trigonometric import sech_squared
from tinygrad_edu.show.description import Edge, Node
from tinygrad_edu.show.symbols import SIGNS, Symbol

_OF_ONE = (
    "sin", "cos", "tan", "sinh", "cosh", "tanh", "exp", "expm1", "log", "log2", "log10", "log1p", "sqrt", "cbrt",
    "sign", "floor", "ceil", "trunc",
)  # fmt: skip
_OTHERWISE = ("**", "//", "%", "@")  # signs that mean something else in JavaScript, or nothing
WRITTEN = {  # those of more than one letter are JavaScript's own or helpers of the page's
    **{function: text for function, text in SIGNS.items() if not any(sign in text for sign in _OTHERWISE)},
    **{getattr(np, name): f"Math.{name}(x)" for name in _OF_ONE},
    np.arcsin: "Math.asin(x)", np.arccos: "Math.acos(x)", np.arctan: "Math.atan(x)", np.arcsinh: "Math.asinh(x)",
    np.arccosh: "Math.acosh(x)", np.arctanh: "Math.atanh(x)", np.arctan2: "Math.atan2(x, y)",
    np.hypot: "Math.hypot(x, y)", np.absolute: "Math.abs(x)", np.fabs: "Math.abs(x)", np.square: "x * x",
    np.maximum: "Math.max(x, y)", np.minimum: "Math.min(x, y)", np.power: "pow(x, y)", np.exp2: "pow(2, x)",
    np.remainder: "mod(x, y)", np.floor_divide: "Math.floor(x / y)", np.logaddexp: "logaddexp(x, y)",
    np.where: "where(x, y, z)", np.isinf: "isinf(x)", np.bitwise_and: "x & y", functions.relu: "Math.max(x, 0)",
    functions.sigmoid: "sigmoid(x)", sech_squared: "sech_squared(x, y)",
}  # fmt: skip


class NotWrittenError(Exception):
    """There is no JavaScript for this; the message says for what."""


def value_of(node: Node) -> str:
    """What an entry computes of the values before it.

    Raises:
        NotWrittenError: there is no JavaScript for its function.
    """
    z = node.value
    if z.keywords:
        raise NotWrittenError(f"{node.function} with keywords")
    places = {e.argument: e.input.place for e in node.edges}
    inputs = [(f"v[{places[i]}]", ATOM) if isinstance(x, Entry) else _number(x) for i, x in enumerate(z.inputs)]
    return _call(z.function, inputs)[0]


def slope_of(edge: Edge) -> str:
    """The local slope of an edge, of the values of its entry and inputs.

    Raises:
        NotWrittenError: its rule uses what there is no JavaScript for, or chooses by the numbers it gets.
    """
    names = {node.name: f"v[{node.place}]" for node in (edge.node, *(e.input for e in edge.node.edges))}
    made = edge.symbol(expand=False)
    if made is None or (isinstance(made, Symbol) and made.run.choices):
        raise NotWrittenError(f"the slope of {edge.node.function}")
    return _text(made, names)[0]


def _text(x: object, names: dict[str, str]) -> Text:
    if not isinstance(x, Symbol):
        return _number(x)
    if isinstance(x.came_from, str):
        return names[x.came_from], ATOM
    function, inputs, keywords = x.came_from
    if keywords:
        raise NotWrittenError(f"{function} with keywords")
    return _call(function, [_text(i, names) for i in inputs])


def _call(function: object, inputs: list[Text]) -> Text:
    if function not in WRITTEN:
        raise NotWrittenError(getattr(function, "__name__", str(function)))
    written = template(WRITTEN[function])
    if len(written.uses) != len(inputs):
        raise NotWrittenError(f"{getattr(function, '__name__', function)} of {len(inputs)}")
    return written.fill(inputs), written.level


def _number(x: object) -> Text:
    """A constant with all its digits."""
    if isinstance(x, (bool, np.bool_)):
        return str(bool(x)).lower(), ATOM
    if not isinstance(x, (int, float, np.integer, np.floating)):
        raise NotWrittenError(f"a constant of type {type(x).__name__}")
    text = repr(float(x)).replace("inf", "Infinity").replace("nan", "NaN")
    return text, UNARY if text.startswith("-") else ATOM
