"""Hooks: all that the engine knows of whoever looks at it or reaches through it.

Recording   a switch for each thread and task: whether what happens is recorded
Listener    is shown every entry when it is recorded, and every share of a cotangent in the sweep
Tracer      an array that writes down what is done to it
OuterArray  an operand that answers first: an array around others, such as a batch
"""

import inspect
import sys
from collections.abc import Callable
from contextlib import ContextDecorator
from contextvars import ContextVar, Token
from typing import Any, NamedTuple, Protocol, TypeVar

Decorated = TypeVar("Decorated", bound=Callable[..., Any])
_SUSPENDED = inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR


class Listener(Protocol):
    """What is shown every entry when it is recorded, and every share of a cotangent in the sweep."""

    def entry(self, z: Any) -> None:
        """Look at an entry that was just recorded."""

    def share(self, z: Any, g: Any, x: Any, share: Any) -> None:
        """Look at what the input `x` of an entry `z` got of its cotangent `g`."""


class Tracer:
    """An array that writes down what is done to it, so that it can be done again with other numbers."""

    __slots__ = ()

    def snapshot(self) -> Any:
        """The same numbers as they are now, whatever is written into this array later."""

    def call(self, function: Any, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        """What an opaque function gives, its call written down as one."""


class OuterArray:
    """An array around another one, that answers whatever others it meets: Values and tracers leave the answer to it."""

    __slots__ = ()

    def call(self, function: Any, arguments: tuple[Any, ...], keywords: dict[str, Any], body: Any = None) -> Any:
        """What a function gives; for a primitive, `body` is what it does."""

    def payload(self) -> Any:
        """The same around plain numbers, where it is around Values."""
        raise NotImplementedError

    def parts(self) -> list[Any]:
        """Arrays that hold all numbers."""
        raise NotImplementedError


class ListenedState(NamedTuple):
    """The state of the switch while there is a listener."""

    listener: Listener
    state: bool

    def __bool__(self) -> bool:
        return self.state


recording: ContextVar[bool | ListenedState] = ContextVar("recording", default=True)
tracing: ContextVar[Any] = ContextVar("tracing", default=None)  # its .constant(array) is told of arrays from outside
loops: ContextVar[Any] = ContextVar("loops", default=None)  # its .loop(…) writes a loop down as one call
KEPT, ONCE = 1, 2  # what becomes of the tape of a function that runs on its variables: ONCE is swept as soon as it ends
transforming: ContextVar[int] = ContextVar("transforming", default=0)  # KEPT or ONCE, if such a function runs


def is_recording() -> bool:
    """Whether what happens now is recorded."""
    return bool(recording.get())


def current_listener() -> Listener | None:
    """The listener of this thread or task, if there is one."""
    return getattr(recording.get(), "listener", None)


class Recording(ContextDecorator):
    """A context, or a decorator, that switches recording on or off for the calling thread or task.

    Raises:
        RuntimeError: recording is switched off in a generator, which could be suspended and leave it off for others.
        TypeError: it decorates a generator or a coroutine, whose body runs after the switch was put back.
    """

    def __init__(self, state: bool, listener: Listener | None = None) -> None:
        self.state, self.listener = state, listener
        self.tokens: list[Token[bool | ListenedState]] = []

    def __call__(self, function: Decorated) -> Decorated:
        """The function, run with this switch."""
        suspended = (inspect.isgeneratorfunction, inspect.isasyncgenfunction, inspect.iscoroutinefunction)
        if any(kind(function) for kind in suspended):
            what = f"{function.__name__} is a generator or a coroutine, whose body runs later"
            raise TypeError(f"no_grad() as a decorator: {what}; use `with no_grad():` around the computation inside")
        return super().__call__(function)

    def __enter__(self) -> None:
        code = sys._getframe(1).f_code
        if code.co_flags & _SUSPENDED and not self.state and self.listener is None:
            what = f"inside the generator {code.co_name} it would stay switched for whoever waits for the next item"
            remedy = "compute in a plain function, decorated with @no_grad(), and call it from the generator"
            raise RuntimeError(f"no_grad(): {what}; {remedy}")
        listener = self.listener or current_listener()
        self.tokens.append(recording.set(ListenedState(listener, self.state) if listener else self.state))

    def __exit__(self, *_: object) -> None:
        recording.reset(self.tokens.pop())

    def _recreate_cm(self) -> "Recording":
        return Recording(self.state, self.listener)


def listening(listener: Listener) -> Recording:
    """A context in which `listener` looks at what is recorded and swept; whether it is recorded stays as it was."""
    return Recording(is_recording(), listener)
