"""Convolution of images, and its two adjoints: each of the three is differentiated by the other two.

All come from one sum of products x·w·y. Hold two of the three fixed, and what the third is multiplied by is
the convolution (of x and w), the transposed one (of y and w), or what the gradient of weights is (of x and y).

g     cotangent of the output
z     output
x     images (n, c, *s), of any number of spatial axes
w     weights (o, c / groups, *k)
y     what convolving x with w gives, (n, o, *m)
spec  what is known of the convolution, its `Plan`
"""

import functools
import itertools
import operator
from typing import Any

import numpy as np

from tinygrad_edu.core.arrays import made_beside
from tinygrad_edu.core.primitives import primitive
from tinygrad_edu.core.rules import derivative
from tinygrad_edu.functions.im2col import Plan, blocks, grouped, matrices, to_nchw, unflatten
from tinygrad_edu.functions.windows import (
    IMAGES,
    Axes,
    PerAxis,
    check_integer,
    check_shape,
    count_windows,
    extents,
    per_axis,
    volume,
    window_slices,
)

OUTPUTS = {1: "(n, o, ow)", 2: "(n, o, oh, ow)", 3: "(n, o, od, oh, ow)"}
WEIGHTS = {1: "(o, c / groups, kw)", 2: "(o, c / groups, kh, kw)", 3: "(o, c / groups, kd, kh, kw)"}


def _check_arrays(kind: str, x: Any, w: Any, axes: dict[int, str]) -> tuple[str, Axes, Axes]:
    """What to call the operation, which is known by the number of spatial axes, and both shapes."""
    name = "y" if axes is OUTPUTS else "x"
    count = len(check_shape(f"conv{kind}", name, x, "(n, c, ...)")) - 2
    caller = f"conv{count}d{kind}"
    return caller, x.shape, check_shape(caller, "w", w, WEIGHTS.get(count, f"(o, c / groups{', k' * count})"))


def plan(caller: str, x: Axes, w: Axes, stride: Any, padding: Any, dilation: Any, groups: Any) -> Plan:
    """The plan of a convolution of images and weights of these shapes.

    Raises:
        TypeError: a keyword is not made of integers.
        ValueError: the shapes do not fit, or a keyword is too small.
    """
    count = len(x) - 2
    stride, padding = per_axis(caller, "stride", stride, 1, count), per_axis(caller, "padding", padding, 0, count)
    dilation = per_axis(caller, "dilation", dilation, 1, count)
    return _planned(caller, x, w, stride, padding, dilation, check_integer(caller, "groups", groups, 1))


@functools.lru_cache
def _planned(caller: str, x: Axes, w: Axes, stride: Axes, padding: Axes, dilation: Axes, groups: int) -> Plan:
    count = len(x) - 2
    (n, c, *image), (o, depth, *kernel) = x, w
    if c != depth * groups or o % groups:
        taken = f"images of {depth * groups} channels ({depth} for each of {groups} groups), and gives {o}"
        shape = WEIGHTS.get(count, "(o, c / groups, *k)")
        remedy = f"w must have shape {shape}, and groups must divide c and o"
        raise ValueError(f"{caller}: w of shape {w} takes {taken}; got {c} channels; {remedy}")
    if not volume((*kernel, c, o)):
        raise ValueError(f"{caller}: w of shape {w} is empty; give every axis at least one element")
    known = Plan(n, c, o, (*image,), (*kernel,), (), stride, padding, dilation, groups)
    return known._replace(out=count_windows(caller, known.padded, known.kernel, stride, dilation))


