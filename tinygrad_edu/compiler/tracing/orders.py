"""Other orders than row by row, made plain: an array is read in another order by turning its axes first.

x  the array, a tracer
"""

from collections.abc import Callable
from typing import Any

import numpy as np

_PARAMETERS = {np.reshape: ("a", "shape", "order"), np.ravel: ("a", "order")}


def reordered(function: Callable[..., Any], arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
    """Do what `np.reshape` or `np.ravel` does in another order; None if there is nothing to turn.

    In memory's own order, "K" or "A", axes are turned as they lie now: a program holds for one layout.
    """
    if function not in _PARAMETERS:
        return None
    named = dict(zip(_PARAMETERS[function], arguments, strict=False)) | keywords
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
