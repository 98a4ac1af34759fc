"""Minibatches: examples dealt out a few at a time, shuffled anew in each epoch.

n  how many examples there are
"""

from collections.abc import Iterator
from typing import Any

import numpy as np


def minibatches(*arrays: Any, size: int, epochs: int, seed: int) -> Iterator[tuple[Any, ...]]:
    """Batches of rows of `arrays`, every row once an epoch, in ⌈n / size⌉ batches an epoch.

    Batches of an epoch differ by one row at most, so that none is too small for a fair slope.

    >>> dealt = [rows for (rows,) in minibatches(np.arange(5), size=2, epochs=1, seed=0)]
    >>> [len(rows) for rows in dealt], sorted(np.concatenate(dealt).tolist())
    ([2, 2, 1], [0, 1, 2, 3, 4])

    Args:
        arrays: of shapes (n, ...), the same n.
        size: rows a batch, at most.
        epochs: how often each row is dealt.
        seed: the same seed deals the same batches.

    Raises:
        ValueError: the arrays differ in length or are empty, or `size` is less than 1.
    """
    lengths = {len(array) for array in arrays}
    if len(lengths) != 1 or 0 in lengths:
        raise ValueError(
            f"minibatches: got arrays of {sorted(lengths)} rows; pass arrays of the same length, not empty"
        )
    if size < 1:
        raise ValueError(f"minibatches: size is {size}; pass at least 1")
    return _deal(arrays, -(-lengths.pop() // size), epochs, np.random.default_rng(seed))


def _deal(arrays: tuple[Any, ...], count: int, epochs: int, rng: np.random.Generator) -> Iterator[tuple[Any, ...]]:
    for _ in range(epochs):
        for rows in np.array_split(rng.permutation(len(arrays[0])), count):
            yield tuple(array[rows] for array in arrays)
