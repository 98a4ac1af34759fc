"""Workloads B and C in the frameworks, each as its users write them.

p, x, labels, g   as in `networks`
"""
# ruff: noqa: D102 - workload.Run describes the methods of a run

import os
from functools import partial
from importlib import import_module
from itertools import pairwise

import numpy as np

from benchmarks.networks import DECAY, MEDIUM, SMALL, TINY, ByHand, Ours, Training, TwoLayersByHand, keep_pages
from benchmarks.networks_planned import Planned
from benchmarks.workload import BY_HAND, OURS, Competitor, Workload


class WithTorch(Training):
    """Eager torch: layers of torch.nn, an optimiser of torch.optim; the batch shares NumPy's memory."""

    def __init__(self, torch, task):
        torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
        self.torch = torch
        self.cross_entropy = torch.nn.functional.cross_entropy
        layers = []
        for n, m in pairwise(task.sizes):
            layers += [torch.nn.Linear(n, m, dtype=getattr(torch, task.dtype)), torch.nn.ReLU()]
        self.network = torch.nn.Sequential(*layers[:-1])
        choice = {"sgd": torch.optim.SGD, "adam": partial(torch.optim.Adam, betas=DECAY, eps=TINY)}
        self.optimizer = choice[task.rule](self.network.parameters(), lr=task.rate)
        super().__init__(task)

    def reset(self):
        with self.torch.no_grad():
            for p, first in zip(self.network.parameters(), self.first, strict=True):
                p.copy_(self.torch.from_numpy(first.T))
            for state in self.optimizer.state.values():
                for mean in state.values():
                    if mean is not None:
                        mean.zero_()

    def _backward(self):
        torch = self.torch
        self.optimizer.zero_grad()
        loss = self.cross_entropy(self.network(torch.from_numpy(self.x)), torch.from_numpy(self.labels))
        loss.backward()
        return loss.item()

    def step(self):
        value = self._backward()
        self.optimizer.step()
        return value

    def gradients(self):
        value = self._backward()
        return [value, *(p.grad.numpy().T for p in self.network.parameters())]

    def parameters(self):
        return [p.detach().numpy().T for p in self.network.parameters()]


class WithJax(Training):
    """One jax.jit over value, gradients and update; the parameters stay jax arrays."""

    def __init__(self, jax, task):
        self.jax = jax
        rule = {"sgd": _jax_sgd, "adam": _jax_adam}[task.rule]
        value_and_grad = jax.value_and_grad(partial(_loss, jax.numpy, _jax_loss))

        def step(p, state, x, labels):
            value, g = value_and_grad(p, x, labels)
            return value, *rule(jax, p, g, state, task.rate)

        self.value_and_grad, self.jitted = jax.jit(value_and_grad), jax.jit(step)
        super().__init__(task)

    def reset(self):
        self.p = [self.jax.numpy.array(p) for p in self.first]
        zeros = [self.jax.numpy.zeros_like(p) for p in self.p]
        self.state = (zeros, zeros, self.jax.numpy.zeros(())) if self.task.rule == "adam" else ()

    def step(self):
        value, self.p, self.state = self.jitted(self.p, self.state, self.x, self.labels)
        return float(value)

    def slopes(self, x, labels):
        return self.value_and_grad(self.p, x, labels)


def _loss(numpy, cross_entropy, p, x, labels):
    """Give the loss, for a framework that has NumPy's functions."""
    for i in range(0, len(p) - 2, 2):
        x = numpy.maximum(x @ p[i] + p[i + 1], 0)
    return cross_entropy(numpy, x @ p[-2] + p[-1], labels)


def _jax_loss(jnp, logits, labels):
    log_softmax = import_module("jax").nn.log_softmax
    return -jnp.mean(log_softmax(logits)[np.arange(len(labels)), labels])


def _jax_sgd(jax, p, g, state, rate):
    return [q - rate * slope for q, slope in zip(p, g, strict=True)], state


def _jax_adam(jax, p, g, state, rate):
    m, v, count = state
    first, second = DECAY
    count = count + 1
    m = [first * mean + (1 - first) * slope for mean, slope in zip(m, g, strict=True)]
    v = [second * mean + (1 - second) * slope * slope for mean, slope in zip(v, g, strict=True)]
    rate, correction = rate / (1 - first**count), 1 - second**count
    moves = zip(p, m, v, strict=True)
    p = [q - (rate * mean / (jax.numpy.sqrt(size / correction) + TINY)).astype(q.dtype) for q, mean, size in moves]
    return p, (m, v, count)


class WithAutograd(Training):
    """autograd's NumPy; the update is the hand-written one."""

    def __init__(self, autograd, task):
        import_module("autograd.scipy.special")
        self.value_and_grad = autograd.value_and_grad(partial(_loss, autograd.numpy, _autograd_loss))
        super().__init__(task)

    def slopes(self, x, labels):
        return self.value_and_grad(self.p, x, labels)


def _autograd_loss(anp, logits, labels):
    logsumexp = import_module("autograd.scipy.special").logsumexp
    return anp.mean(logsumexp(logits, axis=1) - logits[np.arange(len(labels)), labels])


class WithMygrad(Training):
    """mygrad's tensors, relu and cross-entropy; the update is the hand-written one, on their arrays."""

    def __init__(self, mg, task):
        self.mg = mg
        self.relu = import_module("mygrad.nnet.activations").relu
        self.cross_entropy = import_module("mygrad.nnet.losses").softmax_crossentropy
        super().__init__(task)

    def slopes(self, x, labels):
        p = [self.mg.tensor(q, copy=False) for q in self.p]
        for i in range(0, len(p) - 2, 2):
            x = self.relu(x @ p[i] + p[i + 1])
        loss = self.cross_entropy(x @ p[-2] + p[-1], labels)
        loss.backward()
        return loss.item(), [q.grad for q in p]


def _keeping_pages(build):
    """Make the same competitor in a process where glibc keeps the memory of freed arrays."""

    def with_pages_kept(*modules):
        keep_pages()
        return build(*modules)

    return with_pages_kept


def _competitors(task):
    return {
        BY_HAND: Competitor(partial(ByHand, task)),
        f"{BY_HAND}, out=": Competitor(partial(Planned, task)),
        OURS: Competitor(partial(Ours, task=task), "tinygrad_edu"),
        "torch eager": Competitor(partial(WithTorch, task=task), "torch"),
        "jax.jit": Competitor(partial(WithJax, task=task), "jax"),
        "autograd": Competitor(partial(WithAutograd, task=task), "autograd"),
        "mygrad": Competitor(partial(WithMygrad, task=task), "mygrad"),
    }


WORKLOAD_B = Workload(
    title="MLP 64-32-10, batch 32, cross-entropy, SGD, float64, one step",
    dtype="float64",
    target=1.6,
    competitors=_competitors(SMALL) | {BY_HAND: Competitor(partial(TwoLayersByHand, SMALL))},
)
WORKLOAD_C = Workload(
    title="MLP 784-256-128-10, batch 128, cross-entropy, Adam, float32, one step",
    dtype="float32",
    target=1.3,
    competitors={
        **_competitors(MEDIUM),
        f"{BY_HAND}, pages kept": Competitor(_keeping_pages(partial(ByHand, MEDIUM))),
        f"{OURS}, pages kept": Competitor(_keeping_pages(partial(Ours, task=MEDIUM)), "tinygrad_edu"),
    },
)
