"""Workloads B and C in the frameworks, each as its users write them.

p, x, labels   as in `networks`
"""

from functools import partial
from importlib import import_module
from itertools import pairwise

import numpy as np

from benchmarks.networks import MEDIUM, SMALL, ByHand, TwoLayersByHand, our_loss
from benchmarks.networks_planned import Planned
from benchmarks.training_peers import competitors
from benchmarks.workload import BLAS, BY_HAND, OURS, Competitor, Workload, with_pages_kept

LEVEL = 1.05  # times the fastest; as fast, within what a run tells


def torch_network(torch, sizes):
    layers = []
    for n, m in pairwise(sizes):
        layers += [torch.nn.Linear(n, m), torch.nn.ReLU()]
    return torch.nn.Sequential(*layers[:-1]), torch.nn.functional.cross_entropy


def _loss(numpy, cross_entropy, p, x, labels):
    """The loss, for a framework that has NumPy's functions."""
    for i in range(0, len(p) - 2, 2):
        x = numpy.maximum(x @ p[i] + p[i + 1], 0)
    return cross_entropy(x @ p[-2] + p[-1], labels)


def jax_cross_entropy(jax):
    def cross_entropy(logits, labels):
        return -jax.numpy.mean(jax.nn.log_softmax(logits)[np.arange(len(labels)), labels])

    return cross_entropy


def autograd_cross_entropy(autograd):
    logsumexp = import_module("autograd.scipy.special").logsumexp

    def cross_entropy(logits, labels):
        return autograd.numpy.mean(logsumexp(logits, axis=1) - logits[np.arange(len(labels)), labels])

    return cross_entropy


def _mygrad_loss(mg):
    relu = import_module("mygrad.nnet.activations").relu
    cross_entropy = import_module("mygrad.nnet.losses").softmax_crossentropy

    def loss(p, x, labels):
        for i in range(0, len(p) - 2, 2):
            x = relu(x @ p[i] + p[i + 1])
        return cross_entropy(x @ p[-2] + p[-1], labels)

    return loss


def _tinygrad_loss(_):
    def loss(p, x, labels):
        for i in range(0, len(p) - 2, 2):
            x = (x @ p[i] + p[i + 1]).relu()
        return (x @ p[-2] + p[-1]).sparse_categorical_crossentropy(labels)

    return loss


def _competitors(task):
    losses = {
        OURS: our_loss,
        "torch": partial(torch_network, sizes=task.sizes),
        "jax": lambda jax: partial(_loss, jax.numpy, jax_cross_entropy(jax)),
        "autograd": lambda autograd: partial(_loss, autograd.numpy, autograd_cross_entropy(autograd)),
        "mygrad": _mygrad_loss,
        "tinygrad": _tinygrad_loss,
    }
    return competitors(task, ByHand, Planned, losses)


WORKLOAD_B = Workload(
    title="MLP 64-32-10, batch 32, cross-entropy, SGD, float64, one step",
    dtype="float64",
    target=3.0,
    compiled=1.0,
    frameworks=1.0,
    because={
        "target": "NumPy's calls, forward and in the rules, take as long as all of it by hand; entries, copies of what "
        "comes in, the sweep, a check for NaN and the step take the rest"
    },
    competitors=_competitors(SMALL) | {BY_HAND: Competitor(partial(TwoLayersByHand, SMALL))},
)
WORKLOAD_C = Workload(
    title="MLP 784-256-128-10, batch 128, cross-entropy, Adam, float32, one step",
    dtype="float32",
    target=1.3,
    compiled=0.8,
    frameworks=LEVEL,
    because={"frameworks": BLAS},
    competitors=with_pages_kept(_competitors(MEDIUM)),
)
