"""What NumPy asks of a recorded number: every call is looked up in the table, then recorded or refused.

x    an input
row  what the table says of a function
"""

import functools
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from tinygrad_edu.core.arrays import as_constant, constant_operand, unwrap_scalar
from tinygrad_edu.core.context import OuterArray, Tracer
from tinygrad_edu.core.rules import AnyFunction, Each, Function, parameters, refuse, table, unknown, unsupported
from tinygrad_edu.core.source_info import label
from tinygrad_edu.core.tape import MANY, NOTHING, Entry, payload, record

Inputs = tuple[Any, ...]
Keywords = Mapping[str, Any]
_NO_KEYWORDS: Keywords = MappingProxyType({})
_METHODS: dict[tuple[str, np.ufunc], Function] = {
    ("reduce", np.add): np.sum, ("reduce", np.multiply): np.prod, ("accumulate", np.add): np.cumsum,
    ("reduce", np.maximum): np.max, ("reduce", np.minimum): np.min,
}  # fmt: skip
_REFUSALS = TypeError, ValueError, IndexError, AttributeError
_UNRECORDED = frozenset({np.ndarray, np.float64, np.float32, float, int, tuple})  # what is quickly known to be none


def apply(function: Function, inputs: Inputs, keywords: Keywords = _NO_KEYWORDS, body: Function | None = None) -> Any:
    """Run `function`, a primitive's `body`, on the numbers behind `inputs` and record it: the way to the tape.

    Raises:
        TypeError: `function` has no rules, or none for these inputs or keywords.
    """
    row = table.get(function)
    if row is None or not row.rules:
        raise unknown(function)
    rules = row.rules
    compute = function if body is None or row.opaque else body
    if len(inputs) == 1 and not keywords and rules[0] is not None:  # as below, but quickly
        (x,) = inputs
        return record(type(x), unwrap_scalar(compute(x._data)), function, x)
    if not isinstance(rules, Each) and len(inputs) > len(rules):
        raise refuse(function, f"got {len(inputs)} inputs", f"its row has rules for {len(rules)}")
    constants = {key: _constant_keyword(key, value, function) for key, value in keywords.items()} if keywords else None
    numbers, given = [], []
    for i, x in enumerate(inputs):
        if isinstance(x, Entry) and rules[i] is not None:
            kind = type(x)
            given.append(x)
            numbers.append(x._data)
        else:
            constant = _constant_input(i, x, rules[i], function)
            if constant is NotImplemented:  # an operand that answers itself
                return constant
            given.append(constant)
            numbers.append(constant)
    data = unwrap_scalar(compute(*numbers, **keywords))
    x, y = (*given, NOTHING)[:2] if len(given) < 3 else (tuple(given), MANY)
    return record(kind, data, function, x, y, constants)


def _constant_input(i: int, x: Any, rule: Function | None, function: Function) -> Any:
    """An input that is not recorded: it must be a number, or where there is no rule, anything but a Value."""
    if rule is not None:
        return constant_operand(x, function)
    if any(isinstance(part, Entry) for part in (x if type(x) is tuple else (x,))):
        rules = table[function].rules
        wanted = f"write {rules.ahead}" if isinstance(rules, Each) else "it has no slope there; pass its .data"
        raise refuse(function, f"argument {i} is a Value", wanted)
    return as_constant(x)


def _numbers(x: Any) -> Any:
    """The plain numbers behind `x`, or behind the Values in a list or tuple."""
    return type(x)(map(_numbers, x)) if type(x) in (list, tuple) else payload(x)


def _constant_keyword(key: str, value: Any, function: Function) -> Any:
    """The value of a keyword, which needs a rule and must not be a Value."""
    if key not in table[function].keywords:
        raise unsupported(function, key)
    if isinstance(value, Entry):
        raise refuse(function, f"{key}= is a Value", "pass it by position, or its .data to hold it constant")
    return as_constant(value)


def primitive(function: AnyFunction) -> AnyFunction:
    """Make a function of arrays one that is also recorded; `derivative` gives it its rules.

    Raises:
        TypeError: when called with a Value, if it has no row yet, or a Value comes by keyword.
    """

    @functools.wraps(function)
    def recorded(*arguments: Any, **keywords: Any) -> Any:
        for x in arguments:
            if type(x) not in _UNRECORDED:
                break
        else:
            if not keywords:
                return function(*arguments)
        has_value = False
        for x in arguments:
            if isinstance(x, Entry):
                has_value = True
            elif isinstance(x, OuterArray):
                return x.call(recorded, arguments, keywords, function)
        if has_value:
            return apply(recorded, arguments, keywords, function)
        return _run_unrecorded(recorded, function, arguments, keywords)

    return recorded  # type: ignore[return-value]


