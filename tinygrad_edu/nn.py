"""Neurons, layers and networks: the post's functions with constants that can be learnt, as trees.

x  the inputs, one example a row: (n, d)
d  how many numbers a neuron takes in
k  how many neurons stand side by side in a layer
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from tinygrad_edu import tree
from tinygrad_edu.core.rules import Array
from tinygrad_edu.core.value import Value
from tinygrad_edu.tree import Tree

__all__ = ["Layer", "Network", "Neuron", "collapse", "count_parameters"]

Nonlinearity = Callable[[Array], Array]


def __dir__() -> list[str]:
    return [*__all__]


def _affine(neurons: "Neuron | Layer", x: Array) -> Array:
    """nl(x · weights + bias), of one neuron or of many side by side."""
    shape, wanted = np.shape(x), neurons.weights.shape[0]
    if shape[-1:] != (wanted,):
        raise ValueError(
            f"{type(neurons).__name__}: the input has shape {shape}; its last axis must have length {wanted}, "
            "one number for each weight"
        )
    z = x @ neurons.weights + neurons.bias
    return z if neurons.nonlinearity is None else neurons.nonlinearity(z)


@dataclass(frozen=True, eq=False)
class Neuron:
    """The post's neuron: a constant for each input, one more, and perhaps a nonlinearity.

    >>> neuron = Neuron(Value([23.0, 42.0, 51.0]), Value(7.0))
    >>> neuron(np.array([1.0, 1.0, 0.0])).item()
    72.0

    Args:
        weights: a constant for each input, of shape (d,).
        bias: the constant that stands alone, of shape ().
        nonlinearity: a function of arrays such as np.tanh; without one the neuron is affine.

    Source: the post, "Artificial neurons": nl(constant * x + constant * y + constant * z + constant).
    """

    weights: Value
    bias: Value
    nonlinearity: Nonlinearity | None = field(default=None, metadata={"static": True})

    def __call__(self, x: Array) -> Array:
        """The outputs (n,) for inputs (n, d), or the one output for (d,).

        Raises:
            ValueError: `x` does not have d numbers a row.
        """
        return _affine(self, x)


@dataclass(frozen=True, eq=False)
class Layer:
    """Neurons that read the same inputs, one a column: weights (d, k), bias (k,)."""

    weights: Value
    bias: Value
    nonlinearity: Nonlinearity | None = field(default=None, metadata={"static": True})

    def __call__(self, x: Array) -> Array:
        """The outputs (n, k) for inputs (n, d).

        Raises:
            ValueError: `x` does not have d numbers a row.
        """
        return _affine(self, x)

    @property
    def neurons(self) -> list[Neuron]:
        """The neurons one by one; each takes its column of the constants, recorded as such."""
        columns = range(self.bias.shape[0])
        return [Neuron(self.weights[:, i], self.bias[i], self.nonlinearity) for i in columns]


@dataclass(frozen=True, eq=False)
class Network:
    """Layers one after the other, each reading what the one before gave."""

    layers: list[Layer]

    @classmethod
    def random(cls, sizes: Sequence[int], seed: int, nonlinearity: Nonlinearity | None = np.tanh) -> "Network":
        """A network of random weights and zero biases; its last layer has no nonlinearity.

        >>> count_parameters(Network.random([3, 3, 3, 1], seed=0))
        28

        Args:
            sizes: how many inputs, then how many neurons in each layer; the post draws [3, 3, 3, 1].
            seed: the same seed gives the same network.
            nonlinearity: of every layer but the last; None makes the network linear.

        Source: LeCun et al., "Efficient BackProp", 1998: weights of variance 1/d keep the spread of what passes.

        Raises:
            ValueError: there are fewer than two sizes, or one is not a positive integer.
        """
        if len(sizes) < 2 or any(not isinstance(size, (int, np.integer)) or size < 1 for size in sizes):
            raise ValueError(
                f"Network.random: sizes are {sizes!r}; give positive integers, the inputs and then each layer, "
                "such as [3, 3, 3, 1]"
            )
        rng = np.random.default_rng(seed)
        last = len(sizes) - 2
        return cls(
            [
                Layer(
                    Value(rng.normal(size=(d, k)) / np.sqrt(d), name=f"weights {i + 1}"),
                    Value(np.zeros(k), name=f"bias {i + 1}"),
                    None if i == last else nonlinearity,
                )
                for i, (d, k) in enumerate(pairwise(sizes))
            ]
        )

    def __call__(self, x: Array) -> Array:
        """The outputs (n, k) for inputs (n, d), d and k being the first and the last size.

        Raises:
            ValueError: `x` does not have d numbers a row.
        """
        for layer in self.layers:
            x = layer(x)
        return x


def count_parameters(network: Tree) -> int:
    """The number of parameters in a tree: the post's *some_constant*s."""
    return sum(np.size(leaf) for leaf in tree.leaves(network))


def collapse(network: Network) -> Layer:
    """The one affine layer that equals a network of affine layers, to rounding.

    >>> linear = Network.random([3, 3, 3, 1], seed=0, nonlinearity=None)
    >>> count_parameters(linear), count_parameters(collapse(linear))
    (28, 4)

    Source: the post: "a linear combination of linear functions is linear".

    Raises:
        ValueError: a layer has a nonlinearity, which no affine layer can equal.
    """
    for i, layer in enumerate(network.layers):
        if layer.nonlinearity is not None:
            name = getattr(layer.nonlinearity, "__name__", repr(layer.nonlinearity))
            raise ValueError(
                f"collapse: layer {i} has the nonlinearity {name}; only affine layers collapse, "
                "those made with nonlinearity=None"
            )
    first, *rest = network.layers
    weights, bias = first.weights, first.bias
    for layer in rest:
        weights, bias = weights @ layer.weights, bias @ layer.weights + layer.bias
    return Layer(weights, bias)
