"""The pass that writes shorter what calculus leaves behind.

x, y  operands
c, d  numbers that are known
"""

import math
import operator
from typing import Any

import numpy as np

from tinygrad_edu.compiler.ir import Graph, Input, Node, substitute, written_memory
from tinygrad_edu.compiler.tracing.tracer import cast

COMMUTE = {np.add, np.multiply}
_NEUTRAL: dict[Any, int] = {np.add: 0, np.subtract: 0, np.multiply: 1, np.divide: 1}


def simplify_algebra(program: Graph) -> Graph:
    """Write shorter what calculus leaves behind; each change gives the same numbers."""
    private, results = written_memory(program.nodes), {node.memory for node in program.results}
    last = {node.writes.memory: node for node in program.nodes if node.writes is not None}
    to_come = set(private)
    by: dict[Node, Any] = {}
    kept = []
    for node in program.nodes:
        substitute(node, by)
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
                x.name = x.name or node.name
                continue
        kept.append(node)
    return program.with_outputs(kept, by)


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
        in_rows = node.is_contiguous and all(x.is_contiguous for x in whole)
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
    if function in COMMUTE and _is(neutral, x):
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
