"""A program of single numbers that was printed: simplified, as text in plain Python."""

import functools
from typing import Any

from tinygrad_edu.program.buffers import Plan
from tinygrad_edu.program.costs import Costs
from tinygrad_edu.program.nodes import Program
from tinygrad_edu.program.printed import Printed
from tinygrad_edu.program.scalar_running import GIVES_UP, ScalarRunner
from tinygrad_edu.program.scalar_source import ScalarSource
from tinygrad_edu.program.simplify import simplified
from tinygrad_edu.program.timing import Timing, timed


class ScalarPrinted:
    """The text of a program of single numbers, ready to run; stands for `Printed`.

    native: for machine code, made by Numba when it is first run.

    Raises:
        NotScalarError: the program has something else than single numbers.
    """

    def __init__(self, program: Program, native: bool = False) -> None:
        self.before = Costs.of(program)
        self.program, self.history = simplified(program)
        self.plan, self.scratch = Plan(), 0
        source = ScalarSource(self.program, native)
        self.text = source.text
        kinds = source.kinds if native else None
        self.run = ScalarRunner(self.text, {}, program.name, lambda: self.of_numpy.run, kinds)

    @functools.cached_property
    def of_numpy(self) -> Printed:
        """The same program, of NumPy's functions."""
        return Printed(self.program, plain=False, reuse_outputs=False, threads=1)

    @property
    def serves_numpy(self) -> bool:
        """Whether a program made for floats of Python's gives the same for np.float64: all of it is NumPy's doing."""
        program = self.program
        if any(node.kind is not float for node in program.inputs) or not {*program.inputs}.isdisjoint(program.results):
            return False
        return not any(node.kind in (float, int, bool) for node in program.nodes)

    def timed(self, numbers: tuple[Any, ...], rounds: int) -> Timing:
        """Time each statement, as Python runs it."""
        try:
            return timed(self.text, self.program.name, self.run.names, numbers, rounds)
        except GIVES_UP:
            return self.of_numpy.timed(numbers, rounds)
