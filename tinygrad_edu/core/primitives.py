"""Functions of users' own: with `primitive` a function of arrays is recorded as one entry, as NumPy's are.

x  an argument
z  what the function returns
"""

import functools
from typing import Any

from tinygrad_edu.core.arrays import accept
from tinygrad_edu.core.context import OuterArray, Tracer
from tinygrad_edu.core.dispatch import apply
from tinygrad_edu.core.refusals import NO_VALUES, holds_value
from tinygrad_edu.core.rules import AnyFunction, Array, Function, Inputs, Keywords, refuse, table
from tinygrad_edu.core.source_info import ERRORS, label, raise_named
from tinygrad_edu.core.tape import Entry


def primitive(function: AnyFunction) -> AnyFunction:
    """Make a function of arrays one that is also recorded; `derivative` gives it its rules.

    Raises:
        TypeError: when called with a Value, if it has no row yet, if a Value comes by keyword or inside a container,
            or if what the function returns is no array of numbers.
    """
    ours = (function.__module__ or "").startswith("tinygrad_edu.")

    @functools.wraps(function)
    def recorded(*arguments: Any, **keywords: Any) -> Any:
        if not keywords:
            for x in arguments:
                if type(x) not in NO_VALUES:
                    break
            else:
                return function(*arguments)
        has_value = False
        for x in arguments:
            if isinstance(x, Entry):
                has_value = True
            elif isinstance(x, OuterArray):
                return x.call(recorded, arguments, keywords, function)
        if has_value:
            try:
                return apply(recorded, arguments, keywords, body)
            except ERRORS as error:
                raise_named(error, label(recorded))
        return _run_unrecorded(recorded, function, arguments, keywords)

    body = function if ours else functools.partial(_checked, recorded, function)
    return recorded  # type: ignore[return-value]


def _checked(recorded: Function, function: Function, *arguments: Any, **keywords: Any) -> Any:
    """What a user's primitive returns, in memory that nobody else writes into."""
    z = function(*arguments, **keywords)
    if table[recorded].results == 1 or not isinstance(z, tuple):
        return _accepted(function, z)
    accepted = [_accepted(function, part) for part in z]
    return type(z)(*accepted) if hasattr(z, "_fields") else tuple(accepted)


def _accepted(function: Function, z: Any) -> Array:
    """A result of a user's primitive, which must be an array of numbers."""
    if isinstance(z, (list, tuple, dict, str, type(None))) or holds_value(z):
        remedy = "a primitive returns one array of complex or real numbers, or a tuple, and derivative(…, results=2)"
        raise refuse(function, f"it returned a {type(z).__name__}", f"{remedy} says how many")
    return z if isinstance(z, OuterArray) else accept(z)


def _run_unrecorded(recorded: Function, body: Function, arguments: Inputs, keywords: Keywords) -> Any:
    """Run a primitive's body on plain numbers, or on a tracer, which writes down the call if it is opaque."""
    for key, x in keywords.items():
        if holds_value(x):
            raise refuse(body, f"{key}= is a Value", "pass it by position")
    for i, x in enumerate((*arguments, *keywords.values())):
        if holds_value(x):
            what = f"argument {i} is a {type(x).__name__} that holds Values"
            raise refuse(body, what, "a primitive takes arrays: pass them one by one")
        if isinstance(x, Tracer) and recorded in table and table[recorded].opaque:
            return x.call(recorded, arguments, dict(keywords))
    return body(*arguments, **keywords)
