"""What stands in classes and modules of the user's, as far as anything looks it up by name."""

import functools
import types
from collections.abc import Iterator
from typing import Any

from tinygrad_edu.compiler import codes
from tinygrad_edu.compiler.parts import Scope

_HOLDERS: dict[Any, tuple[str, ...]] = {
    property: ("fget", "fset", "fdel"), staticmethod: ("__func__",), classmethod: ("__func__",),
    functools.cached_property: ("func",),
}  # fmt: skip
_MAKE = {"__init__", "__new__", "__post_init__", "__repr__", "__del__", "__reduce__"}


class Members:
    """The classes and modules that were met, and the names that are used.

    A class goes by a name in the text of the reader, its members by expressions that start with it.
    """

    def __init__(self) -> None:
        self.used: set[str] = set()
        self._met: dict[Any, tuple[str, str]] = {}
        self._itself: set[Any] = set()
        self._done: set[tuple[int, str]] = set()

    def meet(self, x: Any, name: str, place: str, by_object: bool = False) -> None:
        """Note a class or a module; or a class that was met by way of an object only, which is not made anew."""
        self._met.setdefault(x, (name, place))
        if not by_object:
            self._itself.add(x)

    def scopes(self) -> Iterator[tuple[Scope, str]]:
        """Give the names that may be looked up in each of them."""
        for x, (_, place) in self._met.items():
            yield Scope(x, None if isinstance(x, type) else self.used), place

    def absent(self) -> Iterator[tuple[str, set[str], str]]:
        """Give each with the names that are looked up there in vain."""
        for x, (name, place) in self._met.items():
            yield name, self.used - vars(x).keys(), place

    def todo(self) -> list[tuple[Any, str, str]]:
        """List members that were not listed before, each with an expression and its place."""
        found = [(x, key) for x in self._met for key in [*vars(x)] if (id(x), key) not in self._done]
        wanted = [(x, key) for x, key in found if self._wants(x, key)]
        self._done.update((id(x), key) for x, key in wanted)
        return [each for x, key in wanted for each in self._inside(x, key)]

    def _wants(self, x: Any, key: str) -> bool:
        special = key.startswith("__") and key not in self.used
        if special:  # Python calls such methods by itself
            makes = key in _MAKE and x not in self._itself and self.used.isdisjoint({"type", "__class__"})
            return isinstance(x, type) and isinstance(vars(x)[key], types.FunctionType) and not makes
        return key in self.used or codes.looks_up_names(self.used)

    def _inside(self, x: Any, key: str) -> Iterator[tuple[Any, str, str]]:
        """Give a member, and the functions that it holds."""
        name, place = self._met[x]
        member, expression, below = vars(x)[key], f"{name}.__dict__[{key!r}]", f"{place}.{key}"
        yield member, expression, below
        for part in next((parts for kind, parts in _HOLDERS.items() if isinstance(member, kind)), ()):
            if getattr(member, part) is not None:
                yield getattr(member, part), f"{expression}.{part}", below
