"""Shards of a minibatch: gradients of its parts, here or by the workers of an executor, and always added up in order.

p        parameters, a tree of arrays
batch    a tuple of arrays, whose rows are the examples
payload  the loss as bytes, as it goes to workers
"""

import functools
import importlib
import pickle
import warnings
from concurrent.futures import Executor
from typing import Any

import numpy as np

from tinygrad_edu.core.rules import Array, Function
from tinygrad_edu.train.batches import Batch
from tinygrad_edu.train.program import Program, TrainingWarning
from tinygrad_edu.transforms import value_and_grad
from tinygrad_edu.tree import Tree

_ATTEMPTS = 2  # by workers, before a shard is worked on here


class Shards:
    """The losses and gradients of the parts of a batch.

    Args:
        loss: ``loss(p, *batch)``, a mean over the rows of the batch.
        count: how many parts there are; the result depends on it, to rounding, and not on how many workers there are.
        executor: what works on them; anything with ``submit(function, *args)`` that gives futures.
    """

    def __init__(self, loss: Function, count: int, executor: Executor | None, compiled: bool) -> None:
        self.loss, self.count, self.executor, self.compiled = loss, count, executor, compiled
        self.checked = False
        self.here = Program(value_and_grad(loss), compiled)
        self.payload = b"" if executor is None else _payload(loss)

    def __call__(self, p: Tree, batch: Batch) -> tuple[list[float], list[Array], list[Tree]]:
        """How much of the batch each part is, its loss and its gradients."""
        n = len(batch[0])
        if not self.checked:
            self._check_mean(p, batch)
        parts = [*zip(*(np.array_split(x, min(self.count, n)) for x in batch), strict=True)]
        if self.executor is None:
            done = [self.here(p, *part) for part in parts]
        else:
            futures = [self._submit(p, part) for part in parts]
            done = [self._result(future, p, part) for future, part in zip(futures, parts, strict=True)]
        losses, slopes = zip(*done, strict=True)
        return [len(part[0]) / n for part in parts], list(losses), list(slopes)

    def _submit(self, p: Tree, part: Batch) -> Any:
        try:
            return self.executor and self.executor.submit(shard_gradients, self.payload, self.compiled, p, part)
        except Exception as error:  # a pool whose process died takes no more work
            return error

    def _result(self, future: Any, p: Tree, part: Batch) -> tuple[Array, Tree]:
        """What a worker made of a part; if workers fail, it is made here, which also tells of faults of the loss."""
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                if isinstance(future, Exception):
                    raise future
                return future.result()  # type: ignore[no-any-return]
            except Exception as error:
                failed = error
            if attempt < _ATTEMPTS:
                future = self._submit(p, part)
        what = f"a worker failed with {type(failed).__name__}: {failed}"
        warnings.warn(f"Trainer: {what}; its shard is worked on here", TrainingWarning, stacklevel=2)
        return self.here(p, *part)  # type: ignore[no-any-return]

    def _check_mean(self, p: Tree, batch: Batch) -> None:
        """Make sure that the loss is a mean over rows, or shards would add up to something else.

        Raises:
            ValueError: it is not.
        """
        self.checked = True
        rows = min(len(batch[0]), 2 * -(-len(batch[0]) // self.count))  # those of two shards
        if rows < 2:
            return
        half = rows // 2
        value, first, second = (
            float(self.loss(p, *(x[part] for x in batch))) for part in (slice(rows), slice(half), slice(half, rows))
        )
        mean = (half * first + (rows - half) * second) / rows
        size = max(abs(value), abs(first), abs(second))
        if abs(value - mean) > 1e-3 * size:
            what = f"of {rows} rows it is {value:.6g}, and the mean of its halves is {mean:.6g}"
            raise ValueError(f"Trainer: shards={self.count} needs a loss that is a mean over rows; {what}")


def shard_gradients(payload: bytes, compiled: bool, p: Tree, part: Batch) -> tuple[Array, Tree]:
    """The loss of a part and its gradients, in the process of a worker."""
    return _program(payload, compiled)(p, *part)  # type: ignore[no-any-return]


@functools.lru_cache(maxsize=4)
def _program(payload: bytes, compiled: bool) -> Program:
    return Program(value_and_grad(pickle.loads(payload)), compiled)


def _payload(loss: Function) -> bytes:
    """The loss as bytes; cloudpickle, which comes with Dask, makes bytes of lambdas and inner functions too.

    Raises:
        TypeError: it cannot be sent.
    """
    try:
        return pickle.dumps(loss)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        try:
            return importlib.import_module("cloudpickle").dumps(loss)  # type: ignore[no-any-return]
        except ModuleNotFoundError:
            remedy = "define it at the top of a module, or pip install 'tinygrad_edu[scale]'"
            raise TypeError(f"Trainer: the loss cannot be sent to other processes: {error}; {remedy}") from None
