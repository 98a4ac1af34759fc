"""Functions and local slopes as JavaScript, so that a page can compute a tape of small arrays again.

A local slope is the rule of its function, run on symbols and printed, as formulas are; only what the functions
themselves are called in JavaScript is written down here. Shapes are known beforehand, so the page knows of none: an
array is a list of numbers there, and a function that moves or sums them is a table of slopes, taken from its rule.
Only of the few functions of whole rows, such as softmax, the page has the slopes itself.

a, b, z  in JavaScript, an element of each operand and of the output
"""

import math
import operator
import string
from typing import Any

import numpy as np

from tinygrad_edu import functions
from tinygrad_edu.compiler.codegen.templates import ATOM, UNARY, Text, template
from tinygrad_edu.core.rules import Array
from tinygrad_edu.core.source_info import label
from tinygrad_edu.core.tape import payload
from tinygrad_edu.derivatives.exponential import share
from tinygrad_edu.derivatives.norms import root
from tinygrad_edu.derivatives.shapes import concatenate
from tinygrad_edu.derivatives.trigonometric import sech_squared
from tinygrad_edu.losses import negative_log_likelihood
from tinygrad_edu.show.description import Description
from tinygrad_edu.show.nodes import Edge, Node
from tinygrad_edu.show.symbols import SIGNS, Symbol

MOST = 64  # numbers of an entry that the page computes with
MOST_IN_ALL = 1_000  # the same of a tape that holds arrays: each is moved by a step, and all behind it computed again

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
    functions.sigmoid: "sigmoid(x)", sech_squared: "sech_squared(x, y)", root: "root(x, y)",
    share: "share(x, y)",
}  # fmt: skip
LINEAR = {
    np.sum, np.mean, np.cumsum, np.reshape, np.ravel, np.transpose, np.swapaxes, np.moveaxis, np.squeeze,
    np.expand_dims, np.broadcast_to, np.flip, np.roll, concatenate, operator.getitem, negative_log_likelihood,
}  # fmt: skip
BILINEAR = {np.matmul, np.einsum}  # linear in each of two operands
OF_ROWS: dict[Any, str] = {  # functions along axes, by what the page calls them, which has their slopes, too
    np.max: "max", np.min: "min", np.prod: "prod", np.var: "variance", np.std: "deviation",
    functions.softmax: "softmax", functions.log_softmax: "log_softmax", functions.logsumexp: "logsumexp",
}  # fmt: skip
_ALONG_THE_LAST = (functions.softmax, functions.log_softmax)  # by default; the others along all axes


class NotWrittenError(Exception):
    """There is no JavaScript for this; the message says for what."""


def functions_of(tape: Description) -> str:
    """An object that holds what each entry but leaves computes, and its local slopes.

    Raises:
        NotWrittenError: the tape is too large, is not of float64, or there is no JavaScript for a function or a slope.
    """
    sizes = [np.size(node.data) for node in tape]
    if any(type(node.data) not in (np.float64, np.ndarray) or node.data.dtype != np.float64 for node in tape):
        raise NotWrittenError("the page computes with float64, and knows of other numbers this run only")
    if 0 in sizes or (max(sizes) > 1 and (max(sizes) > MOST or sum(sizes) > MOST_IN_ALL)):
        most = f"1 to {MOST} numbers an entry and {MOST_IN_ALL:,} in all"
        raise NotWrittenError(f"the page computes with arrays of {most}, and knows of others this run only")
    try:
        return f"{{{', '.join(f'{node.place}: {_written(node)}' for node in tape if node.edges)}}}"
    except NotWrittenError as error:
        raise NotWrittenError(f"the page cannot compute {error}") from None


def _written(node: Node) -> str:
    """What an entry computes: element by element, row by row, or by tables of [output, input, slope or other input]."""
    function = node.value.function
    of = [edge.input.place for edge in node.edges]
    if function in LINEAR or (function in BILINEAR and len(node.edges) == 1):
        return f"{{of: {of}, linear: [{', '.join(map(_table, node.edges))}]{_offset(node)}}}"
    if function in BILINEAR and len(node.edges) == 2:
        return f"{{of: {of}, product: {_products(node)}}}"
    if function in OF_ROWS:
        return _rows(node)
    if function is np.where:
        raise NotWrittenError(f"{node.function}, whose condition is not on the tape")
    if node.value.keywords or not node.edges[0].is_elementwise:
        raise NotWrittenError(f"{node.function} with keywords" if node.value.keywords else node.function)
    return _elementwise(node)


