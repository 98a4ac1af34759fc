"""Pooling: one number for each window of an image, its largest or its mean.

Windows are not laid out: what stands first in every window is one array, a view of the images, what stands second is
another, and these are compared or added. So all that is computed has the memory layout of the images.

g  cotangent of the output
z  output
x  images (n, c, *s), of any number of spatial axes
y  one number for each window, (n, c, *m)
"""

import functools
import itertools
from collections.abc import Iterable
from typing import Any

import numpy as np

from tinygrad_edu.core.arrays import made_beside
from tinygrad_edu.core.primitives import primitive
from tinygrad_edu.core.rules import derivative
from tinygrad_edu.core.tape import payload
from tinygrad_edu.functions.windows import (
    IMAGES,
    Axes,
    PerAxis,
    check_shape,
    count_windows,
    per_axis,
    volume,
    window_slices,
)


def steps(image: Axes, size: Axes, stride: Axes) -> list[list[slice]]:
    """For each spatial axis, and each place of a window along it, what of images stands there."""
    out = count_windows("pooling", image, size, stride)
    return window_slices(size, stride, out, (1,) * len(size))


@functools.lru_cache
def places(image: Axes, size: Axes, stride: Axes) -> tuple[tuple[Any, ...], ...]:
    """For each place in a window the index of what stands there."""
    return tuple((..., *each) for each in itertools.product(*steps(image, size, stride)))


def views(x: Any, size: Axes, stride: Axes) -> list[Any]:
    """What stands first in every window, what stands second, and so on."""
    return [x[place] for place in places(x.shape[2:], size, stride)]


def reduced(function: Any, x: Any, size: Axes, stride: Axes) -> Any:
    """One number for each window: its rows reduced, and then what came of them."""
    for axis, slices in enumerate(steps(x.shape[2:], size, stride)):
        behind = (slice(None),) * (len(size) - 1 - axis)
        x = functools.reduce(function, [x[..., each, *behind] for each in slices])
    return np.maximum(x, x) if set(size) == {1} else x  # never a view


@primitive
def gather(x: Any, *, size: Axes, stride: Axes) -> Any:
    """The sum of each window."""
    return reduced(np.add, x.astype(np.result_type(x, 1.0), copy=False), size, stride)


@primitive
def overlay(y: Any, *, image: Axes, size: Axes, stride: Axes) -> Any:
    """Each number given to its whole window, summed where windows overlap: the adjoint of `gather`."""
    return _overlap_add(itertools.repeat(y), y, y.dtype, image, size, stride)


@primitive
def largest(x: Any, *, size: Axes, stride: Axes) -> Any:
    """The largest number of each window."""
    return reduced(np.maximum, x, size, stride)


@primitive
def give_back(y: Any, x: Any, z: Any, *, size: Axes, stride: Axes) -> Any:
    """Each of `y` shared evenly among the places in its window where `x` is `z`, the largest: the adjoint of `pick`."""
    chosen, ties = _largest_places(x, z, size, stride)
    out = made_beside(np.empty_like, np.result_type(y, ties), z.shape, z, y)  # laid out as the images are
    share = np.divide(y, ties, out=out)
    return _overlap_add((each * share for each in chosen), share, share.dtype, x.shape[2:], size, stride)


@primitive
def pick(h: Any, x: Any, z: Any, *, size: Axes, stride: Axes) -> Any:
    """The mean of `h` over the places in each window where `x` is `z`, the largest."""
    chosen, ties = _largest_places(x, z, size, stride)
    return functools.reduce(np.add, map(np.multiply, chosen, views(h, size, stride))) / ties


def _largest_places(x: Any, z: Any, size: Axes, stride: Axes) -> tuple[list[Any], Any]:
    """For each place in a window, where what stands there is the largest; and how often that is so."""
    chosen = [each == z for each in views(x, size, stride)]
    kind = np.min_scalar_type(len(chosen))  # a byte mostly, which is added soonest
    return chosen, functools.reduce(np.add, [each.astype(kind) for each in chosen])


def _overlap_add(parts: Iterable[Any], like: Any, dtype: Any, image: Axes, size: Axes, stride: Axes) -> Any:
    """Images made of what stands at each place in a window, summed where windows overlap."""
    disjoint = all(k <= s for k, s in zip(size, stride, strict=True))
    covered = size == stride and not any(m % k for m, k in zip(image, size, strict=True))
    x = (np.empty_like if covered else np.zeros_like)(like, dtype, shape=(*like.shape[:2], *image))
    for place, part in zip(places(image, size, stride), parts, strict=False):
        if disjoint:
            x[place] = part
        else:
            x[place] += part
    return x


