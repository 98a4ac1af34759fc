"""What NumPy asks of a recorded number: every call is looked up in the table, and recorded.

x    an input
row  what the table says of a function
"""

import functools
import inspect
from typing import Any

import numpy as np

from tinygrad_edu.core import ufunc_methods
from tinygrad_edu.core.arrays import constant_operand, unwrap_scalar
from tinygrad_edu.core.refusals import (
    check_results,
    check_settings,
    check_weights,
    constant_input,
    constant_keyword,
    refuse_complex,
    unknown,
    unsupported,
)
from tinygrad_edu.core.results import Layout
from tinygrad_edu.core.rules import (
    NO_KEYWORDS,
    Each,
    Function,
    Inputs,
    Keywords,
    Row,
    find,
    parameters,
    refuse,
    table,
)
from tinygrad_edu.core.source_info import ERRORS, label, raise_named
from tinygrad_edu.core.tape import MANY, NOTHING, Entry, payload, record

_signature = functools.cache(inspect.signature)
_METHODS: dict[tuple[str, np.ufunc], Function] = {
    ("reduce", np.add): np.sum, ("reduce", np.multiply): np.prod, ("accumulate", np.add): np.cumsum,
    ("reduce", np.maximum): np.max, ("reduce", np.minimum): np.min, ("accumulate", np.multiply): np.cumprod,
}  # fmt: skip
_SETTINGS = {"where": True, "casting": "same_kind", "order": "K", "dtype": None, "subok": True}  # NumPy's own
_REFUSALS = TypeError, ValueError, IndexError, AttributeError


def apply(function: Function, inputs: Inputs, keywords: Keywords = NO_KEYWORDS, body: Function | None = None) -> Any:
    """Run `function`, a primitive's `body`, on the numbers behind `inputs` and record it: the way to the tape.

    Raises:
        TypeError: `function` has no rules, or none for these inputs or keywords.
    """
    row = table.get(function)
    if row is None or not row.rules:
        raise unknown(function)
    if row.real:
        refuse_complex(function, inputs)
    rules = row.rules
    compute = function if body is None or row.opaque else body
    if len(inputs) == 1 and not keywords and rules[0] is not None and row.results == 1:  # as below, but quickly
        (x,) = inputs
        return record(type(x), unwrap_scalar(compute(x._payload)), function, x)
    if not isinstance(rules, Each) and len(inputs) > len(rules):
        raise refuse(function, f"got {len(inputs)} inputs", f"its row has rules for {len(rules)}")
    if "out" in keywords:
        raise unsupported(function, "out")
    constants = {key: constant_keyword(key, value, function) for key, value in keywords.items()} if keywords else None
    numbers, given = [], []
    for i, x in enumerate(inputs):
        if isinstance(x, Entry) and rules[i] is not None:
            kind = type(x)
            given.append(x)
            numbers.append(x._payload)
        else:
            constant = constant_input(i, inputs, rules[i], function)
            if constant is NotImplemented:  # an operand that answers itself
                return constant
            given.append(constant)
            numbers.append(constant)
    data = compute(*numbers, **keywords)
    x, y = (*given, NOTHING)[:2] if len(given) < 3 else (tuple(given), MANY)
    if row.results == 1:
        return record(kind, unwrap_scalar(data), function, x, y, constants)
    check_results(function, data, row.results)
    layout = Layout.of(data)
    return layout.cut(record(kind, layout.join(data), row.joined, x, y, {**(constants or {}), "_layout": layout}))


def on_ufunc(self: Any, ufunc: np.ufunc, method: str, *inputs: Any, **keywords: Any) -> Any:
    """Answer NumPy when a ufunc meets a Value (NEP 13)."""
    try:
        row = table.get(ufunc) or find(ufunc)
        if row is not None and row.quick and method == "__call__" and not keywords:  # as `apply` does, but quickly
            try:
                if len(inputs) == 1:
                    return record(type(self), ufunc(self._payload), ufunc, self)
                if type(inputs[0]) is np.ndarray and len(inputs) == 2:
                    x = constant_operand(inputs[0], ufunc, self)
                    return record(type(self), unwrap_scalar(ufunc(x, self._payload)), ufunc, x, self)
            except TypeError:
                refuse_complex(ufunc, inputs)
                raise
        if method == "__call__":
            if keywords:
                keywords = {key: x for key, x in keywords.items() if not _is_default(x, _SETTINGS.get(key, ...))}
            if row is None:
                raise unknown(ufunc)
            if row.rules:
                return apply(ufunc, inputs, keywords)
            if row.nondifferentiable:
                return on_function(ufunc, inputs, keywords)
            for key in keywords:
                raise unsupported(ufunc, key)
            return _substituted(ufunc, inputs, {}, inputs, {})
        return _on_ufunc_method(self, ufunc, method, inputs, keywords)
    except ERRORS as error:
        raise_named(error, label(ufunc) if method == "__call__" else f"{label(ufunc)}.{method}")


