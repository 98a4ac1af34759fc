"""Broadcasting undone: a cotangent gets the shape and dtype of the number it belongs to.

g  cotangent
x  the number or array it belongs to
"""

import math

import numpy as np

from tinygrad_edu.core.dtypes import in_dtype
from tinygrad_edu.core.rules import Array, Function
from tinygrad_edu.core.source_info import label


def unbroadcast(g: Array, x: Array, function: Function | None = None) -> Array:
    """`g` in the shape and dtype of `x`: sum where x was stretched, stretch where x was summed, real where x is.

    >>> unbroadcast(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[0.0], [0.0]]))
    array([[3.],
           [7.]])

    Raises:
        TypeError: the rule of `function` returned None, a tuple, or what else is no array.
        ValueError: neither shape broadcasts to the other, so the rule of `function` is wrong.
    """
    if not hasattr(g, "shape"):
        if not isinstance(g, (int, float, complex)):
            got = "None" if g is None else f"a {type(g).__name__}"
            remedy = "it must return g times the slope by its input, one number or array"
            raise TypeError(f"the rule of {label(function)} returned {got}; {remedy}")
        g = np.complex128(g) if isinstance(g, complex) else np.float64(g)
    given, wanted = g.shape, x.shape
    if given != wanted:
        if type(g) is np.float64 and type(x) is np.ndarray:  # as np.broadcast_to does, but quickly
            g = np.ndarray(wanted, np.float64, g, 0, (0,) * len(wanted))
            return g if g.dtype == x.dtype else in_dtype(g, x.dtype)
        if type(g) is np.ndarray and given[1:] == wanted:  # of a row beside a matrix: as below, but quickly
            g = np.add.reduce(g, 0)
            return g if g.dtype == x.dtype else in_dtype(g, x.dtype)
        extra = len(given) - len(wanted)
        ahead = max(-extra, 0)
        stretched = tuple(i for i, n in enumerate(wanted[ahead:], max(extra, 0)) if n == 1 != given[i])
        if extra > 0:
            g = g.sum(axis=(*range(extra), *stretched) if stretched or extra > 1 else 0)
            g = g.reshape(wanted) if stretched and g.size == math.prod(wanted) else g
        elif stretched:
            g = g.sum(axis=stretched, keepdims=True)
        if g.shape != wanted:
            try:
                g = np.broadcast_to(g, wanted)
            except ValueError:
                raise ValueError(
                    f"the rule of {label(function)} gave a cotangent of shape {given} for an input of shape {wanted}; "
                    "it must have the input's shape, or one that broadcasts with it"
                ) from None
    return g if g.dtype == x.dtype else in_dtype(g, x.dtype)
