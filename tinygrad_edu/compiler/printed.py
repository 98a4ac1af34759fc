"""A program that was printed: run_passes, with its memory plan_memory, as text that runs."""

from typing import Any

from tinygrad_edu.compiler.codegen.numpy import Text
from tinygrad_edu.compiler.costs import Costs
from tinygrad_edu.compiler.ir import Graph
from tinygrad_edu.compiler.memory import MemoryPlan, plan_memory
from tinygrad_edu.compiler.passes.numpy_calls import choose_numpy_calls, prepare_constants
from tinygrad_edu.compiler.passes.runtime_checks import merge_runtime_checks
from tinygrad_edu.compiler.passes.simplify import PASSES, eliminate_dead_code, run_passes
from tinygrad_edu.compiler.passes.tiling import tile
from tinygrad_edu.compiler.runtime import Runner
from tinygrad_edu.compiler.timing import Timing, timed

_FOR_SPEED = merge_runtime_checks, eliminate_dead_code, choose_numpy_calls, prepare_constants, tile


class Printed:
    """The text of a program, ready to run."""

    def __init__(self, program: Graph, plain: bool, reuse_outputs: bool, threads: int) -> None:
        self.before = Costs.of(program)
        self.program, self.history = run_passes(program, PASSES if plain else (*PASSES, *_FOR_SPEED))
        self.plan = MemoryPlan() if plain else plan_memory(self.program, reuse_outputs)
        text = Text(self.program, self.plan, plain, threads)
        self.text = text.whole()
        self.scratch = sum(loop.scratch for loop in text.loops.values())
        self.run = self.portable = Runner(self.text, text.constants, program.name, reuse_outputs)

    def timed(self, numbers: tuple[Any, ...], rounds: int) -> Timing:
        """Time each statement."""
        return timed(self.text, self.program.name, self.run.names, numbers, rounds)
