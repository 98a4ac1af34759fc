"""The passes that make a program shorter: each takes a program and gives one that computes the same.

without_dead       nodes that lead to no output are dropped
with_constants     what depends on no input is computed once
without_repeated   what was computed before is used again
without_copies     copies that nobody could tell from the original are dropped
with_algebra       x · 1, x + 0, -(-x), x ** 2 and the like are written shorter

A program may write into arrays it made. Such memory is left alone by every pass: it is nobody else's, and nobody's
before it is written.
"""

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_edu.program.nodes import Input, Node, Program, expect, fingerprint, rewire, written
from tinygrad_edu.program.tracing import cast

Pass = Callable[[Program], Program]

_LIKE = {np.ones_like: 1, np.zeros_like: 0}
_COMMUTE = {np.add, np.multiply}
_NEUTRAL: dict[Any, int] = {np.add: 0, np.subtract: 0, np.multiply: 1, np.divide: 1}
_IMPURE = {expect, operator.setitem, np.empty_like}


def with_outputs(program: Program, nodes: list[Node], by: dict[Node, Any]) -> Program:
    """Give the program of these nodes, with `by` telling what outputs were replaced by."""
    outputs = [by.get(x, x) if isinstance(x, Node) else x for x in program.outputs]
    for x, y in zip(program.outputs, outputs, strict=True):
        if isinstance(y, Node) and not isinstance(y, Input):
            y.name = y.name or x.name
    return Program(program.name, program.inputs, nodes, outputs)


def without_dead(program: Program) -> Program:
    """Drop what leads to no output, to no question, and into no memory that does."""
    live: set[Node] = set(program.results)
    memory = {node.memory for node in live}
    kept = []
    for node in reversed(program.nodes):
        writes = node.writes is not None and node.writes.memory in memory
        if node in live or writes or node.function is expect or _is_asked_for(node):
            kept.append(node)
            live.update(node.operands)
            memory.update(x.memory for x in node.operands)
            if writes and node.writes is not None:
                live.add(node.writes)
    return with_outputs(program, kept[::-1], {})


def _is_asked_for(node: Node) -> bool:
    """Tell whether a node may be there for what it refuses, such as a matrix that is not positive definite."""
    return not node.backward and (getattr(node.function, "__module__", None) or "").startswith("numpy.linalg")


def with_constants(program: Program) -> Program:
    """Compute what depends on no input, now; an array of equal numbers takes the place of one number only."""
    private, kept = written(program.nodes), []
    by: dict[Node, Any] = {}
    for node in program.nodes:
        rewire(node, by)
        if node.memory in private or node.writes is not None or node.function is np.empty_like:
            kept.append(node)
        elif node.function in _LIKE and node.shape is not None:
            by[node] = _uniform(_LIKE[node.function], node)
        elif node.function is expect and not isinstance(node.arguments[0], Node):
            continue
        elif not any(True for _ in node.operands):
            with np.errstate(all="ignore"):
                by[node] = _even(node.function(*node.arguments, **node.keywords))
        else:
            kept.append(node)
    return with_outputs(program, kept, by)


def _even(x: Any) -> Any:
    """Keep one number of an array in which all are the same, to the bit."""
    if isinstance(x, np.ndarray) and x.size > 1 and x.tobytes() == x.flat[0].tobytes() * x.size:
        return np.broadcast_to(x.flat[0], x.shape)
    return x


def _uniform(number: Any, node: Node) -> Any:
    scalar = node.dtype.type(number)
    return np.broadcast_to(scalar, node.shape or ()) if node.strides is not None else scalar


def without_repeated(program: Program) -> Program:
    """Use again what was computed before from the same."""
    private, kept, results = written(program.nodes), [], {node.memory for node in program.results}
    by: dict[Node, Any] = {}
    seen: dict[Any, Node] = {}
    for node in program.nodes:
        rewire(node, by)
        key = _key(node)
        first = seen.get(key)
        fleeting = node.memory in private or any(x.memory in private for x in node.operands)
        if node.writes is not None or node.function in _IMPURE - {expect} or fleeting:
            kept.append(node)
        elif first is not None and not (node.memory in results and first.memory in results):
            by[node] = first
            first.name = first.name or node.name
        else:
            seen[key] = node
            kept.append(node)
    return with_outputs(program, kept, by)


