"""The way out: the results of a program, put together again as the function gave them.

r  the results, one after the other
v  what was put together before it is put into something else
"""

import dataclasses
import itertools
from collections.abc import Callable, Sequence
from typing import Any

from tinygrad_edu import tree

Build = Callable[[Sequence[Any]], Any]

_NESTED = 16  # levels of brackets in one line; Python reads about a hundred


def builder(structure: Any) -> Build:
    """Make the function that builds a tree like `structure` from a sequence of results.

    It is printed and run, since a display such as ``{'w': r[0]}`` is quicker than any other way to build one.

    >>> builder({"w": 0.0, "b": [0.0, None]})([1, 2])
    {'w': 1, 'b': [2, None]}
    """
    display = _Display()
    text, _ = display.of(structure)
    lines = "".join(f"    {line}\n" for line in display.lines)
    exec(f"def build(r):\n{lines}    return {text}\n", display.bound)
    return display.bound.pop("build")  # type: ignore[no-any-return]


class _Display:
    """The text of a tree: displays within displays; `lines` for what would be nested too deep."""

    def __init__(self) -> None:
        self.bound: dict[str, Any] = {"remade": _remade}
        self.lines: list[str] = []
        self._places = itertools.count()

    def of(self, x: Any) -> tuple[str, int]:
        """One level and what is below, and how deep that is nested."""
        if tree.is_leaf(x):
            return f"r[{next(self._places)}]", 0
        if not tree.leaves(x) and not _can_change(x):
            return self._bind(x), 1
        if type(x) in (list, tuple):
            inside = [self.of(child) for child in x]
            row = "".join(f"{text}, " for text, _ in inside)
            return self._named(f"[{row}]" if type(x) is list else f"({row})", inside)
        if type(x) is dict:
            return self._dict(x, {*x})
        if dataclasses.is_dataclass(x) and hasattr(x, "__dict__"):
            names = tree.field_names(type(x))  # type: ignore[arg-type]
            text, depth = self._dict({name: getattr(x, name) for name in names} | vars(x), {*names})
            return f"remade({self._bind(type(x))}, {text})", depth + 1
        flat = "".join(f"r[{next(self._places)}], " for _ in tree.leaves(x))
        return f"{self._bind(tree.flatten(x)[1])}(({flat}))", 2

    def _named(self, text: str, inside: list[tuple[str, int]]) -> tuple[str, int]:
        """A display, or a name for it where it is nested deep."""
        depth = 1 + max((below for _, below in inside), default=0)
        if depth < _NESTED:
            return text, depth
        name = f"v{len(self.lines)}"
        self.lines.append(f"{name} = {text}")
        return name, 0

    def _dict(self, x: dict[Any, Any], opened: set[Any]) -> tuple[str, int]:
        """A dict, in the values of which numbers may be, if their keys are among those `opened`."""
        inside = [self.of(child) if key in opened else (self._bind(child), 0) for key, child in x.items()]
        pairs = (f"{self._bind(key)}: {text}" for key, (text, _) in zip(x, inside, strict=True))
        return self._named(f"{{{', '.join(pairs)}}}", inside)

    def _bind(self, x: Any) -> str:
        """A constant, by a name if it cannot be written out."""
        if type(x) in (str, int, bool, type(None)):
            return repr(x)
        name = f"k{len(self.bound)}"
        self.bound[name] = x
        return name


def _can_change(x: Any) -> bool:
    return isinstance(x, (list, dict, tuple)) or (dataclasses.is_dataclass(x) and not isinstance(x, type))


def _remade(kind: Any, fields: dict[str, Any]) -> Any:
    """A dataclass with these fields, frozen or not."""
    made = object.__new__(kind)
    made.__dict__.update(fields)
    return made
