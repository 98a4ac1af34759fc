"""The program as text: what is read, and the very text that runs.

work     the arrays that results are written into, made once
"""

import inspect
import itertools
import math
import re
from collections import Counter
from typing import Any

import numpy as np

from tinygrad_edu.compiler.codegen.expressions import Names, bound, definition, operand, statement, written_out
from tinygrad_edu.compiler.codegen.loops import THREADED, Loop, flat
from tinygrad_edu.compiler.codegen.text import as_method, into, remark, row
from tinygrad_edu.compiler.ir import Graph, Input, Node, assume, written_memory
from tinygrad_edu.compiler.memory import MemoryPlan
from tinygrad_edu.compiler.passes.tiling import Blocks

_WIDTH, _LONGEST = 72, 48


class Text:
    """The text of a program: its lines, the functions of its groups, its memory and its constants."""

    def __init__(self, program: Graph, plan: MemoryPlan, infix: bool, threads: int) -> None:
        self.program, self.plan, self.infix = program, plan, infix
        self.names = names = Names(("np", "make_work", "work", "in_threads", "pool", program.name))
        self.given = [names.fresh(wanted) for wanted in input_names(program.inputs)]
        for node, name in zip(program.inputs, self.given, strict=True):
            names.name(node, name)
        groups = [node for node in program.nodes if isinstance(node.function, Blocks)]
        self.loops = {node: Loop(node, names.fresh("blocks", alone=False), names, threads) for node in groups}
        self.scratch = {node: names.fresh("scratch", alone=False) for node in groups}
        self.threads = threads
        self.reads: dict[Node, set[Node]] = {}
        self.busy = written_memory(program.nodes).union(plan.of)

    def whole(self) -> str:
        """Write all of it."""
        inner = self._body()
        outputs = [_result(x, self.names) for x in self.program.outputs]
        inner.append(f"return {row(outputs) if outputs else '()'}")
        work = [self.names.of(node) for node in (*self.plan.of, *self.plan.views)] + list(self.scratch.values())
        functions = [text for loop in self.loops.values() for text in ("", "", *loop.text())]
        making = ["", "", "def make_work():", *_indented([*self._make_work(), f"return {row(work)}"])] if work else []
        if work:
            inner.insert(0, f"{row(work)} = work")
        head = f"def {self.program.name}({', '.join([*self.given, *['work'] * bool(work)])}):"
        defined = [f"{name} = {full}" for name, x in self.names.constants.items() if (full := definition(x))]
        threaded = THREADED.format(threads=self.threads - 1).splitlines() if self.loops and self.threads > 1 else []
        helpers = [text for f in self.names.helpers.values() for text in ("", "", *_without_decorators(f))]
        lines = [
            "import numpy as np",
            *(["", *defined] if defined else []),
            *helpers,
            *threaded,
            *functions,
            *making,
            "",
            "",
            head,
            *_indented([*self._docstring(), *inner]),
            "",
        ]
        return "\n".join(lines)

    @property
    def constants(self) -> dict[str, Any]:
        """The constants that are too large to write out."""
        return {name: x for name, x in self.names.constants.items() if definition(x) is None}

    def _docstring(self) -> list[str]:
        """Tell what goes in."""
        width = max(map(len, self.given), default=0)
        told = zip(self.given, self.program.inputs, strict=True)
        lines = [f"{name:<{width}}  {_described(node):<24}  {node.place}".rstrip() for name, node in told]
        return ['"""', *lines, '"""'] if lines else []

    def _body(self) -> list[str]:
        """Write the lines of the program, forward and backward marked, each with its shape and where it comes from."""
        lines: list[str] = []
        backward = None
        uses = Counter(x for node in self.program.nodes for x in node.operands)
        uses.update(dict.fromkeys(self.program.results, 2))
        for node, after in itertools.zip_longest(self.program.nodes, self.program.nodes[1:]):
            if uses[node] == 1 and self._reads_well_inside(node, after):
                self.names.inlined[node] = self._inside(node)
                continue
            text = "" if node in self.plan.views else self._line(node)
            if text and node.backward is not backward and node.function is not assume:
                backward = node.backward
                lines.append("# backward" if backward else "# forward")
            if text:
                lines.append(f"{text:<{_WIDTH}}  # {remark(node)}".rstrip(" #"))
        return lines

    def _reads_well_inside(self, node: Node, after: Node | None) -> bool:
        """Tell whether what is used once may stand where it is used: it is short, and nothing is written between."""
        if node in self.plan.of or node in self.plan.views or node.function is assume or node in self.loops:
            return False
        if node.writes is not None or node.name is not None or not (self.infix or not node.shape or node.is_view):
            return False
        reads = {node.memory}.union(*(self.reads.get(x, {x.memory}) for x in node.operands))
        soon = after is not None and node in after.operands
        if not soon and not self.busy.isdisjoint(reads):
            return False
        self.reads[node] = reads
        return len(self._inside(node)[0]) <= _LONGEST

    def _inside(self, node: Node) -> tuple[str, int]:
        view = as_method(node, self.names) if node.is_view else None
        return (view, 9) if view else bound(node, self.names, self.infix)

    def _line(self, node: Node) -> str:
        """Write one line: into its memory, if there is any for it."""
        names = self.names
        if node.function is assume:
            condition, answer = node.arguments
            asked = f"not {operand(condition, names)}" if answer else written_out(condition, names)
            return f"if {asked}: return None"
        if node in self.loops:
            call = self.loops[node].call([flat(x, names) for x in node.arguments], self.scratch[node])
            return f"{names.of(node)} = {call}"
        if node in self.plan.of:
            return into(node, names.of(node), names)
        if node.is_view and (view := as_method(node, names)):
            return f"{names.of(node)} = {view}"
        return statement(node, names, self.infix)

    def _make_work(self) -> list[str]:
        """Write the function that makes the memory of a run."""
        names, plan = self.names, self.plan
        starts, size = plan.places()
        memory = names.fresh("memory")
        lines = [f"{memory} = np.empty({size}, np.uint8)"] if plan.blocks else []
        for node, k in plan.of.items():
            layout = f"{node.shape}, {written_out(node.dtype, names)}, {memory}, {starts[k]}"
            natural = _strides(node.shape or (), node.dtype.itemsize) == node.strides
            lines.append(f"{names.of(node)} = np.ndarray({layout}{'' if natural else f', {node.strides}'})")
        for node in plan.views:
            lines.append(f"{names.of(node)} = {as_method(node, names) or statement(node, names).partition(' = ')[2]}")
        return lines + [f"{name} = {self.loops[node].work()}" for node, name in self.scratch.items()]


