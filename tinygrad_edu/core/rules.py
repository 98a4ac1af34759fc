"""The table of calculus: which functions have derivatives, and what is said of those that have none.

A function stands in the table in one of three ways:

derivative  a row of rules, one for each array it takes
composed    written with other functions of the table
plain       without slope (comparisons, shapes, indices): it is run on the numbers, and not recorded

Those that choose between elements, or only lay them out anew, are also listed in `selections`.
"""

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from tinygrad_edu.core.source_info import label
from tinygrad_edu.core.tape import Rule, rules

Function = Callable[..., Any]
AnyFunction = TypeVar("AnyFunction", bound=Function)

composed: dict[Function, Function] = {}
plain: set[Function] = set()
selections: set[Function] = set()
opaque_functions: set[Function] = set()
accepted: dict[Function, frozenset[str]] = {}


class Each:
    """One rule for every input of a function that takes any number of them; it is told which, `i`."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule

    def __getitem__(self, i: int) -> Rule:
        return functools.partial(self.rule, i)


def derivative(function: Function, *row: Rule | Each | None) -> None:
    """Add a row to the table: how `function` passes a cotangent on to each of its inputs.

    Each rule is called as ``rule(g, z, *inputs, **keywords)``: the cotangent `g` and output `z`,
    both of the output's shape, then the inputs as they were given. It returns ``g · ∂z/∂input``;
    broadcasting and dtype are undone for it. Its keyword-only parameters are the keywords that the
    function may be called with. ``None`` stands for an input that must not be a Value, such as an
    index. Write rules in NumPy, and they can be differentiated again.

    >>> import numpy as np, tinygrad_edu as tg
    >>> def cubed(x): return x * x * x
    >>> cubed = tg.primitive(cubed)
    >>> tg.derivative(cubed, lambda g, z, x: g * 3 * x ** 2)
    >>> tg.grad(cubed)(2.0)
    np.float64(12.0)

    Source: the chain rule; one row a function as in HIPS autograd's and DiffRules.jl's tables.

    Raises:
        TypeError: no rule is given, or one of them cannot be called.
    """
    if not row or not all(rule is None or callable(rule) or isinstance(rule, Each) for rule in row):
        raise TypeError(f"derivative({label(function)}, *rules): each rule must be a function or None, got {row}")
    first = next(rule for rule in row if rule is not None)
    code = getattr(first.rule if isinstance(first, Each) else first, "__code__", None)
    names = code.co_varnames[code.co_argcount :][: code.co_kwonlyargcount] if code else ()
    accepted[function] = frozenset(names)
    rules[function] = first if isinstance(first, Each) else row


def compose(function: Function) -> Callable[[AnyFunction], AnyFunction]:
    """Enter in the table that `function`, given Values, is what the decorated function computes."""

    def enter(substitute: AnyFunction) -> AnyFunction:
        composed[function] = substitute
        return substitute

    return enter


@functools.cache
def parameters(function: Function) -> tuple[str, ...]:
    """Name what a function can be called with."""
    return tuple(inspect.signature(function).parameters)


def refuse(function: Function, problem: str, remedy: str) -> TypeError:
    """Make the error for what the table cannot do."""
    return TypeError(f"{label(function)}: {problem}; {remedy}")


def unsupported(function: Function, key: str) -> TypeError:
    """Make the error for a keyword without a rule."""
    known = sorted(accepted.get(function) or parameters(composed.get(function, function)))
    remedy = f"keywords with a rule: {', '.join(known)}" if known else "call it without keywords"
    if key == "out":
        remedy = "Values are not written into; use the result"
    return refuse(function, f"{key}= has no rule for Values", remedy)


def unknown(function: Function) -> TypeError:
    """Make the error for a function that is not in the table; it names the nearest that are."""
    import difflib  # noqa: PLC0415 - for errors only, and slow to import

    own = label(function)
    known = {label(f) for f in (*rules, *composed)}
    near = difflib.get_close_matches(own, known, n=3)
    remedy = f"the nearest with one: {', '.join(near)}; or give it a row" if near else "give it a row"
    return refuse(function, "has no derivative in the table", f"{remedy} with tinygrad_edu.derivative")
