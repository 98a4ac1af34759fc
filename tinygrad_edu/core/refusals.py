"""What may stand in a call with Values; what may not is refused by name, with what to write instead.

x    an input, or what is given by a keyword
row  what the table says of a function
"""

import dataclasses
import inspect
import types
from collections.abc import Iterable
from typing import Any

import numpy as np

from tinygrad_edu.core.arrays import as_constant, constant_operand
from tinygrad_edu.core.dtypes import is_complex
from tinygrad_edu.core.rules import Array, Each, Function, Inputs, Keywords, parameters, refuse, remedies, table
from tinygrad_edu.core.source_info import label
from tinygrad_edu.core.tape import Entry

NO_VALUES = frozenset(
    {np.ndarray, np.float64, np.float32, float, int, bool, complex, np.complex128, str, slice, type(None), type(...)}
)  # what is quickly known to hold none
_OF_UFUNCS = {  # keywords that ufuncs have, and what to write instead
    "where": "what is left out would be undefined: write np.where(mask, z, 0)",
    "dtype": "cast what goes in, with x.astype(dtype)",
}
_SAYS_HOW = frozenset({  # parameters, beside those whose default is a whole number, a truth value or text
    "axis", "axes", "ord", "p", "s", "norm", "shape", "keepdims", "rcond", "rtol", "discont", "period", "kind",
    "stable", "where", "ddof", "mode", "edge_order", "copy", "sparse", "indexing", "optimize", "subok",
})  # fmt: skip


def unknown(function: Function) -> TypeError:
    """The error for a function that is not in the table."""
    row = "give it a row with tinygrad_edu.derivative"
    own = label(function)
    return refuse(function, "has no derivative in the table", f"{remedies[own]}, or {row}" if own in remedies else row)


def unsupported(function: Function, key: str) -> TypeError:
    """The error for a keyword without a rule."""
    row = table[function]
    substituted = parameters(row.substitute) if row.substitute else {}
    known = sorted(
        row.keywords or [name for name, given in substituted.items() if given is not inspect.Parameter.empty]
    )
    remedy = f"keywords with a rule: {', '.join(known)}" if known else "call it without keywords"
    if key == "out":
        remedy = "Values are not written into, nor into arrays: use the result, x = x + y for x += y"
    elif isinstance(function, np.ufunc):
        remedy = _OF_UFUNCS.get(key, "call it without")
    elif isinstance(function, types.FunctionType) and key in parameters(inspect.unwrap(function)):
        remedy = f"pass it by position and give it a place among the rules, None, or let the rules take *, {key}"
    return refuse(function, f"{key}= has no rule for Values", remedy)


def refuse_complex(function: Function, inputs: Iterable[Any]) -> None:
    """Raise an error if a function of real numbers only was called with complex ones."""
    if table[function].real and any(map(is_complex, inputs)):
        raise refuse(function, "got complex numbers, of which it has no meaning or no slope", table[function].real)


def holds_value(x: Any) -> bool:
    """Whether `x` is a Value, or a container with one inside."""
    kind = type(x)
    if kind in NO_VALUES or isinstance(x, Entry):
        return kind not in NO_VALUES
    if isinstance(x, (list, tuple)):
        return any(map(holds_value, x))
    if isinstance(x, dict):
        return any(map(holds_value, x.values()))
    return dataclasses.is_dataclass(kind) and any(holds_value(getattr(x, each.name)) for each in dataclasses.fields(x))


def constant_input(i: int, inputs: Inputs, rule: Function | None, function: Function) -> Array:
    """An input that is not recorded: it must be a number, or where there is no rule, anything but a Value."""
    x, beside = inputs[i], (z for z in inputs if isinstance(z, Entry))
    if rule is not None:
        return constant_operand(x, function, next(beside))
    if holds_value(x):
        rules = table[function].rules
        wanted = (
            f"write {rules.ahead}"
            if isinstance(rules, Each)
            else "there is no rule by it; pass x.data to hold it constant"
        )
        raise refuse(function, f"argument {i} is a Value", wanted)
    constant = as_constant(x, function)
    if isinstance(function, np.ufunc) and any(kinds[i] == "d" for kinds in function.types):  # it takes floats there
        kind = getattr(constant, "dtype", None)
        if kind is not None and kind.kind in "iub":  # in rules, 0 - 1 may wrap
            return constant.astype(np.result_type(kind, next(beside)._payload.dtype))
    return constant


def constant_keyword(key: str, x: Any, function: Function) -> Any:
    """The value of a keyword, which needs a rule and must not be a Value."""
    if key not in table[function].keywords:
        raise unsupported(function, key)
    if holds_value(x):
        raise refuse(function, f"{key}= is a Value", "there is no rule by it; pass x.item() to hold it constant")
    if key == "dtype" and x is not None and np.dtype(x).kind not in "fc":
        raise refuse(function, f"dtype={x!r} has no slope", "use a kind of float or of complex number")
    return as_constant(x, function)


def check_settings(function: Function, named: Keywords, known: Keywords) -> None:
    """Make sure that what says how or where, and is no number, is no Value: it would be held constant unseen."""
    for key, x in named.items():
        default = known.get(key)
        says_how = key in _SAYS_HOW or type(default) in (bool, int, str)
        if says_how and default is not inspect.Parameter.empty and key != "default" and isinstance(x, Entry):
            raise refuse(function, f"{key}= is a Value", "it says how or where, and has no rule: pass it plain")


def check_weights(function: Function, arguments: Inputs, keywords: Keywords) -> None:
    """Make sure that what is counted is not weighted by a Value, by which the counts have a slope."""
    weights = {**dict(zip(parameters(function), arguments, strict=False)), **keywords}.get("weights")
    if holds_value(weights):
        remedy = "write np.bincount(np.digitize(x.data, edges), weights)"
        raise refuse(function, "weights= is a Value, and has no rule", remedy)


def check_results(function: Function, data: Any, count: int) -> None:
    """Make sure that a function returned as many results as its row says."""
    if not isinstance(data, tuple) or len(data) != count:
        what = f"a tuple of {len(data)}" if isinstance(data, tuple) else f"a {type(data).__name__}"
        returned = f"it returned {what}, and its row says results={count}"
        raise refuse(function, returned, "return a tuple with an array for each result")


def axis_error(error: Exception, function: Function, arguments: Inputs, keywords: Keywords) -> Exception:
    """`error`, or where a tuple was indexed by an axis that is not there, the error that says so."""
    ndim = next((x._payload.ndim for x in arguments if isinstance(x, Entry)), None)
    if type(error) is not IndexError or ndim is None:
        return error
    given = inspect.signature(function).bind(*arguments, **keywords)
    given.apply_defaults()
    for axis in np.ravel([given.arguments.get(key) for key in ("axis", "axes") if given.arguments.get(key)]):
        if isinstance(axis, np.integer) and not -ndim <= axis < ndim:
            return np.exceptions.AxisError(int(axis), ndim)
    return error
