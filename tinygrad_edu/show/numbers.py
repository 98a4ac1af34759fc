"""Numbers as they are shown: six digits, small arrays in full, large ones by their shape."""

import math
from typing import Any

import numpy as np

SMALL = 4  # elements that are shown in full


def short(text: str, width: int) -> str:
    """`text` on one line, its end left out where it is too long."""
    line = " ".join(text.split())
    return line if len(line) <= width else line[: width - 1] + "…"


def number(x: Any) -> str:
    """A single number to six digits.

    >>> number(2.0), number(1 / 3), number(1e-9), number(1 - 2j)
    ('2.0', '0.333333', '1e-09', '1-2j')
    """
    if np.iscomplexobj(x):
        return f"{x:.6g}"
    text = f"{float(x) + 0.0:.6g}"
    return text if set(text) & set(".eni") else f"{text}.0"


def shown(x: Any, width: int = 34) -> str:
    """A number, or an array of up to four elements, in full; a larger one as its shape.

    >>> shown(np.float64(0.5)), shown(np.ones(2)), shown(np.ones((2, 3)))
    ('0.5', '[1., 1.]', 'shape (2, 3)')
    """
    if np.ndim(x) and not 0 < math.prod(np.shape(x)) <= SMALL:
        return f"shape {np.shape(x)}"
    if isinstance(x, np.ndarray):
        return short(np.array2string(x, precision=4, separator=", "), width)
    return number(x) if isinstance(x, (float, complex, np.inexact)) else short(repr(x), width)
