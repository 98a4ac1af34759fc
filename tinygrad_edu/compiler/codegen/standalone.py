"""Functions that stand before a program as text, so that a program runs wherever NumPy does."""

import builtins
import functools
import inspect
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from tinygrad_edu.compiler.bytecode import names_in
from tinygrad_edu.compiler.errors import TraceError

_KNOWN = vars(builtins) | {"np": np, "math": math}  # what a text may use, wherever it stands


class Standalone(NamedTuple):
    """The text of a function, and what it uses of what stands outside."""

    lines: list[str]
    names: set[str]


@functools.cache
def standalone(function: Callable[..., Any]) -> Standalone | None:
    """The text of a function, without decorators, if it means the same wherever it stands; else None.

    It uses nothing from outside but NumPy, as `np`, `math` and builtins, and stands at the top of its module.

    >>> from tinygrad_edu.compiler.codegen.scalar_table import logaddexp
    >>> standalone(logaddexp).lines[0], sorted(standalone(logaddexp).names)
    ('def logaddexp(x: float, y: float) -> float:', ['float', 'math'])
    >>> standalone(standalone) is None
    True
    """
    body = getattr(function, "__wrapped__", function)  # of a primitive
    if not inspect.isfunction(body) or hasattr(body, "__wrapped__"):
        return None
    try:
        lines = inspect.getsource(body).rstrip().splitlines()
        start = [line.startswith(f"def {function.__name__}(") for line in lines].index(True)
        used = names_in(compile("\n".join(lines[start:]), "<standalone>", "exec"))
    except (OSError, SyntaxError, TraceError, ValueError):  # no text, or none of which this can be told
        return None
    at_home = body.__globals__
    if any(x not in _KNOWN or at_home.get(x, _KNOWN[x]) is not _KNOWN[x] for x in used.globals):
        return None
    return Standalone(lines[start:], used.globals)
