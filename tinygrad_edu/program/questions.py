"""The pass that asks quickly: a program holds only while the answers to its questions are as they were in the trace.

A question may be put so that it is answered "no" once too often, for then the function itself is run; never too
seldom. A dot product of numbers with themselves is NaN just where one of them is, and finite only where all are.
"""

from typing import Any

import numpy as np

from tinygrad_edu.program.nodes import Node, Program, expect


def with_quick_questions(program: Program) -> Program:
    """Ask whether numbers are finite, or none of them NaN, by one product instead of two passes over them."""
    nodes: list[Node] = []
    for node in program.nodes:
        if node.function is expect:
            x = _asked_about(*node.arguments)
            if x is not None:
                node.arguments = (_product(x, node, nodes), node.arguments[1])
        nodes.append(node)
    return Program(program.name, program.inputs, nodes, program.outputs)


def _asked_about(condition: Any, answer: bool) -> Node | None:
    """Give the array of which it is asked whether all are finite, or whether none is NaN."""
    wanted = (np.all, np.isfinite) if answer else (np.isnan, np.max)
    found = condition
    for function in wanted:
        if not isinstance(found, Node) or found.function is not function or found.keywords or len(found.arguments) > 1:
            return None
        found = found.arguments[0]
    if not isinstance(found, Node) or not found.shape or found.dtype.kind != "f" or found.dtype.itemsize < 4:
        return None
    return found if found.strides == _row_by_row(found) else None


def _row_by_row(x: Node) -> tuple[int, ...]:
    strides, step = [], int(x.dtype.itemsize)
    for n in reversed(x.shape or ()):
        strides.append(step)
        step *= n
    return tuple(reversed(strides))


def _product(x: Node, node: Node, nodes: list[Node]) -> Node:
    """Write the new question into `nodes`, and give its answer."""
    answer = node.arguments[1]
    flat = x
    if len(x.shape or ()) > 1:
        flat = node.sibling(np.reshape, (x, (-1,)), (x.size,), (int(x.dtype.itemsize),), x.dtype)
        flat.memory = x.memory
        nodes.append(flat)
    product = node.sibling(np.dot, (flat, flat), (), None, x.dtype)
    asked = node.sibling(np.isfinite if answer else np.isnan, (product,), (), None, np.dtype(bool))
    nodes += [product, asked]
    return asked
