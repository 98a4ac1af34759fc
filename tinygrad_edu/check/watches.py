"""Watches: one remembers where in the user's code operations were recorded, one protects what rules are given.

z  an entry
"""

import linecache
import os
import sys
import weakref
from typing import Any

import numpy as np

_WIDTH = 80
_ours = tuple(
    os.path.join(folder, "") for folder in (os.path.dirname(os.path.dirname(__file__)), os.path.dirname(np.__file__))
)


def line() -> str:
    """Give the innermost line outside this package and NumPy: its file, number and text; nothing if there is none."""
    frame = sys._getframe(1)
    while frame.f_code.co_filename.startswith(_ours):
        if frame.f_back is None or frame.f_code.co_name == "compare_gradients":  # which was given the operation itself
            return ""
        frame = frame.f_back
    name, number = frame.f_code.co_filename, frame.f_lineno
    text = linecache.getline(name, number, frame.f_globals).strip()
    shown = text if len(text) <= _WIDTH else text[: _WIDTH - 1] + "…"
    return f"{os.path.basename(name)}:{number}" + (f": {shown}" if text else "")


class Origins:
    """A watch that remembers for each entry the line in which it was recorded, as long as the entry lives."""

    def __init__(self) -> None:
        self._lines: dict[int, tuple[str, weakref.ref[Any]]] = {}

    def entry(self, z: Any) -> None:
        """Remember the line of an entry."""
        serial = z.serial
        self._lines[serial] = line(), weakref.ref(z, lambda _: self._lines.pop(serial))

    def share(self, z: Any, g: Any, x: Any, share: Any) -> None:
        """Have nothing to say about shares."""

    def of(self, z: Any) -> str:
        """Give the line in which `z` was recorded."""
        return self._lines[z.serial][0]


class Untouchable:
    """A watch that makes numbers and cotangents read-only for a while, so that writing into them fails."""

    def __init__(self) -> None:
        self.protected: list[Any] = []

    def _protect(self, x: Any) -> None:
        if isinstance(x, np.ndarray) and x.flags.writeable:
            x.flags.writeable = False
            self.protected.append(x)

    def entry(self, z: Any) -> None:
        """Protect what an operation gave."""
        self._protect(z._data)

    def share(self, z: Any, g: Any, x: Any, share: Any) -> None:
        """Protect what a rule is given, and what it gave."""
        self._protect(g)
        self._protect(share)

    def release(self) -> None:
        """Let everything be written into again."""
        for x in self.protected:
            x.flags.writeable = True
