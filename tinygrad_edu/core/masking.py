"""The sweep, done again with care where a branch that was not chosen has spoilt it.

``np.where(x > 0, np.log(x), 0)`` passes nothing back to the logarithm of 0, but nothing times its slope,
0 · (1 / 0), is not a number. So when a gradient comes out as NaN, and something on the tape chooses
between elements, we sweep once more and keep track of who had a say.

g       cotangent of an entry z
active  true where an element had a say in the result; True stands for everywhere
"""

from collections.abc import Mapping
from operator import attrgetter
from typing import Any

import numpy as np

from tinygrad_edu.core.context import Listener, OuterArray, Tracer, recording
from tinygrad_edu.core.rules import selections
from tinygrad_edu.core.tape import Entry, payload, rules, sweep
from tinygrad_edu.core.unbroadcast import fit

_function = attrgetter("function")

Cotangents = tuple[dict[Any, Any], dict[Any, Any]]


def gradients(
    tape: list[Any], seeds: Mapping[Any, Any], since: int = 0, inner: bool = False, recorded: bool = False
) -> Cotangents:
    """Sweep as `tape.sweep` does, so that what was not chosen has no say even where its slope is infinite.

    NumPy's warnings are not passed on: an infinite slope tells of itself.
    """
    watch = getattr(recording.get(), "watch", None)
    with np.errstate(all="ignore"):
        swept = sweep(tape, seeds, since, inner, recorded)
        suspect = not selections.isdisjoint(map(_function, tape)) and any(map(_spoilt, swept[0].values()))
        if watch is None and not suspect:
            return swept
        return _sweep_with_care(tape, seeds, since, recorded, watch)


def _spoilt(g: Any) -> bool:
    """Tell whether there is a NaN among plain numbers."""
    if isinstance(g, OuterArray):
        return any(map(_spoilt, g.parts()))
    numbers: Any = payload(g)
    if isinstance(numbers, (np.ndarray, Tracer)):
        return numbers.size > 0 and bool(np.isnan(numbers.max()))
    return isinstance(numbers, np.generic) and bool(np.isnan(numbers))


def _sweep_with_care(
    tape: list[Any], seeds: Mapping[Any, Any], since: int, recorded: bool, watch: Listener | None
) -> Cotangents:
    sums = dict(seeds)
    active: dict[Any, Any] = {}
    leaves = {}
    for z in reversed(tape):
        if not z.inputs or z.serial < since:
            leaves[z] = sums.pop(z)
            continue
        for i, x in enumerate(z.inputs):
            if isinstance(x, Entry):
                share, says = _share_of_active(i, z, sums[z], active.get(z, True), recorded)
                if watch is not None:
                    watch.share(z, sums[z], x, share)
                active[x] = says | active[x] if x in sums else says
                sums[x] = sums[x] + share if x in sums else share
    return leaves, sums


def _share_of_active(i: int, z: Any, g: Any, active: Any, recorded: bool) -> tuple[Any, Any]:
    """Give the i-th input of `z` its share of `g`, and tell which of its elements have a say."""
    numbers = [payload(x) for x in z.inputs]
    arguments, output = (z.inputs, z) if recorded else (numbers, z._data)
    rule, keywords = rules[z.function][i], z.keywords or {}
    share = rule(g, output, *arguments, **keywords)
    says: Any = True
    if z.function in selections:
        whole = np.broadcast_to(np.multiply(1.0, active), z._data.shape)
        says = fit(rule(whole, z._data, *numbers, **keywords), numbers[i], z.function) != 0
    elif isinstance(z.function, np.ufunc) and z.function.signature is None and active is not True:
        share = np.where(active, share, 0.0)
        says = fit(1.0 * active, numbers[i], z.function) != 0
    return fit(share, arguments[i], z.function), says
