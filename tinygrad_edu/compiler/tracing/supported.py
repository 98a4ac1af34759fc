"""Which calls of NumPy's can be written down, and why others cannot: what comes out depends on numbers.

function  of NumPy's, with its arguments; some of them are tracers
x         an array, a tracer
"""

import functools
import inspect
import operator
import types
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tinygrad_edu.compiler.tracing.tracer import TracedArray, tracers
from tinygrad_edu.core.rules import table
from tinygrad_edu.core.source_info import label

Reason = tuple[str, str]

FACTS = {np.shape, np.ndim, np.size, np.result_type, np.can_cast, np.common_type, np.iscomplexobj, np.isrealobj}
WRITERS = {np.copyto, np.put, np.put_along_axis, np.place, np.putmask, np.fill_diagonal, operator.setitem}
_SHAPED_BY_NUMBERS = {
    np.nonzero, np.flatnonzero, np.argwhere, np.extract, np.compress, np.unique, np.unique_all, np.unique_counts,
    np.unique_inverse, np.unique_values, np.bincount, np.trim_zeros, np.union1d, np.intersect1d, np.setdiff1d,
    np.setxor1d, np.polydiv, np.polymul, np.ix_,
}  # fmt: skip
_SHAPED_BY_FIRST = {np.extract, np.compress, np.bincount}  # where that is constant, so is the shape
_TYPED_BY_NUMBERS = {np.real_if_close, np.min_scalar_type}
_TYPED_BY_REALS = {np.linalg.eig, np.linalg.eigvals, *(getattr(np.emath, name) for name in np.emath.__all__)}
_SUBSTITUTED = {np.roots, np.poly, np.linalg.lstsq, np.apply_along_axis, np.apply_over_axes, np.piecewise}
_ASKS_FOR_MEMORY = {np.may_share_memory, np.shares_memory}
_NUMBERS: set[str] = {  # parameters whose numbers go into numbers only; others are lengths, axes and switches
    "A", "a", "a1", "a2", "a_max", "a_min", "append", "ar", "ar1", "ar2", "args", "arr", "array", "arrays", "ary",
    "arys", "atol", "aweights", "b", "base", "choicelist", "choices", "condition", "condlist", "constant_values",
    "correction", "ddof", "decimals", "default", "discont", "dst", "dx", "element", "f", "fill_value",
    "filt", "fp",
    "fweights", "ind", "indices", "initial", "keys", "left", "m", "mask", "max", "mean", "min", "multi_index", "nan",
    "neginf", "object", "operands", "p", "period", "posinf", "prepend", "prototype", "q", "range", "rcond", "right",
    "rtol", "sample", "seq_of_zeros", "shift", "sorter", "src", "start", "stop", "test_elements", "to_begin", "to_end",
    "tol", "tup", "u", "v", "val", "vals", "values", "w", "weights", "where", "x", "x1", "x2", "xi", "xp", "y", "z",
}  # fmt: skip
_NUMBERS_THERE = {(np.polyint, "k")}  # which says how many, elsewhere
_KINDS = "biufc"


def unsupported_reason(
    function: Callable[..., Any], arguments: tuple[Any, ...], keywords: dict[str, Any]
) -> Reason | None:
    """What is wrong with a call, and what to write instead."""
    masked = function is operator.getitem and any(x.dtype == bool for x in tracers(arguments[1]))
    alone = function is np.where and len(arguments) == 1
    shaped = function in _SHAPED_BY_NUMBERS and (
        function not in _SHAPED_BY_FIRST or next(tracers(arguments[:1]), None) is not None
    )
    if shaped or masked or alone or isinstance(keywords.get("bins"), str):
        return (
            "makes an array whose shape depends on numbers (a mask as index, np.nonzero, np.unique)",
            "use np.where(mask, x, 0.0), which keeps the shape",
        )
    if function in _TYPED_BY_NUMBERS:
        return f"calls {function.__name__}, whose kind of number depends on numbers", "use one that keeps the kind"
    if function is np.poly:
        return "calls np.poly with complex numbers, whose result is real where they are conjugate", "use np.convolve"
    if function in _TYPED_BY_REALS and not any(x.dtype.kind == "c" for x in tracers(arguments)):
        what = f"calls {label(function)} with real numbers, of which the results are real or complex as the numbers are"
        return what, "write x.astype(complex) for what goes in, and all results are complex"
    if function in _ASKS_FOR_MEMORY:
        return "asks which arrays share memory", "leave that to the caller"
    if not isinstance(function, np.ufunc) and any(map(_calls_back, (*arguments, *keywords.values()))):
        return "has NumPy call a function", "write the loop out, or use functions of whole arrays"
    if keywords.get("overwrite_input") or (function is np.nan_to_num and not keywords.get("copy", True)):
        return "has NumPy overwrite what it is given", "leave the keyword out, and use the result"
    if errors_are_raised():
        return "asks for errors that depend on numbers (np.errstate)", "leave np.errstate to the caller"
    return None


