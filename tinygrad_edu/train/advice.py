"""What often goes wrong in training, and how it shows in the numbers: sentences that say what to do.

z  an entry of the tape of the loss
n  rows of the batch
"""

import math
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from tinygrad_edu import tree
from tinygrad_edu.core.source_info import label
from tinygrad_edu.core.tape import order, payload
from tinygrad_edu.core.value import Value
from tinygrad_edu.functions import log_softmax, relu
from tinygrad_edu.train.batches import Batch
from tinygrad_edu.train.objective import Objective
from tinygrad_edu.train.program import TrainingWarning
from tinygrad_edu.train.state import State
from tinygrad_edu.tree import Tree

_ROWS = 256  # of a batch are looked at
_FEW = 16  # rows in which a unit may be 0 by chance
_UNITS = {2: (0,), 4: (0, 2, 3)}  # by number of axes, those along which a unit is the same: (n, k) and (n, k, h, w)
_DEAD = 0.25  # the share of dead units from which on it is said
_OFF = 2.0  # above ln(classes), from which on a first loss is far from a guess; logits of variance 1 add a half
_FAST, _SLOW = 0.1, 1e-6  # sizes of an update, in those of the weights
_SPIKE = 100.0  # times the median of an epoch, from which on a norm explodes


class Adviser:
    """Looks at training now and then, and warns of what it sees, of each kind once.

    It runs the loss once more before the first step, and after the first, second, fourth, eighth … epoch.
    """

    def __init__(self, objective: Objective) -> None:
        self.objective = objective
        self.warned: set[str] = set()

    def before_training(self, state: State, batch: Batch) -> None:
        """Look at the first loss."""
        self._look(first_loss, self._entries(state, batch))

    def after_epoch(self, before: Tree, state: State, norms: Sequence[float], batch: Batch) -> None:
        """Look at what an epoch came to; `before` is what its last step, on `batch`, began with."""
        self._look(exploding_norm, norms)
        if state.epoch & (state.epoch - 1) == 0:
            self._look(update_sizes, before, state.network, state.epoch)
            self._look(dead_units, self._entries(state, batch))

    def _entries(self, state: State, batch: Batch) -> list[Value]:
        """The tape of the loss on the first rows of a batch."""
        value, _ = self.objective(tree.map(Value, state.network), state.layers, *(x[:_ROWS] for x in batch))
        return order([value]) if isinstance(value, Value) else []

    def _look(self, look: Callable[..., Iterator[str]], *at: Any) -> None:
        for said in look(*at) if look.__name__ not in self.warned else ():
            self.warned.add(look.__name__)
            warnings.warn(f"Trainer: {said}", TrainingWarning, stacklevel=5)


def first_loss(tape: Sequence[Value]) -> Iterator[str]:
    """Whether the loss begins far above that of a guess, ln(classes)."""
    for z in tape:
        if z.function is log_softmax and np.ndim(payload(z.inputs[0])) == 2:
            classes, value = z.shape[-1], float(tape[-1].data)
            if classes > 1 and value > math.log(classes) + _OFF:
                guess = f"a guess among {classes} classes has ln({classes}) = {math.log(classes):.3g}"
                remedy = "it is sure of what it does not know: scale the weights of its last layer down, or its inputs"
                yield f"the loss of the network begins at {value:.3g}, and {guess}; {remedy}"
            return


def dead_units(tape: Sequence[Value]) -> Iterator[str]:
    """Units behind a relu that are 0 for every example: no gradient gets through them."""
    for z in tape:
        axes = _UNITS.get(z.ndim)
        rectified = z.function is relu or (z.function is np.maximum and any(_is_zero(x) for x in z.inputs))
        if rectified and axes and len(z) >= _FEW:
            dead = np.all(z.data == 0, axis=axes)
            if dead.mean() >= _DEAD:
                what = f"{np.sum(dead)} of {dead.size} units of {label(z.function)} are 0 for all of {len(z)} examples"
                remedy = "lower the learning rate, initialize anew, or use leaky_relu"
                yield f"{what}: they are dead, and no gradient gets through them; {remedy}"
                return


def update_sizes(before: Tree, after: Tree, epoch: int) -> Iterator[str]:
    """Whether the last update was large or tiny beside the weights, matrix by matrix."""
    for place, p, q in zip(tree.paths(before), tree.leaves(before), tree.leaves(after), strict=True):
        size = float(np.linalg.norm(np.reshape(p, -1)))
        if np.ndim(p) < 2 or not size:
            continue
        ratio = float(np.linalg.norm(np.reshape(q - p, -1))) / size
        if ratio > _FAST:
            yield f"one step changed {place} by {ratio:.0%} of its size; some 0.1 % is usual: lower the learning rate"
            return
        if ratio < _SLOW and epoch == 1:
            yield f"one step changed {place} by {ratio:.1g} of its size; some 0.001 is usual: raise the learning rate"
            return


def exploding_norm(norms: Sequence[float]) -> Iterator[str]:
    """Whether the norm of the gradients was, for a step, far beyond what it is in this epoch."""
    largest, usual = max(norms), float(np.median(norms))
    if len(norms) >= 10 and largest > _SPIKE * usual > 0:
        what = f"the norm of the gradients went up to {largest:.3g}, where {usual:.3g} is usual in this epoch"
        yield f"{what}; put optim.clip_by_global_norm before the optimizer, or lower the learning rate"


def _is_zero(x: Any) -> bool:
    return not isinstance(x, Value) and np.ndim(x) == 0 and bool(x == 0)
