"""Layers that bring numbers to mean 0 and variance 1, or one of the two, and let them learn another.

x  the input
"""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import DTypeLike

from tinygrad_edu.core.rules import Array
from tinygrad_edu.core.tape import payload
from tinygrad_edu.core.value import Value
from tinygrad_edu.functions import layer_norm
from tinygrad_edu.functions.windows import check_integer
from tinygrad_edu.nn.module import Module, State, check_channels, check_sizes, check_state, parameter, static


def _check_eps(caller: str, eps: float) -> float:
    if not eps > 0:
        raise ValueError(f"{caller}: eps is {eps}; it must be above 0, or a constant is divided by nothing")
    return float(eps)


def _along_channels(numbers: Array, x: Array) -> Array:
    """Numbers (c,) as they broadcast to images (n, c, *s)."""
    return np.reshape(numbers, (-1, *[1] * (np.ndim(x) - 2)))


@dataclass(frozen=True, eq=False, repr=False)
class BatchNorm(Module):
    """Each channel of (n, c, *s) brought to mean 0 and variance 1 over the batch, times `scale`, plus `shift`.

    In training these are the mean and variance of the batch; in evaluation those that training gathered, which are the
    state of the layer. So it is called by `apply`, alone or inside of a network:

    >>> layer = BatchNorm(2)
    >>> x = np.array([[1.0, 10.0], [3.0, 30.0]])
    >>> y, state = layer.apply(x, layer.initial_state(), training=True)
    >>> y.data.round(3)
    array([[-1., -1.],
           [ 1.,  1.]])
    >>> state["mean"], state["variance"]
    (array([0.2, 2. ]), array([ 1.1, 20.9]))
    >>> y, state = layer.apply(x, state, training=False)

    Args:
        channels: the length of axis 1.
        momentum: how much of the running mean and variance each batch replaces.
        eps: is added to the variance.
        dtype: of the parameters and the state.

    Source: Ioffe and Szegedy, 2015, algorithms 1 and 2.

    Raises:
        TypeError: a length is no integer, or the dtype is not one of floats.
        ValueError: `channels` is less than 1, `momentum` not above 0 and at most 1, or `eps` not above 0.
    """

    needs_state: ClassVar[bool] = True

    scale: Value
    shift: Value
    momentum: float = static(0.1)
    eps: float = static(1e-5)

    def __init__(
        self, channels: int, *, momentum: float = 0.1, eps: float = 1e-5, dtype: DTypeLike = np.float64
    ) -> None:
        (channels,) = check_sizes("BatchNorm", channels=channels)
        if not 0 < momentum <= 1:
            raise ValueError(f"BatchNorm: momentum is {momentum}; it must be above 0 and at most 1")
        self._set(
            scale=parameter("scale", np.ones(channels), dtype),
            shift=parameter("shift", np.zeros(channels), dtype),
            momentum=float(momentum),
            eps=_check_eps("BatchNorm", eps),
        )

    def initial_state(self) -> State:
        """A running mean of 0 and a running variance of 1, for each channel."""
        channels, dtype = self.scale.shape, self.scale.dtype
        return {"mean": np.zeros(channels, dtype), "variance": np.ones(channels, dtype)}

    def apply(self, x: Array, state: State, *, training: bool) -> tuple[Array, State]:
        """The output of the shape of `x`, and the running statistics: in evaluation those that came.

        Raises:
            ValueError: `x` has other channels, or, in training, only one number for each.
        """
        check_state(self, state)
        shape = check_channels("BatchNorm", x, 1, self.scale.shape[0])
        scale, shift = _along_channels(self.scale, x), _along_channels(self.shift, x)
        if not training:
            root = np.sqrt(state["variance"] + self.eps)
            return (x - _along_channels(state["mean"], x)) / _along_channels(root, x) * scale + shift, state
        axes, count = (0, *range(2, len(shape))), math.prod(shape) // shape[1]
        if count < 2:
            raise ValueError(f"BatchNorm: the input has shape {shape}, one number for each channel; pass more examples")
        numbers = payload(x)  # statistics are not differentiated
        seen = {"mean": np.mean(numbers, axis=axes), "variance": np.var(numbers, axis=axes) * (count / (count - 1))}
        following = {
            name: ((1 - self.momentum) * state[name] + self.momentum * seen[name]).astype(state[name].dtype)
            for name in state
        }
        return layer_norm(x, scale, shift, axis=axes, eps=self.eps), following


