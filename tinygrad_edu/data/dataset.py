"""Examples to learn from: arrays whose rows belong together, in memory or on the disk.

n     how many examples there are
rows  which of them: integers, a slice, or an array of integers or truth values
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tinygrad_edu.data.errors import DataError
from tinygrad_edu.data.minibatches import Rows, take
from tinygrad_edu.data.npz import open_npy


class Dataset:
    """Arrays of the same number of rows, such as images and labels; the n-th rows are the n-th example.

    >>> data = Dataset(np.arange(6).reshape(3, 2), np.array([0, 1, 0]))
    >>> data
    Dataset(3 examples: (2,) int64, () int64)
    >>> data[1:]
    (array([[2, 3],
           [4, 5]]), array([1, 0]))

    Args:
        arrays: of shapes (n, ...), the same n.

    Raises:
        ValueError: the arrays differ in length, or there are none.
    """

    def __init__(self, *arrays: ArrayLike) -> None:
        made: Any = (x if hasattr(x, "shape") else np.asarray(x) for x in arrays)  # those of other libraries stay
        self.arrays: tuple[NDArray[Any], ...] = tuple(made)
        shapes = [np.shape(x) for x in self.arrays]
        if not shapes or any(not shape or shape[0] != shapes[0][0] or not shape[0] for shape in shapes):
            raise ValueError(f"Dataset: got arrays of shapes {shapes}; pass arrays of the same length, not empty")

    @classmethod
    def of(cls, data: "Dataset | tuple[ArrayLike, ...]") -> "Dataset":
        """The data set of a tuple of arrays; one that is a `Dataset` stays what it is.

        Raises:
            TypeError: it is neither.
            ValueError: as `Dataset`.
        """
        if isinstance(data, Dataset):
            return data
        if not isinstance(data, tuple):
            raise TypeError(f"Dataset: got a {type(data).__name__}; pass a tuple of arrays, or a Dataset")
        return cls(*data)

    def __len__(self) -> int:
        return len(self.arrays[0])

    def __getitem__(self, rows: Rows) -> tuple[NDArray[Any], ...]:
        """These rows of each array."""
        return take(self.arrays, rows)

    def __iter__(self) -> Iterator[NDArray[Any]]:
        """The arrays one after the other, so that ``x, y = data``."""
        return iter(self.arrays)

    def __repr__(self) -> str:
        kinds = ", ".join(f"{x.shape[1:]} {x.dtype}" for x in self.arrays)
        return f"Dataset({len(self):,} examples: {kinds})"

    @property
    def on_disk(self) -> bool:
        """Whether an array is mapped from a file, and read when its rows are asked for."""
        return any(isinstance(x, np.memmap) for x in self.arrays)

    def split(self, part: float, seed: int) -> "tuple[Dataset, Dataset]":
        """Two data sets, the second with that part of the examples, drawn at random.

        >>> [len(each) for each in Dataset(np.arange(10)).split(0.2, seed=0)]
        [8, 2]

        Raises:
            ValueError: one of them would be empty.
        """
        held_out = round(part * len(self))
        if not 0 < held_out < len(self):
            what = f"a part of {part} of {len(self)} examples leaves one side empty"
            raise ValueError(f"Dataset.split: {what}; pass a part between 0 and 1")
        order = np.random.default_rng(seed).permutation(len(self))
        return Dataset(*self[np.sort(order[held_out:])]), Dataset(*self[np.sort(order[:held_out])])

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Write each array into a file of its own in a folder, ``0.npy`` and so on, for `open`."""
        place = Path(folder)
        place.mkdir(parents=True, exist_ok=True)
        for i, x in enumerate(self.arrays):
            np.save(place / f"{i}.npy", x, allow_pickle=False)

    @classmethod
    def open(cls, folder: str | os.PathLike[str]) -> "Dataset":
        """The data set in a folder, mapped into memory: rows are read when they are asked for.

        Raises:
            DataError: there is none, or a file is damaged.
        """
        files = sorted(Path(folder).glob("*.npy"), key=lambda file: (len(file.name), file.name))
        if not files:
            raise DataError(f"Dataset.open: {os.fspath(folder)} holds no .npy files; Dataset.save writes them")
        return cls(*map(open_npy, files))
