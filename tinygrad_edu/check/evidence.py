"""The evidence against a rule: what it claims beside what is measured.

g  cotangent
z  the entry; its output
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygrad_edu.check.measure import Array, Leaves


@dataclass(frozen=True)
class Evidence:
    """The claims of a wrong rule for one input beside the measured slopes, with the numbers both came from.

    Of a large array these are the elements of a sample, one after the other.
    """

    z: Any
    place: int
    claimed: Array
    measured: Array
    bounds: Array
    g: Array
    output: Array
    inputs: Leaves

    @property
    def wrong(self) -> Array:
        """Which elements are wrong."""
        return ~(abs(self.claimed - self.measured) <= self.bounds)

    def is_close(self, guess: Array, to: Array, factor: float = 1.0) -> bool:
        """Whether a guess explains the measurement to within the bounds, which grow with `factor`."""
        bounds = self.bounds if np.shape(to) == np.shape(self.bounds) else np.max(self.bounds)
        return np.shape(guess) == np.shape(to) and bool(np.all(abs(guess - to) <= 2 * max(1, abs(factor)) * bounds))
