"""The pass that calls NumPy where it is quickest, and the table of what can be told where to write.

Sums over one axis of a matrix become products with ones, which adds in another order; all else gives the same numbers.
"""

import math
from typing import Any

import numpy as np

from tinygrad_edu.compiler.ir import Graph, Node, given, written_memory
from tinygrad_edu.core.rules import is_opaque

REDUCTIONS = {
    np.sum: np.add.reduce, np.max: np.maximum.reduce, np.min: np.minimum.reduce, np.prod: np.multiply.reduce,
    np.all: np.logical_and.reduce, np.any: np.logical_or.reduce,
}  # fmt: skip
_SUM = np.add.reduce


def is_elementwise(node: Node) -> bool:
    """Tell whether each number of the result comes of one number of each operand."""
    function = node.function
    return is_opaque(function) or (isinstance(function, np.ufunc) and function.signature is None and function.nout == 1)


def choose_numpy_calls(program: Graph) -> Graph:
    """Call NumPy's C functions directly."""
    nodes: list[Node] = []
    private = written_memory(program.nodes)
    for node in program.nodes:
        if node.writes is None and node.memory not in private:
            _quicken(node, nodes)
        nodes.append(node)
    return Graph(program.name, program.inputs, nodes, program.outputs)


def _quicken(node: Node, nodes: list[Node]) -> None:
    """Change the call of one node; what has to be computed before it goes to the end of `nodes`."""
    if node.function is np.mean and isinstance(node.arguments[0], Node) and node.arguments[0].dtype.itemsize > 2:
        total = node.sibling(np.sum, node.arguments, node.shape, node.strides, node.dtype)
        total.keywords = node.keywords
        _quicken(total, nodes)
        nodes.append(total)
        scale = node.arguments[0].size // max(node.size, 1)
        node.function, node.arguments, node.keywords = np.divide, (total, scale), {}
    elif node.function in REDUCTIONS and len(node.arguments) == 1 and not node.keywords.keys() - {"axis", "keepdims"}:
        node.function = REDUCTIONS[node.function]
        node.keywords = {"axis": None} | node.keywords
        if node.function == _SUM:
            _as_product(node)
    elif node.function is np.matmul and not node.keywords and all(_axes(x) == 2 for x in node.arguments):
        node.function = np.dot


def prepare_constants(program: Graph) -> Graph:
    """Make arrays without axes of the numbers that arrays are combined with: NumPy need not convert them each time."""
    nodes: list[Node] = []
    ready: dict[Any, Node] = {}
    for node in program.nodes:
        if is_elementwise(node) and node.shape and not node.keywords:
            dtypes = {x.dtype for x in node.arguments if isinstance(x, Node) and x.shape}
            if len(dtypes) == 1 and next(iter(dtypes)).kind == "f":
                dtype = dtypes.pop()
                node.arguments = tuple(_ready(x, dtype, node, nodes, ready) for x in node.arguments)
        nodes.append(node)
    return Graph(program.name, program.inputs, nodes, program.outputs)


def _ready(x: Any, dtype: Any, node: Node, nodes: list[Node], ready: dict[Any, Node]) -> Any:
    """Give a number as an array without axes, of the dtype that it would be converted to."""
    if type(x) in (int, float) or (isinstance(x, np.generic) and x.dtype == dtype):
        return np.array(x, dtype)
    if isinstance(x, Node) and x.shape is None and x.function is given:
        if (x, dtype) not in ready:
            ready[x, dtype] = node.sibling(np.asarray, (x, dtype), (), None, dtype)
            ready[x, dtype].name = x.name
            nodes.append(ready[x, dtype])
        return ready[x, dtype]
    return x


def _axes(x: Any) -> int:
    return len(x.shape or ()) if isinstance(x, (Node, np.ndarray)) else 0


def _as_product(node: Node) -> None:
    """Sum over the first or last axis of a matrix by multiplying it by ones."""
    (x,), axis, keepdims = node.arguments, node.keywords["axis"], node.keywords.get("keepdims", False)
    if not isinstance(x, Node) or x.shape is None or x.dtype.kind != "f" or x.dtype.itemsize < 4:
        return
    axis = axis[0] if isinstance(axis, tuple) and len(axis) == 1 else axis
    if len(x.shape) != 2 or not isinstance(axis, int) or math.prod(x.shape) < 1 or x.strides is None:
        return
    if x.dtype.itemsize not in x.strides:
        return
    axis %= 2
    ones = np.ones((x.shape[1], 1) if axis else (1, x.shape[0]), x.dtype)
    if not keepdims:
        ones = ones.reshape(-1)
    node.function, node.arguments, node.keywords = np.dot, ((x, ones) if axis else (ones, x)), {}
