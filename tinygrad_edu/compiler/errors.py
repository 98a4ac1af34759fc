"""What cannot be compiled, and how it is said."""

import linecache
import os
import traceback
from collections.abc import Collection

from tinygrad_edu.core.source_info import frame_of_user, line


class TraceError(TypeError):
    """A function does something that a program, run again with other numbers, would get wrong."""


class NeededError(Exception):
    """Whole numbers among the inputs have to be known while tracing: a length or a branch hangs on them.

    places: where they stand
    """

    def __init__(self, places: Collection[str]) -> None:
        self.places = places


def misused(what: str, instead: str, where: str | None = None) -> TraceError:
    """Make the error for a line of the user's that cannot be traced: that which runs now, if no other is given."""
    where = line() if where is None else where
    return TraceError(f"tg.compile: the function {what}; {instead}" + (f" [{where}]" if where else ""))


def raised_at(error: BaseException) -> str:
    """Give the innermost line of the user's that an error came through."""
    steps = [
        (frame, number) for frame, number in traceback.walk_tb(error.__traceback__) if frame_of_user(frame) is frame
    ]
    return written_at(steps[-1][0].f_code.co_filename, steps[-1][1]) if steps else ""


def written_at(file: str, number: int) -> str:
    """Give a line of the user's as messages show it: file, number and text."""
    text = linecache.getline(file, number).strip()
    return f"{os.path.basename(file)}:{number}" + (f": {text}" if text else "")
