"""Layers of one input vector: affine, looked up, flattened, and with parts dropped.

x  the input, vectors along the last axis: (..., d)
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike

from tinygrad_edu.core.rules import Array
from tinygrad_edu.core.value import Value
from tinygrad_edu.functions import embedding
from tinygrad_edu.nn.initializers import Initializer, check_generator, glorot_uniform
from tinygrad_edu.nn.module import Module, State, check_channels, check_sizes, check_state, parameter, static


@dataclass(frozen=True, eq=False, repr=False)
class Linear(Module):
    """x @ weights + bias: (..., inputs) become (..., outputs).

    >>> layer = Linear(2, 3, np.random.default_rng(0))
    >>> layer
    Linear(weights (2, 3), bias (3,); 9 parameters)
    >>> layer(np.ones((5, 2))).shape
    (5, 3)

    Args:
        inputs: how many numbers a vector has.
        outputs: how many come out.
        rng: draws the weights.
        bias: whether to add a number to each output, at first 0.
        initializer: of the weights.
        dtype: of the parameters.

    Raises:
        TypeError: `rng` is no generator, a size is no integer, or the dtype is not one of floats.
        ValueError: a size is less than 1.
    """

    weights: Value
    bias: Value | None

    def __init__(
        self,
        inputs: int,
        outputs: int,
        rng: np.random.Generator,
        *,
        bias: bool = True,
        initializer: Initializer = glorot_uniform,
        dtype: DTypeLike = np.float64,
    ) -> None:
        inputs, outputs = check_sizes("Linear", inputs=inputs, outputs=outputs)
        check_generator("Linear", rng)
        weights = initializer(rng, (inputs, outputs), inputs, outputs)
        self._set(weights=parameter("weights", weights, dtype))
        self._set(bias=parameter("bias", np.zeros(outputs), dtype) if bias else None)

    def __call__(self, x: Array) -> Array:
        """The outputs (..., outputs).

        Raises:
            ValueError: the last axis does not have as many numbers as there are inputs.
        """
        check_channels("Linear", x, -1, self.weights.shape[0])
        z = x @ self.weights
        return z if self.bias is None else z + self.bias


@dataclass(frozen=True, eq=False, repr=False)
class Embedding(Module):
    """A vector for each of some things, such as words: integers (...) become vectors (..., size).

    >>> Embedding(1000, 16, np.random.default_rng(0))(np.array([[1, 2, 3]])).shape
    (1, 3, 16)

    Args:
        count: how many things there are; they are called 0 … count - 1.
        size: how many numbers a vector has, normal at first.
        rng: draws them.
        dtype: of the parameters.

    Source: Bengio, Ducharme, Vincent and Jauvin, 2003, section 2.

    Raises:
        TypeError: `rng` is no generator, a size is no integer, or the dtype is not one of floats.
        ValueError: a size is less than 1.
    """

    table: Value

    def __init__(self, count: int, size: int, rng: np.random.Generator, *, dtype: DTypeLike = np.float64) -> None:
        count, size = check_sizes("Embedding", count=count, size=size)
        check_generator("Embedding", rng)
        self._set(table=parameter("table", rng.normal(size=(count, size)), dtype))

    def __call__(self, indices: Array) -> Array:
        """The vectors (..., size).

        Raises: as `functions.embedding`.
        """
        return embedding(self.table, indices)


@dataclass(frozen=True, eq=False, repr=False)
class Flatten(Module):
    """One axis of all but the first: (n, …) become (n, d).

    >>> Flatten()(np.ones((2, 3, 4))).shape
    (2, 12)
    """

    def __call__(self, x: Array) -> Array:
        """The vectors (n, d)."""
        return np.reshape(x, (np.shape(x)[0], -1))


@dataclass(frozen=True, eq=False, repr=False)
class Dropout(Module):
    """In training, each number silenced with probability `rate`, and the others scaled so that the mean stays.

    Which ones is told by a counter, the state of the layer, so that a compiled step silences others each time, and a
    run that is taken up again silences the same.

    >>> layer = Dropout(0.5, np.random.default_rng(0))
    >>> state = layer.initial_state()
    >>> y, state = layer.apply(np.ones(8), state, training=True)
    >>> y, layer.apply(np.ones(8), state, training=True)[0]
    (array([0., 2., 0., 0., 2., 0., 2., 2.]), array([0., 0., 2., 0., 0., 0., 2., 0.]))
    >>> layer(np.ones(8))
    array([1., 1., 1., 1., 1., 1., 1., 1.])

    Args:
        rate: which share to silence, at least 0 and less than 1.
        rng: draws where the counter starts.

    Source: Srivastava et al., 2014; Steele, Lea and Flood, 2014, for random bits made of a counter.

    Raises:
        TypeError: `rng` is no generator.
        ValueError: the rate is none.
    """

    rate: float = static()
    _start: int = static()

    def __init__(self, rate: float, rng: np.random.Generator) -> None:
        if not 0 <= rate < 1:
            raise ValueError(f"Dropout: rate is {rate}; it must be at least 0 and less than 1")
        check_generator("Dropout", rng)
        self._set(rate=float(rate), _start=int(rng.integers(2**63)))

    def initial_state(self) -> State:
        """Where the counter stands."""
        return {"counter": np.array([self._start], np.uint64)}

    def apply(self, x: Array, state: State, *, training: bool) -> tuple[Array, State]:
        """What is left of the input, and the counter moved on; in evaluation, both as they are."""
        if not training or not self.rate:
            return x, state
        check_state(self, state)
        shape, counter = np.shape(x), state["counter"]
        places = counter + np.arange(np.size(x), dtype=np.uint64)
        survives = (random_bits(places) >= np.uint64(self.rate * 2.0**64)).reshape(shape)
        return np.where(survives, x * (1 / (1 - self.rate)), 0), {"counter": counter + np.uint64(np.size(x))}


def random_bits(places: Array) -> Array:
    """64 bits for each integer, which look random: SplitMix64's.

    >>> random_bits(np.array([0], np.uint64)) == 0xE220A8397B1DCDAF
    array([ True])
    """
    z = (places + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))
