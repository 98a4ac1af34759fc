"""Workloads B and C: one training step of a small and of a medium network, by hand and by ours.

sizes           numbers of units, from the input to the classes
layers, p       parameters, [w0, b0, w1, b1, …]; w of shape (inputs, outputs)
x, labels       the batch, of shape (n, inputs), and its classes, integers of shape (n,)
g               slopes of the mean cross-entropy, a list like p

Hidden layers are relu.
"""
# ruff: noqa: D102 - workload.Run describes the methods of a run

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from benchmarks.training import Training, cross_entropy


@dataclass(frozen=True)
class Task:
    """What to train, on how many samples at a time, in which dtype, by which update rule."""

    sizes: tuple[int, ...]
    batch: int
    dtype: str
    rule: str
    rate: float

    def first_parameters(self):
        """The parameters [w0, b0, …], normal with variance 2 / n, and 0 (He et al., 2015)."""
        draw = np.random.default_rng(0)
        p = []
        for n, m in pairwise(self.sizes):
            p += [draw.normal(0, (2 / n) ** 0.5, (n, m)).astype(self.dtype), np.zeros(m, self.dtype)]
        return p

    @property
    def names(self):
        """The names of the parameters."""
        return [f"{kind}{i}" for i in range(len(self.sizes) - 1) for kind in "wb"]

    def data(self):
        """The batch and its labels, at random."""
        draw = np.random.default_rng(1)
        x = draw.random((self.batch, self.sizes[0])).astype(self.dtype)
        return x, draw.integers(0, self.sizes[-1], self.batch)


SMALL = Task(sizes=(64, 32, 10), batch=32, dtype="float64", rule="sgd", rate=0.05)
MEDIUM = Task(sizes=(784, 256, 128, 10), batch=128, dtype="float32", rule="adam", rate=1e-3)


class ByHand(Training):
    """Forward and backward as one writes them in NumPy."""

    def slopes(self, x, labels):
        p = self.p
        last = len(p) - 2
        outputs = [x]
        for k in range(0, last, 2):
            outputs.append(np.maximum(outputs[-1] @ p[k] + p[k + 1], 0))
        value, d = cross_entropy(outputs[-1] @ p[last] + p[last + 1], labels)
        g = [outputs[-1].T @ d, d.sum(axis=0)]
        for k in range(last, 0, -2):
            d = (d @ p[k].T) * (outputs[k // 2] > 0)
            g = [outputs[k // 2 - 1].T @ d, d.sum(axis=0), *g]
        return value, g


class TwoLayersByHand(ByHand):
    """The same for one hidden layer and plain descent, in one piece: as fast as natural NumPy gets."""

    def step(self):
        x, labels, rate = self.x, self.wanted, self.task.rate
        w0, b0, w1, b1 = self.p
        n = len(labels)
        hidden = np.maximum(x @ w0 + b0, 0)
        logits = hidden @ w1 + b1
        e = np.exp(logits - logits.max(axis=1, keepdims=True))
        d = e / e.sum(axis=1, keepdims=True)
        rows = np.arange(n)
        value = -np.log(d[rows, labels]).mean()
        d[rows, labels] -= 1
        d /= n
        dh = (d @ w1.T) * (hidden > 0)
        w1 -= rate * (hidden.T @ d)
        b1 -= rate * d.sum(axis=0)
        w0 -= rate * (x.T @ dh)
        b0 -= rate * dh.sum(axis=0)
        return float(value)


def our_loss(tg):
    """Plain NumPy code, over a dict of arrays."""
    relu, cross_entropy = tg.functions.relu, tg.losses.cross_entropy

    def loss(p, x, labels):
        depth = len(p) // 2
        for i in range(depth):
            x = x @ p[f"w{i}"] + p[f"b{i}"]
            if i < depth - 1:
                x = relu(x)
        return cross_entropy(x, labels)

    return loss
