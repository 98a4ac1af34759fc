"""The memory plan: which results are written into arrays made once, and which of those share memory.

A block of memory is taken by a result from the node that makes it to the last that reads it or a view of it; then
the next result that fits takes it over. A result of an elementwise function may take over the memory of an operand
that is read for the last time.

memory   the node whose memory a node shares
block    a piece of memory, in bytes
"""

import bisect
from dataclasses import dataclass, field

import numpy as np

from tinygrad_edu.compiler import ir
from tinygrad_edu.compiler.ir import Graph, GraphError, Node, cast, is_elementwise

_PAGE, _LINE, _STEP = 4096, 64, 704
_TAKES_OUT = {np.concatenate, np.stack, np.matmul, np.dot, np.cumsum, np.einsum}
_MADE = {np.zeros_like, np.empty_like, np.empty}
_COPIES = {np.copy, np.reshape, np.ravel, cast}


@dataclass
class MemoryPlan:
    """The block of each planned node, the bytes of each block, and the views that are made once."""

    blocks: list[int] = field(default_factory=list)
    of: dict[Node, int] = field(default_factory=dict)
    views: list[Node] = field(default_factory=list)

    def places(self) -> tuple[list[int], int]:
        """Where each block starts in one piece of memory, and how large that is.

        Long blocks start at different distances from a multiple of 4096: a processor mistakes reading behind one for
        reading what it writes at the same distance behind another, and waits.
        """
        starts, end = [], 0
        for k, size in enumerate(self.blocks):
            if size >= _PAGE:
                end += (k * _STEP - end) % _PAGE
            starts.append(end)
            end += -(-size // _LINE) * _LINE
        return starts, end

    @property
    def nbytes(self) -> int:
        """The bytes of all blocks."""
        return sum(self.blocks)


def takes_out(node: Node) -> bool:
    """Whether the result can be written into memory that is given."""
    if not node.shape or node.strides is None or node.memory is not node or node.writes is not None:
        return False
    function = node.function
    reduces = isinstance(getattr(function, "__self__", None), np.ufunc) and function.__name__ == "reduce"
    return is_elementwise(node) or reduces or function in _TAKES_OUT or function in _MADE or function in _COPIES


def last_uses(graph: Graph) -> dict[Node, int]:
    """For each memory, the place of the last node that reads or writes it; outputs are read at the very end."""
    last: dict[Node, int] = {}
    for i, node in enumerate(graph.nodes):
        last[node.memory] = i
        for x in node.operands:
            last[x.memory] = i
    return last | {node.memory: len(graph.nodes) for node in graph.results}


def plan_memory(graph: Graph, own_outputs: bool = False) -> MemoryPlan:
    """The plan that lets every result have a block of memory which nothing else needs at that time.

    own_outputs: outputs are written into blocks of their own too, not into new arrays.
    """
    plan, last = MemoryPlan(), last_uses(graph)
    free: list[tuple[int, int]] = []
    outputs = {node.memory for node in graph.results}
    ending: dict[int, dict[Node, None]] = {}
    made_once: set[Node] = set()
    for i, node in enumerate(graph.nodes):
        if takes_out(node) and (own_outputs or node not in outputs):
            donor = _donor(node, i, last, plan)
            if donor is not None:
                plan.of[node] = plan.of[donor]
                ending[last[donor]].pop(donor, None)
            else:
                plan.of[node] = _take(node, free, plan)
            ending.setdefault(last[node], {})[node] = None
        elif node.memory in plan.of and all(x in plan.of or x in made_once for x in node.operands):
            made_once.add(node)
            plan.views.append(node)
        for x in ending.pop(i, {}):
            bisect.insort(free, (plan.blocks[plan.of[x]], plan.of[x]))
    if ir.VERIFY:
        verify_plan(graph, plan, own_outputs)
    return plan


def _donor(node: Node, i: int, last: dict[Node, int], plan: MemoryPlan) -> Node | None:
    """An operand that is read here for the last time, and whose memory the result fits exactly, if there is one."""
    return next((x for x in node.operands if x in plan.of and last[x] == i and may_overwrite(node, x)), None)


def may_overwrite(node: Node, x: Node) -> bool:
    """Whether a node may write where it reads `x`: element by element, as `x` lies, and reading no view of it."""
    if not isinstance(node.function, np.ufunc) or not is_elementwise(node):
        return False
    alike = (x.shape, x.strides, x.dtype) == (node.shape, node.strides, node.dtype)
    return alike and not any(y is not x and y.memory is x for y in node.operands)


def _take(node: Node, free: list[tuple[int, int]], plan: MemoryPlan) -> int:
    """Take the smallest free block that is large enough, or the largest there is and make it larger, or a new one.

    free: the size and number of each free block, in order of size
    """
    if not free:
        plan.blocks.append(node.nbytes)
        return len(plan.blocks) - 1
    _, block = free.pop(min(bisect.bisect_left(free, (node.nbytes, -1)), len(free) - 1))
    plan.blocks[block] = max(plan.blocks[block], node.nbytes)
    return block


def verify_plan(graph: Graph, plan: MemoryPlan, own_outputs: bool = False) -> None:
    """Check that every result fits its block, and that nothing is written there while another lives in it.

    A result lives as long as it, or a view of it, is read or written; an output, for ever. Only an elementwise
    function may write where it reads, and only if it reads no view there.

    Raises:
        GraphError: the plan would overwrite what is still needed, or what was given out.
    """
    needed: dict[Node, int] = {}
    for i, node in enumerate(graph.nodes):
        needed |= dict.fromkeys([x.memory for x in (node, *node.operands)], i)
    outputs = {node.memory for node in graph.results}
    needed |= dict.fromkeys(outputs, len(graph.nodes))
    living: dict[int, Node] = {}
    for i, node in enumerate(graph.nodes):
        if node in plan.of:
            last = living.get(plan.of[node])
            if last is not None and (needed[last] > i or (needed[last] == i and not may_overwrite(node, last))):
                raise GraphError(f"memory plan: node {i}, {node.function}, overwrites what is needed")
            if node.nbytes > plan.blocks[plan.of[node]] or (node in outputs and not own_outputs):
                raise GraphError(f"memory plan: node {i}, {node.function}, does not fit, or is given out")
            living[plan.of[node]] = node
    fixed = {*plan.of, *plan.views}
    if not all(x.memory in plan.of and fixed.issuperset(x.operands) for x in plan.views):
        raise GraphError("memory plan: a view that is made once is not one of planned memory")
