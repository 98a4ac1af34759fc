"""Windows laid out as columns, and images added up from such columns: each is the adjoint of the other.

g  cotangent of the output
z  output
x  images (n, c, *s), of any number of spatial axes
y  columns (n, c * k, m): of each window the k numbers of each channel, for all m windows
"""

import itertools
from typing import Any

import numpy as np

from tinygrad_edu.core.primitives import primitive
from tinygrad_edu.core.rules import derivative
from tinygrad_edu.functions.windows import Axes, PerAxis, check_shape, count_windows, per_axis, volume, window_slices


def _checked(
    caller: str, image: Axes, size: Any, stride: Any, padding: Any, dilation: Any
) -> tuple[Axes, Axes, list[list[slice]]]:
    """How many windows there are, how wide borders are, and for each axis and place of a window what it covers."""
    count = len(image)
    size, stride, dilation = (
        per_axis(caller, name, given, 1, count)
        for name, given in (("size", size), ("stride", stride), ("dilation", dilation))
    )
    padding = per_axis(caller, "padding", padding, 0, count)
    padded = tuple(m + 2 * p for m, p in zip(image, padding, strict=True))
    out = count_windows(caller, padded, size, stride, dilation)
    return out, padding, window_slices(size, stride, out, dilation)


@primitive
def unfold(x: Any, *, size: PerAxis, stride: PerAxis = 1, padding: PerAxis = 0, dilation: PerAxis = 1) -> Any:
    """The windows of images (n, c, *s) as columns (n, c * k, m): k numbers of each channel, for each of m windows.

    With it, whatever works on vectors works on patches of images. Windows are those of `conv`.

    >>> unfold(np.array([[[1.0, 2.0, 3.0, 4.0]]]), size=2)
    array([[[1., 2., 3.],
            [2., 3., 4.]]])

    Raises:
        TypeError: x is no array, or a keyword is not made of integers.
        ValueError: x has fewer than three axes, a keyword is too small, or no window fits.
    """
    n, c, *image = check_shape("unfold", "x", x, "(n, c, ...)")
    out, padding, along = _checked("unfold", (*image,), size, stride, padding, dilation)
    framed: Any = np.pad(x, ((0, 0), (0, 0), *((p, p) for p in padding))) if any(padding) else x
    columns = np.stack([framed[..., *place] for place in itertools.product(*along)], axis=2)
    return columns.reshape(n, c * columns.shape[2], volume(out))


@primitive
def fold(
    y: Any, *, image: PerAxis, size: PerAxis, stride: PerAxis = 1, padding: PerAxis = 0, dilation: PerAxis = 1
) -> Any:
    """Images (n, c, *image) added up from columns (n, c * k, m), each put where `unfold` would take it from.

    >>> fold(np.array([[[1.0, 2.0, 3.0], [2.0, 3.0, 4.0]]]), image=(4,), size=2)
    array([[[1., 4., 6., 4.]]])

    Raises:
        TypeError: y is no array, image is no tuple, or a keyword is not made of integers.
        ValueError: y has not the shape that unfolding such images gives, or a keyword is too small.
    """
    n, rows, windows = check_shape("fold", "y", y, "(n, c * k, m)")
    if not isinstance(image, (tuple, list)) or not image:
        raise TypeError(f"fold: image is {image!r}; pass a tuple, the length along each spatial axis")
    sizes = per_axis("fold", "image", image, 1, len(image))
    out, padding, along = _checked("fold", sizes, size, stride, padding, dilation)
    k = volume(tuple(map(len, along)))
    if rows % k or windows != volume(out):
        wanted = f"(n, c * {k}, {volume(out)})"
        raise ValueError(f"fold: y has shape {y.shape}; unfolding images of {sizes} so gives {wanted}")
    columns = y.reshape(n, rows // k, k, *out)
    padded = tuple(m + 2 * p for m, p in zip(sizes, padding, strict=True))
    images: Any = np.zeros_like(y, np.result_type(y, 1.0), shape=(n, rows // k, *padded))
    for i, place in enumerate(itertools.product(*along)):
        images[..., *place] += columns[:, :, i]
    return images[..., *(slice(p, p + m) for p, m in zip(padding, sizes, strict=True))].copy()


# fmt: off
derivative(unfold, lambda g, z, x, *, size, stride=1, padding=0, dilation=1:
                       fold(g, image=x.shape[2:], size=size, stride=stride, padding=padding, dilation=dilation),
                   selects=True)
derivative(fold,   lambda g, z, y, *, image, size, stride=1, padding=0, dilation=1:
                       unfold(g, size=size, stride=stride, padding=padding, dilation=dilation),
                   selects=True)
# fmt: on
