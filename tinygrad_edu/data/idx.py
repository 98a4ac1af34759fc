"""MNIST and data sets like it: IDX files, packed with gzip or not.

An IDX file is two zeros, a code for the type, the number of axes, their lengths in four bytes each, and the numbers,
all with the greatest byte first.

Source: LeCun, Cortes and Burges, "The MNIST database of handwritten digits", 1998.
"""

import gzip
import math
import os
import zlib
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import DTypeLike, NDArray

from tinygrad_edu.data.digits import Examples
from tinygrad_edu.data.errors import DataError

_DTYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_GZIP = b"\x1f\x8b"
_RATIO = 1032  # the most that deflate makes of a byte
_PART = 1 << 20


def read_idx(path: str | os.PathLike[str]) -> NDArray[Any]:
    """The array in an IDX file.

    Raises:
        DataError: it is no IDX file, ends too early or too late, or is damaged.
        OSError: there is no such file, or it may not be read.
    """
    name = os.fspath(path)
    with open(path, "rb") as file:
        packed = file.read(2) == _GZIP
        file.seek(0)
        size = os.fstat(file.fileno()).st_size
        try:
            if packed:
                with gzip.GzipFile(fileobj=file) as unpacked:
                    return _read(name, unpacked, _RATIO * size)
            return _read(name, file, size)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise DataError(f"read_idx: {name} is damaged: {error}") from None


def _read(name: str, file: BinaryIO | gzip.GzipFile, most: int) -> NDArray[Any]:
    start = file.read(4)
    if len(start) < 4 or start[:2] != b"\0\0" or start[2] not in _DTYPES or not start[3]:
        raise DataError(f"read_idx: {name} begins with {start.hex(' ')}, which no IDX file does")
    lengths = file.read(4 * start[3])
    shape = [int.from_bytes(lengths[i : i + 4], "big") for i in range(0, len(lengths), 4)]
    dtype = np.dtype(_DTYPES[start[2]])
    size = math.prod(shape) * dtype.itemsize
    if len(lengths) < 4 * start[3] or size > most:
        raise DataError(f"read_idx: {name} speaks of an array of shape {shape}, and is too short for it")
    data = bytearray()
    while part := file.read(min(_PART, size + 1 - len(data))):
        data += part
    if len(data) != size:
        found = "more" if len(data) > size else f"{len(data):,}"
        raise DataError(f"read_idx: {name} has {found} bytes of numbers, where {shape} {dtype.name} have {size:,}")
    return np.frombuffer(data, dtype).reshape(shape).astype(dtype.newbyteorder("="), copy=False)


def load_mnist(folder: str | os.PathLike[str], dtype: DTypeLike = np.float32) -> tuple[Examples, Examples]:
    """The examples to train on, and those held out, of MNIST, Fashion-MNIST, or another set that is stored in this way.

    Args:
        folder: where the four files are, such as ``train-images-idx3-ubyte.gz``.
        dtype: of the images.

    Returns:
        Images (n, pixels) from 0.0 to 1.0, and labels (n,).

    Raises:
        DataError: a file is missing, damaged, or does not hold images, or labels, of the same number.
    """
    return _part(Path(folder), "train", dtype), _part(Path(folder), "t10k", dtype)


def _part(folder: Path, name: str, dtype: DTypeLike) -> Examples:
    images = read_idx(_found(folder, f"{name}-images-idx3-ubyte"))
    labels = read_idx(_found(folder, f"{name}-labels-idx1-ubyte"))
    if images.ndim != 3 or labels.ndim != 1 or len(images) != len(labels) or images.dtype != np.uint8:
        what = f"{name} has images {images.shape} {images.dtype} and labels {labels.shape}"
        raise DataError(f"load_mnist: in {folder}, {what}; expected (n, height, width) uint8 and (n,)")
    scaled = images.reshape(len(images), -1).astype(dtype)
    scaled /= 255
    return Examples(scaled, labels.astype(np.int64))


def _found(folder: Path, name: str) -> Path:
    for each in (name, f"{name}.gz", name.replace("-idx", ".idx"), f"{name.replace('-idx', '.idx')}.gz"):
        if (folder / each).is_file():
            return folder / each
    raise DataError(f"load_mnist: there is no {name} in {folder}, nor {name}.gz")
