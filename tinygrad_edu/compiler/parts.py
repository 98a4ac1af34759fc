"""Containers taken apart and put together: collections, dataclasses, objects of the user's classes.

part   a key: ("[]", key) of an item, (".", name) of an attribute
"""

import collections
import copy
import dataclasses
import types
from collections.abc import Iterable
from typing import Any

from tinygrad_edu.compiler.codes import is_users_object

Part = tuple[str, Any]
_COLLECTIONS = (dict, list, tuple, collections.deque)


def is_container(x: Any) -> bool:
    """Tell whether there may be numbers inside that go in anew at each call."""
    if isinstance(x, _COLLECTIONS):
        return True
    return not isinstance(x, type) and (dataclasses.is_dataclass(x) or is_users_object(x))


def children(x: Any) -> dict[Part, Any]:
    """Give what hangs one level below, by item or attribute."""
    found: dict[Part, Any] = {}
    if isinstance(x, dict):
        found = {("[]", key): dict.__getitem__(x, key) for key in dict.__iter__(x)}
    elif isinstance(x, (list, tuple, collections.deque)):
        found = {("[]", i): child for i, child in enumerate(x)}
    return found | {(".", name): getattr(x, name) for name in (*slots(x), *getattr(x, "__dict__", ()))}


def slots(x: Any) -> list[str]:
    """Name the slots of an object that are filled."""
    found = []
    for kind in type(x).__mro__:
        names = kind.__dict__.get("__slots__", ())
        for name in (names,) if isinstance(names, str) else names:
            private = name.startswith("__") and not name.endswith("__")
            whole = f"_{kind.__name__.lstrip('_')}{name}" if private else name
            if whole not in ("__dict__", "__weakref__") and hasattr(x, whole):
                found.append(whole)
    return found


def emptied(x: Any) -> Any:
    """Give something to begin with, without the children that are to be replaced."""
    if isinstance(x, (dict, list, collections.deque)):
        x = copy.copy(x)
        x.clear()
    return tuple.__new__(type(x)) if isinstance(x, tuple) and not hasattr(x, "__dict__") else x


def begun(x: Any) -> Any:
    """Make the same without its children: None where it can only be made with them."""
    if isinstance(x, tuple):
        return None
    if isinstance(x, (dict, list, collections.deque)):
        return copy.copy(x)
    kind = type(x)
    try:
        return object.__new__(kind)
    except TypeError:  # it inherits from a class that is written in C
        return kind.__new__(kind)  # type: ignore[call-overload]


def finished(x: Any, made: Any, parts: dict[Part, Any]) -> Any:
    """Put the children into what was begun."""
    items = {key: child for (kind, key), child in parts.items() if kind == "[]"}
    if isinstance(x, tuple):
        made = tuple.__new__(type(x), items.values())
    elif isinstance(x, dict):
        dict.update(made, items)
    elif isinstance(x, list):
        list.__setitem__(made, slice(None), items.values())
    elif isinstance(x, collections.deque):
        made.clear()
        made.extend(items.values())
    for (kind, name), child in parts.items():
        if kind == ".":
            object.__setattr__(made, name, child)
    return made


class Scope:
    """Names of a module's or a class's: those that are used, or all that are not Python's own."""

    def __init__(self, owner: Any, used: Iterable[str] | None = None) -> None:
        self.owner, self.used = owner, used

    def contents(self) -> dict[Part, Any]:
        """Give what the names stand for."""
        names = self.owner if isinstance(self.owner, dict) else vars(self.owner)
        used = [key for key in names if not key.startswith("__")] if self.used is None else self.used
        return {(".", key): names[key] for key in used if key in names}

    def restore(self, parts: dict[Part, Any]) -> None:
        """Put back what they stood for."""
        now = self.contents()
        for kind, key in now.keys() | parts.keys():
            if (kind, key) not in parts:
                self.owner.pop(key) if isinstance(self.owner, dict) else delattr(self.owner, key)
            elif now.get((kind, key), self) is not parts[kind, key]:
                child = parts[kind, key]
                self.owner.update({key: child}) if isinstance(self.owner, dict) else setattr(self.owner, key, child)


def contents(x: Any) -> dict[Any, Any]:
    """Give the children of a container, the members of a set, the names of a scope, or what is in a cell."""
    if isinstance(x, Scope):
        return x.contents()
    if isinstance(x, set):
        return {("in", member): member for member in x}
    if not isinstance(x, types.CellType):
        return children(x)
    try:
        return {("cell", None): x.cell_contents}
    except ValueError:  # it is empty
        return {}


def restored(x: Any, parts: dict[Any, Any]) -> None:
    """Put back what was in a container, a set, a scope or a cell."""
    if isinstance(x, Scope):
        x.restore(parts)
        return
    if isinstance(x, set):
        x.clear()
        x.update(parts.values())
    elif isinstance(x, types.CellType):
        x.cell_contents = parts["cell", None]
    else:
        for kind, key in contents(x).keys() - parts.keys():
            if kind == ".":
                object.__delattr__(x, key)
            elif isinstance(x, dict):
                dict.__delitem__(x, key)
        finished(x, x, parts)


def below(place: str, kind: str, key: Any) -> str:
    """Write a place below another as the user would."""
    if kind in ("cell", "in"):
        return place
    if not place:
        return str(key)
    return f"{place}[{key!r}]" if kind == "[]" else f"{place}.{key}"
