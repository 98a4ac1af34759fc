"""All rows of a Jacobian from one sweep: the cotangents of every number of the outputs go back together.

n     the number of rows: how many numbers the outputs have
seed  what a row starts from: 1 for one number of the outputs, 0 for all others
g     cotangents of a variable, (n, *shape)
"""

import itertools
from contextlib import suppress
from typing import Any

import numpy as np

from tinygrad_edu.batch import Batch, unit_rows
from tinygrad_edu.recording import Tracer, recording
from tinygrad_edu.selection import gradients
from tinygrad_edu.trace import Trace, added_up

BYTES = 1 << 26  # a batch of the largest array on the tape takes no more; else the rows go in several batches
DENSE = 1 << 12  # batches of fewer numbers than this are quicker with all their zeros


def every_row(trace: Trace) -> list[Any]:
    """Give for each variable its cotangents from every number of the outputs, in order, (n, *shape)."""
    n = sum(z.size for z in trace.outputs)
    if n == 0:
        return [np.zeros((0, *x.shape), x.dtype) for x in trace.variables]
    watched = getattr(recording.get(), "watch", None) is not None
    if n > 1 and not watched and all(isinstance(z._data, (np.ndarray, np.generic, Tracer)) for z in trace.tape):
        # What a rule cannot do with a batch it can do with each row, or else it says so more clearly there.
        with suppress(Exception):
            return _in_batches(trace, n)
    return _one_by_one(trace)


def _in_batches(trace: Trace, n: int) -> list[Any]:
    """Sweep as few times as memory allows."""
    largest = max(z.size * z.dtype.itemsize for z in trace.tape)
    most = max(1, BYTES // max(largest, 1))
    swept = [_batch(trace, start, min(start + most, n)) for start in range(0, n, most)]
    return [g[0] if len(g) == 1 else np.concatenate(g) for g in zip(*swept, strict=True)]


def _batch(trace: Trace, start: int, stop: int) -> list[Any]:
    """Sweep the rows from `start` to `stop` at once."""
    seeds = added_up(trace.outputs, _seeds(trace, start, stop))
    swept, _ = gradients(trace.tape, seeds, trace.since, recorded=trace.recorded)
    return [_of_all(swept.get(x), x, stop - start) for x in trace.variables]


def _seeds(trace: Trace, start: int, stop: int) -> list[Any]:
    """Give the seeds of the rows from `start` to `stop`."""
    seeds: list[Any] = []
    firsts = itertools.accumulate((z.size for z in trace.outputs), initial=0)
    for z, first in zip(trace.outputs, firsts, strict=False):
        own = max(start - first, 0), min(stop - first, z.size)
        if own[0] >= own[1]:
            seeds.append(np.zeros(z.shape, z.dtype)[()])
            continue
        seed = unit_rows(stop - start, max(first - start, 0), *own, z.shape, z.dtype)
        seeds.append(Batch(seed.array) if trace.recorded or seed.n * seed.size < DENSE else seed)
    return seeds


def _of_all(g: Any, x: Any, n: int) -> Any:
    """Give what the sweep brought to a variable as one array."""
    if isinstance(g, Batch):
        return g.array
    return np.zeros((n, *x.shape), x.dtype) if g is None else np.broadcast_to(g, (n, *x.shape))


def _one_by_one(trace: Trace) -> list[Any]:
    """Sweep once for each row."""
    zeros = [np.zeros(z.shape, z.dtype) for z in trace.outputs]
    rows = []
    for k, z in enumerate(trace.outputs):
        for i in np.ndindex(z.shape):
            seeds = [zero.copy() for zero in zeros]
            seeds[k][i] = 1
            rows.append(trace.cotangents([seed[()] for seed in seeds], trace.recorded))
    return [np.stack(g) for g in zip(*rows, strict=True)]
