"""The training loop of the short lessons: every step sees all examples.

loss       the function made small: ``loss(parameters, *examples)`` gives one number
optimizer  says how far each step goes
"""

from typing import Any

from tinygrad_edu.compiler import compile
from tinygrad_edu.core.rules import Function
from tinygrad_edu.core.value import no_grad
from tinygrad_edu.optim import Optimizer
from tinygrad_edu.transforms import value_and_grad
from tinygrad_edu.tree import Tree


def train(
    start: Tree, loss: Function, examples: tuple[Any, ...], optimizer: Optimizer, steps: int
) -> tuple[Tree, list[float]]:
    """What so many steps make of the parameters, and the loss before each of them.

    >>> from tinygrad_edu.optim import sgd
    >>> train(4.0, lambda p, x: (p - x) ** 2, (1.0,), sgd(0.25), steps=3)
    (np.float64(1.375), [9.0, 2.25, 0.5625])
    """
    slopes = value_and_grad(loss)

    @compile
    def step(parameters: Tree, state: Tree, *examples: Any) -> tuple[Any, Tree, Tree]:
        value, gradient = slopes(parameters, *examples)
        parameters, state = optimizer.update(gradient, state, parameters)
        return value, parameters, state

    parameters, state, losses = start, optimizer.init(start), []
    with no_grad():
        for _ in range(steps):
            value, parameters, state = step(parameters, state, *examples)
            losses.append(float(value))
    return parameters, losses
