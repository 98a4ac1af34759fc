"""Loops in a graph: a node whose function runs a graph of its own, once for each step.

c      inputs of the inner graph that its first outputs are the next of
x      inputs that are the i-th of an array each
"""

import operator
from collections import Counter
from typing import Any

import numpy as np

from tinygrad_edu.compiler.ir import Array, Graph, Input, Node, assume, map_nested, substitute


class ForLoop:
    """What a loop computes: called with the first c, arrays whose first axis it goes along, and all else.

    graph:   one step; inputs c, x and others, outputs the next c and the ys
    n:       how many steps; `reverse`, whether the last one comes first
    carried: how many c there are; `along`, how many x
    finals:  which of the last c are given back; then come all ys, stacked, and each c of those in `kept`
    """

    __name__ = "loop"

    def __init__(
        self, graph: Graph, n: int, reverse: bool, carried: int, along: int, finals: list[int], kept: list[int]
    ) -> None:
        self.graph, self.n, self.reverse, self.carried, self.along = graph, n, reverse, carried, along
        self.finals, self.kept = finals, kept

    @property
    def results(self) -> int:
        """How many results there are."""
        return len(self.finals) + len(self.graph.outputs) - self.carried + len(self.kept)

    @property
    def asks(self) -> bool:
        """Whether a step may find that the program does not hold: then the loop gives None."""
        inner = (x.function for x in self.graph.nodes)
        return any(f is assume or (isinstance(f, ForLoop) and f.asks) for f in inner)

    def __call__(self, *arrays: Array) -> tuple[Array, ...]:
        """Run it, node by node; programs are printed as a loop."""
        c, xs, rest = arrays[: self.carried], arrays[self.carried :][: self.along], arrays[self.carried + self.along :]
        rows: list[Any] = [None] * self.n
        for i in range(self.n)[:: -1 if self.reverse else 1]:
            made: dict[Any, Any] = dict(zip(self.graph.inputs, (*c, *(x[i] for x in xs), *rest), strict=True))

            def result(x: Any, made: dict[Any, Any] = made) -> Any:
                return made[x] if isinstance(x, Node) else x

            for node in self.graph.nodes:
                keywords = {key: map_nested(x, result) for key, x in node.keywords.items()}
                made[node] = node.function(*map_nested(node.arguments, result), **keywords)
            new = [*map(result, self.graph.outputs)]
            rows[i] = [*new[self.carried :], *(c[k] for k in self.kept)]
            c = tuple(new[: self.carried])
        return (*(c[k] for k in self.finals), *(np.stack(column) for column in zip(*rows, strict=True)))


def narrow_loops(graph: Graph) -> Graph:
    """Let loops compute what is used of them, and nothing else."""
    if not any(isinstance(node.function, ForLoop) for node in graph.nodes):
        return graph
    dropped: set[Node] = set()
    uses = Counter(x for node in graph.nodes for x in node.operands) + Counter(graph.results)
    for node in reversed(graph.nodes):  # so that what a later loop drops is known to an earlier one
        if isinstance(node.function, ForLoop):
            every = [x for x in graph.nodes if x.function is operator.getitem and x.arguments[0] is node]
            parts = [x for x in every if uses[x]]
            dropped |= {*every} - {*parts}
            uses.subtract(node.operands)
            _narrow(node, parts)
            uses.update(node.operands)
    return Graph(graph.name, graph.inputs, [x for x in graph.nodes if x not in dropped], graph.outputs)


def _narrow(node: Node, parts: list[Node]) -> None:
    """Drop the outputs of a loop that are not among its parts, and what only they needed."""
    loop: Any = node.function
    _merge_inputs(node)
    used = sorted({x.arguments[1] for x in parts})
    ys = len(loop.graph.outputs) - loop.carried
    first_kept = len(loop.finals) + ys
    finals = [loop.finals[i] for i in used if i < len(loop.finals)]
    chosen = [i - len(loop.finals) for i in used if len(loop.finals) <= i < first_kept]
    kept = [loop.kept[i - first_kept] for i in used if i >= first_kept]
    outputs = loop.graph.outputs
    wanted = [outputs[loop.carried + k] for k in chosen]
    carried = {*finals, *kept}
    while True:  # what is carried is needed by what is needed
        live = _live(loop.graph, [*wanted, *(outputs[k] for k in carried)])
        more = carried | {k for k in range(loop.carried) if loop.graph.inputs[k] in live}
        if more == carried:
            break
        carried = more
    staying = sorted(carried)
    inputs = [i for i, x in enumerate(loop.graph.inputs) if (i in carried if i < loop.carried else x in live)]
    nodes = [x for x in loop.graph.nodes if x in live]
    inner = Graph(
        loop.graph.name, [loop.graph.inputs[i] for i in inputs], nodes, [*(outputs[k] for k in staying), *wanted]
    )
    along = sum(loop.carried <= i < loop.carried + loop.along for i in inputs)
    place = staying.index
    node.function = ForLoop(
        inner, loop.n, loop.reverse, len(staying), along, [*map(place, finals)], [*map(place, kept)]
    )
    node.arguments = tuple(node.arguments[i] for i in inputs)
    for x in parts:
        x.arguments = node, used.index(x.arguments[1])


def _merge_inputs(node: Node) -> None:
    """Let a step take once what goes in several times and is the same in every step."""
    loop: Any = node.function
    first: dict[Node, Node] = {}
    by: dict[Node, Any] = {}
    for x, inside in list(zip(node.arguments, loop.graph.inputs, strict=True))[loop.carried + loop.along :]:
        if isinstance(x, Node) and first.setdefault(x, inside) is not inside:
            by[inside] = first[x]
    for each in loop.graph.nodes if by else ():
        substitute(each, by)
    loop.graph.outputs = [by.get(x, x) if isinstance(x, Node) else x for x in loop.graph.outputs]


def _live(graph: Graph, outputs: list[Any]) -> set[Node]:
    """The nodes and inputs that lead to outputs, to a check, or into memory that does."""
    live = {x for x in outputs if isinstance(x, Node)}
    memory = {x.memory for x in live}
    for node in reversed(graph.nodes):
        writes = node.writes is not None and node.writes.memory in memory
        if node in live or writes or node.function is assume:
            live.add(node)
            live.update(node.operands)
            memory.update(x.memory for x in node.operands)
    return live


def inner_input(outer: Node, place: str) -> Input:
    """An input of the inner graph that stands for a node outside."""
    made = Input(place, outer.kind or np.ndarray)
    made.shape, made.strides, made.dtype, made.name = outer.shape, outer.strides, outer.dtype, outer.name
    return made
