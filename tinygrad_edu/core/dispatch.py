"""What NumPy asks of a recorded number: every call is looked up in the table, then recorded or refused.

row    the rules of a function, one for each input
still  an argument that nobody else can change any more
"""

import functools
import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np

from tinygrad_edu.core.arrays import as_constant, bare, constant_operand
from tinygrad_edu.core.context import OuterArray, Tracer
from tinygrad_edu.core.rules import (
    AnyFunction,
    Each,
    Function,
    accepted,
    composed,
    opaque_functions,
    parameters,
    plain,
    refuse,
    unknown,
    unsupported,
)
from tinygrad_edu.core.source_info import label
from tinygrad_edu.core.tape import MANY, NOTHING, Entry, Rule, payload, record, rules

_REDUCTIONS: dict[np.ufunc, Function] = {np.add: np.sum, np.multiply: np.prod, np.maximum: np.max, np.minimum: np.min}
_ACCUMULATIONS: dict[np.ufunc, Function] = {np.add: np.cumsum}


def primitive(function: AnyFunction) -> AnyFunction:
    """Make a function of arrays one that is also recorded; `derivative` gives it its rules.

    Raises:
        TypeError: when called with a Value, if it has no row yet, or a Value comes by keyword.
    """

    @functools.wraps(function)
    def recorded(*arguments: Any, **keywords: Any) -> Any:
        if len(arguments) == 1 and not keywords:
            (x,) = arguments
            if not isinstance(x, (Entry, OuterArray)):
                return function(x)
            if recorded in rules and isinstance(x, Entry):
                return record(type(x), bare(function(x._data)), recorded, x)
        for x in arguments:
            if isinstance(x, (Entry, OuterArray)):
                outermost = next((x for x in arguments if isinstance(x, OuterArray)), None)
                if outermost is not None:
                    return outermost.call(recorded, arguments, keywords, function)
                return apply(recorded, arguments, keywords)
        for key, x in keywords.items():
            if isinstance(x, Entry):
                raise refuse(function, f"{key}= is a Value", "pass it by position")
        return function(*arguments, **keywords)

    return recorded  # type: ignore[return-value]


def whole(function: AnyFunction) -> AnyFunction:
    """Have tracers write down each call of an elementwise function of plain arrays, not what goes on inside.

    It stands in programs as it stands here: it may use nothing but NumPy, and takes `out`, where to write, at the end.
    """

    @functools.wraps(function)
    def called(x: Any, *others: Any) -> Any:
        return x.call(function, x, *others) if isinstance(x, Tracer) else function(x, *others)

    opaque_functions.add(function)
    return called  # type: ignore[return-value]


def apply(function: Function, inputs: tuple[Any, ...], keywords: Mapping[str, Any]) -> Any:
    """Run `function` on the numbers behind `inputs` and record it.

    Raises:
        TypeError: `function` has no row, or none for these inputs or keywords.
    """
    row = rules.get(function)
    if row is None:
        raise unknown(function)
    if not isinstance(row, Each) and len(inputs) > len(row):
        raise refuse(function, f"got {len(inputs)} inputs", f"its row has rules for {len(row)}")
    still = {key: _keyword(key, value, function) for key, value in keywords.items()} if keywords else None
    plain_inputs = []
    given = []
    for i, x in enumerate(inputs):
        if isinstance(x, Entry) and row[i] is not None:
            kind = type(x)
            given.append(x)
            plain_inputs.append(x._data)
        else:
            constant = _constant(i, x, row[i], function)
            given.append(constant)
            plain_inputs.append(constant)
    data = bare(function(*plain_inputs, **keywords))
    x, y = (*given, NOTHING)[:2] if len(given) < 3 else (tuple(given), MANY)
    return record(kind, data, function, x, y, still)


def _constant(i: int, x: Any, rule: Rule | None, function: Function) -> Any:
    """Check an input that is not recorded: it must be a number, or where there is no rule, anything plain."""
    if rule is not None and not isinstance(x, str):
        return constant_operand(x, function)
    if any(isinstance(part, Entry) for part in (x if type(x) is tuple else (x,))):
        raise refuse(function, f"argument {i} is a Value", "it has no slope there; pass its .data")
    return as_constant(x)