def _on_ufunc_method(self: Any, ufunc: np.ufunc, method: str, inputs: Inputs, keywords: dict[str, Any]) -> Any:
    """What ``np.add.reduce`` and its like give."""
    if method == "accumulate" and (self.ndim == 0 or (self.ndim > 1 and keywords.get("axis", 0) is None)):
        raise refuse(ufunc, f"its method .accumulate runs along one axis of {self.ndim}", "say which, as in axis=0")
    if (method, ufunc) in _METHODS and keywords.get("out") is None:
        return on_function(_METHODS[method, ufunc], inputs, {"axis": 0, **keywords})
    row = find(ufunc)
    if row is None:
        raise unknown(ufunc)
    if row.nondifferentiable and method != "at":
        return getattr(ufunc, method)(*map(_numbers, inputs), **{key: _numbers(x) for key, x in keywords.items()})
    return ufunc_methods.call(ufunc, method, inputs, keywords)


def on_function(function: Function, arguments: Inputs, keywords: Keywords) -> Any:
    """Answer NumPy when one of its other functions meets a Value (NEP 18)."""
    row = find(function)
    if row is None:
        raise unknown(function)
    if row.nondifferentiable:
        out = keywords.get("out")
        if any(isinstance(x, Entry) for x in (out if isinstance(out, tuple) else (out,))):
            raise unsupported(function, "out")
        if function.__name__.startswith("histogram"):
            check_weights(function, arguments, keywords)
        return function(*map(_numbers, arguments), **{k: _numbers(v) for k, v in keywords.items()})
    if isinstance(row.rules, Each) and row.rules.reordered is not None:
        return apply(function, row.rules.reordered(*arguments), keywords)
    if isinstance(row.rules, Each) or _is_as_in_row(row, arguments, keywords):
        return apply(function, arguments, keywords)
    known = parameters(function)
    if len(arguments) > len(known):  # it takes any number of them
        positional, named = arguments, dict(keywords)
    else:
        named = dict(zip(known, arguments, strict=False)) | dict(keywords)
        positional = tuple(named.pop(key) for key in [*known][: len(row.rules)] if key in named)
    if row.substitute:
        check_settings(function, named, known)
    accepted = _signature(row.substitute).parameters if row.substitute else row.keywords
    for key in [key for key, given in named.items() if key not in accepted or given is np._NoValue]:
        if key not in known or not _is_default(named.pop(key), known[key]):
            raise unsupported(function, key)
    if row.substitute:
        return _substituted(function, positional, named, arguments, keywords)
    return apply(function, positional, named)


def _substituted(function: Function, inputs: Inputs, named: Keywords, arguments: Inputs, keywords: Keywords) -> Any:
    """What the substitute of `function` gives; what it refuses without naming a function, NumPy may refuse in its."""
    refuse_complex(function, (*inputs, *named.values()))
    try:
        z = table[function].substitute(*inputs, **named)  # type: ignore[misc]
    except _REFUSALS as error:
        if label(function) in str(error) or type(error).__module__.startswith("tinygrad_edu"):
            raise
        said = str(error).removeprefix(f"{function.__name__}: ")  # by a primitive inside that is called the same
        refusal = TypeError(f"{label(function)}: {said}")
        if said != str(error) and isinstance(error, TypeError):
            raise refusal from error
    else:
        given = isinstance(z, Entry) and any(z is x for x in (*inputs, *named.values()))
        return +z if given else z  # what is computed is recorded, also where it changes nothing
    function(*map(_numbers, arguments), **{k: _numbers(v) for k, v in keywords.items()})
    raise refusal


def _is_as_in_row(row: Row, arguments: Inputs, keywords: Keywords) -> bool:
    """Whether a call of a function is as its row has it, as nearly every one is: one Value, keywords with rules."""
    plain = row.rules and len(arguments) == 1 and isinstance(arguments[0], Entry) and row.keywords.issuperset(keywords)
    return bool(plain) and not any(given is np._NoValue for given in keywords.values())


def _is_default(value: Any, default: Any) -> bool:
    simple = isinstance(default, (bool, int, str))
    return value is default or (simple and type(value) is type(default) and bool(value == default))


def _numbers(x: Any) -> Any:
    """The plain numbers behind `x`, or behind the Values in a list or tuple."""
    return type(x)(map(_numbers, x)) if type(x) in (list, tuple) else payload(x)
