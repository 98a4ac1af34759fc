"""Workloads B and C: one training step of a small and of a medium network, by hand and by ours.

sizes           numbers of units, from the input to the classes
layers, p       parameters, [w0, b0, w1, b1, …]; w of shape (inputs, outputs)
x, labels       the batch, of shape (n, inputs), and its classes, integers of shape (n,)
g               slopes of the mean cross-entropy, a list like p
m, v            Adam's running means of g and of its squares
rate, decay     learning rate; how much of m and of v stays

Hidden layers are relu. Updates are in place, as NumPy users write them.
"""

from dataclasses import dataclass

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
        draw = np.random.default_rng(0)
        p = []
        for n, m in zip(self.sizes, self.sizes[1:], strict=False):
            p += [draw.normal(0, (2 / n) ** 0.5, (n, m)).astype(self.dtype), np.zeros(m, self.dtype)]
        return p

    def data(self):
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

    def update(self, parameters, gradients):
        for p, g in zip(parameters, gradients, strict=True):
            p -= self.rate * g  # noqa: PLW2901 - in place


class Adam:
    """Descend along the running mean slope, in units of its running size (Kingma and Ba, 2015)."""

    def __init__(self, parameters, rate):
        self.rate, self.count = rate, 0
        self.m = [np.zeros_like(p) for p in parameters]
        self.v = [np.zeros_like(p) for p in parameters]

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


RULES = {"sgd": SGD, "adam": Adam}


class Training:
    """A run on NumPy parameters; subclasses say how to get the value and its slopes."""

    def __init__(self, task):
        self.task = task
        self.x, self.labels = task.data()
        self.reset()

    def reset(self):
        self.p = self.task.first_parameters()
        self.rule = RULES[self.task.rule](self.p, self.task.rate)

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
        weights, biases = self.p[::2], self.p[1::2]
        activations = [x]
        for w, b in zip(weights[:-1], biases[:-1], strict=True):
            activations.append(np.maximum(activations[-1] @ w + b, 0))
        logits = activations[-1] @ weights[-1] + biases[-1]
        logits -= logits.max(axis=1, keepdims=True)
        e = np.exp(logits)
        total = e.sum(axis=1, keepdims=True)
        rows = np.arange(len(labels))
        value = np.mean(np.log(total[:, 0]) - logits[rows, labels])
        d = e / total
        d[rows, labels] -= 1
        d /= len(labels)
        g = []
        for w, a in zip(reversed(weights), reversed(activations), strict=True):
            g += [d.sum(axis=0), a.T @ d]
            if a is not x:
                d = (d @ w.T) * (a > 0)
        return value, g[::-1]


class ByHandRaised(ByHand):
    """The same, after a freed block of just under 32 MB has told glibc to keep the pages of large arrays."""

    def __init__(self, task):
        np.empty((32 << 20) - 8192, np.uint8)
        super().__init__(task)


class Ours(Training):
    """Plain NumPy code under `value_and_grad`."""

    def __init__(self, tg, task):
        relu, cross_entropy = tg.functions.relu, tg.losses.cross_entropy

        def loss(layers, x, labels):
            *hidden, last = layers
            for layer in hidden:
                x = relu(x @ layer["w"] + layer["b"])
            return cross_entropy(x @ last["w"] + last["b"], labels)

        self.value_and_grad = tg.value_and_grad(loss)
        super().__init__(task)

    def slopes(self, x, labels):
        layers = [{"w": w, "b": b} for w, b in zip(self.p[::2], self.p[1::2], strict=True)]
        value, g = self.value_and_grad(layers, x, labels)
        return value, [layer[key] for layer in g for key in "wb"]
