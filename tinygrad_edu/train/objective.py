"""What is made small: a loss, with or without a state that layers keep, and what is measured beside it.

p       parameters, a tree of arrays
layers  what layers keep from step to step and is not learnt, such as running statistics: a tree of arrays
batch   arrays whose rows are the examples
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tinygrad_edu.core.rules import Array, Function
from tinygrad_edu.tree import Tree


@dataclass(frozen=True)
class Objective:
    """The loss as the trainer calls it, whether layers keep a state or not."""

    loss: Function
    keeps_state: bool

    def __call__(self, p: Tree, layers: Tree, *batch: Any) -> tuple[Array, Tree]:
        """The loss in training, and the next state of the layers."""
        if not self.keeps_state:
            return self.loss(p, *batch), layers
        return self.loss(p, layers, *batch, training=True)  # type: ignore[no-any-return]

    def evaluate(self, p: Tree, layers: Tree, *batch: Any) -> Array:
        """The loss in evaluation."""
        return self.loss(p, layers, *batch, training=False)[0] if self.keeps_state else self.loss(p, *batch)

    def measure(self, metrics: Mapping[str, Function]) -> Function:
        """The function of p, layers and a batch that gives the loss in evaluation, and all metrics."""
        functions = tuple(metrics.values())

        def measured(p: Tree, layers: Tree, *batch: Any) -> tuple[Any, ...]:
            network = Evaluated(p, layers) if self.keeps_state else p
            return self.evaluate(p, layers, *batch), *(f(network, *batch) for f in functions)

        return measured


@dataclass(frozen=True)
class Evaluated:
    """A network that is called with the state it has, as a function of its input."""

    network: Any
    state: Tree

    def __call__(self, x: Array) -> Array:
        """The output in evaluation."""
        return self.network.apply(x, self.state, training=False)[0]
