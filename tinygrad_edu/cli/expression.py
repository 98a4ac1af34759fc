"""Expressions typed at a terminal, read through a whitelist and made functions of numbers and arrays.

text   what was typed
node   a part of Python's syntax tree of the text
step   a constant, the name of a variable, or a call that takes the values before it
"""

import ast
import difflib
import functools
import math
import re
import warnings
from dataclasses import dataclass, field
from typing import Any, NamedTuple, NoReturn

import numpy as np
from numpy.typing import NDArray

from tinygrad_edu.cli import vocabulary as known
from tinygrad_edu.cli.vocabulary import ALLOWED, CONSTANTS, FUNCTIONS, OPERATORS
from tinygrad_edu.core.arrays import unwrap_scalar
from tinygrad_edu.core.rules import Function
from tinygrad_edu.core.value import Value

Number = np.float64 | NDArray[np.float64]
Operand = Any  # a number, an array or a Value

LENGTH = 4_000  # below the 4,300 digits at which Python refuses an integer, with advice of its own
WORDS = 1_000  # Python's parser goes one call deeper for each sign or bracket
ELEMENTS = 1_000_000
_DEEPEST = 8
_WIDTH, _MARGIN = 70, 30  # of the text that an error shows, and of what it shows before the part in question


class ExpressionError(ValueError):
    """What was typed cannot be read or computed; the message says where, and what to write instead."""


class Call(NamedTuple):
    """A step that calls a function on the values before it, as many as it `takes`."""

    function: Function
    takes: int
    node: ast.expr


@dataclass(frozen=True)
class Expression:
    """A function of the variables in `text`; `names` lists them in the order of their first appearance."""

    text: str
    names: tuple[str, ...]
    steps: tuple[Any, ...] = field(repr=False, compare=False)

    def __call__(self, *values: Operand) -> Operand:
        """The result for Values, numbers or arrays, one for each of `names`, of shapes that broadcast.

        A comparison gives 1 or 0; what overflows or is undefined gives inf or nan.

        Raises:
            ExpressionError: they are too many or too few, or do not fit; all results have over 1,000,000 elements.
        """
        if len(values) != len(self.names):
            raise ExpressionError(f"got {len(values)} values for {len(self.names)} names: {', '.join(self.names)}")
        # Floats overflow to inf, where integers would wrap around.
        numbers = (x if isinstance(x, Value) else np.multiply(x, 1.0) for x in values)
        given = dict(zip(self.names, numbers, strict=True))
        stack: list[Operand] = []
        room = ELEMENTS
        with np.errstate(all="ignore"):
            for step in self.steps:
                if isinstance(step, Call):
                    result, room = _run(self.text, step, stack[-step.takes :], room)
                    stack[-step.takes :] = [result]
                else:
                    stack.append(given[step] if isinstance(step, str) else step.copy())
        return unwrap_scalar(stack[0])


def read(text: str) -> Expression:
    """The function that `text` describes, of the names that stand in it.

    It may hold decimal numbers, lists of them, names, ``pi``, ``+ - * / // % ** @``, comparisons, brackets,
    and calls of `FUNCTIONS`, with ``axis=`` where they reduce. Python parses it, but runs nothing of it.

    >>> f = read("tanh(a*b) + sum(c)")
    >>> f.names, f(0.5, 2.0, number("[1, 2]")).round(4)
    (('a', 'b', 'c'), np.float64(3.7616))
    >>> read("1 + tahn(x)")
    Traceback (most recent call last):
    tinygrad_edu.cli.expression.ExpressionError: column 5: tahn is not a known function; the nearest: tan, tanh, atan
        1 + tahn(x)
            ^^^^^^^

    Raises:
        ExpressionError: it holds anything else, or more than 4,000 characters, or 1,000 words and signs.
    """
    text = text.strip(" ")
    pending = [_parse(text)]
    steps = []
    while pending:  # each call before its operands, the last of them first: the reverse of the order to compute in
        step, operands = _step(text, pending.pop())
        steps.append(step)
        pending += operands
    steps.reverse()
    return Expression(text, tuple(dict.fromkeys(s for s in steps if isinstance(s, str))), tuple(steps))


def number(text: str) -> Number:
    """The number that `text` spells, or the array, if it is a list or a list of lists.

    >>> number("[[1, 2], [3, -4e-1]]")
    array([[ 1. ,  2. ],
           [ 3. , -0.4]])

    Raises:
        ExpressionError: it is anything else, such as nan, [] or [1, [2]]; or as `read`.
    """
    text = text.strip(" ")
    return _literal(text, _parse(text))


def _refuse(text: str, where: Any, problem: str) -> NoReturn:
    """Raise the error for a node, or for the character at one place, and underline it."""
    start = getattr(where, "col_offset", where)
    first = max(0, start - _MARGIN)
    shown = re.sub("[^ -~]", "?", text[first : first + _WIDTH])
    marks = "^" * len(shown[start - first : getattr(where, "end_col_offset", start + 1) - first]) or "^"
    raise ExpressionError(f"column {start + 1}: {problem}\n    {shown}\n    {' ' * (start - first)}{marks}") from None


