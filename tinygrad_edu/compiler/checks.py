"""The text of a reader: what it finds, and what it makes sure of on the way.

name    what something is called in the text; expression: how it is reached there
place   where it is, as the user would write it
bound   what the text compares with, by the name it has there
"""

import array
import enum
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinygrad_edu.compiler.errors import misused
from tinygrad_edu.compiler.parts import slots
from tinygrad_edu.core.context import Tracer
from tinygrad_edu.core.rules import table
from tinygrad_edu.core.tape import Entry, payload

Step = tuple[str, str | None]
Read = Callable[[tuple[Any, ...], dict[str, Any]], Any]

_ALIKE = (type(None), bool, type(Ellipsis))
BY_VALUE = (str, bytes, int, range, frozenset, np.dtype, bytearray, array.array, set, slice, *_ALIKE, np.generic)
_FLOATS = (float, complex)
_CHANGE = (bytearray, array.array, set)


class Checks:
    """The steps of a reader, and what they compare with."""

    def __init__(self) -> None:
        self.bound: dict[str, Any] = {**HELPERS}
        self._names: dict[int, str] = {}
        self._of_arguments = 0, 0
        self._steps: list[Step] = []
        self._first: list[Step] = []
        self._found: list[tuple[str, str]] = []

    def bind(self, x: Any) -> str:
        """Give a name to something that is compared with."""
        if id(x) not in self._names:
            self._names[id(x)] = f"k{len(self.bound)}"
            self.bound[self._names[id(x)]] = x
        return self._names[id(x)]

    def arguments(self, count: int, keys: list[str]) -> None:
        """Make sure of how many arguments there are, and of their keywords."""
        self._first.append((f"len(args) == {count} and [*keywords] == {keys!r}", "the number of arguments"))

    def call(self, name: str, expression: str) -> None:
        """Give something a name."""
        self._steps.append((f"{name} = {expression}", None))

    def require(self, condition: str, place: str) -> None:
        """Make sure of something."""
        self._steps.append((condition, place))

    def same(self, x: Any, name: str, place: str) -> None:
        """Make sure that something is what it was: by value where it cannot change, else by identity."""
        kind = type(x)
        if isinstance(x, _ALIKE) or not isinstance(x, (*BY_VALUE, *_FLOATS)) or isinstance(x, enum.Enum):
            self.require(f"{name} is {self.bind(x)}", place)
        elif isinstance(x, np.generic):
            self.require(f"type({name}) is {self.bind(kind)} and {name}.tobytes() == {x.tobytes()!r}", place)
        elif isinstance(x, _FLOATS):  # -0.0 is not 0.0, but equal; NaN is itself, but not equal
            like = f"type({name}) is {self.bind(kind)} and repr({name}) == {x!r:}".replace(repr(x), repr(repr(x)))
            self.require(f"{name} is {self.bind(x)} or {like}", place)
        else:
            kept = x[:] if isinstance(x, (bytearray, array.array)) else x.copy() if isinstance(x, set) else x
            self.require(f"type({name}) is {self.bind(kind)} and {name} == {self.bind(kept)}", place)

    def leaf(self, numbers: Any, name: str, place: str, kind: type | None) -> None:
        """Have a number go in: its kind, shape and layout are what programs are made for."""
        self.require(f"type({name}) is {self.bind(kind or type(numbers))}", place)
        found = f"{name}_" if kind else name
        if kind:
            self.call(found, f"{name}._data")
            self.require(f"type({found}) is {self.bind(type(numbers))}", place)
        if isinstance(numbers, np.ndarray):
            layout = f"{found}.shape == {numbers.shape} and {found}.strides == {numbers.strides}"
            self.require(f"{layout} and {found}.dtype == {self.bind(numbers.dtype)}", place)
        self._found.append((found, name))

    def content(self, x: Any, name: str, place: str) -> None:
        """Make sure that an array, or the numbers of a Value, are what they were."""
        inner = x._data if isinstance(x, Entry) else x
        outer = f"type({name}) is {self.bind(type(x))} and " if inner is not x else ""
        self.require(f"{outer}_array({name}{'._data' * (inner is not x)}) == {self.bind(_array(inner))}", place)

    def printed(self) -> tuple[Read, Read, Read]:
        """Give three functions of the arguments: the numbers that go in, what they stand in, and what is amiss."""
        texts = [*self._texts(self._steps), _text("broken", self._first + self._steps, "None", repr, "'an argument'")]
        names = dict(self.bound)
        for text in texts:
            exec(text, names)
        return names["read"], names["entries"], names["broken"]

    def of_function(self) -> Read:
        """Give the function that lists the numbers which the function closes over."""
        steps, count = self._of_arguments
        found = "".join(f"{name}, " for name, _ in self._found[count:])
        names = dict(self.bound)
        exec(_text("captured", self._steps[steps:], f"({found})", lambda _: "None", "None"), names)
        return names["captured"]  # type: ignore[no-any-return]

    def mark(self) -> None:
        """Note that all steps for the arguments are there; what follows is for what the function closes over."""
        self._of_arguments = len(self._steps), len(self._found)

    def of_arguments(self, captured: Sequence[Any]) -> tuple[list[str], dict[str, Any]]:
        """Give the texts of the first two functions with what is `captured` fixed, and what they compare with."""
        steps, count = self._of_arguments
        fixed = {f"{name}_": x for (_, name), x in zip(self._found[count:], captured, strict=True)}
        found = self._found
        self._found = found[:count] + [(f"{name}_", f"{name}_") for _, name in found[count:]]
        texts = self._texts(self._steps[:steps])
        self._found = found
        words = {*re.findall(r"\w+", "".join(texts))} - HELPERS.keys()
        return texts, {name: x for name, x in (self.bound | fixed).items() if name in words}

    def _texts(self, steps: list[Step]) -> list[str]:
        numbers, entries = ("".join(f"{pair[i]}, " for pair in self._found) for i in (0, 1))
        given = (("read", numbers), ("entries", entries))
        return [_text(name, self._first + steps, f"({found})", lambda _: "None", "None") for name, found in given]


