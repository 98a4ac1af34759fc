"""The command ``tinygrad-edu check``: the gradient of an expression or a function against its slope.

what    an expression such as ``tanh(a*b) + c``, or ``package.module:function``
values  what its variables are, such as ``a=0.5``
"""

import importlib
import inspect
import sys
from collections.abc import Callable, Sequence
from typing import Any

from tinygrad_edu.check import compare_gradients
from tinygrad_edu.cli.expression import ExpressionError, Number, number, read

Function = Callable[..., Any]


class UsageError(ValueError):
    """The command was called wrongly."""


def check(what: str, values: Sequence[str]) -> int:
    """Print the comparison, and return the exit status: 0 if all is right, 1 if not, 2 if it was called wrongly."""
    from rich.console import Console  # noqa: PLC0415 - an extra

    try:
        given = dict(_assigned(text) for text in values)
        f, names = _imported(what, given) if ":" in what else _expression(what)
        report = compare_gradients(_named(f, names), *_in_order(names, given))
    except (UsageError, ExpressionError, ValueError, TypeError) as error:
        print(f"tinygrad-edu check: {error}", file=sys.stderr)
        return 2
    Console(highlight=False).print(report)
    return 0 if report.ok else 1


def _assigned(text: str) -> tuple[str, Number]:
    """The name and the value in ``name=value``."""
    name, equals, value = text.partition("=")
    if not equals or not name.strip().isidentifier():
        raise UsageError(f"{text!r} gives no variable a value; write name=value, such as a=0.5 or c='[1, 2]'")
    return name.strip(), number(value)


def _expression(text: str) -> tuple[Function, Sequence[str]]:
    expression = read(text)
    if not expression.names:
        raise UsageError(f"{text!r} has no variable to move, and so no slope; write one, such as x, and x=0.5")
    return expression, expression.names


def _imported(what: str, given: dict[str, Number]) -> tuple[Function, Sequence[str]]:
    """A function by its path, with those of its parameters that have a value or need one."""
    path, _, name = what.partition(":")
    sys.path.insert(0, "")  # what lies in the working directory can be imported, as under python -m
    try:
        f = getattr(importlib.import_module(path), name)
        parameters = inspect.signature(f).parameters.values()
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        raise UsageError(f"{what} cannot be imported: {error}; write package.module:function") from None
    finally:
        sys.path.remove("")
    wanted = [p.name for p in parameters if p.default is p.empty or p.name in given]
    if not wanted:
        raise UsageError(f"{what} takes no argument, and so has no slope")
    if wanted == [p.name for p in parameters][: len(wanted)]:
        return f, wanted  # in order, as functions written in C demand
    return lambda *args: f(**dict(zip(wanted, args, strict=True))), wanted


def _named(f: Function, names: Sequence[str]) -> Function:
    """`f` with parameters of these names, which reports use."""

    def named(*args: Any) -> Any:
        return f(*args)

    by_position = inspect.Parameter.POSITIONAL_ONLY
    named.__signature__ = inspect.Signature([inspect.Parameter(n, by_position) for n in names])  # type: ignore[attr-defined]
    return named


def _in_order(names: Sequence[str], given: dict[str, Number]) -> list[Number]:
    """The values in the order of the names, or an error that says which are missing or too many."""
    missing = [name for name in names if name not in given]
    if missing:
        raise UsageError(f"no value for {', '.join(missing)}; write {' '.join(f'{name}=0.5' for name in missing)}")
    strange = [name for name in given if name not in names]
    if strange:
        raise UsageError(f"there is no {', '.join(strange)}; the variables are {', '.join(names)}")
    return [given[name] for name in names]
