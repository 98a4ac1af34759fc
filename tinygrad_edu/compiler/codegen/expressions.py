"""Nodes as text: each the line of Python that computes it.

names      what nodes and constants are called in the text
"""

import keyword
import operator
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_edu.compiler.ir import Input, Node, fingerprint
from tinygrad_edu.core.rules import is_opaque
from tinygrad_edu.core.source_info import label

INFIX = {
    np.add: "+", np.subtract: "-", np.multiply: "*", np.divide: "/", np.floor_divide: "//", np.remainder: "%",
    np.power: "**", np.matmul: "@", np.greater: ">", np.greater_equal: ">=", np.less: "<", np.less_equal: "<=",
    np.equal: "==", np.not_equal: "!=", np.bitwise_and: "&", np.bitwise_or: "|", np.bitwise_xor: "^",
    operator.add: "+", operator.sub: "-", operator.mul: "*", operator.truediv: "/", operator.floordiv: "//",
    operator.mod: "%", operator.pow: "**", operator.gt: ">", operator.ge: ">=", operator.lt: "<", operator.le: "<=",
    operator.eq: "==", operator.ne: "!=", operator.and_: "&", operator.or_: "|", operator.xor: "^",
}  # fmt: skip
PREFIX = {np.negative: "-", operator.neg: "-", np.invert: "~", operator.invert: "~", operator.pos: "+"}
_BINDS = {"|": 1, "^": 2, "&": 3, "+": 4, "-": 4, "*": 5, "/": 5, "//": 5, "%": 5, "@": 5, "**": 7}
_SIGN, _WHOLE = 6, 9
_LONG = 1000


class Names:
    """What nodes and constants are called: by the user's names where they are known, each only once."""

    def __init__(self, taken: tuple[str, ...] = ("np",), outer: "Names | None" = None) -> None:
        self._of: dict[Any, str] = {}
        self._outer = outer
        self._taken = {*keyword.kwlist, *taken}
        self._counts: dict[str, int] = {}
        self.constants: dict[str, Any] = {}
        self.helpers: dict[str, Callable[..., Any]] = {}
        self.inlined: dict[Node, tuple[str, int]] = {}

    def of(self, node: Node) -> str:
        """Give the name of a node."""
        if node not in self._of:
            made_up = "place" if isinstance(node, Input) else "g" if node.backward else "t"
            self._of[node] = self.fresh(node.name or made_up, bool(node.name))
        return self._of[node]

    def name(self, node: Node, name: str) -> None:
        """Call a node by a name from `fresh`."""
        self._of[node] = name

    def fresh(self, wanted: str, alone: bool = True) -> str:
        """Give a name that nobody has yet: the one wanted, or with a number behind it."""
        base = re.sub(r"\W+", "_", wanted).strip("_") or "x"
        base = f"x{base}" if base[0].isdigit() else base
        name = base
        while not alone or name in self._taken:
            self._counts[base] = self._counts.get(base, 0 if not alone else 1) + 1
            name, alone = f"{base}{'_' if alone else ''}{self._counts[base]}", True
        self._taken.add(name)
        return name

    def helper(self, function: Callable[..., Any]) -> str:
        """Give the name of a function whose text goes before the program."""
        outermost = self
        while outermost._outer:
            outermost = outermost._outer
        outermost.helpers.setdefault(function.__name__, function)
        return function.__name__

    def constant(self, x: Any) -> str:
        """Give the name of a constant that is not written out."""
        if self._outer:
            return self._outer.constant(x)
        key = fingerprint(x)
        if key not in self._of:
            self._of[key] = self.fresh("c", alone=False)
            self.constants[self._of[key]] = x
        return self._of[key]


def written_out(x: Any, names: Names) -> str:
    """Write an argument: a node by its name, a constant as Python has it."""
    if isinstance(x, Node):
        return names.inlined[x][0] if x in names.inlined else names.of(x)
    if isinstance(x, (tuple, list)):
        inside = ", ".join(written_out(part, names) for part in x)
        return f"[{inside}]" if isinstance(x, list) else f"({inside}{',' * (len(x) == 1)})"
    if isinstance(x, slice):
        return f"slice({', '.join(written_out(part, names) for part in (x.start, x.stop, x.step))})"
    if x is Ellipsis:
        return "..."
    if isinstance(x, np.dtype) and x.isnative and x.kind in "biuf":
        return f"np.{x.name}" if x.kind != "b" else "bool"
    if isinstance(x, (np.float64, np.float32, np.float16)) and np.isfinite(x):
        return f"np.{x.dtype.name}({float(x)!r})"
    if type(x) is float and not np.isfinite(x):
        return f"float('{x}')"
    if isinstance(x, (float, int, str, bool, type(None))) and type(x).__module__ == "builtins":
        return repr(x)
    return names.constant(x)


