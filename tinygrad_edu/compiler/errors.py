"""What cannot be compiled, and how it is said."""

import linecache
import os
import traceback
from collections.abc import Collection

from tinygrad_edu.core.source_info import frame_of_user, line


class TraceError(TypeError):
    """A function does something that a program, run again with other numbers, would get wrong.

    What comes in as an argument is traced; what a function closes over is constant. A number that decides what is
    computed, or anything outside that could change unseen, is refused, with the line and what to write instead:

    >>> import numpy as np, tinygrad_edu as tg
    >>> history = []
    >>> def loss(w):
    ...     history.append(w)
    ...     return w * w
    >>> tg.compile(loss)(3.0)  # doctest: +IGNORE_EXCEPTION_DETAIL
    Traceback (most recent call last):
    TraceError: tg.compile: loss closes over `history`, a list, which could change unseen; ...

    After: what is to be kept is given back as a result.

    >>> tg.compile(lambda w: (w * w, w))(3.0)
    (9.0, 3.0)
    """


class NeededError(Exception):
    """Integers among the inputs have to be known while tracing: a length, an axis, a seed or a branch depends on them.

    places: where they stand
    """

    def __init__(self, places: Collection[str]) -> None:
        self.places = places


def trace_error(what: str, instead: str, where: str | None = None) -> TraceError:
    """The error for a line of the user's that cannot be traced: that which runs now, if no other is given."""
    where = line() if where is None else where
    return TraceError(f"tg.compile: {what}; {instead}" + (f" [{where}]" if where else ""))


def error_location(error: BaseException) -> str:
    """The innermost line of the user's that an error came through."""
    steps = [
        (frame, number) for frame, number in traceback.walk_tb(error.__traceback__) if frame_of_user(frame) is frame
    ]
    return format_location(steps[-1][0].f_code.co_filename, steps[-1][1]) if steps else ""


def format_location(file: str, number: int) -> str:
    """A line of the user's as messages show it: file, number and text."""
    text = linecache.getline(file, number).strip()
    return f"{os.path.basename(file)}:{number}" + (f": {text}" if text else "")
