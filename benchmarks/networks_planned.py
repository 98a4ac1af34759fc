"""Workloads B and C by hand once more, nothing allocated: every result is written into a buffer with `out=`.

a         outputs of the layers, a[0] the batch
d         slopes with respect to the outputs of the layers before relu
on        where relu let through
scratch   a buffer the shape of each parameter, for the update rule
g, m, v   as in `networks`
"""
# ruff: noqa: D102 - workload.Run describes the methods of a run

import numpy as np

from benchmarks.networks import DECAY, SGD, TINY, Adam, Training


class Planned(Training):
    """Forward, backward and update into buffers that are made once."""

    def __init__(self, task):
        n, dtype = task.batch, task.dtype
        self.a = [np.empty((n, units), dtype) for units in task.sizes[1:]]
        self.d = [np.empty((n, units), dtype) for units in task.sizes[1:]]
        self.on = [np.empty((n, units), bool) for units in task.sizes[1:-1]]
        self.column = np.empty((n, 1), dtype)
        self.rows = np.arange(n)
        self.g = [np.empty_like(p) for p in task.first_parameters()]
        super().__init__(task)
        self.rule = {"sgd": PlannedSGD, "adam": PlannedAdam}[task.rule](self.p, task.rate)

    def slopes(self, x, labels):
        value = self._forward(x, labels)
        self._backward(x, labels)
        return value, self.g

    def _forward(self, x, labels):
        """Leave probabilities where the logits were, and give the loss."""
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


class PlannedSGD(SGD):
    """As `networks.SGD`, into scratch buffers."""

    def __init__(self, parameters, rate):
        super().__init__(parameters, rate)
        self.scratch = [np.empty_like(p) for p in parameters]

    def update(self, parameters, gradients):
        for p, g, s in zip(parameters, gradients, self.scratch, strict=True):
            np.multiply(g, self.rate, s)
            np.subtract(p, s, p)


class PlannedAdam(Adam):
    """As `networks.Adam`, into scratch buffers."""

    def __init__(self, parameters, rate):
        super().__init__(parameters, rate)
        self.scratch = [np.empty_like(p) for p in parameters]

    def update(self, parameters, gradients):
        self.count += 1
        first, second = DECAY
        correction = (1 - second**self.count) ** 0.5
        rate, tiny = self.rate * correction / (1 - first**self.count), TINY * correction
        for p, g, m, v, s in zip(parameters, gradients, self.m, self.v, self.scratch, strict=True):
            np.multiply(m, first, m)
            np.multiply(g, 1 - first, s)
            np.add(m, s, m)
            np.multiply(v, second, v)
            np.multiply(g, g, s)
            np.multiply(s, 1 - second, s)
            np.add(v, s, v)
            np.sqrt(v, s)
            np.add(s, tiny, s)
            np.divide(m, s, s)
            np.multiply(s, rate, s)
            np.subtract(p, s, p)