def _run_unrecorded(recorded: Function, body: Function, arguments: Inputs, keywords: Keywords) -> Any:
    """Run a primitive's body on plain numbers, or on a tracer, which writes down the call if it is opaque."""
    for key, x in keywords.items():
        if isinstance(x, Entry):
            raise refuse(body, f"{key}= is a Value", "pass it by position")
    for x in arguments:
        if isinstance(x, Tracer) and recorded in table and table[recorded].opaque:
            return x.call(recorded, *arguments)
    return body(*arguments, **keywords)


def on_ufunc(self: Any, ufunc: np.ufunc, method: str, *inputs: Any, **keywords: Any) -> Any:
    """Answer NumPy when a ufunc meets a Value (NEP 13)."""
    if method == "__call__":
        try:
            row = table[ufunc]
        except KeyError:
            raise unknown(ufunc) from None
        if row.rules:
            if len(inputs) == 1 and not keywords:  # as `apply` does, but quickly
                return record(type(self), ufunc(self._data), ufunc, self)
            return apply(ufunc, inputs, keywords)
        if row.nondifferentiable:
            return on_function(ufunc, inputs, keywords)
        for key in keywords:
            raise unsupported(ufunc, key)
        return _substituted(ufunc, inputs, {}, inputs, {})
    if method == "accumulate" and (self.ndim == 0 or (self.ndim > 1 and keywords.get("axis", 0) is None)):
        raise refuse(ufunc, f"its method .accumulate runs along one axis of {self.ndim}", "say which, as in axis=0")
    if (method, ufunc) in _METHODS:
        return on_function(_METHODS[method, ufunc], inputs, {"axis": 0, **keywords})
    if method == "outer" and not keywords and len(inputs) == 2:
        operands: list[Any] = [x if isinstance(x, Entry) else np.asarray(x) for x in inputs]
        x, y = operands
        return ufunc(x[(..., *[None] * y.ndim)], y)
    raise refuse(ufunc, f"its method .{method} has no rule for Values", f"call {label(ufunc)} itself")


def on_function(function: Function, arguments: Inputs, keywords: Keywords) -> Any:
    """Answer NumPy when one of its other functions meets a Value (NEP 18)."""
    row = table.get(function)
    if row is None:
        raise unknown(function)
    if row.nondifferentiable:
        out = keywords.get("out")
        if any(isinstance(x, Entry) for x in (out if isinstance(out, tuple) else (out,))):
            raise unsupported(function, "out")
        return function(*map(_numbers, arguments), **{k: _numbers(v) for k, v in keywords.items()})
    if isinstance(row.rules, Each):
        return apply(function, arguments, keywords)
    known = parameters(function)
    named = dict(zip(known, arguments, strict=False)) | dict(keywords)
    inputs = [named.pop(key) for key in [*known][: len(row.rules)] if key in named]
    positional = (*inputs, *arguments[len(known) :])
    accepted = parameters(row.substitute) if row.substitute else row.keywords
    for key in [key for key in named if key not in accepted]:
        if key not in known or not _is_default(named.pop(key), known[key]):
            raise unsupported(function, key)
    if row.substitute:
        return _substituted(function, positional, named, arguments, keywords)
    return apply(function, positional, named)


def _substituted(function: Function, inputs: Inputs, named: Keywords, arguments: Inputs, keywords: Keywords) -> Any:
    """What the substitute of `function` gives; what it refuses without a word of its own, NumPy may refuse in its."""
    try:
        return table[function].substitute(*inputs, **named)  # type: ignore[misc]
    except _REFUSALS as error:
        if label(function) in str(error) or type(error).__module__.startswith("tinygrad_edu"):
            raise
        refusal = TypeError(f"{label(function)}: {error}")
    function(*map(_numbers, arguments), **{k: _numbers(v) for k, v in keywords.items()})
    raise refusal


def _is_default(value: Any, default: Any) -> bool:
    simple = isinstance(default, (bool, int, str))
    return value is default or (simple and type(value) is type(default) and bool(value == default))
