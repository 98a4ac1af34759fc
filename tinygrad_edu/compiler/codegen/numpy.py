"""A graph as text: what is read, and the very text that runs, for arrays and for single numbers alike.

work     the arrays that results are written into, made once

>>> x = Input("x", float)
>>> h = x.sibling(template("sin(x)"), (x,), None, None, None)
>>> y = x.sibling(template("x * x"), (h,), None, None, None)
>>> print(print_graph(Graph("program", [x], [h, y], [y])).text)
from math import sin
<BLANKLINE>
import numpy as np
<BLANKLINE>
<BLANKLINE>
def program(x):
    # forward
    t1 = sin(x)
    t2 = t1 * t1
    return t2,
<BLANKLINE>
"""

import itertools
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygrad_edu.compiler.codegen.expressions import expression, operand
from tinygrad_edu.compiler.codegen.for_loops import ForText
from tinygrad_edu.compiler.codegen.loops import IN_THREADS, Loop, flat
from tinygrad_edu.compiler.codegen.names import Names, define_constant, escape, format_value
from tinygrad_edu.compiler.codegen.scalar_table import HELPERS
from tinygrad_edu.compiler.codegen.statements import Remarks, indent, remarked, row, statement, write_into
from tinygrad_edu.compiler.codegen.templates import Template, template
from tinygrad_edu.compiler.ir import Graph, Input, Node, assume, written_memory
from tinygrad_edu.compiler.memory import MemoryPlan
from tinygrad_edu.compiler.passes.looping import ForLoop
from tinygrad_edu.compiler.passes.tiling import Blocks

_LONGEST, _LONGEST_SCALAR = 48, 60  # texts that stand where they are used; it bounds how deep a line is nested too
_CONVERSIONS = {template("float(x)"), template("bool(x)")}
_MATH = {*dir(math)} - HELPERS.keys()


@dataclass(frozen=True)
class Source:
    """The text of a graph, the constants that are too large to stand in it, and the bytes its loops work in.

    on_numbers: whether there are loops that run on Python's numbers
    """

    text: str
    constants: dict[str, Any]
    scratch: int = 0
    on_numbers: bool = False


def print_graph(
    graph: Graph, plan: MemoryPlan | None = None, infix: bool = True, threads: int = 1, scalars: bool = False
) -> Source:
    """The source of a graph; without a plan, every result is a new array.

    infix: calculus, with what is used once standing where it is used.
    scalars: loops over single numbers run on Python's numbers.
    """
    printer = _Printer(graph, plan or MemoryPlan(), infix, threads, scalars)
    text = printer.text()
    constants = {name: x for name, x in printer.names.constants.items() if define_constant(x) is None}
    on_numbers = any(each.has_lowered for each in printer.fors.values())
    return Source(text, constants, sum(printer.makes(node).scratch for node in printer.scratch), on_numbers)


