"""Where learning starts: random numbers of such a size that signals neither die nor explode on their way.

An initializer is a function of a generator, the shape, and how many numbers go into each sum on the way forward
(inputs) and back (outputs).
"""

import math
from collections.abc import Callable

import numpy as np

from tinygrad_edu.core.rules import Array

Initializer = Callable[[np.random.Generator, tuple[int, ...], int, int], Array]


def check_generator(caller: str, rng: object) -> None:
    """Make sure that random numbers come from a generator that the user made.

    Raises:
        TypeError: it is none.
    """
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"{caller}: rng is a {type(rng).__name__}; pass a generator, np.random.default_rng(seed)")


def glorot_uniform(rng: np.random.Generator, shape: tuple[int, ...], inputs: int, outputs: int) -> Array:
    """Even in ±√(6 / (inputs + outputs)): as good forward as backward; for tanh, sigmoid and attention.

    Source: Glorot and Bengio, 2010, equation 16.
    """
    limit = math.sqrt(6 / (inputs + outputs))
    return rng.uniform(-limit, limit, shape)


def glorot_normal(rng: np.random.Generator, shape: tuple[int, ...], inputs: int, outputs: int) -> Array:
    """Normal with variance 2 / (inputs + outputs).

    Source: Glorot and Bengio, 2010, equation 12.
    """
    return rng.normal(size=shape) * math.sqrt(2 / (inputs + outputs))


def he_uniform(rng: np.random.Generator, shape: tuple[int, ...], inputs: int, outputs: int) -> Array:
    """Even in ±√(6 / inputs), of variance 2 / inputs: for relu, which silences half of what comes in.

    Source: He, Zhang, Ren and Sun, 2015, equation 10.
    """
    limit = math.sqrt(6 / inputs)
    return rng.uniform(-limit, limit, shape)


def he_normal(rng: np.random.Generator, shape: tuple[int, ...], inputs: int, outputs: int) -> Array:
    """Normal with variance 2 / inputs: for relu, which silences half of what comes in.

    Source: He, Zhang, Ren and Sun, 2015, equation 10.
    """
    return rng.normal(size=shape) * math.sqrt(2 / inputs)


def lecun_normal(rng: np.random.Generator, shape: tuple[int, ...], inputs: int, outputs: int) -> Array:
    """Normal with variance 1 / inputs: sums of so many inputs have the spread of one.

    Source: LeCun, Bottou, Orr and Müller, "Efficient BackProp", 1998, section 4.6.
    """
    return rng.normal(size=shape) / math.sqrt(inputs)


def orthogonal(rng: np.random.Generator, shape: tuple[int, ...], inputs: int, outputs: int) -> Array:
    """A matrix that turns and does not stretch, evenly from all of these; axes behind the first count as one.

    Applied over and over, as in recurrent layers, it keeps lengths; of a matrix that is not square, the shorter sides
    are orthonormal.

    >>> w = orthogonal(np.random.default_rng(0), (4, 2), 4, 2)
    >>> np.round(w.T @ w, 12) + 0.0
    array([[1., 0.],
           [0., 1.]])

    Source: Saxe, McClelland and Ganguli, 2014; Mezzadri, 2007, for the evenness.

    Raises:
        ValueError: the shape has fewer than two axes.
    """
    if len(shape) < 2:
        raise ValueError(f"orthogonal: the shape is {shape}; it must have two axes at least")
    rows, columns = shape[0], math.prod(shape[1:])
    q, r = np.linalg.qr(rng.normal(size=(max(rows, columns), min(rows, columns))))
    q = q * np.sign(np.diagonal(r))
    return (q if rows >= columns else q.T).reshape(shape)
