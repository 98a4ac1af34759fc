"""A first call that takes long says what it is doing, and what to do about it."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

SECONDS = 2.0
_log = logging.getLogger("tinygrad_edu")


@contextmanager
def told_if_long(name: str) -> Iterator[None]:
    """A context that logs a warning if it lasts longer than `SECONDS`; Python shows it where nobody sets up logging."""
    what = f"the first call of {name} takes more than {SECONDS:g} s: it is traced, made shorter and printed"
    remedy = "a plain loop is written out step by step, and tg.scan makes one loop of it (docs/loops.md)"
    timer = threading.Timer(SECONDS, _log.warning, (f"tg.compile: {what}; {remedy}",))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
