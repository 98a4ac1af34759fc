"""Jacobians and Hessians: all rows from one sweep, in which the cotangents of every number of the outputs go together.

run   one run of the function on Values, a `Pullback`
n     the number of rows: how many numbers the outputs have
seed  what a row starts from: 1 for one number of the outputs, 0 for all others
g     cotangents of a variable, (n, *shape)
"""

import math
from contextlib import suppress
from typing import Any

import numpy as np

from tinygrad_edu.core.context import Tracer, current_listener
from tinygrad_edu.core.dtypes import is_complex
from tinygrad_edu.core.masking import has_nan
from tinygrad_edu.core.rules import Array, Function, Inputs, Keywords
from tinygrad_edu.core.tape import Entry
from tinygrad_edu.transforms.batching import Batch, identity_rows
from tinygrad_edu.transforms.gradients import grad
from tinygrad_edu.transforms.pullback import (
    Argnums,
    Pullback,
    Transformed,
    function_of,
    several,
    sum_seeds,
    to_caller,
)

BYTES = 1 << 26  # a batch of the largest array on the tape takes no more; else the rows go in several batches
DENSE = 1 << 14  # batches of fewer numbers than this are quicker with all their zeros, unless they are traced


def jacobian(f: Function, argnums: Argnums = 0) -> Function:
    """The function that gives every slope of every output of `f`, of shape output + input.

    Outputs and arguments may be trees: the result is a tree like the output, of trees like the argument.

    >>> jacobian(lambda x: x ** 2)(np.array([1.0, 3.0]))
    array([[2., 0.],
           [0., 6.]])

    Raises:
        TypeError: an output is complex, so that its slopes by a complex number are four numbers each.
    """
    return Transformed(_slopes, function_of("jacobian", f), argnums)


def _slopes(f: Function, argnums: Argnums, args: Inputs, keywords: Keywords) -> Any:
    """Every slope of every output of `f` for these arguments."""
    run = Pullback("jacobian", f, args, argnums, keywords)
    if any(map(is_complex, run.outputs)):
        remedy = "take the Jacobian of np.real and np.imag of it, or pull seeds back with vjp"
        raise TypeError(f"jacobian: the function returned complex numbers; {remedy}")
    rows = batched_rows(run)
    made = []
    start = 0
    for z in run.outputs:
        shape = run.shape_of(z)
        stop = start + math.prod(shape)
        parts = rows if len(run.outputs) == 1 else [g[start:stop] for g in rows]
        start = stop
        shaped = [g if len(shape) == 1 else np.reshape(g, shape + g.shape[1:]) for g in parts]
        if run.sizes:  # the axes of examples go in front
            shaped = [
                np.moveaxis(g, [*range(len(shape), len(shape + run.sizes))], [*range(len(run.sizes))]) for g in shaped
            ]
        own = zip(shaped, run.numbers, strict=True)
        one = run.rebuild(run.wrapped([to_caller(g, run.recorded, isinstance(x, Entry)) for g, x in own]))
        made.append(tuple(one) if several(argnums) else one[0])
    return run.rebuild_output(made)


def hessian(f: Function, argnums: int | str = 0) -> Function:
    """The function that gives the second derivatives of `f`: the Jacobian of its gradient.

    >>> hessian(lambda x: x[0] ** 2 * x[1])(np.array([3.0, 2.0]))
    array([[4., 6.],
           [6., 0.]])
    """
    return jacobian(grad(function_of("hessian", f), argnums), argnums)


def batched_rows(run: Pullback) -> list[Array]:
    """For each variable its cotangents from every number of the outputs, in order, (n, *shape)."""
    n = sum(math.prod(run.shape_of(z)) for z in run.outputs)
    if n == 0:
        return [np.zeros((0, *x.shape), x.dtype) for x in run.variables]
    if (
        n > 1
        and current_listener() is None
        and all(isinstance(z._payload, (np.ndarray, np.generic, Tracer)) for z in run.tape)
    ):
        # What a rule cannot do with a batch it can do with each row, or else it says so more clearly there.
        with suppress(Exception):
            rows = in_batches(run, n)
            if not any(map(has_nan, rows)):  # masks, which look for what has no influence, are those of one row
                return rows
    return row_by_row(run)


def in_batches(run: Pullback, n: int) -> list[Array]:
    """As `batched_rows`, from as few sweeps as memory allows."""
    largest = max(z.size * z.dtype.itemsize for z in run.tape)
    most = max(1, BYTES // max(largest, 1))
    swept = [_batch(run, start, min(start + most, n)) for start in range(0, n, most)]
    return [g[0] if len(g) == 1 else np.concatenate(g) for g in zip(*swept, strict=True)]


def _batch(run: Pullback, start: int, stop: int) -> list[Array]:
    """The rows from `start` to `stop`, from one sweep."""
    seeds = _seeds(run, start, stop)
    if run.sizes:
        seeds = [_for_all_examples(seed, run.sizes) for seed in seeds]
    large = (stop - start) * max(z.size for z in run.outputs) >= DENSE
    if run.recorded or not (large or any(isinstance(z._payload, Tracer) for z in run.outputs)):
        seeds = [Batch(seed.array) if isinstance(seed, Batch) else seed for seed in seeds]
    swept = run.sweep(sum_seeds(run.outputs, seeds), run.recorded)
    return [_as_rows(swept.get(x), x, stop - start) for x in run.variables]


def _seeds(run: Pullback, start: int, stop: int) -> list[Array]:
    """The seeds of the rows from `start` to `stop`."""
    seeds: list[Any] = []
    first = 0  # the row with which an output begins
    for z in run.outputs:
        shape = run.shape_of(z)
        own = max(start - first, 0), min(stop - first, math.prod(shape))
        if own[0] < own[1]:
            seeds.append(identity_rows(stop - start, max(first - start, 0), *own, shape, z.dtype))
        else:
            seeds.append(np.zeros(shape, z.dtype)[()])
        first += math.prod(shape)
    return seeds


def _for_all_examples(seed: Array, sizes: tuple[int, ...]) -> Array:
    """A seed inside of `vmap`: the same for all examples."""
    if not isinstance(seed, Batch):
        return np.broadcast_to(seed, sizes + np.shape(seed))
    spread = np.reshape(seed.array, (seed.n, *(1,) * len(sizes), *seed.shape))
    return Batch(np.broadcast_to(spread, (seed.n, *sizes, *seed.shape)))


def _as_rows(g: Any, x: Any, n: int) -> Any:
    """What the sweep brought to a variable, as one array."""
    if isinstance(g, Batch):
        return g.array
    return np.zeros((n, *x.shape), x.dtype) if g is None else np.broadcast_to(g, (n, *x.shape))


def row_by_row(run: Pullback) -> list[Array]:
    """As `batched_rows`, from a sweep for each row."""
    zeros = [np.zeros(z.shape, z.dtype) for z in run.outputs]
    rows = []
    for k, z in enumerate(run.outputs):
        for i in np.ndindex(run.shape_of(z)):
            seeds = [zero.copy() for zero in zeros]
            seeds[k][(..., *i)] = 1
            rows.append(run.cotangents([seed[()] for seed in seeds], run.recorded))
    return [np.stack(g) for g in zip(*rows, strict=True)]
