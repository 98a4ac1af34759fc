"""A program of single numbers that was printed: it runs on Python's floats, and where those give up, on NumPy's.

numbers  what goes in, in the order of the program's parameters
"""

import functools
from typing import Any

import numpy as np

from tinygrad_edu.compiler.codegen.scalars import ScalarSource
from tinygrad_edu.compiler.costs import Costs
from tinygrad_edu.compiler.ir import Graph
from tinygrad_edu.compiler.memory import MemoryPlan
from tinygrad_edu.compiler.passes.simplify import run_passes
from tinygrad_edu.compiler.printed import Printed
from tinygrad_edu.compiler.runtime import Runner, executed
from tinygrad_edu.compiler.timing import Timing, timed


class ScalarPrinted:
    """The text of a program of single numbers, ready to run; stands for `Printed`.

    Raises:
        NotScalarError: the program has something else than single numbers.
    """

    native = False
    gives_up = ArithmeticError, ValueError

    def __init__(self, program: Graph) -> None:
        self.before = Costs.of(program)
        self.program, self.history = run_passes(program)
        self.plan, self.scratch = MemoryPlan(), 0
        printed = ScalarSource(self.program, self.native)
        self.text = printed.text
        self.names = executed(self.text, printed.constants)
        self._function = self.names[program.name]
        self.serves_numpy = _serves_numpy(self.program)
        self.converts = False

    @functools.cached_property
    def of_numpy(self) -> Printed:
        """The same program, of NumPy's functions."""
        return Printed(self.program, plain=False, reuse_outputs=False, threads=1)

    @property
    def portable(self) -> Runner:
        """How it runs where it is loaded from plain data: as NumPy's functions do."""
        return self.of_numpy.run

    def run(self, numbers: tuple[Any, ...]) -> tuple[Any, ...] | None:
        """Run the text; None tells that it does not hold for these numbers.

        Where `math` raises an error, NumPy's functions give an infinity or NaN, and go on.
        """
        if self.converts:
            numbers = tuple([float(x) if type(x) is np.float64 else x for x in numbers])
        try:
            return self._function(*numbers)  # type: ignore[no-any-return]
        except self.gives_up:
            return self.of_numpy.run(numbers)

    def timed(self, numbers: tuple[Any, ...], rounds: int) -> Timing:
        """Time each statement."""
        try:
            return timed(self.text, self.program.name, self.names, numbers, rounds)
        except self.gives_up:
            return self.of_numpy.timed(numbers, rounds)


def _serves_numpy(program: Graph) -> bool:
    """Tell whether a program made for floats of Python's gives the same for np.float64: all of it is NumPy's doing."""
    floats = {node for node in program.inputs if node.kind is float}
    if not floats or not floats.isdisjoint(program.results):
        return False
    for node in program.nodes:
        if node.kind is float or (node.kind in (int, bool) and not floats.isdisjoint(node.operands)):
            return False
    return True
