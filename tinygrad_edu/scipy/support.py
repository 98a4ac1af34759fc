"""Where distributions live, and what their parameters must be.

z  where a distribution is looked at
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_edu.core.tape import payload

LOG_2PI = math.log(2 * math.pi)


def check_positive(of: str, **numbers: Any) -> None:
    """Make sure that numbers are positive.

    Raises:
        ValueError: one is not.
    """
    for name, x in numbers.items():
        least = np.min(payload(x), initial=np.inf)
        if not least > 0:
            raise ValueError(f"{of}: {name} is {float(least)}; it must be greater than 0")


def where(inside: Any, f: Callable[[Any], Any], z: Any, outside: float, safe: float) -> Any:
    """``f(z)`` where z is inside, else `outside`; `safe` is a place at which `f` is finite."""
    return np.where(inside, f(np.where(inside, z, safe)), outside)
