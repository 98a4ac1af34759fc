"""Smooth functions to the last digit, by their Taylor series about many places: a few products and sums a number.

y  numbers from 0 up
c  the places, one every 1 / `each`
v  how far a number is from its nearest place
"""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

Coefficients = Callable[[Any], list[Any]]  # of places, the coefficients of vⁿ there, from n = 0 up


class Pieces:
    """A function of numbers from 0 to `end`, by its series about the nearest of places that are 1 / `each` apart.

    The first coefficient is rounded once, and what the others add to it is small: so is the error, of an ulp or two.
    """

    def __init__(self, coefficients: Coefficients, end: float, each: int) -> None:
        self.coefficients, self.end, self.each = coefficients, end, each

    @functools.cached_property
    def table(self) -> Any:
        """The coefficients, a row for each power of v, which is counted in steps from place to place."""
        rows = self.coefficients(np.arange(int(self.end * self.each) + 1) / self.each)
        return np.array([row / self.each**n for n, row in enumerate(rows)])

    def __call__(self, y: Any) -> Any:
        """The function at numbers; at those beyond the end, as at the end."""
        steps = np.minimum(y * self.each, self.end * self.each)
        place = np.fmin(np.rint(steps), self.end * self.each)  # of NaN, too
        v, at = steps - place, place.astype(np.intp)
        *low, high = self.table
        z = pick(high, at)
        for row in reversed(low):
            z *= v
            z += pick(row, at)
        return z


def pick(row: Any, at: Any) -> Any:
    """``row[at]``, also at places in an array of another library, which np.take would not ask."""
    if isinstance(at, (np.ndarray, np.integer)):
        return np.take(row, at)
    return np.reshape(np.take_along_axis(row, np.reshape(at, (-1,)), 0), at.shape)


def beyond(end: float, y: Any, z: Any, function: Callable[[Any], Any]) -> Any:
    """`z`, but ``function(y)`` where y is beyond the end."""
    far = y > end
    if not np.any(far):
        return z
    if not np.ndim(y):
        return function(y)
    z[far] = function(y[far])
    return z
