"""How a test calls a function: which arguments are arrays to draw, from where, and how they lie in memory.

span    draws numbers: span(generator, shape) -> array of float64
A       stands in a call for an array to draw
Call    a function with its arguments, some of them A's
Sample  a call with its arrays drawn: a function of those arrays alone
"""

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies

from tinygrad_edu.naming import label

Span = Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]


def between(*bounds: float) -> Span:
    """Draw from intervals, given as low, high, low, high, …"""
    lows, highs = np.reshape(bounds, (-1, 2)).T

    def span(generator, shape):
        which = generator.integers(len(lows), size=shape)
        return lows[which] + (highs - lows)[which] * generator.random(shape)

    return span


def spread(generator, shape):
    """Draw numbers at least 0.3 apart from each other, and 0.2 from 0."""
    n = int(np.prod(shape))
    return 0.5 * (generator.permutation(n).reshape(shape) - n // 2) + 0.2 + 0.1 * generator.random(shape)


line, positive, nonzero = between(-2, 2), between(0.3, 3), between(-3, -0.3, 0.3, 3)
unit, above_one = between(-0.9, 0.9), between(1.2, 4)
low_part = between(-2.9, -2.6, -0.9, -0.6, 0.1, 0.4, 1.1, 1.4)  # at least 0.1 from integers and halves,
high_part = between(-1.4, -1.1, -0.4, -0.1, 0.6, 0.9, 2.6, 2.9)  # and 0.2 from any low_part
odd = between(-3.4, -2.6, -1.4, -0.6, 0.6, 1.4, 2.6, 3.4)  # at least 0.2 from every multiple
about_two = between(-2.05, -1.95, 1.95, 2.05)  # of these


class A:
    """An array to draw: its shape, and where its numbers come from."""

    def __init__(self, *shape: int, span: Span = line) -> None:
        self.shape, self.span = shape, span


LAYOUTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "C": lambda x: np.array(x, order="C"),
    "Fortran": lambda x: np.array(x, order="F"),
    "reversed": lambda x: np.flip(np.array(np.flip(x))),
    "strided": lambda x: np.repeat(x, 2, axis=-1)[..., ::2],
    "read-only": lambda x: np.broadcast_to(x, x.shape),
    "broadcast": lambda x: np.broadcast_to(x[:1], x.shape),
}


def places(part: Any) -> Iterator[A]:
    """Find the A's in nested lists and tuples."""
    if isinstance(part, A):
        yield part
    elif isinstance(part, (list, tuple)):
        for x in part:
            yield from places(x)


def fill(part: Any, arrays: Iterator[Any]) -> Any:
    """Put arrays in the places of the A's."""
    if isinstance(part, A):
        return next(arrays)
    return type(part)([fill(x, arrays) for x in part]) if isinstance(part, (list, tuple)) else part


@dataclass(frozen=True, eq=False)
class Call:
    """A function with its arguments, some of them arrays to draw."""

    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    keywords: dict[str, Any]

    @property
    def places(self) -> list[A]:
        return [*places(self.arguments), *places([*self.keywords.values()])]

    def draw(self, seed: int, dtypes: Any = np.float64, layouts: Any = "C") -> "Sample":
        """Draw the arrays, all of one dtype and layout, or of one each."""
        generator, arrays = np.random.default_rng(seed), []
        every = zip(self.places, *(x if isinstance(x, list) else [x] * 3 for x in (dtypes, layouts)), strict=False)
        for place, dtype, layout in every:
            x = np.asarray(place.span(generator, place.shape)).astype(dtype)
            fixed = x.ndim == 0 or (layout == "broadcast" and place.span is spread)
            arrays.append(x if fixed else LAYOUTS[layout](x))
        return Sample(self, tuple(arrays))

    def __str__(self) -> str:
        def show(x: Any) -> str:
            if isinstance(x, A):
                return f"float{list(x.shape)}"
            if isinstance(x, (list, tuple)):
                return f"({', '.join(map(show, x))})"
            return f"{x.dtype}{list(x.shape)}" if isinstance(x, np.ndarray) else getattr(x, "__name__", repr(x))

        parts = [*map(show, self.arguments), *(f"{key}={show(x)}" for key, x in self.keywords.items())]
        return f"{label(self.function)}({', '.join(parts)})"


@dataclass(frozen=True, eq=False)
class Sample:
    """A call with its arrays drawn: a function of those arrays alone."""

    call: Call
    arrays: tuple[np.ndarray, ...]

    def __call__(self, *arrays: Any) -> Any:
        supply = iter(arrays)
        arguments = fill(self.call.arguments, supply)
        return self.call.function(*arguments, **{key: fill(x, supply) for key, x in self.call.keywords.items()})

    def __str__(self) -> str:
        return f"{self.call} of {[(x.dtype.name, x.strides, x.tolist()) for x in self.arrays]}"


@strategies.composite
def samples(draw: Any, calls: list[Call]) -> list[Sample]:
    """Draw samples of calls, in every dtype and layout; of several arrays, each has its own."""
    seed = draw(strategies.integers(0, 2**32 - 1))
    dtypes = draw(strategies.lists(strategies.sampled_from([np.float64, np.float32]), min_size=3, max_size=3))
    layouts = draw(strategies.lists(strategies.sampled_from([*LAYOUTS]), min_size=3, max_size=3))
    return [call.draw(seed + i, dtypes, layouts) for i, call in enumerate(calls)]


def outcome(f: Callable[..., Any], *arguments: Any, **keywords: Any) -> Any:
    """Run a function; give what it returned, or the error it raised."""
    try:
        return f(*arguments, **keywords)
    except Exception as error:
        return error


def parameters(function: Callable[..., Any]) -> list[inspect.Parameter]:
    """List what a function can be called with; of some written in C, older NumPys do not tell."""
    try:
        return [*inspect.signature(function).parameters.values()]
    except ValueError:
        return []
