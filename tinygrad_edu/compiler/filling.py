"""A function and its arguments with others in place of the numbers that go in.

fill    what is put in those places, in order
found   something in which numbers may stand, and what stands in it
"""

import types
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from tinygrad_edu.compiler import codes
from tinygrad_edu.compiler.parts import Scope, begun, below, contents, emptied, finished, is_container, restored
from tinygrad_edu.core.tape import Entry


class Found:
    """Something that was found, and what stands in it; it is built anew if a number that goes in does.

    place: where it is, as the user would write it
    make: how it is built
    """

    def __init__(self, x: Any, place: str) -> None:
        self.x, self.place = x, place
        self.make: Callable[[Filling], Any] | None = None
        self.inside: list[Found] = []
        self.needed = False

    def leaf(self, i: int) -> None:
        """Be the i-th number that goes in."""
        self.x, self.needed = None, True
        self.make = lambda filling: filling.fill[i]

    def container(self, parts: dict[Any, "Found"]) -> None:
        """Be a collection or an object."""
        self.inside = [*parts.values()]
        self.make = lambda filling: filling.container(self, parts)

    def function(self, inner: dict[str, "Found"], outer: dict[str, "Found"], rest: dict[str, "Found"]) -> None:
        """Be a function that closes over others; `rest`: its defaults, keyword defaults, attributes."""
        self.inside = [*inner.values(), *outer.values(), *rest.values()]
        self.make = lambda filling: filling.function(self, inner, outer, rest)

    def whole(self, parts: list["Found"], make: Callable[..., Any]) -> None:
        """Be what `make` makes of its parts."""
        self.inside = parts
        self.make = lambda filling: make(*[filling.of(part) for part in parts])


def settle(everything: list[Found]) -> None:
    """Find out what is to be built: whatever has something inside that is."""
    holders: dict[int, list[Found]] = {}
    for found in everything:
        for part in found.inside:
            holders.setdefault(id(part), []).append(found)
    ahead = [found for found in everything if found.needed]
    while ahead:
        for holder in holders.get(id(ahead.pop()), []):
            if not holder.needed:
                holder.needed = True
                ahead.append(holder)
    for found in everything:
        if found.needed:
            found.x = emptied(found.x)


class Filling:
    """Things built with others in place of the numbers: each once, however often it stands somewhere."""

    def __init__(self, fill: Sequence[Any]) -> None:
        self.fill = fill
        self.given = {id(x): x._data for x in fill if isinstance(x, Entry)}
        self._built: dict[int, Any] = {}
        self._watched: list[tuple[Any, str]] = []

    def of(self, found: Found) -> Any:
        """Give what stands in place of something."""
        if not found.needed or found.make is None:
            return found.x
        if id(found) not in self._built:
            self._built[id(found)] = found.make(self)
        return self._built[id(found)]

    def container(self, found: Found, parts: dict[Any, Found]) -> Any:
        """Build a container of its children."""
        made = begun(found.x)
        if made is not None:
            self._built[id(found)] = made
        made = finished(found.x, made, {part: self.of(child) for part, child in parts.items()})
        self._watched.append((made, found.place))
        return made

    def function(self, found: Found, inner: dict[str, Found], outer: dict[str, Found], rest: dict[str, Found]) -> Any:
        """Build a function of what it closes over."""
        f = found.x
        scope = self._scope(f.__globals__)
        cells = dict(zip(f.__code__.co_freevars, f.__closure__ or (), strict=True))
        replaced = {key for key, part in inner.items() if part.needed}
        closure = tuple(self._cell(cell) if key in replaced else cell for key, cell in cells.items())
        made = types.FunctionType(f.__code__, scope, f.__name__, f.__defaults__, closure or None)
        self._built[id(found)] = made
        for key, cell in zip(cells, closure, strict=True):
            if key in replaced:
                cell.cell_contents = self.of(inner[key])
                self._watched.append((cell, key))
        scope.update({key: self.of(part) for key, part in outer.items()})
        made.__defaults__, made.__kwdefaults__ = f.__defaults__, f.__kwdefaults__
        for key, part in rest.items():
            setattr(made, key, self.of(part))
        made.__qualname__, made.__module__ = f.__qualname__, f.__module__
        return made

    def _cell(self, cell: types.CellType) -> types.CellType:
        made: types.CellType = self._built.setdefault(id(cell), types.CellType())
        return made

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
            now = contents(x)
            if (part := _different(before, now)) is not None:
                return place if isinstance(x, list) and len(before) != len(now) else below(place, *part)
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


def left_as_it_is(found: Found) -> Iterator[tuple[Any, str]]:
    """Give what the function gets as it is, and must not change."""
    x = found.x
    if isinstance(x, types.FunctionType) and not codes.is_of_library(x):
        yield from zip(x.__closure__ or (), x.__code__.co_freevars, strict=True)
        yield Scope(x.__globals__, codes.lookups(x.__code__)[0]), ""
        yield x.__dict__, x.__name__
    elif not found.needed and (is_container(x) or isinstance(x, set)):
        yield x, found.place
