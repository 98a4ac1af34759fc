"""The pass that runs long elementwise parts block by block, so that what is between stays in the cache.

group    nodes of one shape, each number of which depends on the numbers in the same place only; and sums over them
inner    the program of a group, on one block: arrays of `BLOCK` numbers
"""

import operator
from typing import Any

import numpy as np

from tinygrad_edu.compiler.ir import Graph, Input, Node, substitute
from tinygrad_edu.compiler.passes.numpy_calls import is_elementwise

BLOCK = 16_000  # in float64 just less than glibc asks the kernel for, where something is allocated after all
LEAST = 1 << 17
SHORTEST = 3
SUMS = {np.add.reduce, np.dot}


class Blocks:
    """The function of a node that stands for a group: its program on one block, and how its sums are added up."""

    __name__ = "blocks"

    def __init__(self, inner: Graph, size: int, sums: list[Node]) -> None:
        self.inner, self.size, self.sums = inner, size, sums


def tile(program: Graph) -> Graph:
    """Put long elementwise parts into groups."""
    nodes: list[Node] = []
    rest = program.nodes
    while rest:
        shape = next((x.shape for x in rest if _is_long(x)), None)
        if shape is None:
            break
        before, group, after, rest = _apart(rest, shape)
        used = {x for node in (*after, *rest) for x in node.operands} | set(program.results)
        nodes += before
        nodes += _grouped(group, used) if sum(map(_is_long, group)) >= SHORTEST else group
        rest = after + rest
        if not group:
            break
    return Graph(program.name, program.inputs, nodes + rest, program.outputs)


def _is_long(node: Node) -> bool:
    """Tell whether a node computes many numbers, each from those in its place."""
    if node.writes is not None or node.memory is not node or not (is_elementwise(node) or node.function is np.where):
        return False
    whole = all(_fits(x, node.shape) for x in node.arguments)
    return node.size >= LEAST and whole and not node.keywords and node.is_contiguous and len(node.arguments) > 0


def _fits(x: Any, shape: Any) -> bool:
    """Tell whether an operand is one number, or has the shape of the group."""
    if isinstance(x, Node):
        return not x.shape or (x.shape == shape and x.is_contiguous)
    return np.ndim(x) == 0


def _joins(node: Node, shape: Any, members: set[Node]) -> bool:
    """Tell whether a node belongs to the group: it is long, the flat view of a member, or a sum over one."""
    if node.shape == shape and _is_long(node):
        return True
    operands = list(node.operands)
    if not operands or not members.issuperset(operands):
        return False
    x = operands[0]
    if node.function is np.reshape:
        return node.memory is x.memory and node.shape == (x.size,)
    return node.shape == () and node.function in SUMS and node.keywords.get("axis", 0) is (
        0 if node.function is np.dot else None
    )  # fmt: skip


def _apart(nodes: list[Node], shape: Any) -> tuple[list[Node], list[Node], list[Node], list[Node]]:
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


def _grouped(group: list[Node], used: set[Node]) -> list[Node]:
    """Give the nodes that stand for a group: memory for each result that is used later, the blocks, and the sums."""
    members = set(group)
    sums = [node for node in group if node.shape == ()]
    results = [node for node in group if node.shape != () and node in used and node.memory is node]
    arrays = list(dict.fromkeys(x for node in group for x in node.operands if x not in members))
    by: dict[Node, Any] = {}
    inputs = []
    for x in arrays:
        place = x.place if isinstance(x, Input) else "x"
        inputs.append(Input(x.name or place))
        _as_block(inputs[-1], x)
        by[x] = inputs[-1]
    inner_nodes = []
    for node in group:
        if node.function is np.reshape:
            by[node] = by[node.arguments[0]]
            continue
        copy = by[node] = node.sibling(node.function, node.arguments, (), None, node.dtype)
        copy.keywords, copy.name = node.keywords, node.name
        substitute(copy, by)
        if node.shape != ():
            _as_block(copy, node)
        inner_nodes.append(copy)
    inner = Graph("blocks", inputs, inner_nodes, [by[x] for x in (*results, *sums)])
    made = [_memory(node) for node in results]
    arguments = (*arrays, *(x for x in results))
    blocks: Any = Blocks(inner, group[0].size, [by[x] for x in sums])
    whole = group[0].sibling(blocks, arguments, None, None, None)
    return [*made, whole, *(_taken(x, i, whole) for i, x in enumerate(sums))]


def _as_block(inner: Node, node: Node) -> None:
    if node.shape:
        inner.shape, inner.strides, inner.dtype = (BLOCK,), (int(node.dtype.itemsize),), node.dtype
    else:
        inner.shape, inner.dtype = node.shape, node.dtype


def _memory(node: Node) -> Node:
    """Turn the node of a result into the memory for it."""
    node.function, node.arguments, node.keywords = np.empty, (node.shape, node.dtype), {}
    return node


def _taken(node: Node, i: int, whole: Node) -> Node:
    """Turn the node of a sum into what takes it out of the results of the blocks."""
    node.function, node.arguments, node.keywords = operator.getitem, (whole, i), {}
    return node
