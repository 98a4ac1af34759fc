"""What NumPy asks of a recorded number: every call is looked up in the table, then recorded or refused.

x    an input
row  what the table says of a function
"""

import dataclasses
import functools
import inspect
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from tinygrad_edu.core import ufunc_methods
from tinygrad_edu.core.arrays import accept, as_constant, constant_operand, unwrap_scalar
from tinygrad_edu.core.context import OuterArray, Tracer
from tinygrad_edu.core.results import Layout
from tinygrad_edu.core.rules import (
    AnyFunction,
    Array,
    Each,
    Function,
    Row,
    find,
    parameters,
    refuse,
    refuse_complex,
    table,
    unknown,
    unsupported,
)
from tinygrad_edu.core.source_info import ERRORS, label, raise_named
from tinygrad_edu.core.tape import MANY, NOTHING, Entry, payload, record

Inputs = tuple[Any, ...]
Keywords = Mapping[str, Any]
NO_KEYWORDS: Keywords = MappingProxyType({})
_signature = functools.cache(inspect.signature)
_METHODS: dict[tuple[str, np.ufunc], Function] = {
    ("reduce", np.add): np.sum, ("reduce", np.multiply): np.prod, ("accumulate", np.add): np.cumsum,
    ("reduce", np.maximum): np.max, ("reduce", np.minimum): np.min, ("accumulate", np.multiply): np.cumprod,
}  # fmt: skip
_SETTINGS = {"where": True, "casting": "same_kind", "order": "K", "dtype": None, "subok": True}  # NumPy's own
_SAYS_HOW = frozenset({  # parameters, beside those whose default is a whole number, a truth value or text
    "axis", "axes", "ord", "p", "s", "norm", "shape", "keepdims", "rcond", "rtol", "discont", "period", "kind",
    "stable", "where", "ddof", "mode", "edge_order", "copy", "sparse", "indexing", "optimize", "subok",
})  # fmt: skip
_REFUSALS = TypeError, ValueError, IndexError, AttributeError
_UNRECORDED = frozenset(
    {np.ndarray, np.float64, np.float32, float, int, bool, complex, np.complex128, str, slice, type(None), type(...)}
)  # what is quickly known to be none


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
    constants = {key: _constant_keyword(key, value, function) for key, value in keywords.items()} if keywords else None
    numbers, given = [], []
    for i, x in enumerate(inputs):
        if isinstance(x, Entry) and rules[i] is not None:
            kind = type(x)
            given.append(x)
            numbers.append(x._payload)
        else:
            constant = _constant_input(i, inputs, rules[i], function)
            if constant is NotImplemented:  # an operand that answers itself
                return constant
            given.append(constant)
            numbers.append(constant)
    data = compute(*numbers, **keywords)
    x, y = (*given, NOTHING)[:2] if len(given) < 3 else (tuple(given), MANY)
    if row.results == 1:
        return record(kind, unwrap_scalar(data), function, x, y, constants)
    _check_results(function, data, row.results)
    layout = Layout.of(data)
    return layout.cut(record(kind, layout.join(data), row.joined, x, y, {**(constants or {}), "_layout": layout}))


def _check_results(function: Function, data: Any, count: int) -> None:
    """Make sure that a function returned as many results as its row says."""
    if not isinstance(data, tuple) or len(data) != count:
        what = f"a tuple of {len(data)}" if isinstance(data, tuple) else f"a {type(data).__name__}"
        returned = f"it returned {what}, and its row says results={count}"
        raise refuse(function, returned, "return a tuple with an array for each result")


def _constant_input(i: int, inputs: Inputs, rule: Function | None, function: Function) -> Any:
    """An input that is not recorded: it must be a number, or where there is no rule, anything but a Value."""
    x = inputs[i]
    if rule is not None:
        return constant_operand(x, function, next(z for z in inputs if isinstance(z, Entry)))
    if _holds_value(x):
        rules = table[function].rules
        wanted = (
            f"write {rules.ahead}"
            if isinstance(rules, Each)
            else "there is no rule by it; pass x.data to hold it constant"
        )
        raise refuse(function, f"argument {i} is a Value", wanted)
    return as_constant(x, function)


