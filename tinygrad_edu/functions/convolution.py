"""Convolution of images, and its two adjoints: each of the three is differentiated by the other two.

All come from one sum of products x·w·y. Hold two of the three fixed, and what the third is multiplied by is
the convolution (of x and w), the transposed one (of y and w), or what the gradient of weights is (of x and y).

g     cotangent of the output
z     output
x     images (n, c, h, w)
w     weights (o, c / groups, kh, kw)
y     what convolving x with w gives, (n, o, oh, ow)
rows  the columns of x that each column of the kernel meets, (groups, c / groups * kw, padded h, n, ow)
"""

import functools
import math
import operator
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from tinygrad_edu.functions.windows import Pair, Pairwise, check_shape, count, met, pair, whole
from tinygrad_edu.protocols import primitive
from tinygrad_edu.table import derivative

IMAGES, OUTPUTS, WEIGHTS = "(n, c, h, w)", "(n, o, oh, ow)", "(o, c / groups, kh, kw)"


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
    def inside(self) -> tuple[slice, ...]:
        """The part of padded images (c, padded h, n, padded w) that is no border."""
        down, across = (slice(p, p + n) for p, n in zip(self.padding, self.image, strict=True))
        return slice(None), down, slice(None), across

    @property
    def depth(self) -> int:
        """How many numbers of an image each row of the kernel is multiplied by."""
        return self.c // self.groups * self.kernel[1]


def plan(caller: str, x: tuple[int, ...], w: tuple[int, ...], stride: Any, padding: Any, groups: Any) -> Plan:
    """Check that images and weights of these shapes go together.

    Raises:
        TypeError: a keyword is not made of integers.
        ValueError: the shapes do not fit, or a keyword is too small.
    """
    stride, padding = pair(caller, "stride", stride, 1), pair(caller, "padding", padding, 0)
    groups = whole(caller, "groups", groups, 1)
    (n, c, height, width), (o, depth, kh, kw) = x, w
    if c != depth * groups or o % groups:
        taken = f"images of {depth * groups} channels ({depth} for each of {groups} groups), and gives {o}"
        remedy = "w must have shape (o, c / groups, kh, kw), and groups must divide c and o"
        raise ValueError(f"{caller}: w of shape {w} takes {taken}; got {c} channels; {remedy}")
    if not kh * kw * c * o:
        raise ValueError(f"{caller}: w of shape {w} is empty; give every axis at least one element")
    known = Plan(n, c, o, (height, width), (kh, kw), (0, 0), stride, padding, groups)
    return known._replace(out=count(caller, known.padded, known.kernel, stride))


def spread(x: Any, of: Plan) -> Any:
    """Lay images out as rows: the columns of the kernel side by side, and its rows on top of each other.

    So images are copied kw times and not kh * kw times, and what a row of the kernel meets is one block of
    memory, a matrix that need not be copied to be multiplied by (for a stride of 1).
    """
    images = x.transpose(1, 2, 0, 3)
    if any(of.padding):
        images = np.zeros_like(x, shape=(of.c, of.padded[0], of.n, of.padded[1]), order="C")
        images[of.inside] = x.transpose(1, 2, 0, 3)
    rows = np.empty_like(x, shape=(of.c, of.kernel[1], of.padded[0], of.n, of.out[1]), order="C")
    for j in range(of.kernel[1]):
        rows[:, j] = images[..., met(j, of.stride[1], of.out[1])]
    return rows.reshape(of.groups, of.depth, *rows.shape[2:])


def gather(rows: Any, of: Plan) -> Any:
    """Add up what `spread` laid out: its adjoint."""
    images = np.zeros_like(rows, shape=(of.c, of.padded[0], of.n, of.padded[1]), order="C")
    rows = rows.reshape(of.c, of.kernel[1], *rows.shape[2:])
    for j in range(of.kernel[1]):
        images[..., met(j, of.stride[1], of.out[1])] += rows[:, j]
    return images[of.inside].transpose(2, 0, 1, 3)


def each_row(rows: Any, of: Plan) -> Iterator[Any]:
    """Give for each row of the kernel what it meets, (groups, depth, oh, n, ow)."""
    return (rows[:, :, met(i, of.stride[0], of.out[0])] for i in range(of.kernel[0]))


def flat(block: Any) -> Any:
    """Make a block (groups, depth, oh, n, ow) a matrix for each group."""
    return block.reshape(*block.shape[:2], math.prod(block.shape[2:]))


