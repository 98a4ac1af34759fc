"""The recorded sweep, from which derivatives of higher order come, where a function has a kink.

At a kink the table takes the slope between those of both sides: of |x| at 0, 0. A convention has no slope of its own
to go on with: (|x| · |x|)'' would be 0, where both sides say 2. So the cotangents keep the values of the convention,
and derivatives of them are the mean of those from two points beside, one in each direction, where there is no kink.

z      an entry of the tape
seeds  the cotangents from which the sweep starts
since  the first serial number of the run; older entries are its leaves
"""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np

from tinygrad_edu.core.context import OuterArray, Recording
from tinygrad_edu.core.masking import PLAIN, gradients, is_finite
from tinygrad_edu.core.replay import nudge, replay, unrolled
from tinygrad_edu.core.rules import Array, table
from tinygrad_edu.core.tape import payload, serials

_POWERS = 0.9, 0.7, 0.5  # of the precision, the sizes of step that are tried: as small as leads away from the kinks


class Side(NamedTuple):
    """A run of the tape from leaves that are a little aside: what stands for its entries, and where it began."""

    again: dict[Any, Any]
    since: int

    def gradients(self, leaves: Any, seeds: Mapping[Any, Array], recorded: bool) -> dict[Any, Array]:
        """The cotangents of `leaves`, which are those of the tape that was run again."""
        moved = {self.again[z]: g for z, g in seeds.items()}
        swept, _ = gradients([*self.again.values()], moved, self.since, recorded=recorded)
        return {z: swept[self.again[z]] for z in leaves}


def recorded_gradients(tape: list[Any], seeds: Mapping[Any, Array], since: int) -> dict[Any, Array]:
    """The cotangents of the leaves, on a tape of their own, whose derivatives by the leaves are right at kinks too."""
    before = count_kinks(tape, since)
    if before and (apart := unrolled(tape, seeds, since)) is not None:
        steps, again = apart
        return recorded_gradients(steps, {again[z]: g for z, g in seeds.items()}, since)
    sides = _sides(tape, since, before) if before else []
    if not sides:
        return gradients(tape, seeds, since, recorded=True)[0]
    swept, _ = gradients(tape, seeds, since)
    usable = []
    for side in sides:
        fixed = side.gradients(swept, seeds, recorded=False)
        if all(is_finite(part) for g in fixed.values() for part in _parts(payload(g))):
            usable.append((side, fixed))
    if not usable:
        return gradients(tape, seeds, since, recorded=True)[0]
    for side, fixed in usable:
        for z, g in side.gradients(swept, seeds, recorded=True).items():
            swept[z] = swept[z] + (g - fixed[z]) / len(usable)
    return swept


def _parts(numbers: Any) -> list[Any]:
    """Arrays that hold all numbers, of a batch of cotangents too."""
    return numbers.parts() if isinstance(numbers, OuterArray) else [numbers]


def count_kinks(tape: Any, since: int) -> Any:
    """How many elements of the tape sit on a kink."""
    count: Any = 0
    for z in tape:
        kink = z.serial >= since and z.function is not None and table[z.function].kink
        if kink and isinstance(payload(z), PLAIN):
            where = kink(z._payload, *map(payload, z.inputs), **(z.keywords or {}))
            count += np.count_nonzero(where) if np.any(where) else 0
    return count


def _sides(tape: list[Any], since: int, before: Any) -> list[Side]:
    """The tape from both sides, where fewer elements sit on a kink; none, if that cannot be had."""
    leaves = [z for z in tape if z.function is None or z.serial < since]

    def run(power: float, sign: int) -> Side:
        generator = np.random.default_rng(0)
        moved = {z: z + sign * nudge(z._payload, generator, power) for z in leaves}
        beside = next(serials)
        return Side(replay(tape, since, moved.__getitem__), beside)

    def kinks_left(power: float) -> Any:
        return max(count_kinks(side.again.values(), side.since) for side in (run(power, 1), run(power, -1)))

    with np.errstate(all="ignore"), suppress(Exception):  # of a function that raises an error where it is not defined
        with Recording(False):
            counts = {power: kinks_left(power) for power in _POWERS}
        best = min(counts, key=counts.__getitem__)
        if counts[best] < before:
            return [run(best, 1), run(best, -1)]
    return []
