"""The loop of gradient descent over batches of examples.

parameters  the tree that learns, such as a network
loss        the function made small: ``loss(parameters, *batch)`` gives one number
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from tinygrad_edu.core.rules import Function
from tinygrad_edu.core.value import no_grad
from tinygrad_edu.optim import descend
from tinygrad_edu.transforms import value_and_grad
from tinygrad_edu.tree import Tree


@dataclass(frozen=True)
class Fit:
    """What training gave: the parameters, the loss before each step, and whether Ctrl-C ended it early."""

    parameters: Tree
    losses: list[float]
    interrupted: bool = False


def fit(
    parameters: Tree,
    loss: Function,
    batches: Iterable[tuple[Any, ...]],
    learning_rate: float,
    progress: Callable[[int, float], object] | None = None,
) -> Fit:
    """What a step of gradient descent for each batch makes of the parameters.

    >>> fit(4.0, lambda p, x: (p - x) ** 2, [(1.0,)] * 3, learning_rate=0.25)
    Fit(parameters=np.float64(1.375), losses=[9.0, 2.25, 0.5625], interrupted=False)

    Args:
        parameters: any tree of numbers, arrays or Values; it is not written into.
        loss: called as ``loss(parameters, *batch)``, it gives one number.
        batches: an iterable of tuples, such as `minibatches` gives.
        learning_rate: how far to step, per unit of slope.
        progress: called after each step with the number of steps taken and the loss before the step.

    Returns:
        The fit. Ctrl-C ends training early and keeps what whole steps have learnt.

    Raises:
        FloatingPointError: the loss is infinite or not a number; the message names the step.
    """
    slopes = value_and_grad(loss)
    losses: list[float] = []
    try:
        for step, batch in enumerate(batches, 1):
            with no_grad():
                value, gradients = slopes(parameters, *batch)
                losses.append(_finite(float(value), step, learning_rate))
                parameters = descend(parameters, gradients, learning_rate)
            if progress is not None:
                progress(step, losses[-1])
    except KeyboardInterrupt:
        return Fit(parameters, losses, interrupted=True)
    return Fit(parameters, losses)


def _finite(loss: float, step: int, learning_rate: float) -> float:
    if not math.isfinite(loss):
        raise FloatingPointError(
            f"fit: the loss is {loss} at step {step}; lower the learning rate, now {learning_rate}, "
            "or look for bad numbers in the data"
        )
    return loss