def matrices(w: Any, of: Plan) -> Any:
    """Lay weights out as a matrix for each row of the kernel and each group."""
    return w.transpose(2, 0, 1, 3).reshape(of.kernel[0], of.groups, of.o // of.groups, of.depth)


def channels(y: Any, of: Plan) -> Any:
    """Lay outputs out as a matrix for each group, with a row for each channel."""
    return flat(y.transpose(1, 2, 0, 3).reshape(of.groups, of.o // of.groups, of.out[0], of.n, of.out[1]))


def plan_back(
    caller: str, y: tuple[int, ...], w: tuple[int, ...], stride: Any, padding: Any, groups: Any, size: Any
) -> Plan:
    """Check that outputs and weights of these shapes go together, and find the smallest images if no size is given.

    Raises: as `plan`.
    """
    stride, padding = pair(caller, "stride", stride, 1), pair(caller, "padding", padding, 0)
    (n, o, *out), (_, depth, *kernel) = y, w
    if o != w[0]:
        raise ValueError(f"{caller}: y of shape {y} has {o} channels, w of shape {w} gives {w[0]}; make them the same")
    least = tuple((m - 1) * s + k - 2 * p for m, s, k, p in zip(out, stride, kernel, padding, strict=True))
    height, width = pair(caller, "size", least if size is None else size, 1)
    of = plan(caller, (n, depth * whole(caller, "groups", groups, 1), height, width), w, stride, padding, groups)
    if of.out != tuple(out):
        most = tuple(m + s - 1 for m, s in zip(least, stride, strict=True))
        problem = f"y of shape {y} does not come from images of {of.image}"
        raise ValueError(f"{caller}: {problem}; pass a size from {least} to {most}")
    return of


@primitive
def conv2d(x: Any, w: Any, *, stride: Pairwise = 1, padding: Pairwise = 0, groups: int = 1) -> Any:
    """Give the sum of products of each window of images (n, c, h, w) with weights (o, c / groups, kh, kw).

    The result has shape (n, o, oh, ow), with ``oh = (h + 2 * padding - kh) // stride + 1``. `stride` and `padding`
    are integers, or one for the height and one for the width. With `groups`, the first c / groups channels make
    the first o / groups, and so on. The kernel is not turned around: that is what networks call a convolution.

    >>> x = np.arange(9.0).reshape(1, 1, 3, 3)
    >>> conv2d(x, np.ones((1, 1, 2, 2)))
    array([[[[ 8., 12.],
             [20., 24.]]]])

    Source: LeCun, Bottou, Bengio and Haffner, 1998, section II.

    Raises:
        TypeError: x or w is no array, or a keyword is not made of integers.
        ValueError: the shapes do not fit, or a keyword is too small.
    """
    shapes = check_shape("conv2d", "x", x, IMAGES), check_shape("conv2d", "w", w, WEIGHTS)
    of = plan("conv2d", *shapes, stride, padding, groups)
    products = map(operator.matmul, matrices(w, of), map(flat, each_row(spread(x, of), of)))
    z = functools.reduce(operator.iadd, products)
    return z.reshape(of.o, of.out[0], of.n, of.out[1]).transpose(2, 0, 1, 3)


@primitive
def conv2d_transpose(
    y: Any,
    w: Any,
    *,
    stride: Pairwise = 1,
    padding: Pairwise = 0,
    groups: int = 1,
    size: Pairwise | None = None,
) -> Any:
    """Give the adjoint of `conv2d`: spread each of y (n, o, oh, ow) over the window that it would come from.

    The weights are those of the convolution, (o, c / groups, kh, kw), and the result has shape (n, c, h, w).
    Where the stride leaves several h and w possible, `size` says which; the default is the smallest.

    >>> conv2d_transpose(np.array([[[[1.0, 10.0]]]]), np.ones((1, 1, 1, 2)), stride=2)
    array([[[[ 1.,  1., 10., 10.]]]])

    Source: Zeiler, Krishnan, Taylor and Fergus, 2010; Dumoulin and Visin, 2016, chapter 4.

    Raises:
        TypeError: y or w is no array, or a keyword is not made of integers.
        ValueError: the shapes do not fit, or a keyword is too small.
    """
    shapes = check_shape("conv2d_transpose", "y", y, OUTPUTS), check_shape("conv2d_transpose", "w", w, WEIGHTS)
    of = plan_back("conv2d_transpose", *shapes, stride, padding, groups, size)
    shape = (of.groups, of.depth, of.padded[0], of.n, of.out[1])
    rows = np.zeros_like(y, dtype=np.result_type(y, w), shape=shape, order="C")
    numbers = channels(y, of)
    for v, met_by_v in zip(matrices(w, of), each_row(rows, of), strict=True):
        met_by_v[...] += (v.swapaxes(-1, -2) @ numbers).reshape(met_by_v.shape)
    return gather(rows, of)


@primitive
def conv2d_weights(x: Any, y: Any, *, size: Pair, stride: Pairwise = 1, padding: Pairwise = 0, groups: int = 1) -> Any:
    """Give the other adjoint of `conv2d`, the one in its weights: (o, c / groups, *size), of x and y."""
    of = plan("conv2d_weights", x.shape, (y.shape[1], x.shape[1] // groups, *size), stride, padding, groups)
    numbers = channels(y, of)
    products = [numbers @ flat(each).swapaxes(-1, -2) for each in each_row(spread(x, of), of)]
    return np.stack(products).reshape(of.kernel[0], of.o, of.c // of.groups, of.kernel[1]).transpose(1, 2, 0, 3)


# fmt: off
derivative(conv2d,
           lambda g, z, x, w, *, stride=1, padding=0, groups=1:
               conv2d_transpose(g, w, size=x.shape[2:], stride=stride, padding=padding, groups=groups),
           lambda g, z, x, w, **how: conv2d_weights(x, g, size=w.shape[2:], **how))
derivative(conv2d_transpose,
           lambda g, z, y, w, *, size=None, stride=1, padding=0, groups=1:
               conv2d(g, w, stride=stride, padding=padding, groups=groups),
           lambda g, z, y, w, size=None, **how: conv2d_weights(g, y, size=w.shape[2:], **how))
derivative(conv2d_weights,
           lambda g, z, x, y, *, size, stride=1, padding=0, groups=1:
               conv2d_transpose(y, g, size=x.shape[2:], stride=stride, padding=padding, groups=groups),
           lambda g, z, x, y, size, **how: conv2d(x, g, **how))
# fmt: on
