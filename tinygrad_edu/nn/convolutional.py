"""Layers of images: convolutions, which learn, and pooling, which does not.

x  images (n, c, *s): of one spatial axis for signals, of two for pictures
"""

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import DTypeLike

from tinygrad_edu.core.rules import Array
from tinygrad_edu.core.value import Value
from tinygrad_edu.functions import conv, conv_transpose, max_pool, mean_pool
from tinygrad_edu.functions.windows import IMAGES, Axes, PerAxis, check_integer, check_shape, per_axis
from tinygrad_edu.nn.initializers import Initializer, check_generator, he_normal
from tinygrad_edu.nn.module import Module, check_channels, check_sizes, parameter, static


def _in_short(each: Axes) -> PerAxis:
    """One integer, if it is the same along each axis."""
    return each[0] if len({*each}) == 1 else each


@dataclass(frozen=True, eq=False, repr=False)
class Convolution(Module):
    """What convolutions of any number of spatial axes, and transposed ones, have in common."""

    axes: ClassVar[int]
    transposed: ClassVar[bool] = False

    weights: Value
    bias: Value | None
    stride: PerAxis = static(1)
    padding: PerAxis = static(0)
    dilation: PerAxis = static(1)
    groups: int = static(1)

    def __init__(
        self,
        inputs: int,
        outputs: int,
        size: PerAxis,
        rng: np.random.Generator,
        *,
        stride: PerAxis = 1,
        padding: PerAxis = 0,
        dilation: PerAxis = 1,
        groups: int = 1,
        bias: bool = True,
        initializer: Initializer = he_normal,
        dtype: DTypeLike = np.float64,
    ) -> None:
        caller = type(self).__name__
        inputs, outputs = check_sizes(caller, inputs=inputs, outputs=outputs)
        groups = check_integer(caller, "groups", groups, 1)
        if inputs % groups or outputs % groups:
            what = f"{groups} groups of {inputs} inputs and {outputs} outputs"
            raise ValueError(f"{caller}: got {what}; groups must divide both")
        check_generator(caller, rng)
        kernel = per_axis(caller, "size", size, 1, self.axes)
        first, second = (inputs, outputs) if self.transposed else (outputs, inputs)
        fans = (count // groups * math.prod(kernel) for count in (inputs, outputs))
        numbers = initializer(rng, (first, second // groups, *kernel), *fans)
        self._set(
            weights=parameter("weights", numbers, dtype),
            bias=parameter("bias", np.zeros(outputs), dtype) if bias else None,
            stride=_in_short(per_axis(caller, "stride", stride, 1, self.axes)),
            padding=_in_short(per_axis(caller, "padding", padding, 0, self.axes)),
            dilation=_in_short(per_axis(caller, "dilation", dilation, 1, self.axes)),
            groups=groups,
        )

    def __call__(self, x: Array) -> Array:
        """The images (n, outputs, *m) for images (n, inputs, *s).

        Raises:
            ValueError: `x` has other axes or channels, or is smaller than the kernel.
        """
        self._check(x)
        z = conv(x, self.weights, **self._how())
        return z if self.bias is None else z + self._spread_bias()

    def _check(self, x: Array) -> None:
        caller, w = type(self).__name__, self.weights.shape
        check_shape(caller, "x", x, IMAGES[self.axes])
        check_channels(caller, x, 1, w[0] if self.transposed else w[1] * self.groups)

    def _how(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("stride", "padding", "dilation", "groups")}

    def _spread_bias(self) -> Array:
        bias: Any = self.bias
        return np.reshape(bias, (-1, *[1] * self.axes))


class Conv1d(Convolution):
    """Convolution of signals (n, inputs, w): each output a sum of products of windows with a kernel, plus a number.

    >>> layer = Conv1d(2, 4, 3, np.random.default_rng(0), padding=1)
    >>> layer
    Conv1d(weights (4, 2, 3), bias (4,), padding 1; 28 parameters)
    >>> layer(np.ones((5, 2, 8))).shape
    (5, 4, 8)

    Args:
        inputs: how many channels come in.
        outputs: how many go out.
        size: of the kernel, one integer, or one for each spatial axis; so are stride, padding and dilation.
        rng: draws the weights.
        stride: how far windows are apart.
        padding: how many zeros to put around.
        dilation: a kernel takes every so manieth number.
        groups: into how many groups to divide the channels, each for itself.
        bias: whether to add a number to each output, at first 0.
        initializer: of the weights.
        dtype: of the parameters.

    Raises:
        TypeError: `rng` is no generator, a size is no integer, or the dtype is not one of floats.
        ValueError: a size or a stride is less than 1, padding is negative, or groups do not divide the channels.
    """

    axes = 1


class Conv2d(Convolution):
    """Convolution of pictures (n, inputs, h, w); arguments as for `Conv1d`.

    >>> Conv2d(1, 8, 5, np.random.default_rng(0), stride=2)(np.ones((2, 1, 28, 28))).shape
    (2, 8, 12, 12)
    """

    axes = 2


class ConvolutionTranspose(Convolution):
    """What transposed convolutions have in common: the adjoints of convolutions, which make images larger."""

    transposed = True

    def __call__(self, x: Array, size: PerAxis | None = None) -> Array:
        """The images (n, outputs, *m) for images (n, inputs, *s); where the stride leaves several m, `size` says which.

        Raises:
            ValueError: `x` has other axes or channels, or `size` is none of the possible.
        """
        self._check(x)
        z = conv_transpose(x, self.weights, size=size, **self._how())
        return z if self.bias is None else z + self._spread_bias()


class ConvTranspose1d(ConvolutionTranspose):
    """Transposed convolution of signals (n, inputs, w); arguments as for `Conv1d`.

    >>> ConvTranspose1d(4, 2, 3, np.random.default_rng(0), stride=2)(np.ones((5, 4, 8))).shape
    (5, 2, 17)
    """

    axes = 1


class ConvTranspose2d(ConvolutionTranspose):
    """Transposed convolution of pictures (n, inputs, h, w); arguments as for `Conv1d`.

    >>> ConvTranspose2d(4, 2, 2, np.random.default_rng(0), stride=2)(np.ones((5, 4, 8, 8))).shape
    (5, 2, 16, 16)
    """

    axes = 2


@dataclass(frozen=True, eq=False, repr=False)
class _Pool(Module):
    """Windows of `size` of images, every `stride`, by default side by side."""

    size: PerAxis = static()
    stride: PerAxis | None = static(None)


class MaxPool(_Pool):
    """The largest number of each window of images (n, c, *s).

    >>> MaxPool(2)(np.ones((5, 3, 8, 8))).shape
    (5, 3, 4, 4)
    """

    def __call__(self, x: Array) -> Array:
        """As `functions.max_pool`."""
        return max_pool(x, self.size, self.stride)


class MeanPool(_Pool):
    """The mean of each window of images (n, c, *s).

    >>> MeanPool(2, stride=1)(np.ones((5, 3, 8))).shape
    (5, 3, 7)
    """

    def __call__(self, x: Array) -> Array:
        """As `functions.mean_pool`."""
        return mean_pool(x, self.size, self.stride)
