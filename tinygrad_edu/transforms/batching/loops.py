"""A loop over batches as a loop over the arrays that hold all of them, so that it can be written down as one.

c  the carry: what a step hands to the next
x  what a step is given: the i-th of each array of xs
y  what a step gives beside the carry
n  the size of the batch, whose axis stands first, but behind that of the steps
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from tinygrad_edu.core.context import OuterArray
from tinygrad_edu.core.tape import Entry
from tinygrad_edu.transforms.batching.array import Batch

Leaves = list[Any]
Body = Callable[[Leaves, Leaves], tuple[Leaves, Leaves]]


class WholeLoop(NamedTuple):
    """The loop over whole arrays; `wrapped` are the carries that are a batch."""

    body: Body
    c: Leaves
    xs: Leaves
    wrapped: list[bool]
    depth: int | None

    @classmethod
    def of(cls, body: Body, c: Leaves, xs: Leaves) -> "WholeLoop | None":
        """That of a body over batches; None if they are of several kinds, or around anything but arrays."""
        batches = [a for a in (*c, *xs) if isinstance(a, Batch)]
        kinds = {(a.n, a.depth) for a in batches}
        if len(kinds) != 1 or any(isinstance(a.array, (Entry, OuterArray)) for a in batches):
            return None
        ((n, depth),) = kinds
        wrapped = [isinstance(a, Batch) or a.dtype.kind == "f" for a in c]  # which may become one after a step
        along = [isinstance(a, Batch) for a in xs]

        def whole(z: Any) -> Any:
            return z.array if isinstance(z, Batch) else np.broadcast_to(z, (n, *np.shape(z)))

        def step(c: Leaves, x: Leaves) -> tuple[Leaves, Leaves]:
            c = [Batch(a, depth) if batched else a for a, batched in zip(c, wrapped, strict=True)]
            x = [Batch(a, depth) if batched else a for a, batched in zip(x, along, strict=True)]
            c, y = body(c, x)
            return [whole(a) if batched else a for a, batched in zip(c, wrapped, strict=True)], [*map(whole, y)]

        first = [whole(a) if batched else a for a, batched in zip(c, wrapped, strict=True)]
        return cls(step, first, [np.moveaxis(a.array, 1, 0) if isinstance(a, Batch) else a for a in xs], wrapped, depth)

    def results(self, c: Leaves, ys: Leaves, carries: Leaves) -> tuple[Leaves, Leaves, Leaves]:
        """What came out, as batches again."""
        last = [Batch(a, self.depth) if batched else a for a, batched in zip(c, self.wrapped, strict=True)]
        kept = [self._stacked(a) if batched else a for a, batched in zip(carries, self.wrapped, strict=False)]
        return last, [*map(self._stacked, ys)], kept

    def _stacked(self, a: Any) -> Batch:
        return Batch(np.moveaxis(a, 0, 1), self.depth)
