"""Minibatches: examples dealt out a few at a time, shuffled anew in each epoch.

n  how many examples there are
"""

import contextlib
import queue
import threading
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

import numpy as np

Rows = Any  # integers (n,), or a slice
T = TypeVar("T")


def minibatches(*arrays: Any, size: int, epochs: int, seed: int, prefetch: int = 0) -> Iterator[tuple[Any, ...]]:
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
        prefetch: how many batches are made in advance, in a thread of their own.

    Raises:
        ValueError: the arrays differ in length or are empty, or `size` is less than 1.
    """
    count = batches_an_epoch("minibatches", arrays, size)
    dealt = (rows for epoch in range(epochs) for rows in deal(len(arrays[0]), count, seed, epoch))
    return prefetched((take(arrays, rows) for rows in dealt), prefetch)


def batches_an_epoch(caller: str, arrays: Sequence[Any], size: int) -> int:
    """How many batches of at most `size` rows an epoch has.

    Raises:
        ValueError: as `minibatches`.
    """
    lengths = {len(array) for array in arrays}
    if len(lengths) != 1 or 0 in lengths:
        raise ValueError(f"{caller}: got arrays of {sorted(lengths)} rows; pass arrays of the same length, not empty")
    if size < 1:
        raise ValueError(f"{caller}: size is {size}; pass at least 1")
    return -(-lengths.pop() // size)


def deal(n: int, count: int, seed: int, epoch: int) -> list[Rows]:
    """The rows of each of the `count` batches of an epoch.

    They depend on nothing but these four numbers, so that whoever goes on in the middle of an epoch needs no more.

    >>> deal(5, 2, seed=0, epoch=3)
    [array([3, 0, 2]), array([1, 4])]
    """
    if count == 1:
        return [slice(None)]  # there is no order within a batch, and nothing need be copied
    return np.array_split(np.random.default_rng((seed, epoch)).permutation(n), count)


def take(arrays: Sequence[Any], rows: Rows) -> tuple[Any, ...]:
    """The same rows of each array."""
    return tuple(array[rows] for array in arrays)


def prefetched(items: Iterable[T], ahead: int) -> Iterator[T]:
    """The same items, up to `ahead` of them made in advance in a thread of their own; with 0, as they are.

    What the thread raises is raised here, in its place. The thread ends when the iterator is closed.

    >>> list(prefetched(range(5), ahead=2))
    [0, 1, 2, 3, 4]
    """
    return _from_thread(items, ahead) if ahead else iter(items)


def _from_thread(items: Iterable[T], ahead: int) -> Iterator[T]:
    ready: queue.Queue[tuple[str, Any]] = queue.Queue(ahead)
    closed = threading.Event()

    def put(*what: Any) -> None:
        while not closed.is_set():
            with contextlib.suppress(queue.Full):
                ready.put(what, timeout=0.1)
                return

    def work() -> None:
        try:
            for item in items:
                put("item", item)
                if closed.is_set():
                    return
            put("end", None)
        except BaseException as error:
            put("error", error)

    thread = threading.Thread(target=work, name="minibatches", daemon=True)
    thread.start()
    try:
        while True:
            kind, what = ready.get()
            if kind == "item":
                yield what
            elif kind == "error":
                raise what
            else:
                return
    finally:
        closed.set()
        thread.join()
