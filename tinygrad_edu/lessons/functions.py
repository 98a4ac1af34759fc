"""What a function is: numbers go in, one answer comes out, and always the same.

x, a, b, c, d  what goes in
v              a vector: an ordered list of numbers
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygrad_edu.transforms import value_and_grad

Function = Callable[..., Any]


def successor(x: Any) -> Any:
    """The post's first example, x + 1: a line that rises by 1 everywhere."""
    return x + 1


def parabola(x: Any) -> Any:
    """x² + 1, the post's second example, and later the distance that it makes small; least at x = 0."""
    return x**2 + 1


def hyperplane(a: Any, b: Any, c: Any, d: Any) -> Any:
    """23·a + 42·b + 51·c + d, the post's third example: four numbers in, one out."""
    return 23 * a + 42 * b + 51 * c + d


@dataclass(frozen=True)
class Point:
    """What a function gives somewhere, and how fast that changes with each number that goes in."""

    value: float
    gradient: tuple[float, ...]


def look(function: Function, *at: float) -> Point:
    """The value and the slopes of a function of numbers.

    >>> look(parabola, 3.0)
    Point(value=10.0, gradient=(6.0,))
    >>> look(hyperplane, 1.0, 1.0, 0.0, 7.0)
    Point(value=72.0, gradient=(23.0, 42.0, 51.0, 1.0))

    Source: the post, "... How?".
    """
    value, gradient = value_and_grad(function, argnums=tuple(range(len(at))))(*at)
    return Point(float(value), tuple(map(float, gradient)))


def answers(function: Function, *at: Any, times: int = 5) -> list[Any]:
    """What a function answers when it is asked the same again and again.

    >>> answers(parabola, 3.0)
    [10.0, 10.0, 10.0, 10.0, 10.0]
    """
    return [function(*at) for _ in range(times)]


def dice(seed: int, count: int = 6) -> list[int]:
    """The throws of a die. A die is no function, but "the throws that begin with this seed" is one.

    >>> dice(seed=1) == dice(seed=1), dice(seed=1) == dice(seed=2)
    (True, False)
    """
    return [int(throw) for throw in np.random.default_rng(seed).integers(1, 7, count)]


def element(v: Sequence[float], i: int) -> float:
    """The post's vᵢ, counted from 1; Python counts from 0, so this is ``v[i - 1]``.

    >>> element([10.0, 20.0, 30.0], 1)
    10.0

    Raises:
        IndexError: there is no such element.
    """
    if not 1 <= i <= len(v):
        raise IndexError(f"element(v, i): i is {i}; the post counts from 1, and v has {len(v)} elements")
    return v[i - 1]
