"""The passes that call NumPy where it is quickest.

Sums over one axis of a matrix, and of few numbers, become products with ones. That adds in another order, as BLAS does,
and from 0.0 on: nothing but -0.0 adds up to 0.0. All else gives the same numbers.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_edu.compiler.ir import Array, Graph, Input, Node, cast, is_elementwise, settled

_REDUCTIONS: dict[Any, Callable[..., Any]] = {
    np.sum: np.add.reduce, np.max: np.maximum.reduce, np.min: np.minimum.reduce, np.prod: np.multiply.reduce,
    np.all: np.logical_and.reduce, np.any: np.logical_or.reduce,
}  # fmt: skip
_AXES = {"axis", "keepdims"}
_FEW = 128  # numbers that NumPy adds up one after the other, as a product does; more are added up in pairs


def choose_numpy_calls(graph: Graph) -> Graph:
    """Call NumPy's C functions directly.

    >>> from tinygrad_edu.compiler.tracing.trace import Traced
    >>> graph = Traced(lambda x: np.mean(x, axis=0), (np.ones((2, 3)),), {}).graph
    >>> print(choose_numpy_calls(graph))
    program(x)
    t1 = np.dot(float64 (2,), x)  float64 (3,)
    t2 = np.divide(t1, 2)  float64 (3,)
    return t2
    """
    nodes: list[Node] = []
    settled_nodes, given_out = settled(graph.nodes), {node.memory for node in graph.results}
    for node in graph.nodes:
        if node in settled_nodes and node not in given_out and _is_reinterpreted(node):
            x, dtype = node.arguments
            node.function, node.arguments, node.keywords, node.memory = np.ndarray.view, (x, dtype), {}, x.memory
        if _is_sum_over_count(node):
            (x,) = node.arguments
            total = node.sibling(np.sum, node.arguments, node.shape, node.strides, node.dtype)
            total.keywords = node.keywords
            _choose(total)
            nodes.append(total)
            node.function, node.arguments, node.keywords = np.divide, (total, x.size // max(node.size, 1)), {}
        else:
            _choose(node)
        nodes.append(node)
    return Graph(graph.name, graph.inputs, nodes, graph.outputs)


def _is_sum_over_count(node: Node) -> bool:
    """Whether a mean is the sum, in the dtype of the array itself, divided by a count that this dtype holds."""
    x = node.arguments[0] if node.function is np.mean and len(node.arguments) == 1 else None
    if not isinstance(x, Node) or x.dtype != node.dtype or not _is_float(x) or node.keywords.keys() - _AXES:
        return False
    return x.size < 1 << np.finfo(x.dtype).nmant


def _is_reinterpreted(node: Node) -> bool:
    """Whether a node reads the bits of integers as others of the same size, so that it can be a view."""
    if node.function is not cast or not node.shape or node.dtype.kind not in "iu":
        return False
    x = node.arguments[0]
    alike = x.dtype is not None and x.dtype.kind in "iu" and x.dtype.itemsize == node.dtype.itemsize
    return alike and x.shape == node.shape and x.is_contiguous and node.is_contiguous


def _is_float(x: Node) -> bool:
    """Whether it holds floats of 4 bytes or more: NumPy adds up shorter ones in another dtype."""
    return x.shape is not None and x.dtype.kind == "f" and x.dtype.itemsize >= 4


def _choose(node: Node) -> None:
    """Change the call of one node."""
    if node.function in _REDUCTIONS and len(node.arguments) == 1 and not node.keywords.keys() - _AXES:
        node.function, node.keywords = _REDUCTIONS[node.function], {"axis": None} | node.keywords
        if node.function == np.add.reduce:
            _multiply_by_ones(node)
    elif node.function is np.matmul and not node.keywords and all(_axes(x) == 2 for x in node.arguments):
        node.function = np.dot


def _axes(x: Any) -> int:
    return len(x.shape or ()) if isinstance(x, (Node, np.ndarray)) else 0


def _multiply_by_ones(node: Node) -> None:
    """Sum over the first or last axis of a matrix, or over few numbers in a row, by multiplying by ones."""
    (x,), axis, keepdims = node.arguments, node.keywords["axis"], node.keywords.get("keepdims", False)
    axis = axis[0] if isinstance(axis, tuple) and len(axis) == 1 else axis
    if not isinstance(x, Node) or not _is_float(x) or not x.size or x.strides is None:
        return
    if _axes(x) == 1 and not node.shape and x.is_contiguous and x.size <= _FEW:  # not over no axis at all
        node.function, node.arguments, node.keywords = np.dot, (x, np.ones(x.shape, x.dtype)), {}
    if _axes(x) != 2 or not isinstance(axis, int) or x.dtype.itemsize not in x.strides:
        return
    axis %= 2
    ones = np.ones((x.shape[1], 1) if axis else (1, x.shape[0]), x.dtype)  # type: ignore[index]
    if not keepdims:
        ones = ones.reshape(-1)
    node.function, node.arguments, node.keywords = np.dot, ((x, ones) if axis else (ones, x)), {}


def prepare_constants(graph: Graph) -> Graph:
    """Make arrays without axes of the numbers that arrays are combined with: NumPy need not convert them each time.

    >>> from tinygrad_edu.compiler.tracing.trace import Traced
    >>> graph = Traced(lambda x, rate: (x * rate, x + rate), (np.ones(3), 0.1), {}).graph
    >>> print(prepare_constants(graph))
    program(x, rate)
    t1 = np.asarray(rate, dtype('float64'))  float64 ()
    t2 = np.multiply(x, t1)  float64 (3,)
    t3 = np.add(x, t1)  float64 (3,)
    return t2, t3
    """
    nodes: list[Node] = []
    ready: dict[tuple[Input, Any], Node] = {}
    for node in graph.nodes:
        if is_elementwise(node) and isinstance(node.function, np.ufunc) and node.shape and not node.keywords:
            dtypes = _computed_in(node.function, node.arguments)
            node.arguments = tuple(
                _prepared(x, dtype, node, nodes, ready) if dtype is not None and dtype.kind == "f" else x
                for x, dtype in zip(node.arguments, dtypes, strict=True)
            )
        nodes.append(node)
    return Graph(graph.name, graph.inputs, nodes, graph.outputs)


def _computed_in(ufunc: np.ufunc, arguments: tuple[Any, ...]) -> list[Any]:
    """The dtype that a ufunc converts each operand to; None for what has it already, or is no number."""
    kinds = [_kind(x) for x in arguments]
    if any(kind is None for kind in kinds) or all(isinstance(x, Node) and x.shape for x in arguments):
        return [None] * len(arguments)
    return [*ufunc.resolve_dtypes((*kinds, None))[:-1]]


def _kind(x: Any) -> Any:
    """The dtype of an operand, as `resolve_dtypes` wants it: of Python's numbers, their type."""
    if isinstance(x, Node) and x.dtype is None:
        return x.kind if x.kind in (int, float, complex) else None
    return type(x) if type(x) in (int, float, complex) else getattr(x, "dtype", None)


def _prepared(x: Any, dtype: Any, node: Node, nodes: list[Node], ready: dict[tuple[Input, Any], Node]) -> Array | Node:
    """A number as an array without axes, of the dtype that it would be converted to; all else as it is."""
    if type(x) in (int, float) or (isinstance(x, np.generic) and x.dtype == dtype):
        with np.errstate(all="ignore"):
            return np.array(x, dtype)
    if isinstance(x, Input) and x.shape is None:
        if (x, dtype) not in ready:
            ready[x, dtype] = node.sibling(np.asarray, (x, dtype), (), (), dtype)
            ready[x, dtype].name = x.name
            nodes.append(ready[x, dtype])
        return ready[x, dtype]
    return x
