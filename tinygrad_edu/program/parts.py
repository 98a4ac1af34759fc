"""Containers taken apart and put together: collections, dataclasses, objects of the user's classes.

part   a key: ("[]", key) of an item, (".", name) of an attribute
"""

import collections
import copy
import dataclasses
import types
from collections.abc import Iterable
from typing import Any

from tinygrad_edu.program.codes import is_users_object

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
    return object.__new__(type(x))


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
    """Those of a module's globals that a function uses."""

    def __init__(self, names: dict[str, Any], used: Iterable[str]) -> None:
        self.names, self.used = names, used


def contents(x: Any) -> dict[Any, Any]:
    """Give the children of a container, the members of a set, the names of a scope, or what is in a cell."""
    if isinstance(x, Scope):
        return {(".", key): x.names[key] for key in x.used if key in x.names}
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
        for _, key in contents(x).keys() - parts.keys():
            del x.names[key]
        x.names.update({key: child for (_, key), child in parts.items()})
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
