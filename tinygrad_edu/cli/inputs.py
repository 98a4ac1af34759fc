"""What is given to a command: an expression or a function, and numbers for its variables.

what    an expression such as ``tanh(a*b) + c``, or ``package.module:function``, or ``path/file.py:function``
values  what its variables are, such as ``a=0.5``
given   the same, by name
"""

from collections.abc import Sequence

from tinygrad_edu.cli.expression import ExpressionError, Number, number, read
from tinygrad_edu.cli.locate import Function, UsageError, locate, nearest, parameters
from tinygrad_edu.cli.vocabulary import CONSTANTS
from tinygrad_edu.core.tape import Entry
from tinygrad_edu.core.value import Value


def function_of(what: str, given: dict[str, Number]) -> tuple[Function, Sequence[str]]:
    """The function that is meant, and the names of its variables."""
    return _imported(what, given) if ":" in what or what.endswith(".py") else _expression(what, given)


def assigned(values: Sequence[str]) -> dict[str, Number]:
    """The names and values in texts such as ``name=value``."""
    given: dict[str, Number] = {}
    for text in values:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not equals or not name.isidentifier():
            remedy = "write name=value, such as a=0.5, in one word or in quotes, as in c='[1, 2]'"
            raise UsageError(f"{text.strip()!r} gives no variable a value; {remedy}")
        if name in given:
            raise UsageError(f"{name} has two values; give it one")
        if not value:
            raise UsageError(f"{name}= is followed by nothing; write a number or a list, such as {name}=0.5")
        try:
            given[name] = number(value)
        except ExpressionError as error:
            raise UsageError(f"{name}={value} is no value: {error}") from None
    return given


def _imported(what: str, given: dict[str, Number]) -> tuple[Function, Sequence[str]]:
    return parameters(what, locate(what), given)


def _expression(text: str, given: dict[str, Number]) -> tuple[Function, Sequence[str]]:
    expression = read(text)
    constant = [f"{name}, which is always {CONSTANTS[name]:.6g}" for name in given if name in CONSTANTS]
    if constant:
        raise UsageError(f"a value was given to {', '.join(constant)}; call the variable something else")
    if not expression.names:
        raise UsageError(f"{text!r} has no variable to move, and so no slope; write one, such as x, and x=0.5")
    args = in_order(expression.names, given)
    if not isinstance(expression(*map(Value, args)), Entry):
        raise UsageError(f"{text!r} is made of comparisons, which have no slope; use them as in where({text}, x, 0)")
    return expression, expression.names


def in_order(names: Sequence[str], given: dict[str, Number]) -> list[Number]:
    """The values in the order of the names, or an error that says which are missing or too many."""
    missing = [name for name in names if name not in given]
    strange = [name for name in given if name not in names]
    if missing:
        near = nearest(strange[0], missing) if strange else ""
        seen = f", and there is no {', '.join(strange)}{near}" if strange else ""
        raise UsageError(
            f"no value for {', '.join(missing)}{seen}; write {' '.join(f'{name}=0.5' for name in missing)}"
        )
    if strange:
        near = nearest(strange[0], names)
        raise UsageError(f"there is no {', '.join(strange)}; the variables are {', '.join(names)}{near}")
    return [given[name] for name in names]