class _Printer:
    """The parts of a text, as they come: its lines, the functions of its groups, its memory and its constants."""

    def __init__(
        self, graph: Graph, plan: MemoryPlan, infix: bool, threads: int, scalars: bool, outer: "_Printer | None" = None
    ) -> None:
        self.graph, self.plan, self.infix, self.threads, self.scalars = graph, plan, infix, threads, scalars
        templates = {node.function for node in graph.nodes if isinstance(node.function, Template)}
        used: set[str] = set().union(*(each.names for each in templates))
        runs = [node for node in graph.nodes if isinstance(node.function, ForLoop)]
        taken = used | (_MATH if runs or outer else set())
        taken |= {"i", "work"} if outer else {"make_work", "work", "in_threads", "pools", "os", "math", graph.name}
        self.names: Names = Names(taken, outer.names if outer else None)
        names = self.names
        self.remarks: Remarks = outer.remarks if outer else Remarks(_every_node(graph))
        self.parts = {x: _parts_of(x, graph) for x in runs}
        self.fors = {node: ForText(node, names.global_name("loop"), self) for node in runs}
        self.used = used.union(*(each.printer.used for each in self.fors.values()))
        self.of_math = sorted(self.used & _MATH)
        if not outer:
            for f in (f for name, f in HELPERS.items() if name in self.used):
                names.defines(f)
        self.given = names.name_inputs(graph.inputs)
        groups = [node for node in graph.nodes if isinstance(node.function, Blocks)]
        self.loops = {x: Loop(x, names.numbered("blocks"), names, threads, self.remarks) for x in groups}
        working = [*groups, *(node for node in runs if self.fors[node].once)]
        self.scratch = {node: names.numbered("scratch") for node in working}
        self.uses = _count_uses(graph)
        self.reads: dict[Node, set[Node]] = {}  # the memory that what stands inline is read from
        self.rewritten = written_memory(graph.nodes).union(plan.of)
        self.made_once = {*plan.views}
        self.in_rows: set[Node] = set()  # what a step of a loop writes into the row that is kept of it

    def text(self) -> str:
        """All of it."""
        inner = self.body()
        inner.append(f"return {row([self._result(x) for x in self.graph.outputs]) or '()'}")
        work = [self.names.of(node) for node in (*self.plan.of, *self.plan.views)] + list(self.scratch.values())
        if work:
            inner.insert(0, f"{row(work)} = work")
        making = ["def make_work():", *indent([*self.memory_lines(), f"return {row(work)}"])] if work else []
        head = f"def {self.graph.name}({', '.join([*self.given, *['work'] * bool(work)])}):"
        loops = [loop.lines() for loop in self.loops.values()]
        program = [head, *indent([*self._docstring(), *inner])]
        loops += [text for each in self.fors.values() for text in each.functions()]
        functions = [*(each.lines for each in self.names.helpers.values()), *loops, making, program]
        lines = [*self._imports(), "import numpy as np", *self.names.imports]
        defined = [f"{name} = {full}" for name, x in self.names.constants.items() if (full := define_constant(x))]
        lines += ["", *defined] * bool(defined)
        lines += IN_THREADS.format(threads=self.threads - 1).splitlines() if self._is_threaded else []
        for each in functions:
            lines += ["", "", *each] if each else []
        return "\n".join([*lines, ""])

    @property
    def _is_threaded(self) -> bool:
        return bool(self.loops) and self.threads > 1

    def _imports(self) -> list[str]:
        """What is imported beside NumPy, and an empty line."""
        lines = ["import math"] * any("math" in each.names for each in self.names.helpers.values())
        if self._is_threaded:
            lines += ["import os", "from concurrent.futures import ThreadPoolExecutor"]
        lines += [f"from math import {', '.join(self.of_math)}"] * bool(self.of_math)
        return [*lines, ""] if lines else []

    def _docstring(self) -> list[str]:
        """What goes in, unless the names say it all."""
        told = list(zip(self.given, self.graph.inputs, strict=True))
        if all(node.dtype is None and node.place == name for name, node in told):
            return []
        width = max(map(len, self.given))
        lines = [f"{name:<{width}}  {_described(node):<24}  {escape(node.place)}".rstrip() for name, node in told]
        return ['"""', *lines, '"""']

    def inside(self, graph: Graph, plan: MemoryPlan, infix: bool) -> "_Printer":
        """What prints a step of a loop."""
        return _Printer(graph, plan, infix, 1, self.scalars, self)

    def body(self) -> list[str]:
        """The statements, forward and backward marked, each with its remark."""
        lines: list[str] = []
        backward = None
        for node, after in itertools.zip_longest(self.graph.nodes, self.graph.nodes[1:]):
            if self._stands_inline(node, after):
                continue
            text = "" if node in self.made_once else self._line(node)
            if text and node.backward is not backward and node.function is not assume:
                backward = node.backward
                lines.append("# backward" if backward else "# forward")
            if text:
                lines.append(remarked(text, self.remarks.of(node)))
            if node in self.fors:
                lines += self._taken_apart(node)
        return lines

    def _stands_inline(self, node: Node, after: Node | None) -> bool:
        """Whether a node stands where it is used: once, it is short, and may be computed there."""
        is_scalar = isinstance(node.function, Template)
        if (node.arguments or not is_scalar) and (self._converts_input(node) or self.uses[node] != 1):
            return False
        reads: set[Node] | None = set() if is_scalar else self._reads_if_it_may_move(node, after)
        if reads is None:
            return False
        if any(x in self.fors for x in node.operands):
            return False
        text = expression(node, self.names, self.infix)
        if len(text[0]) > (_LONGEST_SCALAR if is_scalar else _LONGEST):
            return False
        self.names.inlined[node], self.reads[node] = text, reads
        return True

    def _reads_if_it_may_move(self, node: Node, after: Node | None) -> set[Node] | None:
        """The memory that a node reads, if none of it is written before the node is used; else None."""
        if node in self.plan.of or node in self.made_once or node in self.in_rows or node.function is assume:
            return None
        if node in self.loops or node in self.fors:
            return None
        if node.writes is not None or node.name is not None or not (self.infix or not node.shape or node.is_view):
            return None
        reads = {node.memory}.union(*(self.reads.get(x, {x.memory}) for x in node.operands))
        soon = after is not None and node in after.operands
        return reads if soon or self.rewritten.isdisjoint(reads) else None

    def _converts_input(self, node: Node) -> bool:
        """Whether a node makes an input Python's own number, for all that use it: then it takes over the name."""
        if node.function not in _CONVERSIONS or not isinstance(x := node.arguments[0], Input) or self.uses[x] > 1:
            return False
        self.names.name(node, self.names.of(x))
        return True

    def _line(self, node: Node) -> str:
        """One statement: into its memory, if there is any for it."""
        names = self.names
        if node.function is assume:
            condition, answer = node.arguments
            asked = template("not x").fill([operand(condition, names)]) if answer else format_value(condition, names)
            return f"if {asked}: return None"
        if node in self.fors:
            given = [format_value(x, names) for x in node.arguments]
            given += [self.scratch[node]] if node in self.scratch else []
            call = f"{self.fors[node].name}({', '.join(given)})"
            targets = names.of(node) if self.fors[node].loop.asks else self._targets(node)
            return f"{targets} = {call}" if targets else call
        if node.operands and node.operands[0] in self.fors:
            return ""
        if node in self.loops:
            call = self.loops[node].call([flat(x, names) for x in node.arguments], self.scratch[node])
            return f"{names.of(node)} = {call}"
        if node in self.plan.of or node in self.in_rows:
            return write_into(node, names.of(node), names)
        return statement(node, names, self.infix)

    def _targets(self, node: Node) -> str:
        """The names of the results of a loop."""
        return row([self.names.of(part) if part else "_" for part in self.parts[node]])

    def _taken_apart(self, node: Node) -> list[str]:
        """What follows a loop that may find that the program does not hold."""
        if not self.fors[node].loop.asks:
            return []
        name = self.names.of(node)
        return [f"if {name} is None: return None", *[f"{self._targets(node)} = {name}"] * bool(self.parts[node])]

    def memory_lines(self) -> list[str]:
        """The statements that make the memory of a run."""
        names, plan = self.names, self.plan
        starts, size = plan.places()
        memory = names.fresh("memory")
        lines = [f"{memory} = np.empty({size}, np.uint8)"] if plan.blocks else []
        for node, k in plan.of.items():
            layout = f"{node.shape}, {format_value(node.dtype, names)}, {memory}, {starts[k]}"
            natural = _strides(node.shape or (), node.dtype.itemsize) == node.strides
            lines.append(f"{names.of(node)} = np.ndarray({layout}{'' if natural else f', {node.strides}'})")
        lines += [statement(node, names) for node in plan.views]
        return lines + [f"{name} = {self.makes(node).work()}" for node, name in self.scratch.items()]

    def makes(self, node: Node) -> Loop | ForText:
        """What prints a loop over blocks, or over steps."""
        return self.loops[node] if node in self.loops else self.fors[node]

    def _result(self, x: Any) -> str:
        return format_value(x, self.names) + ".copy()" * isinstance(x, np.ndarray)