def plan_back(caller: str, y: Axes, w: Axes, stride: Any, padding: Any, dilation: Any, groups: Any, size: Any) -> Plan:
    """The plan of a convolution that gives outputs of this shape; of the smallest images, if no size is given.

    Raises: as `plan`.
    """
    count = len(y) - 2
    stride, padding = per_axis(caller, "stride", stride, 1, count), per_axis(caller, "padding", padding, 0, count)
    dilation = per_axis(caller, "dilation", dilation, 1, count)
    (n, o, *out), (_, depth, *kernel) = y, w
    if o != w[0]:
        raise ValueError(f"{caller}: y of shape {y} has {o} channels, w of shape {w} gives {w[0]}; make them the same")
    reach = extents((*kernel,), dilation)
    least = tuple((m - 1) * s + e - 2 * p for m, s, e, p in zip(out, stride, reach, padding, strict=True))
    image = per_axis(caller, "size", least if size is None else size, 1, count)
    c = depth * check_integer(caller, "groups", groups, 1)
    spec = plan(caller, (n, c, *image), w, stride, padding, dilation, groups)
    if spec.out != tuple(out):
        most = tuple(m + s - 1 for m, s in zip(least, stride, strict=True))
        problem = f"y of shape {y} does not come from images of {spec.image}"
        raise ValueError(f"{caller}: {problem}; pass a size from {least} to {most}")
    return spec


@primitive
def conv(x: Any, w: Any, *, stride: PerAxis = 1, padding: PerAxis = 0, dilation: PerAxis = 1, groups: int = 1) -> Any:
    """The sum of products of each window of images (n, c, *s) with weights (o, c / groups, *k).

    The result has shape (n, o, *m), along each axis ``m = (s + 2 * padding - dilation * (k - 1) - 1) // stride + 1``.
    `stride`, `padding` and `dilation` are integers, or one for each spatial axis. A window takes every `dilation`-th
    number. With `groups`, the first c / groups channels make the first o / groups, and so on. The kernel is not
    turned around: that is what networks call a convolution.

    >>> conv(np.arange(5.0).reshape(1, 1, 5), np.ones((1, 1, 2)), dilation=2)
    array([[[2., 4., 6.]]])

    Source: LeCun, Bottou, Bengio and Haffner, 1998, section II; Yu and Koltun, 2016, for the dilation.

    Raises:
        TypeError: x or w is no array, or a keyword is not made of integers.
        ValueError: the shapes do not fit, or a keyword is too small.
    """
    spec = plan(*_check_arrays("", x, w, IMAGES), stride, padding, dilation, groups)
    products = map(operator.matmul, matrices(w, spec), blocks(x, spec))
    y = functools.reduce(operator.iadd, products).reshape(spec.o, *spec.out[:-1], spec.out[-1] * spec.n)
    return to_nchw(unflatten(y, spec.out[-1], spec))