@dataclass(frozen=True, eq=False, repr=False)
class LayerNorm(Module):
    """The last axes brought to mean 0 and variance 1, times `scale`, plus `shift`.

    >>> LayerNorm(2)(np.array([[1.0, 3.0], [10.0, 30.0]])).data.round(3)
    array([[-1.,  1.],
           [-1.,  1.]])

    Args:
        shape: the length of the last axis, or of the last axes.
        eps: is added to the variance.
        dtype: of the parameters.

    Source: Ba, Kiros and Hinton, 2016.

    Raises:
        TypeError: a length is no integer, or the dtype is not one of floats.
        ValueError: a length is less than 1, there is none, or `eps` is not above 0.
    """

    scale: Value
    shift: Value
    eps: float = static(1e-5)

    def __init__(self, shape: int | tuple[int, ...], *, eps: float = 1e-5, dtype: DTypeLike = np.float64) -> None:
        lengths = [check_integer("LayerNorm", "shape", n, 1) for n in (shape if isinstance(shape, tuple) else (shape,))]
        if not lengths:
            raise ValueError("LayerNorm: shape is (); give the length of the last axis at least")
        self._set(
            scale=parameter("scale", np.ones(lengths), dtype),
            shift=parameter("shift", np.zeros(lengths), dtype),
            eps=_check_eps("LayerNorm", eps),
        )

    def __call__(self, x: Array) -> Array:
        """The output, of the shape of `x`.

        Raises:
            ValueError: the last axes of `x` have other lengths.
        """
        wanted = self.scale.shape
        if np.shape(x)[-len(wanted) :] != wanted:
            raise ValueError(f"LayerNorm: the input has shape {np.shape(x)}; it must end with {wanted}")
        return layer_norm(x, self.scale, self.shift, axis=tuple(range(-len(wanted), 0)), eps=self.eps)


@dataclass(frozen=True, eq=False, repr=False)
class GroupNorm(Module):
    """Groups of channels of (n, c, *s), for each example, brought to mean 0 and variance 1; then as BatchNorm.

    With one group for each channel it is instance normalisation.

    >>> GroupNorm(2, 4)(np.ones((5, 4, 8))).shape
    (5, 4, 8)

    Args:
        groups: how many groups the channels are divided into.
        channels: the length of axis 1.
        eps: is added to the variance.
        dtype: of the parameters.

    Source: Wu and He, 2018.

    Raises:
        TypeError: a length is no integer, or the dtype is not one of floats.
        ValueError: a size is less than 1, `groups` does not divide the channels, or `eps` is not above 0.
    """

    scale: Value
    shift: Value
    groups: int = static()
    eps: float = static(1e-5)

    def __init__(self, groups: int, channels: int, *, eps: float = 1e-5, dtype: DTypeLike = np.float64) -> None:
        groups, channels = check_sizes("GroupNorm", groups=groups, channels=channels)
        if channels % groups:
            raise ValueError(f"GroupNorm: got {groups} groups of {channels} channels; groups must divide them")
        self._set(
            scale=parameter("scale", np.ones(channels), dtype),
            shift=parameter("shift", np.zeros(channels), dtype),
            groups=groups,
            eps=_check_eps("GroupNorm", eps),
        )

    def __call__(self, x: Array) -> Array:
        """The output, of the shape of `x`.

        Raises:
            ValueError: `x` has other channels.
        """
        shape = check_channels("GroupNorm", x, 1, self.scale.shape[0])
        grouped = np.reshape(x, (shape[0], self.groups, math.prod(shape[1:]) // self.groups))
        z = np.reshape(layer_norm(grouped, eps=self.eps), shape)
        return z * _along_channels(self.scale, x) + _along_channels(self.shift, x)


@dataclass(frozen=True, eq=False, repr=False)
class RMSNorm(Module):
    """Vectors along the last axis divided by √(mean of their squares + eps), times `scale`.

    >>> RMSNorm(2)(np.array([3.0, 4.0])).data.round(3)
    array([0.849, 1.131])

    Args:
        size: the length of the last axis.
        eps: is added to the mean of the squares.
        dtype: of the parameters.

    Source: Zhang and Sennrich, 2019.

    Raises:
        TypeError: a length is no integer, or the dtype is not one of floats.
        ValueError: `size` is less than 1, or `eps` not above 0.
    """

    scale: Value
    eps: float = static(1e-6)

    def __init__(self, size: int, *, eps: float = 1e-6, dtype: DTypeLike = np.float64) -> None:
        (size,) = check_sizes("RMSNorm", size=size)
        self._set(scale=parameter("scale", np.ones(size), dtype), eps=_check_eps("RMSNorm", eps))

    def __call__(self, x: Array) -> Array:
        """The output, of the shape of `x`.

        Raises:
            ValueError: the last axis of `x` has another length.
        """
        check_channels("RMSNorm", x, -1, self.scale.shape[0])
        # Squares of huge numbers overflow. The result does not depend on the unit, so no slope goes through it.
        unit = np.maximum(np.max(abs(payload(x)), axis=-1, keepdims=True), 1)
        small = x / unit
        root = np.sqrt(np.mean(np.square(small), axis=-1, keepdims=True) + self.eps / unit / unit)
        return small / root * self.scale