def _text(name: str, steps: list[Step], result: str, broken: Callable[[str], str], failed: str) -> str:
    lines = [f"def {name}(args, keywords):", "    try:"]
    for text, where in steps:
        lines.append(f"        {text}" if where is None else f"        if not ({text}): return {broken(where)}")
    return "\n".join([*lines, f"        return {result}", "    except Exception:", f"        return {failed}", ""])


def _array(x: Any) -> Any:
    """Give what two arrays have in common only if they are the same, to the bit."""
    return (type(x), x.dtype, x.shape, x.tobytes()) if hasattr(x, "tobytes") else x


HELPERS = {"_array": _array, "_slots": slots, "_table": table}


def is_number(x: Any) -> bool:
    """Tell whether something is a number or an array of numbers."""
    return type(x) in (int, float) or (isinstance(x, (np.ndarray, np.generic)) and x.dtype.kind in "biufc")


def refuse_foreign(x: Any, place: str, where: str) -> None:
    """Refuse what holds numbers that cannot be read, or can be read only once.

    Raises:
        TraceError: it is such a thing.
    """
    x = payload(x)
    kind = type(x)
    what, instead = "", "numbers, arrays and trees of them"
    if isinstance(x, np.ndarray):
        if kind not in (np.ndarray, np.memmap):
            what, instead = f"a {kind.__name__}", "numpy.asarray(x)"
        elif x.dtype.kind in "OV":
            what = f"an array of {x.dtype}"
    elif isinstance(x, Tracer):
        what = "a traced array of another function"
    elif hasattr(kind, "__next__") and kind.__module__ in ("builtins", "itertools"):
        what, instead = f"a {kind.__name__}, which is used up by the first run", "a list"
    elif hasattr(kind, "__array__") and not isinstance(x, (np.generic, type)):
        what, instead = f"a {kind.__name__}", "numpy.asarray(x)"
    elif isinstance(x, set) and not all(isinstance(part, (*BY_VALUE, *_FLOATS)) for part in x):
        what, instead = "a set of objects", "a list"
    if what:
        raise misused(f"is given {place or 'itself'}, {what}", f"pass {instead}", where)
