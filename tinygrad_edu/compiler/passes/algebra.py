"""The pass that writes shorter what calculus leaves behind: a table of rewrites, each of which rounds nothing.

A rewrite holds for every float, zeros of both signs, infinities and NaN included, or it is not in the table. So
0 + x is not x, which may be -0.0, and 0.5 · (4 · x) is not 2 · x, which does not overflow where 4 · x does.

x, y  operands: nodes or constants
"""

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_edu.compiler.ir import Graph, Input, Node, cast, settled, substitute

MadeBy = Callable[[Any, Any], bool]
Rule = Callable[..., Any]

_ROUNDED_RIGHT = {
    np.add, np.subtract, np.multiply, np.divide, np.maximum, np.minimum, np.equal, np.not_equal, np.less,
    np.less_equal, np.greater, np.greater_equal,
}  # fmt: skip
_QUICKER: dict[float, Any] = {2: np.square, 0.5: np.sqrt, -1: np.reciprocal, 0: np.ones_like}


def simplify_algebra(graph: Graph) -> Graph:
    """Write shorter what calculus leaves behind; each change gives the same numbers.

    >>> from tinygrad_edu.compiler.tracing.trace import Traced
    >>> graph = Traced(lambda x: np.sin(1.0 * x) ** 2, (np.ones(3),), {}).graph
    >>> print(graph)
    program(x)
    t1 = np.multiply(1.0, x)  float64 (3,)
    t2 = np.sin(t1)  float64 (3,)
    t3 = pow(t2, 2)  float64 (3,)
    return t3
    >>> print(simplify_algebra(graph))
    program(x)
    t1 = np.sin(x)  float64 (3,)
    t2 = np.square(t1)  float64 (3,)
    return t2
    """
    settled_nodes, given_out = settled(graph.nodes), {node.memory for node in graph.results}
    by: dict[Node, Any] = {}
    kept, changed = [], False

    def made_by(x: Any, function: Any) -> bool:
        """Whether a call of `function` made `x`, and would still give what `x` holds; of a ufunc, one on all of it."""
        bare = isinstance(x, Node) and not (isinstance(function, np.ufunc) and x.keywords)
        return bare and x.function == function and x in settled_nodes

    for node in graph.nodes:
        substitute(node, by)
        if node.writes is None and node.shape is not None and node.dtype.kind in "fiub":
            before = node.function, *node.arguments
            _with_one_number(node)
            rule = RULES.get(node.function)
            x = rule(node, made_by, *node.arguments) if rule and not node.keywords else None
            if node in settled_nodes and isinstance(x, Node) and may_stand_for(x, node, given_out):
                by[node] = x
                continue
            changed = changed or any(map(operator.is_not, before, (node.function, *node.arguments)))
        kept.append(node)
    return graph.with_outputs(kept, by) if by or changed else graph


def may_stand_for(x: Node, node: Node, given_out: set[Node]) -> bool:
    """Whether `x`, of the same numbers, may take the place of `node`; if so, note that its memory is given out.

    They must be alike in kind, dtype, shape and strides. And what is given out is an array of its own: no input, no
    other result, and no view.
    """
    if (x.kind, x.shape, x.dtype, x.strides) != (node.kind, node.shape, node.dtype, node.strides):
        return False
    if node.memory in given_out and node.strides is not None:
        if isinstance(x.memory, Input) or x.is_view or x in given_out:
            return False
        given_out.add(x)
    x.name = x.name or node.name
    return True


def _with_one_number(node: Node) -> None:
    """Put the number in place of an array of equal numbers, where another operand has the whole shape.

    Only for what is rounded as IEEE 754 says: NumPy computes other functions of arrays by other loops than of one
    number, and those may round otherwise. Beside float64, NumPy's own number does as Python's does, and reads better.
    """
    if node.shape and node.function in _ROUNDED_RIGHT:
        whole = [x for x in node.operands if x.shape == node.shape]
        # what is stretched says nothing of how a result is laid out
        if whole and all(0 not in (x.strides or ()) and _order(x.strides) == _order(node.strides) for x in whole):
            node.arguments = tuple(x.flat[0] if _is_of_one_number(x, node) else x for x in node.arguments)
    written_out = np.float64 in map(type, node.arguments) and isinstance(node.function, np.ufunc)
    if written_out and {x.dtype for x in node.operands} == {np.dtype(np.float64)}:
        node.arguments = tuple(float(x) if type(x) is np.float64 else x for x in node.arguments)


def _is_of_one_number(x: Any, node: Node) -> bool:
    """Whether an array, all of it one number to the bit, can go without changing how the result lies in memory."""
    if not isinstance(x, np.ndarray) or not x.size:
        return False
    return not any(x.strides) or (
        _order(x.strides) == _order(node.strides) and x.tobytes() == x.flat[0].tobytes() * x.size
    )


def _order(strides: tuple[int, ...] | None) -> list[int]:
    """The axes from the one with the longest step to the one with the shortest: so NumPy lays out a result."""
    return sorted(range(len(strides or ())), key=lambda i: -abs((strides or ())[i]))


def _is_number(x: Any) -> bool:
    return isinstance(x, (int, float, np.floating))


def _is(number: float, x: Any) -> bool:
    """Whether `x` is this very number, the sign of a zero included."""
    one = isinstance(x, (int, float, np.bool_, np.integer, np.floating))
    return one and bool(x == number) and math.copysign(1.0, x) == math.copysign(1.0, number)


