"""The passes that make a graph shorter: each takes a graph and returns one that computes the same numbers.

eliminate_dead_code              nodes that lead to no output are dropped
fold_constants                   what depends on no input is computed once
eliminate_common_subexpressions  what was computed before is used again
eliminate_copies                 copies that nobody could tell from the original are dropped
simplify_algebra                 (in `algebra`) x · 1, -(-x), x ** 2 and the like are written shorter
drop_shift_slopes                (in `shifts`) what goes back through the shift of a softmax, which is 0, is dropped
add_parts_in_place               (in `scatters`) cotangents of elements and slices are added where they belong

A program may write into arrays it made. What is used again, looked into or dropped is `settled`: nothing is written,
after it, into its memory or into that of its operands.
"""

import functools
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_edu.compiler import ir
from tinygrad_edu.compiler.ir import Array, Graph, Node, assume, nodes_in, settled, substitute
from tinygrad_edu.compiler.passes.algebra import may_stand_for, simplify_algebra
from tinygrad_edu.compiler.passes.calls import call_key
from tinygrad_edu.compiler.passes.looping import narrow_loops
from tinygrad_edu.compiler.passes.residuals import keep_residuals
from tinygrad_edu.compiler.passes.scatters import add_parts_in_place
from tinygrad_edu.compiler.passes.shifts import drop_shift_slopes
from tinygrad_edu.compiler.passes.verify import Verifier
from tinygrad_edu.compiler.patience import look

Pass = Callable[[Graph], Graph]

_PARTIAL = {operator.truediv, operator.floordiv, operator.mod, operator.pow}  # of Python's numbers
_UNIFORM = {np.ones_like: 1, np.zeros_like: 0}


def eliminate_dead_code(graph: Graph) -> Graph:
    """Drop what leads to no output, to no check, and into no memory that does.

    >>> from tinygrad_edu.compiler.tracing.trace import Traced
    >>> graph = Traced(lambda x: (np.exp(x), np.sin(x))[1], (np.ones(3),), {}).graph
    >>> print(eliminate_dead_code(graph))
    program(x)
    t1 = np.sin(x)  float64 (3,)
    return t1
    """
    live: set[Node] = set(graph.results)
    memory = {node.memory for node in live}
    kept = []
    for node in reversed(graph.nodes):
        writes = node.writes is not None and node.writes.memory in memory
        if node in live or writes or node.function is assume or _may_refuse(node):
            operands = node.operands
            kept.append(node)
            live.update(operands)
            memory.update([x.memory for x in operands])
    return _of(graph, kept[::-1], {})


def _may_refuse(node: Node) -> bool:
    """Whether a node may be there for what it refuses.

    A matrix is not positive definite, an index is out of range, Python's number divides by zero, becomes complex, or
    is too large for the array that it meets.
    """
    if node.backward:
        return False
    indexes = node.function is np.take or (node.function is operator.getitem and any(nodes_in(node.arguments[1])))
    if indexes or _is_of_matrices(node.function) or (node.shape is None and node.function in _PARTIAL):
        return True
    into_integers, writes = node.dtype is not None and node.dtype.kind in "iub", node.writes is not None
    if not into_integers and not writes:
        return False
    return any((x.kind is int and into_integers) or (writes and x.shape is None) for x in node.operands)


@functools.cache
def _is_of_matrices(function: Any) -> bool:
    return (getattr(function, "__module__", None) or "").startswith("numpy.linalg")


def fold_constants(graph: Graph) -> Graph:
    """Compute what depends on no input, now, on arrays that lie as they would: NumPy may round otherwise where not.

    >>> from tinygrad_edu.compiler.tracing.trace import Traced
    >>> graph = Traced(lambda x: x * np.sqrt(4 * np.ones_like(x)), (np.ones(3),), {}).graph
    >>> print(fold_constants(graph))
    program(x)
    t1 = np.multiply(x, float64 (3,))  float64 (3,)
    return t1
    """
    settled_nodes, kept = settled(graph.nodes), []
    by: dict[Node, Any] = {}
    for node in graph.nodes:
        substitute(node, by)
        if node.function is assume and not isinstance(node.arguments[0], Node):
            continue
        if node not in settled_nodes or node.function is np.empty_like:
            kept.append(node)
        elif node.function in _UNIFORM and node.shape is not None:
            by[node] = _uniform(_UNIFORM[node.function], node)
        elif not node.operands:
            with np.errstate(all="ignore"):
                by[node] = node.function(*node.arguments, **node.keywords)
        else:
            kept.append(node)
    return _of(graph, kept, by)


