"""Watches: one remembers where in the user's code operations were recorded, one protects what rules are given.

z  an entry
"""

import weakref
from typing import Any

import numpy as np

from tinygrad_edu.core.source_info import line


class Origins:
    """A watch that remembers for each entry the line in which it was recorded, as long as the entry lives."""

    def __init__(self) -> None:
        self._lines: dict[int, tuple[str, weakref.ref[Any]]] = {}

    def entry(self, z: Any) -> None:
        """Remember the line of an entry."""
        serial = z.serial
        self._lines[serial] = line("compare_gradients"), weakref.ref(z, lambda _: self._lines.pop(serial))

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
