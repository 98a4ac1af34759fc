"""Images laid out so that convolving them is multiplying matrices.

Images are put last, (c, h, w, n), so that all of them make one product: what each band of the kernel meets of them is
a matrix (c / groups * rows * kw, oh * ow * n). In memory they are last if they are many, as then windows are made of
longer runs and are copied sooner; few come before the width.

x     images (n, c, h, w)
w     weights (o, c / groups, kh, kw)
y     what convolving x with w gives, (n, o, oh, ow)
of    what is known of the convolution, its `Plan`
band  rows of the kernel that are multiplied at a time
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided, sliding_window_view

from tinygrad_edu.functions.windows import Pair, count, met

SHALLOW = 64  # numbers that a row of the kernel is multiplied by
MANY = 8  # images


class Plan(NamedTuple):
    """What is known of a convolution before there are numbers."""

    n: int
    c: int
    o: int
    image: Pair
    kernel: Pair
    out: Pair
    stride: Pair
    padding: Pair
    groups: int

    @property
    def padded(self) -> Pair:
        """The height and width of images with their borders."""
        return self.image[0] + 2 * self.padding[0], self.image[1] + 2 * self.padding[1]

    @property
    def inside(self) -> tuple[Any, ...]:
        """The part of images (c, h, w, n) with their borders that is no border."""
        return ..., *(slice(p, p + n) for p, n in zip(self.padding, self.image, strict=True)), slice(None)

    @property
    def many(self) -> bool:
        """Whether there are so many images that they are last in memory."""
        return self.n >= MANY

    @property
    def length(self) -> int:
        """How many windows there are in all images."""
        return self.out[0] * self.out[1] * self.n

    @property
    def depth(self) -> int:
        """How many numbers of an image each row of the kernel is multiplied by, in each group."""
        return self.c // self.groups * self.kernel[1]

    @property
    def bands(self) -> list[slice]:
        """The rows of the kernel, all in one band or each in one.

        Products that add up few numbers write more than they compute, so of small kernels all rows go together; of
        large ones each goes alone, as then images need not be copied for each row.
        """
        rows = self.kernel[0]
        return [slice(0, rows)] if self.depth < SHALLOW else [slice(i, i + 1) for i in range(rows)]


def turned(x: Any) -> Any:
    """Put the images last, (n, c, h, w) to (c, h, w, n)."""
    return x.transpose(1, 2, 3, 0)


def turned_back(x: Any) -> Any:
    """Put the images first again; memory stays as it is, and all that is computed from them takes that over."""
    return x.transpose(3, 0, 1, 2)


def flat(x: Any, of: Plan) -> Any:
    """Make one axis of the last two, the width and the images, as they are in memory."""
    x = x if of.many else x.swapaxes(-1, -2)
    return x.reshape(*x.shape[:-2], x.shape[-2] * x.shape[-1])


def opened(x: Any, width: int, of: Plan) -> Any:
    """Make two axes of the last one: undo `flat`."""
    front = x.shape[:-1]
    return x.reshape(*front, width, of.n) if of.many else x.reshape(*front, of.n, width).swapaxes(-1, -2)


def framed(x: Any, of: Plan) -> Any:
    """Put images (n, c, h, w) last, with a border of zeros; where they are many, they are last in memory too."""
    border = ((0, 0), *((p, p) for p in of.padding))
    if not of.many:
        return turned(np.pad(x, ((0, 0), *border)) if any(of.padding) else x)
    images = np.pad(turned(x), (*border, (0, 0))) if any(of.padding) else turned(x)
    return images.ravel().reshape(images.shape)


def windows(x: Any, size: Pair, stride: Pair) -> Any:
    """View images (c, h, w, n) as windows, (c, kh, kw, oh, ow, n)."""
    if type(x) is not np.ndarray:
        return sliding_window_view(x, size, axis=(1, 2))[:, :: stride[0], :: stride[1]].transpose(0, 4, 5, 1, 2, 3)
    c, height, width, n = x.shape  # the same, in a quarter of the time
    channel, row, column, image = x.strides
    out = count("windows", (height, width), size, stride)
    strides = channel, row, column, row * stride[0], column * stride[1], image
    return as_strided(x, (c, *size, *out, n), strides, writeable=False)


def blocks(x: Any, of: Plan) -> list[Any]:
    """Lay out what each band of the kernel meets of images, as a matrix for each group.

    For bands of one row images are copied only once for each column of the kernel: of these copies each row meets
    one block of memory (for a stride of 1), which need not be copied to be multiplied by.
    """
    images = framed(x, of)
    if len(of.bands) == 1:
        every = flat(windows(images, of.kernel, of.stride), of)
        return [every.reshape(of.groups, of.kernel[0] * of.depth, of.length)]
    columns = flat(windows(images, (1, of.kernel[1]), (1, of.stride[1])), of)[:, 0]
    rows = (columns[:, :, met(i, of.stride[0], of.out[0])] for i in range(of.kernel[0]))
    return [each.reshape(of.groups, of.depth, of.length) for each in rows]


def matrices(w: Any, of: Plan) -> list[Any]:
    """Lay weights out as a matrix for each band and each group."""
    return [
        w[:, :, band].reshape(of.groups, of.o // of.groups, of.depth * (band.stop - band.start)) for band in of.bands
    ]


def grouped(y: Any, of: Plan) -> Any:
    """Lay outputs out as a matrix for each group."""
    return flat(turned(y), of).reshape(of.groups, of.o // of.groups, of.length)
