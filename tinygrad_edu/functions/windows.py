"""Windows that slide over images: how large, how far apart, how many.

n, c, h, w  the shape of images: how many, channels, height, width
"""

import operator
from typing import Any

Pair = tuple[int, int]
Pairwise = int | Pair


def whole(caller: str, name: str, given: Any, least: int) -> int:
    """Read an integer.

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
    """Read an integer, or one for the height and one for the width.

    Raises: as `whole`.
    """
    two = given if isinstance(given, (tuple, list)) and len(given) == 2 else (given, given)
    return whole(caller, name, two[0], least), whole(caller, name, two[1], least)


def check_shape(caller: str, name: str, x: Any, axes: str) -> tuple[int, int, int, int]:
    """Give the shape of an array of four axes.

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


def count(caller: str, image: Pair, size: Pair, stride: Pair) -> Pair:
    """Give how many windows fit, down and across; what is left over at the end is in none.

    Raises:
        ValueError: not even one fits.
    """
    if size[0] > image[0] or size[1] > image[1]:
        raise ValueError(f"{caller}: windows of {size} do not fit into images of {image}; make them smaller")
    return (image[0] - size[0]) // stride[0] + 1, (image[1] - size[1]) // stride[1] + 1


def met(i: int, stride: int, windows: int) -> slice:
    """Give the places that are the i-th of a window."""
    return slice(i, i + stride * (windows - 1) + 1, stride)
