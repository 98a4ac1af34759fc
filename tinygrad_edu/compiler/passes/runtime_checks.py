"""The pass that asks quickly: a program holds only while the answers to its questions are as they were in the trace.

Whether numbers are finite, or none of them NaN, is asked of all arrays at once, at the end. A question may be put so
that it is answered "no" once too often, for then the function itself is run; never too seldom. A dot product of
numbers with themselves is NaN just where one of them is, and finite only where all are.
"""

from typing import Any

import numpy as np

from tinygrad_edu.compiler.ir import Graph, Node, assume, written_memory

_CHAINS = {True: (np.all, np.isfinite), False: (np.isnan, np.max)}


def merge_runtime_checks(program: Graph) -> Graph:
    """Ask whether numbers are finite, or none of them NaN, by products of numbers with themselves, added up."""
    nodes: list[Node] = []
    asked: dict[bool, list[tuple[Node, Node]]] = {True: [], False: []}
    private = written_memory(program.nodes)
    for node in program.nodes:
        x = _asked_about(*node.arguments) if node.function is assume else None
        if x is None or x.memory in private:
            nodes.append(node)
        else:
            asked[node.arguments[1]].append((x, node))
    for answer, questions in asked.items():
        nodes += _together(answer, questions)
    return Graph(program.name, program.inputs, nodes, program.outputs)


def _asked_about(condition: Any, answer: bool) -> Node | None:
    """Give the array of which it is asked whether all are finite, or whether none is NaN."""
    found = condition
    for function in _CHAINS[answer]:
        if not isinstance(found, Node) or found.function is not function or found.keywords or len(found.arguments) > 1:
            return None
        found = found.arguments[0]
    if not isinstance(found, Node) or not found.shape or found.dtype.kind != "f" or found.dtype.itemsize < 4:
        return None
    return found if found.is_contiguous else None


def _asked(total: Node, answer: bool, last: Node) -> list[Node]:
    """Ask by signs, which is quicker for one number: what is NaN is not itself, and less itself it is 0 if finite."""
    if answer:
        nothing = last.sibling(np.subtract, (total, total), (), None, total.dtype)
        condition = last.sibling(np.equal, (nothing, 0), (), None, np.dtype(bool))
        last.arguments = condition, True
        return [nothing, condition, last]
    condition = last.sibling(np.not_equal, (total, total), (), None, np.dtype(bool))
    last.arguments = condition, False
    return [condition, last]


def _together(answer: bool, questions: list[tuple[Node, Node]]) -> list[Node]:
    """Write one question in place of many."""
    nodes: list[Node] = []
    total: Any = None
    for x, node in questions:
        flat = x
        if len(x.shape or ()) > 1:
            flat = node.sibling(np.reshape, (x, (-1,)), (x.size,), (int(x.dtype.itemsize),), x.dtype)
            flat.memory, flat.backward = x.memory, x.backward
            nodes.append(flat)
        product = node.sibling(np.dot, (flat, flat), (), None, x.dtype)
        nodes.append(product)
        if total is None:
            total = product
        else:
            total = node.sibling(np.add, (total, product), (), None, np.result_type(total.dtype, x.dtype))
            nodes.append(total)
        product.backward = total.backward = x.backward
    if questions:
        last = questions[-1][1]
        nodes += _asked(total, answer, last)
    return nodes
