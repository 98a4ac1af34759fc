"""Compiled functions: traced once for each kind of input, and from then on run as the program that was printed."""

import copy
import functools
import threading
from collections.abc import Callable
from typing import Any

from tinygrad_edu.compiler.autodiff import ABSENT, FAILED, Pull, Run
from tinygrad_edu.compiler.executable import Executable
from tinygrad_edu.compiler.report import Timing, made_up
from tinygrad_edu.compiler.tracing.trace import Traced
from tinygrad_edu.core.context import recording, tracing

MOST = 16  # programs that are kept: those made last


class Compiled:
    """A function that is traced when it is first called with inputs of a kind, and then run as a program.

    inlined: the function itself, which runs in its place while another is traced
    """

    def __init__(self, function: Callable[..., Any], options: dict[str, Any]) -> None:
        functools.update_wrapper(self, function, updated=())
        self.inlined, self.options = function, options
        self.name: str = getattr(function, "__name__", type(function).__name__)
        self._programs: list[Executable] = []
        self._lock = threading.Lock()

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        """Give what the function gives."""
        state = recording.get()
        if tracing.get() is not None or not isinstance(state, bool):  # when somebody watches, there is more to see
            return self.inlined(*args, **keywords)
        done = self.attempt(args, keywords, state)
        if done is ABSENT:
            self._add(args, keywords, state)
            done = self.attempt(args, keywords, state)
        return self.inlined(*args, **keywords) if done is FAILED or done is ABSENT else done

    def attempt(self, args: Any, keywords: Any, state: bool, within: Run | None = None) -> Any:
        """Run a program that is there; ABSENT if there is none, FAILED if it does not hold for these numbers."""
        for program in self._programs:
            if program.recording is state:
                numbers = program.read(args, keywords)
                if numbers is not None:
                    return program(numbers, args, keywords, within)
        return ABSENT

    def _add(self, args: Any, keywords: Any, state: bool) -> None:
        """Make a program for such arguments."""
        program = Executable(Traced(self.inlined, args, keywords), self.name, state, self.options)
        options = self.options | {"reuse_outputs": False}
        program.pull = functools.cache(lambda k: Compiled(Pull(program, k), options))
        with self._lock:
            self._programs = [program, *self._programs[: MOST - 1]]

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        """Be a method where a method is compiled."""
        return self if instance is None else functools.partial(self, instance)

    def __repr__(self) -> str:
        return f"<compiled {self.name}, {len(self._programs)} programs>"

    @property
    def source(self) -> str:
        """The text of the program that was made last."""
        return self._last.printed.text

    def explain(self) -> str:
        """Tell what the passes did to the program that was made last, and what it needs beside eager."""
        return self._last.printed.explain(self.name, self._last.fallbacks)

    def report(self, *args: Any, rounds: int = 20, **keywords: Any) -> Timing:
        """Time each statement of the program that was made last, or of that for these arguments.

        Without arguments the numbers are made up: normal ones, and zeros where integers go in.
        """
        if not args and not keywords:
            printed = self._last.printed
            return printed.timed(made_up(printed.graph.inputs), rounds)
        self(*args, **keywords)
        found = ((each, each.read(args, keywords)) for each in self._programs)
        program, numbers = next((each, numbers) for each, numbers in found if numbers is not None)
        return program.printed.timed(numbers, rounds)

    @property
    def _last(self) -> Executable:
        if not self._programs:
            raise RuntimeError("tg.compile: there is no program yet; call the function once, with what it is to run on")
        return self._programs[0]

    @property
    def fallbacks(self) -> int:
        """How often the function itself was run, because a program failed or did not hold."""
        return sum(program.fallbacks for program in self._programs)

    def __copy__(self) -> "Compiled":
        return self.__deepcopy__(None)

    def __deepcopy__(self, memo: Any) -> "Compiled":
        return Compiled(self.inlined if memo is None else copy.deepcopy(self.inlined, memo), self.options)


def compile(
    function: Callable[..., Any] | None = None,
    *,
    plain: bool = False,
    reuse_outputs: bool = False,
    threads: int = 1,
) -> Any:
    """Make a function that runs as a printed NumPy program; also a decorator.

    The first call with inputs of given kinds, shapes and layouts runs `function` twice on arrays that write down
    what NumPy does to them, and once as it is, to make sure that the three agree. What was written down is
    run_passes, printed, and run from then on. Numbers and arrays in the arguments go in anew at each call, and so
    do arrays that the function closes over; if anything else that it depends on has changed, it is traced again.

    >>> import numpy as np, tinygrad_edu as tg
    >>> slope = tg.compile(tg.value_and_grad(lambda x: np.sum(x ** 2)))
    >>> slope(np.array([1.0, 2.0]))
    (np.float64(5.0), array([2., 4.]))

    Args:
        function: any function of numbers, arrays, Values and trees of them, without side effects.
        plain: print calculus, without memory that is made once.
        reuse_outputs: results stay the program's own: they hold until the next call but one.
        threads: how many run long elementwise parts.

    A program of single numbers runs on Python's floats and `math`, whose last bits may differ from NumPy's.

    Raises:
        TraceError: (when called) what the function does cannot be right for other numbers, such as a branch on them.
    """
    options: dict[str, Any] = {"plain": plain, "reuse_outputs": reuse_outputs, "threads": threads}
    if function is None:
        return functools.partial(compile, **options)
    if not callable(function):
        raise TypeError(f"tg.compile: got a {type(function).__name__}; pass a function")
    if not isinstance(threads, int) or threads < 1:
        raise ValueError(f"tg.compile: threads is {threads!r}; it must be an integer of at least 1")
    return Compiled(function, options)
