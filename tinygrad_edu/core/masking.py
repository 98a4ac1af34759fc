"""The sweep, done again with care where a slope is infinite but nothing comes through.

``np.where(x > 0, np.log(x), 0)`` passes nothing back to the logarithm of 0, but nothing times its slope,
0 · (1 / 0), is not a number. So when a gradient comes out as NaN, the tape is swept once more, with a mask for each
entry: an element is inactive, and passes on exactly 0, if nothing that depends on it reaches the result, or if it is
constant: it does not move when the leaves do (an overflow, the root of what is always 0), and no finite slope says
otherwise.

g         cotangent of an entry z
active    the active mask: true where an element has an influence on the result; True stands for everywhere
constant  true where an element does not move when the leaves do; False stands for nowhere
"""

import functools
import math
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import numpy as np

from tinygrad_edu.core.context import Listener, Recording, recording
from tinygrad_edu.core.replay import nudge, replay, unrolled
from tinygrad_edu.core.rules import Array, table
from tinygrad_edu.core.tape import Contributions, Entry, contributions, payload, record, sweep
from tinygrad_edu.core.unbroadcast import unbroadcast

PLAIN = (np.ndarray, np.generic)  # arrays and numbers of NumPy's


def gradients(
    tape: list[Any],
    seeds: Mapping[Any, Array],
    since: int = 0,
    inner: bool = False,
    recorded: bool = False,
    once: bool = False,
) -> tuple[dict[Any, Array], dict[Any, Array]]:
    """Sweep as `tape.sweep` does, so that what has no influence passes nothing on even where its slope is infinite.

    With `recorded` the sweep leaves a tape of its own. NumPy's warnings are not passed on: an infinite slope shows.
    """
    listener = getattr(recording.get(), "listener", None)  # here, so that a plain sweep visits five files
    on_values = functools.partial(contributions, recorded=True) if recorded else None
    with np.errstate(all="ignore"):
        swept = sweep(tape, seeds, since, inner, on_values, once=once and listener is None and not recorded)
        spoilt = any(map(has_nan, swept[0].values()))
        if not spoilt and listener is None:
            return swept
        for z in tape:
            payload(z)  # computed again, where it was let go
        if spoilt and (apart := unrolled(tape, seeds, since)) is not None:  # masks are those of every step of a loop
            steps, again = apart
            moved = {again[z]: g for z, g in seeds.items()}
            leaves, sums = gradients(steps, moved, since, inner, recorded)
            found = {z: sums[again[z]] for z in swept[1] if again[z] in sums}
            return {z: leaves[z] for z in swept[0] if z in leaves}, found
        measurable = spoilt and all(is_finite(z._payload) for z in seeds)
        constant = _constant_elements(tape, since) if measurable else {}
        return sweep(tape, seeds, since, inner, Masked(seeds, constant, recorded, listener))


def has_nan(g: Array) -> bool:
    """Whether there is a NaN among plain numbers."""
    if type(g) is np.float64:
        return math.isnan(g)
    if type(g) is np.ndarray and g.dtype.kind == "f":  # a sum of squares is NaN just where one is, and BLAS is quick
        flat = g.ravel()
        return math.isnan(flat.dot(flat))
    numbers: Any = payload(g)
    return isinstance(numbers, PLAIN) and numbers.size > 0 and bool(np.isnan(numbers.max()))


def is_finite(numbers: Array) -> bool:
    """Whether these are plain numbers, all of them finite."""
    return isinstance(numbers, PLAIN) and bool(np.isfinite(numbers).all())


def _constant_elements(tape: list[Any], since: int) -> dict[Any, Any]:
    """For each entry, where its elements stay as they are when all leaves are moved a little, up and down.

    Each number moves by a step of its own, so that no two move alike. Where a function is not defined on one side,
    the other one counts.
    """
    generator = np.random.default_rng(0)
    aside = {z: nudge(z._payload, generator, 1 / 3) for z in tape if z.function is None or z.serial < since}

    def run(sign: int) -> dict[Any, Any]:
        return replay(tape, since, lambda z: record(type(z), z._payload + sign * aside[z]))

    runs = []
    with Recording(False), suppress(Exception):  # of a function that raises an error where it is not defined
        runs = [run(1), run(-1)]
    constant = {}
    for z in tape if runs else ():
        here, there = z._payload, np.stack([again[z]._payload for again in runs])
        undefined = np.isnan(there)
        same = (there == here) | (undefined & np.isnan(here))
        constant[z] = same.any(axis=0) & (same | undefined).all(axis=0)
    return constant


