"""How a printed program runs: in memory that nobody else uses at that time.

work     the arrays that results are written into, made once for each run that goes on at the same time
"""

import contextvars
import linecache
import threading
from typing import Any

import numpy as np

from tinygrad_edu.program import stored

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
        sets: list[_Place] = self._own.__dict__.setdefault("sets", [])
        place = sets.pop(0) if len(sets) == 2 else self._fresh()
        if place[1] and not _owners(numbers).isdisjoint(map(id, _memories(place[1][0]))):
            place = self._fresh()
        results: tuple[Any, ...] | None = place[0].run(self._function, *numbers, *place[1])
        sets.append(place)
        return results

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

    def data(self) -> dict[str, Any] | None:
        """Give the text and its constants as plain data; None if they are none."""
        constants = stored.packed(self.constants)
        found = {"text": self.text, "constants": constants, "program": self.name, "keeps": self.keeps}
        return None if constants is None else found

    def _define(self) -> None:
        """Run the text once, which defines its functions; tracebacks and debuggers can show it."""
        file = f"<program {abs(hash(self.text)):x}>"
        linecache.cache[file] = len(self.text), None, self.text.splitlines(keepends=True), file
        names = dict(self.constants)
        exec(compile(self.text, file, "exec"), names)
        self._names, self._make_work = names, names.get("make_work")
        self._function = names[self.name]


def _memories(work: Any) -> set[Any]:
    """Collect the blocks of memory that arrays lie in."""
    return {id(_owner(x)): _owner(x) for x in work}.values()  # type: ignore[return-value]


def _owners(numbers: tuple[Any, ...]) -> set[int]:
    return {id(_owner(x)) for x in numbers if isinstance(x, np.ndarray)}


def _owner(x: Any) -> Any:
    """Go through views to what owns the memory."""
    while True:
        if isinstance(x, np.ndarray) and x.base is not None:
            x = x.base
        elif isinstance(x, memoryview):
            x = x.obj
        else:
            return x
