"""Products of stacks of rows and columns, such as `vmap` makes, as NumPy is quickest at them.

x, y  the factors, stacks of matrices
w     a matrix that is the same for all of a stack
"""

import numpy as np

from tinygrad_edu.compiler.ir import Graph, Node, settled

_MANY = 8192  # elements, from which on einsum's way of multiplying makes up for its call


def choose_products(graph: Graph) -> Graph:
    """Multiply a stack of rows by a matrix as one matrix, and, backward, columns by rows with einsum.

    A large product is added up in another order than many small ones, and einsum makes 0.0 of -0.0.

    >>> import tinygrad_edu as tg
    >>> from tinygrad_edu.compiler.tracing.trace import Traced
    >>> f = tg.vmap(tg.grad(lambda w, x: np.sum(np.tanh(x @ w))), in_axes=(None, 0))
    >>> graph = Traced(f, (np.ones((2, 3)), np.ones((5, 2))), {}).graph
    >>> [node.shape for node in graph.nodes if node.function is np.matmul]
    [(5, 1, 3)]
    >>> [node.shape for node in choose_products(graph).nodes if node.function is np.matmul]
    [(5, 3)]
    """
    settled_nodes = settled(graph.nodes)
    moved: dict[Node, Node] = {}
    nodes: list[Node] = []
    for node in graph.nodes:
        if node.memory in moved:
            node.memory = moved[node.memory]
        if node in settled_nodes and node.function is np.matmul and (w := _same_for_all(node)):
            nodes += _as_one(node, w)
            moved[node] = node.memory
        elif node.function is np.multiply and node.backward and _is_outer(node):
            x, y = node.arguments if node.arguments[0].shape[-1] == 1 else node.arguments[::-1]
            node.function, node.arguments = np.einsum, ("...ij,...jk->...ik", x, y)
            node.keywords = {"order": "C"}
        nodes.append(node)
    return Graph(graph.name, graph.inputs, nodes, graph.outputs)


def _same_for_all(node: Node) -> list[Node]:
    """The nodes that make the second factor, if it is one matrix for all of a stack of first ones; the last is it."""
    x, y = node.arguments
    if not isinstance(x, Node) or not isinstance(y, Node) or node.keywords or not node.size:
        return []
    shape, made = x.shape or (), node.shape or ()
    are_rows = len(shape) > 2 and shape[-2] == 1 and shape[:-2] == made[:-2]
    return _unstretched(y) if are_rows and x.is_contiguous and node.is_contiguous else []


def _unstretched(y: Node) -> list[Node]:
    """The nodes that lead to the matrix that was stretched over a stack, or turned after it was."""
    base = y.arguments[0] if y.arguments else None
    if not isinstance(base, Node):
        return []
    if y.function is np.broadcast_to and base.shape == (y.shape or ())[-2:]:
        return [base]
    if y.function is np.swapaxes and {*y.arguments[1:]} == {-1, -2} and (made := _unstretched(base)):
        w = made[-1]
        turned = y.sibling(np.swapaxes, (w, -1, -2), (w.shape or ())[::-1], (w.strides or ())[::-1], w.dtype)
        turned.memory = w.memory
        return [*made, turned]
    return []


def _as_one(node: Node, made: list[Node]) -> list[Node]:
    """Make a node a view of the product of one large matrix, and return the nodes that are needed for it."""
    x, w = node.arguments[0], made[-1]
    (k, m), item = w.shape or (), int(node.dtype.itemsize)
    n, step = node.size // m, int(x.dtype.itemsize)
    flat = node.sibling(np.reshape, (x, (n, k)), (n, k), (step * k, step), x.dtype)
    flat.memory = x.memory
    product = node.sibling(np.matmul, (flat, w), (n, m), (item * m, item), node.dtype)
    node.function, node.arguments, node.memory = np.reshape, (product, node.shape), product
    return [*made[1:], flat, product]


def _is_outer(node: Node) -> bool:
    """Whether columns are multiplied by rows, in a stack that is worth it."""
    if len(node.shape or ()) < 2 or node.keywords or node.size < _MANY or not node.is_contiguous:
        return False
    if node.dtype.kind != "f" or not all(isinstance(x, Node) and x.dtype == node.dtype for x in node.arguments):
        return False
    (*stack, n, m), shapes = node.shape or (), [x.shape for x in node.arguments]
    return n > 1 and m > 1 and shapes in ([(*stack, n, 1), (*stack, 1, m)], [(*stack, 1, m), (*stack, n, 1)])
