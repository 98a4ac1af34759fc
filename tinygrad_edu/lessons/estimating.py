"""Estimating a function from examples, and the distance that says how well it is done.

f       the function that is looked for; only examples of it are known
g       the one that is made up
x, y    an example: what goes in, and what f answers
w, b    the parameters of a line, w·x + b
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import numpy as np

from tinygrad_edu.core.value import no_grad
from tinygrad_edu.data import Array
from tinygrad_edu.lessons.functions import parabola
from tinygrad_edu.losses import distance
from tinygrad_edu.nn import Network
from tinygrad_edu.slope import slope
from tinygrad_edu.train import fit

Example = tuple[float, float]


def impostor(x: Any) -> Any:
    """A function that is x² + 1 at -2, -1, 0, 1 and 2, and nowhere else."""
    return parabola(x) + x * (x**2 - 1) * (x**2 - 4)


@dataclass(frozen=True)
class TwoFits:
    """Examples, and how far two functions are apart: on the examples, and elsewhere."""

    examples: list[Example]
    on_examples: list[float]
    elsewhere: dict[float, float]


def two_fits(elsewhere: Sequence[float] = (0.5, 3.0, 10.0)) -> TwoFits:
    """Two functions that agree on all examples given and differ in between and beyond.

    However many examples there are, they never say what happens "for all x"; a learner guesses that, and whether it
    guessed well shows on examples that it was not given.

    >>> two_fits().on_examples, two_fits().elsewhere
    ([0.0, 0.0, 0.0, 0.0, 0.0], {0.5: 1.40625, 3.0: 120.0, 10.0: 95040.0})

    Source: the post, "Estimating a function".
    """
    examples = [(float(x), float(parabola(x))) for x in range(-2, 3)]
    return TwoFits(
        examples,
        on_examples=[abs(impostor(x) - y) for x, y in examples],
        elsewhere={x: abs(impostor(x) - parabola(x)) for x in elsewhere},
    )


@dataclass(frozen=True)
class Triangle:
    """The distances between three points, there and back."""

    uv: float
    vu: float
    vw: float
    uw: float
    uu: float


def triangle(u: Sequence[float], v: Sequence[float], w: Sequence[float]) -> Triangle:
    """Measure three points, to see that distance is never negative, the same both ways, and shortest straight ahead.

    >>> triangle([0.0, 0.0], [3.0, 4.0], [3.0, 0.0])
    Triangle(uv=5.0, vu=5.0, vw=4.0, uw=3.0, uu=0.0)
    """
    a, b, c = map(np.asarray, (u, v, w))
    return Triangle(*(float(distance(*pair)) for pair in ((a, b), (b, a), (b, c), (a, c), (a, a))))


def slopes_at_zero(q: float = 0.25) -> tuple[float, float]:
    """The slopes of the distance from 0, at 0, to the left and to the right: they differ, so there is no one slope.

    >>> slopes_at_zero()
    (-1.0, 1.0)
    """

    def from_zero(x: float) -> float:
        return float(distance(np.array([x]), np.array([0.0])))

    return slope(from_zero, 0.0, -q), slope(from_zero, 0.0, q)


def between(f: Callable[[Array], Array], g: Network, x: Array) -> Array:
    """The post's d(x) = distance(f(x), g(x)) for a network g, one number for each row of x (n, d)."""
    with no_grad():
        return distance(f(x), g(x).data)


@dataclass(frozen=True)
class Line:
    """The parameters of a line w·x + b, and the total squared distance from the examples before each step."""

    w: float
    b: float
    totals: list[float]


def learn_line(examples: Sequence[Example], learning_rate: float = 0.05, steps: int = 200) -> Line:
    """Find the line nearest to all examples: what is changed are its parameters w and b, never the examples.

    >>> line = learn_line([(0.0, 1.0), (1.0, 3.0), (2.0, 5.0)])
    >>> round(line.w, 3), round(line.b, 3)
    (2.0, 1.0)

    Source: the post, "Estimating a function": minimise the distance for all points; here the sum of its squares.
    """
    x, y = np.array(examples).T

    def total(line: tuple[Any, Any], x: Array, y: Array) -> Any:
        return np.sum((line[0] * x + line[1] - y) ** 2)

    fitted = fit((0.0, 0.0), total, repeat((x, y), steps), learning_rate)
    w, b = fitted.parameters
    return Line(float(w), float(b), fitted.losses)
