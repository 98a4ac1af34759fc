"""What a program costs: operations on numbers, and memory.

size     how many numbers
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygrad_edu.compiler.ir import Graph, Input, Node, is_elementwise
from tinygrad_edu.compiler.memory import MemoryPlan, last_uses
from tinygrad_edu.compiler.passes.tiling import Blocks

_PRODUCTS = {np.matmul, np.dot}


@dataclass(frozen=True)
class Costs:
    """What a program costs as it was traced."""

    operations: int
    peak: int

    @classmethod
    def of(cls, program: Graph) -> "Costs":
        """Count before passes change it."""
        return cls(operations(program), eager_peak(program))


def operations(program: Graph) -> int:
    """Count operations on numbers: one for each number that a function gives or adds up, two for one in a product."""
    return sum(map(_operations, program.nodes))


def _operations(node: Node) -> int:
    if isinstance(node.function, Blocks):
        size = node.function.size
        return sum(size for _ in node.function.inner.nodes)
    sizes = [x.size if isinstance(x, Node) else int(np.size(x)) for x in node.arguments[:2] if _is_array(x)]
    if node.function in _PRODUCTS:
        return 2 * node.size * _shape(node.arguments[0])[-1]
    if is_elementwise(node):
        return node.size
    reduces = isinstance(getattr(node.function, "__self__", None), np.ufunc) or node.function in (
        np.sum,
        np.mean,
        np.max,
    )
    return sizes[0] if reduces and sizes else 0


def _is_array(x: Any) -> bool:
    return isinstance(x, np.ndarray) or (isinstance(x, Node) and x.shape is not None)


def _shape(x: Any) -> tuple[int, ...]:
    return tuple(x.shape or (1,))


def eager_peak(program: Graph) -> int:
    """Give the bytes that eager needs at the peak: it keeps what the forward pass made until the sweep is over."""
    last = last_uses(program)
    end = len(program.nodes)
    held, peak, freed = 0, 0, dict.fromkeys(range(end + 1), 0)
    for i, node in enumerate(program.nodes):
        if node.shape and node.memory is node and not isinstance(node, Input):
            held += node.nbytes
            freed[last[node] if node.backward else end] += node.nbytes
        peak = max(peak, held)
        held -= freed[i]
    return peak


def compiled_peak(program: Graph, plan: MemoryPlan, scratch: int) -> int:
    """Give the bytes that the program needs: its memory, that of its blocks, and what it hands out."""
    new = sum(node.nbytes for node in program.nodes if node.shape and not node.is_view and node not in plan.of)
    return plan.nbytes + scratch + new


def in_bytes(n: int) -> str:
    """Write a number of bytes.

    >>> in_bytes(12_345)
    '12.3 kB'
    """
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 1000)):
        if n >= size:
            return f"{n / size:.3g} {unit}"
    return f"{n} B"
