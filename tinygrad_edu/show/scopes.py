"""Scopes: which part of a computation an entry belongs to, and which line recorded it.

The engine has a hook for whoever looks at what is recorded. A scope looks only while it is open, so computing outside
of all scopes costs what it always did.
"""

import linecache
import os
import sys
import weakref
from typing import Any, NamedTuple

from tinygrad_edu.core.context import Listener, Recording, current_listener, is_recording
from tinygrad_edu.core.source_info import frame_of_user
from tinygrad_edu.core.tape import Entry


class Origin(NamedTuple):
    """Where an entry was recorded: the scopes, outermost first, and the file and number of the user's line."""

    scopes: tuple["scope", ...]
    file: str
    line: int


_origins: dict[int, Origin] = {}  # by id, as long as the entry lives


class scope(Recording):  # noqa: N801 - it is used as a function is: with tg.scope("layer 1"):
    """A context that names what is recorded in it; pictures of long tapes draw it as one box.

    >>> import numpy as np, tinygrad_edu as tg
    >>> x = tg.Value([1.0, 2.0], name="x")
    >>> with tg.scope("layer 1"):
    ...     h = np.tanh(x * 3)
    >>> [entry.scope for entry in tg.Tape(np.sum(h)).description()]
    [(), ('layer 1',), ('layer 1',), ()]

    Scopes may stand in each other. Within one, entries also remember the line that recorded them, which takes some
    microseconds an entry.

    Args:
        name: what to call it.

    Raises:
        TypeError: the name is no text.
    """

    def __init__(self, name: str) -> None:
        if not isinstance(name, str):
            raise TypeError(f"scope(name): got a {type(name).__name__}; give a text, as in scope('layer 1')")
        super().__init__(True)
        self.name = name

    def __enter__(self) -> None:
        """Open the scope: what is recorded from now on belongs to it."""
        self.state = is_recording()
        self.listener = _Marks(self, current_listener())
        super().__enter__()

    def _recreate_cm(self) -> "scope":
        return scope(self.name)


class _Marks:
    """A listener that notes the origin of entries, and lets a listener around it look, too."""

    def __init__(self, own: scope, outer: Listener | None) -> None:
        self.scopes: tuple[scope, ...] = (*(outer.scopes if isinstance(outer, _Marks) else ()), own)
        self.outer = outer

    def entry(self, z: Entry) -> None:
        """Note where `z` was recorded."""
        if self.outer is not None:
            self.outer.entry(z)
        frame = frame_of_user(sys._getframe(1))
        known = (frame.f_code.co_filename, frame.f_lineno) if frame else ("", 0)
        if id(z) not in _origins:
            weakref.finalize(z, _origins.pop, id(z), None).atexit = False
        _origins[id(z)] = Origin(self.scopes, *known)

    def share(self, z: Entry, g: Any, x: Entry, share: Any) -> None:
        """Let the listener around this one look."""
        if self.outer is not None:
            self.outer.share(z, g, x, share)


_NOWHERE = Origin((), "", 0)


def scopes_of(z: Entry) -> tuple[scope, ...]:
    """The scopes that an entry was recorded in, outermost first."""
    return _origins.get(id(z), _NOWHERE).scopes


def scope_of(z: Entry) -> tuple[str, ...]:
    """The names of the scopes that an entry was recorded in, outermost first."""
    return tuple(each.name for each in scopes_of(z))


def line_of(z: Entry) -> str:
    """The file, number and text of the user's line that recorded an entry; empty where it was in no scope."""
    _, file, number = _origins.get(id(z), _NOWHERE)
    if not file:
        return ""
    text = linecache.getline(file, number).strip()
    return f"{os.path.basename(file)}:{number}" + (f": {text}" if text else "")
