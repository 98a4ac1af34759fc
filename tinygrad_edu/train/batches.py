"""The minibatches of an epoch, which depend on the seed, the epoch and the step in it, and on nothing else."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygrad_edu.data import Dataset, deal, prefetched

Batch = tuple[Any, ...]  # arrays, whose rows are the examples

_AHEAD = 2  # batches that are read in advance from a disk


@dataclass(frozen=True)
class Batches:
    """How examples are dealt: so many rows a batch at most, None for all at once, and ``augment(rng, *batch)``."""

    size: int | None
    seed: int
    augment: Callable[..., Sequence[Any]] | None

    def count(self, examples: Dataset) -> int:
        """How many batches there are in an epoch."""
        n = len(examples)
        return -(-n // (self.size or n))

    def left(self, examples: Dataset, epoch: int, step: int) -> Iterator[Batch]:
        """The batches of an epoch from the `step`-th on."""
        dealt = [*enumerate(deal(len(examples), self.count(examples), self.seed, epoch))]
        made = (self._augmented(examples[rows], (self.seed, epoch, i)) for i, rows in dealt[step:])
        return prefetched(made, _AHEAD if examples.on_disk else 0)

    def _augmented(self, batch: Batch, seed: tuple[int, int, int]) -> Batch:
        return batch if self.augment is None else tuple(self.augment(np.random.default_rng(seed), *batch))
