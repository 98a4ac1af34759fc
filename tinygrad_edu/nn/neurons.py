"""Neurons, layers and networks: the post's functions, whose parameters can be learnt, as trees.

x  the inputs, one example a row: (n, d)
d  how many numbers a neuron takes in
k  how many neurons stand side by side in a layer
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import DTypeLike

from tinygrad_edu.core.rules import Array
from tinygrad_edu.core.value import Value
from tinygrad_edu.functions import relu
from tinygrad_edu.nn.initializers import check_generator, he_uniform
from tinygrad_edu.nn.module import Module, check_sizes, parameter, static

Nonlinearity = Callable[[Array], Array]


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


@dataclass(frozen=True, eq=False, repr=False)
class Neuron(Module):
    """The post's neuron: a weight for each input, a bias, and perhaps a nonlinearity.

    >>> neuron = Neuron(Value([23.0, 42.0, 51.0]), Value(7.0))
    >>> neuron(np.array([1.0, 1.0, 0.0])).item()
    72.0

    Args:
        weights: what each input is multiplied by, of shape (d,).
        bias: what is added, of shape ().
        nonlinearity: a function of arrays such as np.tanh; without one the neuron is affine.

    Source: the post, "Artificial neurons": nl(constant * x + constant * y + constant * z + constant).
    """

    weights: Value
    bias: Value
    nonlinearity: Nonlinearity | None = static(None)

    def __call__(self, x: Array) -> Array:
        """The outputs (n,) for inputs (n, d), or the one output for (d,).

        Raises:
            ValueError: `x` does not have d numbers a row.
        """
        return _affine(self, x)


@dataclass(frozen=True, eq=False, repr=False)
class Layer(Module):
    """Neurons that read the same inputs, one a column: weights (d, k), bias (k,)."""

    weights: Value
    bias: Value
    nonlinearity: Nonlinearity | None = static(None)

    def __call__(self, x: Array) -> Array:
        """The outputs (n, k) for inputs (n, d).

        Raises:
            ValueError: `x` does not have d numbers a row.
        """
        return _affine(self, x)

    @property
    def neurons(self) -> list[Neuron]:
        """The neurons one by one; each takes its column of the weights, and that is recorded."""
        columns = range(self.bias.shape[0])
        return [Neuron(self.weights[:, i], self.bias[i], self.nonlinearity) for i in columns]


@dataclass(frozen=True, eq=False, repr=False)
class Network(Module):
    """Layers one after the other, each reading what the one before gave."""

    layers: list[Layer]

    @classmethod
    def random(cls, sizes: Sequence[int], seed: int, nonlinearity: Nonlinearity | None = np.tanh) -> "Network":
        """A network of random weights and zero biases; its last layer has no nonlinearity.

        >>> Network.random([3, 3, 3, 1], seed=0)
        Network(3 modules; 28 parameters)

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


class MLP(Network):
    """micrograd's network: neurons in layers, all but the last with a nonlinearity.

    >>> model = MLP(2, [16, 16, 1], np.random.default_rng(0))
    >>> print(model)
                MLP                                                    337 parameters
    .layers[0]  Layer weights (2, 16), bias (16,), nonlinearity relu   48
    .layers[1]  Layer weights (16, 16), bias (16,), nonlinearity relu  272
    .layers[2]  Layer weights (16, 1), bias (1,)                       17
    >>> model([1.0, -1.0]).shape
    (1,)

    Args:
        inputs: how many numbers an example has.
        sizes: how many neurons each layer has.
        rng: draws the weights; without one they are others each time, as in micrograd.
        nonlinearity: of every layer but the last; micrograd's is relu, that of the lecture is np.tanh.
        dtype: of the parameters.

    Source: A. Karpathy, micrograd, 2020.
    """

    def __init__(
        self,
        inputs: int,
        sizes: Sequence[int],
        rng: np.random.Generator | None = None,
        *,
        nonlinearity: Nonlinearity = relu,
        dtype: DTypeLike = np.float64,
    ) -> None:
        rng = np.random.default_rng() if rng is None else rng
        check_generator("MLP", rng)
        counts = [*check_sizes("MLP", inputs=inputs), *(check_sizes("MLP", sizes=size)[0] for size in sizes)]
        layers = []
        for i, (d, k) in enumerate(pairwise(counts), 1):
            weights = parameter(f"weights {i}", he_uniform(rng, (d, k), d, k), dtype)
            layers.append(Layer(weights, parameter(f"bias {i}", np.zeros(k), dtype), nonlinearity))
        if not layers:
            raise ValueError("MLP: there are no sizes; give the number of neurons of each layer, such as [16, 16, 1]")
        layers[-1] = Layer(layers[-1].weights, layers[-1].bias)
        self._set(layers=layers)


def collapse(network: Network) -> Layer:
    """The one affine layer that equals a network of affine layers, to rounding.

    >>> linear = Network.random([3, 3, 3, 1], seed=0, nonlinearity=None)
    >>> linear, collapse(linear)
    (Network(3 modules; 28 parameters), Layer(weights (3, 1), bias (1,); 4 parameters))

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
