"""Workloads B and C by hand once more, nothing allocated: every result is written into a buffer with `out=`.

a         outputs of the layers, a[0] the batch
d         slopes with respect to the outputs of the layers before relu
on        where relu let through
g         as in `networks`
"""
# ruff: noqa: D102 - workload.Run describes the methods of a run

import numpy as np

from benchmarks.training import PlannedTraining


class Planned(PlannedTraining):
    """Forward, backward and update into buffers that are made once."""

    def __init__(self, task):
        n, dtype = task.batch, task.dtype
        self.a = [np.empty((n, units), dtype) for units in task.sizes[1:]]
        self.d = [np.empty((n, units), dtype) for units in task.sizes[1:]]
        self.on = [np.empty((n, units), bool) for units in task.sizes[1:-1]]
        self.column = np.empty((n, 1), dtype)
        self.rows = np.arange(n)
        super().__init__(task)

    def slopes(self, x, labels):
        value = self._forward(x, labels)
        self._backward(x, labels)
        return value, self.g

    def _forward(self, x, labels):
        """The loss; probabilities are left where the logits were."""
        for k, z in enumerate(self.a):
            np.dot(x, self.p[2 * k], z)
            np.add(z, self.p[2 * k + 1], z)
            if k < len(self.on):
                np.greater(z, 0, self.on[k])
                x = np.maximum(z, 0, out=z)
        np.maximum.reduce(z, axis=1, keepdims=True, out=self.column)
        np.subtract(z, self.column, z)
        chosen = z[self.rows, labels]
        np.exp(z, z)
        np.add.reduce(z, axis=1, keepdims=True, out=self.column)
        np.divide(z, self.column, z)
        np.log(self.column, self.column)
        return (np.add.reduce(self.column[:, 0]) - np.add.reduce(chosen)) / len(labels)

    def _backward(self, x, labels):
        d = self.a[-1]
        d[self.rows, labels] -= 1
        np.multiply(d, d.dtype.type(1 / len(labels)), d)
        for k in reversed(range(len(self.a))):
            before = self.a[k - 1] if k else x
            np.dot(before.T, d, self.g[2 * k])
            np.add.reduce(d, axis=0, out=self.g[2 * k + 1])
            if k:
                below = self.d[k - 1]
                np.dot(d, self.p[2 * k].T, below)
                d = np.multiply(below, self.on[k - 1], below)
