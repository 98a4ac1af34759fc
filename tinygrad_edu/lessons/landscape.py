"""A walk downhill on a surface, in the dark.

f     the height of the surface above (x, y)
h     how far one feels ahead
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygrad_edu.optim import descend as step_down
from tinygrad_edu.transforms import value_and_grad

Height = Any  # a number, an array or a Value, as x and y are
Surface = Callable[[Height, Height], Height]


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


def descend(f: Surface, x: float, y: float, learning_rate: float, steps: int) -> list[Place]:
    """Walk downhill from (x, y), each step the gradient times `learning_rate`, and return every place.

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

    Source: the post: the gradient points in the direction of the greatest rate of increase.
    """
    angles = np.arange(directions) * (2 * np.pi / directions)
    heights = f(x + h * np.cos(angles), y + h * np.sin(angles))
    return float(angles[np.argmax(heights)])
