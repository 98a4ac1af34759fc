"""Plain numbers and arrays: what a recorded number may hold, and what may stand beside one."""

from typing import Any

import numpy as np

from tinygrad_edu.core.context import OuterArray, Tracer, tracing
from tinygrad_edu.core.rules import Array, Function, refuse
from tinygrad_edu.core.tape import Entry

_SCALARS = frozenset({float, int, np.float64, bool})
arrays: set[type] = {np.ndarray}  # of these, those without axes are taken for numbers


def accept(data: Any) -> Array:
    """The payload made of what a user calls a number; nobody else can change it.

    Integers become float64, floats keep their dtype, 0-d arrays become NumPy scalars; arrays of
    other libraries that speak NumPy's protocols are kept as they are.

    Raises:
        TypeError: `data` is no real number or array of real numbers.
    """
    if isinstance(data, Entry):
        raise TypeError("Value(x): x is a Value already; use x.detach() for a new leaf, or +x for a recorded copy")
    numbers = (np.ndarray, np.generic)
    if hasattr(data, "__array_ufunc__") and (isinstance(data, Tracer) or not isinstance(data, numbers)):
        data = data.snapshot() if isinstance(data, Tracer) else data
        return unwrap_scalar(data.astype(data.dtype if data.dtype.kind == "f" else np.float64, copy=False))
    if isinstance(data, np.ndarray) and not isinstance(data, np.memmap) and type(data) is not np.ndarray:
        raise TypeError(f"Value(x): x is a {type(data).__name__}, whose meaning would be lost; pass numpy.asarray(x)")
    if type(data) is np.ndarray:
        _tell_listener(data)
    array = np.array(data, order="K")
    if array.dtype.kind in "iub":
        array = array.astype(np.float64)
    if array.dtype.kind != "f":
        raise TypeError(f"Value(x): x is of dtype {array.dtype}; Values hold real numbers and arrays of real numbers")
    return array[()]


def constant_operand(x: Any, function: Function) -> Array:
    """A constant operand, copied if its owner could change it before the sweep.

    NotImplemented for an array that answers itself.

    Raises:
        TypeError: it is no real number or array of real numbers.
    """
    kind = type(x)
    if kind in _SCALARS:
        return x
    if kind is np.ndarray and x.dtype.kind in "fiub":
        _tell_listener(x)
        return x.copy(order="K")
    if isinstance(x, OuterArray):
        return NotImplemented
    constant = as_constant(x)
    if getattr(getattr(constant, "dtype", None), "kind", "O") not in "fiub":
        what = f"an array of {constant.dtype}" if hasattr(constant, "dtype") else f"a {type(x).__name__}"
        raise refuse(function, f"got {what} beside a Value", "use real numbers or arrays of real numbers")
    return constant


def as_constant(x: Any) -> Any:
    """An index, a condition or a keyword's value, copied if its owner could change it before the sweep."""
    if isinstance(x, Tracer):
        return x.snapshot()
    if isinstance(x, (list, np.ndarray)):
        if isinstance(x, np.ndarray):
            _tell_listener(x)
        made = np.array(x, order="K")
        return made if made.size or isinstance(x, np.ndarray) else made.astype(np.intp)  # as NumPy reads x[[]]
    return tuple(map(as_constant, x)) if type(x) is tuple else x


def _tell_listener(x: Array) -> None:
    if (listener := tracing.get()) is not None:
        listener.constant(x)


def unwrap_scalar(data: Array) -> Array:
    """The number in an array without axes, as NumPy's scalar, which is quicker; all else as it is."""
    return data[()] if type(data) in arrays and not data.ndim else data


def as_array(x: Any) -> Array:
    """An array, of whatever library: `x` itself if it is one."""
    return x if hasattr(x, "dtype") else np.asarray(x)