def _add(node: Node, _: MadeBy, x: Any, y: Any) -> Any:
    """Drop x + -0.0; for integers, whose zero has no sign, x + 0."""
    nothing = -0.0 if node.dtype.kind == "f" else 0
    return x if _is(nothing, y) else y if _is(nothing, x) else None


def _subtract(_: Node, __: MadeBy, x: Any, y: Any) -> Any:
    """Drop x - 0.0, which keeps even -0.0."""
    return x if _is(0.0, y) else None


def _multiply(node: Node, made_by: MadeBy, x: Any, y: Any) -> Any:
    """Drop x · 1; write c · -x as -c · x, and c · (d · x) as (c · d) · x where both round once.

    They do where d is a power of two and neither c nor d is less than 1: then d · x is exact or overflows, as the
    product of all three does.
    """
    c, inner = (y, x) if isinstance(x, Node) else (x, y)
    if _is(1, c):
        return inner
    # The integer 0 has no sign to turn.
    if made_by(inner, np.negative) and _is_number(c) and c != 0 and inner.dtype.kind == "f":
        c, inner = -c, inner.arguments[0]
        node.arguments = c, inner
    if made_by(inner, np.multiply) and inner.dtype == node.dtype and node.dtype.kind == "f":
        d, z = sorted(inner.arguments, key=lambda x: isinstance(x, Node))
        if isinstance(z, Node) and _is_number(c) and _is_number(d) and _is_exact(c, d, node.dtype):
            node.arguments = node.dtype.type(float(c) * float(d)), z
    return None


def _is_exact(c: float, d: float, dtype: Any) -> bool:
    """Whether d is a power of two, and c · d neither rounds nor overflows, nor does d · x where c · d · x does not."""
    least, product = min(abs(c), abs(d)), abs(float(c) * float(d))
    return least >= 1 and abs(math.frexp(d)[0]) == 0.5 and product <= float(np.finfo(dtype).max)


def _divide(_: Node, __: MadeBy, x: Any, y: Any) -> Any:
    return x if _is(1, y) else None


def _negative(_: Node, made_by: MadeBy, x: Any) -> Any:
    """Write -(-x) as x: a sign is turned twice."""
    return x.arguments[0] if made_by(x, np.negative) else None


def _itself(_: Node, __: MadeBy, x: Any, *how: Any) -> Any:
    """Drop what changes nothing, which the caller sees: dtype, shape and strides are the same."""
    return x


def _getitem(_: Node, __: MadeBy, x: Any, index: Any) -> Any:
    """Drop x[()]."""
    return x if isinstance(index, tuple) and not index else None


def _exp(node: Node, made_by: MadeBy, x: Any) -> None:
    """Write exp(a - log(sum(exp(a)))) as exp(a) / sum(exp(a)), as a log-softmax leaves it.

    Only where `a` is what numbers are below their largest along the same axis: then the sum is at least 1, and nothing
    overflows. This one rounds otherwise, by a few units in the last place.
    """
    if not made_by(x, np.subtract) or not made_by(x.arguments[1], np.log):
        return
    a, total = x.arguments[0], x.arguments[1].arguments[0]
    if not made_by(a, np.subtract) or not made_by(total, np.sum) or not made_by(total.arguments[0], np.exp):
        return
    numbers, largest = a.arguments
    exponential, how = total.arguments[0], total.keywords
    if not made_by(largest, np.max) and not made_by(largest, np.maximum.reduce):
        return
    below_it = largest.arguments[0] is numbers and exponential.arguments[0] is a
    same_axis = how.keys() == {"axis", "keepdims"} == largest.keywords.keys() and largest.keywords == how
    if below_it and same_axis and how["keepdims"] is True:
        node.function, node.arguments = np.divide, (exponential, total)


def _power(node: Node, _: MadeBy, x: Any, y: Any) -> Any:
    """Write a power as NumPy itself computes it where the exponent is one number: by a quicker function.

    The ``**`` of single numbers is that of the C library, which np.float_power calls; those of float16 and of integers
    are left alone.
    """
    known = _is_number(y) and isinstance(x, Node) and x.dtype == node.dtype
    arrays = node.shape or any(isinstance(z, Node) and z.kind is np.ndarray for z in (x, y))
    if known and y == 1:
        return x
    if node.function is operator.pow and not arrays:
        node.function = np.float_power if node.dtype == np.float64 else operator.pow
    elif node.dtype.kind == "f" and node.dtype.itemsize > 2:
        alike = (
            node.shape and isinstance(x, Node) and x.is_contiguous and node.is_contiguous
        )  # else np.ones_like may lie otherwise
        quicker = _QUICKER.get(y) if known and (y or alike) else None
        node.function, node.arguments = (quicker, (x,)) if quicker else (np.power, (x, y))
    return None


# A rule is given the node, what asks who made an operand, and the operands. It returns the operand that
# the node equals, or None; or it changes the call of the node.
RULES: dict[Any, Rule] = {
    np.add: _add,
    np.subtract: _subtract,
    np.multiply: _multiply,
    np.divide: _divide,
    np.negative: _negative,
    np.positive: _itself,
    cast: _itself,
    np.broadcast_to: _itself,
    np.reshape: _itself,
    operator.getitem: _getitem,
    np.exp: _exp,
    np.power: _power,
    operator.pow: _power,
}