def _rows(node: Node) -> str:
    """A function along axes by its name, and the places of each row: of its elements, and of what it becomes."""
    function, keywords, x = node.value.function, node.value.keywords or {}, node.edges[0].input
    if not keywords.keys() <= {"axis", "keepdims"}:
        raise NotWrittenError(f"{node.function} with keywords")
    shape = np.shape(x.data)
    along = keywords.get("axis", -1 if function in _ALONG_THE_LAST else None)
    axes = np.lib.array_utils.normalize_axis_tuple(range(len(shape)) if along is None else along, len(shape))
    places = np.moveaxis(np.arange(np.size(x.data)).reshape(shape), axes, range(-len(axes), 0))
    rows = places.reshape(-1, math.prod(shape[axis] for axis in axes)).tolist()
    becomes = rows if function in _ALONG_THE_LAST else [[i] for i in range(len(rows))]
    at = [list(pair) for pair in zip(rows, becomes, strict=True)]
    return f'{{of: [{x.place}], rows: "{OF_ROWS[function]}", at: {at}}}'


def _elementwise(node: Node) -> str:
    """A function of single numbers, its slopes, and which elements of the operands go into which of the output."""
    z = node.value
    constants = {i: x for i, x in enumerate(z.inputs) if isinstance(x, np.ndarray) and x.ndim}
    letters = {i: string.ascii_lowercase[i] for i in (*(e.argument for e in node.edges), *constants)}
    inputs = [(letters[i], ATOM) if i in letters else _number(x) for i, x in enumerate(z.inputs)]
    names = ["z", *(letters.get(i, "") for i in range(len(z.inputs)))]
    given, value = ", ".join(letters.values()), _call(z.function, inputs)[0]
    slopes = ", ".join(f"({given}, z) => {_slope(edge, names)}" for edge in node.edges)
    of = ", ".join([*(str(e.input.place) for e in node.edges), *(_list(x) for x in constants.values())])
    made = f"of: [{of}], f: ({given}) => {value}, d: [{slopes}]"
    if all(np.shape(payload(z.inputs[i])) == z.shape for i in letters):
        return f"{{{made}}}"
    places = [np.arange(np.size(x)).reshape(np.shape(x)) for x in (payload(z.inputs[i]) for i in letters)]
    return f"{{{made}, at: {[np.broadcast_to(x, z.shape).ravel().tolist() for x in places]}}}"


def _slope(edge: Edge, names: list[str]) -> str:
    """The local slope of an edge, of elements that are called by these names."""
    made = edge.symbol(expand=False, operands=names)
    if made is None or (isinstance(made, Symbol) and made.run.choices):
        raise NotWrittenError(f"the slope of {edge.node.function}")
    return _text(made)[0]


def _table(edge: Edge) -> str:
    """The slopes of each element of the output by those of the input that it depends on."""
    rows = []
    for o, place in enumerate(np.ndindex(edge.node.data.shape)):
        slopes = edge.slopes(place).ravel()
        if not np.all(np.isfinite(slopes)):
            raise NotWrittenError(f"{edge.node.function} with constants that are not finite")
        rows += [f"[{o}, {i}, {_number(slopes[i])[0]}]" for i in np.flatnonzero(slopes)]
    return f"[{', '.join(rows)}]"


def _given(node: Node, *numbers: Array) -> Array:
    """What the function of an entry gives if these numbers stand for its inputs."""
    inputs = [payload(x) for x in node.value.inputs]
    for edge, x in zip(node.edges, numbers, strict=True):
        inputs[edge.argument] = x
    return np.ravel(node.value.function(*inputs, **(node.value.keywords or {})))  # type: ignore[misc]


def _offset(node: Node) -> str:
    """What an entry has where all its inputs are 0."""
    offset = _given(node, *(np.zeros_like(edge.input.data) for edge in node.edges))
    return f", plus: {_list(offset)}" if np.any(offset) else ""


def _products(node: Node) -> list[list[int]]:
    """The products that an entry sums: which element of the output, of one input and of the other."""
    a, b = (
        [unit.reshape(np.shape(edge.input.data)) for unit in np.eye(np.size(edge.input.data))] for edge in node.edges
    )
    pairs = ((i, j, _given(node, x, y)) for i, x in enumerate(a) for j, y in enumerate(b))
    return [[o, i, j] for i, j, given in pairs for o in np.flatnonzero(given).tolist()]


def _text(x: object) -> Text:
    if not isinstance(x, Symbol):
        return _number(x)
    if isinstance(x.came_from, str):
        return x.came_from, ATOM
    function, inputs, keywords = x.came_from
    if keywords:
        raise NotWrittenError(f"{label(function)} with keywords")
    return _call(function, [_text(i) for i in inputs])


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


def _list(x: Array) -> str:
    """The elements of an array of constants."""
    return f"[{', '.join(_number(each)[0] for each in np.ravel(x))}]"
