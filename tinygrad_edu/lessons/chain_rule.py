"""The chain rule, link by link: slopes of functions that follow one another multiply.

z  what a link gives
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tinygrad_edu.slope import slope
from tinygrad_edu.transforms import grad

Function = Callable[[Any], Any]


@dataclass(frozen=True)
class Link:
    """One function of a chain: what went in and came out, its own slope there, and the slope of all up to it."""

    x: float
    z: float
    own: float
    so_far: float


def links(functions: Sequence[Function], x: float) -> list[Link]:
    """Run a chain of functions from x, and multiply their slopes on the way.

    Turn a wheel that drives one twice as fast, and let that drive one three times as fast: the last turns six
    times as fast as the first. Slopes are such speeds.

    >>> [link.so_far for link in links([lambda x: 2 * x, lambda x: 3 * x], 1.0)]
    [2.0, 6.0]
    """
    chain, so_far = [], 1.0
    for function in functions:
        z, own = float(function(x)), float(grad(function)(x))
        so_far *= own
        chain.append(Link(x, z, own, so_far))
        x = z
    return chain


def nudge(functions: Sequence[Function], x: float, q: float = 2.0**-20) -> float:
    """The slope of the whole chain, measured: x is moved by q, and the last output looked at."""

    def whole(x: float) -> float:
        for function in functions:
            x = function(x)
        return x

    return float(slope(whole, x, q))
