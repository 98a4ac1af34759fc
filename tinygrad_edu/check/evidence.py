"""The evidence against a rule, or a claimed gradient: what it claims beside what is measured.

g  cotangent
z  the entry; its output
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygrad_edu.check.measure import Array, Leaves


@dataclass(frozen=True)
class Evidence:
    """The claims of a wrong rule for one input beside the measured slopes, with the numbers both came from.

    Of a large array these are the elements of a sample, one after the other, and not the whole. A gradient of a
    whole function has no entry, and its inputs are the leaves, which have names.
    """

    z: Any
    place: int
    claimed: Array
    measured: Array
    bounds: Array
    g: Array
    output: Array
    inputs: Leaves
    whole: bool = True
    names: Sequence[str] = ()

    @property
    def wrong(self) -> Array:
        """Which elements are wrong."""
        return ~(abs(self.claimed - self.measured) <= self.bounds)

    def is_close(self, guess: Array, to: Array, factor: float = 1.0) -> bool:
        """Whether a guess explains the measurement to within the bounds, which grow with `factor`.

        It must also leave at most half of the error that it is to explain: one element that is hardly beyond its
        bound is no reason to believe in a factor of all.
        """
        if np.shape(guess) != np.shape(to):
            return False
        bounds = self.bounds if np.shape(to) == np.shape(self.bounds) else np.max(self.bounds)
        size, left = max(1.0, abs(factor)), abs(guess - to)
        error = np.max(abs(self.claimed - self.measured), initial=0.0)
        return bool(np.all(left <= 2 * size * bounds)) and bool(np.max(left, initial=0.0) <= size * error / 2)