def _holds_value(x: Any) -> bool:
    """Whether `x` is a Value, or a container with one inside."""
    kind = type(x)
    if kind in _UNRECORDED or isinstance(x, Entry):
        return kind not in _UNRECORDED
    if isinstance(x, (list, tuple)):
        return any(map(_holds_value, x))
    if isinstance(x, dict):
        return any(map(_holds_value, x.values()))
    return dataclasses.is_dataclass(kind) and any(_holds_value(getattr(x, each.name)) for each in dataclasses.fields(x))


def _numbers(x: Any) -> Any:
    """The plain numbers behind `x`, or behind the Values in a list or tuple."""
    return type(x)(map(_numbers, x)) if type(x) in (list, tuple) else payload(x)


def _constant_keyword(key: str, value: Any, function: Function) -> Any:
    """The value of a keyword, which needs a rule and must not be a Value."""
    if key not in table[function].keywords:
        raise unsupported(function, key)
    if _holds_value(value):
        raise refuse(function, f"{key}= is a Value", "there is no rule by it; pass x.item() to hold it constant")
    if key == "dtype" and value is not None and np.dtype(value).kind not in "fc":
        raise refuse(function, f"dtype={value!r} has no slope", "use a kind of float or of complex number")
    return as_constant(value, function)


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
                if type(x) not in _UNRECORDED:
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
    if isinstance(z, (list, tuple, dict, str, type(None))) or _holds_value(z):
        remedy = "a primitive returns one array of complex or real numbers, or a tuple, and derivative(…, results=2)"
        raise refuse(function, f"it returned a {type(z).__name__}", f"{remedy} says how many")
    return z if isinstance(z, OuterArray) else accept(z)


def _run_unrecorded(recorded: Function, body: Function, arguments: Inputs, keywords: Keywords) -> Any:
    """Run a primitive's body on plain numbers, or on a tracer, which writes down the call if it is opaque."""
    for key, x in keywords.items():
        if _holds_value(x):
            raise refuse(body, f"{key}= is a Value", "pass it by position")
    for i, x in enumerate((*arguments, *keywords.values())):
        if _holds_value(x):
            what = f"argument {i} is a {type(x).__name__} that holds Values"
            raise refuse(body, what, "a primitive takes arrays: pass them one by one")
        if isinstance(x, Tracer) and recorded in table and table[recorded].opaque:
            return x.call(recorded, arguments, dict(keywords))
    return body(*arguments, **keywords)


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
            _refuse_weights(function, arguments, keywords)
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
        _refuse_settings(function, named, known)
    accepted = _signature(row.substitute).parameters if row.substitute else row.keywords
    for key in [key for key, given in named.items() if key not in accepted or given is np._NoValue]:
        if key not in known or not _is_default(named.pop(key), known[key]):
            raise unsupported(function, key)
    if row.substitute:
        return _substituted(function, positional, named, arguments, keywords)
    return apply(function, positional, named)


def _refuse_settings(function: Function, named: Keywords, known: Keywords) -> None:
    """Make sure that what says how or where, and is no number, is no Value: it would be held constant unseen."""
    for key, x in named.items():
        default = known.get(key)
        says_how = key in _SAYS_HOW or type(default) in (bool, int, str)
        if says_how and default is not inspect.Parameter.empty and key != "default" and isinstance(x, Entry):
            raise refuse(function, f"{key}= is a Value", "it says how or where, and has no rule: pass it plain")


def axis_error(error: Exception, function: Function, arguments: Inputs, keywords: Keywords) -> Exception:
    """`error`, or where a tuple was indexed by an axis that is not there, the error that says so."""
    ndim = next((x._payload.ndim for x in arguments if isinstance(x, Entry)), None)
    if type(error) is not IndexError or ndim is None:
        return error
    given = _signature(function).bind(*arguments, **keywords)
    given.apply_defaults()
    for axis in np.ravel([given.arguments.get(key) for key in ("axis", "axes") if given.arguments.get(key)]):
        if not -ndim <= axis < ndim:
            return np.exceptions.AxisError(axis, ndim)
    return error


def _refuse_weights(function: Function, arguments: Inputs, keywords: Keywords) -> None:
    """Make sure that what is counted is not weighted by a Value, by which the counts have a slope."""
    weights = {**dict(zip(parameters(function), arguments, strict=False)), **keywords}.get("weights")
    if _holds_value(weights):
        remedy = "write np.bincount(np.digitize(x.data, edges), weights)"
        raise refuse(function, "weights= is a Value, and has no rule", remedy)


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
