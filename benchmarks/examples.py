"""Workload N: the gradient for each of 256 examples, of workload B's network, held against one gradient of them all.

x, labels  the examples, of shape (n, inputs), and their classes
p          parameters, {"w0": (inputs, units), "b0": (units,), …}

What all must agree on is the sum over the examples, of the loss and of every gradient.
"""

import numpy as np

from benchmarks.networks import SMALL
from benchmarks.training import cross_entropy
from benchmarks.workload import BY_HAND, COMPILED, OURS, Competitor, Pure, Workload

N = 256
_draw = np.random.default_rng(1)
X, LABELS = _draw.random((N, SMALL.sizes[0])), _draw.integers(0, SMALL.sizes[-1], N)
P = dict(zip(SMALL.names, SMALL.first_parameters(), strict=True))


class _Each(Pure):
    """A run whose `each()` gives the losses and the gradients of all examples, stacked."""

    def __init__(self, each):
        super().__init__(lambda: [np.sum(x, axis=0) for x in each()])
        self.each = each

    def step(self):
        """The sum of the losses; the gradients stay apart."""
        return float(np.sum(self.each()[0]))


def by_hand():
    """One gradient of the sum of all losses, which is what a step of training computes."""
    w0, b0, w1, b1 = P.values()

    def run():
        hidden = np.maximum(X @ w0 + b0, 0)
        value, d = cross_entropy(hidden @ w1 + b1, LABELS)
        d *= N
        dh = (d @ w1.T) * (hidden > 0)
        return value * N, X.T @ dh, dh.sum(axis=0), hidden.T @ d, d.sum(axis=0)

    return Pure(run)


def each_by_hand():
    """The same with an outer product for each example."""
    w0, b0, w1, b1 = P.values()
    rows = np.arange(N)

    def run():
        hidden = np.maximum(X @ w0 + b0, 0)
        logits = hidden @ w1 + b1
        e = np.exp(logits - logits.max(axis=1, keepdims=True))
        d = e / e.sum(axis=1, keepdims=True)
        losses = -np.log(d[rows, LABELS])
        d[rows, LABELS] -= 1
        dh = (d @ w1.T) * (hidden > 0)
        return losses, X[:, :, None] * dh[:, None, :], dh, hidden[:, :, None] * d[:, None, :], d

    return _Each(run)


def _loss(np, p, x, label):
    """Of one example."""
    z = np.maximum(x @ p["w0"] + p["b0"], 0) @ p["w1"] + p["b1"]
    shift = np.max(z)
    return shift + np.log(np.sum(np.exp(z - shift))) - np.sum(np.where(np.arange(SMALL.sizes[-1]) == label, z, 0.0))


def _with_ours(tg, wrapped):
    each = wrapped(tg.vmap(tg.value_and_grad(lambda p, x, label: _loss(np, p, x, label)), in_axes=(None, 0, 0)))

    def run():
        losses, slopes = each(P, X, LABELS)
        return losses, *slopes.values()

    return _Each(run)


def with_ours(tg):
    return _with_ours(tg, lambda f: f)


def with_ours_compiled(tg):
    return _with_ours(tg, tg.compile)


def with_torch(torch):
    vmap, grad_and_value = torch.func.vmap, torch.func.grad_and_value

    def loss(p, x, label):
        z = torch.relu(x @ p["w0"] + p["b0"]) @ p["w1"] + p["b1"]
        return torch.nn.functional.cross_entropy(z, label)

    each = vmap(grad_and_value(loss), in_dims=(None, 0, 0))
    p = {name: torch.from_numpy(x) for name, x in P.items()}

    def run():
        slopes, losses = each(p, torch.from_numpy(X), torch.from_numpy(LABELS))
        return losses.numpy(), *(g.numpy() for g in slopes.values())

    return _Each(run)


def with_jax(jax):
    each = jax.jit(jax.vmap(jax.value_and_grad(lambda *given: _loss(jax.numpy, *given)), in_axes=(None, 0, 0)))

    def run():
        losses, slopes = each(P, X, LABELS)
        return np.asarray(losses), *(np.asarray(slopes[name]) for name in P)

    return _Each(run)


WORKLOAD = Workload(
    title="network 64-32-10, a gradient for each of 256 examples, held against one of them all",
    dtype="float64",
    target=None,
    compiled=3.0,
    because={
        "compiled": "the gradients are 4.8 MB: columns times rows take 2.3 × in warm memory, the rest of each 0.8 ×"
    },
    competitors={
        BY_HAND: Competitor(by_hand),
        "an outer product each, by hand": Competitor(each_by_hand),
        OURS: Competitor(with_ours, OURS),
        COMPILED: Competitor(with_ours_compiled, OURS),
        "torch eager": Competitor(with_torch, "torch"),
        "jax.jit": Competitor(with_jax, "jax"),
    },
)
