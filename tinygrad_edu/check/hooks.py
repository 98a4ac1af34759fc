"""Listeners for the engine: one remembers the user's lines, one makes read-only what rules are given.

z  an entry
"""

import weakref

import numpy as np

from tinygrad_edu.check.measure import Array
from tinygrad_edu.core.source_info import line
from tinygrad_edu.core.tape import Entry


class SourceLines:
    """A listener that remembers for each entry, while it lives, the line of the user's code that recorded it."""

    def __init__(self) -> None:
        self._lines: dict[int, tuple[str, weakref.ref[Entry]]] = {}

    def entry(self, z: Entry) -> None:
        """Remember the line of an entry."""
        serial = z.serial
        self._lines[serial] = line("compare_gradients"), weakref.ref(z, lambda _: self._lines.pop(serial))

    def share(self, z: Entry, g: Array, x: Entry, share: Array) -> None:
        """Ignore shares."""

    def of(self, z: Entry) -> str:
        """The line in which `z` was recorded."""
        return self._lines[z.serial][0]


class WriteProtection:
    """A listener that makes numbers and cotangents read-only until `release`, so that writing into them fails."""

    def __init__(self) -> None:
        self.protected: list[Array] = []

    def _protect(self, x: Array) -> None:
        if isinstance(x, np.ndarray) and x.flags.writeable:
            x.flags.writeable = False
            self.protected.append(x)

    def entry(self, z: Entry) -> None:
        """Protect the output of an operation."""
        self._protect(z._payload)

    def share(self, z: Entry, g: Array, x: Entry, share: Array) -> None:
        """Protect the cotangent a rule was given and the share it returned."""
        self._protect(g)
        self._protect(share)

    def release(self) -> None:
        """Make everything writeable again."""
        for x in self.protected:
            x.flags.writeable = True
