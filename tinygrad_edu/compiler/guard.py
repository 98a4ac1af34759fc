"""The guard of a program: a small function of its own, printed and run, that reads what goes in.

It lists the numbers, or says that the program was not made for what it is given: other types, shapes or layouts, other
text, a name that is bound to something else.

name        what something is called in the text of the guard
expression  how it is reached there
place       what it is called in the user's code
"""

import types
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_edu.core.tape import Entry

Read = Callable[[tuple[Any, ...], dict[str, Any]], Any]

_BY_VALUE = (int, str, bytes, range, np.dtype)
_TO_THE_BIT = (float, complex)


class Guard:
    """The steps of a guard, and what they compare with.

    places: of what goes in; values: which of that are Values; required: the place of each condition
    """

    def __init__(self) -> None:
        self.places: list[str] = []
        self.values: list[bool] = []
        self.required: list[str] = []
        self._bound: dict[str, Any] = {"_same": _same, "_is_empty": _is_empty}
        self._names: dict[int, str] = {}
        self._steps: list[tuple[str, str | None]] = []  # a line, or a condition with its place
        self._leaves: list[tuple[str, str]] = []  # the names of the numbers, and of what they stand in

    def bind(self, x: Any) -> str:
        """A name for something to compare with."""
        if id(x) not in self._names:
            self._names[id(x)] = f"k{len(self._bound)}"
            self._bound[self._names[id(x)]] = x
        return self._names[id(x)]

    def let(self, expression: str) -> str:
        """A name for what an expression gives."""
        name = f"v{len(self._steps)}"
        self._steps.append((f"{name} = {expression}", None))
        return name

    def require(self, condition: str, place: str) -> None:
        """Add a condition."""
        self.required.append(place)
        self._steps.append((condition, place))

    def same(self, expression: str, x: Any, place: str) -> None:
        """Require that something is what it was: the same object, or a number or text that is equal to the bit."""
        equal = f" or _same({expression}, {self.bind(x)})" if has_value(x) else ""
        self.require(f"{expression} is {self.bind(x)}{equal}", place)

    def leaf(self, name: str, x: Any, place: str) -> None:
        """Let a number go in: its type, shape, strides and dtype are what the program is made for."""
        kind, numbers, found = type(x), x, name
        if isinstance(x, Entry):
            numbers = x._payload
            self.require(f"type({name}) is {self.bind(kind)}", place)
            found = self.let(f"{name}._payload")
        conditions = [f"type({found}) is {self.bind(type(numbers))}"]
        if isinstance(numbers, np.ndarray):
            dtype = self.bind(numbers.dtype)
            conditions.append(f"{found}.shape == {numbers.shape} and {found}.strides == {numbers.strides}")
            conditions.append(f"({found}.dtype is {dtype} or {found}.dtype == {dtype})")
        self.require(" and ".join(conditions), place)
        self.places.append(place)
        self.values.append(numbers is not x)
        self._leaves.append((found, name))

    def aliases(self, pattern: list[int]) -> None:
        """Require that the same of what goes in are one object: each the first of them that it is, by `pattern`."""
        names, place = [name for _, name in self._leaves], "which arguments are the same object"
        different = sorted({*pattern})
        self.require(f"len({{{', '.join(f'id({names[i]})' for i in different)}}}) == {len(different)}", place)
        for i, first in enumerate(pattern):
            if i != first:
                self.require(f"{names[i]} is {names[first]}", place)

    def read(self) -> Read:
        """A function of the arguments: the numbers that go in, or None where a condition does not hold."""
        return self._printed(f"({''.join(f'{found}, ' for found, _ in self._leaves)})")

    def entries(self) -> Read:
        """The same for what the numbers stand in."""
        return self._printed(f"({''.join(f'{name}, ' for _, name in self._leaves)})")

    def mismatch(self) -> Read:
        """A function of the arguments: the first place amiss, or None."""
        return self._printed("None", tells_place=True)

    def _printed(self, result: str, tells_place: bool = False) -> Read:
        lines = ["def read(args, keywords):", "    try:"]
        for text, place in self._steps:
            amiss = repr(place) if tells_place else "None"
            lines.append(f"        {text}" if place is None else f"        if not ({text}): return {amiss}")
        amiss = repr("an argument") if tells_place else "None"
        lines += [f"        return {result}", "    except Exception:", f"        return {amiss}"]
        scope = dict(self._bound)
        exec("\n".join(lines), scope)
        return scope.pop("read")  # type: ignore[no-any-return]  # or it would hold itself


def has_value(x: Any) -> bool:
    """Whether something is compared by what it is worth, not by which object it is."""
    return type(x) in (*_BY_VALUE, *_TO_THE_BIT) or isinstance(x, (np.generic, np.dtype)) or type(x) is tuple


def _same(x: Any, y: Any) -> bool:
    """Whether two numbers, texts, or tuples of them are the same, to the bit: -0.0 is not 0.0, and NaN is NaN."""
    kind = type(x)
    if x is y or kind is not type(y):
        return x is y
    if kind is tuple:
        return len(x) == len(y) and all(map(_same, x, y))
    if isinstance(x, np.generic):
        return bool(x.tobytes() == y.tobytes())
    if kind in _TO_THE_BIT:
        return repr(x) == repr(y)
    return has_value(x) and bool(x == y)


def _is_empty(cell: types.CellType) -> bool:
    """Whether a cell holds nothing yet."""
    try:
        cell.cell_contents  # noqa: B018 - it raises an error if there is nothing
    except ValueError:
        return True
    return False
