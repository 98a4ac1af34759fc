"""Groups as text: each a function that goes through its arrays block by block.

start, stop   the part of the arrays that a call is to do
work          the arrays of one block that results in between are written into
"""

from typing import Any

from tinygrad_edu.compiler.codegen.expressions import Names, expression, written_out
from tinygrad_edu.compiler.codegen.text import into, remark, row
from tinygrad_edu.compiler.ir import Node
from tinygrad_edu.compiler.memory import plan_memory
from tinygrad_edu.compiler.passes.tiling import BLOCK, Blocks

THREADED = '''
from concurrent.futures import ThreadPoolExecutor

pool = ThreadPoolExecutor({threads})


def in_threads(function, size, arrays, work):
    """Have each thread do its part of the blocks."""
    edges = [size * k // len(work) for k in range(len(work) + 1)]
    parts = [pool.submit(function, i, j, *arrays, w) for i, j, w in zip(edges[1:], edges[2:], work[1:])]
    return [function(edges[0], edges[1], *arrays, work[0]), *(part.result() for part in parts)]
'''


class Loop:
    """The function of a group: its text, and that of the memory it works in."""

    def __init__(self, node: Node, name: str, constants: Names, threads: int) -> None:
        self.blocks: Blocks = node.function  # type: ignore[assignment]
        self.name, self.threads = name, threads
        self.names = Names(("np", "start", "stop", "i", "n", "work"), constants)
        self.plan = plan_memory(self.blocks.inner)
        self.results = [x for x in self.blocks.inner.results if x.shape]
        self.work_of: dict[tuple[int, Any], str] = {}
        for x, k in self.plan.of.items():
            key = k, x.dtype
            self.work_of[key] = self.work_of.get(key) or self.names.fresh("t", alone=False)
            self.names.name(x, self.work_of[key])

    def text(self) -> list[str]:
        """Write the function."""
        names, inner = self.names, self.blocks.inner
        outside = [*inner.inputs, *self.results]
        given = [names.of(x) for x in outside]
        parts = {}
        for x in outside:
            if x.shape:
                parts[names.of(x)] = names.fresh(f"{names.of(x)}_part")
                names.name(x, parts[names.of(x)])
        work, sums = list(self.work_of.values()), [names.of(x) for x in self.blocks.sums]
        loop = [f"n = min({BLOCK}, stop - i)", f"{row([*parts.values()])} = {row([f'{x}[i:i + n]' for x in parts])}"]
        loop += [f"{row(work)} = [each[:n] for each in work]"] * bool(work)
        loop += [f"{self._line(x):<60}  # {remark(x)}".rstrip(" #") for x in inner.nodes]
        body = [f"{name} = 0.0" for name in sums]
        body += [f"for i in range(start, stop, {BLOCK}):", *(f"    {text}" for text in loop)]
        body.append(f"return {row(sums) if sums else '()'}")
        if self.threads > 1:
            body = ["with np.errstate(all='ignore'):", *(f"    {text}" for text in body)]
        return [f"def {self.name}({', '.join(['start', 'stop', *given, 'work'])}):", *(f"    {text}" for text in body)]

    def _line(self, node: Node) -> str:
        """Write one line: into memory where it can be told, or onto a sum."""
        name = self.names.of(node)
        if node in self.plan.of or node in self.results:
            return into(node, name, self.names)
        text = expression(node, self.names, infix=False)
        return f"{name} += {text}" if node in self.blocks.sums else f"{name} = {text}"

    def work(self) -> str:
        """Write the memory that each thread works in."""
        sizes = [f"np.empty({BLOCK}, {written_out(dtype, self.names)})" for _, dtype in self.work_of]
        return f"[({row(sizes)}) for _ in range({self.threads})]"

    @property
    def scratch(self) -> int:
        """The bytes that all threads work in."""
        return self.threads * sum(BLOCK * int(dtype.itemsize) for _, dtype in self.work_of)

    def call(self, arguments: list[str], work: str) -> str:
        """Write the call, and how the sums of several threads are added up."""
        size = self.blocks.size
        if self.threads == 1:
            return f"{self.name}(0, {size}, {', '.join(arguments)}, {work}[0])"
        return f"[sum(column) for column in zip(*in_threads({self.name}, {size}, ({row(arguments)}), {work}))]"


def flat(x: Any, names: Names) -> str:
    """Write an operand of a group, all its numbers in one row."""
    name = written_out(x, names)
    return f"{name}.reshape(-1)" if isinstance(x, Node) and x.shape and len(x.shape) > 1 else name