def _keyword(key: str, value: Any, function: Function) -> Any:
    """Check a keyword: it needs a rule and a plain value."""
    if key not in accepted[function]:
        raise unsupported(function, key)
    if isinstance(value, Entry):
        raise refuse(function, f"{key}= is a Value", "pass it by position, or its .data to hold it constant")
    return as_constant(value)


def on_ufunc(self: Any, ufunc: np.ufunc, method: str, *inputs: Any, **keywords: Any) -> Any:
    """Answer NumPy when a ufunc meets a Value (NEP 13)."""
    if method == "__call__":
        if len(inputs) == 1 and not keywords and ufunc in rules:
            return record(type(self), ufunc(self._data), ufunc, self)
        if len(inputs) == 2 and not keywords and None not in rules.get(ufunc, (None,)):
            x, y = (x if isinstance(x, Entry) else constant_operand(x, ufunc) for x in inputs)
            if x is NotImplemented or y is NotImplemented:
                return NotImplemented
            return record(type(self), bare(ufunc(payload(x), payload(y))), ufunc, x, y)
        if any(isinstance(x, OuterArray) for x in inputs):
            return NotImplemented
        if ufunc in plain and not any(isinstance(x, Entry) for x in keywords.values()):
            return ufunc(*[payload(x) for x in inputs], **keywords)
        if ufunc in composed:
            for key in keywords:
                raise unsupported(ufunc, key)
            return composed[ufunc](*inputs)
        return apply(ufunc, inputs, keywords)
    if method == "reduce" and ufunc in _REDUCTIONS:
        return on_function(_REDUCTIONS[ufunc], inputs, {"axis": 0, **keywords})
    if method == "accumulate" and ufunc in _ACCUMULATIONS:
        return on_function(_ACCUMULATIONS[ufunc], inputs, {"axis": 0, **keywords})
    if method == "outer" and not keywords and len(inputs) == 2:
        operands: list[Any] = [x if isinstance(x, Entry) else np.asarray(x) for x in inputs]
        x, y = operands
        return ufunc(x[(..., *[None] * y.ndim)], y)
    raise refuse(ufunc, f"its method .{method} has no rule for Values", f"call {label(ufunc)} itself")


def on_function(function: Function, arguments: tuple[Any, ...], keywords: Mapping[str, Any]) -> Any:
    """Answer NumPy when one of its other functions meets a Value (NEP 18)."""
    if function in plain:
        return function(*[payload(x) for x in arguments], **{k: payload(v) for k, v in keywords.items()})
    row = rules.get(function)
    if isinstance(row, Each):
        return apply(function, arguments, keywords)
    if row is not None and arguments:
        names = parameters(function)[len(row) : len(arguments)]
        named = dict(zip(names, arguments[len(row) :], strict=False)) | dict(keywords)
        if named.keys() <= accepted[function]:
            return apply(function, arguments[: len(row)], named)
    positional, named = _bind(function, arguments, keywords)
    if function in composed:
        substitute = composed[function]
        for key in named:
            if key not in parameters(substitute):
                raise unsupported(function, key)
        return substitute(*positional, **named)
    if row is None:
        raise unknown(function)
    inputs = [named.pop(key) for key in parameters(function)[: len(row)] if key in named]
    return apply(function, (*positional, *inputs), named)


@functools.cache
def _signature(function: Function) -> inspect.Signature:
    return inspect.signature(function)


def _bind(
    function: Function, arguments: tuple[Any, ...], keywords: Mapping[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Give every argument its name, and leave out those that only repeat the default."""
    signature = _signature(function)
    positional: tuple[Any, ...] = ()
    named: dict[str, Any] = {}
    for key, value in signature.bind(*arguments, **keywords).arguments.items():
        parameter = signature.parameters[key]
        if parameter.kind is parameter.VAR_POSITIONAL:
            positional = value
        elif parameter.kind is parameter.VAR_KEYWORD:
            named |= value
        elif not _is_default(value, parameter.default):
            named[key] = value
    return positional, named


def _is_default(value: Any, default: Any) -> bool:
    simple = isinstance(default, (bool, int, str))
    return value is default or (simple and type(value) is type(default) and bool(value == default))
