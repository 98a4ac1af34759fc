"""Files that are either the old one or the new one, whatever happens meanwhile.

path     where the file is to be
partial  where it is written before it takes that place
"""

import contextlib
import os
import stat
from collections.abc import Iterable, Iterator
from typing import Any

Bytes = Any  # bytes, or an array of them

try:
    import fcntl
except ModuleNotFoundError:  # Windows, where an open file cannot be replaced anyway
    fcntl = None  # type: ignore[assignment]


def write_whole(path: str | os.PathLike[str], parts: Iterable[Bytes]) -> None:
    """Write a file in such a way that at `path` there is always a whole one: the one before, or this one.

    It is written beside its place, brought to the disk, and then renamed; the mode of the file that was there is kept.
    What is left of a writer that was killed is written over by the next.

    Raises:
        OSError: it cannot be written; the file that was there is untouched.
        BlockingIOError: another process is writing it.
    """
    place = os.path.realpath(path)  # a link stays one
    partial = f"{place}.partial"
    with _opened(partial) as file:
        try:
            if os.path.exists(place):
                os.chmod(file, stat.S_IMODE(os.stat(place).st_mode))
            for part in parts:
                _write(file, memoryview(part))
            os.fsync(file)
            os.replace(partial, place)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(partial)
            raise
    _bring_to_disk(os.path.dirname(place))


@contextlib.contextmanager
def _opened(partial: str) -> Iterator[int]:
    """An empty file that is open and locked, so that nobody else writes it."""
    while True:
        file = os.open(partial, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666)
        try:
            if fcntl is not None:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with contextlib.suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(file), os.stat(partial)):  # else it was renamed before it was locked
                    os.ftruncate(file, 0)
                    yield file
                    return
        finally:
            os.close(file)


def _write(file: int, rest: memoryview) -> None:
    rest = rest.cast("B")
    while rest:
        rest = rest[os.write(file, rest) :]


def _bring_to_disk(folder: str) -> None:
    """Make sure that a new name in a folder outlasts a loss of power."""
    if os.name == "nt":
        return
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
