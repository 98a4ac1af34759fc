"""Loops as text: each a function with a `for` in it, whose body stands once.

c      what a step hands to the next
x      what a step is given, the i-th of each array
"""

import math
from collections import Counter
from typing import Any

import numpy as np

from tinygrad_edu.compiler.codegen.names import format_value
from tinygrad_edu.compiler.codegen.scalar_lowering import NotScalarError, lower
from tinygrad_edu.compiler.codegen.statements import indent, row
from tinygrad_edu.compiler.codegen.templates import template
from tinygrad_edu.compiler.ir import Graph, Input, Node, copied
from tinygrad_edu.compiler.memory import MemoryPlan, plan_memory, takes_out
from tinygrad_edu.compiler.passes.looping import ForLoop
from tinygrad_edu.compiler.passes.numpy_calls import choose_numpy_calls
from tinygrad_edu.compiler.passes.simplify import eliminate_common_subexpressions, eliminate_dead_code

_CONVERTS = template("np.float64(x)")


class ForText:
    """The function of a loop: `printer` prints the statements of a step.

    once: places among the stacks, ys and kept carries, of those whose memory is made once and given to the function
    """

    def __init__(self, node: Node, name: str, outer: Any) -> None:
        self.loop: ForLoop = node.function  # type: ignore[assignment]
        self.name = name
        lowered = _lowered(self.loop.graph) if outer.scalars else None
        self.is_lowered = lowered is not None
        graph = lowered or choose_numpy_calls(copied(self.loop.graph))
        infix = outer.infix or self.is_lowered
        self.printer = outer.inside(graph, MemoryPlan() if infix else plan_memory(graph), infix)
        self.once: list[int] = []
        if not infix:
            self.once = _stays_inside(node, outer)
            self.printer.in_rows = _in_rows(graph, self.loop.carried)

    def functions(self) -> list[list[str]]:
        """The texts of the loops inside of it, and its own."""
        inside = [text for each in self.printer.fors.values() for text in each.functions()]
        return [*inside, self._lines()]

    @property
    def has_lowered(self) -> bool:
        """Whether it, or a loop inside, runs on Python's numbers."""
        return self.is_lowered or any(each.has_lowered for each in self.printer.fors.values())

    @property
    def _stacked(self) -> list[tuple[tuple[int, ...], Any]]:
        """The shape and dtype of each stack."""
        graph, loop = self.printer.graph, self.loop
        rows = [*graph.outputs[loop.carried :], *(graph.inputs[k] for k in loop.kept)]
        return [((loop.n, *shape), dtype) for shape, dtype in map(_described, rows)]

    @property
    def scratch(self) -> int:
        """The bytes of memory that is made once."""
        made = [self._stacked[k] for k in self.once]
        return sum(math.prod(shape) * int(dtype.itemsize) for shape, dtype in made)

    def work(self) -> str:
        """The memory that is made once."""
        return row([self._empty(*self._stacked[k]) for k in self.once])

    def _empty(self, shape: tuple[int, ...], dtype: Any) -> str:
        return f"np.empty({shape}, {format_value(dtype, self.printer.names)})"

    def _lines(self) -> list[str]:
        loop, names, graph = self.loop, self.printer.names, self.printer.graph
        given = self.printer.given
        c, x, rest = given[: loop.carried], given[loop.carried :][: loop.along], given[loop.carried + loop.along :]
        arrays = [names.fresh(f"{each}s") for each in x]
        body = [text for text in self.printer.body() if not text.startswith("# ")]
        results = [format_value(z, names) for z in graph.outputs]
        ys = [names.fresh(f"{each}s" if each.isidentifier() else "ys") for each in results[loop.carried :]]
        kept = [names.fresh(f"{c[k]}s") for k in loop.kept]
        step = [f"{name} = {array}[i]" for name, array in zip(x, arrays, strict=True)]
        step += [f"{name}[i] = {c[k]}" for name, k in zip(kept, loop.kept, strict=True)]
        rows = [isinstance(z, Node) and z in self.printer.in_rows for z in graph.outputs]
        written = [*zip(ys, results[loop.carried :], rows[loop.carried :], strict=True)]
        step += [f"{z} = {name}[i]" for name, z, in_row in written if in_row]
        step += body
        step += [f"{name}[i] = {z}" for name, z, in_row in written if not in_row]
        moves = [(old, new) for old, new in zip(c, results, strict=False) if old != new]
        step += [f"{', '.join(old for old, _ in moves)} = {', '.join(new for _, new in moves)}"] * bool(moves)
        steps = f"range({loop.n})"
        head = [f"for i in {f'reversed({steps})' if loop.reverse else steps}:", *indent(step or ["pass"])]
        if self.is_lowered:
            before = [f"{name} = float({name})" for name in (*c, *rest)]
            before += [f"{array} = {array}.tolist()" for array in arrays]
            before += [f"{name} = [0.0] * {loop.n}" for name in (*ys, *kept)]
            after = [*(f"np.float64({c[k]})" for k in loop.finals), *(f"np.array({name})" for name in (*ys, *kept))]
        else:
            before = self.printer.memory_lines()
            stacks = [*ys, *kept]
            before += [f"{row([stacks[k] for k in self.once])} = work"] * bool(self.once)
            made = enumerate(zip(stacks, self._stacked, strict=True))
            before += [f"{name} = {self._empty(*each)}" for k, (name, each) in made if k not in self.once]
            after = [*(c[k] + ".copy()" * rows[k] for k in loop.finals), *ys, *kept]
        return [
            f"def {self.name}({', '.join([*c, *arrays, *rest, *['work'] * bool(self.once)])}):",
            *indent([*before, *head, f"return {row(after) or '()'}"]),
        ]


