"""What was printed, held against what the function itself gives, at the first call.

x, y  a result of the function's, and that of the program
"""

import math
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

import numpy as np

from tinygrad_edu import tree
from tinygrad_edu.compiler.errors import TraceError, trace_error
from tinygrad_edu.compiler.ir import Graph, Node, map_nested
from tinygrad_edu.compiler.signature import Arguments
from tinygrad_edu.compiler.tracing.trace import Traced
from tinygrad_edu.core.tape import payload

Run = Callable[..., tuple[Any, ...] | None]

_REASONS = (
    "it may draw random numbers, count, look at a clock, or have something computed behind NumPy's back; "
    "pass what differs as an argument"
)


_SAMPLES, _ROUNDINGS = 4, 64  # what comes in is moved so often, and by so many of its roundings


def compare(eager: Any, traced: Traced, run: Run, given: Arguments) -> None:
    """Make sure that a program gives what the function itself gives: the same, but for roundings.

    Sums are added up in another order, and `math` rounds otherwise than NumPy. How much that may be the numbers tell
    that were computed on the way, or else how far the result moves with what comes in.

    Raises:
        TraceError: it gives something else.
    """
    numbers, where = traced.signature.read(*given), traced.signature.where
    outputs = run(numbers, *given)
    if outputs is None:
        raise trace_error("the program does not hold for the numbers it was made with", _REASONS, where)
    pairs = [*zip(_wanted(eager, traced), outputs, strict=True)]
    if all(_is_same(x, y) or is_close(x, y, room([x])) for x, y in pairs):
        return
    graph = Traced(traced.function, *given).graph  # anew: passes have changed the first one
    values = evaluate(graph, numbers)
    for (x, y), node in zip(pairs, graph.outputs, strict=True):
        if _is_same(x, y) or is_close(x, y, room(_behind(node, values))):
            continue
        if not isinstance(node, Node) or not is_close(x, y, _spread(graph, numbers, node, values[node])):
            what = f"the function gives {_shown(x)}, and {_shown(y)} when it is run again as a program"
            raise trace_error(what, _REASONS, where)


def evaluate(graph: Graph, numbers: tuple[Any, ...]) -> dict[Any, Any]:
    """What each node of a graph gives, call by call."""
    values: dict[Any, Any] = dict(zip(graph.inputs, numbers, strict=True))

    def value_of(x: Any) -> Any:
        return values[x] if isinstance(x, Node) else x

    with np.errstate(all="ignore"):
        for node in graph.nodes:
            keywords = {key: map_nested(x, value_of) for key, x in node.keywords.items()}
            values[node] = node.function(*map_nested(node.arguments, value_of), **keywords)
    return values


def _spread(graph: Graph, numbers: tuple[Any, ...], output: Node, here: Any) -> float:
    """How far an output moves when the floats that come in do, by roundings: a chaotic loop enlarges them a lot."""
    largest = 0.0
    if np.asarray(here).dtype.kind not in "fc":
        return largest
    with suppress(Exception):  # whatever is said of numbers that the function was not given
        for seed in range(_SAMPLES):
            generator = np.random.default_rng(seed)
            there = evaluate(graph, tuple(_aside(x, generator) for x in numbers))[output]
            apart = abs(there - here)
            largest = max(largest, float(np.max(apart, initial=0.0, where=np.isfinite(apart))))
    return largest


def _aside(x: Any, generator: np.random.Generator) -> Any:
    """A number or an array, floats in it each moved up or down."""
    array = np.asarray(x)
    if array.dtype.kind not in "fc":
        return x
    by = _ROUNDINGS * np.finfo(array.dtype).eps * generator.choice([-1.0, 1.0], array.shape)
    moved = np.asarray(array * (1 + by), array.dtype)
    return moved if isinstance(x, np.ndarray) else type(x)(moved[()])


def _behind(node: Any, values: dict[Any, Any]) -> list[Any]:
    """The numbers that a result was computed from: what cancels leaves the roundings of those."""
    behind, ahead = set(), [node]
    while ahead:
        x = ahead.pop()
        if isinstance(x, Node) and x not in behind:
            behind.add(x)
            ahead += x.operands
    return [values[x] for x in behind]


def room(numbers: Iterable[Any]) -> float:
    """How far apart roundings may leave what is computed from these: of the largest, in the coarsest kind of float."""
    arrays = [np.asarray(x) for x in numbers if isinstance(x, (np.ndarray, np.generic, float))]
    floats = [x for x in arrays if x.dtype.kind in "fc"]
    largest = max((float(np.max(abs(x), initial=0.0, where=np.isfinite(x))) for x in floats), default=0.0)
    return math.sqrt(max((float(np.finfo(x.dtype).eps) for x in floats), default=0.0)) * largest


def _wanted(eager: Any, traced: Traced) -> list[Any]:
    """The results of the function, one after the other."""
    wanted: list[Any] = []
    try:
        tree.map(lambda _, x: wanted.append(x), traced.structure, eager)
    except ValueError as differ:
        raise _other_structure(str(differ), traced) from None
    for x in wanted:
        if not tree.is_leaf(x) and not isinstance(x, bool):  # truth values are no leaves, but may be computed
            raise _other_structure(f"a number instead of {x!r}", traced)
    return [*map(payload, wanted)]


def _other_structure(differ: str, traced: Traced) -> TraceError:
    what = f"the function returns another structure when it is traced ({differ})"
    return trace_error(what, _REASONS, traced.signature.where)


def _is_same(x: Any, y: Any) -> bool:
    """Whether two results are the same: type, dtype, shape and numbers."""
    if type(x) is not type(y) or getattr(x, "dtype", None) != getattr(y, "dtype", None) or np.shape(x) != np.shape(y):
        return False
    if isinstance(x, (type, int)):  # an integer of Python's may be too large for NumPy
        return x is y or bool(x == y)
    return np.array_equal(x, y, equal_nan=getattr(x, "dtype", np.dtype(float)).kind in "fc")


def is_close(x: Any, y: Any, room: float) -> bool:
    """Whether two results are the same but for roundings, which may leave them that far apart."""
    a, b = np.asarray(x), np.asarray(y)
    if type(x) is not type(y) or a.dtype != b.dtype or a.shape != b.shape or a.dtype.kind not in "fc":
        return False
    finite = np.isfinite(a) & np.isfinite(b)
    same = np.array_equal(a[~finite], b[~finite], equal_nan=True)
    return same and bool(np.all(abs(a[finite] - b[finite]) <= room))


def _shown(x: Any) -> str:
    return f"{x!r} of shape {x.shape}" if isinstance(x, np.ndarray) and x.size < 10 else repr(x)[:200]