def _windows(kind: str, x: Any, size: Any, stride: Any) -> dict[str, Axes]:
    image = check_shape(f"{kind}_pool", "x", x, "(n, c, ...)")[2:]
    caller = f"{kind}_pool{len(image)}d"
    size = per_axis(caller, "size", size, 1, len(image))
    stride = size if stride is None else per_axis(caller, "stride", stride, 1, len(image))
    count_windows(caller, image, size, stride)
    return {"size": size, "stride": stride}


def max_pool(x: Any, size: PerAxis, stride: PerAxis | None = None) -> Any:
    """The largest number of each window of images (n, c, *s), of shape (n, c, *m).

    Windows of `size` start every `stride`, by default side by side, so that ``m = (s - size) // stride + 1``; both
    are integers, or one for each spatial axis. What is left over at the end is in no window. Where numbers tie for
    the largest, they share the slope evenly.

    >>> max_pool(np.array([[[1.0, 3.0, 2.0, 0.0]]]), 2)
    array([[[3., 2.]]])

    Source: Riesenhuber and Poggio, 1999.

    Raises:
        TypeError: x is no array, or size or stride are not made of integers.
        ValueError: x has fewer than three axes, size or stride is less than 1, or no window fits.
    """
    return largest(x, **_windows("max", x, size, stride))


def mean_pool(x: Any, size: PerAxis, stride: PerAxis | None = None) -> Any:
    """The mean of each window of images (n, c, *s), of shape (n, c, *m); windows as in `max_pool`.

    >>> mean_pool(np.array([[[1.0, 3.0, 2.0, 0.0]]]), 2)
    array([[[2., 1.]]])

    Source: LeCun, Bottou, Bengio and Haffner, 1998, section II.

    Raises: as `max_pool`.
    """
    how = _windows("mean", x, size, stride)
    return gather(x, **how) / volume(how["size"])


def max_pool2d(x: Any, size: PerAxis, stride: PerAxis | None = None) -> Any:
    """`max_pool` of images (n, c, h, w) and no others.

    >>> max_pool2d(np.arange(16.0).reshape(1, 1, 4, 4), 2)
    array([[[[ 5.,  7.],
             [13., 15.]]]])

    Raises: as `max_pool`.
    """
    check_shape("max_pool2d", "x", x, IMAGES[2])
    return max_pool(x, size, stride)


def mean_pool2d(x: Any, size: PerAxis, stride: PerAxis | None = None) -> Any:
    """`mean_pool` of images (n, c, h, w) and no others.

    >>> mean_pool2d(np.arange(16.0).reshape(1, 1, 4, 4), 2)
    array([[[[ 2.5,  4.5],
             [10.5, 12.5]]]])

    Raises: as `max_pool`.
    """
    check_shape("mean_pool2d", "x", x, IMAGES[2])
    return mean_pool(x, size, stride)


def _adaptive(kind: str, pool: Any, reduction: Any, x: Any, size: Any) -> Any:
    image = check_shape(f"adaptive_{kind}_pool", "x", x, "(n, c, ...)")[2:]
    caller = f"adaptive_{kind}_pool{len(image)}d"
    out = per_axis(caller, "size", size, 1, len(image))
    if 0 in image:
        raise ValueError(f"{caller}: x has shape {x.shape}, images without a number; pass larger ones")
    if not any(n % m for n, m in zip(image, out, strict=True)):
        return pool(x, tuple(n // m for n, m in zip(image, out, strict=True)))
    along = [[slice(i * n // m, -(-(i + 1) * n // m)) for i in range(m)] for n, m in zip(image, out, strict=True)]
    axes = tuple(range(-len(image), 0))
    numbers = [reduction(x[..., *each], axis=axes) for each in itertools.product(*along)]
    return np.stack(numbers, axis=-1).reshape(*x.shape[:2], *out)


def adaptive_max_pool(x: Any, size: PerAxis) -> Any:
    """The largest number of each of `size` windows that cover images (n, c, *s) evenly: (n, c, *size).

    The i-th of m windows goes from ⌊i·s / m⌋ to ⌈(i + 1)·s / m⌉, so that none is empty, and two may share a place.

    >>> adaptive_max_pool(np.array([[[1.0, 5.0, 2.0]]]), 2)
    array([[[5., 5.]]])

    Source: He, Zhang, Ren and Sun, 2014, section 2.2.

    Raises:
        TypeError: x is no array, or size is not made of integers.
        ValueError: x has fewer than three axes or an empty one, or size is less than 1.
    """
    return _adaptive("max", max_pool, np.max, x, size)


def adaptive_mean_pool(x: Any, size: PerAxis) -> Any:
    """The mean of each of `size` windows that cover images (n, c, *s) evenly; windows as in `adaptive_max_pool`.

    >>> adaptive_mean_pool(np.array([[[1.0, 5.0, 2.0]]]), 2)
    array([[[3. , 3.5]]])

    Raises: as `adaptive_max_pool`.
    """
    return _adaptive("mean", mean_pool, np.mean, x, size)


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