def _parse(text: str) -> ast.expr:
    if not text or len(text) > LENGTH:
        raise ExpressionError(f"got {len(text):,} characters; give 1 to {LENGTH:,}, such as tanh(a*b) + c")
    if odd := re.search(r"[^ A-Za-z0-9_.,+\-*/%@()\[\]<>=!]", text):
        sign = repr(odd[0]) if odd[0].isprintable() else ascii(odd[0])
        _refuse(text, odd.start(), f"{sign} has no meaning here; {known.SIGNS.get(odd[0], ALLOWED)}")
    if (words := len(re.findall(r"\d[\d.e]*|\w+|[^\w ]", text))) > WORDS:
        raise ExpressionError(f"got {words:,} words and signs; {WORDS:,} are the most that are read")
    try:
        with warnings.catch_warnings(action="ignore"):  # Python warns of "1if"
            return ast.parse(text, mode="eval").body
    except SyntaxError as error:
        remedy = "write products with a sign, as in 2*x" if "literal" in error.msg else ALLOWED
        _refuse(text, (error.offset or len(text) + 1) - 1, f"{error.msg}; {remedy}")
    except (MemoryError, RecursionError):
        raise ExpressionError("brackets or signs are nested too deeply; give the parts one by one") from None


def _step(text: str, node: ast.expr) -> tuple[Any, list[ast.expr]]:
    """The step of a node, and the nodes of its operands."""
    match node:
        case ast.Constant() | ast.List():
            return _literal(text, node), []
        case ast.Name(name) if name in CONSTANTS:
            return CONSTANTS[name], []
        case ast.Name(name):
            if name in FUNCTIONS or name.startswith("_"):
                _refuse(text, node, "this cannot be a variable; start with a letter, and call functions, as in tanh(x)")
            return name, []
        case ast.UnaryOp(op, x) if type(op) in OPERATORS:
            return Call(OPERATORS[type(op)], 1, node), [x]
        case ast.BinOp(x, op, y) | ast.Compare(x, [op], [y]) if type(op) in OPERATORS:
            return Call(OPERATORS[type(op)], 2, node), [x, y]
        case ast.Call(ast.Name(name), operands):
            return Call(_function(text, node, name), len(operands), node), operands
        case ast.Call(ast.Attribute(ast.Name(), name)) if name in FUNCTIONS:
            _refuse(text, node.func, f"attribute access has no meaning here; write {name} alone, as in {name}(x)")
        case ast.Call(ast.Constant() | ast.BinOp()):
            _refuse(text, node, "a call has no meaning here; write products with a sign, as in 2*(x + 1)")
    what, remedy = known.FOREIGN.get(type(node), (type(node).__name__.lower(), ALLOWED))
    _refuse(text, node, f"{what} has no meaning here; {remedy}")


def _function(text: str, node: ast.Call, name: str) -> Any:
    """The function of a call, bound to its axis."""
    if name not in FUNCTIONS:
        near = ", ".join(difflib.get_close_matches(name, FUNCTIONS)) or "none; some are tanh, exp, sum"
        remedy = f"write {known.INSTEAD[name]}" if name in known.INSTEAD else f"the nearest: {near}"
        _refuse(text, node, f"{name[:_MARGIN]} is not a known function; {remedy}")
    function, count = FUNCTIONS[name]
    if len(node.args) != count:
        remedy = f"; of several, write {known.OF_MORE[name]}" if name in known.OF_MORE and len(node.args) > 1 else ""
        _refuse(text, node, f"{name} takes {count} argument{'s' * (count > 1)}, got {len(node.args)}{remedy}")
    match node.keywords:
        case []:
            return function
        case [ast.keyword("axis", at)] if function in known.ALONG_AXIS:
            if re.fullmatch("-?[0-9]{1,2}", axis := text[at.col_offset : at.end_col_offset]):
                return functools.partial(function, axis=int(axis))
    _refuse(text, node.keywords[0], "the only keyword is axis=, with a number as in axis=0, of functions such as sum")


def _literal(text: str, node: ast.expr) -> Number:
    """The number or array that a node spells."""
    if isinstance(node, ast.List):
        rows = [_literal(text, x) for x in node.elts]
        if len({row.shape for row in rows}) != 1 or rows[0].ndim == _DEEPEST:
            _refuse(text, node, f"a list holds numbers, or lists of equal length, nested at most {_DEEPEST} deep")
        return np.array(rows)
    try:
        x = float(text[node.col_offset : node.end_col_offset])
    except ValueError:
        x = math.nan
    if not math.isfinite(x):
        _refuse(text, node, "this is not a finite number, written in decimal such as -1.5e-3, or a list of such")
    return np.float64(x)


def _run(text: str, call: Call, inputs: list[Operand], room: int) -> tuple[Operand, int]:
    """The result of a call, and the room for elements that is left."""
    try:
        room -= _size(call.function, [np.shape(x) for x in inputs])
        if room >= 0:
            result = call.function(*inputs)
            return 1.0 * result if known.is_plain(call.function) else result, room
    except (MemoryError, TypeError, ValueError) as error:
        _refuse(text, call.node, f"this cannot be computed: {error}")
    _refuse(text, call.node, f"all results up to here would have over {ELEMENTS:,} elements; use smaller arrays")


def _size(function: Function, shapes: list[tuple[int, ...]]) -> int:
    """An upper bound of the number of elements of a result."""
    if function not in known.PRODUCTS:
        return math.prod(np.broadcast_shapes(*shapes))
    x, y = shapes
    shared = x[-1] if x and y and function is not np.outer else 1
    return math.prod(x) * math.prod(y) // shared**2
