"""np.pad in its modes: joined on are constants, elements that are there, what leads to a number, or a statistic.

x              an array whose first axis is padded
before, after  how many are joined on at its two ends
"""

from typing import Any

import numpy as np

from tinygrad_edu.core.arrays import as_array
from tinygrad_edu.core.dtypes import is_complex
from tinygrad_edu.core.rules import compose, refuse
from tinygrad_edu.core.tape import Entry
from tinygrad_edu.derivatives.indexing import put_back

KEYWORDS = {  # of each mode
    "constant": "constant_values", "edge": None, "wrap": None, "reflect": "reflect_type", "symmetric": "reflect_type",
    "linear_ramp": "end_values",
    "maximum": "stat_length", "minimum": "stat_length", "mean": "stat_length", "median": "stat_length",
}  # fmt: skip
STATISTICS = {"maximum": np.max, "minimum": np.min, "mean": np.mean, "median": np.median}


@compose(np.pad)
def pad(
    array,
    pad_width,
    mode: Any = "constant",
    constant_values=np._NoValue,
    end_values=np._NoValue,
    stat_length=np._NoValue,
    reflect_type=np._NoValue,
):
    """An array in a frame, along one axis after the other: of constants, of its elements, ramps, or statistics."""
    if mode not in KEYWORDS:
        raise TypeError(f"np.pad: mode={mode!r} has no rule; use {', '.join([*KEYWORDS][:-1])} or {[*KEYWORDS][-1]}")
    named = {
        "constant_values": constant_values,
        "end_values": end_values,
        "stat_length": stat_length,
        "reflect_type": reflect_type,
    }
    given = {key: x for key, x in named.items() if x is not np._NoValue}
    if not given.keys() <= {KEYWORDS[mode]}:
        raise TypeError(f"mode={mode!r} has no keyword {', '.join(given)}")
    widths = widths_by_axis(pad_width, array.ndim)
    if mode == "constant":
        return with_constants(array, pad_width, widths, given)
    if any(n == 0 and any(pair) for n, pair in zip(array.shape, widths, strict=True)):
        raise ValueError("an axis without elements is padded with constants only")
    check_kind(end_values, array, "end_values")
    ends = np.broadcast_to(as_array(0 if end_values is np._NoValue else end_values), (array.ndim, 2))
    lengths = lengths_by_axis(None if stat_length is np._NoValue else stat_length, array.ndim)
    for axis, (before, after) in enumerate(widths):
        if not before and not after:
            continue
        x = np.moveaxis(array, axis, 0)
        if mode == "linear_ramp":
            z = between_ramps(x, before, after, *(ends[axis, side].astype(array.dtype) for side in (0, 1)))
        elif mode in STATISTICS:
            z = between_statistics(x, before, after, STATISTICS[mode], *lengths[axis])
        elif reflect_type == "odd":
            z = reflected_oddly(x, before, after, first=mode == "reflect")
        else:
            z = x[np.pad(np.arange(x.shape[0]), (before, after), mode)]
        array = np.moveaxis(z, 0, axis)
    return array


def widths_by_axis(pad_width, ndim):
    """How much is joined on to both ends of each axis, as NumPy reads it."""
    framed = np.pad(np.ones((1,) * ndim, bool), pad_width)
    before = np.argwhere(framed)[0] if ndim else ()
    return [(int(i), n - 1 - int(i)) for i, n in zip(before, framed.shape, strict=True)]


def check_kind(values, array, name):
    """Make sure that complex Values are joined on to complex arrays only."""
    if isinstance(values, Entry) and is_complex(values) and not is_complex(array):
        raise refuse(np.pad, f"{name}= is complex, and the array is real", "write x + 0j, or np.real(v)")


def lengths_by_axis(lengths, ndim):
    """How many elements at both ends of each axis a statistic is of, as NumPy reads it; None is all."""
    if isinstance(lengths, Entry):
        raise refuse(np.pad, "stat_length= is a Value", "it is how many; pass an int")
    if lengths is None:
        return [(None, None)] * ndim
    whole = np.round(np.broadcast_to(lengths, (ndim, 2))).astype(int)
    if np.any(whole < 0):
        raise ValueError("stat_length= is negative")
    return whole.tolist()


def with_constants(array, pad_width, widths, given):
    """An array in a frame of constants, of which one may be a Value."""
    constant = given.get("constant_values")
    recorded = isinstance(constant, Entry)
    if recorded and constant.ndim:
        raise refuse(np.pad, "constant_values= is a Value of several numbers", "write np.concatenate([...])")
    check_kind(constant, array, "constant_values")
    around = np.pad(np.zeros(array.shape, array.dtype), pad_width, **({} if recorded else given))
    inside = tuple(slice(before, before + n) for (before, _), n in zip(widths, array.shape, strict=True))
    z = put_back(array, inside, around.shape)
    if recorded:
        around[inside] = 1.0
        return np.where(around == 1.0, z, constant.astype(array.dtype))
    if not given:
        return z
    around[inside] = -0.0  # which changes no number that it is added to, not even -0.0
    return z + around


def between_ramps(x, before, after, first, last):
    """`x` between numbers that lead evenly to it from `first`, and from it to `last`."""
    head = np.linspace(first, x[0], before, endpoint=False)
    tail = np.linspace(last, x[-1], after, endpoint=False)
    return np.concatenate([head, x, tail[::-1]])


def between_statistics(x, before, after, statistic, first, last):
    """`x` between a statistic of the first elements, and one of the last."""
    n = x.shape[0]
    head = statistic(x[:first], axis=0, keepdims=True)
    tail = statistic(x[n - min(n, n if last is None else last) :], axis=0, keepdims=True)
    rest = x.shape[1:]
    return np.concatenate([np.broadcast_to(head, (before, *rest)), x, np.broadcast_to(tail, (after, *rest))])


def reflected_oddly(x, before, after, first):
    """`x` turned by half a turn about its ends, as often as it takes; `first` is 0 where they stand twice.

    A reflection is of whole copies of `x` only, so that the next one goes on where it stops, as NumPy's.
    """
    n = x.shape[0]
    if n == 1:
        return np.repeat(x, before + 1 + after, axis=0)
    period = n - first
    while before or after:
        size = x.shape[0]
        whole = (size - first) // period * period
        left, right = min(whole, before), min(whole, after)
        head = 2 * x[:1] - x[first : first + left][::-1]
        tail = 2 * x[-1:] - x[size - first - right : size - first][::-1]
        x = np.concatenate([head, x, tail])
        before, after = before - left, after - right
    return x
