"""Windows that slide over images: how large, how far apart, how many.

Images have any number of spatial axes: one for a signal, two for a picture, three for a body or a film.

n, c  how many images, and of how many channels each
"""

import functools
import math
import operator
from typing import Any

Axes = tuple[int, ...]  # an integer for each spatial axis
PerAxis = int | Axes
IMAGES = {1: "(n, c, w)", 2: "(n, c, h, w)", 3: "(n, c, d, h, w)"}


def check_integer(caller: str, name: str, given: Any, least: int) -> int:
    """An integer, checked.

    Raises:
        TypeError: it is none.
        ValueError: it is less than `least`.
    """
    try:
        number = operator.index(given)
    except TypeError:
        raise TypeError(f"{caller}: {name} is or holds {given!r}; pass integers of at least {least}") from None
    if number < least:
        raise ValueError(f"{caller}: {name} is or holds {number}; pass integers of at least {least}")
    return number


def per_axis(caller: str, name: str, given: Any, least: int, count: int) -> Axes:
    """An integer for each of `count` axes, given as one for all or as one for each.

    Raises: as `check_integer`.
    """
    if type(given) is int and given >= least:  # as it mostly is
        return (given,) * count
    each = given if isinstance(given, (tuple, list)) and len(given) == count else (given,) * count
    return tuple(check_integer(caller, name, one, least) for one in each)


def check_shape(caller: str, name: str, x: Any, axes: str) -> Axes:
    """The shape of an array, which must have the axes that are named; dots stand for one or more.

    Raises:
        TypeError: it is no array.
        ValueError: it has more axes, or fewer.
    """
    if not hasattr(x, "shape"):
        raise TypeError(f"{caller}: {name} is a {type(x).__name__}; pass an array of shape {axes}, or a Value")
    wanted = axes.count(",") + 1
    if len(x.shape) < wanted or (len(x.shape) > wanted and "..." not in axes):
        raise ValueError(f"{caller}: {name} has shape {x.shape}; reshape it to {axes}")
    shape: Axes = x.shape
    return shape


@functools.lru_cache
def count_windows(caller: str, image: Axes, size: Axes, stride: Axes, dilation: Axes | None = None) -> Axes:
    """How many windows fit along each axis; what is left over at the end is in none.

    Raises:
        ValueError: not even one fits.
    """
    extent = extents(size, dilation or (1,) * len(size))
    if any(e > m for e, m in zip(extent, image, strict=True)):
        raise ValueError(f"{caller}: windows of {extent} do not fit into images of {image}; make them smaller")
    return tuple((m - e) // s + 1 for m, e, s in zip(image, extent, stride, strict=True))


@functools.lru_cache
def extents(size: Axes, dilation: Axes) -> Axes:
    """From the first to the last place of a window, of which only every so manieth counts."""
    return tuple((k - 1) * d + 1 for k, d in zip(size, dilation, strict=True))


def window_slice(i: int, stride: int, windows: int) -> slice:
    """The places along one axis that are the i-th of some window."""
    return slice(i, i + stride * (windows - 1) + 1, stride)


def window_slices(size: Axes, stride: Axes, out: Axes, dilation: Axes) -> list[list[slice]]:
    """For each spatial axis, and each place of a window along it, what it covers of images."""
    return [
        [window_slice(i * d, s, m) for i in range(k)] for k, s, m, d in zip(size, stride, out, dilation, strict=True)
    ]


def volume(axes: Axes) -> int:
    """The number of places in a window, or of windows in an image."""
    return math.prod(axes)
