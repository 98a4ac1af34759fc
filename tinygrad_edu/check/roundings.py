"""Rounding, measured: everything is computed again with each recorded result rounded once more, at random.

Parts that cancel leave their rounding behind: the last digits of x and of its mean are what there is of their
difference. Neighbouring values need not show it, and the size of the result never does; the tape knows the parts.

step   the relative size of a rounding
least  the absolute size of one, where numbers are so small that they underflow
z      an entry

Source: Parker, "Monte Carlo arithmetic", 1997.
"""

from collections.abc import Callable
from types import FunctionType
from typing import Any

import numpy as np

from tinygrad_edu.core.context import Recording
from tinygrad_edu.core.rules import Array, table
from tinygrad_edu.core.tape import Entry, payload
from tinygrad_edu.core.value import Value

_ADDING = (np.sum, np.mean)  # these round, though what they leave out has no slope

COARSE = 64  # so much are roundings enlarged, and what they do reduced: single last digits would cancel by chance


class Roundings:
    """A listener that moves every recorded result up or down by about `step`; choosing and laying out is exact."""

    def __init__(self, step: float, seed: int, least: float = 0.0) -> None:
        self.step, self.least, self.generator = step, least, np.random.default_rng(seed)
        self.running: set[Any] = set()  # primitives whose bodies are run: one that calls itself has no steps inside

    def moved(self, x: Array) -> Array:
        """`x`, each number moved up or down, by one to two roundings, `COARSE` times enlarged."""
        u = self.generator.random(np.shape(x)) - 0.5
        by = COARSE * (u + u + np.sign(u))
        return (x + (x * (by * self.step) + by * self.least)).astype(np.result_type(x))[()]

    def entry(self, z: Any) -> None:
        """Move the result of an operation, and of each step of a primitive's body if that takes Values."""
        if z.function is None or (table[z.function].selects and z.function not in _ADDING):
            return
        if isinstance(z.function, FunctionType) and z.function not in self.running:  # not one of NumPy's
            self.running.add(z.function)
            z._payload = _recomputed(z)
            self.running.remove(z.function)
        z._payload = self.moved(z._payload)

    def share(self, z: Entry, g: Array, x: Entry, share: Array) -> None:
        """Leave shares alone: a recorded sweep records them, too."""


def _recomputed(z: Any) -> Array:
    """The result of a primitive, its body run on Values so that its steps are seen; as it was if that fails."""
    inputs = [Value(payload(x)) if isinstance(x, Entry) else x for x in z.inputs]
    try:
        again = payload(z.function.__wrapped__(*inputs, **(z.keywords or {})))
    except Exception:  # whatever a body says to Values that it was not written for
        return z._payload
    return again if np.shape(again) == np.shape(z._payload) else z._payload


def rounded(compute: Callable[[Roundings], Any], step: float, seed: int, least: float = 0.0) -> Any:
    """What `compute` gives when all that is recorded in it is rounded once more."""
    roundings = Roundings(step, seed, least)
    with Recording(True, roundings), np.errstate(all="ignore"):
        return compute(roundings)
