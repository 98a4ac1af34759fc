"""The loop of training, a compiled step for each batch of examples.

parameters  the tree that learns, such as a network
loss        the function made small: ``loss(parameters, *batch)`` gives one number
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from tinygrad_edu.core.rules import Array, Function
from tinygrad_edu.core.value import no_grad
from tinygrad_edu.optim import Optimizer, sgd
from tinygrad_edu.train.program import Program
from tinygrad_edu.transforms import value_and_grad
from tinygrad_edu.tree import Tree


@dataclass(frozen=True)
class Fit:
    """What training gave: the parameters, the loss before each step, and whether Ctrl-C ended it early."""

    parameters: Tree
    losses: list[float]
    interrupted: bool = False

    def _repr_html_(self) -> str:
        """What notebooks show: how the loss went, in words and as a curve."""
        said = f"{len(self.losses):,} steps{', then stopped by Ctrl-C' * self.interrupted}"
        if len(self.losses) < 2:
            return f"<p>{said}</p>"
        low, high = min(self.losses), max(self.losses)
        scale = 78 / (high - low or 1.0)
        every = -(-len(self.losses) // 400)  # as many points as there are pixels
        points = [
            f"{400 * i / (len(self.losses) - 1):.1f},{1 + (high - loss) * scale:.1f}"
            for i, loss in enumerate(self.losses)
            if i % every == 0 or i == len(self.losses) - 1
        ]
        line = f'<polyline points="{" ".join(points)}" fill="none" stroke="#2f6db3" stroke-width="1.5"/>'
        curve = f'<svg width="400" height="80" role="img" aria-label="the loss at each step">{line}</svg>'
        return f"<p>{said}: the loss went from {self.losses[0]:.4g} to {self.losses[-1]:.4g}</p>{curve}"


def fit(
    parameters: Tree,
    loss: Function,
    batches: Iterable[tuple[Any, ...]],
    learning_rate: float | Optimizer,
    progress: Callable[[int, float], object] | None = None,
) -> Fit:
    """What a step of gradient descent for each batch makes of the parameters.

    >>> fit(4.0, lambda p, x: (p - x) ** 2, [(1.0,)] * 3, learning_rate=0.25)
    Fit(parameters=np.float64(1.375), losses=[9.0, 2.25, 0.5625], interrupted=False)

    Args:
        parameters: any tree of numbers, arrays or Values; it is not written into.
        loss: called as ``loss(parameters, *batch)``, it gives one number.
        batches: an iterable of tuples, such as `minibatches` gives, or ``itertools.repeat(examples, steps)``.
        learning_rate: how far to step, per unit of slope, as in the post; or an optimizer, as ``optim.adam(0.01)``.
        progress: called after each step with the number of steps taken and the loss before the step.

    Returns:
        The fit. Ctrl-C ends training early and keeps what whole steps have learnt.

    Raises:
        FloatingPointError: the loss is infinite or not a number; the message names the step.
        TypeError: a batch is no tuple.
    """
    optimizer = learning_rate if isinstance(learning_rate, Optimizer) else sgd(learning_rate)
    slopes = value_and_grad(loss)

    def step(parameters: Tree, state: Tree, *batch: Any) -> tuple[Array, Tree, Tree]:
        value, gradient = slopes(parameters, *batch)
        return value, *optimizer.update(gradient, state, parameters)

    program, losses = Program(step), list[float]()
    try:
        state = optimizer.init(parameters)
        for count, batch in enumerate(batches, 1):
            if not isinstance(batch, (tuple, list)):
                raise TypeError(
                    f"fit: a batch is a {type(batch).__name__}; pass tuples of what the loss takes, as (x,)"
                )
            with no_grad():
                value, *after = program(parameters, state, *batch)
                losses.append(_finite(float(value), count, learning_rate))
            parameters, state = after
            if progress is not None:
                progress(count, losses[-1])
    except KeyboardInterrupt:
        return Fit(parameters, losses, interrupted=True)
    return Fit(parameters, losses)


def _finite(loss: float, step: int, learning_rate: float | Optimizer) -> float:
    if not math.isfinite(loss):
        now = "" if isinstance(learning_rate, Optimizer) else f", now {learning_rate}"
        remedy = f"lower the learning rate{now}, or look for bad numbers in the data"
        raise FloatingPointError(f"fit: the loss is {loss} at step {step}; {remedy}")
    return loss
