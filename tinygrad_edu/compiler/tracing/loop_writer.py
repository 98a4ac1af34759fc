"""A loop that is traced: one step is run on tracers of its own, and the loop is one node of the graph outside.

What a step takes from outside goes into it as an input; what is the same in every step is computed outside.

c      the carry: what a step hands to the next
xs     arrays that the loop goes along
"""

import operator
import sys
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygrad_edu.compiler.codegen.numpy import print_graph
from tinygrad_edu.compiler.ir import Graph, Input, Node, assume, substitute, written_memory
from tinygrad_edu.compiler.passes.looping import ForLoop, inner_input
from tinygrad_edu.compiler.passes.simplify import run_passes
from tinygrad_edu.compiler.tracing.recorder import Recorder, written_down
from tinygrad_edu.compiler.tracing.source_info import note
from tinygrad_edu.compiler.tracing.tracer import NUMBERS, TracedArray, concrete
from tinygrad_edu.core.context import OuterArray
from tinygrad_edu.core.tape import Entry

Leaves = list[Any]
Written = tuple[Leaves, Leaves, Leaves]


@dataclass
class Done:
    """A loop that was written down: what went in, what came out, and how many had been written when it was."""

    function: ForLoop
    numbers: Leaves
    results: Written
    end: int


class LoopWriter:
    """Writes loops into the graph of a recorder; `done` has them in the order in which they began."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self.done: list[Done | None] = []

    def loop(self, loop: Any, c: Leaves, xs: Leaves, keep: bool) -> Written | None:
        """The last carry, the ys and the carries kept; None if the loop has to be written out, step by step."""
        place = len(self.done)
        self.done.append(None)
        written = self._written(loop, c, xs, keep)
        if written is None:
            del self.done[place + 1 :]
            return None
        self.done[place], results = written
        return results

    def _written(self, loop: Any, c: Leaves, xs: Leaves, keep: bool) -> tuple[Done, Written] | None:
        c = [self._in_rows(_of_numpy(x)) for x in c]
        first = loop.n - 1 if loop.reverse else 0
        numbers = [*map(concrete, c), *map(concrete, xs)]
        given = [self._given(x, f"carry{i}") for i, x in enumerate(numbers[: len(c)], 1)]
        given += [self._given(x[first], f"x{i}") for i, x in enumerate(numbers[len(c) :], 1)]
        step = self._step(loop.body, given, len(c))
        if step is None:
            return None
        inner, outputs, known = step
        entries: list[Any] = [x.node for x in given]
        nodes, free = _split(inner, entries, outputs, self.recorder.nodes)
        if any(x.writes is not None and x.writes.memory not in inner for x in inner):
            return None
        graph = _graph(entries, nodes, outputs, free)
        every = [*range(len(c))]
        function = ForLoop(run_passes(graph)[0], loop.n, loop.reverse, len(c), len(xs), every, every if keep else [])
        numbers += [known[x] for x in free]
        results = run_loop(function, numbers)
        if results is None:
            return None
        node = Node(function, (*map(written_down, c), *map(written_down, xs), *free), {})
        note(node, sys._getframe(1))
        self.recorder.nodes.append(node)
        if self.recorder.watched is not None:  # this is a loop within another one
            arguments = zip(node.arguments, numbers, strict=True)
            self.recorder.watched |= {x: number for x, number in arguments if isinstance(x, Node)}
        parts = self.recorder.result(node, results, [])

        def groups(each: Any) -> Written:
            return [*each[: len(c)]], [*each[len(c) : len(outputs)]], [*each[len(outputs) :]]

        return Done(function, numbers, groups(results), len(self.done)), groups(parts)

    def _in_rows(self, x: Any) -> Any:
        """An array laid out row by row, as those of all later steps are."""
        if np.ndim(x) == 0 or x.flags.c_contiguous:
            return x
        return self.recorder.call(np.copy, (x,), {"order": "C"}) if isinstance(x, TracedArray) else np.copy(x)

    def _given(self, numbers: Any, place: str) -> TracedArray:
        """The tracer for what each step is given."""
        node = Input(place, type(numbers))
        node.describe(numbers)
        return TracedArray(numbers, node, self.recorder)

    def _step(self, body: Any, given: Leaves, carried: int) -> tuple[list[Node], Leaves, dict[Node, Any]] | None:
        """The nodes of one step, its outputs, and the numbers behind what it used; None if it cannot be traced so."""
        recorder = self.recorder
        before = recorder.nodes, recorder.watched, recorder.fault, recorder.raised
        inner: list[Node] = []
        known: dict[Node, Any] = {}
        recorder.nodes, recorder.watched = inner, known
        try:
            c, y = body(given[:carried], given[carried:])
            if any(isinstance(z, (Entry, OuterArray)) for z in (*c, *y)):
                return None
            outputs = [self._output(z, i < carried) for i, z in enumerate((*c, *y))]
            known |= {z.node: z.numbers for z in outputs if isinstance(z, TracedArray)}
        except Exception:  # what is wrong without a loop, too, is said where it is written out
            recorder.fault, recorder.raised = before[2:]
            return None
        finally:
            recorder.nodes, recorder.watched = before[:2]
        return inner, [*map(written_down, outputs)], known

    def _output(self, z: Any, is_carry: bool) -> Any:
        """A result of a step, of the kind that every step is given and gives: a carry in memory of its own."""
        if not isinstance(z, TracedArray):
            return np.asarray(z)[()]
        if not isinstance(z.numbers, np.ndarray):
            return _of_numpy(z)
        if not z.shape:
            return z[()]
        own = z.node.memory is z.node and not isinstance(z.node, Input) and z.flags.c_contiguous
        return z if own or not is_carry else self.recorder.call(np.copy, (z,), {"order": "C"})


def _of_numpy(x: Any) -> Any:
    """A number of Python's as NumPy's, which all later steps give."""
    return x.astype(x.dtype) if type(concrete(x)) in NUMBERS else x


def _split(inner: list[Node], inputs: list[Node], outputs: Leaves, outer: list[Node]) -> tuple[list[Node], list[Node]]:
    """The nodes that differ from step to step, and what they use of others; those that do not differ go to `outer`."""
    written, differs, kept = written_memory(inner), {*inputs}, []
    for node in inner:
        stays = node.writes is not None or node.function is assume or node.memory in written
        if stays or not differs.isdisjoint(node.operands):
            differs.add(node)
            kept.append(node)
        else:
            outer.append(node)
    used = [x for node in kept for x in node.operands] + [x for x in outputs if isinstance(x, Node)]
    return kept, [*dict.fromkeys(x for x in used if x not in differs)]


def _graph(inputs: list[Input], nodes: list[Node], outputs: Leaves, free: list[Node]) -> Graph:
    """The graph of a step, in which inputs stand for what it takes from outside."""
    by: dict[Node, Any] = {x: inner_input(x, x.name or (x.place if isinstance(x, Input) else "k")) for x in free}
    for node in nodes:
        substitute(node, by)
    for x in inputs:
        x.place = x.name or x.place
    return Graph("step", [*inputs, *by.values()], nodes, [by.get(x, x) if isinstance(x, Node) else x for x in outputs])


def run_loop(loop: ForLoop, numbers: Leaves) -> Any:
    """What a loop gives for these numbers, run as it is printed; None where a step finds that it does not hold."""
    inputs = [Input(f"a{i}", type(x)) for i, x in enumerate(numbers)]
    node = Node(loop, tuple(inputs), {})
    parts = [node.sibling(operator.getitem, (node, k), None, None, None) for k in range(loop.results)]
    for scalars in (True, False):
        source = print_graph(Graph("program", inputs, [node, *parts], parts), infix=False, scalars=scalars)
        names = dict(source.constants)
        exec(source.text, names)
        try:
            return names["program"](*numbers)
        except (ArithmeticError, ValueError):
            if not source.on_numbers:
                raise
    return None
