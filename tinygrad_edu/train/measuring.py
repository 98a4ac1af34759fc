"""What a network is worth on examples: means of the loss and of metrics over all of them."""

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np

from tinygrad_edu.core.rules import Array, Function
from tinygrad_edu.data import Dataset
from tinygrad_edu.train.objective import Objective
from tinygrad_edu.train.program import Program
from tinygrad_edu.tree import Tree

_ROWS = 1024  # at a time


class Measures:
    """The loss in evaluation and metrics, each a mean over rows, by name."""

    def __init__(self, objective: Objective, metrics: Mapping[str, Function], compiled: bool) -> None:
        self.names = ["loss", *metrics]
        self._program = Program(objective.measure(metrics), compiled)

    def __call__(self, p: Tree, layers: Tree, examples: Dataset) -> dict[str, float]:
        """The mean of each over all rows."""
        n = len(examples)
        total = np.zeros(len(self.names))
        ends = np.linspace(0, n, -(-n // _ROWS) + 1).astype(int).tolist()
        for start, end in itertools.pairwise(ends):
            total += (end - start) * np.array(self._program(p, layers, *examples[start:end]), np.float64)
        return dict(zip(self.names, (total / n).tolist(), strict=True))


def accuracy(network: Any, x: Array, labels: Array) -> Array:
    """The share of examples for which the largest of the network's outputs (n, k) is that of the label (n,).

    >>> accuracy(lambda x: x, np.array([[0.1, 0.9], [0.8, 0.2]]), np.array([1, 1]))
    np.float64(0.5)
    """
    return np.mean(np.argmax(network(x), axis=-1) == labels)
