"""Convolution of images, and its two adjoints: each of the three is differentiated by the other two.

All come from one sum of products x·w·y. Hold two of the three fixed, and what the third is multiplied by is
the convolution (of x and w), the transposed one (of y and w), or what the gradient of weights is (of x and y).

g     cotangent of the output
z     output
x     images (n, c, h, w)
w     weights (o, c / groups, kh, kw)
y     what convolving x with w gives, (n, o, oh, ow)
spec  what is known of the convolution, its `Plan`
"""

import functools
import operator
from typing import Any

import numpy as np

from tinygrad_edu.core.dispatch import primitive
from tinygrad_edu.core.rules import derivative
from tinygrad_edu.functions.im2col import Plan, blocks, grouped, matrices, to_nchw, unflatten
from tinygrad_edu.functions.windows import Pair, Pairwise, check_integer, check_shape, count_windows, pair, window_slice

IMAGES, OUTPUTS, WEIGHTS = "(n, c, h, w)", "(n, o, oh, ow)", "(o, c / groups, kh, kw)"


def plan(caller: str, x: tuple[int, ...], w: tuple[int, ...], stride: Any, padding: Any, groups: Any) -> Plan:
    """The plan of a convolution of images and weights of these shapes.

    Raises:
        TypeError: a keyword is not made of integers.
        ValueError: the shapes do not fit, or a keyword is too small.
    """
    stride, padding = pair(caller, "stride", stride, 1), pair(caller, "padding", padding, 0)
    groups = check_integer(caller, "groups", groups, 1)
    (n, c, height, width), (o, depth, kh, kw) = x, w
    if c != depth * groups or o % groups:
        taken = f"images of {depth * groups} channels ({depth} for each of {groups} groups), and gives {o}"
        remedy = "w must have shape (o, c / groups, kh, kw), and groups must divide c and o"
        raise ValueError(f"{caller}: w of shape {w} takes {taken}; got {c} channels; {remedy}")
    if not kh * kw * c * o:
        raise ValueError(f"{caller}: w of shape {w} is empty; give every axis at least one element")
    known = Plan(n, c, o, (height, width), (kh, kw), (0, 0), stride, padding, groups)
    return known._replace(out=count_windows(caller, known.padded, known.kernel, stride))


def plan_back(
    caller: str, y: tuple[int, ...], w: tuple[int, ...], stride: Any, padding: Any, groups: Any, size: Any
) -> Plan:
    """The plan of a convolution that gives outputs of this shape; of the smallest images, if no size is given.

    Raises: as `plan`.
    """
    stride, padding = pair(caller, "stride", stride, 1), pair(caller, "padding", padding, 0)
    (n, o, *out), (_, depth, *kernel) = y, w
    if o != w[0]:
        raise ValueError(f"{caller}: y of shape {y} has {o} channels, w of shape {w} gives {w[0]}; make them the same")
    least = tuple((m - 1) * s + k - 2 * p for m, s, k, p in zip(out, stride, kernel, padding, strict=True))
    height, width = pair(caller, "size", least if size is None else size, 1)
    spec = plan(
        caller, (n, depth * check_integer(caller, "groups", groups, 1), height, width), w, stride, padding, groups
    )
    if spec.out != tuple(out):
        most = tuple(m + s - 1 for m, s in zip(least, stride, strict=True))
        problem = f"y of shape {y} does not come from images of {spec.image}"
        raise ValueError(f"{caller}: {problem}; pass a size from {least} to {most}")
    return spec


@primitive
def conv2d(x: Any, w: Any, *, stride: Pairwise = 1, padding: Pairwise = 0, groups: int = 1) -> Any:
    """The sum of products of each window of images (n, c, h, w) with weights (o, c / groups, kh, kw).

    The result has shape (n, o, oh, ow), with ``oh = (h + 2 * padding - kh) // stride + 1``. `stride` and `padding`
    are integers, or one for the height and one for the width. With `groups`, the first c / groups channels make
    the first o / groups, and so on. The kernel is not to_chwn around: that is what networks call a convolution.

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
    spec = plan("conv2d", *shapes, stride, padding, groups)
    products = map(operator.matmul, matrices(w, spec), blocks(x, spec))
    y = functools.reduce(operator.iadd, products).reshape(spec.o, spec.out[0], spec.out[1] * spec.n)
    return to_nchw(unflatten(y, spec.out[1], spec))


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
    """The adjoint of `conv2d`: spread each of y (n, o, oh, ow) over the window that it would come from.

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
    spec = plan_back("conv2d_transpose", *shapes, stride, padding, groups, size)
    numbers = grouped(y, spec)
    height, width = spec.padded
    images = np.zeros_like(y, np.result_type(y, w), shape=(spec.c, height, width * spec.n), order="C")
    images = unflatten(images, width, spec)
    down, across = (
        [window_slice(i, s, m) for i in range(k)] for k, s, m in zip(spec.kernel, spec.stride, spec.out, strict=True)
    )
    for i, rows in enumerate(down):  # one at a time, so that what is added up is still in the cache
        matrix = w[:, :, i].reshape(spec.groups, spec.o // spec.groups, spec.depth)
        product = (matrix.swapaxes(-1, -2) @ numbers).reshape(spec.c, spec.kernel[1], spec.out[0], spec.out[1] * spec.n)
        product = unflatten(product, spec.out[1], spec)
        for j, columns in enumerate(across):
            images[:, rows, columns] += product[:, j]
    return to_nchw(images[spec.inside])


@primitive
def conv2d_weights(x: Any, y: Any, *, size: Pair, stride: Pairwise = 1, padding: Pairwise = 0, groups: int = 1) -> Any:
    """The other adjoint of `conv2d`, the one in its weights: (o, c / groups, *size), of x and y."""
    spec = plan("conv2d_weights", x.shape, (y.shape[1], x.shape[1] // groups, *size), stride, padding, groups)
    numbers = grouped(y, spec).swapaxes(-1, -2)
    products = [(block @ numbers).swapaxes(-1, -2) for block in blocks(x, spec)]
    rows = [each.reshape(spec.o, spec.c // spec.groups, -1, spec.kernel[1]) for each in products]
    return np.concatenate(rows, axis=2)


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