class Masked:
    """Contributions with a mask beside each: what has no influence on the result passes on 0, whatever its slope."""

    def __init__(
        self, seeds: Mapping[Any, Array], constant: dict[Any, Any], recorded: bool, listener: Listener | None
    ) -> None:
        self.constant, self.recorded, self.listener = constant, recorded, listener
        self.active: dict[Any, Any] = {z: g != 0 if isinstance(g, PLAIN) else True for z, g in seeds.items()}

    def __call__(self, z: Any, g: Array) -> Contributions:
        """Each recorded input of `z` with its share of `g`."""
        for i, x in enumerate(z.inputs):
            if isinstance(x, Entry):
                share, active = self._share(i, z, g)
                if self.listener is not None:
                    self.listener.share(z, g, x, share)
                active = active | self.active.get(x, False)
                self.active[x] = True if np.all(active) else active  # so that nothing is copied needlessly
                yield x, share

    def _share(self, i: int, z: Any, g: Array) -> tuple[Array, Any]:
        """What the i-th input of `z` gets of `g`, and where that is active on account of `z`."""
        numbers = [payload(x) for x in z.inputs]
        arguments, output = (z.inputs, z) if self.recorded else (numbers, z._payload)
        row, keywords = table[z.function], z.keywords or {}
        rule, active, constant = row.rules[i], self.active[z], self.constant.get(z, False)
        if isinstance(z.function, np.ufunc) and z.function.signature is None and not row.selects:
            share = rule(g, output, *arguments, **keywords)
            if constant is not False:
                slopes = payload(share)
                active = active & ~(constant & ((slopes == 0) | ~np.isfinite(slopes)))
            share = share if active is True else np.where(active, share, 0.0)
            passed: Any = active
        elif row.selects:
            share = rule(g, output, *arguments, **keywords)
            passed = rule(np.broadcast_to(np.multiply(1.0, active), z._payload.shape), z._payload, *numbers, **keywords)
        else:
            if constant is not False:
                active = active & ~(constant & ~np.isfinite(z._payload))
            given = g if active is True else np.where(active, g, 0.0)
            share = rule(given, output, *arguments, **keywords)
            if not np.isfinite(payload(share)).all() and np.isfinite(np.where(active, z._payload, 0.0)).all():
                share = rule(given, _finite(output), *map(_finite, arguments), **keywords)
            # a loop that nothing spoils passes something on everywhere, as far as anybody looks
            passed = 1.0 if row.unrolled else _influence(rule, active, z._payload, numbers, keywords)
        passed = unbroadcast(1.0 * passed, numbers[i], z.function) != 0
        return unbroadcast(share, arguments[i], z.function), passed


def _influence(rule: Any, active: Any, z: Array, numbers: list[Any], keywords: dict[str, Any]) -> Any:
    """What a rule passes on from where it is active, told with numbers drawn at random in place of all others."""
    generator = np.random.default_rng(0)

    def drawn(x: Any) -> Any:
        if not isinstance(x, PLAIN) or x.dtype.kind not in "fc":
            return x
        turned = np.exp(1j * generator.random(x.shape)) if x.dtype.kind == "c" else 1.0
        return ((1 + generator.random(x.shape)) * turned).astype(x.dtype)

    if np.all(active):
        return 1.0
    with suppress(np.linalg.LinAlgError):
        return rule(drawn(z) * active, drawn(z), *map(drawn, numbers), **keywords)
    return 1.0


def _finite(x: Any) -> Any:
    """`x`, with 0 in place of infinities and NaN: nothing active comes from them."""
    numbers = payload(x)
    floats = isinstance(numbers, PLAIN) and numbers.dtype.kind in "fc"
    return np.where(np.isfinite(numbers), x, 0.0) if floats and not np.isfinite(numbers).all() else x