def input_names(inputs: list[Input]) -> list[str]:
    """Say what inputs should be called: by the last word of their place, if that is enough to tell them apart."""
    last = [(re.findall(r"[^\W\d]\w*", node.place) or ["x"])[-1] for node in inputs]
    seen = Counter(last)
    return [node.place if seen[word] > 1 else word for node, word in zip(inputs, last, strict=True)]


def _described(node: Input) -> str:
    if node.dtype is None:
        return node.kind.__name__
    return f"{node.dtype.name} {node.shape}"


def _without_decorators(function: Any) -> list[str]:
    """Give the text of a function as it stands in the library."""
    lines = inspect.getsource(function).rstrip().splitlines()
    return lines[next(i for i, text in enumerate(lines) if text.startswith("def ")) :]


def _strides(shape: tuple[int, ...], itemsize: int) -> tuple[int, ...]:
    """Give the strides of an array that is laid out row by row."""
    return tuple(itemsize * math.prod(shape[i + 1 :]) for i in range(len(shape)))


def _result(x: Any, names: Names) -> str:
    if isinstance(x, Node):
        return names.of(x)
    return written_out(x, names) + ".copy()" * isinstance(x, np.ndarray)


def _indented(lines: list[str]) -> list[str]:
    return [f"    {text}" if text else "" for text in lines]