def _key(node: Node) -> Any:
    arguments: Any = tuple([x if isinstance(x, Node) else _frozen(x) for x in node.arguments])
    if node.function in _COMMUTE and len(arguments) == 2:
        arguments = frozenset(arguments)
    return node.function, arguments, *((key, _frozen(x)) for key, x in node.keywords.items())


def _frozen(x: Any) -> Any:
    """Make something that can be looked up, and is equal only for the same argument."""
    if isinstance(x, Node):
        return "node", id(x)
    if isinstance(x, (tuple, list)):
        return type(x), *map(_frozen, x)
    if isinstance(x, slice):
        return slice, *map(_frozen, (x.start, x.stop, x.step))
    return fingerprint(x)


def without_copies(program: Program) -> Program:
    """Drop copies of what is not written into, and is given to nobody else."""
    private, results = written(program.nodes), [node.memory for node in program.results]
    by: dict[Node, Any] = {}
    kept = []
    for node in program.nodes:
        rewire(node, by)
        x = node.arguments[0] if node.function is np.copy else None
        alike = isinstance(x, Node) and x.strides == node.strides and private.isdisjoint({x.memory, node.memory})
        if isinstance(x, Node) and alike and (node.memory not in results or _is_ours(x, results)):
            by[node] = x
            results = [x.memory if memory is node else memory for memory in results]
        else:
            kept.append(node)
    return with_outputs(program, kept, by)


def _is_ours(x: Node, results: list[Node]) -> bool:
    """Tell whether `x` may be handed out: it is a whole array that nobody else has."""
    return not isinstance(x, Input) and not x.is_view and x not in results


def with_algebra(program: Program) -> Program:
    """Write shorter what calculus leaves behind; each change gives the same numbers."""
    private, results = written(program.nodes), {node.memory for node in program.results}
    last = {node.writes.memory: node for node in program.nodes if node.writes is not None}
    to_come = set(private)
    by: dict[Node, Any] = {}
    kept = []
    for node in program.nodes:
        rewire(node, by)
        if node.writes is not None and last[node.writes.memory] is node:
            to_come.discard(node.writes.memory)
        if node.memory in private or node.writes is not None or node.shape is None:
            kept.append(node)
            continue
        _with_scalars(node)
        x = _shorter(node)
        if isinstance(x, Node) and x.memory not in to_come and _is_alike(x, node):
            shared = node.strides is not None and (isinstance(x.memory, Input) or x.memory in results)
            if node.memory not in results or not shared:
                by[node] = x
                continue
        kept.append(node)
    return with_outputs(program, kept, by)


def _is_alike(x: Node, node: Node) -> bool:
    return (x.kind, x.shape, x.dtype, x.strides) == (node.kind, node.shape, node.dtype, node.strides)


def _with_scalars(node: Node) -> None:
    """Put the number in place of an array of equal numbers, where another operand has the whole shape.

    Beside float64, NumPy's own number does as Python's does, which reads better.
    """
    if not isinstance(node.function, np.ufunc) or node.function.signature is not None:
        return
    whole = [x for x in node.operands if x.shape == node.shape]
    if whole:
        in_rows = node.is_row_by_row and all(x.is_row_by_row for x in whole)
        node.arguments = tuple(x.flat[0] if _is_one_number(x, in_rows) else x for x in node.arguments)
    if all(x.dtype == np.float64 for x in node.operands):
        node.arguments = tuple(float(x) if type(x) is np.float64 else x for x in node.arguments)


def _is_one_number(x: Any, in_rows: bool) -> bool:
    """Tell whether an array of equal numbers can go without changing how the result lies in memory."""
    if not isinstance(x, np.ndarray) or not x.size:
        return False
    alike = in_rows and x.flags.c_contiguous and x.tobytes() == x.flat[0].tobytes() * x.size
    return alike or not any(x.strides)


