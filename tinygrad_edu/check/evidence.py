"""What is known of a wrong rule: what it claims beside what is measured.

g  cotangent
z  the entry; its output
"""

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Evidence:
    """What is known of a wrong rule: for which input, what it claims and what is measured there, and from what.

    Of a large array it is a sample, in a row.
    """

    z: Any
    place: int
    claimed: Any
    measured: Any
    bounds: Any
    g: Any
    output: Any
    inputs: list[Any]

    @property
    def off(self) -> Any:
        """Which elements are wrong."""
        return ~(abs(self.claimed - self.measured) <= self.bounds)

    def is_close(self, guess: Any, to: Any, factor: float = 1.0) -> bool:
        """Tell whether a guess explains what is seen, to within the bounds, which grow with `factor`."""
        bounds = self.bounds if np.shape(to) == np.shape(self.bounds) else np.max(self.bounds)
        return np.shape(guess) == np.shape(to) and bool(np.all(abs(guess - to) <= 2 * max(1, abs(factor)) * bounds))
