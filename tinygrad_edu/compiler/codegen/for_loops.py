"""Loops as text: each a function with a `for` in it, whose body stands once.

c      what a step hands to the next
x      what a step is given, the i-th of each array
"""

from typing import Any

import numpy as np

from tinygrad_edu.compiler.codegen.names import format_value
from tinygrad_edu.compiler.codegen.scalar_lowering import NotScalarError, lower
from tinygrad_edu.compiler.codegen.statements import indent, row
from tinygrad_edu.compiler.codegen.templates import template
from tinygrad_edu.compiler.ir import Graph, Input, Node, copied
from tinygrad_edu.compiler.memory import MemoryPlan, plan_memory
from tinygrad_edu.compiler.passes.looping import ForLoop
from tinygrad_edu.compiler.passes.numpy_calls import choose_numpy_calls
from tinygrad_edu.compiler.passes.simplify import eliminate_common_subexpressions, eliminate_dead_code

_CONVERTS = template("np.float64(x)")


class ForText:
    """The function of a loop: `printer` prints the statements of a step."""

    def __init__(self, node: Node, name: str, outer: Any) -> None:
        self.loop: ForLoop = node.function  # type: ignore[assignment]
        self.name = name
        lowered = _lowered(self.loop.graph) if outer.scalars else None
        self.is_lowered = lowered is not None
        graph = lowered or choose_numpy_calls(copied(self.loop.graph))
        infix = outer.infix or self.is_lowered
        self.printer = outer.inside(graph, MemoryPlan() if infix else plan_memory(graph), infix)

    def functions(self) -> list[list[str]]:
        """The texts of the loops inside of it, and its own."""
        inside = [text for each in self.printer.fors.values() for text in each.functions()]
        return [*inside, self._lines()]

    @property
    def has_lowered(self) -> bool:
        """Whether it, or a loop inside, runs on Python's numbers."""
        return self.is_lowered or any(each.has_lowered for each in self.printer.fors.values())

    def _lines(self) -> list[str]:
        loop, names, graph = self.loop, self.printer.names, self.printer.graph
        given = self.printer.given
        c, x, rest = given[: loop.carried], given[loop.carried :][: loop.along], given[loop.carried + loop.along :]
        arrays = [names.fresh(f"{each}s") for each in x]
        body = [text for text in self.printer.body() if not text.startswith("# ")]
        results = [format_value(z, names) for z in graph.outputs]
        ys = [names.fresh(f"{each}s" if each.isidentifier() else "ys") for each in results[loop.carried :]]
        kept = [names.fresh(f"{c[k]}s") for k in loop.kept]
        shapes = [_described(z) for z in graph.outputs[loop.carried :]] + [
            _described(graph.inputs[k]) for k in loop.kept
        ]
        step = [f"{name} = {array}[i]" for name, array in zip(x, arrays, strict=True)]
        step += [f"{name}[i] = {c[k]}" for name, k in zip(kept, loop.kept, strict=True)]
        step += body
        step += [f"{name}[i] = {z}" for name, z in zip(ys, results[loop.carried :], strict=True)]
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
            before += [
                f"{name} = np.empty({(loop.n, *shape)}, {format_value(dtype, names)})"
                for name, (shape, dtype) in zip((*ys, *kept), shapes, strict=True)
            ]
            after = [*(c[k] for k in loop.finals), *ys, *kept]
        return [
            f"def {self.name}({', '.join([*c, *arrays, *rest])}):",
            *indent([*before, *head, f"return {row(after) or '()'}"]),
        ]


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
