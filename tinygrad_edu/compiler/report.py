"""What a program costs, what the passes did to it, and where its time goes.

size     how many numbers
marks    the time after each statement
"""

import ast
import time
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from tinygrad_edu.compiler.codegen.templates import Template
from tinygrad_edu.compiler.ir import Graph, Input, Node, is_elementwise
from tinygrad_edu.compiler.memory import MemoryPlan, last_uses
from tinygrad_edu.compiler.passes.tiling import Blocks

_BAR, _WIDTH, _PLOT_WIDTH = 20, 64, 48
_PRODUCTS = np.matmul, np.dot
_REDUCTIONS = np.sum, np.mean, np.max


@dataclass(frozen=True)
class Costs:
    """Operations on numbers, the bytes needed at the peak, and those of the memory made once, in how many blocks."""

    operations: int
    peak: int
    kept: int = 0
    blocks: int = 0

    @classmethod
    def of(cls, graph: Graph) -> "Costs":
        """What a graph costs where it is run eagerly: what the forward pass made is kept until the sweep is over."""
        operations = sum(map(_operations, graph.nodes))
        if not any(node.shape for node in graph.nodes):
            return cls(operations, 0)
        last, end = last_uses(graph), len(graph.nodes)
        held, peak, freed = 0, 0, dict.fromkeys(range(end + 1), 0)
        for i, node in enumerate(graph.nodes):
            if node.shape and node.memory is node:
                held += node.nbytes
                freed[last[node] if node.backward else end] += node.nbytes
            peak = max(peak, held)
            held -= freed[i]
        return cls(operations, peak)

    @classmethod
    def compiled(cls, graph: Graph, plan: MemoryPlan, scratch: int) -> "Costs":
        """What a graph costs in planned memory, the scratch memory of its loops, and what it hands out."""
        new = sum(node.nbytes for node in graph.nodes if node.shape and not node.is_view and node not in plan.of)
        kept = plan.nbytes + scratch
        return cls(sum(map(_operations, graph.nodes)), kept + new, kept, len(plan.blocks))


def _operations(node: Node) -> int:
    """Operations on numbers: one for each number that a function gives or adds up, two for one in a product."""
    function = node.function
    if isinstance(function, Blocks):
        return function.size * len(function.inner.nodes)
    if isinstance(function, Template) or (function not in _PRODUCTS and is_elementwise(node)):
        return node.size
    arrays = [x for x in node.arguments[:2] if getattr(x, "shape", None)]
    if function in _PRODUCTS:
        return 2 * node.size * (arrays[0].shape[-1] if arrays else 1)
    reduces = isinstance(getattr(function, "__self__", None), np.ufunc) or function in _REDUCTIONS
    return int(arrays[0].size) if reduces and arrays else 0


def explain(name: str, graph: Graph, history: list[tuple[str, int]], eager: Costs, here: Costs, fallbacks: int) -> str:
    """How a program became shorter, and what it needs beside eager."""
    lines, before = [f"{name}: {len(graph.inputs)} inputs, {len(graph.outputs)} outputs"], 0
    for step, count in history:
        if count != before:
            lines.append(f"  {step:<34} {count:>9,} entries")
        before = count
    facts = {
        "operations on numbers, eager": f"{eager.operations:>9,}",
        "operations on numbers, here": f"{here.operations:>9,}",
        "memory that is made once": f"{in_bytes(here.kept):>9} in {here.blocks} blocks",
        "memory at the peak, eager": f"{in_bytes(eager.peak):>9}",
        "memory at the peak, here": f"{in_bytes(here.peak):>9}",
        "runs that went to the function": f"{fallbacks:>9,}",
    }
    return "\n".join([*lines, *(f"  {what:<34} {number}" for what, number in facts.items())])


def in_bytes(n: int) -> str:
    """A number of bytes.

    >>> in_bytes(12_345)
    '12.3 kB'
    """
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 1000)):
        if n >= size:
            return f"{n / size:.3g} {unit}"
    return f"{n} B"


@dataclass(frozen=True)
class Statement:
    """One statement: its text, the remark beside it, and its least time in seconds."""

    text: str
    remark: str
    seconds: float


