"""A first call that takes long says what it is doing, and what to do about it.

It looks at the clock where it goes on to the next thing, a node or a pass, so that no thread has to watch it.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

SECONDS = 2.0
_log = logging.getLogger("tinygrad_edu")
_due: ContextVar[tuple[str, float]] = ContextVar("due", default=("", float("inf")))  # whose first call, and when


@contextmanager
def told_if_long(name: str) -> Iterator[None]:
    """A context in which `look` logs a warning, once, when it has lasted longer than `SECONDS`."""
    token = _due.set((name, time.monotonic() + SECONDS))
    try:
        yield
        look()
    finally:
        _due.reset(token)


def look() -> None:
    """Log the warning if it is time; Python shows it where nobody sets up logging."""
    name, due = _due.get()
    if time.monotonic() < due:
        return
    _due.set((name, float("inf")))
    what = f"the first call of {name} takes more than {SECONDS:g} s: it is traced, made shorter and printed"
    remedy = "a plain loop is written out step by step, and tg.scan makes one loop of it (docs/loops.md)"
    _log.warning("tg.compile: %s; %s", what, remedy)
