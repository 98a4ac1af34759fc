"""From a graph to a program that runs: passes, then Python's numbers or NumPy in planned memory, then text.

>>> import numpy as np
>>> from tinygrad_edu.compiler.ir import Input
>>> x = Input("x", float)
>>> x.describe(0.5)
>>> y = x.sibling(np.tanh, (x,), (), None, np.dtype(float))
>>> y.kind = np.float64
>>> program = Executable(Graph("program", [x], [y], [y]))
>>> program.run((0.0,))
(np.float64(0.0),)
>>> print(program.text.partition("def ")[2])
program(x):
    # forward
    t1 = tanh(x)
    return np.float64(t1),
<BLANKLINE>
"""

import functools
from typing import Any

from tinygrad_edu.compiler import report
from tinygrad_edu.compiler.codegen.numpy import print_graph
from tinygrad_edu.compiler.codegen.scalar_lowering import NotScalarError, lower
from tinygrad_edu.compiler.ir import Graph, copied
from tinygrad_edu.compiler.memory import MemoryPlan, plan_memory
from tinygrad_edu.compiler.passes.numpy_calls import choose_numpy_calls, prepare_constants
from tinygrad_edu.compiler.passes.products import choose_products
from tinygrad_edu.compiler.passes.runtime_checks import merge_runtime_checks
from tinygrad_edu.compiler.passes.simplify import (
    PASSES,
    eliminate_common_subexpressions,
    eliminate_dead_code,
    run_passes,
)
from tinygrad_edu.compiler.passes.tiling import tile
from tinygrad_edu.compiler.runtime import ArrayRunner, Numbers, ScalarRunner, define

_FOR_SCALARS = lower, eliminate_common_subexpressions, eliminate_dead_code
_FOR_ARRAYS = merge_runtime_checks, choose_products, eliminate_dead_code, choose_numpy_calls, prepare_constants, tile


class Executable:
    """A graph made ready to run.

    text:        what runs
    graph:       what was printed; `numpy_graph`, before it was lowered to Python's numbers
    history:     the passes, with how many nodes each left
    plan:        the memory that is made once
    eager_costs: what the graph costs as it was traced
    run:         takes the numbers that go in, and gives the results; None where the program does not hold for them
    """

    def __init__(
        self, graph: Graph, plain: bool = False, reuse_outputs: bool = False, threads: int = 1, scalars: bool = True
    ) -> None:
        """Print and define the program.

        plain: calculus, without memory that is made once
        reuse_outputs: results stay the program's own
        threads: how many run long elementwise parts
        scalars: print a program of single numbers in Python's numbers
        """
        self.eager_costs = report.Costs.of(graph)
        self.numpy_graph, self.history = run_passes(graph, PASSES)
        self.plan = MemoryPlan()
        self.is_scalar = scalars and not plain and self._lower()
        if not self.is_scalar:
            self.graph = self._passed(copied(self.numpy_graph), () if plain else _FOR_ARRAYS)
            self.plan = self.plan if plain else plan_memory(self.graph, reuse_outputs)
        source = print_graph(self.graph, self.plan, plain or self.is_scalar, threads, scalars and not plain)
        self.text = source.text
        self._scratch = source.scratch
        function, self._names = define(self.text, source.constants, graph.name)
        self.run: ArrayRunner | ScalarRunner
        make_numpy_form = functools.partial(Executable, self.numpy_graph, scalars=False)
        if self.is_scalar:
            self.run = ScalarRunner(lambda numbers: function(*numbers), make_numpy_form)
        else:
            self.run = ArrayRunner(function, self._names.pop("make_work", None), reuse_outputs)
            if source.on_numbers:
                self.run = ScalarRunner(self.run, make_numpy_form, self.run.make_work)

    def _lower(self) -> bool:
        """Whether the graph has single numbers only, so that it could be lowered to Python's."""
        try:
            self.graph = self._passed(self.numpy_graph, _FOR_SCALARS)
        except NotScalarError:
            return False
        return True

    def _passed(self, graph: Graph, passes: Any) -> Graph:
        graph, history = run_passes(graph, passes)
        self.history += history[1:]
        return graph

    def timed(self, numbers: Numbers, rounds: int) -> report.Timing:
        """The time of each statement."""
        try:
            return report.time_statements(self.text, self.graph.name, self._names, self.run.make_work, numbers, rounds)
        except ScalarRunner.gives_up:
            if isinstance(self.run, ArrayRunner):
                raise
            return self.run.numpy_form.timed(numbers, rounds)  # type: ignore[no-any-return]

    def explain(self, name: str, fallbacks: int) -> str:
        """How the program became shorter, and what it needs beside eager."""
        here = report.Costs.compiled(self.graph, self.plan, self._scratch)
        return report.explain(name, self.graph, self.history, self.eager_costs, here, fallbacks)
