"""Plain numbers and arrays: what a recorded number may hold, and what may stand beside one."""

from typing import Any

import numpy as np

from tinygrad_edu.core.context import OuterArray, Tracer, tracing
from tinygrad_edu.core.rules import Array, Function, refuse
from tinygrad_edu.core.tape import Entry

_SCALARS = frozenset({float, int, np.float64, bool, np.complex128})
_PLAIN = frozenset({np.ndarray, np.memmap, int, float, complex, bool, slice, tuple, list, str, type(None), type(...)})
arrays: set[type] = {np.ndarray}  # of these, those without axes are taken for numbers


def accept(data: Any) -> Array:
    """The payload made of what a user calls a number; nobody else can change it.

    Integers become float64, floats and complex numbers keep their dtype, 0-d arrays become NumPy scalars; arrays of
    other libraries that speak NumPy's protocols are kept as they are.

    Raises:
        TypeError: `data` is no number or array of numbers, or means more than its numbers.
    """
    if isinstance(data, Entry):
        raise TypeError("Value(x): x is a Value already; use x.detach() for a new leaf, or +x for a recorded copy")
    if (remedy := _lost_meaning(data)) is not None:
        raise TypeError(f"Value(x): x is a {type(data).__name__}, whose meaning would be lost; {remedy}")
    if isinstance(data, Tracer) or _speaks_protocols(data):
        data = data.snapshot() if isinstance(data, Tracer) else data.copy()
        return unwrap_scalar(data.astype(data.dtype if data.dtype.kind in "fc" else np.float64, copy=False))
    if type(data) is np.ndarray:
        _tell_listener(data)
    array = np.array(data, order="K")
    if array.dtype.kind in "iub":
        array = array.astype(np.float64)
    if array.dtype.kind not in "fc":
        what = f"a {type(data).__name__}" if array.dtype == object else f"of dtype {array.dtype}"
        raise TypeError(f"Value(x): x is {what}; Values hold numbers and arrays of numbers")
    return array[()]


def constant_operand(x: Any, function: Function, beside: Entry) -> Array:
    """A constant operand of a Value, `beside`, copied if its owner could change it before the sweep.

    Integers and truth values become the floats that NumPy makes of them, so that rules compute with floats.
    NotImplemented for an array that answers itself.

    Raises:
        TypeError: it is no number or array of numbers, or means more than its numbers.
    """
    kind = type(x)
    if kind in _SCALARS:
        return x
    if kind is np.ndarray and x.dtype.kind in "fc":
        _tell_listener(x)
        return x.copy(order="K")
    if isinstance(x, OuterArray):
        return NotImplemented
    if kind is complex:  # times NumPy's float64, which is a float to it, it would be a number of Python's
        return np.result_type(beside._payload, x).type(x)
    numbers = isinstance(x, (int, float, np.ndarray, np.generic)) or _speaks_protocols(x)
    constant = as_constant(x if numbers or _lost_meaning(x) else np.array(x), function)
    if isinstance(constant, (int, float, np.complexfloating)):
        return constant
    if constant.dtype.kind not in "fiubc":
        what = f"an array of {constant.dtype}" if isinstance(x, (np.ndarray, np.generic)) else f"a {type(x).__name__}"
        raise refuse(function, f"got {what} beside a Value", "use numbers or arrays of numbers")
    floats = constant.dtype if constant.dtype.kind in "fc" else np.result_type(constant.dtype, beside._payload.dtype)
    return constant.astype(floats, copy=False)


def as_constant(x: Any, function: Function) -> Any:
    """An index, a condition or a keyword's value, copied if its owner could change it before the sweep.

    Raises:
        TypeError: it means more than its numbers.
    """
    if isinstance(x, Tracer):
        return x.snapshot()
    if (remedy := _lost_meaning(x)) is not None:
        raise refuse(function, f"got a {type(x).__name__}, whose meaning would be lost", remedy)
    if isinstance(x, (list, np.ndarray)):
        if isinstance(x, np.ndarray):
            _tell_listener(x)
        made = np.array(x, order="K")
        return made if made.size or isinstance(x, np.ndarray) else made.astype(np.intp)  # as NumPy reads x[[]]
    if _speaks_protocols(x):
        return x.copy()
    return tuple(as_constant(part, function) for part in x) if type(x) is tuple else x


def _speaks_protocols(x: Any) -> bool:
    """Whether `x` is an array of another library that NumPy's functions keep as it is."""
    return not isinstance(x, (np.ndarray, OuterArray, type)) and hasattr(x, "__array_function__")


def _lost_meaning(x: Any) -> str | None:
    """What to write for data that means more than its numbers: masks, labels, units, another product."""
    if type(x) in _PLAIN or isinstance(x, Tracer):
        return None
    if hasattr(x, "filled"):
        return "pass x.filled(0), or numpy.asarray(x) to forget the mask"
    if isinstance(x, np.ndarray):
        return "pass numpy.asarray(x)"
    if hasattr(x, "to_numpy"):
        return "pass x.to_numpy(), in the order that is meant"
    if hasattr(x, "tocsr"):
        return "pass x.toarray(), or give the product a rule with tinygrad_edu.primitive"
    labelled = hasattr(x, "__array_ufunc__") and not hasattr(x, "__array_function__")
    return "pass numpy.asarray(x)" if labelled and not isinstance(x, type) else None


def _tell_listener(x: Array) -> None:
    if (listener := tracing.get()) is not None:
        listener.constant(x)


def unwrap_scalar(data: Array) -> Array:
    """The number in an array without axes, as NumPy's scalar, which is quicker; all else as it is."""
    return data[()] if type(data) in arrays and not data.ndim else data


def made_beside(make: Function, dtype: Any, shape: Any, *parts: Array, order: str = "K") -> Array:
    """An array to write `parts` into, made by np.zeros_like or np.empty_like of one that is not plain, if any is."""
    like = next((x for x in parts if type(x) is not np.ndarray), parts[0])
    return make(like, dtype, order, shape=shape)


def is_asked(x: Any) -> bool:
    """Whether an array may be asked about its numbers; one of another library may not have them yet."""
    return isinstance(x, (np.ndarray, np.generic, int, float, complex, Tracer, OuterArray))


def as_array(x: Any) -> Array:
    """An array, of whatever library: `x` itself if it is one."""
    return x if hasattr(x, "dtype") else np.asarray(x)
