"""Workload A2: micrograd's demo, MLP(2, 16, 16, 1) of scalars on two moons, one step of descent.

x, y     a point's coordinates, and its side, ±1
w, b     weights and bias of a neuron; a layer is a list of neurons
score    the network's output; the loss is the mean of relu(1 - y · score) plus PENALTY times all squares
rate     the learning rate
g        the slope of the loss with respect to what stands on its left
"""
# ruff: noqa: D102 - workload.Run describes the methods of a run

import math
import random
from itertools import pairwise
from operator import mul

from benchmarks.workload import BY_HAND, COMPILED, OURS, Competitor, Workload

SIZES = 2, 16, 16, 1
POINTS = 100
PENALTY = 1e-4
RATE = 0.5


def two_moons(noise=0.1, seed=1):
    """POINTS points on two interleaved half circles, and for each the side it is on."""
    draw = random.Random(seed)
    inputs, sides = [], []
    for i in range(POINTS):
        side = 1 if i % 2 else -1
        angle = draw.uniform(0, math.pi)
        x, y = math.cos(angle), math.sin(angle)
        x, y = (1 - x, 0.5 - y) if side > 0 else (x, y)
        inputs.append([x + draw.gauss(0, noise), y + draw.gauss(0, noise)])
        sides.append(side)
    return inputs, sides


def first_weights(seed=1):
    """The neurons of each layer, each as weights and bias, uniform in ±1 as in micrograd."""
    draw = random.Random(seed)
    return [[([draw.uniform(-1, 1) for _ in range(n)], 0.0) for _ in range(m)] for n, m in pairwise(SIZES)]


def flat(layers):
    """The parameters in micrograd's order: neuron by neuron, weights before bias."""
    return [p for layer in layers for w, b in layer for p in (*w, b)]


def network(layers, x):
    """The score of a point, for any number that has operators and relu()."""
    for layer in layers:
        x = [sum((wi * xi for wi, xi in zip(w, x, strict=True)), b) for w, b in layer]
        if layer is not layers[-1]:
            x = [z.relu() for z in x]
    return x[0]


def mean_loss(layers, inputs, sides):
    """The loss as micrograd's demo has it."""
    scores = [network(layers, point) for point in inputs]
    losses = [(1 + -y * score).relu() for y, score in zip(sides, scores, strict=True)]
    return sum(losses) * (1.0 / len(losses)) + PENALTY * sum(p * p for p in flat(layers))


class OfScalars:
    """The demo as micrograd has it."""

    def __init__(self, number, descend, item):
        """`number` is the type of number, ``descend(p, rate)`` a step, and ``item(p)`` a number as Python's."""
        self.number, self.descend, self.item = number, descend, item
        self.inputs, self.sides = two_moons()

    def reset(self):
        self.layers = [[([self.number(x) for x in w], self.number(b)) for w, b in layer] for layer in first_weights()]
        self.everything = flat(self.layers)

    def loss(self):
        return mean_loss(self.layers, [[self.number(x) for x in point] for point in self.inputs], self.sides)

    def step(self):
        loss = self.loss()
        loss.backward()
        for p in self.everything:
            self.descend(p, RATE)
        return self.item(loss)

    def gradients(self):
        loss = self.loss()
        loss.backward()
        return [self.item(loss), [float(p.grad) for p in self.everything]]

    def parameters(self):
        return [[self.item(p) for p in self.everything]]


