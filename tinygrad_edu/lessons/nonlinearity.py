"""What a nonlinearity makes possible: XOR, which no linear network learns, and any curve, piece by piece.

s  how many networks are trained side by side, one for each seed
h  the distance between the corners of a curve of straight pieces
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import numpy as np

from tinygrad_edu.core.value import Value
from tinygrad_edu.data import Array
from tinygrad_edu.functions import relu
from tinygrad_edu.nn import Layer, Network
from tinygrad_edu.train import fit

INPUTS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
XOR = np.array([[0.0], [1.0], [1.0], [0.0]])  # 1 if exactly one of the two inputs is


@dataclass(frozen=True)
class Trained:
    """The mean squared distance of each network at the end, and whether it answers all four cases rightly."""

    losses: list[float]
    right: list[bool]


def learn_xor(
    nonlinearity: Callable[[Any], Any] | None, hidden: int = 2, seeds: int = 20, steps: int = 1000, rate: float = 0.2
) -> Trained:
    """Train networks of 2 → hidden → 1 on XOR, one from each random start.

    Without a nonlinearity the best answer to every question is ½, and the loss stays at 0.25. With tanh there are
    constants that answer all four; whether a walk downhill finds them depends on where it starts, and more hidden
    neurons help.

    Source: the post, "Artificial neurons"; Minsky and Papert, "Perceptrons", 1969, for XOR.
    """
    rng = np.random.default_rng(0)
    start = [
        rng.normal(size=(seeds, 2, hidden)),
        np.zeros((seeds, 1, hidden)),
        rng.normal(size=(seeds, hidden, 1)) / np.sqrt(hidden),
        np.zeros((seeds, 1, 1)),
    ]

    def outputs(constants: list[Any]) -> Any:  # (s, 4, 1)
        w1, b1, w2, b2 = constants
        z = INPUTS @ w1 + b1
        return (z if nonlinearity is None else nonlinearity(z)) @ w2 + b2

    def loss(constants: list[Any]) -> Any:  # a sum over networks: the slope by the constants of one sees no other
        return np.sum(np.mean((outputs(constants) - XOR) ** 2, axis=(1, 2)))

    given = outputs(fit(start, loss, repeat((), steps), rate).parameters)
    return Trained(
        losses=np.mean((given - XOR) ** 2, axis=(1, 2)).tolist(),
        right=np.all((given > 0.5) == (XOR > 0.5), axis=(1, 2)).tolist(),
    )


def interpolate(f: Callable[[Array], Array], low: float, high: float, pieces: int) -> Network:
    """A network of one hidden layer of relu that goes straight from corner to corner of a curve.

    Its constants are computed, not learnt: at each corner a neuron begins, and turns the line by as much as the curve
    turns there. Between corners h apart the network misses f by h²/8 times the most that f bends.

    >>> network = interpolate(np.sin, 0.0, np.pi, pieces=8)
    >>> network.layers[0].weights.shape, network.layers[1].weights.shape
    ((1, 8), (8, 1))

    Source: the post, "Artificial neurons", for every function there is some network that represents it: for every
    continuous one, on a bounded interval, as nearly as one likes.
    """
    corners = np.linspace(low, high, pieces + 1)
    slopes = np.diff(f(corners)) / np.diff(corners)
    turns = np.diff(slopes, prepend=0.0)
    return Network(
        [
            Layer(Value(np.ones((1, pieces))), Value(-corners[:-1]), relu),
            Layer(Value(turns[:, None]), Value(np.array([f(corners[0])]))),
        ]
    )


def worst_miss(f: Callable[[Array], Array], network: Network, low: float, high: float, points: int = 1001) -> float:
    """How far a network of one input is from f, at most, at so many points."""
    x = np.linspace(low, high, points)
    return float(np.max(np.abs(network(x[:, None]).data[:, 0] - f(x))))
