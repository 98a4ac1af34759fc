"""What nodes and constants are called in a program, and how constants are written.

Nothing of the user's goes into the text as it came: names become identifiers of which Python knows no second form,
and whatever stands in docstrings and remarks is escaped.
"""

import functools
import keyword
import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from tinygrad_edu.compiler.codegen.standalone import Standalone, standalone
from tinygrad_edu.compiler.codegen.templates import Text
from tinygrad_edu.compiler.ir import Input, Node, fingerprint
from tinygrad_edu.core.rules import table

_USED = (
    "abs",
    "bool",
    "float",
    "int",
    "min",
    "np",
    "range",
    "reversed",
    "round",
    "slice",
    "special",
    "sum",
    "zip",
)  # by what is printed
_GLOBAL = re.compile(r"(c|blocks|loop)\d+")  # names of constants and of functions, which every function sees
_LONGEST_ARRAY = 1000
_WRITTEN = (float, int, str, bool, type(None))


class Names:
    """What nodes and constants are called: by the user's names where they are known, each only once.

    constants: arrays and objects that stand in the text by name
    helpers:   functions that stand before the program as text
    imports:   the lines that import functions which are called by their own names
    inlined:   the texts of nodes that stand where they are used

    >>> names = Names()
    >>> [names.fresh(wanted) for wanted in ("h", "h", "lambda", "µ", "w['b']", "c1")]
    ['h', 'h_2', 'lambda_2', 'μ', 'w_b', 'c1_2']
    """

    def __init__(self, taken: Iterable[str] = (), outer: "Names | None" = None) -> None:
        self._of: dict[Any, str] = {}
        self._outer = outer
        reserved = {*keyword.kwlist, *_USED, *taken}
        opaque = (f.__name__ for f, row in table.items() if row.opaque)
        self._opaque = {name for name in opaque if name.isidentifier()} - reserved  # kept free for these functions
        self._taken = reserved | self._opaque
        self._counts: dict[str, int] = {}
        self.constants: dict[str, Any] = {}
        self.helpers: dict[str, Standalone] = {}
        self.imports: list[str] = []
        self._functions: dict[str, Callable[..., Any]] = {}
        self.inlined: dict[Node, Text] = {}

    def of(self, node: Node) -> str:
        """The name of a node."""
        if node not in self._of:
            self._of[node] = self.fresh(node.name) if node.name else self.numbered("g" if node.backward else "t")
        return self._of[node]

    def name(self, node: Node, name: str) -> None:
        """Call a node by a name that is reserved for it."""
        self._of[node] = name

    def name_inputs(self, inputs: list[Input]) -> list[str]:
        """Name inputs by the last words of their places, if these tell them apart."""
        last = [(re.findall(r"[^\W\d]\w*", node.place) or ["x"])[-1] for node in inputs]
        seen = Counter(map(identifier, last))
        for node, word in zip(inputs, last, strict=True):
            self.name(node, self.fresh(node.place if seen[identifier(word)] > 1 else word))
        return [self.of(node) for node in inputs]

    def fresh(self, wanted: str) -> str:
        """A name that is not in use yet: the one wanted, or with a number behind it."""
        base = name = identifier(wanted)
        if name in self._taken or _GLOBAL.fullmatch(name):
            self._counts.setdefault(f"{base}_", 1)
            return self.numbered(f"{base}_")
        self._taken.add(name)
        return name

    def numbered(self, base: str) -> str:
        """A name that is not in use yet, with a number behind it."""
        while True:
            self._counts[base] = self._counts.get(base, 0) + 1
            name = f"{base}{self._counts[base]}"
            if name not in self._taken:
                self._taken.add(name)
                return name

    def global_name(self, base: str) -> str:
        """A name, with a number behind it, that every function sees."""
        return self._outer.global_name(base) if self._outer else self.numbered(base)

    def function(self, function: Callable[..., Any]) -> str:
        """The name of a function that is called as it stands: its own, if that is kept free and no other has it.

        It is defined by its text, if that can stand alone, or imported from its module, or else handed in.
        """
        if self._outer:
            return self._outer.function(function)
        name = getattr(function, "__name__", "")
        if _found("scipy.special", name) is function:
            return self._imported("from scipy import special", f"special.{name}")
        if name not in self._opaque or self._functions.setdefault(name, function) != function:
            return self.constant(function)
        if self.defines(function):
            return name
        if _found(function.__module__, name) is function and function.__module__ != "__main__":
            return self._imported(f"from {function.__module__} import {name}", name)
        self.constants[name] = function
        return name

    def defines(self, function: Callable[..., Any]) -> bool:
        """Put a function before the program as text, if that can stand alone; whether it does."""
        text = standalone(function)
        if text is not None:
            self.helpers[function.__name__] = text
        return text is not None

    def _imported(self, line: str, text: str) -> str:
        """`text`, which needs a line that imports something."""
        if line not in self.imports:
            self.imports.append(line)
        return text

    def constant(self, x: Any) -> str:
        """The name of a constant that is not written out."""
        if self._outer:
            return self._outer.constant(x)
        key = fingerprint(x)
        if key not in self._of:
            self._of[key] = self.numbered("c")
            self.constants[self._of[key]] = x
        return self._of[key]


