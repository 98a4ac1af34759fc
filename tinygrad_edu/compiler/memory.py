"""The plan of the memory: which results are written into arrays made once, and which of those share memory.

A block of memory is taken by a result from the node that makes it to the last that reads it or a view of it; then
the next result that fits takes it over. A result of an elementwise function may take over the memory of an operand
that nobody reads later.

memory   the node whose memory a node shares
block    a piece of memory, in bytes
"""

import bisect
from dataclasses import dataclass, field

import numpy as np

from tinygrad_edu.compiler.ir import Graph, Node, written_memory
from tinygrad_edu.compiler.passes.numpy_calls import is_elementwise
from tinygrad_edu.compiler.tracing.tracer import cast

_PAGE, _LINE, _STEP = 4096, 64, 704
_TAKES_OUT = {np.concatenate, np.stack, np.matmul, np.dot, np.cumsum, np.einsum}
_MADE = {np.zeros_like, np.empty_like, np.empty}
_COPIES = {np.copy, np.reshape, np.ravel, cast}


@dataclass
class MemoryPlan:
    """What was decided: the block of each planned node, the bytes of each block, the views that are made once."""

    blocks: list[int] = field(default_factory=list)
    of: dict[Node, int] = field(default_factory=dict)
    views: list[Node] = field(default_factory=list)

    def places(self) -> tuple[list[int], int]:
        """Give where each block starts in one piece of memory, and how large that is.

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
    """Tell whether the result can be written into memory that is given."""
    if not node.shape or node.strides is None or node.memory is not node or node.writes is not None:
        return False
    function = node.function
    reduces = isinstance(getattr(function, "__self__", None), np.ufunc) and function.__name__ == "reduce"
    return is_elementwise(node) or reduces or function in _TAKES_OUT or function in _MADE or function in _COPIES


def last_uses(program: Graph) -> dict[Node, int]:
    """Give for each memory the place of the last node that reads or writes it; outputs are read at the very end."""
    last: dict[Node, int] = {}
    for i, node in enumerate(program.nodes):
        last[node.memory] = i
        for x in node.operands:
            last[x.memory] = i
        if node.writes is not None:
            last[node.writes.memory] = i
    return last | {node.memory: len(program.nodes) for node in program.results}


def plan_memory(program: Graph, own_outputs: bool = False) -> MemoryPlan:
    """Give every result a block of memory that nobody else needs at that time.

    own_outputs: outputs are written into blocks of their own too, not into new arrays.
    """
    plan, last = MemoryPlan(), last_uses(program)
    free: list[tuple[int, int]] = []
    outputs, private = {node.memory for node in program.results}, written_memory(program.nodes)
    ending: dict[int, list[Node]] = {}
    made_once: set[Node] = set()
    for i, node in enumerate(program.nodes):
        if takes_out(node) and (own_outputs or node not in outputs):
            donor = _donor(node, i, last, plan, private)
            if donor is not None:
                plan.of[node] = plan.of[donor]
                ending[i] = [x for x in ending.get(i, []) if x is not donor]
            else:
                plan.of[node] = _taken(node, free, plan)
            ending.setdefault(last[node], []).append(node)
        elif node.memory in plan.of and all(x in plan.of or x in made_once for x in node.operands):
            made_once.add(node)
            plan.views.append(node)
        for x in ending.pop(i, []):
            bisect.insort(free, (plan.blocks[plan.of[x]], plan.of[x]))
    return plan


def _donor(node: Node, i: int, last: dict[Node, int], plan: MemoryPlan, private: set[Node]) -> Node | None:
    """Find an operand that is read here for the last time, and whose memory the result fits exactly."""
    if not isinstance(node.function, np.ufunc) or not is_elementwise(node) or node in private:
        return None
    wanted = node.shape, node.strides, node.dtype
    for x in node.operands:
        if x in plan.of and last[x] == i and (x.shape, x.strides, x.dtype) == wanted and not _seen_otherwise(x, node):
            return x
    return None


def _seen_otherwise(x: Node, node: Node) -> bool:
    """Tell whether a view of `x` stands beside it."""
    return any(y is not x and y.memory is x for y in node.operands)


def _taken(node: Node, free: list[tuple[int, int]], plan: MemoryPlan) -> int:
    """Take the smallest free block that is large enough, or the largest there is and make it larger, or a new one.

    free: the size and number of each free block, in order of size
    """
    if not free:
        plan.blocks.append(node.nbytes)
        return len(plan.blocks) - 1
    _, block = free.pop(min(bisect.bisect_left(free, (node.nbytes, -1)), len(free) - 1))
    plan.blocks[block] = max(plan.blocks[block], node.nbytes)
    return block
