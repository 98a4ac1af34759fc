"""A program that was printed: its text, and how it is run.

work     the arrays that results are written into, made once for each run that goes on at the same time
"""

import contextvars
import linecache
from typing import Any

import numpy as np

from tinygrad_edu.program.blocks import with_blocks
from tinygrad_edu.program.buffers import Plan, planned
from tinygrad_edu.program.calls import with_quick_calls, with_ready_constants
from tinygrad_edu.program.costs import Costs
from tinygrad_edu.program.nodes import Program
from tinygrad_edu.program.questions import with_quick_questions
from tinygrad_edu.program.simplify import PASSES, simplified, without_dead
from tinygrad_edu.program.source import Text
from tinygrad_edu.program.timing import Timing, timed

_FOR_SPEED = with_quick_questions, without_dead, with_quick_calls, with_ready_constants, with_blocks


class Printed:
    """The text of a program, ready to run; runs that overlap have their memory each."""

    def __init__(self, program: Program, plain: bool, reuse_outputs: bool, threads: int) -> None:
        self.before = Costs.of(program)
        self.program, self.history = simplified(program, PASSES if plain else (*PASSES, *_FOR_SPEED))
        self.plan = Plan() if plain else planned(self.program, reuse_outputs)
        text = Text(self.program, self.plan, plain, threads)
        self.text = text.whole()
        self.scratch = sum(loop.scratch for loop in text.loops.values())
        self.names = executed(self.text, text.constants)
        self._function = self.names[program.name]
        self._make_work = self.names.get("make_work")
        self._idle: list[tuple[contextvars.Context, tuple[Any, ...]]] = []
        self._sets = 2 if reuse_outputs else 1

    def run(self, numbers: tuple[Any, ...]) -> tuple[Any, ...] | None:
        """Run the text; None tells that it does not hold for these numbers.

        An exception takes the memory of that run with it, so that nothing half done is left behind.
        """
        context, work = self._idle.pop(0) if len(self._idle) >= self._sets else self._fresh()
        results: tuple[Any, ...] | None = context.run(self._function, *numbers, *work)
        self._idle.append((context, work))
        return results

    def timed(self, numbers: tuple[Any, ...], rounds: int) -> Timing:
        """Time each statement."""
        return timed(self.text, self.program.name, self.names, numbers, rounds)

    def _fresh(self) -> tuple[contextvars.Context, tuple[Any, ...]]:
        """Make a context in which NumPy is quiet, and memory."""
        with np.errstate(all="ignore"):
            context = contextvars.copy_context()
        return context, (self._make_work(),) if self._make_work else ()


def executed(text: str, constants: dict[str, Any]) -> dict[str, Any]:
    """Run the text once, which defines its functions; tracebacks and debuggers can show it."""
    file = f"<program {abs(hash(text)):x}>"
    linecache.cache[file] = len(text), None, text.splitlines(keepends=True), file
    names = dict(constants)
    exec(compile(text, file, "exec"), names)
    return names
