"""One step of training: the gradient of the loss, its norm, and what an optimizer makes of it.

p        parameters, a tree of arrays
g        gradients, a tree like p
state    the optimizer's
layers   the state that layers keep
batch    a tuple of arrays, whose rows are the examples
shards   parts of a batch, worked on one after the other or by several processes
weights  how much of the batch each shard is
"""

import math
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import Any

import numpy as np

from tinygrad_edu import tree
from tinygrad_edu.check import detect_nan
from tinygrad_edu.core.rules import Array
from tinygrad_edu.optim.optimizer import Optimizer, times
from tinygrad_edu.train.batches import Batch
from tinygrad_edu.train.objective import Objective
from tinygrad_edu.train.program import Program
from tinygrad_edu.train.shards import Shards
from tinygrad_edu.transforms import value_and_grad
from tinygrad_edu.tree import Tree

Stepped = tuple[Array, Array, Tree, Tree, Tree]  # the loss, the squared norm of the gradients; p, state, layers after


class Stepper:
    """Makes steps, unless something in one is not finite.

    Args:
        objective: the loss.
        optimizer: what makes new parameters of gradients.
        shards: how many parts a batch is worked on in.
        executor: what works on them, if it is not this process.
        compiled: whether to compile.
    """

    def __init__(
        self, objective: Objective, optimizer: Optimizer, shards: int, executor: Executor | None, compiled: bool
    ) -> None:
        self.objective = objective
        self._shards = Shards(objective.loss, shards, executor, compiled) if shards > 1 or executor else None
        self._program = Program(_update(optimizer) if self._shards else _step(objective, optimizer), compiled)

    def __call__(self, p: Tree, state: Tree, layers: Tree, batch: Batch) -> tuple[float, float, Tree, Tree, Tree]:
        """The loss, the norm of its gradients, and p, the state and the layers' after the step.

        Raises:
            FloatingPointError: something is not finite; the message names the operation that made it, if one did.
        """
        given = batch if self._shards is None else self._shards(p, batch)
        value, squared, *after = self._program(p, state, layers, *given)
        if not (math.isfinite(value) and math.isfinite(squared)):
            squared = self._check_finite(p, layers, batch)
        return float(value), math.sqrt(squared), *after

    def _check_finite(self, p: Tree, layers: Tree, batch: Batch) -> float:
        """The squared norm of gradients that are finite, and only their squares are not in their dtype."""
        after = "Trainer: a step was not made, and the network is as it was before"
        try:
            with detect_nan():
                (value, _), g = value_and_grad(self.objective, has_aux=True)(p, layers, *batch)
        except FloatingPointError as error:
            raise type(error)(f"{after}: {error}") from None
        leaves = tree.leaves(g)
        if np.isfinite(value) and all(np.isfinite(x).all() for x in leaves):
            return float(sum(np.sum(np.square(x, dtype=np.float64)) for x in leaves))
        bad = [f"array {i} of the batch" for i, x in enumerate(batch) if not np.isfinite(x).all()]
        bad += [
            f"the network at {place}"
            for place, x in zip(tree.paths(p), tree.leaves(p), strict=True)
            if not np.isfinite(x).all()
        ]
        what = f"{bad[0]} is not finite" if bad else "no single operation made that; lower the learning rate"
        raise FloatingPointError(f"{after}: its loss is {float(value)}, and {what}")


def _step(objective: Objective, optimizer: Optimizer) -> Callable[..., Stepped]:
    """The function of p, state, layers and a batch that makes a step."""
    slopes = value_and_grad(objective, has_aux=True)

    def step(p: Tree, state: Tree, layers: Tree, *batch: Any) -> Stepped:
        (value, layers), g = slopes(p, layers, *batch)
        after, following = optimizer.update(g, state, p)
        return value, _squared_norm(g), after, following, layers

    return step


def _update(optimizer: Optimizer) -> Callable[..., Stepped]:
    """The function of p, state, layers, and the weights, losses and gradients of shards that makes a step."""

    def step(
        p: Tree, state: Tree, layers: Tree, weights: Sequence[float], losses: Sequence[Array], slopes: Sequence[Tree]
    ) -> Stepped:
        value = _weighted(weights, losses)
        g = tree.map(lambda *each: _weighted(weights, each), *slopes)
        after, following = optimizer.update(g, state, p)
        return value, _squared_norm(g), after, following, layers

    return step


def _weighted(weights: Sequence[float], parts: Sequence[Array]) -> Array:
    """The weighted sum, from the first to the last, whoever computed the parts."""
    total = times(weights[0], parts[0])
    for weight, part in zip(weights[1:], parts[1:], strict=True):
        total = total + times(weight, part)
    return total


def _squared_norm(g: Tree) -> Array:
    total: Any = 0.0
    for leaf in tree.leaves(g):
        flat = np.reshape(leaf, -1)
        flat = flat.astype(np.float32) if flat.dtype.itemsize < 4 else flat  # squares of float16 overflow at 256
        total = total + flat @ flat
    return total
