"""Pooling: one number for each window of an image, its largest or its mean.

Windows are not laid out: what stands first in every window is one array, a view of the images, what stands second is
another, and these are compared or added. So all that is computed has the memory layout of the images.

g  cotangent of the output
z  output
x  images (n, c, h, w)
y  one number for each window, (n, c, oh, ow)
"""

import functools
import itertools
from collections.abc import Iterable
from typing import Any

import numpy as np

from tinygrad_edu.core.dispatch import primitive
from tinygrad_edu.core.rules import derivative
from tinygrad_edu.core.tape import payload
from tinygrad_edu.functions.windows import Pair, Pairwise, check_shape, count_windows, pair, window_slice


def steps(image: Pair, size: Pair, stride: Pair) -> tuple[list[slice], list[slice]]:
    """For each row of a window the rows of images that it covers, and for each column the columns."""
    out = count_windows("pooling", image, size, stride)
    down, across = ([window_slice(i, s, m) for i in range(k)] for k, s, m in zip(size, stride, out, strict=True))
    return down, across


@functools.lru_cache
def places(image: Pair, size: Pair, stride: Pair) -> tuple[tuple[Any, ...], ...]:
    """For each place in a window the index of what stands there."""
    return tuple((..., *both) for both in itertools.product(*steps(image, size, stride)))


def views(x: Any, size: Pair, stride: Pair) -> list[Any]:
    """What stands first in every window, what stands second, and so on."""
    return [x[place] for place in places(x.shape[2:], size, stride)]


def reduced(function: Any, x: Any, size: Pair, stride: Pair) -> Any:
    """One number for each window: its rows reduced, and then what came of them."""
    down, across = steps(x.shape[2:], size, stride)
    x = functools.reduce(function, [x[..., rows, :] for rows in down])
    x = functools.reduce(function, [x[..., columns] for columns in across])
    return np.maximum(x, x) if size == (1, 1) else x  # never a view


@primitive
def gather(x: Any, *, size: Pair, stride: Pair) -> Any:
    """The sum of each window."""
    return reduced(np.add, x.astype(np.result_type(x, 1.0), copy=False), size, stride)


@primitive
def overlay(y: Any, *, image: Pair, size: Pair, stride: Pair) -> Any:
    """Each number given to its whole window, summed where windows overlap: the adjoint of `gather`."""
    return _overlap_add(itertools.repeat(y), y, y.dtype, image, size, stride)


@primitive
def largest(x: Any, *, size: Pair, stride: Pair) -> Any:
    """The largest number of each window."""
    return reduced(np.maximum, x, size, stride)


@primitive
def give_back(y: Any, x: Any, z: Any, *, size: Pair, stride: Pair) -> Any:
    """Each of `y` shared evenly among the places in its window where `x` is `z`, the largest: the adjoint of `pick`."""
    chosen, ties = _largest_places(x, z, size, stride)
    share = np.divide(y, ties, out=np.empty_like(z, np.result_type(y, ties)))  # laid out as the images are
    return _overlap_add((each * share for each in chosen), share, share.dtype, x.shape[2:], size, stride)


@primitive
def pick(h: Any, x: Any, z: Any, *, size: Pair, stride: Pair) -> Any:
    """The mean of `h` over the places in each window where `x` is `z`, the largest."""
    chosen, ties = _largest_places(x, z, size, stride)
    return functools.reduce(np.add, map(np.multiply, chosen, views(h, size, stride))) / ties


def _largest_places(x: Any, z: Any, size: Pair, stride: Pair) -> tuple[list[Any], Any]:
    """For each place in a window, where what stands there is the largest; and how often that is so."""
    chosen = [each == z for each in views(x, size, stride)]
    kind = np.min_scalar_type(len(chosen))  # a byte mostly, which is added soonest
    return chosen, functools.reduce(np.add, [each.astype(kind) for each in chosen])


def _overlap_add(parts: Iterable[Any], like: Any, dtype: Any, image: Pair, size: Pair, stride: Pair) -> Any:
    """Images made of what stands at each place in a window, summed where windows overlap."""
    disjoint = size[0] <= stride[0] and size[1] <= stride[1]
    covered = size == stride and not (image[0] % size[0] or image[1] % size[1])
    x = (np.empty_like if covered else np.zeros_like)(like, dtype, shape=(*like.shape[:2], *image))
    for place, part in zip(places(image, size, stride), parts, strict=False):
        if disjoint:
            x[place] = part
        else:
            x[place] += part
    return x


def _windows(caller: str, x: Any, size: Any, stride: Any) -> dict[str, Pair]:
    image = check_shape(caller, "x", x, "(n, c, h, w)")[2:]
    size = pair(caller, "size", size, 1)
    stride = size if stride is None else pair(caller, "stride", stride, 1)
    count_windows(caller, image, size, stride)
    return {"size": size, "stride": stride}


def max_pool2d(x: Any, size: Pairwise, stride: Pairwise | None = None) -> Any:
    """The largest number of each window of images (n, c, h, w), of shape (n, c, oh, ow).

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
    return largest(x, **_windows("max_pool2d", x, size, stride))


def mean_pool2d(x: Any, size: Pairwise, stride: Pairwise | None = None) -> Any:
    """The mean of each window of images (n, c, h, w), of shape (n, c, oh, ow); windows as in `max_pool2d`.

    >>> mean_pool2d(np.arange(16.0).reshape(1, 1, 4, 4), 2)
    array([[[[ 2.5,  4.5],
             [10.5, 12.5]]]])

    Source: LeCun, Bottou, Bengio and Haffner, 1998, section II.

    Raises: as `max_pool2d`.
    """
    how = _windows("mean_pool2d", x, size, stride)
    return gather(x, **how) / (how["size"][0] * how["size"][1])


# fmt: off
derivative(gather,    lambda g, z, x, *, size, stride: overlay(g, image=x.shape[2:], size=size, stride=stride),
                      selects=True)
derivative(overlay,   lambda g, z, y, *, image, size, stride: gather(g, size=size, stride=stride), selects=True)
derivative(largest,   lambda g, z, x, *, size, stride: give_back(g, payload(x), payload(z), size=size, stride=stride),
                      selects=True)
derivative(give_back, lambda g, z, y, x, m, *, size, stride: pick(g, x, m, size=size, stride=stride), None, None,
                      selects=True)
derivative(pick,      lambda g, z, h, x, m, *, size, stride: give_back(g, x, m, size=size, stride=stride), None, None,
                      selects=True)
# fmt: on
