"""Loops of the function itself, where it is held against its program at the first call.

A long loop would take much longer than its program. So its first steps are run, and held against those of the loop
that was written down; the others are taken from that. Short loops are run as they are.
"""

from dataclasses import replace
from typing import Any

import numpy as np

from tinygrad_edu.compiler.passes.looping import ForLoop
from tinygrad_edu.compiler.tracing.loop_writer import Done, Leaves, Written, run_loop
from tinygrad_edu.compiler.tracing.verify import is_close, room
from tinygrad_edu.core.context import loops

LONG = 32  # steps
CHECKED = 3  # steps of a long loop, one after the other, so that what counts is found


class LoopCheck:
    """Gives what loops gave when they were written down, in that order, if their first steps are what was written."""

    def __init__(self, done: list[Done | None]) -> None:
        self._done, self._place = done, 0

    def loop(self, loop: Any, c: Leaves, xs: Leaves, keep: bool) -> Written | None:
        """The last carry, the ys and the carries kept; None if the loop is to be run as it is."""
        place = self._place
        self._place += 1
        done = self._done[place] if place < len(self._done) else None
        if done is None:
            return None
        token = loops.set(None)
        try:
            right = loop.n > LONG and _same(done.numbers, [*c, *xs]) and self._first_steps_are_right(loop, done)
            if right:
                return done.results
            return loop.run(c, xs, keep)  # type: ignore[no-any-return]
        finally:
            loops.reset(token)
            self._place = done.end

    def _first_steps_are_right(self, loop: Any, done: Done) -> bool:
        """Whether the first steps give what those of the loop that was written down do."""
        whole = done.function
        c, xs, rest = _grouped(whole, done.numbers)
        part = slice(whole.n - CHECKED, None) if whole.reverse else slice(CHECKED)
        last, ys, _ = replace(loop, n=CHECKED).run(c, [x[part] for x in xs])
        every = [*range(whole.carried)]
        short = ForLoop(whole.graph, CHECKED, whole.reverse, whole.carried, whole.along, every, [])
        results = run_loop(short, [*c, *(x[part] for x in xs), *rest])
        made = [*last, *ys]
        allowed = room([*c, *(x[part] for x in xs), *rest, *made])
        pairs = zip(made, results or (), strict=results is not None)
        return results is not None and all(is_close(x, y, allowed) or _same([x], [y]) for x, y in pairs)


def _grouped(loop: ForLoop, numbers: Leaves) -> tuple[Leaves, Leaves, Leaves]:
    end = loop.carried + loop.along
    return numbers[: loop.carried], numbers[loop.carried : end], numbers[end:]


def _same(given: Leaves, wanted: Leaves) -> bool:
    """Whether the first of these numbers are the same."""
    return all(
        np.shape(x) == np.shape(y) and np.array_equal(x, y, equal_nan=np.result_type(x).kind == "f")
        for x, y in zip(given, wanted, strict=False)
    )
