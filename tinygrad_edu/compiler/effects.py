"""What a run must leave as it is, and the line that does not.

filling  the function and its arguments with tracers in them
"""

import random
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import numpy as np

from tinygrad_edu.compiler.errors import written_at
from tinygrad_edu.compiler.filling import Filling, Snapshot
from tinygrad_edu.compiler.inputs import Reader
from tinygrad_edu.compiler.tracing.supported import Fault
from tinygrad_edu.core.source_info import frame_of_user
from tinygrad_edu.core.tape import Entry


class Effects:
    """How things are before a run: random generators, and whatever the function is given or closes over."""

    def __init__(self, reader: Reader, args: tuple[Any, ...], keywords: dict[str, Any]) -> None:
        self._reader, self._args, self._keywords = reader, args, keywords
        self._originals = Snapshot(reader.originals)
        self._before = self._states()

    def of(self, filling: Filling) -> Fault | None:
        """Say what the run did to them, if anything, and what to do instead."""
        if self._states() != self._before:
            return "draws random numbers from a generator that goes on", "draw them outside, or pass a seed"
        place = self._changed(filling)
        return (f"changes {place}", "give new values back") if place else None

    def _changed(self, filling: Filling) -> str | None:
        for x, place in zip(filling.fill, self._reader.places, strict=True):
            if isinstance(x, Entry) and (x._grad is not None or x._data is not filling.given[id(x)]):
                return f"{place} (its .data or .grad)"
        return filling.made.changed() or self._originals.changed() or self._reader.broken(self._args, self._keywords)

    def undo(self) -> None:
        """Put back what the run found as it is and changed."""
        self._originals.restore()

    def _states(self) -> list[Any]:
        """Give the states of all random generators that can be found."""
        return [_state(x) for x in (np.random.mtrand._rand, random._inst, *self._reader.generators)]


def _state(x: Any) -> Any:
    """Give the state of a random generator, to be compared."""
    if isinstance(x, random.Random):
        return x.getstate()
    if isinstance(x, np.random.RandomState):
        return _plain(x.get_state(legacy=False))
    return _plain(x.bit_generator.state if isinstance(x, np.random.Generator) else x.state)


def _plain(state: Any) -> Any:
    if isinstance(state, dict):
        return {key: _plain(part) for key, part in state.items()}
    return state.tobytes() if isinstance(state, np.ndarray) else state


def culprit(run: Callable[[], Any], happened: Callable[[], bool]) -> str:
    """Run, and give the line of the user's after which something had happened."""
    lines: list[tuple[str, int]] = []
    found: list[tuple[str, int]] = []

    def step(frame: FrameType, event: str, _: Any) -> Any:
        if frame_of_user(frame) is not frame:
            return None
        if not found and lines and happened():
            found.append(lines[-1])
        lines[:] = [(frame.f_code.co_filename, frame.f_lineno)] if event != "call" else lines
        return step

    before = sys.gettrace()
    sys.settrace(step)
    try:
        run()
    except Exception:
        return ""
    finally:
        sys.settrace(before)
    place = found or lines
    return written_at(*place[0]) if place else ""
