"""Statements: a node computed and named, or written into memory that is there; and the remark beside it.

out   the name of the memory
"""

import linecache
import operator
import os
from collections.abc import Iterable

import numpy as np

from tinygrad_edu.compiler.codegen.expressions import callee, expression, format_index
from tinygrad_edu.compiler.codegen.names import Names, format_value, printable
from tinygrad_edu.compiler.ir import Node, Origin, assume, cast, is_elementwise

COLUMN = 72  # of remarks
_SOURCE_WIDTH = 60
_KEYWORD_ONLY = {np.maximum, np.minimum, np.fmax, np.fmin}  # a third positional argument costs them time
_TAKES_OUT = {np.concatenate, np.stack, np.cumsum, np.einsum}
_MADE = {np.empty_like, np.empty}


def statement(node: Node, names: Names, infix: bool = True) -> str:
    """The statement that computes a node and names it.

    >>> node = Node(np.sin, (0.5,), {})
    >>> node.name = "h"
    >>> statement(node, Names())
    'h = np.sin(0.5)'
    """
    if node.function is operator.setitem:
        array, where, x = node.arguments
        return f"{format_value(array, names)}[{format_index(where, names)}] = {format_value(x, names)}"
    text, _ = expression(node, names, infix)
    return text if node.writes is not None else f"{names.of(node)} = {text}"


def write_into(node: Node, out: str, names: Names) -> str:
    """The statement that leaves a result in memory that is there; none, if what that memory holds does not matter.

    >>> write_into(Node(np.exp, (0.5,), {}), "h", Names())
    'np.exp(0.5, h)'
    >>> write_into(Node(np.where, (True, 1.0, 2.0), {}), "h", Names())
    'np.copyto(h, np.where(True, 1.0, 2.0))'
    """
    function, arguments, keywords = node.function, node.arguments, node.keywords
    if function in _MADE:
        return ""
    if function is np.zeros_like:
        return f"{out}.fill(0)"
    if function in (np.copy, cast):
        casting = ", casting='unsafe'" if function is cast else ""
        return f"np.copyto({out}, {format_value(arguments[0], names)}{casting})"
    if function in (np.reshape, np.ravel):
        return f"np.copyto({out}.reshape({arguments[0].shape}), {format_value(arguments[0], names)})"
    function = np.power if function is operator.pow else function
    is_product = function in (np.dot, np.matmul)
    reduces = isinstance(getattr(function, "__self__", None), np.ufunc) and function.__name__ == "reduce"
    if not (is_elementwise(node) or is_product or reduces or function in _TAKES_OUT or function is np.power):
        return f"np.copyto({out}, {expression(node, names, infix=False)[0]})"
    called, arguments = callee(function, arguments, names)
    given = [format_value(x, names) for x in arguments]
    if keywords or not (is_product or (is_elementwise(node) and function not in _KEYWORD_ONLY)):
        given += [f"{key}={format_value(x, names)}" for key, x in keywords.items()] + [f"out={out}"]
    else:
        given.append(out)
    return f"{called}({', '.join(given)})"


def row(names: list[str]) -> str:
    """A tuple without its parentheses."""
    return ", ".join(names) + "," * (len(names) == 1)


def indent(lines: list[str]) -> list[str]:
    """Lines, one level deeper."""
    return [f"    {text}" if text else "" for text in lines]


def remarked(text: str, remark: str) -> str:
    """A statement with its remark beside it."""
    return f"{text:<{COLUMN}}  # {remark}" if remark else text


class Remarks:
    """What stands beside each statement: the shape of its result, and the user's line that it comes from.

    Backward, the text of that line stands there too: it is what the statement is the slope of, unless nothing but
    questions is asked in it.
    """

    def __init__(self, nodes: Iterable[Node] = ()) -> None:
        self._forward = {x.origin for x in nodes if not (x.backward or _asks(x))}
        self._places: dict[object, str] = {}

    def of(self, node: Node) -> str:
        """The remark for a node."""
        is_slope = node.backward and node.origin in self._forward
        key = node.origin, is_slope
        if key not in self._places:
            self._places[key] = _place(node.origin, is_slope) if node.origin else ""
        return "  ".join([str(node.shape), self._places[key]] if node.shape else [self._places[key]]).rstrip()


def _asks(node: Node) -> bool:
    """Whether a node is a question, or a truth value to ask about."""
    return node.function is assume or node.kind is bool or node.dtype == bool


def _place(origin: Origin, is_slope: bool) -> str:
    place = f"{os.path.basename(origin[0])}:{origin[1]}"
    text = linecache.getline(*origin).strip() if is_slope else ""
    if len(text) > _SOURCE_WIDTH:
        text = text[: _SOURCE_WIDTH - 1] + "…"
    return printable(f"{place}  ∂ {text}" if text else place)
