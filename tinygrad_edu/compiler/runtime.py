"""How the text of a program runs: on Python's numbers, or in memory that nobody else uses at that time.

numbers  what goes in, in the order of the program's parameters
work     the arrays that results are written into, made once for each run that goes on at the same time
"""

import contextvars
import itertools
import linecache
import threading
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

Numbers = tuple[Any, ...]
Results = tuple[Any, ...] | None  # None: the program does not hold for these numbers
_Place = tuple[contextvars.Context, tuple[Any, ...]]

_files = itertools.count(1)


class ArrayRunner:
    """A program on arrays, run in memory of its own; a thread never waits for another.

    NumPy is quiet while it runs, whatever the caller's `np.errstate`: infinities and NaN tell of themselves.

    keeps: results stay in the program's memory, of which each thread has two sets, used in turn
    """

    def __init__(self, function: Callable[..., Any], make_work: Callable[[], Any] | None, keeps: bool) -> None:
        self._function, self.make_work, self._keeps = function, make_work, keeps
        self._idle: list[_Place] = []
        self._own = threading.local()

    def __call__(self, numbers: Numbers) -> Results:
        """The results; an exception takes the memory of its run with it, so that nothing half done is left behind."""
        if self._keeps:
            return self._in_turn(numbers)
        try:
            place = self._idle.pop()
        except IndexError:
            place = self._fresh()
        results: Results = place[0].run(self._function, *numbers, *place[1])
        self._idle.append(place)
        return results

    def _in_turn(self, numbers: Numbers) -> Results:
        """Run in that set of memory which was used less lately; what comes in again from there keeps it."""
        sets: list[tuple[_Place, frozenset[int]]] = self._own.__dict__.setdefault("sets", [])
        place, owned = sets.pop(0) if len(sets) == 2 else self._with_owners()
        if not owned.isdisjoint(_owners(numbers)):
            place, owned = self._with_owners()
        results: Results = place[0].run(self._function, *numbers, *place[1])
        sets.append((place, owned))
        return results

    def _with_owners(self) -> tuple[_Place, frozenset[int]]:
        """Memory, and what owns it: that is alive as long as the memory is."""
        place = self._fresh()
        return place, frozenset(id(_owner(x)) for x in (place[1][0] if place[1] else ()))

    def _fresh(self) -> _Place:
        """A context in which NumPy is quiet, and memory."""
        with np.errstate(all="ignore"):
            context = contextvars.copy_context()
        return context, (self.make_work(),) if self.make_work else ()


class ScalarRunner:
    """A program on Python's numbers; where `math` raises an error, NumPy's functions give an infinity or NaN.

    run:             takes the numbers that go in
    make_numpy_form: makes the same program in NumPy's functions, when it is first needed
    """

    gives_up = ArithmeticError, ValueError

    def __init__(
        self, run: Callable[[Numbers], Results], make_numpy_form: Callable[[], Any], make_work: Any = None
    ) -> None:
        self._run, self._make_numpy_form, self.make_work = run, make_numpy_form, make_work
        self._numpy_form: Any = None

    def __call__(self, numbers: Numbers) -> Results:
        """The results."""
        try:
            return self._run(numbers)
        except self.gives_up:
            return self.numpy_form.run(numbers)  # type: ignore[no-any-return]

    @property
    def numpy_form(self) -> Any:
        """The same program in NumPy's functions."""
        self._numpy_form = self._numpy_form or self._make_numpy_form()
        return self._numpy_form


def define(text: str, constants: dict[str, Any], name: str) -> tuple[Callable[..., Any], dict[str, Any]]:
    """The function `name` of a text, and what else the text defines.

    Tracebacks and debuggers can show the text for as long as the function is alive.
    """
    file = f"<program {next(_files)}>"
    names = dict(constants)
    exec(compile(text, file, "exec"), names)
    function = names.pop(name)
    linecache.cache[file] = len(text), None, text.splitlines(keepends=True), file
    weakref.finalize(function, linecache.cache.pop, file, None).atexit = False
    return function, names


def _owners(numbers: Numbers) -> list[int]:
    """What owns the memory of the arrays that are views; others own it themselves, and nobody else made them."""
    bases = [x.base for x in numbers if isinstance(x, np.ndarray)]
    return [id(_owner(x)) for x in bases if x is not None]


def _owner(x: Any) -> Any:
    """What owns the memory, behind any number of views."""
    while True:
        if isinstance(x, np.ndarray) and x.base is not None:
            x = x.base
        elif isinstance(x, memoryview):
            x = x.obj
        else:
            return x
