"""Step sizes and momentum: how many steps the way down a ravine takes.

steep  how much the ravine bends across, its bottom bending 1
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygrad_edu.optim import Optimizer, sgd
from tinygrad_edu.transforms import value_and_grad


def ravine(steep: float = 100.0) -> Callable[[Any], Any]:
    """The surface (x² + steep·y²)/2: flat along x, steep along y."""
    return lambda p: (p[0] ** 2 + steep * p[1] ** 2) / 2


@dataclass(frozen=True)
class Race:
    """The places visited, (steps + 1, 2), and how many steps it took to come below the target; None if it did not."""

    places: list[tuple[float, float]]
    steps: int | None


def race(
    optimizer: Optimizer, steep: float = 100.0, start: tuple[float, float] = (1.0, 1.0), target: float = 1e-6,
    patience: int = 2000,
) -> Race:  # fmt: skip
    """Go down the ravine until its height is below `target`, or patience ends, or the walk runs away."""
    f = ravine(steep)
    slopes = value_and_grad(f)
    p, places = np.array(start), [start]
    state = optimizer.init(p)
    for step in range(patience + 1):
        height, gradient = slopes(p)
        if height < target:
            return Race(places, step)
        if not height < 1e6:
            break
        p, state = optimizer.update(gradient, state, p)
        places.append((float(p[0]), float(p[1])))
    return Race(places, None)


def by_rate(rates: tuple[float, ...], momentum: float = 0.0, steep: float = 100.0) -> dict[float, int | None]:
    """The steps that each learning rate takes.

    Across the ravine, a step multiplies y by 1 - rate·steep: it settles if the rate is below 2/steep. Along it, x
    is multiplied by 1 - rate, nearly 1 for so small a rate. Momentum adds a share of the last step to this one: what
    points the same way again and again adds up, what goes to and fro cancels.

    Source: Polyak, 1964.
    """
    return {rate: race(sgd(rate, momentum), steep).steps for rate in rates}