def _found(module: str | None, name: str) -> Any:
    """What a module that is imported has by this name."""
    return getattr(sys.modules.get(module or ""), name, None)


@functools.lru_cache(maxsize=1024)
def identifier(wanted: str) -> str:
    """The nearest identifier, in the form (NFKC) that Python reads all forms of it as."""
    letters = unicodedata.normalize("NFKC", wanted)
    text = re.sub("_+", "_", "".join(c if f"x{c}".isidentifier() else "_" for c in letters)).strip("_") or "x"
    text = unicodedata.normalize("NFKC", text)
    return text if text.isidentifier() else f"x{text}"


def printable(text: str) -> str:
    """Text for a remark: on one line, whatever is in it."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def escape(text: str) -> str:
    r"""Text for a docstring, which nothing in it can end.

    >>> print(escape('w["a"]\n'))
    w[\"a\"]\n
    """
    return printable(text.replace("\\", "\\\\").replace('"', '\\"'))


def format_value(x: Any, names: Names) -> str:
    """An argument as Python writes it: a node by its name or its text, a constant in full or by a name."""
    if isinstance(x, Node):
        return names.inlined[x][0] if x in names.inlined else names.of(x)
    if isinstance(x, (tuple, list)):
        inside = ", ".join([format_value(part, names) for part in x])
        return f"[{inside}]" if isinstance(x, list) else f"({inside}{',' * (len(x) == 1)})"
    if isinstance(x, slice):
        return f"slice({', '.join(format_value(part, names) for part in (x.start, x.stop, x.step))})"
    if x is Ellipsis:
        return "..."
    if isinstance(x, np.dtype) and x.isnative and x.kind in "biuf" and x.itemsize <= 8:
        return f"np.{x.name}" if x.kind != "b" else "bool"
    if isinstance(x, np.generic) and x.dtype.kind in "biuf" and x.dtype.itemsize <= 8:
        number = x.item()
        return f"np.{x.dtype.name}({number!r})" if np.isfinite(x) else f"np.{x.dtype.name}('{number}')"
    if type(x) is float and not np.isfinite(x):
        return f"float('{x}')"
    return repr(x) if type(x) in _WRITTEN else names.constant(x)


def define_constant(x: Any) -> str | None:
    """A constant array in full, if it is short or regular.

    >>> define_constant(np.full((2, 3), -0.0))
    'np.full((2, 3), -0.0, np.float64)'
    """
    if not isinstance(x, np.ndarray) or x.dtype.kind not in "biuf" or not x.dtype.isnative or x.dtype.itemsize > 8:
        return None
    dtype = f"np.{x.dtype.name}"
    if not x.ndim:
        return f"np.array({x.item()!r}, {dtype})" if np.isfinite(x) else f"np.array(float('{x}'), {dtype})"
    if x.ndim > 1 and not x.flags.c_contiguous and x.flags.f_contiguous:
        upright = define_constant(x.T)
        return upright and f"{upright}.T"
    if x.size and x.flags.c_contiguous and np.isfinite(x).all():
        if x.tobytes() == x.flat[0].tobytes() * x.size:
            return f"np.full({x.shape}, {x.flat[0].item()!r}, {dtype})"
        if x.ndim == 1 and x.dtype.kind in "iu" and np.array_equal(x, np.arange(x.size)):
            return f"np.arange({x.size}, dtype={dtype})"
        if x.size <= _LONGEST_ARRAY:
            return f"np.array({x.tolist()}, {dtype})"
    return None
