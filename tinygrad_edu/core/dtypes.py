"""Kinds of numbers: floats and complex numbers are differentiated, and a real number beside a complex one stays real.

x  an array or number with a dtype, of whatever library, or a Value
"""

from typing import Any

import numpy as np

Array = Any


def is_complex(x: Array) -> bool:
    """Whether `x` is complex: an array, a Value, or a number of Python's."""
    dtype = getattr(x, "dtype", None)
    return type(x) is complex if dtype is None else getattr(dtype, "kind", "") == "c"  # that of a type is no dtype


def in_dtype(x: Array, dtype: Any) -> Array:
    """`x` in a dtype; where that is real and `x` complex, its real part.

    The cotangent of a real number is real: the number only moves along the real axis, and the loss, a real number
    itself, changes with the real part of cotangent times movement.

    >>> in_dtype(np.array([1 + 2j]), np.dtype(np.float32))
    array([1.], dtype=float32)
    """
    if x.dtype == dtype:
        return x
    if x.dtype.kind == "c" != dtype.kind:
        x = np.real(x)
    return x if x.dtype == dtype else x.astype(dtype)


def cast(x: Array, dtype: Any, what: str) -> Array:
    """`x` in a dtype that holds all of it.

    Raises:
        TypeError: `x`, which is `what`, is complex, and the dtype is not.
    """
    if x.dtype.kind == "c" != dtype.kind:
        raise TypeError(f"{what} is complex, of {x.dtype}, where {dtype} was expected; pass np.real of it")
    return x.astype(dtype)
