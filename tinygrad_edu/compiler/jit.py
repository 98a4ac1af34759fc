"""Compiled functions: traced once for each kind of input, and from then on run as the program that was printed.

state    whether what happens is recorded
numbers  what goes in, in the order of the program's parameters
"""

import functools
import threading
import warnings
from collections.abc import Callable
from html import escape
from typing import Any

from tinygrad_edu.compiler.autodiff import ABORTED, MISS, CompiledVJP, Invocation, as_values
from tinygrad_edu.compiler.errors import error_location, trace_error
from tinygrad_edu.compiler.outputs import builder
from tinygrad_edu.compiler.patience import told_if_long
from tinygrad_edu.compiler.pipeline import Executable
from tinygrad_edu.compiler.report import Timing, made_up
from tinygrad_edu.compiler.tracing.loop_check import LoopCheck
from tinygrad_edu.compiler.tracing.trace import PLAIN, Traced, is_inlining, run_eagerly
from tinygrad_edu.compiler.tracing.verify import compare
from tinygrad_edu.core.context import recording

MOST = 16  # programs that are kept: those made last
PATIENCE = 8  # programs made in a row because the same name is bound to something else each time


class Specialization:
    """A program made for one signature: how to read what goes in, to run, and to give back what comes out."""

    fallbacks = 0

    def __init__(self, traced: Traced, name: str, state: bool, options: dict[str, Any]) -> None:
        self.name, self.state, self.traced, self.kinds = name, state, traced, traced.kinds
        self.signature, self.keeps = traced.signature, options["reuse_outputs"]
        self.read = self.signature.read
        self.wrt = [i for i, value in enumerate(self.signature.values) if value]
        self.executable = Executable(traced.graph, **options)
        self.rebuild = builder(traced.structure)
        self.gives_values = any(kind != PLAIN for kind in self.kinds)
        self._pullbacks: dict[int, Compiled] = {}
        self._options = options | {"reuse_outputs": False}

    def pullback(self, k: int) -> "Compiled":
        """The compiled derivative of the k-th result."""
        if k not in self._pullbacks:
            self._pullbacks[k] = Compiled(CompiledVJP(self, k), self._options)
        return self._pullbacks[k]

    def __call__(self, numbers: Any, args: Any, keywords: Any, within: Invocation | None = None) -> Any:
        """What the function gives, or ABORTED where the program does not hold for these numbers."""
        results = self.run(numbers, args, keywords)
        if results is None:
            self.fallbacks += 1
            return ABORTED
        return self.rebuild(as_values(self, results, args, keywords, within) if self.gives_values else results)

    def run(self, numbers: Any, args: Any, keywords: Any) -> tuple[Any, ...] | None:
        """The results, one after the other; None where the program does not hold.

        Raises:
            TraceError: the program failed where the function does not.
            Exception: whatever the function itself raises.
        """
        try:
            return self.executable.run(numbers)
        except Exception as error:
            run_eagerly(self.traced.function, args, keywords)
            what = f"the program of {self.name} failed with {error!r} where the function does not"
            raise trace_error(what, "please report it, with the function", error_location(error)) from error


