"""Whether what happens is recorded, and whether somebody watches: a switch for each thread and task."""

from collections.abc import Iterator
from contextlib import ContextDecorator, contextmanager
from contextvars import ContextVar, Token
from typing import Any, Protocol


class Listener(Protocol):
    """Somebody who is shown every entry when it is recorded, and every share of a cotangent in the sweep."""

    def entry(self, z: Any) -> None:
        """Look at an entry that was just recorded."""

    def share(self, z: Any, g: Any, x: Any, share: Any) -> None:
        """Look at what the input `x` of an entry `z` got of its cotangent `g`."""


class Tracer:
    """An array that writes down what is done to it, so that it can be done again with other numbers."""

    __slots__ = ()
    node: Any
    size: Any
    max: Any

    def snapshot(self) -> Any:
        """Give the same numbers as they are now, whatever is written into this array later."""
        raise NotImplementedError

    def call(self, function: Any, *arguments: Any) -> Any:
        """Write down the call of a function as a whole."""
        raise NotImplementedError


class OuterArray:
    """An array around another one, that answers whatever others it meets: Values and tracers leave the answer to it."""

    __slots__ = ()

    def call(self, function: Any, arguments: tuple[Any, ...], keywords: dict[str, Any], body: Any = None) -> Any:
        """Answer for a function; for a primitive, `body` is what it does."""
        raise NotImplementedError

    def parts(self) -> list[Any]:
        """Give arrays that hold all numbers."""
        raise NotImplementedError


class ListenedState:
    """The state of the switch while somebody watches."""

    def __init__(self, watch: Listener, state: bool) -> None:
        self.watch, self.state = watch, state

    def __bool__(self) -> bool:
        return self.state


class TraceListener(Protocol):
    """Somebody who is told, while a function is traced, of arrays that are computed with and were not given."""

    def constant(self, array: Any) -> None:
        """Look at an array before it is copied."""


tracing: ContextVar[TraceListener | None] = ContextVar("tracing", default=None)
recording: ContextVar[bool | ListenedState] = ContextVar("recording", default=True)


def is_recording() -> bool:
    """Tell whether what happens now is recorded."""
    return bool(recording.get())


class Recording(ContextDecorator):
    """A context, or a decorator, that switches recording on or off for the calling thread or task."""

    def __init__(self, state: bool) -> None:
        self.state = state
        self.tokens: list[Token[bool | ListenedState]] = []

    def __enter__(self) -> None:
        now = recording.get()
        self.tokens.append(
            recording.set(ListenedState(now.watch, self.state) if isinstance(now, ListenedState) else self.state)
        )

    def __exit__(self, *_: object) -> None:
        recording.reset(self.tokens.pop())

    def _recreate_cm(self) -> "Recording":
        return Recording(self.state)


@contextmanager
def listening(watch: Listener) -> Iterator[None]:
    """Have what is recorded and swept within looked at; whether it is recorded stays as it was."""
    token = recording.set(ListenedState(watch, bool(recording.get())))
    try:
        yield
    finally:
        recording.reset(token)