def errors_are_raised() -> bool:
    """Whether NumPy has been told to raise an error, or to call a function, where numbers overflow."""
    return not {"raise", "call"}.isdisjoint(np.geterr().values())


def _calls_back(x: Any) -> bool:
    """Whether there is a function among arguments."""
    if isinstance(x, (tuple, list)):
        return any(map(_calls_back, x))
    return callable(x) and not isinstance(x, (type, TracedArray))


def unsupported_result(numbers: Any) -> Reason | None:
    """What is wrong with what came out."""
    if isinstance(numbers, (tuple, list)):
        return next(filter(None, map(unsupported_result, numbers)), None)
    if isinstance(numbers, (np.ndarray, np.generic)) and numbers.dtype.kind not in _KINDS:
        return f"makes an array of {numbers.dtype}", "use numbers of NumPy's kinds"
    if not isinstance(numbers, (np.ndarray, np.generic, bool, int, float, complex)):
        return f"makes a {type(numbers).__name__} of traced numbers", "let it give numbers, and do that outside"
    return None


@functools.cache
def _names(function: Callable[..., Any]) -> tuple[str, ...]:
    """The parameters of a function of NumPy's that may come by position, in order."""
    if isinstance(getattr(function, "__self__", None), np.ufunc):
        return ("array", "axis", "dtype", "out") if function.__name__ in ("reduce", "accumulate") else ()
    if isinstance(function, types.BuiltinFunctionType):  # of the module operator: they take no names
        return ()
    try:
        parameters = inspect.signature(function).parameters.values()
        return tuple(x.name for x in parameters if x.kind <= x.POSITIONAL_OR_KEYWORD)
    except ValueError:
        return ()


def substitute(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Callable[..., Any] | None:
    """What does as a function whose call cannot be written down: the table has it, and it asks what it must know."""
    real = not any(x.dtype.kind == "c" for x in tracers(arguments))
    return table[function].substitute if function in _SUBSTITUTED and (real or function is not np.poly) else None


def known_operands(function: Callable[..., Any], arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Iterator[Any]:
    """Go through the tracers on which it depends what comes out: axes, known_operands, ends of slices, switches."""
    if function in (operator.getitem, operator.setitem):
        index = arguments[1] if isinstance(arguments[1], tuple) else (arguments[1],)
        yield from tracers([part for part in index if isinstance(part, slice)])
        return
    named = [] if isinstance(function, np.ufunc) else [*zip(_names(function), arguments, strict=False)]
    for name, x in (*named, *keywords.items()):
        if name not in _NUMBERS and name != "out" and (function, name) not in _NUMBERS_THERE:
            yield from tracers(x)


def write_target(function: Callable[..., Any], arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
    """The array that a call writes into, if any; several come as a tuple."""
    if function in WRITERS or (getattr(function, "__name__", "") == "at" and _of_ufunc(function)):
        return arguments[0]
    into = keywords.get("out")
    if into is None and not isinstance(function, np.ufunc):
        into = dict(zip(_names(function), arguments, strict=False)).get("out")
    into = tuple(x for x in into if x is not None) if isinstance(into, tuple) else into
    return into[0] if isinstance(into, tuple) and len(into) == 1 else into


def _of_ufunc(function: Any) -> bool:
    return isinstance(getattr(function, "__self__", None), np.ufunc)


_ORDERED = {np.reshape: ("a", "shape", "order"), np.ravel: ("a", "order")}


def in_c_order(function: Callable[..., Any], arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
    """What `np.reshape` or `np.ravel` gives in another order, by turning axes first; None if there is nothing to turn.

    In memory's own order, "K" or "A", axes are turned as they lie now: a program holds for one layout.
    """
    if function not in _ORDERED:
        return None
    named = dict(zip(_ORDERED[function], arguments, strict=False)) | keywords
    order: Any = named.get("order") or "C"
    x = named["a"]
    numbers: Any = getattr(x, "numbers", x)
    if order == "C" or not isinstance(numbers, np.ndarray) or x is numbers or numbers.ndim == 0:
        return None
    columns = order == "F" or (order == "A" and numbers.flags.fnc)
    if function is np.ravel:
        axes = [*range(numbers.ndim)][:: -1 if columns else 1]
        if order == "K":  # what lies next to each other is read one after the other
            axes.sort(key=lambda i: -abs(numbers.strides[i]))
        return x.transpose(axes).reshape(-1)
    shape = numbers.reshape(named["shape"], order=order).shape
    return x.transpose().reshape(shape[::-1]).transpose() if columns else x.reshape(shape)
