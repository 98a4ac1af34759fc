"""The sweep, done again with care where a branch that was not chosen has spoilt it.

``np.where(x > 0, np.log(x), 0)`` passes nothing back to the logarithm of 0, but nothing times its slope,
0 · (1 / 0), is not a number. So when a gradient comes out as NaN, and something on the tape selects
elements, the tape is swept once more, with a mask for each entry.

g       cotangent of an entry z
active  the active mask: true where an element had an influence on the result; True stands for everywhere
"""

import functools
from collections.abc import Mapping
from operator import attrgetter
from typing import Any

import numpy as np

from tinygrad_edu.core.context import Listener, OuterArray, recording
from tinygrad_edu.core.rules import Array, table
from tinygrad_edu.core.tape import Contributions, Entry, contributions, payload, sweep
from tinygrad_edu.core.unbroadcast import unbroadcast

_function = attrgetter("function")


def gradients(
    tape: list[Any], seeds: Mapping[Any, Array], since: int = 0, inner: bool = False, recorded: bool = False
) -> tuple[dict[Any, Array], dict[Any, Array]]:
    """Sweep as `tape.sweep` does, so that what was not selected passes nothing on even where its slope is infinite.

    With `recorded` the sweep leaves a tape of its own. NumPy's warnings are not passed on: an infinite slope shows.
    """
    listener = getattr(recording.get(), "listener", None)
    on_values = functools.partial(contributions, recorded=True) if recorded else None
    with np.errstate(all="ignore"):
        swept = sweep(tape, seeds, since, inner, on_values)
        if listener is None and not (_selects(tape) and any(map(_has_nan, swept[0].values()))):
            return swept
        return sweep(tape, seeds, since, inner, Masked(seeds, recorded, listener))


def _selects(tape: list[Any]) -> bool:
    """Whether a function on the tape selects elements."""
    return any(table[function].selects for function in {*map(_function, tape)} if function is not None)


def _has_nan(g: Array) -> bool:
    """Whether there is a NaN among plain numbers."""
    if isinstance(g, OuterArray):
        return any(map(_has_nan, g.parts()))
    numbers: Any = payload(g)
    return isinstance(numbers, (np.ndarray, np.generic)) and numbers.size > 0 and bool(np.isnan(numbers.max()))


class Masked:
    """Contributions with a mask beside each: what had no influence on the result passes on 0, whatever its slope."""

    def __init__(self, seeds: Mapping[Any, Array], recorded: bool, listener: Listener | None) -> None:
        self.recorded, self.listener = recorded, listener
        self.active: dict[Any, Any] = dict.fromkeys(seeds, True)

    def __call__(self, z: Any, g: Array) -> Contributions:
        """Each recorded input of `z` with its share of `g`."""
        for i, x in enumerate(z.inputs):
            if isinstance(x, Entry):
                share, active = self._share(i, z, g)
                if self.listener is not None:
                    self.listener.share(z, g, x, share)
                self.active[x] = active | self.active[x] if x in self.active else active
                yield x, share

    def _share(self, i: int, z: Any, g: Array) -> tuple[Array, Any]:
        """What the i-th input of `z` gets of `g`, and its active mask on account of `z`."""
        numbers = [payload(x) for x in z.inputs]
        arguments, output = (z.inputs, z) if self.recorded else (numbers, z._payload)
        row, keywords, active = table[z.function], z.keywords or {}, self.active[z]
        rule = row.rules[i]
        share = rule(g, output, *arguments, **keywords)
        passed: Any = True
        if row.selects:
            everywhere = np.broadcast_to(np.multiply(1.0, active), z._payload.shape)
            passed = unbroadcast(rule(everywhere, z._payload, *numbers, **keywords), numbers[i], z.function) != 0
        elif isinstance(z.function, np.ufunc) and z.function.signature is None and active is not True:
            share = np.where(active, share, 0.0)
            passed = unbroadcast(1.0 * active, numbers[i], z.function) != 0
        return unbroadcast(share, arguments[i], z.function), passed
