"""Checkpoints: named arrays and a header in JSON, in one file that is either whole or refused.

The file, numbers with the least byte first:

magic    8 bytes, of which the last is the version of the format
length   of the header, 8 bytes
sum      a checksum of the magic, the length and the header, 32 bytes
header   JSON: for each array its name, dtype, shape, the order of its axes in memory, and checksum; and the notes
arrays   one after the other, nothing between and nothing after them

Nothing in it is executed, and the header is checked, against the size of the file too, before an array is allocated.
"""

import hashlib
import json
import math
import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from tinygrad_edu.train.writing import Bytes, write_whole

Path = str | os.PathLike[str]

_MAGIC, _VERSION = b"tgedu\r\n", 1  # a line ending that careless transfers change
_START = 8 + 8 + 32
_LONGEST_HEADER = 1 << 24
_DTYPE = re.compile(r"[<|][fiubc]\d{1,2}")
_MOST_AXES = 63  # NumPy's, less one


class CheckpointError(ValueError):
    """A file that is no checkpoint, or damaged, or of something else; or one that could not be written."""


@dataclass(frozen=True)
class Checkpoint:
    """What a file holds: arrays by name, and notes, all that JSON can say."""

    arrays: Mapping[str, NDArray[Any]]
    notes: Mapping[str, Any] = field(default_factory=dict)

    def write(self, path: Path) -> None:
        """Write the file; at `path` there is at every moment a whole one, the one before or this one.

        Raises:
            CheckpointError: it cannot be written, since the disk is full, say, or the folder read-only; the file that
                was there is untouched.
            TypeError: an array is not one of numbers, or the notes are no JSON.
        """
        stored = {name: _Stored.of(name, np.asarray(x)) for name, x in self.arrays.items()}
        try:
            write_whole(path, self._parts(stored))
        except OSError as error:
            what = f"{os.fspath(path)} could not be written: {error.strerror or error}"
            raise CheckpointError(f"checkpoint: {what}; the file that was there before is untouched") from error

    def _parts(self, stored: "dict[str, _Stored]") -> Iterator[Bytes]:
        described = [[name, x.dtype, x.shape, x.axes, _digest(x.data_bytes())] for name, x in stored.items()]
        header = json.dumps({"arrays": described, "notes": dict(self.notes)}, allow_nan=False).encode()
        if len(header) > _LONGEST_HEADER:
            raise CheckpointError(f"checkpoint: the header has {len(header):,} bytes; keep large notes as arrays")
        head = _head(len(header))
        yield head + hashlib.blake2b(head + header, digest_size=32).digest() + header
        for x in stored.values():
            yield x.data_bytes()

    @classmethod
    def read(cls, path: Path) -> "Checkpoint":
        """Read a file, and make sure that all of it is as it was written.

        Raises:
            CheckpointError: it is no checkpoint, is damaged, or is of a later version.
            OSError: there is no such file, or it may not be read.
        """
        with open(path, "rb") as file:
            try:
                return cls._read(file)
            except _DamageError as damage:
                raise CheckpointError(f"checkpoint: {os.fspath(path)} {damage}") from None

    @classmethod
    def _read(cls, file: BinaryIO) -> "Checkpoint":
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise _DamageError("is no file that could be a checkpoint")
        header = _header(file, status.st_size)
        described = _described(header)
        size = _START + header.length + sum(x.nbytes for x in described.values())
        if size != status.st_size:
            raise _DamageError(f"has {status.st_size:,} bytes where its header speaks of {size:,}: it is damaged")
        return cls({name: x.read(file) for name, x in described.items()}, header.content["notes"])


class _DamageError(Exception):
    """What is wrong with a file, to be said after its name."""


@dataclass(frozen=True)
class _Header:
    length: int
    content: dict[str, Any]


def _head(length: int) -> bytes:
    return _MAGIC + bytes([_VERSION]) + length.to_bytes(8, "little")