@primitive
def conv_transpose(
    y: Any,
    w: Any,
    *,
    stride: PerAxis = 1,
    padding: PerAxis = 0,
    dilation: PerAxis = 1,
    groups: int = 1,
    size: PerAxis | None = None,
) -> Any:
    """The adjoint of `conv`: spread each of y (n, o, *m) over the window that it would come from.

    The weights are those of the convolution, (o, c / groups, *k), and the result has shape (n, c, *s).
    Where the stride leaves several s possible, `size` says which; the default is the smallest.

    >>> conv_transpose(np.array([[[1.0, 10.0]]]), np.ones((1, 1, 2)), stride=2)
    array([[[ 1.,  1., 10., 10.]]])

    Source: Zeiler, Krishnan, Taylor and Fergus, 2010; Dumoulin and Visin, 2016, chapter 4.

    Raises:
        TypeError: y or w is no array, or a keyword is not made of integers.
        ValueError: the shapes do not fit, or a keyword is too small.
    """
    spec = plan_back(*_check_arrays("_transpose", y, w, OUTPUTS), stride, padding, dilation, groups, size)
    numbers = grouped(y, spec)
    width = spec.padded[-1]
    shape = spec.c, *spec.padded[:-1], width * spec.n
    images = made_beside(np.zeros_like, np.result_type(y, w), shape, y, w, order="C")
    images = unflatten(images, width, spec)
    down, *across = window_slices(spec.kernel, spec.stride, spec.out, spec.dilation)
    for i, rows in enumerate(down):  # one at a time, so that what is added up is still in the cache
        matrix = w[:, :, i].reshape(spec.groups, spec.o // spec.groups, spec.depth)
        product = matrix.swapaxes(-1, -2) @ numbers
        product = product.reshape(spec.c, volume(spec.kernel[1:]), *spec.out[:-1], spec.out[-1] * spec.n)
        product = unflatten(product, spec.out[-1], spec)
        for j, columns in enumerate(itertools.product(*across)):
            images[:, rows, *columns] += product[:, j]
    return to_nchw(images[spec.inside])


@primitive
def conv_weights(
    x: Any,
    y: Any,
    *,
    size: Axes,
    stride: PerAxis = 1,
    padding: PerAxis = 0,
    dilation: PerAxis = 1,
    groups: int = 1,
) -> Any:
    """The other adjoint of `conv`, the one in its weights: (o, c / groups, *size), of x and y."""
    spec = plan("conv_weights", x.shape, (y.shape[1], x.shape[1] // groups, *size), stride, padding, dilation, groups)
    numbers = grouped(y, spec).swapaxes(-1, -2)
    products = [(block @ numbers).swapaxes(-1, -2) for block in blocks(x, spec)]
    rows = [each.reshape(spec.o, spec.c // spec.groups, -1, *spec.kernel[1:]) for each in products]
    return np.concatenate(rows, axis=2)


def conv2d(x: Any, w: Any, *, stride: PerAxis = 1, padding: PerAxis = 0, dilation: PerAxis = 1, groups: int = 1) -> Any:
    """`conv` of images (n, c, h, w) and no others, with weights (o, c / groups, kh, kw).

    >>> x = np.arange(9.0).reshape(1, 1, 3, 3)
    >>> conv2d(x, np.ones((1, 1, 2, 2)))
    array([[[[ 8., 12.],
             [20., 24.]]]])

    Raises: as `conv`.
    """
    check_shape("conv2d", "x", x, IMAGES[2])
    return conv(x, w, stride=stride, padding=padding, dilation=dilation, groups=groups)


def conv2d_transpose(
    y: Any,
    w: Any,
    *,
    stride: PerAxis = 1,
    padding: PerAxis = 0,
    dilation: PerAxis = 1,
    groups: int = 1,
    size: PerAxis | None = None,
) -> Any:
    """`conv_transpose` of outputs (n, o, oh, ow) and no others, with weights (o, c / groups, kh, kw).

    >>> conv2d_transpose(np.array([[[[1.0, 10.0]]]]), np.ones((1, 1, 1, 2)), stride=2)
    array([[[[ 1.,  1., 10., 10.]]]])

    Raises: as `conv_transpose`.
    """
    check_shape("conv2d_transpose", "y", y, OUTPUTS[2])
    return conv_transpose(y, w, stride=stride, padding=padding, dilation=dilation, groups=groups, size=size)


# fmt: off
derivative(conv,
           lambda g, z, x, w, *, stride=1, padding=0, dilation=1, groups=1:
               conv_transpose(g, w, size=x.shape[2:], stride=stride, padding=padding, dilation=dilation, groups=groups),
           lambda g, z, x, w, **how: conv_weights(x, g, size=w.shape[2:], **how))
derivative(conv_transpose,
           lambda g, z, y, w, *, size=None, stride=1, padding=0, dilation=1, groups=1:
               conv(g, w, stride=stride, padding=padding, dilation=dilation, groups=groups),
           lambda g, z, y, w, size=None, **how: conv_weights(g, y, size=w.shape[2:], **how))
derivative(conv_weights,
           lambda g, z, x, y, *, size, stride=1, padding=0, dilation=1, groups=1:
               conv_transpose(y, g, size=x.shape[2:], stride=stride, padding=padding, dilation=dilation, groups=groups),
           lambda g, z, x, y, size, **how: conv(x, g, **how))
# fmt: on
