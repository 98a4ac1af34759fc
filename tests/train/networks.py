"""What the tests of training train: losses that processes can be sent, and a few examples."""

import numpy as np

import tinygrad_edu as tg
from tinygrad_edu.losses import cross_entropy, squared_error
from tinygrad_edu.nn import Network


def linear(p, x, y):
    """The mean squared error of a line."""
    return squared_error(x @ p["w"] + p["b"], y)


def classified(network, x, labels):
    """The cross-entropy of a network."""
    return cross_entropy(network(x), labels)


def examples(n=24, d=3, dtype=np.float64, seed=0):
    """Points with the numbers that a line with noise gives them."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, d)).astype(dtype)
    return x, (x.sum(axis=1) + 0.1 * rng.normal(size=n)).astype(dtype)


def line(d=3, dtype=np.float64):
    """A line to begin with."""
    return {"w": np.full(d, 0.5, dtype), "b": dtype(0.25)}


def classes(n=60, d=4, k=3, seed=0):
    """Points in k heaps."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, k, n)
    return rng.normal(size=(n, d)) + 2 * np.eye(k, d)[labels], labels


def small(seed=0, nonlinearity=np.tanh):
    """A network for `classes`."""
    return Network.random([4, 8, 3], seed, nonlinearity)


def leaves(network):
    """The numbers of a network."""
    return [np.asarray(x.data if isinstance(x, tg.Value) else x) for x in tg.tree.leaves(network)]


def same(a, b):
    """Whether two trees have the same numbers, to the bit, of the same dtypes."""
    return all(
        x.dtype == y.dtype and x.shape == y.shape and x.tobytes() == y.tobytes()
        for x, y in zip(leaves(a), leaves(b), strict=True)
    )