def _header(file: BinaryIO, size: int) -> _Header:
    start = file.read(_START)
    if start[:7] != _MAGIC:
        raise _DamageError("is no checkpoint of tinygrad_edu")
    if len(start) < _START:
        raise _DamageError(f"ends after {len(start)} bytes: it is damaged")
    if start[7] != _VERSION:
        raise _DamageError(f"is of version {start[7]} of the format, and this tinygrad_edu reads {_VERSION}")
    length = int.from_bytes(start[8:16], "little")
    if length > min(size - _START, _LONGEST_HEADER):
        raise _DamageError(f"has {size:,} bytes where its header alone should have {length:,}: it is damaged")
    header = file.read(length)
    if hashlib.blake2b(start[:16] + header, digest_size=32).digest() != start[16:]:
        raise _DamageError("has a header that does not match its checksum: it is damaged")
    try:
        content = json.loads(header)
    except (ValueError, RecursionError):
        raise _DamageError("has a header that is no JSON") from None
    if not (isinstance(content, dict) and {*content} == {"arrays", "notes"} and isinstance(content["notes"], dict)):
        raise _DamageError("has a header without arrays and notes")
    return _Header(length, content)


def _described(header: _Header) -> "dict[str, _Described]":
    """The arrays that a header speaks of, by name."""
    described: dict[str, _Described] = {}
    listed = header.content["arrays"]
    for entry in listed if isinstance(listed, list) else [None]:
        if not (
            isinstance(entry, list) and len(entry) == 5 and isinstance(entry[0], str) and entry[0] not in described
        ):
            raise _DamageError("has a header whose list of arrays cannot be read")
        described[entry[0]] = _Described.checked(*entry)
    return described


@dataclass(frozen=True)
class _Described:
    """What a header says of an array."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    axes: tuple[int, ...]
    digest: str

    @classmethod
    def checked(cls, name: str, dtype: Any, shape: Any, axes: Any, digest: Any) -> "_Described":
        known = isinstance(dtype, str) and _DTYPE.fullmatch(dtype)
        whole = all(isinstance(x, list) and all(type(n) is int and 0 <= n < 2**63 for n in x) for x in (shape, axes))
        if not (known and whole and len(shape) <= _MOST_AXES and sorted(axes) == [*range(len(shape))]):
            raise _DamageError(f"describes its array {name!r} as {dtype!r}, {shape!r}, {axes!r}, which is none")
        try:
            kind = np.dtype(dtype)
            np.empty(0, kind).reshape([0, *shape])  # whether NumPy can have such a shape at all
            return cls(kind, tuple(shape), tuple(axes), str(digest))
        except (TypeError, ValueError):
            raise _DamageError(
                f"has an array {name!r} of {dtype} and {shape}, which there is not on this machine"
            ) from None

    @property
    def nbytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize

    def read(self, file: BinaryIO) -> NDArray[Any]:
        stored = np.empty([self.shape[i] for i in self.axes], self.dtype)
        data = stored.reshape(-1).view(np.uint8)
        if file.readinto(data) != self.nbytes:  # type: ignore[attr-defined]
            raise _DamageError("ended while it was read: it is damaged")
        if _digest(data) != self.digest:
            raise _DamageError("has an array that does not match its checksum: it is damaged")
        return stored.transpose(np.argsort(self.axes))[()] if self.shape else stored[()]


@dataclass(frozen=True)
class _Stored:
    """An array as it goes into a file: in one piece, its axes in the order that they have in memory."""

    data: NDArray[Any]
    axes: list[int]
    shape: list[int]

    @classmethod
    def of(cls, name: str, x: NDArray[Any]) -> "_Stored":
        if x.dtype.kind not in "fiubc":
            raise TypeError(f"checkpoint: {name} is of dtype {x.dtype}; arrays of numbers can be kept")
        axes = sorted(range(x.ndim), key=lambda i: -x.strides[i])
        data = np.ascontiguousarray(x.transpose(axes), x.dtype.newbyteorder("<"))
        return cls(data, axes, list(x.shape))

    @property
    def dtype(self) -> str:
        return str(self.data.dtype.str)

    def data_bytes(self) -> Bytes:
        return self.data.reshape(-1).view(np.uint8)


def _digest(data: Bytes) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()
