"""The pass that runs long elementwise parts block by block, so that what is between stays in the cache.

group    nodes of one shape, each element of which depends on the elements in its place only; and sums over them
inner    the graph of a group, on one block: arrays of `BLOCK` elements
"""

import operator
from collections import Counter
from typing import Any

import numpy as np

from tinygrad_edu.compiler.ir import Array, Graph, Input, Node, is_elementwise, substitute

BLOCK = 28_000  # long enough that calls of NumPy's count for little, and threads seldom wait for each other
LEAST = 1 << 17
SHORTEST = 3


class Blocks:
    """The function of a node that stands for a group: its graph on one block, and what is added up over blocks.

    It is called with the arrays that the group reads, then with those it writes, and returns the sums.
    """

    __name__ = "blocks"

    def __init__(self, inner: Graph, size: int, sums: list[Node]) -> None:
        self.inner, self.size, self.sums = inner, size, sums

    def __call__(self, *arrays: Array) -> list[Any]:
        """Run the group on whole arrays, as one block; programs are printed as a loop over many."""
        flat = [x.reshape(-1) if np.ndim(x) else x for x in arrays]
        made: dict[Any, Any] = dict(zip(self.inner.inputs, flat, strict=False))
        for node in self.inner.nodes:
            arguments = (made[x] if isinstance(x, Node) else x for x in node.arguments)
            made[node] = node.function(*arguments, **node.keywords)
        for x, out in zip(self.inner.results, flat[len(self.inner.inputs) :], strict=False):
            out[...] = made[x]
        return [made[x] for x in self.sums]


def tile(graph: Graph) -> Graph:
    """Put long elementwise parts into groups.

    >>> from tinygrad_edu.compiler.passes.numpy_calls import choose_numpy_calls
    >>> from tinygrad_edu.compiler.tracing.trace import Traced
    >>> graph = Traced(lambda x: np.sum(np.exp(x) * x + 1), (np.ones(LEAST),), {}).graph
    >>> tiled = tile(choose_numpy_calls(graph))
    >>> print(tiled)
    program(x)
    t1 = blocks(x)
    t2 = getitem(t1, 0)  float64 ()
    return t2
    >>> print(tiled.nodes[0].function.inner)
    blocks(x)
    t1 = np.exp(x)  float64 (28000,)
    t2 = np.multiply(t1, x)  float64 (28000,)
    t3 = np.add(t2, 1)  float64 (28000,)
    t4 = np.add.reduce(t3, axis=None)  float64 ()
    return t4
    """
    nodes: list[Node] = []
    uses = Counter(x for node in graph.nodes for x in node.operands) + Counter(graph.results)
    rest = graph.nodes
    while rest:
        shape = next((x.shape for x in rest if _is_long(x)), None)
        if shape is None:
            break
        before, group, after, rest = _split(rest, shape)
        nodes += before
        nodes += _grouped(group, uses) if sum(map(_is_long, group)) >= SHORTEST else group
        rest = after + rest
    return Graph(graph.name, graph.inputs, nodes + rest, graph.outputs)


def _is_long(node: Node) -> bool:
    """Whether a node computes many elements, each from those in its place."""
    if node.writes is not None or node.memory is not node or not (is_elementwise(node) or node.function is np.where):
        return False
    whole = all(_fits(x, node.shape) for x in node.arguments)
    return node.size >= LEAST and whole and not node.keywords and node.is_contiguous and len(node.arguments) > 0


def _fits(x: Any, shape: Any) -> bool:
    """Whether an operand is one number, or has the shape of the group."""
    if isinstance(x, Node):
        return not x.shape or (x.shape == shape and x.is_contiguous)
    return np.ndim(x) == 0


def _joins(node: Node, shape: Any, members: set[Node]) -> bool:
    """Whether a node belongs to the group: it is long, the flat view of a member, or a sum of floats over one."""
    if node.shape == shape and _is_long(node):
        return True
    operands = node.operands
    if not operands or not members.issuperset(operands):
        return False
    x = operands[0]
    if node.function is np.reshape:
        return node.memory is x.memory and node.shape == (x.size,)
    sums = node.function is np.dot or (node.function == np.add.reduce and node.keywords == {"axis": None})
    return sums and node.shape == () and node.dtype.kind == "f" and all(y.dtype == node.dtype for y in operands)


def _split(nodes: list[Node], shape: Any) -> tuple[list[Node], list[Node], list[Node], list[Node]]:
    """Find the first group of a shape: what comes before it, the group, what waits for it, and what follows."""
    before: list[Node] = []
    group: list[Node] = []
    after: list[Node] = []
    members: set[Node] = set()
    waiting: set[Node] = set()
    for i, node in enumerate(nodes):
        waits = any(x in waiting for x in node.operands)
        if node.writes is not None and group:
            return before, group, after, nodes[i:]
        if _joins(node, shape, members):
            if waits:
                return before, group, after, nodes[i:]
            group.append(node)
            members.add(node)
        elif waits or any(x in members for x in node.operands):
            after.append(node)
            waiting.add(node)
        else:
            before.append(node)
        if node in members and node.shape == ():
            waiting.add(node)
    return before, group, after, []


def _grouped(group: list[Node], uses: Counter[Node]) -> list[Node]:
    """The nodes that stand for a group: memory for each result that is used later, the blocks, views, and the sums."""
    members, within = set(group), Counter(x for node in group for x in node.operands)
    sums = [node for node in group if node.shape == ()]
    flat = [node for node in group if node.function is np.reshape and uses[node] > within[node]]
    needed = {x.memory for x in flat}
    results = [x for x in group if x.shape and not x.is_view and (uses[x] > within[x] or x in needed)]
    arrays = list(dict.fromkeys(x for node in group for x in node.operands if x not in members))
    by: dict[Node, Any] = {}
    for x in arrays:
        by[x] = _in_block(Input(x.name or (x.place if isinstance(x, Input) else "x")), x)
    inner_nodes = []
    for node in group:
        if node.function is np.reshape:
            by[node] = by[node.arguments[0]]
            continue
        copy = by[node] = _in_block(node.sibling(node.function, node.arguments, (), None, node.dtype), node)
        copy.keywords, copy.name = node.keywords, node.name
        substitute(copy, by)
        inner_nodes.append(copy)
        if node.function is np.where and node in results:  # it cannot be told where to write
            by[node] = _in_block(copy.sibling(np.copy, (copy,), (), None, node.dtype), node)
            inner_nodes.append(by[node])
    inner = Graph("blocks", [by[x] for x in arrays], inner_nodes, [by[x] for x in (*results, *sums)])
    blocks: Any = Blocks(inner, group[0].size, [by[x] for x in sums])
    whole = group[0].sibling(blocks, (*arrays, *results), None, None, None)
    for x in flat:
        x.arguments = x.memory, -1
    for x in results:
        x.function, x.arguments, x.keywords = np.empty, (x.shape, x.dtype), {}
    for i, x in enumerate(sums):
        x.function, x.arguments, x.keywords = operator.getitem, (whole, i), {}
    return [*results, whole, *flat, *sums]


def _in_block(inner: Any, node: Node) -> Any:
    """Describe what stands on one block for a node."""
    inner.shape, inner.dtype = node.shape, node.dtype
    if node.shape:
        inner.shape, inner.strides = (BLOCK,), (int(node.dtype.itemsize),)
    return inner
