"""What workloads that train have in common: update rules, and the runs of hand-written NumPy and of ours.

task     what to train: `first_parameters()`, their `names`, `data()`, and the `rule` and `rate` to train by
p        parameters, a list of arrays
x        the batch
wanted   what should come of it: labels or numbers
g        slopes of the loss, a list like p
m, v     Adam's running means of g and of its squares
scratch  a buffer the shape of each parameter

Updates are in place, as NumPy users write them; compiled ones are pure functions of dicts.
"""
# ruff: noqa: D102 - workload.Run describes the methods of a run

from typing import ClassVar

import numpy as np

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


class PlannedSGD(SGD):
    """As `SGD`, into scratch buffers."""

    def __init__(self, parameters, rate):
        super().__init__(parameters, rate)
        self.scratch = [np.empty_like(p) for p in parameters]

    def update(self, parameters, gradients):
        for p, g, s in zip(parameters, gradients, self.scratch, strict=True):
            np.multiply(g, self.rate, s)
            np.subtract(p, s, p)


class PlannedAdam(Adam):
    """As `Adam`, into scratch buffers."""

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


class Training:
    """A run on NumPy parameters; subclasses say how to get the value and its slopes.

    It goes back to the first parameters in place: an array freed here would change what malloc does next.
    """

    rules: ClassVar = {"sgd": SGD, "adam": Adam}

    def __init__(self, task):
        self.task = task
        self.x, self.wanted = task.data()
        self.first = task.first_parameters()
        self.p = [p.copy() for p in self.first]
        self.rule = self.rules[task.rule](self.p, task.rate)

    def reset(self):
        for p, first in zip(self.p, self.first, strict=True):
            np.copyto(p, first)
        self.rule.reset()

    def step(self):
        value, g = self.slopes(self.x, self.wanted)
        self.rule.update(self.p, g)
        return float(value)

    def gradients(self):
        value, g = self.slopes(self.x, self.wanted)
        return [value, *g]

    def parameters(self):
        return self.p


def cross_entropy(logits, labels):
    """The mean loss of `logits`, (n, classes), by hand, and its slopes."""
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    d = e / e.sum(axis=1, keepdims=True)
    rows = np.arange(len(labels))
    value = -np.log(d[rows, labels]).mean()
    d[rows, labels] -= 1
    d /= len(labels)
    return value, d


class PlannedTraining(Training):
    """A run whose updates allocate nothing; subclasses write their slopes into `g`."""

    rules: ClassVar = {"sgd": PlannedSGD, "adam": PlannedAdam}

    def __init__(self, task):
        super().__init__(task)
        self.g = [np.empty_like(p) for p in self.p]


def adam(p, g, state, rate):
    """What `Adam` makes of parameters, and its new state."""
    first, second = DECAY
    count = state["count"] + 1
    rate, correction = rate / (1 - first**count), 1 - second**count
    m = {name: first * state["m"][name] + (1 - first) * g[name] for name in p}
    v = {name: second * state["v"][name] + (1 - second) * g[name] * g[name] for name in p}
    p = {name: p[name] - rate * m[name] / (np.sqrt(v[name] / correction) + TINY) for name in p}
    return p, {"m": m, "v": v, "count": count}


class Ours(Training):
    """`value_and_grad` over a dict of arrays; ``loss(tg)`` gives the function of them and the batch."""

    def __init__(self, tg, task, loss):
        self.value_and_grad = tg.value_and_grad(loss(tg))
        super().__init__(task)

    def slopes(self, x, wanted):
        value, g = self.value_and_grad(dict(zip(self.task.names, self.p, strict=True)), x, wanted)
        return value, [g[name] for name in self.task.names]


class OursCompiled(Training):
    """Loss, slopes and update are one compiled function: parameters and state in, better ones out."""

    def __init__(self, tg, task, loss, **options):
        value_and_grad, descend = tg.value_and_grad(loss(tg)), tg.optim.descend  # imported before anything is timed

        def step(p, state, x, wanted):
            value, g = value_and_grad(p, x, wanted)
            if task.rule == "adam":
                return value, *adam(p, g, state, task.rate)
            return value, descend(p, g, task.rate), state

        self.value_and_grad, self.compiled = tg.compile(value_and_grad), tg.compile(step, **options)
        super().__init__(task)

    def reset(self):
        self.p = {name: p.copy() for name, p in zip(self.task.names, self.first, strict=True)}
        zeros = [{name: np.zeros_like(p) for name, p in self.p.items()} for _ in range(2)]
        self.state = {"m": zeros[0], "v": zeros[1], "count": 0} if self.task.rule == "adam" else {}

    def step(self):
        value, self.p, self.state = self.compiled(self.p, self.state, self.x, self.wanted)
        return float(value)

    def slopes(self, x, wanted):
        value, g = self.value_and_grad(self.p, x, wanted)
        return value, [g[name] for name in self.task.names]

    def parameters(self):
        return [self.p[name] for name in self.task.names]