@dataclass(frozen=True)
class Timing:
    """The statements of a program, in order, with their times."""

    statements: list[Statement]

    @property
    def seconds(self) -> float:
        """The time of all of them."""
        return sum(each.seconds for each in self.statements)

    def __str__(self) -> str:
        most = max((each.seconds for each in self.statements), default=0.0) or 1.0
        lines = [f"{self.seconds * 1e6:9.1f} µs in all"]
        for each in self.statements:
            bar = "█" * round(_BAR * each.seconds / most)
            text = _short(each.text, _WIDTH)
            lines.append(f"{each.seconds * 1e6:9.1f} µs  {bar:<{_BAR}}  {text:<{_WIDTH}}  {each.remark}".rstrip())
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """What notebooks show: the same as is printed."""
        return f"<pre>{escape(str(self))}</pre>"

    def plot(self, axes: Any = None, most: int = 25) -> Any:
        """Draw the slowest statements as bars, in the order of running; returns the axes.

        Raises:
            ImportError: matplotlib is not installed: the extra `show` brings it.
        """
        try:
            from matplotlib import pyplot  # noqa: PLC0415
        except ImportError:
            raise ImportError("Timing.plot draws with matplotlib: pip install 'tinygrad_edu[show]'") from None
        slowest = sorted(self.statements, key=lambda each: -each.seconds)[:most]
        shown = [each for each in self.statements if each in slowest]
        if axes is None:
            _, axes = pyplot.subplots(figsize=(10, 0.28 * len(shown) + 1), layout="constrained")
        labels = [_short(each.text, _PLOT_WIDTH).replace("$", r"\$") for each in shown]
        axes.barh(labels, [each.seconds * 1e6 for each in shown], color="#4477aa")
        axes.invert_yaxis()
        axes.set_xlabel("µs")
        axes.set_title(f"where {self.seconds * 1e6:.0f} µs go")
        axes.tick_params(axis="y", labelfontfamily="monospace", labelsize=8)
        return axes


def _short(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def time_statements(
    text: str,
    name: str,
    names: dict[str, Any],
    make_work: Callable[[], Any] | None,
    numbers: tuple[Any, ...],
    rounds: int,
) -> Timing:
    """Run the program `name` of a text `rounds` times with a clock after each statement; it always runs to its end."""
    module = ast.parse(text)
    function = next(x for x in module.body if isinstance(x, ast.FunctionDef) and x.name == name)
    lines = text.encode().splitlines()
    found, body = [], ast.parse("_mark(_clock())").body
    for node in function.body:
        if isinstance(node, ast.Return) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            continue
        part = node.test if isinstance(node, ast.If) else node
        line = lines[node.lineno - 1]
        found.append((line[part.col_offset : part.end_col_offset].decode(), line[node.end_col_offset :].decode()))
        body += [ast.Expr(node.test) if isinstance(node, ast.If) else node, *ast.parse("_mark(_clock())").body]
    function.body = body
    function.args.args += [ast.arg("_mark"), ast.arg("_clock")]  # no name of a program starts so
    scope = dict(names)
    exec(compile(ast.fix_missing_locations(ast.Module([function], [])), "<timed>", "exec"), scope)
    with np.errstate(all="ignore"):
        runs = [_marks(scope[name], numbers, make_work) for _ in range(rounds)]
    least = np.min(np.diff(runs, axis=1), axis=0) - np.min(np.diff([time.perf_counter() for _ in range(50)]))
    times = np.maximum(least, 0.0).tolist()
    statements = [
        Statement(statement, remark.strip(" #"), seconds)
        for (statement, remark), seconds in zip(found, times, strict=True)
        if not statement.endswith(" = work")
    ]
    return Timing(statements)


def _marks(function: Any, numbers: tuple[Any, ...], make_work: Callable[[], Any] | None) -> list[float]:
    marks: list[float] = []
    work = (make_work(),) if make_work else ()
    function(*numbers, *work, marks.append, time.perf_counter)
    return marks


def made_up(inputs: list[Input], seed: int = 0) -> tuple[Any, ...]:
    """Numbers for inputs: normal ones, and zero for integers, which is right as an index too."""
    rng = np.random.default_rng(seed)
    return tuple(_made_up(node, rng) for node in inputs)


def _made_up(node: Input, rng: np.random.Generator) -> Any:
    if node.shape is None:
        return node.kind(1)
    numbers = rng.normal(size=node.shape) if node.dtype.kind == "f" else np.zeros(node.shape)
    array = np.empty(node.shape, node.dtype)
    array[...] = numbers
    return array[()]
