"""Images laid out so that convolving them is multiplying matrices.

Images are put last, (c, h, w, n), so that all of them make one product: what each band of the kernel covers of them is
a matrix (c / groups * rows * kw, oh * ow * n). In memory they are last if they are many, as then windows are made of
longer runs and are copied sooner; few come before the width. With fewer or more spatial axes it is the same: the first
is where rows are counted, and the last is the width.

x     images (n, c, h, w)
w     weights (o, c / groups, kh, kw)
y     what convolving x with w gives, (n, o, oh, ow)
spec  what is known of the convolution, its `Plan`
band  rows of the kernel that are multiplied at a time
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided, sliding_window_view

from tinygrad_edu.functions.windows import Axes, count_windows, extents, volume, window_slice

SHALLOW = 64  # numbers that a row of the kernel is multiplied by
MANY = 8  # images


class Plan(NamedTuple):
    """What is known of a convolution before there are numbers."""

    n: int
    c: int
    o: int
    image: Axes
    kernel: Axes
    out: Axes
    stride: Axes
    padding: Axes
    dilation: Axes
    groups: int

    @property
    def padded(self) -> Axes:
        """The height and width of images with their borders."""
        return tuple(m + 2 * p for m, p in zip(self.image, self.padding, strict=True))

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
        return volume(self.out) * self.n

    @property
    def depth(self) -> int:
        """How many numbers of an image each row of the kernel is multiplied by, in each group."""
        return self.c // self.groups * volume(self.kernel[1:])

    @property
    def bands(self) -> list[slice]:
        """The rows of the kernel, all in one band or each in one.

        Products that add up few numbers write more than they compute, so of small kernels all rows go together; of
        large ones each goes alone, as then images need not be copied for each row. Along one axis alone there are no
        rows, only the width.
        """
        rows = self.kernel[0]
        together = self.depth < SHALLOW or len(self.kernel) == 1
        return [slice(0, rows)] if together else [slice(i, i + 1) for i in range(rows)]


def to_chwn(x: Any) -> Any:
    """A view with the images last, (n, c, h, w) to (c, h, w, n)."""
    return x.transpose(*range(1, x.ndim), 0)


def to_nchw(x: Any) -> Any:
    """A view with the images first again; memory stays as it is, and what is computed from it takes that over."""
    return x.transpose(x.ndim - 1, *range(x.ndim - 1))


def flatten_last(x: Any, spec: Plan) -> Any:
    """One axis made of the last two, the width and the images, as they are in memory."""
    x = x if spec.many else x.swapaxes(-1, -2)
    return x.reshape(*x.shape[:-2], x.shape[-2] * x.shape[-1])


def unflatten(x: Any, width: int, spec: Plan) -> Any:
    """Two axes made of the last one, the width and the images: the inverse of `flatten_last`."""
    front = x.shape[:-1]
    return x.reshape(*front, width, spec.n) if spec.many else x.reshape(*front, spec.n, width).swapaxes(-1, -2)


def pad(x: Any, spec: Plan) -> Any:
    """Images (n, c, h, w) put last, with a border of zeros; where they are many, they are last in memory too."""
    border = ((0, 0), *((p, p) for p in spec.padding))
    if not spec.many:
        return to_chwn(np.pad(x, ((0, 0), *border)) if any(spec.padding) else x)
    images = np.pad(to_chwn(x), (*border, (0, 0))) if any(spec.padding) else to_chwn(x)
    return images.ravel().reshape(images.shape)


def windows(x: Any, size: Axes, stride: Axes, dilation: Axes) -> Any:
    """A view of images (c, h, w, n) as windows, (c, kh, kw, oh, ow, n)."""
    axes, extent = range(1, len(size) + 1), extents(size, dilation)
    if type(x) is not np.ndarray:
        views = sliding_window_view(x, extent, axis=tuple(axes))  # (c, h, w, n, kh, kw)
        apart = () if extent == size else (slice(None), *(slice(None, None, d) for d in dilation))
        views = views[:, *(slice(None, None, s) for s in stride), *apart]
        return views.transpose(0, *(i + len(size) + 1 for i in axes), *axes, len(size) + 1)
    channel, *steps, image = x.strides  # the same, in a quarter of the time
    out = count_windows("windows", x.shape[1:-1], size, stride, dilation)
    inside = (step * d for step, d in zip(steps, dilation, strict=True))
    between = (step * s for step, s in zip(steps, stride, strict=True))
    shape = (x.shape[0], *size, *out, x.shape[-1])
    return as_strided(x, shape, (channel, *inside, *between, image), writeable=False)


def blocks(x: Any, spec: Plan) -> list[Any]:
    """What each band of the kernel covers of images, laid out as a matrix for each group.

    For bands of one row images are copied only once for each column of the kernel: of these copies each row covers
    one block of memory (for a stride of 1), which need not be copied to be multiplied by.
    """
    images = pad(x, spec)
    if len(spec.bands) == 1:
        every = flatten_last(windows(images, spec.kernel, spec.stride, spec.dilation), spec)
        return [every.reshape(spec.groups, spec.kernel[0] * spec.depth, spec.length)]
    row = ((1, *of[1:]) for of in (spec.kernel, spec.stride, spec.dilation))
    columns = flatten_last(windows(images, *row), spec)[:, 0]
    starts = (i * spec.dilation[0] for i in range(spec.kernel[0]))
    before = (slice(None),) * len(spec.kernel)
    rows = (columns[*before, window_slice(start, spec.stride[0], spec.out[0])] for start in starts)
    return [each.reshape(spec.groups, spec.depth, spec.length) for each in rows]


def matrices(w: Any, spec: Plan) -> list[Any]:
    """Weights laid out as a matrix for each band and each group."""
    return [
        w[:, :, band].reshape(spec.groups, spec.o // spec.groups, spec.depth * (band.stop - band.start))
        for band in spec.bands
    ]


def grouped(y: Any, spec: Plan) -> Any:
    """Outputs laid out as a matrix for each group."""
    return flatten_last(to_chwn(y), spec).reshape(spec.groups, spec.o // spec.groups, spec.length)
