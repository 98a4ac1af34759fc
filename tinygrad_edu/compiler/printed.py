"""A program that was printed: simplified, with its memory planned, as text that runs."""

from typing import Any

from tinygrad_edu.compiler.codegen.numpy import Text
from tinygrad_edu.compiler.costs import Costs
from tinygrad_edu.compiler.ir import Graph
from tinygrad_edu.compiler.memory import Plan, planned
from tinygrad_edu.compiler.passes.numpy_calls import with_quick_calls, with_ready_constants
from tinygrad_edu.compiler.passes.runtime_checks import with_quick_questions
from tinygrad_edu.compiler.passes.simplify import PASSES, simplified, without_dead
from tinygrad_edu.compiler.passes.tiling import with_blocks
from tinygrad_edu.compiler.runtime import Runner
from tinygrad_edu.compiler.timing import Timing, timed

_FOR_SPEED = with_quick_questions, without_dead, with_quick_calls, with_ready_constants, with_blocks


class Printed:
    """The text of a program, ready to run."""

    def __init__(self, program: Graph, plain: bool, reuse_outputs: bool, threads: int) -> None:
        self.before = Costs.of(program)
        self.program, self.history = simplified(program, PASSES if plain else (*PASSES, *_FOR_SPEED))
        self.plan = Plan() if plain else planned(self.program, reuse_outputs)
        text = Text(self.program, self.plan, plain, threads)
        self.text = text.whole()
        self.scratch = sum(loop.scratch for loop in text.loops.values())
        self.run = self.portable = Runner(self.text, text.constants, program.name, reuse_outputs)

    def timed(self, numbers: tuple[Any, ...], rounds: int) -> Timing:
        """Time each statement."""
        return timed(self.text, self.program.name, self.run.names, numbers, rounds)
