r"""Groups as text: each a function that goes through its arrays block by block.

start, stop   the part of the arrays that a call is to do
work          the arrays of one block that results in between are written into

>>> from tinygrad_edu.compiler.ir import Graph, Input
>>> x = Input("x")
>>> x.shape, x.strides, x.dtype = (BLOCK,), (8,), np.dtype(float)
>>> h = x.sibling(np.sin, (x,), x.shape, x.strides, x.dtype)
>>> group = Node(Blocks(Graph("blocks", [x], [h], [h]), 500_000, []), (x, h), {})
>>> print("\n".join(Loop(group, "blocks1", Names(), 1, Remarks()).lines()))
def blocks1(start, stop, x, t1, work):
    for i in range(start, stop, 28000):
        n = min(28000, stop - i)
        x_part, t1_part = x[i:i + n], t1[i:i + n]
        np.sin(x_part, t1_part)                                                   # (28000,)
    return ()
"""

from typing import Any

import numpy as np

from tinygrad_edu.compiler.codegen.expressions import expression
from tinygrad_edu.compiler.codegen.names import Names, format_value
from tinygrad_edu.compiler.codegen.statements import Remarks, indent, remarked, row, write_into
from tinygrad_edu.compiler.ir import Node
from tinygrad_edu.compiler.memory import last_uses, may_overwrite, plan_memory
from tinygrad_edu.compiler.passes.tiling import BLOCK, Blocks

IN_THREADS = '''

pools = {{}}


def in_threads(function, size, arrays, work):
    """The results of each thread's part of the blocks; a process that was forked has threads of its own."""
    pool = pools.get(os.getpid()) or pools.setdefault(os.getpid(), ThreadPoolExecutor({threads}))
    edges = [size * k // len(work) for k in range(len(work) + 1)]
    parts = [pool.submit(function, i, j, *arrays, w) for i, j, w in zip(edges[1:], edges[2:], work[1:])]
    return [function(edges[0], edges[1], *arrays, work[0]), *(part.result() for part in parts)]
'''


class Loop:
    """The function of a group: its text, and that of the memory it works in."""

    def __init__(self, node: Node, name: str, constants: Names, threads: int, remarks: Remarks) -> None:
        self.blocks: Blocks = node.function  # type: ignore[assignment]
        self.name, self.threads, self._remarks = name, threads, remarks
        self._block = BLOCK if threads == 1 else 2 * BLOCK  # between calls threads are in each other's way
        for x in (*self.blocks.inner.inputs, *self.blocks.inner.nodes):
            x.shape = x.shape and (self._block,)
        self._names = Names(("start", "stop", "i", "n", "work"), constants)
        self._plan = plan_memory(self.blocks.inner)
        self._results = [x for x in self.blocks.inner.results if x.shape]
        self._work_of: dict[tuple[int, Any], str] = {}
        self._lent = self._lend_results()
        for x, k in self._plan.of.items():
            if k in self._lent:
                continue
            key = k, x.dtype
            self._work_of[key] = self._work_of.get(key) or self._names.numbered("t")
            self._names.name(x, self._work_of[key])

    def _lend_results(self) -> dict[int, Node]:
        """The results whose memory serves for blocks of work before: what is read last where a result is written."""
        nodes, last = self.blocks.inner.nodes, last_uses(self.blocks.inner)
        place = {x: i for i, x in enumerate(nodes)}
        lent: dict[int, Node] = {}
        for z in self._results:
            for x in z.operands:
                k = self._plan.of.get(x, -1)
                block = [y for y, other in self._plan.of.items() if other == k]
                fits = all(y.dtype == z.dtype and place[y] < place[z] for y in block)
                if block and fits and k not in lent and last[x] == place[z] and may_overwrite(z, x):
                    lent[k] = z
                    break
        return lent

    def lines(self) -> list[str]:
        """The text of the function."""
        names, inner = self._names, self.blocks.inner
        outside = [*inner.inputs, *self._results]
        given = [*names.name_inputs(inner.inputs), *map(names.of, self._results)]
        parts = {}
        for x in outside:
            if x.shape:
                parts[names.of(x)] = names.fresh(f"{names.of(x)}_part")
                names.name(x, parts[names.of(x)])
        for x, k in self._plan.of.items():
            if k in self._lent:
                names.name(x, names.of(self._lent[k]))
        work, sums = list(self._work_of.values()), [names.of(x) for x in self.blocks.sums]
        loop = [
            f"n = min({self._block}, stop - i)",
            f"{row([*parts.values()])} = {row([f'{x}[i:i + n]' for x in parts])}",
        ]
        loop += [f"{row(work)} = [each[:n] for each in work]"] * bool(work)
        loop += [remarked(self._line(x), self._remarks.of(x)) for x in inner.nodes]
        body = [f"{name} = {_zero(x)}" for name, x in zip(sums, self.blocks.sums, strict=True)]
        body += [f"for i in range(start, stop, {self._block}):", *indent(loop)]
        body.append(f"return {row(sums) if sums else '()'}")
        if self.threads > 1:
            body = ["with np.errstate(all='ignore'):", *indent(body)]
        return [f"def {self.name}({', '.join(['start', 'stop', *given, 'work'])}):", *indent(body)]

    def _line(self, node: Node) -> str:
        """One statement: into memory, where the function takes any, or onto a sum."""
        name = self._names.of(node)
        if node in self._plan.of or node in self._results:
            return write_into(node, name, self._names)
        text, _ = expression(node, self._names, infix=False)
        return f"{name} += {text}" if node in self.blocks.sums else f"{name} = {text}"

    def work(self) -> str:
        """The memory that each thread works in."""
        sizes = [f"np.empty({self._block}, {format_value(dtype, self._names)})" for _, dtype in self._work_of]
        return f"[({row(sizes)}) for _ in range({self.threads})]"

    @property
    def scratch(self) -> int:
        """The bytes that all threads work in."""
        return self.threads * sum(self._block * int(dtype.itemsize) for _, dtype in self._work_of)

    def call(self, arguments: list[str], work: str) -> str:
        """The call, and how the sums of several threads are added up."""
        size = self.blocks.size
        if self.threads == 1:
            return f"{self.name}(0, {size}, {', '.join(arguments)}, {work}[0])"
        sums = f"in_threads({self.name}, {size}, ({row(arguments)}), {work})"
        return f"[sum(rest, first) for first, *rest in zip(*{sums})]"


def _zero(node: Node) -> str:
    """The number that a sum starts with, of its dtype."""
    return "0.0" if node.dtype == np.float64 else f"np.{node.dtype.name}(0)"


def flat(x: Any, names: Names) -> str:
    """An operand of a group, all its numbers in one row."""
    name = format_value(x, names)
    return f"{name}.reshape(-1)" if isinstance(x, Node) and x.shape and len(x.shape) > 1 else name
