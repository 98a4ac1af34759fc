"""A walk downhill on a surface, in the dark.

f     the height of the surface above (x, y)
h     how far one feels ahead
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygrad_edu.optim import descend as step_down
from tinygrad_edu.slope import slope
from tinygrad_edu.transforms import value_and_grad

Height = Any  # a number, an array or a Value, as x and y are
Surface = Callable[[Height, Height], Height]


def diagonal_valley(x: Height, y: Height) -> Height:
    """10·(x - y)² + (x + y)², a narrow valley along the line x = y, with its bottom at (0, 0)."""
    return 10 * (x - y) ** 2 + (x + y) ** 2


def crease(x: Height, y: Height) -> Height:
    """|x|, as steep near its bottom as far away."""
    return np.abs(x) + 0 * y


def saddle(x: Height, y: Height) -> Height:
    """x² - y²: a bottom along x, a top along y, and flat in the middle."""
    return x**2 - y**2


def ravine(x: Height, y: Height) -> Height:
    """x² + 10·y², ten times as steep in y as in x."""
    return x**2 + 10 * y**2


@dataclass(frozen=True)
class Place:
    """A point on the surface, its height, and the gradient there."""

    x: float
    y: float
    height: float
    gradient: tuple[float, float]


def bowl(x: Height, y: Height) -> Height:
    """x² + y²/2, a valley steeper in x than in y, with its bottom at (0, 0)."""
    return x**2 + y**2 / 2


def stand(f: Surface, x: float, y: float) -> Place:
    """The point at (x, y), with its height and gradient.

    >>> stand(bowl, 1.0, 0.0)
    Place(x=1.0, y=0.0, height=1.0, gradient=(2.0, 0.0))
    """
    height, (along_x, along_y) = value_and_grad(f, argnums=(0, 1))(x, y)
    return Place(float(x), float(y), float(height), (float(along_x), float(along_y)))


def feel(f: Surface, x: float, y: float, q: float = 2.0**-20) -> tuple[float, float]:
    """The slopes at (x, y) along x and along y, felt a small step q ahead, one after the other.

    >>> feel(bowl, 1.0, 0.0, q=0.5)
    (2.5, 0.25)

    Source: the post's slope in the x direction and slope in the y direction: the partial derivatives.
    """
    return float(slope(lambda x: f(x, y), x, q)), float(slope(lambda y: f(x, y), y, q))


def ways_down(f: Surface, x: float, y: float, step: float, directions: int) -> list[float]:
    """The angles, in degrees from the x axis, of those directions in which a step goes down.

    Hot and cold along two axes knows four. In a narrow valley all four may go up, far from the bottom:

    >>> ways_down(diagonal_valley, 1.0, 1.0, 0.5, directions=4)
    []
    >>> ways_down(diagonal_valley, 1.0, 1.0, 0.5, directions=8)
    [225.0]
    """
    here = f(x, y)
    angles = [360.0 * i / directions for i in range(directions)]
    ahead = [(x + step * math.cos(math.radians(a)), y + step * math.sin(math.radians(a))) for a in angles]
    return [angle for angle, (u, v) in zip(angles, ahead, strict=True) if f(u, v) < here]


def descend(f: Surface, x: float, y: float, learning_rate: float, steps: int) -> list[Place]:
    """Walk downhill from (x, y), each step the gradient times `learning_rate`, and return every place.

    "It can be used to minimize any function", says the post, and marks it as simplified. On |x| a fixed step goes to
    and fro; on a saddle it may come to rest where it is no minimum; in a ravine it runs away if the step is too long:

    >>> [place.x for place in descend(crease, 0.25, 0.0, 0.5, steps=3)]
    [0.25, -0.25, 0.25, -0.25]
    >>> descend(saddle, 1.0, 0.0, 0.5, steps=3)[-1]
    Place(x=0.0, y=0.0, height=0.0, gradient=(0.0, -0.0))
    >>> [round(descend(ravine, 0.0, 1.0, rate, steps=9)[-1].y, 2) for rate in (0.09, 0.1, 0.11)]
    [-0.13, -1.0, -5.16]

    Source: the post, "Finding the minimum point on a surface".
    """
    places = [stand(f, x, y)]
    for _ in range(steps):
        here = places[-1]
        places.append(stand(f, *step_down((here.x, here.y), here.gradient, learning_rate)))
    return places


def steepest(f: Surface, x: float, y: float, directions: int = 720, h: float = 1e-6) -> float:
    """The angle of steepest ascent in radians from the x axis, found by feeling a little ahead in many directions.

    >>> steepest(bowl, 1.0, 0.0)
    0.0

    That is the gradient's direction for a small h only. A long step may do better elsewhere:

    >>> here = stand(ravine, 1.0, 0.5).gradient
    >>> round(math.degrees(math.atan2(here[1], here[0])), 1)
    78.7
    >>> [round(math.degrees(steepest(ravine, 1.0, 0.5, h=h)), 1) for h in (1e-6, 1.0)]
    [78.5, 86.0]

    Source: the post: the gradient points in the direction of the greatest rate of increase.
    """
    angles = np.arange(directions) * (2 * np.pi / directions)
    heights = f(x + h * np.cos(angles), y + h * np.sin(angles))
    return float(angles[np.argmax(heights)])