def definition(x: Any) -> str | None:
    """Write a constant array in full, if it is short or regular."""
    if not isinstance(x, np.ndarray) or x.dtype.kind not in "biuf" or not x.dtype.isnative:
        return None
    dtype = f"np.{x.dtype.name}"
    if not x.ndim:
        return f"np.array({x.item()!r}, {dtype})" if np.isfinite(x) else f"np.array(float('{x}'), {dtype})"
    if x.ndim > 1 and not x.flags.c_contiguous and x.flags.f_contiguous:
        upright = definition(x.T)
        return upright and f"{upright}.T"
    if x.size and x.flags.c_contiguous and np.isfinite(x).all():
        if x.tobytes() == x.flat[0].tobytes() * x.size:
            return f"np.full({x.shape}, {x.flat[0].item()!r}, {dtype})"
        if x.ndim == 1 and x.dtype.kind in "iu" and np.array_equal(x, np.arange(x.size)):
            return f"np.arange({x.size}, dtype={dtype})"
        if x.size <= _LONG:
            return f"np.array({x.tolist()}, {dtype})"
    return None


def index(x: Any, names: Names) -> str:
    """Write what stands between brackets."""
    if isinstance(x, tuple) and x:
        return ", ".join(written_out(part, names) if type(part) is tuple else index(part, names) for part in x)
    if isinstance(x, slice):
        start, stop, step = ("" if part is None else written_out(part, names) for part in (x.start, x.stop, x.step))
        return f"{start}:{stop}" + (f":{step}" if step else "")
    return "None" if x is None else written_out(x, names)


def called(function: Callable[..., Any], names: Names) -> str:
    """Write the function of a node."""
    if is_opaque(function):
        return names.helper(function)
    owner = getattr(function, "__self__", None)
    if isinstance(owner, np.ufunc):
        return f"{called(owner, names)}.{function.__name__}"
    text = label(function)
    found: Any = np
    for part in text.split(".")[1:] if text.startswith("np.") else ["?"]:
        found = getattr(found, part, None)
    return text if found is function or found == function else names.constant(function)


def expression(node: Node, names: Names, infix: bool = True) -> str:
    """Write what a node computes: as calculus where there is a sign for it, else as a call."""
    return bound(node, names, infix)[0]


def bound(node: Node, names: Names, infix: bool = True) -> tuple[str, int]:
    """Write what a node computes, and tell how strongly it holds together beside other signs."""
    function, parts = node.function, node.arguments
    if function is operator.getitem:
        return f"{operand(parts[0], names)}[{index(parts[1], names)}]", _WHOLE
    signs = (infix or not node.shape) and not node.keywords and _means_its_sign(node)
    if signs and function in INFIX and len(parts) == 2:
        sign = INFIX[function]
        level = _BINDS.get(sign, 0)
        power = sign == "**"
        stands_alone = power or level == 0  # a < b == c would be a < b and b == c
        return (
            f"{operand(parts[0], names, level + stands_alone)} {sign} {operand(parts[1], names, level + 1 - power)}",
            level,
        )
    if signs and function in PREFIX:
        return f"{PREFIX[function]}{operand(parts[0], names, _SIGN)}", _SIGN
    if special := _SPECIAL.get(getattr(function, "__name__", "")):
        return special(node, names), _WHOLE
    return call(called(function, names), parts, node.keywords, names), _WHOLE


def _means_its_sign(node: Node) -> bool:
    """Tell whether a sign does as NumPy's function: not between Python's own numbers, nor the ``**`` of single ones."""
    if not isinstance(node.function, np.ufunc):
        return True
    of_numpy = any(
        isinstance(x, (np.ndarray, np.generic)) or getattr(x, "shape", None) is not None for x in node.arguments
    )
    return of_numpy and not (node.function is np.power and node.shape == ())


def operand(x: Any, names: Names, level: int = _WHOLE) -> str:
    """Write an argument beside a sign, in parentheses if it would fall apart there."""
    text = written_out(x, names)
    binds = names.inlined[x][1] if isinstance(x, Node) and x in names.inlined else _WHOLE
    if text.startswith("-"):
        binds = _SIGN if binds == _WHOLE else min(binds, _SIGN)
    return f"({text})" if binds < level else text


def call(function: str, arguments: tuple[Any, ...], keywords: dict[str, Any], names: Names) -> str:
    """Write a call."""
    given = [written_out(x, names) for x in arguments]
    given += [f"{key}={written_out(x, names)}" for key, x in keywords.items()]
    return f"{function}({', '.join(given)})"


def _cast(node: Node, names: Names) -> str:
    x, dtype = node.arguments
    if isinstance(x, Node) and x.shape is None:
        return f"{written_out(dtype, names)}({names.of(x)})"
    return call(f"{operand(x, names)}.astype", (dtype,), node.keywords, names)


def _zeros(node: Node, names: Names) -> str:
    """Write zeros by their shape: NumPy's function for that is much quicker than the one that takes an example."""
    if node.is_contiguous:
        return f"np.zeros({node.shape}, {written_out(node.dtype, names)})"
    return call("np.zeros_like", node.arguments, node.keywords, names)


_SPECIAL: dict[str, Callable[[Node, Names], str]] = {
    "cast": _cast,
    "zeros_like": _zeros,
    "view": lambda node, names: f"{operand(node.arguments[0], names)}.view({written_out(node.arguments[1], names)})",
    "abs": lambda node, names: f"abs({written_out(node.arguments[0], names)})",
}


def statement(node: Node, names: Names, infix: bool = True) -> str:
    """Write the whole line: what is computed, and what it is called."""
    if node.function is operator.setitem:
        array, where, x = node.arguments
        return f"{names.of(array)}[{index(where, names)}] = {written_out(x, names)}"
    text = expression(node, names, infix)
    return text if node.writes is not None else f"{names.of(node)} = {text}"
