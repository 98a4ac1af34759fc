"""What is wrong with a learner's rule or gradient, in words: the checker's, and a hint for typical mistakes.

rule  of a function, as in the table of derivatives: (g, z, *inputs) → g times the slope
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinygrad_edu.check import Report, compare_gradients
from tinygrad_edu.core.primitives import primitive
from tinygrad_edu.core.rules import derivative

Function = Callable[..., Any]


def judge_rules(function: Function, rules: Sequence[Function], *inputs: Any) -> list[str]:
    """Hold the rules of a function against its slope, where the result goes on to be multiplied and summed."""
    fresh = primitive(function)
    derivative(fresh, *rules)
    weights = np.array([3.0, -2.0, 0.5])
    report = compare_gradients(lambda *inputs: np.sum(weights * fresh(*inputs)), *inputs)
    if report:
        return []
    first = report.faults[0].what if report.faults else report.summary
    ones = [np.ones(3) * 7.0, function(*inputs), *inputs]
    unmoved = [
        f"{name} gives the same whatever g is; multiply by g, the slope of the result with respect to z"
        for name, rule in zip(_names(len(rules)), rules, strict=True)
        if _same(rule(*ones), rule(np.ones(3), *ones[1:]))
    ]
    return unmoved or [first]


def _names(count: int) -> list[str]:
    return ["the rule"] if count == 1 else [f"the rule for input {i}" for i in range(count)]


def _same(a: Any, b: Any) -> bool:
    return np.shape(a) == np.shape(b) and bool(np.all(np.asarray(a) == np.asarray(b)))


def judge_gradient(f: Function, gradient: Function, *args: Any, argnums: Sequence[int]) -> list[str]:
    """Hold a gradient against the slope of `f`."""
    several = tuple(argnums) if len(argnums) > 1 else argnums[0]
    report = compare_gradients(f, *args, gradient=gradient, argnums=several)
    return [] if report else _found(report)


def _found(report: Report) -> list[str]:
    if report.faults:
        return [fault.what for fault in report.faults]
    return [f"{a.name}: {a.worst.verdict.removeprefix('wrong: ')}" for a in report.arguments if a.worst.kind == "wrong"]
