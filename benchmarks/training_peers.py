"""What workloads that train have in common in the frameworks, each used as its users do.

task, p, x, wanted, g   as in `training`
loss                    of (p, x, wanted); each framework makes its own, by ``loss(module)``
"""
# ruff: noqa: D102 - workload.Run describes the methods of a run

import os
from functools import partial

from benchmarks.training import DECAY, TINY, Ours, OursCompiled, Training
from benchmarks.training_tinygrad import WithTinygrad
from benchmarks.workload import BY_HAND, COMPILED, OURS, REUSING, Competitor


class WithTorch(Training):
    """Eager torch: a module of torch.nn, an optimiser of torch.optim; the batch shares NumPy's memory."""

    def __init__(self, torch, task, loss):
        torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
        self.torch = torch
        network, self.distance = loss(torch)
        self.network = network.to(getattr(torch, task.dtype))
        self.loss = self.compiled(lambda x, wanted: self.distance(self.network(x), wanted))
        choice = {"sgd": torch.optim.SGD, "adam": partial(torch.optim.Adam, betas=DECAY, eps=TINY)}
        self.optimizer = choice[task.rule](self.network.parameters(), lr=task.rate)
        super().__init__(task)

    def compiled(self, loss):
        """Leave the loss as it is."""
        return loss

    def reset(self):
        with self.torch.no_grad():
            for p, first in zip(self.network.parameters(), self.first, strict=True):
                p.copy_(self.torch.from_numpy(_turned(first)))
            for state in self.optimizer.state.values():
                for mean in state.values():
                    if mean is not None:
                        mean.zero_()

    def _backward(self):
        torch = self.torch
        self.optimizer.zero_grad()
        loss = self.loss(torch.from_numpy(self.x), torch.from_numpy(self.wanted))
        loss.backward()
        return loss.item()

    def step(self):
        value = self._backward()
        self.optimizer.step()
        return value

    def gradients(self):
        value = self._backward()
        return [value, *(_turned(p.grad.numpy()) for p in self.network.parameters())]

    def parameters(self):
        return [_turned(p.detach().numpy()) for p in self.network.parameters()]


class WithTorchCompile(WithTorch):
    """torch.compile over network and loss, and so over their slopes; the optimiser stays eager."""

    def compiled(self, loss):
        return self.torch.compile(loss)


def _turned(p):
    """The matrix of a layer as torch keeps it, (outputs, inputs), and back; others are kept as here."""
    return p.T if p.ndim == 2 else p


class WithJax(Training):
    """One jax.jit over value, gradients and update; the parameters stay jax arrays."""

    def __init__(self, jax, task, loss):
        self.jax = jax
        rule = {"sgd": _jax_sgd, "adam": _jax_adam}[task.rule]
        value_and_grad = jax.value_and_grad(loss(jax))

        def step(p, state, x, wanted):
            value, g = value_and_grad(p, x, wanted)
            return value, *rule(jax, p, g, state, task.rate)

        self.value_and_grad, self.jitted = jax.jit(value_and_grad), jax.jit(step)
        super().__init__(task)

    def reset(self):
        self.p = [self.jax.numpy.array(p) for p in self.first]
        zeros = [self.jax.numpy.zeros_like(p) for p in self.p]
        self.state = (zeros, zeros, self.jax.numpy.zeros(())) if self.task.rule == "adam" else ()

    def step(self):
        value, self.p, self.state = self.jitted(self.p, self.state, self.x, self.wanted)
        return float(value)

    def slopes(self, x, wanted):
        return self.value_and_grad(self.p, x, wanted)


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

    def __init__(self, autograd, task, loss):
        self.value_and_grad = autograd.value_and_grad(loss(autograd))
        super().__init__(task)

    def slopes(self, x, wanted):
        return self.value_and_grad(self.p, x, wanted)


class WithMygrad(Training):
    """mygrad's tensors; the update is the hand-written one, on their arrays."""

    def __init__(self, mg, task, loss):
        self.tensor, self.loss = partial(mg.tensor, copy=False), loss(mg)
        super().__init__(task)

    def slopes(self, x, wanted):
        p = [self.tensor(q) for q in self.p]
        loss = self.loss(p, x, wanted)
        loss.backward()
        return loss.item(), [q.grad for q in p]


PEERS = {
    "torch eager": (WithTorch, "torch"),
    "torch.compile": (WithTorchCompile, "torch"),
    "jax.jit": (WithJax, "jax"),
    "autograd": (WithAutograd, "autograd"),
    "mygrad": (WithMygrad, "mygrad"),
    "tinygrad jit": (WithTinygrad, "tinygrad"),
}
SLOW = {"tinygrad jit"}


def competitors(task, by_hand, planned, losses):
    """All who compete at training; `losses` has by package what makes the loss."""
    return {
        BY_HAND: Competitor(partial(by_hand, task)),
        f"{BY_HAND}, out=": Competitor(partial(planned, task)),
        OURS: Competitor(partial(Ours, task=task, loss=losses[OURS]), OURS),
        COMPILED: Competitor(partial(OursCompiled, task=task, loss=losses[OURS]), OURS),
        REUSING: Competitor(partial(OursCompiled, task=task, loss=losses[OURS], reuse_outputs=True), OURS),
    } | {
        name: Competitor(partial(build, task=task, loss=losses[package]), package, name in SLOW)
        for name, (build, package) in PEERS.items()
    }