def _shorter(node: Node) -> Any:
    """Give what a node equals, if it is one of its operands; or write the node itself shorter."""
    function, arguments = node.function, node.arguments
    if node.keywords or not arguments:
        return None
    x = arguments[0]
    y = arguments[1] if len(arguments) == 2 else None
    if function is np.multiply:
        _gather(node)
        x, y = node.arguments
    neutral = _NEUTRAL.get(function)
    if neutral is not None and _is(neutral, y):
        return x
    if function in _COMMUTE and _is(neutral, x):
        return y
    if function is np.positive:
        return x
    if function is np.negative and isinstance(x, Node) and x.function is np.negative:
        return x.arguments[0]
    if function is np.exp and isinstance(x, Node):
        return _exp_of_log(node, x)
    if function in (cast, np.broadcast_to, np.reshape) or (
        function is operator.getitem and isinstance(y, tuple) and not y
    ):
        return x
    if function in (operator.pow, np.power):
        return _power(node, x, y)
    return None


def _gather(node: Node) -> None:
    """Write c · (d · x) as (c · d) · x where c or d is a power of two, which rounds nothing."""
    c, inner = sorted(node.arguments, key=lambda x: isinstance(x, Node))
    if not isinstance(inner, Node) or inner.function is not np.multiply or inner.dtype != node.dtype:
        return
    d, x = sorted(inner.arguments, key=lambda x: isinstance(x, Node))
    numbers = all(isinstance(z, (int, float, np.floating)) for z in (c, d))
    if numbers and isinstance(x, Node) and any(abs(math.frexp(z)[0]) == 0.5 for z in (c, d)):
        node.arguments = c * d, x


def _exp_of_log(node: Node, x: Node) -> None:
    """Write exp(a - log(b)) as exp(a) / b, where exp(a) was computed to find b: so it is after a log-softmax."""
    if x.function is not np.subtract or not isinstance(x.arguments[1], Node) or x.arguments[1].function is not np.log:
        return
    a, total = x.arguments[0], x.arguments[1].arguments[0]
    summed = total.arguments[0] if isinstance(total, Node) and total.function is np.sum else None
    if isinstance(summed, Node) and summed.function is np.exp and summed.arguments == (a,):
        node.function, node.arguments = np.divide, (summed, total)


def _is(number: Any, x: Any) -> bool:
    return isinstance(x, (int, float, np.generic)) and bool(x == number)


def _power(node: Node, x: Any, y: Any) -> Any:
    """Write a power as NumPy itself computes it: by the quicker function, if there is one."""
    floats = isinstance(x, Node) and x.dtype is not None and x.dtype.kind == "f"
    quick = {2: np.square, 0.5: np.sqrt, -1: np.reciprocal} if floats else {}
    arrays = node.shape or any(isinstance(c, Node) and c.kind is np.ndarray for c in (x, y))
    if node.function is operator.pow and node.dtype == np.float64 and not arrays:
        quick.pop(0.5, None)  # ** of single numbers is no square root, which differs at -inf
        node.function = np.float_power
    if isinstance(y, (int, float)) and y in quick:
        node.function, node.arguments = quick[y], (x,)
    elif isinstance(y, (int, float)) and y == 1:
        return x
    elif quick and isinstance(y, (int, float)) and y == 0:
        node.function, node.arguments = np.ones_like, (x,)
    elif node.function is operator.pow:
        node.function = np.power
    return None


PASSES: tuple[Pass, ...] = (
    without_dead, with_constants, with_algebra, with_constants, without_repeated, with_algebra, without_copies,
    without_repeated, without_dead,
)  # fmt: skip


def simplified(program: Program, passes: tuple[Pass, ...] = PASSES) -> tuple[Program, list[tuple[str, int]]]:
    """Run passes one after the other; give the program, and how many nodes each of them left."""
    history = [("traced", len(program.nodes))]
    for each in passes:
        program = each(program)
        history.append((each.__name__, len(program.nodes)))
    return program, history
