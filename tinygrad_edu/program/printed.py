"""A program that was printed: simplified, with its memory planned, as text that runs."""

from tinygrad_edu.program.buffers import Plan, planned
from tinygrad_edu.program.calls import with_quick_calls
from tinygrad_edu.program.nodes import Program
from tinygrad_edu.program.running import Runner
from tinygrad_edu.program.simplify import simplified
from tinygrad_edu.program.source import source


class Printed:
    """The text of a program, ready to run."""

    def __init__(self, program: Program, plain: bool, reuse_outputs: bool, threads: int) -> None:
        self.traced = program
        self.program = simplified(program)
        if not plain:
            self.program = with_quick_calls(self.program)
        self.plan = Plan() if plain else planned(self.program, reuse_outputs)
        self.text, constants = source(self.program, self.plan, infix=plain)
        self.run = Runner(self.text, constants, program.name, reuse_outputs)
