"""The sweep, done again with care where a slope is infinite but nothing comes through.

``np.where(x > 0, np.log(x), 0)`` passes nothing back to the logarithm of 0, but nothing times its slope,
0 · (1 / 0), is not a number. So when a gradient comes out as NaN, the tape is swept once more, with a mask for each
entry: an element is dead, and passes on exactly 0, if nothing that depends on it reaches the result, or if it does
not move when the leaves do (an overflow, the root of what is always 0) and no finite slope says otherwise.

g     cotangent of an entry z
live  true where an element has an influence on the result; True stands for everywhere
"""

import functools
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import numpy as np

from tinygrad_edu.core.context import Listener, Recording, recording
from tinygrad_edu.core.replay import nudge, replay
from tinygrad_edu.core.rules import Array, table
from tinygrad_edu.core.tape import Contributions, Entry, contributions, payload, record, sweep
from tinygrad_edu.core.unbroadcast import unbroadcast


def gradients(
    tape: list[Any], seeds: Mapping[Any, Array], since: int = 0, inner: bool = False, recorded: bool = False
) -> tuple[dict[Any, Array], dict[Any, Array]]:
    """Sweep as `tape.sweep` does, so that what has no influence passes nothing on even where its slope is infinite.

    With `recorded` the sweep leaves a tape of its own. NumPy's warnings are not passed on: an infinite slope shows.
    """
    listener = getattr(recording.get(), "listener", None)
    on_values = functools.partial(contributions, recorded=True) if recorded else None
    with np.errstate(all="ignore"):
        swept = sweep(tape, seeds, since, inner, on_values)
        spoilt = any(map(has_nan, swept[0].values()))
        if not spoilt and listener is None:
            return swept
        measurable = spoilt and all(_is_finite(z._payload) for z in seeds)
        still = _unmoved(tape, since) if measurable else {}
        return sweep(tape, seeds, since, inner, Masked(seeds, still, recorded, listener))


def has_nan(g: Array) -> bool:
    """Whether there is a NaN among plain numbers."""
    numbers: Any = payload(g)
    return isinstance(numbers, (np.ndarray, np.generic)) and numbers.size > 0 and bool(np.isnan(numbers.max()))


def _is_finite(numbers: Array) -> bool:
    """Whether these are plain numbers, all of them finite."""
    return isinstance(numbers, (np.ndarray, np.generic)) and bool(np.isfinite(numbers).all())


def _unmoved(tape: list[Any], since: int) -> dict[Any, Any]:
    """For each entry, where its elements stay as they are when all leaves are moved a little, up and down.

    Where a function is not defined on one side, the other one counts.
    """
    aside = {z: nudge(z._payload) for z in tape if z.function is None or z.serial < since}

    def run(sign: int) -> dict[Any, Any]:
        return replay(tape, since, lambda z: record(type(z), z._payload + sign * aside[z]))

    runs = []
    with Recording(False), suppress(Exception):  # of a function that raises an error where it is not defined
        runs = [run(1), run(-1)]
    still = {}
    for z in tape if runs else ():
        here, there = z._payload, np.stack([again[z]._payload for again in runs])
        undefined = np.isnan(there)
        same = (there == here) | (undefined & np.isnan(here))
        still[z] = same.any(axis=0) & (same | undefined).all(axis=0)
    return still


class Masked:
    """Contributions with a mask beside each: what has no influence on the result passes on 0, whatever its slope."""

    def __init__(
        self, seeds: Mapping[Any, Array], still: dict[Any, Any], recorded: bool, listener: Listener | None
    ) -> None:
        self.still, self.recorded, self.listener = still, recorded, listener
        self.live: dict[Any, Any] = {z: g != 0 if isinstance(g, np.ndarray) else True for z, g in seeds.items()}

    def __call__(self, z: Any, g: Array) -> Contributions:
        """Each recorded input of `z` with its share of `g`."""
        for i, x in enumerate(z.inputs):
            if isinstance(x, Entry):
                share, live = self._share(i, z, g)
                if self.listener is not None:
                    self.listener.share(z, g, x, share)
                live = live | self.live.get(x, False)
                self.live[x] = True if np.all(live) else live  # so that nothing is copied needlessly
                yield x, share

    def _share(self, i: int, z: Any, g: Array) -> tuple[Array, Any]:
        """What the i-th input of `z` gets of `g`, and where that is live on account of `z`."""
        numbers = [payload(x) for x in z.inputs]
        arguments, output = (z.inputs, z) if self.recorded else (numbers, z._payload)
        row, keywords = table[z.function], z.keywords or {}
        rule, live, still = row.rules[i], self.live[z], self.still.get(z, False)
        passed: Any = live
        if isinstance(z.function, np.ufunc) and z.function.signature is None and not row.selects:
            share = rule(g, output, *arguments, **keywords)
            slopes = payload(share)
            live = passed = live if still is False else live & ~(still & ((slopes == 0) | ~np.isfinite(slopes)))
            share = share if live is True else np.where(live, share, 0.0)
        elif row.selects:
            share = rule(g, output, *arguments, **keywords)
            passed = rule(np.broadcast_to(np.multiply(1.0, live), z._payload.shape), z._payload, *numbers, **keywords)
        else:
            live = live if still is False else live & ~(still & ~np.isfinite(z._payload))
            given = g if live is True else np.where(live, g, 0.0)
            share = rule(given, output, *arguments, **keywords)
            if not np.isfinite(payload(share)).all() and np.isfinite(np.where(live, z._payload, 0.0)).all():
                share = rule(given, _finite(output), *map(_finite, arguments), **keywords)
            passed = _influence(rule, live, z._payload, numbers, keywords)
        passed = unbroadcast(1.0 * passed, numbers[i], z.function) != 0
        return unbroadcast(share, arguments[i], z.function), passed


def _influence(rule: Any, live: Any, z: Array, numbers: list[Any], keywords: dict[str, Any]) -> Any:
    """What a rule passes on from where it is live, told with numbers drawn at random in place of all others."""
    generator = np.random.default_rng(0)

    def drawn(x: Any) -> Any:
        floats = isinstance(x, (np.ndarray, np.generic)) and x.dtype.kind == "f"
        return (1 + generator.random(x.shape)).astype(x.dtype) if floats else x

    if np.all(live):
        return 1.0
    with suppress(np.linalg.LinAlgError):
        return rule(drawn(z) * live, drawn(z), *map(drawn, numbers), **keywords)
    return 1.0


def _finite(x: Any) -> Any:
    """`x`, with 0 in place of numbers that are infinite or none: nothing that has a say comes from them."""
    numbers = payload(x)
    floats = isinstance(numbers, (np.ndarray, np.generic)) and numbers.dtype.kind == "f"
    return np.where(np.isfinite(numbers), x, 0.0) if floats and not np.isfinite(numbers).all() else x
