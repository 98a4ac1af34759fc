"""Faults planted in the rule of one operation, many of each kind and size: which of them a comparison finds.

size   by how much a rule is wrong, relative to what it should give
fault  makes a wrong share of a right one
g      the cotangent
"""

import itertools
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

import tinygrad_edu as tg
from tinygrad_edu.core.tape import payload

SIZES = tuple(10.0**-k for k in range(13))
SEEN = (1.0, 0.1, 1e-2, 1e-3)  # sizes that float32 and one of a million leave to be seen


class Fault(NamedTuple):
    """A wrong rule in a function of `args`, and how the function is compared."""

    kind: str
    size: float
    name: str
    f: Callable[..., Any]
    args: tuple[Any, ...]
    order: int = 1


# Operations of one array, and their slopes.
OPERATIONS = {
    "exp": (np.exp, np.exp),
    "sin": (np.sin, np.cos),
    "tanh": (np.tanh, lambda x: 1 / np.cosh(x) ** 2),
    "square": (np.square, lambda x: 2 * x),
    "sqrt": (np.sqrt, lambda x: 0.5 / np.sqrt(x)),
    "log": (np.log, lambda x: 1 / x),
    "reciprocal": (lambda x: 1 / x, lambda x: -1 / x**2),
    "logistic": (lambda x: 1 / (1 + np.exp(-x)), lambda x: np.exp(-x) / (1 + np.exp(-x)) ** 2),
}


def spoilt(name, fault):
    """An operation whose share is what `fault` makes of the right one, its input and the cotangent."""
    forward, slope = OPERATIONS[name]

    def suspect(x):
        return forward(x)

    recorded = tg.primitive(suspect)
    tg.derivative(recorded, lambda g, z, x: fault(g * slope(x), x, g))
    return recorded


def draw(seed, *shape):
    """Numbers from 0.3 to 1.5."""
    return np.random.default_rng(seed).uniform(0.3, 1.5, shape)


def one_off(i, size):
    """A fault in one element of a flattened array."""

    def fault(share, x, g):
        share = np.array(payload(share))
        share.flat[i] *= 1 + size
        return share

    return fault


def elsewhere_off(chosen, size):
    """A fault where a mask of the input says."""
    return lambda share, x, g: share * (1 + size * chosen(payload(x)))


PLACES = {
    "the last row": lambda x: np.arange(len(x))[:, None] == len(x) - 1,
    "a column": lambda x: np.arange(x.shape[-1]) == 1,
    "a block of columns": lambda x: np.arange(x.shape[-1]) // 2 == 1,
    "above the diagonal": lambda x: np.triu(np.ones(x.shape), 1),
    "every other element": lambda x: np.arange(x.size).reshape(x.shape) % 2,
}
WITHIN = {
    "alone": lambda op: lambda x: np.sum(op(x)),
    "in the middle": lambda op: lambda x: np.sum(np.tanh(op(np.sin(x) + 0.5) * 0.7) ** 2),
    "at the end": lambda op: lambda x: np.sum(op(np.cos(x / 3) + x)),
}


def everywhere() -> Iterator[Fault]:
    """Faults of a factor, of every size."""
    for (name, size), (place, within) in itertools.product(itertools.product(OPERATIONS, SIZES), WITHIN.items()):
        op = spoilt(name, lambda share, x, g, size=size: share * (1 + size))
        yield Fault("a factor", size, f"{name} {place}", within(op), (draw(1, 3, 4),))


def somewhere() -> Iterator[Fault]:
    """Faults in part of an array, in one element of a million, and in one branch."""
    for name, size in itertools.product(OPERATIONS, (1.0, 1e-2, 1e-4, 1e-6, 1e-8)):
        for place, chosen in PLACES.items():
            op = spoilt(name, elsewhere_off(chosen, size))
            yield Fault("part of an array", size, f"{name}, {place}", WITHIN["alone"](op), (draw(2, 4, 8),))
        for cut in (0.5, 1.2):
            op = spoilt(name, elsewhere_off(lambda x, cut=cut: x > cut, size))
            yield Fault("one branch", size, f"{name} above {cut}", WITHIN["alone"](op), (draw(3, 20),))
    for name, size in itertools.product(("exp", "sin", "square", "tanh"), SEEN):
        op = spoilt(name, one_off(765_432, size))
        yield Fault("one element of a million", size, name, WITHIN["alone"](op), (draw(4, 1_000_000),))


def sometimes() -> Iterator[Fault]:
    """Faults at second order only, in float32 only, in one layout only, of several outputs only."""
    for name, size in itertools.product(OPERATIONS, (1.0, 1e-2, 1e-4, 1e-6)):
        op = spoilt(name, lambda share, x, g, size=size: share * (1 + size * (x - payload(x))))
        yield Fault("second order only", size, name, WITHIN["alone"](op), (draw(5, 5),), 2)
        op = spoilt(name, lambda share, x, g, size=size: share * (1 + size * (payload(g) != payload(g).flat[0])))
        yield Fault("cotangents that differ", size, name, lambda x, op=op: {"a": op(x), "b": [2 * x]}, (draw(6, 2, 3),))
        op = spoilt(name, lambda share, x, g, size=size: share * (1 + size * (not payload(x).flags.c_contiguous)))
        yield Fault("Fortran's order only", size, name, WITHIN["alone"](op), (np.asfortranarray(draw(7, 3, 4)),))
        yield Fault("a transpose only", size, name, lambda x, op=op: np.sum(op(x.T)), (draw(8, 3, 4),))
    for name, size in itertools.product(OPERATIONS, SEEN):
        op = spoilt(name, lambda share, x, g, size=size: share * x.dtype.type(1 + size * (x.dtype == np.float32)))
        yield Fault("float32 only", size, name, WITHIN["alone"](op), (draw(9, 6).astype(np.float32),))


def faults() -> list[Fault]:
    """All of them."""
    return [*everywhere(), *somewhere(), *sometimes()]


def found(fault: Fault) -> bool:
    """Whether a comparison finds it."""
    return not tg.compare_gradients(fault.f, *fault.args, order=fault.order)
