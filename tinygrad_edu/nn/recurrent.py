"""Layers that go through a sequence step by step, and carry on what they have seen.

x       the input, t vectors in a row: (..., t, d)
h       what is carried on: (..., k)
c       what an LSTM keeps beside it, (..., k)
z       sums of inputs and of h, of all gates side by side
W, U    the weights of inputs, (d, gates * k), and of h, (k, gates * k)
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import DTypeLike

from tinygrad_edu.core.rules import Array
from tinygrad_edu.core.value import Value
from tinygrad_edu.functions import sigmoid
from tinygrad_edu.nn.initializers import Initializer, check_generator, glorot_uniform, orthogonal
from tinygrad_edu.nn.module import Module, check_channels, check_sizes, parameter
from tinygrad_edu.transforms import scan
from tinygrad_edu.tree import Tree


@dataclass(frozen=True, eq=False, repr=False)
class Recurrent(Module):
    """What recurrent layers have in common: one step after the other, of gates side by side."""

    gates: ClassVar[int]

    input_weights: Value
    hidden_weights: Value
    bias: Value

    def __init__(
        self,
        inputs: int,
        size: int,
        rng: np.random.Generator,
        *,
        initializer: Initializer = glorot_uniform,
        hidden_initializer: Initializer = orthogonal,
        dtype: DTypeLike = np.float64,
    ) -> None:
        caller = type(self).__name__
        inputs, size = check_sizes(caller, inputs=inputs, size=size)
        check_generator(caller, rng)
        made = [
            np.concatenate([of(rng, (d, size), d, size) for _ in range(self.gates)], axis=1)
            for of, d in ((initializer, inputs), (hidden_initializer, size))
        ]
        self._set(
            input_weights=parameter("input weights", made[0], dtype),
            hidden_weights=parameter("hidden weights", made[1], dtype),
            **self._first_biases(size, dtype),
        )

    def _first_biases(self, size: int, dtype: DTypeLike) -> dict[str, Value]:
        return {"bias": parameter("bias", np.zeros(self.gates * size), dtype)}

    @property
    def size(self) -> int:
        """How many numbers are carried on."""
        size: int = self.hidden_weights.shape[0]
        return size

    def __call__(self, x: Array) -> Array:
        """What is carried on after each step, (..., t, size), for inputs (..., t, inputs).

        Raises:
            ValueError: `x` has other axes.
        """
        return self.run(x)[0]

    def run(self, x: Array, carry: Tree = None) -> tuple[Array, Tree]:
        """The outputs (..., t, size), and what is carried on at the end, from which the next run can start.

        Raises:
            ValueError: `x` or what is carried on has another shape.
        """
        caller = type(self).__name__
        shape = check_channels(caller, x, -1, self.input_weights.shape[0])
        if len(shape) < 2 or not shape[-2]:
            raise ValueError(f"{caller}: the input has shape {shape}; pass (..., t, {shape[-1]}), of one step at least")
        sums = x @ self.input_weights + self.bias
        carry = self.first_carry((*shape[:-2], self.size), sums.dtype) if carry is None else carry
        carry, outputs = scan(self._next, carry, np.moveaxis(sums, -2, 0))
        return np.moveaxis(outputs, 0, -2), carry

    def _next(self, carry: Tree, z: Array) -> tuple[Tree, Array]:
        carry = self.step(z, carry)
        return carry, self.seen(carry)

    def first_carry(self, shape: tuple[int, ...], dtype: DTypeLike) -> Tree:
        """What is carried on before the first step: zeros."""
        return np.zeros(shape, dtype)

    def seen(self, carry: Tree) -> Array:
        """The part of what is carried on that is the output."""
        return carry

    def step(self, z: Array, carry: Tree) -> Tree:
        """What is carried on after a step, for sums of its inputs (..., gates * size), and what was before."""
        raise NotImplementedError


class RNN(Recurrent):
    """The simplest recurrent layer: h ← tanh(x W + h U + bias) at each step.

    >>> layer = RNN(3, 5, np.random.default_rng(0))
    >>> layer
    RNN(input_weights (3, 5), hidden_weights (5, 5), bias (5,); 45 parameters)
    >>> layer(np.ones((2, 7, 3))).shape
    (2, 7, 5)
    >>> outputs, h = layer.run(np.ones((2, 7, 3)))
    >>> outputs, h = layer.run(np.ones((2, 7, 3)), h)  # carry on

    Args:
        inputs: how many numbers come in at each step.
        size: how many are carried on.
        rng: draws the weights.
        initializer: of the weights of inputs.
        hidden_initializer: of the weights of what is carried on.
        dtype: of the parameters.

    Source: Elman, 1990.

    Raises:
        TypeError: `rng` is no generator, a size is no integer, or the dtype is not one of floats.
        ValueError: a size is less than 1.
    """

    gates = 1

    def step(self, z: Array, carry: Tree) -> Tree:
        """As `Recurrent.step`."""
        return np.tanh(z + carry @ self.hidden_weights)


@dataclass(frozen=True, eq=False, repr=False, init=False)
class GRU(Recurrent):
    """A recurrent layer with two gates, one to forget before and one to keep instead; arguments as for `RNN`.

    r, u = sigmoid of two thirds of x W + h U + bias;
    h ← u · h + (1 - u) · tanh(x Wₙ + biasₙ + r · (h Uₙ + hidden bias)).

    >>> GRU(3, 5, np.random.default_rng(0))(np.ones((2, 7, 3))).shape
    (2, 7, 5)

    Source: Cho et al., 2014, in the form that computes all three at once.
    """

    gates = 3

    hidden_bias: Value

    def _first_biases(self, size: int, dtype: DTypeLike) -> dict[str, Value]:
        return super()._first_biases(size, dtype) | {"hidden_bias": parameter("hidden bias", np.zeros(size), dtype)}

    def step(self, z: Array, carry: Tree) -> Tree:
        """As `Recurrent.step`."""
        k, h = self.size, carry @ self.hidden_weights
        both = sigmoid(z[..., : 2 * k] + h[..., : 2 * k])  # one call for two gates
        reset, update = both[..., :k], both[..., k:]
        candidate = np.tanh(z[..., 2 * k :] + reset * (h[..., 2 * k :] + self.hidden_bias))
        return update * carry + (1 - update) * candidate


class LSTM(Recurrent):
    """A recurrent layer with a memory c, and gates for what is written to it, kept and shown; arguments as for `RNN`.

    i, f, o = sigmoid, and g = tanh, of the four quarters of x W + h U + bias in the order i, f, g, o;
    c ← f · c + i · g; h ← o · tanh(c). What is carried on is the pair (h, c). The bias of f is 1 at first, so that what
    is in the memory stays there until something else is learnt.

    >>> outputs, (h, c) = LSTM(3, 5, np.random.default_rng(0)).run(np.ones((2, 7, 3)))
    >>> outputs.shape, h.shape, c.shape
    ((2, 7, 5), (2, 5), (2, 5))

    Source: Hochreiter and Schmidhuber, 1997; Gers, Schmidhuber and Cummins, 2000, for the gate that forgets.
    """

    gates = 4

    def _first_biases(self, size: int, dtype: DTypeLike) -> dict[str, Value]:
        return {"bias": parameter("bias", np.repeat([0.0, 1.0, 0.0, 0.0], size), dtype)}

    def first_carry(self, shape: tuple[int, ...], dtype: DTypeLike) -> Tree:
        """Zeros, twice."""
        return np.zeros(shape, dtype), np.zeros(shape, dtype)

    def seen(self, carry: Tree) -> Array:
        """The first of the two."""
        return carry[0]

    def step(self, z: Array, carry: Tree) -> Tree:
        """As `Recurrent.step`."""
        k, (hidden, memory) = self.size, carry
        z = z + hidden @ self.hidden_weights
        both = sigmoid(z[..., : 2 * k])  # one call for two gates: a step of few rows is mostly calls
        write, keep = both[..., :k], both[..., k:]
        memory = keep * memory + write * np.tanh(z[..., 2 * k : 3 * k])
        return sigmoid(z[..., 3 * k :]) * np.tanh(memory), memory


@dataclass(frozen=True, eq=False, repr=False)
class Bidirectional(Module):
    """Two recurrent layers, one of which reads from the end: what each carries after a step, side by side.

    >>> rng = np.random.default_rng(0)
    >>> layer = Bidirectional(LSTM(3, 5, rng), LSTM(3, 5, rng))
    >>> layer(np.ones((2, 7, 3))).shape
    (2, 7, 10)

    Args:
        forward: reads from the first step to the last.
        backward: reads from the last step to the first.

    Source: Schuster and Paliwal, 1997.

    Raises:
        TypeError: one of them is no recurrent layer.
    """

    forward: Recurrent
    backward: Recurrent

    def __post_init__(self) -> None:
        for layer in (self.forward, self.backward):
            if not isinstance(layer, Recurrent):
                what = f"a {type(layer).__name__}" if not isinstance(layer, type) else f"the class {layer.__name__}"
                raise TypeError(f"Bidirectional: got {what}; pass two recurrent layers, such as nn.LSTM(3, 5, rng)")

    def __call__(self, x: Array) -> Array:
        """What both carry after each step, (..., t, size + size), for inputs (..., t, inputs).

        Raises:
            ValueError: `x` has other axes.
        """
        from_the_end = self.backward(np.flip(x, -2) if np.ndim(x) > 1 else x)
        return np.concatenate([self.forward(x), np.flip(from_the_end, -2)], axis=-1)