def _stays_inside(node: Node, outer: Any) -> list[int]:
    """The stacks of a loop, by place, that are not given out."""
    loop: Any = node.function
    given_out = {x.memory for x in outer.graph.results}
    return [k for k, x in enumerate(outer.parts[node][len(loop.finals) :]) if x is None or x.memory not in given_out]


def _in_rows(graph: Graph, carried: int) -> set[Node]:
    """The ys that are written where they are kept, into the row of their step."""
    ys = Counter(x for x in graph.outputs[carried:] if isinstance(x, Node))
    return {x for x, times in ys.items() if times == 1 and takes_out(x) and x.is_contiguous}


def _described(x: Any) -> tuple[tuple[int, ...], Any]:
    """The shape and dtype of what is kept of every step."""
    return (
        (x.shape or (), np.dtype(x.kind) if x.dtype is None else x.dtype)
        if isinstance(x, Node)
        else (np.shape(x), np.result_type(x))
    )


def _lowered(graph: Graph) -> Graph | None:
    """The graph of a step in Python's numbers; None if there is something else."""
    by: dict[Any, Any] = {}
    for x in graph.inputs:
        if x.kind not in (float, np.float64):
            return None
        by[x] = Input(x.place, float)
        by[x].name = x.name
    floats = copied(graph)
    ours = Graph(
        graph.name,
        [by[x] for x in graph.inputs],
        floats.nodes,
        [by.get(x, x) if isinstance(x, Node) else x for x in floats.outputs],
    )
    for node in ours.nodes:
        node.arguments = tuple(by.get(x, x) if isinstance(x, Node) else x for x in node.arguments)
    try:
        made = lower(ours)
    except NotScalarError:
        return None
    made.outputs = [x.arguments[0] if isinstance(x, Node) and x.function is _CONVERTS else x for x in made.outputs]
    if not all(_is_float(x) for x in made.outputs):
        return None
    return eliminate_dead_code(eliminate_common_subexpressions(made))


def _is_float(x: Any) -> bool:
    return x.kind in (float, np.float64) if isinstance(x, Node) else type(x) in (float, np.float64)