def _uniform(number: int, node: Node) -> Array:
    """The number, or an array of it that lies as the result of the node."""
    if node.shape is None or node.strides is None:
        return node.dtype.type(number)
    axes = np.argsort([-step for step in node.strides], kind="stable")
    return np.full([node.shape[i] for i in axes], number, node.dtype).transpose(np.argsort(axes))


def eliminate_common_subexpressions(graph: Graph) -> Graph:
    """Use again what was computed before from the same operands.

    >>> from tinygrad_edu.compiler.tracing.trace import Traced
    >>> graph = Traced(lambda x: np.sin(x) * np.sin(x), (np.ones(3),), {}).graph
    >>> print(eliminate_common_subexpressions(graph))
    program(x)
    t1 = np.sin(x)  float64 (3,)
    t2 = np.multiply(t1, t1)  float64 (3,)
    return t2
    """
    settled_nodes, given_out, kept = settled(graph.nodes), {node.memory for node in graph.results}, []
    by: dict[Node, Any] = {}
    seen: dict[Any, Node] = {}
    for node in graph.nodes:
        substitute(node, by)
        if node in settled_nodes and node.function is not np.empty_like:
            first = seen.setdefault(call_key(node), node)
            if first is not node and may_stand_for(first, node, given_out):
                by[node] = first
                continue
        kept.append(node)
    return _of(graph, kept, by)


def eliminate_copies(graph: Graph) -> Graph:
    """Drop copies of what is not written into afterwards, and is given to nobody else.

    >>> from tinygrad_edu.compiler.tracing.trace import Traced
    >>> graph = Traced(lambda x: np.sin(np.copy(x)), (np.ones(3),), {}).graph
    >>> print(eliminate_copies(graph))
    program(x)
    t1 = np.sin(x)  float64 (3,)
    return t1
    """
    settled_nodes, given_out, kept = settled(graph.nodes), {node.memory for node in graph.results}, []
    by: dict[Node, Any] = {}
    for node in graph.nodes:
        substitute(node, by)
        x = node.arguments[0] if node.function is np.copy and node in settled_nodes else None
        if isinstance(x, Node) and may_stand_for(x, node, given_out):
            by[node] = x
        else:
            kept.append(node)
    return _of(graph, kept, by)


def _of(graph: Graph, kept: list[Node], by: dict[Node, Any]) -> Graph:
    """The graph of the nodes that were kept; itself, if these are all."""
    return graph if len(kept) == len(graph.nodes) else graph.with_outputs(kept, by)


PASSES: tuple[Pass, ...] = (
    eliminate_dead_code,
    fold_constants,
    simplify_algebra,
    fold_constants,
    eliminate_common_subexpressions,
    simplify_algebra,
    drop_shift_slopes,
    eliminate_copies,
    eliminate_common_subexpressions,
    add_parts_in_place,
    eliminate_dead_code,
    narrow_loops,
    keep_residuals,
    eliminate_dead_code,
)


def run_passes(graph: Graph, passes: tuple[Pass, ...] = PASSES) -> tuple[Graph, list[tuple[str, int]]]:
    """Run passes one after the other; return the graph, and how many nodes each of them left.

    A pass that finds nothing to change returns the graph itself, and none runs again on the graph that it left.

    With TINYGRAD_EDU_VERIFY=1 in the environment, the graph is verified after each pass.

    Raises:
        GraphError: a pass has made a graph that is not sound, or does not compute the same.
    """
    history = [("traced", len(graph.nodes))]
    check = Verifier(graph) if ir.VERIFY else None
    left: dict[Pass, Graph] = {}
    for each in passes:
        look()
        if left.get(each) is not graph:
            graph = left[each] = each(graph)
        history.append((each.__name__, len(graph.nodes)))
        if check is not None:
            check(graph, each.__name__)
    return graph, history
