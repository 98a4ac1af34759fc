"""One call as text: into memory that is there, or by the method of the array, with a remark.

out   the name of the memory
"""

import operator
import os

import numpy as np

from tinygrad_edu.compiler.codegen.expressions import Names, called, index, operand, written_out
from tinygrad_edu.compiler.ir import Node, is_elementwise
from tinygrad_edu.compiler.tracing.tracer import cast

_ONLY_BY_KEYWORD = {np.maximum, np.minimum, np.fmax, np.fmin}


def remark(node: Node) -> str:
    """Tell the shape of a result, and the line that it comes from."""
    parts = [str(node.shape)] if node.shape else []
    if node.origin:
        parts.append(f"{os.path.basename(node.origin[0])}:{node.origin[1]}")
    return "  ".join(parts)


def into(node: Node, out: str, names: Names) -> str:
    """Write a call that leaves its result in memory that is there."""
    function, keywords = node.function, node.keywords
    given = [written_out(x, names) for x in node.arguments]
    if function in (np.empty_like, np.empty):
        return ""
    if function is np.zeros_like:
        return f"{out}.fill(0)"
    if function in (np.copy, cast):
        return f"np.copyto({out}, {given[0]}{', casting=' + repr('unsafe') if function is cast else ''})"
    if function in (np.reshape, np.ravel):
        shape = node.arguments[0].shape
        return f"np.copyto({out}.reshape({shape}), {given[0]})"
    if function is operator.pow:
        function = np.power
    positional = (is_elementwise(node) and function not in _ONLY_BY_KEYWORD) or function in (np.dot, np.matmul)
    if positional and not keywords:
        return f"{called(function, names)}({', '.join([*given, out])})"
    given += [f"{key}={written_out(x, names)}" for key, x in keywords.items()]
    return f"{called(function, names)}({', '.join([*given, f'out={out}'])})"


def as_method(node: Node, names: Names) -> str | None:
    """Write a view by the method of the array, which is quicker than NumPy's function."""
    function = node.function
    if function is operator.getitem:
        return f"{operand(node.arguments[0], names)}[{index(node.arguments[1], names)}]"
    x, *rest = [*node.arguments, *node.keywords.values()]
    name = operand(x, names)
    if function is np.swapaxes and len(x.shape) == 2 and (rest[0] - rest[1]) % 2:
        return f"{name}.T"
    if function is np.swapaxes:
        return f"{name}.swapaxes({', '.join(written_out(y, names) for y in rest)})"
    if function in (np.reshape, np.ravel, np.squeeze, np.expand_dims):
        return f"{name}.reshape({node.shape})"
    if function is np.transpose:
        return f"{name}.transpose({written_out(rest[0], names) if rest and rest[0] is not None else ''})"
    return None


def row(names: list[str]) -> str:
    """Write a tuple without its parentheses."""
    return ", ".join(names) + "," * (len(names) == 1)
