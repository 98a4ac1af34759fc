"""The pass that adds cotangents of parts where they belong, without an array of zeros for each.

part     an array of zeros, of which an element or a slice was set
total    the array of zeros that parts were added to so far
"""

import operator
from collections import Counter
from typing import Any

import numpy as np

from tinygrad_edu.compiler.ir import Graph, Node, settled, substitute
from tinygrad_edu.compiler.passes.algebra import may_stand_for


def add_parts_in_place(graph: Graph) -> Graph:
    """Add up parts in one array.

    Where nothing is added, 0.0 + 0.0 is 0.0, and -0.0 becomes that wherever it is added to; so nothing changes to the
    bit.

    >>> import tinygrad_edu as tg
    >>> from tinygrad_edu.compiler.passes.simplify import eliminate_dead_code
    >>> from tinygrad_edu.compiler.tracing.trace import Traced
    >>> graph = Traced(lambda x: tg.vjp(lambda x: x[1:] * x[0], x)[1](x[1:])[0], (np.ones(3),), {}).graph
    >>> [sum(node.function is np.zeros_like for node in each.nodes)
    ...  for each in (graph, eliminate_dead_code(add_parts_in_place(graph)))]
    [2, 1]
    """
    uses = Counter(x for node in graph.nodes for x in node.operands) + Counter(graph.results)
    given_out = {node.memory for node in graph.results}
    parts = _find_parts(graph, uses)
    totals: set[Node] = set()
    dropped: set[Node] = set()
    kept: list[Node] = []
    by: dict[Node, Any] = {}
    for node in graph.nodes:
        substitute(node, by)
        kept.append(node)
        if node.function is not np.add or len(node.arguments) != 2 or node.keywords:
            continue
        x, y = node.arguments if _is_in(node.arguments[1], parts) else node.arguments[::-1]
        if x is y or not _is_in(y, parts) or not (_is_in(x, parts) or _is_in(x, totals)):
            continue
        if not may_stand_for(x, node, given_out):
            continue
        kept.pop()
        for part in [x] * (x in parts) + [y]:
            dropped.add(parts[part])
            kept += _added(x, parts.pop(part))
        by[node] = x
        totals.discard(x)
        if uses[node] == 1:
            totals.add(x)
    return graph.with_outputs([node for node in kept if node not in dropped], by)


def _is_in(x: Any, nodes: Any) -> bool:
    return isinstance(x, Node) and x in nodes


def _find_parts(graph: Graph, uses: Counter[Node]) -> dict[Node, Node]:
    """The parts that are only set and added to something, each with the node that sets it."""
    settled_nodes, viewed = settled(graph.nodes), {node.memory for node in graph.nodes if node.is_view}
    found: dict[Node, Node] = {}
    for node in graph.nodes:
        z = node.writes
        if z is None or node.function is not operator.setitem or z.function is not np.zeros_like or z.dtype.kind != "f":
            continue
        _, index, x = node.arguments
        alike = x.dtype == z.dtype and x in settled_nodes if isinstance(x, Node) else isinstance(x, (int, float))
        if alike and uses[z] == 2 and z not in viewed and _is_basic(index):
            found[z] = node
    return found


def _is_basic(index: Any) -> bool:
    """Whether an index names each element once, the same at each run."""
    if isinstance(index, tuple):
        return all(map(_is_basic, index))
    if isinstance(index, slice):
        return all(x is None or type(x) is int for x in (index.start, index.stop, index.step))
    return index is None or index is Ellipsis or type(index) is int


def _added(total: Node, setting: Node) -> list[Node]:
    """The nodes that add what was set to the same place of the total."""
    _, index, x = setting.arguments
    there: Any = np.empty(total.shape or (), total.dtype)[index]
    is_number = isinstance(there, np.generic)
    place = setting.sibling(
        operator.getitem, (total, index), there.shape, None if is_number else there.strides, total.dtype
    )
    place.kind = type(there)
    if not is_number:
        place.memory = total
        added = setting.sibling(np.add, (place, x), there.shape, there.strides, total.dtype)
        added.keywords, added.writes, added.kind = {"out": place}, place, np.ndarray
        return [place, added]
    added = setting.sibling(np.add, (place, x), (), None, total.dtype)
    added.kind = type(there)
    put = setting.sibling(operator.setitem, (total, index, added), None, None, None)
    put.writes = total
    return [place, added, put]
