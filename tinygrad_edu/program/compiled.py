"""Compiled functions: traced once for each kind of input, and from then on run as the program that was printed.

program   the text that runs, with how to read what goes in and how to give back what comes out
numbers   what goes in, in the order of the program's parameters
"""

import contextvars
import functools
import threading
from collections.abc import Callable
from typing import Any

from tinygrad_edu.program.choosing import printed
from tinygrad_edu.program.explaining import explained
from tinygrad_edu.program.native import check_backend
from tinygrad_edu.program.outputs import builder
from tinygrad_edu.program.timing import Timing, made_up
from tinygrad_edu.program.trace import Traced
from tinygrad_edu.program.twins import twin

MOST = 16
_tracing: contextvars.ContextVar[bool] = contextvars.ContextVar("tracing", default=False)


class Compiled:
    """A function that is traced when it is first called with inputs of a kind, and then run as a program."""

    def __init__(self, function: Callable[..., Any], **options: Any) -> None:
        functools.update_wrapper(self, function)
        self.function, self.options = function, options
        self._programs: list[_Program] = []
        self._lock = threading.Lock()

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        """Give what the function gives."""
        for program in self._programs:
            numbers = program.read(args, keywords)
            if numbers is not None:
                return program(numbers, args, keywords)
        if _tracing.get():
            return self.function(*args, **keywords)
        with self._lock:
            program = twin(self._programs, args, keywords) or _Program(self, args, keywords)
            self._programs = [program, *self._programs[: MOST - 1]]
        return program(program.read(args, keywords), args, keywords)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        """Be a method where a method is compiled."""
        return self if instance is None else functools.partial(self, instance)

    def __repr__(self) -> str:
        return f"<compiled {getattr(self.function, '__name__', self.function)}, {len(self._programs)} programs>"

    @property
    def source(self) -> str:
        """The text of the program that was made last."""
        return self._last.printed.text

    def explain(self) -> str:
        """Tell what the passes did to the program that was made last, and what it needs beside eager."""
        return explained(getattr(self.function, "__name__", "program"), self._last.printed, self._last.fallbacks)

    def report(self, *args: Any, rounds: int = 20, **keywords: Any) -> Timing:
        """Time each statement of the program that was made last, or of that for these arguments.

        Without arguments the numbers are made up: normal ones, and zeros where integers go in.
        """
        if not args and not keywords:
            printed = self._last.printed
            return printed.timed(made_up(printed.program.inputs), rounds)
        self(*args, **keywords)
        found = ((each, each.read(args, keywords)) for each in self._programs)
        program, numbers = next((each, numbers) for each, numbers in found if numbers is not None)
        return program.printed.timed(numbers, rounds)

    @property
    def _last(self) -> "_Program":
        if not self._programs:
            raise RuntimeError("tg.compile: there is no program yet; call the function once, with what it is to run on")
        return self._programs[0]


class _Program:
    """A printed program with its way in and its way out."""

    def __init__(self, compiled: Compiled, args: tuple[Any, ...], keywords: dict[str, Any]) -> None:
        token = _tracing.set(True)
        try:
            traced = Traced(compiled.function, args, keywords)
        finally:
            _tracing.reset(token)
        self.function, self.fallbacks = compiled.function, 0
        self.read, self.kinds = traced.reader.read, traced.kinds
        self.takes_values = any(traced.reader.values)
        self.printed = printed(traced.program, **compiled.options)
        self.rebuild = builder(traced.structure)
        self.reader = traced.reader

    def __call__(self, numbers: tuple[Any, ...], args: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        """Run, and where the program does not hold for these numbers, or fails, run the function itself."""
        try:
            results = self.printed.run(numbers)
        except Exception:
            results = None
        if results is None:
            self.fallbacks += 1
            return self.function(*args, **keywords)
        return self.rebuild(results)


def compile(
    function: Callable[..., Any] | None = None,
    *,
    plain: bool = False,
    reuse_outputs: bool = False,
    threads: int = 1,
    backend: str = "numpy",
) -> Any:
    """Make a function that runs as a printed NumPy program; also a decorator.

    The first call with inputs of given kinds, shapes and layouts runs `function` twice on arrays that write down
    what NumPy does to them; what was written down is simplified, printed, and run from then on.

    >>> import numpy as np, tinygrad_edu as tg
    >>> slope = tg.compile(tg.value_and_grad(lambda x: np.sum(x ** 2)))
    >>> slope(np.array([1.0, 2.0]))
    (np.float64(5.0), array([2., 4.]))

    Args:
        function: any function of numbers, arrays, Values and trees of them, without side effects.
        plain: print calculus, without memory that is made once.
        reuse_outputs: results stay the program's own: they hold until the next call but one.
        threads: how many run long elementwise parts.
        backend: "numba" makes machine code of programs of single numbers; the extra ``native`` brings Numba.

    A program of single numbers runs on Python's floats and `math`, whose last bits may differ from NumPy's.

    Raises:
        TraceError: (when called) what the function does cannot be right for other numbers, such as a branch on them;
            or the backend does not take the program.
        ImportError: Numba is not installed.
    """
    options: dict[str, Any] = {"plain": plain, "reuse_outputs": reuse_outputs, "threads": threads, "backend": backend}
    if function is None:
        return functools.partial(compile, **options)
    if not callable(function):
        raise TypeError(f"tg.compile: got a {type(function).__name__}; pass a function")
    if not isinstance(threads, int) or threads < 1:
        raise ValueError(f"tg.compile: threads is {threads!r}; it must be an integer of at least 1")
    check_backend(backend, plain)
    return Compiled(function, **options)
