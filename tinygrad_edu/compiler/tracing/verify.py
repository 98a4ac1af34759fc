"""Runs held against each other: two on tracers, and what they wrote down against the function itself.

x, y  a node of the first run, and that of the second
"""

from typing import Any

import numpy as np

from tinygrad_edu import tree
from tinygrad_edu.compiler.errors import TraceError, misused, written_at
from tinygrad_edu.compiler.ir import Graph, Node, map_nested, same
from tinygrad_edu.core.tape import payload

_RANDOM = "because of randomness or a hidden count; pass what differs as an argument, such as a seed or a step number"
_TYPES = "it may ask for the type of an argument, or have something computed behind NumPy's back"


def compared(first: Any, second: Any, where: str) -> None:
    """Make sure that two runs on the same numbers did the same, and that none of their constants can change.

    Raises:
        TraceError: they did not, or a constant may.
    """
    a, b = first.program, second.program
    places: dict[Node, Node] = dict(zip(a.inputs, b.inputs, strict=True))
    for x, y in zip(a.nodes, b.nodes, strict=False):
        alike = x.function == y.function and same(x.arguments, y.arguments, places)
        if not alike or not same([*x.keywords.items()], [*y.keywords.items()], places):
            raise _differs(x, where)
        places[x] = y
    if len(a.nodes) != len(b.nodes) or not same(tuple(a.outputs), tuple(b.outputs), places):
        raise _differs(a.nodes[-1] if a.nodes else None, where)
    try:
        tree.map(lambda *_: None, first.structure, second.structure)
        tree.map(lambda *_: None, second.structure, first.structure)
    except ValueError:
        raise _differs(a.nodes[-1] if a.nodes else None, where) from None
    for (constant, line), (again, _) in zip(first.recorder.constants, second.recorder.constants, strict=False):
        if np.may_share_memory(constant, again) and _may_change(constant):
            what = f"computes with an array of shape {constant.shape} that it keeps somewhere and that may change"
            raise misused(what, "pass it as an argument, or make it read-only: .flags.writeable = False", line)


def _may_change(x: Any) -> bool:
    """Tell whether anybody can write into an array."""
    while isinstance(x, np.ndarray):
        if x.flags.writeable:
            return True
        x = x.base
    return False


def _differs(node: Node | None, where: str) -> TraceError:
    where = written_at(*node.origin) if node and node.origin else where
    return misused("did different things in two runs on the same numbers", _RANDOM, where)


def evaluated(program: Graph, numbers: tuple[Any, ...]) -> list[Any]:
    """Do what was written down, call by call; give the outputs."""
    made: dict[Any, Any] = dict(zip(program.inputs, numbers, strict=True))

    def filled(x: Any) -> Any:
        return made[x] if isinstance(x, Node) else x

    with np.errstate(all="ignore"):
        for node in program.nodes:
            named = {key: map_nested(x, filled) for key, x in node.keywords.items()}
            made[node] = node.function(*map_nested(node.arguments, filled), **named)
    return [filled(x) for x in program.outputs]


def agree(plainly: Any, structure: Any, outputs: list[Any], where: str) -> None:
    """Make sure that what was written down gives what the function itself gives.

    Raises:
        TraceError: it gives something else.
    """
    wanted: list[Any] = []
    try:
        tree.map(lambda _, x: wanted.append(x), structure, plainly)
    except ValueError as differ:
        raise misused(f"returns another structure when it is traced ({differ})", _TYPES, where) from None
    for x in wanted:
        if not tree.is_leaf(x) and not isinstance(x, bool):  # truth values are no leaves, but may be computed
            raise misused(f"returns another structure when it is traced (a number instead of {x!r})", _TYPES, where)
    for x, y in zip(map(payload, wanted), outputs, strict=True):
        if isinstance(x, type) and x is y:
            continue
        if type(x) is not type(y) or getattr(x, "dtype", None) != getattr(y, "dtype", None) or not _close(x, y):
            raise misused("gives something else when it is traced", f"{_TYPES} (expected {x!r}, got {y!r})", where)


def _close(x: Any, y: Any) -> bool:
    """Compare two results; equal calls of NumPy's may still round differently where memory lies differently."""
    if np.shape(x) != np.shape(y):
        return False
    if np.array_equal(x, y, equal_nan=getattr(x, "dtype", np.dtype(float)).kind in "fc"):
        return True
    a, b = np.asarray(x), np.asarray(y)
    if a.dtype.kind not in "fc":
        return False
    finite = np.isfinite(a) & np.isfinite(b)
    scale = np.max(abs(a[finite]), initial=0.0)
    return np.array_equal(a[~finite], b[~finite], equal_nan=True) and bool(
        np.all(abs(a[finite] - b[finite]) <= np.sqrt(np.finfo(a.dtype).eps) * scale)
    )
