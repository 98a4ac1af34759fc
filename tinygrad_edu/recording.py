"""Whether what happens is recorded: a switch for each thread and task."""

from contextlib import ContextDecorator
from contextvars import ContextVar, Token

recording: ContextVar[bool] = ContextVar("recording", default=True)


class Recording(ContextDecorator):
    """A context, or a decorator, that switches recording on or off for the calling thread or task."""

    def __init__(self, state: bool) -> None:
        self.state = state
        self.tokens: list[Token[bool]] = []

    def __enter__(self) -> None:
        self.tokens.append(recording.set(self.state))

    def __exit__(self, *_: object) -> None:
        recording.reset(self.tokens.pop())

    def _recreate_cm(self) -> "Recording":
        return Recording(self.state)
