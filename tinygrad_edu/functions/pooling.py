"""Pooling: one number for each window of an image, its largest or its mean.

Windows are laid out, and then reduced as NumPy does; so `patches` and its adjoint are all that is new.

g  cotangent of the output
z  output
x  images (n, c, h, w)
p  patches (kh * kw, n, c, oh, ow): what stands first in every window, what stands second, ...
"""

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from tinygrad_edu.functions.windows import Pair, Pairwise, check_shape, count, met, pair
from tinygrad_edu.protocols import primitive
from tinygrad_edu.table import derivative, selections


def places(image: Pair, size: Pair, stride: Pair) -> Iterator[tuple[Any, ...]]:
    """Give for each place in a window the index of what stands there."""
    out = count("pooling", image, size, stride)
    down, across = ([met(i, s, m) for i in range(k)] for k, s, m in zip(size, stride, out, strict=True))
    return ((..., *both) for both in itertools.product(down, across))


@primitive
def patches(x: Any, *, size: Pair, stride: Pair) -> Any:
    """Lay the windows of images (n, c, h, w) out, (kh * kw, n, c, oh, ow)."""
    return np.stack([x[place] for place in places(x.shape[2:], size, stride)])


@primitive
def overlay(p: Any, *, image: Pair, size: Pair, stride: Pair) -> Any:
    """Lay patches over each other and add up where they overlap: the adjoint of `patches`."""
    x = np.zeros_like(p, shape=(*p.shape[1:3], *image))
    for each, place in zip(p, places(image, size, stride), strict=True):
        x[place] += each
    return x


def _windows(caller: str, x: Any, size: Any, stride: Any) -> Any:
    image = check_shape(caller, "x", x, "(n, c, h, w)")[2:]
    size = pair(caller, "size", size, 1)
    stride = size if stride is None else pair(caller, "stride", stride, 1)
    count(caller, image, size, stride)
    return patches(x, size=size, stride=stride)


def max_pool2d(x: Any, size: Pairwise, stride: Pairwise | None = None) -> Any:
    """Give the largest number of each window of images (n, c, h, w), of shape (n, c, oh, ow).

    Windows of `size` start every `stride`, by default side by side, so that ``oh = (h - kh) // stride + 1``; both
    are integers, or one for the height and one for the width. What is left over at the end is in no window. Where
    numbers tie for the largest, they share the slope evenly.

    >>> max_pool2d(np.arange(16.0).reshape(1, 1, 4, 4), 2)
    array([[[[ 5.,  7.],
             [13., 15.]]]])

    Source: Riesenhuber and Poggio, 1999.

    Raises:
        TypeError: x is no array, or size or stride are not made of integers.
        ValueError: x has not four axes, size or stride is less than 1, or no window fits.
    """
    return np.max(_windows("max_pool2d", x, size, stride), axis=0)


def mean_pool2d(x: Any, size: Pairwise, stride: Pairwise | None = None) -> Any:
    """Give the mean of each window of images (n, c, h, w), of shape (n, c, oh, ow); windows as in `max_pool2d`.

    >>> mean_pool2d(np.arange(16.0).reshape(1, 1, 4, 4), 2)
    array([[[[ 2.5,  4.5],
             [10.5, 12.5]]]])

    Source: LeCun, Bottou, Bengio and Haffner, 1998, section II.

    Raises: as `max_pool2d`.
    """
    return np.mean(_windows("mean_pool2d", x, size, stride), axis=0)


# fmt: off
derivative(patches, lambda g, z, x, *, size, stride: overlay(g, image=x.shape[2:], size=size, stride=stride))
derivative(overlay, lambda g, z, p, *, image, size, stride: patches(g, size=size, stride=stride))
# fmt: on

selections.update({patches, overlay})
