"""What a loop computes again is kept by the loop that computed it first, as the sweep is about to need it.

Backward, a loop runs each step again for its slopes. What its slopes read of that is written down forward, if all
steps of it take little memory, and so the step is not run again.

first, again  loops of as many steps, of which the second computes in a step what the first did
same          for nodes of a step of `again`, those of a step of `first` that hold the same
"""

import operator
from typing import Any

import numpy as np

from tinygrad_edu.compiler.ir import Graph, Node, assume, copied, map_nested, settled, substitute
from tinygrad_edu.compiler.passes.calls import call_key
from tinygrad_edu.compiler.passes.looping import ForLoop, inner_input, narrow_loops

_QUICK = {np.add, np.subtract, np.multiply, np.negative}  # no slower than reading what was kept
MOST_BYTES = 1 << 26  # that a loop keeps of all steps; beyond them, running a step again is the smaller evil


def keep_residuals(graph: Graph) -> Graph:
    """Let loops keep what later ones compute again."""
    loops = [node for node in graph.nodes if isinstance(node.function, ForLoop)]
    changed = False
    for i, again in enumerate(loops):
        for first in loops[:i]:
            if _may_keep(first.function, again.function):
                changed |= _keep(graph, first, again)
    return narrow_loops(graph) if changed else graph


def _may_keep(first: Any, again: Any) -> bool:
    """Whether a loop may keep what another one needs: steps with loops inside, and a single one, are checkpoints."""
    inner = (*first.graph.nodes, *again.graph.nodes)
    return first.n == again.n > 1 and not any(isinstance(x.function, ForLoop) for x in inner)


def _keep(graph: Graph, first: Node, again: Node) -> bool:
    """Let `first` keep what `again` needs, and say whether there is anything."""
    one: Any = first.function
    two: Any = again.function
    step = copied(two.graph)
    same = _same(first, again, step)
    needed = _needed(step, same)
    kept = [*dict.fromkeys(same[x] for x in needed)]
    if not kept or one.n * sum(x.nbytes for x in kept) > MOST_BYTES:
        return False
    columns = _columns(graph, first, kept)
    rows = {x: inner_input(x, x.name or f"kept{i}") for i, x in enumerate(kept, 1)}
    by: dict[Node, Any] = {x: rows[same[x]] for x in needed}
    for node in step.nodes:
        substitute(node, by)
    end = two.carried + two.along
    inputs = [*step.inputs[:end], *rows.values(), *step.inputs[end:]]
    step = Graph(step.name, inputs, step.nodes, step.outputs).with_outputs(step.nodes, by)
    again.function = ForLoop(step, two.n, two.reverse, two.carried, two.along + len(rows), two.finals, two.kept)
    again.arguments = (*again.arguments[:end], *columns, *again.arguments[end:])
    return True


def _same(first: Node, again: Node, step: Graph) -> dict[Node, Node]:
    """The nodes of a step of `again` that hold what those of a step of `first` do, at the same place."""
    one: Any = first.function
    two: Any = again.function
    alike: dict[tuple[int, bool], Node] = {}
    for k, (x, inside) in enumerate(zip(first.arguments, one.graph.inputs, strict=True)):
        if k >= one.carried:
            alike[id(x), k < one.carried + one.along] = inside
    rows = [*one.graph.outputs[one.carried :], *(one.graph.inputs[k] for k in one.kept)]
    parts = dict(enumerate(rows, len(one.finals)))
    same: dict[Node, Node] = {}
    for k, (x, inside) in enumerate(zip(again.arguments, step.inputs, strict=True)):
        goes_along = k < two.carried + two.along
        is_part = goes_along and isinstance(x, Node) and x.function is operator.getitem and x.arguments[0] is first
        here = parts.get(x.arguments[1]) if is_part else alike.get((id(x), goes_along))
        if k >= two.carried and isinstance(here, Node):
            same[inside] = here
    _follow(one.graph, step, same)
    return same


def _follow(first: Graph, again: Graph, same: dict[Node, Node]) -> None:
    """Add what is computed of the same by the same calls."""
    computed = {call_key(x): x for x in settled(first.nodes)}
    settled_nodes = settled(again.nodes)
    for node in again.nodes:
        if node not in settled_nodes or node.function is assume or not all(x in same for x in node.operands):
            continue
        alike = node.sibling(node.function, map_nested(node.arguments, lambda x: _there(x, same)), None, None, None)
        alike.keywords = {key: map_nested(x, lambda x: _there(x, same)) for key, x in node.keywords.items()}
        here = computed.get(call_key(alike))
        if here is not None and (here.shape, here.strides, here.dtype) == (node.shape, node.strides, node.dtype):
            same[node] = here


def _there(x: Any, same: dict[Node, Node]) -> Any:
    return same[x] if isinstance(x, Node) else x


def _needed(step: Graph, same: dict[Node, Node]) -> list[Node]:
    """What is to be kept, that the rest of a step need not compute again but what is quick to compute of it."""
    read = _read_by_others(step, same)
    at_hand: set[Node] = {*step.inputs}
    needed = []
    for node in step.nodes:
        if node not in same:
            continue
        if (node.is_view or node.function in _QUICK) and at_hand.issuperset(node.operands):
            at_hand.add(node)
        elif node in read and node.shape and not node.is_view and node.is_contiguous:
            at_hand.add(node)
            needed.append(node)
    return needed


def _read_by_others(step: Graph, same: dict[Node, Node]) -> set[Node]:
    """The nodes of `same` that others read, or views of them."""
    waiting = [x for node in step.nodes if node not in same for x in node.operands] + step.results
    read: set[Node] = set()
    while waiting:
        x = waiting.pop()
        if x in same and x not in read:
            read.add(x)
            waiting += x.operands if x.is_view else ()
    return read


def _columns(graph: Graph, loop: Node, kept: list[Node]) -> list[Node]:
    """The arrays of what a loop gives of all steps, which it is made to give."""
    old: Any = loop.function
    inner = Graph(old.graph.name, old.graph.inputs, old.graph.nodes, [*old.graph.outputs, *kept])
    loop.function = ForLoop(inner, old.n, old.reverse, old.carried, old.along, old.finals, old.kept)
    before = len(old.finals) + len(old.graph.outputs) - old.carried
    for x in graph.nodes:
        if x.function is operator.getitem and x.arguments[0] is loop and x.arguments[1] >= before:
            x.arguments = loop, x.arguments[1] + len(kept)
    columns = []
    for i, x in enumerate(kept, before):
        shape, strides = (old.n, *(x.shape or ())), (x.nbytes, *(x.strides or ()))
        columns.append(loop.sibling(operator.getitem, (loop, i), shape, strides, x.dtype))
        columns[-1].kind = np.ndarray
    place = graph.nodes.index(loop) + 1
    graph.nodes[place:place] = columns
    return columns
