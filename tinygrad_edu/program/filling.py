"""A function and its arguments with others in place of the numbers that go in.

fill    what is put in those places, in order
build   makes one of the things that numbers stand in
"""

import types
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from tinygrad_edu.program.parts import begun, below, contents, finished, restored
from tinygrad_edu.tape import Entry

Build = Callable[["Filling"], Any]


class Filling:
    """Things built with others in place of the numbers: each once, however often it stands somewhere."""

    def __init__(self, fill: Sequence[Any]) -> None:
        self.fill = fill
        self.given = {id(x): x._data for x in fill if isinstance(x, Entry)}
        self._built: dict[int, Any] = {}
        self._watched: list[tuple[Any, str]] = []

    def looped(self, x: Any) -> Any:
        """Give what is being built in place of `x`, to something inside it."""
        return self._built.get(id(x), x)

    def container(self, x: Any, parts: dict[Any, Any], builds: dict[Any, Build | None], place: str) -> Any:
        """Build a container of its children, some of them built themselves."""
        if id(x) not in self._built:
            made = begun(x)
            if made is not None:
                self._built[id(x)] = made
            filled = {part: self._one(builds[part], child) for part, child in parts.items()}
            self._built[id(x)] = finished(x, made, filled)
            self._watched.append((self._built[id(x)], place))
        return self._built[id(x)]

    def function(self, f: types.FunctionType, inner: dict[str, Any], outer: dict[str, Any], rest: list[Any]) -> Any:
        """Build a function that closes over what is built; `rest` builds its defaults, keyword defaults, attributes."""
        if id(f) in self._built:
            return self._built[id(f)]
        scope = self._scope(f.__globals__)
        cells = dict(zip(f.__code__.co_freevars, f.__closure__ or (), strict=True))
        closure = tuple(self._cell(cell) if inner[key] else cell for key, cell in cells.items())
        made = types.FunctionType(f.__code__, scope, f.__name__, f.__defaults__, closure or None)
        self._built[id(f)] = made
        for key, cell in zip(cells, closure, strict=True):
            if inner[key]:
                cell.cell_contents = inner[key](self)
        for key, build in outer.items():
            if build:
                scope[key] = build(self)
        defaults, more, attributes = rest
        made.__defaults__ = self._one(defaults, f.__defaults__)
        made.__kwdefaults__ = self._one(more, f.__kwdefaults__)
        made.__dict__.update(self._one(attributes, f.__dict__))
        made.__qualname__, made.__module__ = f.__qualname__, f.__module__
        self._watched += [(cell, key) for key, cell in zip(cells, closure, strict=True)]
        return made

    def _one(self, build: Build | None, x: Any) -> Any:
        return x if build is None else build(self)

    def _cell(self, cell: types.CellType) -> types.CellType:
        found: types.CellType = self._built.setdefault(id(cell), types.CellType())
        return found

    def _scope(self, names: dict[str, Any]) -> dict[str, Any]:
        if id(names) not in self._built:
            self._built[id(names)] = dict(names)
            self._watched.append((self._built[id(names)], ""))
        scope: dict[str, Any] = self._built[id(names)]
        return scope

    def ready(self, call: Callable[[], Any]) -> None:
        """Note how things are before the function runs, and how it is called."""
        self.call = call
        self.made = Snapshot(self._watched)


class Snapshot:
    """How things are that must not be changed: collections, objects, cells."""

    def __init__(self, things: Iterable[tuple[Any, str]]) -> None:
        self._before = [(x, contents(x), place) for x, place in things]

    def changed(self) -> str | None:
        """Name what is not as it was."""
        for x, before, place in self._before:
            if (part := _different(before, contents(x))) is not None:
                return below(place, *part)
        return None

    def restore(self) -> None:
        """Put everything back as it was."""
        for x, before, _ in self._before:
            if _different(before, contents(x)) is not None:
                restored(x, before)


def _different(before: dict[Any, Any], now: dict[Any, Any]) -> Any:
    """Give the first part that is not the same, if any."""
    for part in [*before, *now]:
        if part not in now or part not in before or now[part] is not before[part]:
            return part
    return None
