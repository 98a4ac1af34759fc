r"""The pass that proves slopes to be 0: what goes back through the shift by which exp is kept from overflowing.

log(sum(exp(x - m))) + m and exp(x - m) / sum(exp(x - m)) do not depend on m = max(x), so what m gets is 0, but for
rounding; and to share it among the largest takes nine calls. Calculus does not see that; algebra does, once the
cotangent of m is multiplied out:

    c - sum(c / s · e)  =  c - c / s · sum(e)  =  c - c  =  0        since s is sum(e), and c and s differ in no column

factor    a node that is not looked into, or the sum of a product along an axis
product   factors with their powers
form      products with their coefficients, which are added up
"""

import itertools
import math
import operator
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from tinygrad_edu.compiler.ir import Graph, Node, Shape, cast, fingerprint, settled, substitute
from tinygrad_edu.compiler.passes.algebra import may_stand_for
from tinygrad_edu.derivatives.indexing import picks_all

Product = frozenset[tuple[Any, int]]
Form = dict[Product, float]

_DEEPEST, _MOST = 24, 16  # calls that are looked through, and products in a form
_ROUNDING = 8 * float(np.finfo(float).eps)
_RESHAPES = {np.reshape, np.ravel, np.squeeze, np.expand_dims, np.copy}
_EXTREMES = {np.max, np.min, np.maximum.reduce, np.minimum.reduce}


class Sum(NamedTuple):
    """The sum of a product along an axis, counted from the last, which stays as one of length 1."""

    axis: int
    product: Product
    shape: Shape


class View(NamedTuple):
    """A factor with axes of length 1 put in or left out; those in front do not count."""

    factor: Any
    shape: Shape


class Constant(NamedTuple):
    """An array of numbers, the same factor only where it is the same to the bit."""

    fingerprint: Any
    shape: Shape


def drop_shift_slopes(graph: Graph) -> Graph:
    """Drop what goes back through the largest of numbers where that adds up to 0, whatever the numbers are.

    >>> import tinygrad_edu as tg
    >>> from tinygrad_edu.compiler.passes.simplify import eliminate_dead_code
    >>> from tinygrad_edu.compiler.tracing.trace import Traced
    >>> def softmax(x):
    ...     e = np.exp(x - np.max(x, axis=-1, keepdims=True))
    ...     return e / np.sum(e, axis=-1, keepdims=True)
    >>> graph = Traced(lambda g, x: tg.vjp(softmax, x)[1](g)[0], (np.ones((2, 3)), np.ones((2, 3))), {}).graph
    >>> [np.equal in {node.function for node in each.nodes}
    ...  for each in (graph, eliminate_dead_code(drop_shift_slopes(graph)))]
    [True, False]
    """
    settled_nodes, given_out = settled(graph.nodes), {node.memory for node in graph.results}
    forms, kept = _Forms(settled_nodes), []
    zeros: set[Any] = set()
    by: dict[Node, Any] = {}
    for node in graph.nodes:
        substitute(node, by)
        if node in settled_nodes and not node.keywords and len(node.arguments) == 2:
            x, y = node.arguments
            shared = node.function is np.divide and _counts_ties(y, settled_nodes) and not forms.of(x)
            if shared or (node.function is np.multiply and (_is_in(x, zeros) or _is_in(y, zeros))):
                zeros.add(node)
            elif (
                node.function is np.add
                and _is_in(y, zeros)
                and isinstance(x, Node)
                and may_stand_for(x, node, given_out)
            ):
                by[node] = x
                continue
        kept.append(node)
    return graph.with_outputs(kept, by)


def _is_in(x: Any, nodes: set[Any]) -> bool:
    return isinstance(x, Node) and x in nodes


def _counts_ties(x: Any, settled_nodes: set[Node]) -> bool:
    """Whether a node counts how often the largest (or smallest) of numbers is among them."""
    for functions in ({np.sum}, {cast}, {np.equal}):
        if not _is_in(x, settled_nodes) or x.function not in functions:
            return False
        shared, x = x, x.arguments[0]
    compared = [y.arguments[0] if y.function is np.expand_dims else y for y in shared.operands]
    return any(y.function in _EXTREMES for y in compared)


