"""How a printed program runs: in memory that nobody else uses at that time.

work     the arrays that results are written into, made once for each run that goes on at the same time
"""

import contextvars
import linecache
import threading
from typing import Any

import numpy as np

_Place = tuple[contextvars.Context, tuple[Any, ...]]


class Runner:
    """The text of a program, run in memory of its own; a thread never waits for another.

    keeps: results stay in the program's memory, of which each thread has two sets, used in turn
    """

    def __init__(self, text: str, constants: dict[str, Any], name: str, keeps: bool) -> None:
        self.text, self.constants, self.name, self.keeps = text, constants, name, keeps
        self._idle: list[_Place] = []
        self._own = threading.local()
        self._function: Any = None

    def __call__(self, numbers: tuple[Any, ...]) -> tuple[Any, ...] | None:
        """Run the text; None tells that it does not hold for these numbers.

        An exception takes the memory of that run with it, so that nothing half done is left behind.
        """
        if self._function is None:
            self._define()
        if self.keeps:
            return self._in_turn(numbers)
        try:
            place = self._idle.pop()
        except IndexError:
            place = self._fresh()
        results: tuple[Any, ...] | None = place[0].run(self._function, *numbers, *place[1])
        self._idle.append(place)
        return results

    def _in_turn(self, numbers: tuple[Any, ...]) -> tuple[Any, ...] | None:
        """Run in that set of memory which was used less lately; what comes in again from there keeps it."""
        sets: list[tuple[_Place, frozenset[int]]] = self._own.__dict__.setdefault("sets", [])
        place, owned = sets.pop(0) if len(sets) == 2 else self._with_owners()
        if not owned.isdisjoint(_owners(numbers)):
            place, owned = self._with_owners()
        results: tuple[Any, ...] | None = place[0].run(self._function, *numbers, *place[1])
        sets.append((place, owned))
        return results

    def _with_owners(self) -> tuple[_Place, frozenset[int]]:
        """Make memory, and tell what owns it: that is alive as long as the memory is."""
        place = self._fresh()
        return place, frozenset(id(_owner(x)) for x in (place[1][0] if place[1] else ()))

    def _fresh(self) -> _Place:
        """Make a context in which NumPy is quiet, and memory."""
        with np.errstate(all="ignore"):
            context = contextvars.copy_context()
        return context, (self._make_work(),) if self._make_work else ()

    @property
    def names(self) -> dict[str, Any]:
        """The functions and constants of the text."""
        if self._function is None:
            self._define()
        return self._names

    def _define(self) -> None:
        """Have the functions of the text."""
        self._names = names = executed(self.text, self.constants)
        self._make_work, self._function = names.get("make_work"), names[self.name]


def executed(text: str, constants: dict[str, Any]) -> dict[str, Any]:
    """Run the text once, which defines its functions; tracebacks and debuggers can show it."""
    file = f"<program {abs(hash(text)):x}>"
    linecache.cache[file] = len(text), None, text.splitlines(keepends=True), file
    names = dict(constants)
    exec(compile(text, file, "exec"), names)
    return names


def _owners(numbers: tuple[Any, ...]) -> list[int]:
    """Tell what owns the memory of the arrays that are views; others own it themselves, and nobody else made them."""
    return [id(_owner(x.base)) for x in numbers if isinstance(x, np.ndarray) and x.base is not None]


def _owner(x: Any) -> Any:
    """Go through views to what owns the memory."""
    while True:
        if isinstance(x, np.ndarray) and x.base is not None:
            x = x.base
        elif isinstance(x, memoryview):
            x = x.obj
        else:
            return x
