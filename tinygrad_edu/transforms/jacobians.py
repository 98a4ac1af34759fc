"""All rows of a Jacobian from one sweep: the cotangents of every number of the outputs go back together.

n     the number of rows: how many numbers the outputs have
seed  what a row starts from: 1 for one number of the outputs, 0 for all others
g     cotangents of a variable, (n, *shape)
"""

from contextlib import suppress
from typing import Any

import numpy as np

from tinygrad_edu.core.context import Tracer, recording
from tinygrad_edu.core.masking import gradients
from tinygrad_edu.transforms.batching import Batch, identity_rows
from tinygrad_edu.transforms.pullback import Trace, sum_seeds

BYTES = 1 << 26  # a batch of the largest array on the tape takes no more; else the rows go in several batches
DENSE = 1 << 14  # batches of fewer numbers than this are quicker with all their zeros, unless they are traced


def batched_rows(trace: Trace) -> list[Any]:
    """Give for each variable its cotangents from every number of the outputs, in order, (n, *shape)."""
    n = sum(z.size for z in trace.outputs)
    if n == 0:
        return [np.zeros((0, *x.shape), x.dtype) for x in trace.variables]
    watched = getattr(recording.get(), "watch", None) is not None
    if n > 1 and not watched and all(isinstance(z._data, (np.ndarray, np.generic, Tracer)) for z in trace.tape):
        # What a rule cannot do with a batch it can do with each row, or else it says so more clearly there.
        with suppress(Exception):
            return in_batches(trace, n)
    return row_by_row(trace)


def in_batches(trace: Trace, n: int) -> list[Any]:
    """Sweep as few times as memory allows."""
    largest = max(z.size * z.dtype.itemsize for z in trace.tape)
    most = max(1, BYTES // max(largest, 1))
    swept = [_batch(trace, start, min(start + most, n)) for start in range(0, n, most)]
    return [g[0] if len(g) == 1 else np.concatenate(g) for g in zip(*swept, strict=True)]


def _batch(trace: Trace, start: int, stop: int) -> list[Any]:
    """Sweep the rows from `start` to `stop` at once.

    Only where a number is not zero is it multiplied, so 0 · ∞ is no matter; with all zeros written out it may be.
    """
    large = (stop - start) * max(z.size for z in trace.outputs) >= DENSE
    scattered = not trace.recorded and (large or any(isinstance(z._data, Tracer) for z in trace.outputs))
    rows = _swept(trace, start, stop, scattered)
    spoilt = not scattered and not trace.recorded and any(np.isnan(g).any() for g in rows)
    return _swept(trace, start, stop, True) if spoilt else rows


def _swept(trace: Trace, start: int, stop: int, scattered: bool) -> list[Any]:
    seeds = _seeds(trace, start, stop)
    if not scattered:
        seeds = [Batch(seed.array) if isinstance(seed, Batch) else seed for seed in seeds]
    swept, _ = gradients(trace.tape, sum_seeds(trace.outputs, seeds), trace.since, recorded=trace.recorded)
    return [_of_all(swept.get(x), x, stop - start) for x in trace.variables]


def _seeds(trace: Trace, start: int, stop: int) -> list[Any]:
    """Give the seeds of the rows from `start` to `stop`."""
    seeds: list[Any] = []
    first = 0  # the row with which an output begins
    for z in trace.outputs:
        own = max(start - first, 0), min(stop - first, z.size)
        if own[0] < own[1]:
            seeds.append(identity_rows(stop - start, max(first - start, 0), *own, z.shape, z.dtype))
        else:
            seeds.append(np.zeros(z.shape, z.dtype)[()])
        first += z.size
    return seeds


def _of_all(g: Any, x: Any, n: int) -> Any:
    """Give what the sweep brought to a variable as one array."""
    if isinstance(g, Batch):
        return g.array
    return np.zeros((n, *x.shape), x.dtype) if g is None else np.broadcast_to(g, (n, *x.shape))


def row_by_row(trace: Trace) -> list[Any]:
    """Sweep once for each row."""
    zeros = [np.zeros(z.shape, z.dtype) for z in trace.outputs]
    rows = []
    for k, z in enumerate(trace.outputs):
        for i in np.ndindex(z.shape):
            seeds = [zero.copy() for zero in zeros]
            seeds[k][i] = 1
            rows.append(trace.cotangents([seed[()] for seed in seeds], trace.recorded))
    return [np.stack(g) for g in zip(*rows, strict=True)]