class _Forms:
    """The form of each node, multiplied out as far as that goes."""

    def __init__(self, settled_nodes: set[Node]) -> None:
        self._settled = settled_nodes
        self._known: dict[Node, Form] = {}

    def of(self, x: Any, depth: int = 0) -> Form:
        """The form of an operand; {} is 0."""
        if not isinstance(x, Node):
            return _constant(np.asarray(x))
        if x not in self._known:
            form = self._multiplied_out(x, depth) if x in self._settled and depth < _DEEPEST else None
            self._known[x] = {frozenset([(x, 1)]): 1.0} if form is None or len(form) > _MOST else form
        return self._known[x]

    def _multiplied_out(self, node: Node, depth: int) -> Form | None:
        """What a call makes of the forms of its operands; None where algebra does not help."""
        function, keywords = node.function, node.keywords
        if node.dtype is None or node.dtype.kind != "f":
            return None
        if function is np.sum and keywords.keys() <= {"axis", "keepdims"}:
            return self._sum(node, depth)
        if function in _RESHAPES or (function is operator.getitem and picks_all(node.arguments[1])):
            x = node.arguments[0]
            return _reshaped(self.of(x, depth + 1), x.shape, node.shape) if isinstance(x, Node) else None
        if keywords or function not in _ARITHMETIC:
            return None
        forms = [self.of(x, depth + 1) for x in node.arguments[: 1 if function is np.broadcast_to else 2]]
        form: Form | None = _ARITHMETIC[function](*forms)
        return form

    def _sum(self, node: Node, depth: int) -> Form | None:
        """The sum along some axes, or all."""
        (x,), axis = node.arguments, node.keywords.get("axis")
        if not isinstance(x, Node) or x.shape is None:
            return None
        form, shape, n = self.of(x, depth + 1), [*x.shape], len(x.shape)
        for i in range(n) if axis is None else normalize_axis_tuple(axis, n):
            form, shape[i] = _sum_along(form, i - n, shape[i]), 1
        return _reshaped(form, tuple(shape), node.shape)


def _constant(x: Any) -> Form:
    """The number that all of an array are, or a factor, with the sign of its first number that is not 0 in front."""
    first = float(x.flat[np.argmax(x != 0)]) if x.dtype.kind in "fiub" and x.size else math.nan
    if not math.isfinite(first):
        return {frozenset([(Constant(fingerprint(x), x.shape), 1)]): 1.0}
    if np.all(x == first):
        return {frozenset(): first} if first else {}
    sign = math.copysign(1.0, first)
    return {frozenset([(Constant(fingerprint(sign * x + 0.0), x.shape), 1)]): sign}


def _reshaped(form: Form, before: Shape | None, after: Shape | None) -> Form | None:
    """The form of an array when axes of length 1 come or go; None if others do."""
    if before is None or after is None or [n for n in before if n != 1] != [n for n in after if n != 1]:
        return None

    def view(factor: Any) -> Any:
        own = _lengths(factor, len(before))
        rest = iter([own[i] for i, n in enumerate(before) if n != 1])
        shape = _without_ones([1 if n == 1 else next(rest) for n in after])
        base = factor.factor if isinstance(factor, View) else factor
        return base if _without_ones(base.shape) == shape else View(base, shape)

    return {frozenset((view(factor), n) for factor, n in product): c for product, c in form.items()}


def _without_ones(shape: Sequence[int] | None) -> Shape:
    """A shape, without the lengths of 1 that it begins with."""
    return tuple(itertools.dropwhile(lambda n: n == 1, shape or ()))


def _lengths(factor: Any, ndim: int) -> Shape:
    """The shape of a factor among arrays of so many axes: of those that it does not have, 1 is the length."""
    shape = _without_ones(factor.shape)
    return (1,) * (ndim - len(shape)) + shape


def _sum_along(form: Form, axis: int, length: int) -> Form:
    """The sum along one axis, which stays, with what is constant along it in front."""
    total = Form()
    for product, coefficient in form.items():
        varying = frozenset(factor for factor in product if _lengths(factor[0], -axis)[axis] != 1)
        times = 1 if varying else length
        total = _plus(total, {_times(product - varying, _summed(varying, axis)): coefficient * times})
    return total


def _summed(product: Product, axis: int) -> Product:
    if not product:
        return product
    shape = [*np.broadcast_shapes(*(factor.shape for factor, _ in product))]
    shape[axis] = 1
    return frozenset([(Sum(axis, product, tuple(shape)), 1)])


def _times(x: Product, y: Product, power: int = 1) -> Product:
    """The product x · y, or x / y where the power is -1."""
    powers: Counter[Any] = Counter(dict(x))
    for factor, n in y:
        powers[factor] += power * n
    return frozenset((factor, n) for factor, n in powers.items() if n)


def _plus(x: Form, y: Form, sign: float = 1.0) -> Form:
    total = dict(x)
    for product, coefficient in y.items():
        before, more = total.pop(product, 0.0), sign * coefficient
        if abs(before + more) > _ROUNDING * (abs(before) + abs(more)):
            total[product] = before + more
    return total


def _multiply(x: Form, y: Form) -> Form | None:
    if len(x) * len(y) > _MOST or (not (x and y) and not _is_number(x or y)):  # 0 · ∞ is not 0
        return None
    total = Form()
    for a, c in x.items():
        for b, d in y.items():
            total = _plus(total, {_times(a, b): c * d})
    return total


def _is_number(x: Form) -> bool:
    return x.keys() <= {frozenset()}


def _divide(x: Form, y: Form) -> Form | None:
    if len(y) != 1 or not (x or _is_number(y)):
        return None
    ((product, coefficient),) = y.items()
    return {_times(a, product, -1): c / coefficient for a, c in x.items()}


_ARITHMETIC: dict[Any, Any] = {
    np.add: _plus,
    np.subtract: lambda x, y: _plus(x, y, -1.0),
    np.negative: lambda x: _plus({}, x, -1.0),
    np.multiply: _multiply,
    np.divide: _divide,
    np.broadcast_to: lambda x: x,
}