def _every_node(graph: Graph) -> Iterator[Node]:
    """The nodes of a graph, and of the loops in it."""
    for node in graph.nodes:
        yield node
        if isinstance(node.function, (Blocks, ForLoop)):
            yield from _every_node(node.function.inner if isinstance(node.function, Blocks) else node.function.graph)


def _count_uses(graph: Graph) -> Counter[Node]:
    """How often each node stands in the text; results, which need names, count twice."""
    uses: Counter[Node] = Counter()
    for node in graph.nodes:
        if isinstance(node.function, Template):
            for x, times in zip(node.arguments, node.function.uses, strict=True):
                if isinstance(x, Node):
                    uses[x] += times
        else:
            uses.update(node.operands)
    for x in graph.results:
        makes_result = isinstance(x.function, Template) and "np" in x.function.names
        uses[x] += 1 if makes_result else 2
        uses.update(dict.fromkeys(x.operands, 1) if makes_result else {})
    return uses


def _parts_of(loop: Node, graph: Graph) -> list[Node | None]:
    """The node of each result of a loop; None for one that nothing uses."""
    found = {x.arguments[1]: x for x in graph.nodes if x.operands and x.arguments[0] is loop}
    return [found.get(k) for k in range(loop.function.results)]  # type: ignore[attr-defined]


def _described(node: Input) -> str:
    return node.kind.__name__ if node.dtype is None else f"{node.dtype.name} {node.shape}"


def _strides(shape: tuple[int, ...], itemsize: int) -> tuple[int, ...]:
    """The strides of an array that is laid out row by row."""
    return tuple(itemsize * math.prod(shape[i + 1 :]) for i in range(len(shape)))
