"""Workloads B and C: one training step of a small and of a medium network, by hand and by ours.

sizes           numbers of units, from the input to the classes
layers, p       parameters, [w0, b0, w1, b1, …]; w of shape (inputs, outputs)
x, labels       the batch, of shape (n, inputs), and its classes, integers of shape (n,)
g               slopes of the mean cross-entropy, a list like p
m, v            Adam's running means of g and of its squares
rate, decay     learning rate; how much of m and of v stays

Hidden layers are relu. Updates are in place, as NumPy users write them.
"""
# ruff: noqa: D102 - workload.Run describes the methods of a run

from dataclasses import dataclass
from itertools import pairwise

import numpy as np


@dataclass(frozen=True)
class Task:
    """What to train, on how many samples at a time, in which dtype, by which update rule."""

    sizes: tuple[int, ...]
    batch: int
    dtype: str
    rule: str
    rate: float

    def first_parameters(self):
        """Give [w0, b0, …], normal with variance 2 / n, and 0 (He et al., 2015)."""
        draw = np.random.default_rng(0)
        p = []
        for n, m in pairwise(self.sizes):
            p += [draw.normal(0, (2 / n) ** 0.5, (n, m)).astype(self.dtype), np.zeros(m, self.dtype)]
        return p

    def data(self):
        """Give the batch and its labels, at random."""
        draw = np.random.default_rng(1)
        x = draw.random((self.batch, self.sizes[0])).astype(self.dtype)
        return x, draw.integers(0, self.sizes[-1], self.batch)


SMALL = Task(sizes=(64, 32, 10), batch=32, dtype="float64", rule="sgd", rate=0.05)
MEDIUM = Task(sizes=(784, 256, 128, 10), batch=128, dtype="float32", rule="adam", rate=1e-3)
DECAY = 0.9, 0.999
TINY = 1e-8


class SGD:
    """Descend along the slope."""

    def __init__(self, parameters, rate):
        self.rate = rate

    def reset(self):
        """Do nothing: there is no state."""

    def update(self, parameters, gradients):
        for p, g in zip(parameters, gradients, strict=True):
            p -= self.rate * g  # noqa: PLW2901 - in place


class Adam:
    """Descend along the running mean slope, in units of its running size (Kingma and Ba, 2015)."""

    def __init__(self, parameters, rate):
        self.rate, self.count = rate, 0
        self.m = [np.zeros_like(p) for p in parameters]
        self.v = [np.zeros_like(p) for p in parameters]

    def reset(self):
        self.count = 0
        for mean in (*self.m, *self.v):
            mean.fill(0)

    def update(self, parameters, gradients):
        self.count += 1
        first, second = DECAY
        rate, correction = self.rate / (1 - first**self.count), 1 - second**self.count
        for p, g, m, v in zip(parameters, gradients, self.m, self.v, strict=True):
            m *= first  # noqa: PLW2901 - in place
            m += (1 - first) * g  # noqa: PLW2901
            v *= second  # noqa: PLW2901
            v += (1 - second) * g * g  # noqa: PLW2901
            p -= rate * m / (np.sqrt(v / correction) + TINY)  # noqa: PLW2901


class Training:
    """A run on NumPy parameters; subclasses say how to get the value and its slopes.

    It goes back to the first parameters in place: an array freed here would change what malloc does next.
    """

    def __init__(self, task):
        self.task = task
        self.x, self.labels = task.data()
        self.first = task.first_parameters()
        self.p = [p.copy() for p in self.first]
        self.rule = {"sgd": SGD, "adam": Adam}[task.rule](self.p, task.rate)

    def reset(self):
        for p, first in zip(self.p, self.first, strict=True):
            np.copyto(p, first)
        self.rule.reset()

    def step(self):
        value, g = self.slopes(self.x, self.labels)
        self.rule.update(self.p, g)
        return float(value)

    def gradients(self):
        value, g = self.slopes(self.x, self.labels)
        return [value, *g]

    def parameters(self):
        return self.p


class ByHand(Training):
    """Forward and backward as one writes them in NumPy."""

    def slopes(self, x, labels):
        p, n = self.p, len(labels)
        last = len(p) - 2
        outputs = [x]
        for k in range(0, last, 2):
            outputs.append(np.maximum(outputs[-1] @ p[k] + p[k + 1], 0))
        logits = outputs[-1] @ p[last] + p[last + 1]
        e = np.exp(logits - logits.max(axis=1, keepdims=True))
        d = e / e.sum(axis=1, keepdims=True)
        rows = np.arange(n)
        value = -np.log(d[rows, labels]).mean()
        d[rows, labels] -= 1
        d /= n
        g = [outputs[-1].T @ d, d.sum(axis=0)]
        for k in range(last, 0, -2):
            d = (d @ p[k].T) * (outputs[k // 2] > 0)
            g = [outputs[k // 2 - 1].T @ d, d.sum(axis=0), *g]
        return value, g


class TwoLayersByHand(ByHand):
    """The same for one hidden layer and plain descent, in one piece: as fast as natural NumPy gets."""

    def step(self):
        x, labels, rate = self.x, self.labels, self.task.rate
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


class Ours(Training):
    """Plain NumPy code under `value_and_grad`, over a dict of arrays."""

    def __init__(self, tg, task):
        depth = len(task.sizes) - 1
        relu, cross_entropy = tg.functions.relu, tg.losses.cross_entropy

        def loss(p, x, labels):
            for i in range(depth):
                x = x @ p[f"w{i}"] + p[f"b{i}"]
                if i < depth - 1:
                    x = relu(x)
            return cross_entropy(x, labels)

        self.names = [f"{kind}{i}" for i in range(depth) for kind in "wb"]
        self.value_and_grad = tg.value_and_grad(loss)
        super().__init__(task)

    def slopes(self, x, labels):
        value, g = self.value_and_grad(dict(zip(self.names, self.p, strict=True)), x, labels)
        return value, [g[name] for name in self.names]


def keep_pages():
    """Tell glibc to keep the memory of freed arrays up to 32 MB: it learns from the largest block it saw freed."""
    np.empty((32 << 20) - 8192, np.uint8)
