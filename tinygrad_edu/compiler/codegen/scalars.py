"""A program of single numbers as text: plain Python on floats, where what is used once stands where it is used.

step  one formula with its operands
"""

import math
from typing import Any

import numpy as np

from tinygrad_edu.compiler.codegen import scalar_table as scalars
from tinygrad_edu.compiler.codegen.expressions import Names, written_out
from tinygrad_edu.compiler.codegen.formulas import ATOM, Step, formula
from tinygrad_edu.compiler.codegen.numpy import input_names
from tinygrad_edu.compiler.codegen.steps import Steps
from tinygrad_edu.compiler.codegen.stepwise import steps_of
from tinygrad_edu.compiler.codegen.text import remark, row
from tinygrad_edu.compiler.ir import Graph, Node

_LENGTH = 88  # of what stands on a line; it bounds how deep a line is nested too, for which Python has a limit
_COLUMN = 72
_RESULTS = {np.float64: "np.float64", np.bool_: "np.bool_", np.ndarray: "np.array"}
_TAKEN = "np", "math", "abs", "round", "float", "bool"


class ScalarSource:
    """The text of a program of single numbers, and the constants that are not written out.

    native: for Numba; the results are Python's numbers, without those that are always the same.

    Raises:
        NotScalarError: the program has something else than single numbers.
    """

    def __init__(self, program: Graph, native: bool = False) -> None:
        self._native = native
        self._steps = steps = steps_of(program, native)
        used = _names_used(steps)
        self._helpers = sorted(used & scalars.HELPERS.keys())
        self._of_math = sorted(used & {*dir(math)} - scalars.HELPERS.keys())
        self._names = Names((*_TAKEN, program.name, *self._helpers, *self._of_math, *steps.choices.values()))
        self._lines: list[str] = []
        self._backward: bool | None = None
        given = [self._given(*each) for each in zip(steps.inputs, input_names(program.inputs), strict=True)]
        for step in steps.all:
            if step.uses:
                self._write(step)
        results = [self._result(x) for x in program.outputs if isinstance(x, Node) or not native]
        self._lines.append(f"return {row(results) or '()'}")
        function = [f"def {program.name}({', '.join(given)}):", *(f"    {line}" for line in self._lines)]
        self.text, self.constants = self._whole("\n".join(function)), self._names.constants

    def _whole(self, function: str) -> str:
        """Put before the program what it needs."""
        text = ["import math"] if self._helpers else []
        text += [f"from math import {', '.join(self._of_math)}"] if self._of_math else []
        text += ["", "import numpy as np"]
        text += ["from numba import njit"] if self._native else []
        functions = [scalars.HELPERS[name].strip() for name in self._helpers]
        for choice, name in self._steps.choices.items():
            functions.append(f"def {name}({', '.join('xyz'[: len(formula(choice).uses)])}):\n    return {choice}")
        mark = '@njit(error_model="numpy", nogil=True)\n' if self._native else ""
        return "\n".join(text).lstrip() + "".join(f"\n\n\n{mark}{each}" for each in (*functions, function)) + "\n"

    def _given(self, step: Step, name: str) -> str:
        """Name an input, and make it a number of Python's."""
        step.text = self._names.fresh(name)
        if step.uses and step.node.kind is not step.kind:
            self._lines.append(f"{step.text} = {step.kind.__name__}({step.text})")
        return step.text

    def _write(self, step: Step) -> None:
        """Write a step on a line of its own, or keep it until it is used."""
        self._shorten(step)
        step.text, step.level = step.formula.filled([(x.text, x.level) for x in step.operands]), step.formula.level
        if step.asks:
            self._line(f"if {step.text}: return None", step.node)
        elif step.uses == 1 and not step.is_named:
            step.is_pending = True
        else:
            self._section(step.node)
            self._assign(step)

    def _shorten(self, step: Step) -> None:
        """Give operands lines of their own, the longest first, until the rest fits on one."""
        while sum(len(x.text) for x in step.operands) > _LENGTH:
            longest = max((x for x in step.operands if x.is_pending), key=lambda x: len(x.text), default=None)
            if longest is None:
                return
            self._assign(longest)

    def _assign(self, step: Step) -> None:
        """Write a step on a line of its own, and give it a name."""
        node = step.node
        name = self._names.fresh(node.name or ("g" if node.backward else "t"), bool(node.name))
        self._line(f"{name} = {step.text}", node)
        step.text, step.level, step.is_pending = name, ATOM, False

    def _section(self, node: Node) -> None:
        if node.backward is not self._backward:
            self._backward = node.backward
            self._lines.append("# backward" if node.backward else "# forward")

    def _line(self, text: str, node: Node) -> None:
        self._lines.append(f"{text:<{_COLUMN}}  # {remark(node)}".rstrip(" #"))

    def _result(self, x: Any) -> str:
        """Write a result as what the function itself gives."""
        if not isinstance(x, Node):
            return _written(x, self._names)
        name = self._steps.of[x].text
        return f"{_RESULTS[x.kind]}({name})" if x.kind in _RESULTS and not self._native else name


def _written(x: Any, names: Names) -> str:
    """Write a result that is always the same."""
    if isinstance(x, (np.ndarray, np.generic)):
        kind = _RESULTS.get(type(x), "np.array")
        return f"{kind}({x.item()!r})" if np.isfinite(x) else f"{kind}(float('{x}'))"
    return written_out(x, names)


def _names_used(steps: Steps) -> set[str]:
    """Collect the functions and numbers that the formulas take from `math` or from the helpers."""
    used = {name for text in steps.choices for name in formula(text).names}
    for step in steps.all:
        if step.uses:
            used |= step.formula.names
            used.update(x.text.lstrip("-") for x in step.operands if x.value is not None)
    return used
