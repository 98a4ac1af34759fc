"""The program as text: what is read, and the very text that runs.

work     the arrays that results are written into, made once
"""

import math
import operator
import os
from typing import Any

import numpy as np

from tinygrad_edu.program.buffers import Plan
from tinygrad_edu.program.calls import is_elementwise
from tinygrad_edu.program.nodes import Node, Program, expect
from tinygrad_edu.program.printing import Names, called, index, statement, written_out
from tinygrad_edu.program.tracing import cast

_WIDTH = 72
_ONLY_BY_KEYWORD = {np.maximum, np.minimum, np.fmax, np.fmin}


def body(program: Program, plan: Plan, names: Names, infix: bool) -> list[str]:
    """Write the lines of the program, forward and backward marked, each with its shape and where it comes from."""
    lines: list[str] = []
    backward = None
    for node in program.nodes:
        if node in plan.views:
            continue
        if node.backward is not backward and node.function is not expect:
            backward = node.backward
            lines.append("# backward" if backward else "# forward")
        text = line(node, plan, names, infix)
        if text:
            lines.append(f"{text:<{_WIDTH}}  # {_remark(node)}".rstrip(" #"))
    return lines


def _remark(node: Node) -> str:
    parts = [str(node.shape)] if node.shape else []
    if node.origin:
        parts.append(f"{os.path.basename(node.origin[0])}:{node.origin[1]}")
    return "  ".join(parts)


def line(node: Node, plan: Plan, names: Names, infix: bool) -> str:
    """Write one line: into its memory, if there is any for it."""
    if node.function is expect:
        condition, answer = node.arguments
        return f"if {'not ' * answer}{written_out(condition, names)}: return None"
    if node in plan.of:
        return into(node, names.of(node), names)
    if node.memory is not node and (view := as_method(node, names)):
        return f"{names.of(node)} = {view}"
    return statement(node, names, infix)


def into(node: Node, out: str, names: Names) -> str:
    """Write a call that leaves its result in memory that is there."""
    function, keywords = node.function, node.keywords
    given = [written_out(x, names) for x in node.arguments]
    if function is np.empty_like:
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
        return f"{written_out(node.arguments[0], names)}[{index(node.arguments[1], names)}]"
    x, *rest = [*node.arguments, *node.keywords.values()]
    name = written_out(x, names)
    if function is np.swapaxes and len(x.shape) == 2:
        return f"{name}.T"
    if function is np.swapaxes:
        return f"{name}.swapaxes({', '.join(written_out(y, names) for y in rest)})"
    if function in (np.reshape, np.ravel, np.squeeze, np.expand_dims) and "C" in [*rest, "C"][-1:]:
        return f"{name}.reshape({node.shape})"
    if function is np.transpose:
        return f"{name}.transpose({written_out(rest[0], names) if rest and rest[0] is not None else ''})"
    return None


def make_work(plan: Plan, names: Names) -> list[str]:
    """Write the function that makes the memory of a run."""
    blocks = [names.fresh("memory", alone=False) for _ in plan.blocks]
    lines = [f"{block} = np.empty({size}, np.uint8)" for block, size in zip(blocks, plan.blocks, strict=True)]
    for node, k in plan.of.items():
        layout = f"{node.shape}, {written_out(node.dtype, names)}, {blocks[k]}"
        natural = _strides(node.shape or (), node.dtype.itemsize)
        lines.append(f"{names.of(node)} = np.ndarray({layout}{'' if natural == node.strides else f', 0, {node.strides}'})")
    for node in plan.views:
        lines.append(f"{names.of(node)} = {as_method(node, names) or statement(node, names).partition(' = ')[2]}")
    return lines


def _strides(shape: tuple[int, ...], itemsize: int) -> tuple[int, ...]:
    """Give the strides of an array that is laid out row by row."""
    return tuple(itemsize * math.prod(shape[i + 1 :]) for i in range(len(shape)))


def source(program: Program, plan: Plan, infix: bool = False) -> tuple[str, dict[str, Any]]:
    """Give the text of a program, and the constants that are too large to write out."""
    names = Names()
    given = [names.fresh(node.name or "x") for node in program.inputs]
    for node, name in zip(program.inputs, given, strict=True):
        names.name(node, name)
    inner = body(program, plan, names, infix)
    outputs = [_result(x, names) for x in program.outputs]
    inner.append(f"return {', '.join(outputs)}{',' * (len(outputs) == 1)}")
    work = [names.of(node) for node in (*plan.of, *plan.views)]
    text = ["import numpy as np", ""]
    if work:
        text += ["", "def make_work():", *_indented([*make_work(plan, names), f"return {_row(work)}"]), ""]
        inner.insert(0, f"{_row(work)} = work")
        given.append("work")
    text += ["", f"def {program.name}({', '.join(given)}):", *_indented(inner), ""]
    return "\n".join(text), names.constants


def _row(names: list[str]) -> str:
    return ", ".join(names) + "," * (len(names) == 1)


def _result(x: Any, names: Names) -> str:
    if isinstance(x, Node):
        return names.of(x)
    return written_out(x, names) + ".copy()" * isinstance(x, np.ndarray)


def _indented(lines: list[str]) -> list[str]:
    return [f"    {text}" for text in lines]


