"""NumPy's own files: .npy, mapped into memory, and .npz, several of them in a zip archive.

Headers are held against the size of the file before anything is allocated, and pickles are never read.
"""

import io
import math
import os
import zipfile
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_edu.data.errors import DataError

Path = str | os.PathLike[str]

_RATIO = 1032  # the most that deflate makes of a byte


def read_npz(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of an .npz file, by name.

    Raises:
        DataError: it is no such file, is damaged, or holds something other than arrays of numbers and truth values.
        OSError: there is no such file, or it may not be read.
    """
    name = os.fspath(path)
    with open(path, "rb") as file:
        try:
            with zipfile.ZipFile(file) as archive:
                infos, size = archive.infolist(), os.fstat(file.fileno()).st_size
                if sum(info.file_size for info in infos) > _RATIO * size:
                    raise DataError(f"read_npz: {name} speaks of more than its {size:,} bytes can hold")
                return {info.filename.removesuffix(".npy"): _member(name, archive, info) for info in infos}
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as error:
            raise DataError(f"read_npz: {name} is no .npz file, or damaged: {error}") from None


def _member(path: str, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> NDArray[Any]:
    name = f"{path}, {info.filename}"
    with archive.open(info) as file:
        shape, fortran, dtype, start = _header("read_npz", name, file)
        if start + math.prod(shape) * dtype.itemsize != info.file_size:
            raise DataError(f"read_npz: {name} has {info.file_size:,} bytes, which are no array of {shape} {dtype}")
        file.seek(start)
        data = np.empty(math.prod(shape), dtype)
        bytes_ = data.view(np.uint8)
        while len(bytes_):
            part = file.read(min(len(bytes_), 1 << 20))
            if not part:
                raise DataError(f"read_npz: {name} ends too early")
            bytes_[: len(part)] = np.frombuffer(part, np.uint8)
            bytes_ = bytes_[len(part) :]
        file.read(1)  # at the end, the archive's own checksum is compared
    return data.reshape(shape, order="F" if fortran else "C")


def open_npy(path: Path) -> NDArray[Any]:
    """The array of an .npy file, mapped into memory.

    Raises:
        DataError: it is no such file, is damaged, or holds something other than numbers and truth values.
        OSError: there is no such file, or it may not be read.
    """
    name = os.fspath(path)
    with open(path, "rb") as file:
        shape, fortran, dtype, start = _header("open_npy", name, file)
    size, wanted = os.stat(path).st_size, start + math.prod(shape) * dtype.itemsize
    if size != wanted:
        raise DataError(f"open_npy: {name} has {size:,} bytes where its header speaks of {wanted:,}")
    if not math.prod(shape):
        raise DataError(f"open_npy: {name} holds an array of shape {shape}, without numbers")
    return np.memmap(path, dtype, "r", start, shape, "F" if fortran else "C")


def _header(caller: str, name: str, file: Any) -> tuple[tuple[int, ...], bool, np.dtype[Any], int]:
    """Shape, whether columns come first, dtype, and how long the header is."""
    try:
        start = io.BytesIO(file.read(1 << 14))
        version = np.lib.format.read_magic(start)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, fortran, dtype = read(start)
    except (ValueError, EOFError) as error:
        raise DataError(f"{caller}: {name} is no array of NumPy's: {error}") from None
    if dtype.kind not in "fiub" or any(n < 0 for n in shape):
        raise DataError(f"{caller}: {name} holds {shape} {dtype}; arrays of numbers are read, and no objects")
    return shape, fortran, dtype, start.tell()
