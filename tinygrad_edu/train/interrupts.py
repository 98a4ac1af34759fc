"""Being stopped from outside, by Ctrl-C or by whoever runs the machine, between two steps and not within one."""

import contextlib
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType

_TERMINATED = 128 + signal.SIGTERM  # the exit status that shells give it


@contextlib.contextmanager
def postponed() -> Iterator[list[int]]:
    """A context in which SIGINT and SIGTERM are written into a list, to be looked at when it is convenient.

    The second signal of a kind does at once what it would have done. Signals that are ignored stay so, and in other
    threads than the main one, to which Python brings no signals, nothing changes.
    """
    received: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield received
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    handled = {number: handler for number, handler in before.items() if handler not in (signal.SIG_IGN, None)}

    def note(number: int, frame: FrameType | None) -> None:
        received.append(number)
        signal.signal(number, handled[signal.Signals(number)])

    for number in handled:
        signal.signal(number, note)
    try:
        yield received
    finally:
        for number, handler in handled.items():
            signal.signal(number, handler)


def leave(number: int, said: str) -> None:
    """Do what is expected after a signal: raise KeyboardInterrupt, or say it on the error stream, and exit.

    Raises:
        KeyboardInterrupt: after SIGINT.
        SystemExit: after SIGTERM.
    """
    if number == signal.SIGINT:
        raise KeyboardInterrupt(said)
    print(said, file=sys.stderr)  # nobody prints what a SystemExit with a status says
    raise SystemExit(_TERMINATED)
