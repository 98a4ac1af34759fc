"""A tape, run again: from leaves that are a little aside, or that write down what is done to them.

z  an entry of the tape
"""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from tinygrad_edu.core.arrays import unwrap_scalar
from tinygrad_edu.core.context import Recording
from tinygrad_edu.core.rules import Array, table
from tinygrad_edu.core.tape import MANY, NOTHING, Entry, order, payload, record


def replay(tape: list[Any], since: int, leaf: Callable[[Any], Array], unroll: bool = False) -> dict[Any, Any]:
    """Each entry of `tape` made again; `leaf` gives what stands in for a leaf, an entry that is older than `since`.

    With `unroll`, an entry that stands for many, such as a loop, is made of them.
    """
    again: dict[Any, Any] = {}
    for z in tape:
        if z.function is None or z.serial < since:
            again[z] = leaf(z)
            continue
        inputs = [again[x] if isinstance(x, Entry) else x for x in z.inputs]
        if unroll and table[z.function].unrolled:
            made = table[z.function].unrolled(*inputs, **z.keywords)  # type: ignore[misc]
            again[z] = made if isinstance(made, Entry) else record(type(z), made)
            continue
        numbers = z.function(*map(payload, inputs), **(z.keywords or {}))
        x, y = (*inputs, NOTHING)[:2] if len(inputs) < 3 else (tuple(inputs), MANY)
        again[z] = record(type(z), unwrap_scalar(numbers), z.function, x, y, z.keywords)
    return again


def unrolled(tape: list[Any], roots: Iterable[Any], since: int) -> tuple[list[Any], dict[Any, Any]] | None:
    """The tape of `roots` without entries that stand for many, and what stands there for each; None if it has none."""
    if not any(z.serial >= since and z.function is not None and table[z.function].unrolled for z in tape):
        return None
    with Recording(True):
        again = replay(tape, since, lambda z: z, unroll=True)
    return order([again[z] for z in roots], since), again


def nudge(x: Array, generator: "np.random.Generator", power: float) -> Array:
    """A small random step for each number: about that power of the dtype's precision, relative to its size.

    A number that is 0 takes the size of the largest beside it, or 1. Complex numbers step into a random direction.
    """
    x = np.nan_to_num(x, nan=0.0, posinf=0.0, neginf=0.0)
    size = np.where(x == 0, np.max(abs(x), initial=0.0) or 1.0, abs(x))
    part = generator.uniform(0.5, 1.0, np.shape(x)) * generator.choice([-1.0, 1.0], np.shape(x))
    if x.dtype.kind == "c":
        part = part * np.exp(1j * generator.uniform(0.5, 1.0, np.shape(x)))
    return (np.finfo(x.dtype).eps ** power * size * part).astype(x.dtype)[()]