class ByHand:
    """Plain Python on floats, forward and backward by hand."""

    def __init__(self):
        self.inputs, self.sides = two_moons()

    def reset(self):
        self.layers = [([w for w, _ in layer], [b for _, b in layer]) for layer in first_weights()]

    def step(self):
        loss, slopes = self.slopes()
        for (w, b), (gw, gb) in zip(self.layers, slopes, strict=True):
            for i in range(len(w)):
                w[i] = [p - RATE * g for p, g in zip(w[i], gw[i], strict=True)]
                b[i] -= RATE * gb[i]
        return loss

    def slopes(self):
        """The loss, and its slopes in the shape of the layers."""
        loss, scale = 0.0, 1.0 / len(self.inputs)
        slopes = []
        for w, b in self.layers:
            loss += PENALTY * (sum(p * p for row in w for p in row) + sum(p * p for p in b))
            slopes.append(([[2 * PENALTY * p for p in row] for row in w], [2 * PENALTY * p for p in b]))
        for point, y in zip(self.inputs, self.sides, strict=True):
            activations = self.forward(point)
            margin = 1 - y * activations[-1][0]
            if margin > 0:
                loss += scale * margin
                self.backward(activations, -y * scale, slopes)
        return loss, slopes

    def forward(self, x):
        """The input and the output of every layer."""
        activations = [x]
        for w, b in self.layers:
            x = [sum([wi * xi for wi, xi in zip(row, x, strict=True)], bias) for row, bias in zip(w, b, strict=True)]
            if len(activations) < len(self.layers):
                x = [z if z > 0 else 0.0 for z in x]
            activations.append(x)
        return activations

    def backward(self, activations, g, slopes):
        """Add to `slopes` what one point contributes, `g` being the slope with respect to its score."""
        above = [g]
        for k in reversed(range(len(self.layers))):
            w, (gw, gb) = self.layers[k][0], slopes[k]
            x = activations[k]
            below = [0.0] * len(x)
            for i, slope in enumerate(above):
                if slope:
                    gb[i] += slope
                    gw[i] = [s + slope * xi for s, xi in zip(gw[i], x, strict=True)]
                    if k:
                        below = [s + slope * wi for s, wi in zip(below, w[i], strict=True)]
            above = [s if xi > 0 else 0.0 for s, xi in zip(below, x, strict=True)]

    def gradients(self):
        loss, slopes = self.slopes()
        return [loss, flat([list(zip(*layer, strict=True)) for layer in slopes])]

    def parameters(self):
        return [flat([list(zip(*layer, strict=True)) for layer in self.layers])]


class ByHandTight(ByHand):
    """The same with the dot products in C, which is as fast as plain Python gets."""

    def forward(self, x):
        """The input and the output of every layer."""
        activations = [x]
        for w, b in self.layers:
            x = [sum(map(mul, row, x), bias) for row, bias in zip(w, b, strict=True)]
            if len(activations) < len(self.layers):
                x = [z if z > 0 else 0.0 for z in x]
            activations.append(x)
        return activations


def with_ours(tg):
    def descend(p, rate):
        p.data -= rate * p.grad
        p.zero_grad()

    return OfScalars(tg.Value, descend, lambda p: p.item())


class OursCompiled:
    """Plain floats in and out: loss, slopes and descent are one compiled function."""

    def __init__(self, tg):
        value_and_grad = tg.value_and_grad(mean_loss)

        def step(layers, inputs, sides):
            loss, slopes = value_and_grad(layers, inputs, sides)
            return loss, tg.optim.descend(layers, slopes, RATE)

        self.slopes, self.compiled = tg.compile(value_and_grad), tg.compile(step)
        self.data = two_moons()

    def reset(self):
        self.layers = first_weights()

    def step(self):
        loss, self.layers = self.compiled(self.layers, *self.data)
        return float(loss)

    def gradients(self):
        loss, slopes = self.slopes(self.layers, *self.data)
        return [loss, flat(slopes)]

    def parameters(self):
        return [flat(self.layers)]


def with_micrograd(engine):
    def descend(p, rate):
        p.data -= rate * p.grad
        p.grad = 0

    return OfScalars(engine.Value, descend, lambda p: p.data)


def with_torch(torch):
    def number(x):
        return torch.tensor(x, dtype=torch.float64, requires_grad=True)

    def descend(p, rate):
        p.data -= rate * p.grad
        p.grad = None

    return OfScalars(number, descend, lambda p: p.item())


WORKLOAD = Workload(
    title="micrograd's demo, MLP(2, 16, 16, 1) of scalars on 100 moons, one step",
    dtype="float64",
    target=15.0,
    compiled=1.5,
    because={
        "target": "65,000 entries, for which 15 × leaves 0.9 µs each: made in 0.35, in order in 0.15, swept in 0.45, "
        "kept as .grad in 0.05; the garbage collector takes 0.2"
    },
    competitors={
        BY_HAND: Competitor(ByHand),
        "hand-written, sum(map(mul))": Competitor(ByHandTight),
        OURS: Competitor(with_ours, OURS),
        COMPILED: Competitor(OursCompiled, OURS),
        "micrograd": Competitor(with_micrograd, "micrograd.engine"),
        "torch eager": Competitor(with_torch, "torch"),
    },
)
