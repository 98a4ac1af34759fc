"""Windows that slide over images: how large, how far apart, how many.

n, c, h, w  the shape of images: how many, channels, height, width
"""

import operator
from typing import Any

Pair = tuple[int, int]
Pairwise = int | Pair


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


def pair(caller: str, name: str, given: Any, least: int) -> Pair:
    """A pair of integers, given as one or as one for the height and one for the width.

    Raises: as `check_integer`.
    """
    two = given if isinstance(given, (tuple, list)) and len(given) == 2 else (given, given)
    return check_integer(caller, name, two[0], least), check_integer(caller, name, two[1], least)


def check_shape(caller: str, name: str, x: Any, axes: str) -> tuple[int, int, int, int]:
    """The shape of an array, which must have four axes.

    Raises:
        TypeError: it is no array.
        ValueError: it has more axes, or fewer.
    """
    if not hasattr(x, "shape"):
        raise TypeError(f"{caller}: {name} is a {type(x).__name__}; pass an array of shape {axes}, or a Value")
    if len(x.shape) != 4:
        raise ValueError(f"{caller}: {name} has shape {x.shape}; reshape it to {axes}")
    shape: tuple[int, int, int, int] = x.shape
    return shape


def count_windows(caller: str, image: Pair, size: Pair, stride: Pair) -> Pair:
    """How many windows fit, down and across; what is left over at the end is in none.

    Raises:
        ValueError: not even one fits.
    """
    if size[0] > image[0] or size[1] > image[1]:
        raise ValueError(f"{caller}: windows of {size} do not fit into images of {image}; make them smaller")
    return (image[0] - size[0]) // stride[0] + 1, (image[1] - size[1]) // stride[1] + 1


def window_slice(i: int, stride: int, windows: int) -> slice:
    """The places along one axis that are the i-th of some window."""
    return slice(i, i + stride * (windows - 1) + 1, stride)
