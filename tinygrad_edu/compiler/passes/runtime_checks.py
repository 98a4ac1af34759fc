"""The pass that checks quickly: a program holds only while the answers to its checks are those of the trace.

Whether numbers are finite, or none of them NaN, is asked of all arrays at once, at the end. A check may fail once too
often, for then the function itself is run; never too seldom. The dot product of numbers with themselves is NaN just
where one of them is, and finite only where all are. Arrays that are worked on in blocks are added up instead, which is
NaN where infinities of both signs meet, too: BLAS sets threads of its own on them, in the way of ours. Whether integers
reach a bound is asked by counting those that do: of few, that is twice as quick as finding the largest.
"""

import numpy as np

from tinygrad_edu.compiler.ir import Graph, Node, assume, settled
from tinygrad_edu.compiler.passes import tiling

_CHAINS = {True: (np.all, np.isfinite), False: (np.isnan, np.max)}


def merge_runtime_checks(graph: Graph) -> Graph:
    """Check that numbers are finite, or none of them NaN, by products of numbers with themselves, added up.

    >>> import tinygrad_edu as tg
    >>> from tinygrad_edu.compiler.tracing.trace import Traced
    >>> graph = Traced(tg.functions.softmax, (np.ones(3),), {}).graph
    >>> [node.function.__name__ for node in graph.nodes]
    ['reduce', 'isfinite', 'all', 'assume', 'subtract', 'exp', 'sum', 'divide']
    >>> [node.function.__name__ for node in merge_runtime_checks(graph).nodes]
    ['reduce', 'isfinite', 'all', 'subtract', 'exp', 'sum', 'divide', 'dot', 'subtract', 'equal', 'assume']
    """
    nodes: list[Node] = []
    checked: dict[bool, list[tuple[Node, Node]]] = {True: [], False: []}
    settled_nodes = settled(graph.nodes)
    for node in graph.nodes:
        x = _checked(node, settled_nodes) if node.function is assume else None
        if x is None:
            nodes += _counted(node, settled_nodes) if node.function is assume else ()
            nodes.append(node)
        else:
            checked[node.arguments[1]].append((x, node))
    for answer, checks in checked.items():
        if checks:
            nodes += _merged(answer, checks)
    return Graph(graph.name, graph.inputs, nodes, graph.outputs)


def _checked(check: Node, settled_nodes: set[Node]) -> Node | None:
    """The array of which it is asked whether all is finite, or whether none is NaN, if it still holds that."""
    x, answer = check.arguments
    for function in _CHAINS[answer]:
        if x not in settled_nodes or x.function is not function or x.keywords or len(x.arguments) > 1:
            return None
        x = x.arguments[0]
    if not isinstance(x, Node) or not x.shape or x.dtype.kind != "f" or x.dtype.itemsize < 4:
        return None
    return x if x.is_contiguous else None


def _counted(check: Node, settled_nodes: set[Node]) -> list[Node]:
    """What counts the integers that reach a bound, if it is asked whether the largest does; the check asks for it."""
    condition, answer = check.arguments
    if answer or condition not in settled_nodes or condition.function is not np.greater_equal:
        return []
    largest, bound = condition.arguments
    if largest not in settled_nodes or largest.function is not np.max or largest.keywords or len(largest.arguments) > 1:
        return []
    x = largest.arguments[0]
    if x.dtype.kind not in "iu" or type(bound) is not int or not 0 <= bound <= np.iinfo(x.dtype).max:
        return []
    strides = tuple(step // x.dtype.itemsize for step in x.strides or ())
    reaching = check.sibling(np.greater_equal, (x, np.array(bound, x.dtype)), x.shape, strides, np.dtype(bool))
    count = check.sibling(np.count_nonzero, (reaching,), None, None, None)
    check.arguments = count, False
    return [reaching, count]


def _merged(answer: bool, checks: list[tuple[Node, Node]]) -> list[Node]:
    """Write one check in place of many."""
    nodes: list[Node] = []
    last = checks[-1][1]

    def add(node: Node, backward: bool) -> Node:
        node.backward = backward
        nodes.append(node)
        return node

    total: Node | None = None
    for x, check in checks:
        flat = x
        if len(x.shape or ()) > 1:
            flat = add(check.sibling(np.reshape, (x, (-1,)), (x.size,), (int(x.dtype.itemsize),), x.dtype), x.backward)
            flat.memory = x.memory
        product = add(check.sibling(np.dot, (flat, flat), (), None, x.dtype), x.backward)
        if x.size >= tiling.LEAST:
            product.function, product.arguments, product.keywords = np.add.reduce, (flat,), {"axis": None}
        if total is None:
            total = product
        else:
            dtype = np.result_type(total.dtype, x.dtype)
            total = add(check.sibling(np.add, (total, product), (), None, dtype), x.backward)
    assert total is not None
    # By comparing numbers, which is quicker for one: NaN is not itself, and what is finite is 0 less itself.
    if answer:
        total = add(last.sibling(np.subtract, (total, total), (), None, total.dtype), last.backward)
        condition = last.sibling(np.equal, (total, 0), (), None, np.dtype(bool))
    else:
        condition = last.sibling(np.not_equal, (total, total), (), None, np.dtype(bool))
    last.arguments = add(condition, last.backward), answer
    return [*nodes, last]