class Compiled:
    """A function that is traced when it is first called with inputs of a kind, and then run as a program.

    `traces` is how often that has happened.
    """

    __wrapped__: Callable[..., Any]

    def __init__(self, function: Callable[..., Any], options: dict[str, Any]) -> None:
        functools.update_wrapper(self, function, updated=())
        self.name: str = getattr(function, "__name__", type(function).__name__)
        self._options = options
        self._programs: list[Specialization] = []
        self.traces = 0
        self._rebound: tuple[str | None, int] = None, 0
        self._lock = threading.Lock()

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        """What the function gives.

        Raises:
            TraceError: (when there is no program yet) the function cannot be compiled.
        """
        state = recording.get()
        if is_inlining() or not isinstance(state, bool):  # when somebody listens, there is more to hear
            return self.__wrapped__(*args, **keywords)
        done = self.attempt(args, keywords, state)
        if done is MISS:
            return self._compile(args, keywords, state)
        return run_eagerly(self.__wrapped__, args, keywords) if done is ABORTED else done

    def attempt(self, args: Any, keywords: Any, state: bool, within: Invocation | None = None) -> Any:
        """Run a program that is there; MISS if there is none, ABORTED if it does not hold for these numbers."""
        for program in self._programs:
            if program.state is state:
                numbers = program.read(args, keywords)
                if numbers is not None:
                    return program(numbers, args, keywords, within)
        return MISS

    def _compile(self, args: Any, keywords: Any, state: bool) -> Any:
        """Make a program for such arguments, hold it against the function, and return what the function gives."""
        with told_if_long(self.name):
            traced = Traced(self.__wrapped__, args, keywords)
            eager = run_eagerly(self.__wrapped__, args, keywords, LoopCheck(traced.loops))
            traced.loops = []
            program = Specialization(traced, self.name, state, self._options)
            compare(eager, traced, program.run, (args, keywords))
        with self._lock:
            self.traces += 1
            self._notice_rebinding(args, keywords, state)
            self._programs = [program, *self._programs[: MOST - 1]]
        return eager

    def _notice_rebinding(self, args: Any, keywords: Any, state: bool) -> None:
        """Warn if program after program is made because one name is bound to something else each time."""
        signatures = [each.signature for each in self._programs if each.state is state]
        place: str | None = signatures[0].mismatch(args, keywords) if signatures else None
        if place is None or place not in signatures[0].closed_over:
            self._rebound = None, 0
            return
        last, count = self._rebound
        self._rebound = place, count + 1 if place == last else 1
        if self._rebound[1] == PATIENCE:
            what = f"`{place}`, which {self.name} closes over, was another at each of {PATIENCE} calls"
            warnings.warn(f"tg.compile: {what}, and each made a program anew; pass it as an argument", stacklevel=4)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        """A method where a method is compiled."""
        return self if instance is None else functools.partial(self, instance)

    def __repr__(self) -> str:
        return f"<compiled {self.name}, {len(self._programs)} programs>"

    def _repr_html_(self) -> str:
        """What notebooks show: the program that was made last, behind a triangle."""
        text = f"<pre>{escape(repr(self))}</pre>"
        if not self._programs:
            return text
        return f"{text}<details><summary>its program</summary><pre>{escape(self.source)}</pre></details>"

    @property
    def source(self) -> str:
        """The text of the program that was made last."""
        return self._last.executable.text

    def explain(self) -> str:
        """What the passes did to the program that was made last, and what it needs beside eager."""
        return self._last.executable.explain(self.name, self._last.fallbacks)

    def report(self, *args: Any, rounds: int = 20, **keywords: Any) -> Timing:
        """The time of each statement of the program that was made last, or of that for these arguments.

        Without arguments the numbers are made up: normal ones, and zeros where integers go in.
        """
        if not args and not keywords:
            executable = self._last.executable
            return executable.timed(made_up(executable.graph.inputs), rounds)
        self(*args, **keywords)
        found = ((each, each.read(args, keywords)) for each in self._programs)
        program, numbers = next((each, numbers) for each, numbers in found if numbers is not None)
        return program.executable.timed(numbers, rounds)

    @property
    def _last(self) -> Specialization:
        if not self._programs:
            raise RuntimeError("tg.compile: there is no program yet; call the function once, with what it is to run on")
        return self._programs[0]

    @property
    def fallbacks(self) -> int:
        """How often the function itself was run, because a program did not hold for the numbers it was given."""
        return sum(program.fallbacks for program in self._programs)


def compile(
    function: Callable[..., Any] | None = None, *, plain: bool = False, reuse_outputs: bool = False, threads: int = 1
) -> Any:
    """Make a function that runs as a printed NumPy program; also a decorator.

    What comes in as an argument (numbers, arrays, Values, trees of them) is traced; what the function closes over is
    constant. The first call with inputs of given kinds, shapes and layouts runs `function` on arrays that write down
    what NumPy does to them. What was written down is simplified, printed, and run from then on; at the first call it
    is held against the function itself, whose result that call returns. If a name that the function closes over is
    bound to something else, it is traced again; writeable arrays that names are bound to go in anew at each call.

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
        TraceError: (when called) what the function does cannot be right for other numbers, such as a branch on them,
            or it closes over something that could change unseen.
    """
    options: dict[str, Any] = {"plain": plain, "reuse_outputs": reuse_outputs, "threads": threads}
    if function is None:
        return functools.partial(compile, **options)
    if not callable(function):
        raise TypeError(f"tg.compile: got a {type(function).__name__}; pass a function")
    if not isinstance(threads, int) or threads < 1:
        raise ValueError(f"tg.compile: threads is {threads!r}; it must be an integer of at least 1")
    return Compiled(function, options)
