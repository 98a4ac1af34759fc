"""Workload K: all second derivatives of Rosenbrock's function of 100 numbers.

x  the point
h  the Hessian at x, (n, n); the value that is checked with it is its first element

Source: Rosenbrock, 1960.
"""

from importlib import import_module

import numpy as np

from benchmarks.workload import BY_HAND, COMPILED, OURS, Competitor, Pure, Workload

N = 100
X = np.random.default_rng(0).normal(size=N)


def rosenbrock(x):
    """The sum of 100 (x[i + 1] - x[i]²)² + (1 - x[i])², for any kind of array."""
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def _run(hessian, x=X):
    """A run of a function that gives the Hessian."""

    def run():
        h = np.asarray(hessian(x))
        return float(h[0, 0]), h

    return Pure(run)


def by_hand():
    """Fill the three diagonals."""

    def hessian(x):
        h = np.zeros((N, N))
        flat = h.reshape(-1)
        diagonal, slope = flat[:: N + 1], -400 * x[:-1]
        diagonal[:-1] = 1200 * x[:-1] ** 2 - 400 * x[1:] + 2
        diagonal[1:] += 200
        flat[1 :: N + 1] = slope
        flat[N :: N + 1] = slope
        return h

    return _run(hessian)


def with_ours(tg):
    return _run(tg.hessian(rosenbrock))


def with_ours_compiled(tg):
    return _run(tg.compile(tg.hessian(rosenbrock)))


def with_torch(torch):
    hessian = import_module("torch.autograd.functional").hessian
    return _run(lambda x: hessian(rosenbrock, torch.from_numpy(x)).numpy())


def with_jax(jax):
    return _run(jax.jit(jax.hessian(rosenbrock)))


def with_autograd(autograd):
    return _run(autograd.hessian(rosenbrock))


WORKLOAD = Workload(
    title="Rosenbrock's function of 100 numbers, Hessian",
    dtype="float64",
    target=None,
    compiled=5.0,
    competitors={
        BY_HAND: Competitor(by_hand),
        OURS: Competitor(with_ours, OURS),
        COMPILED: Competitor(with_ours_compiled, OURS),
        "torch eager": Competitor(with_torch, "torch"),
        "jax.jit": Competitor(with_jax, "jax"),
        "autograd": Competitor(with_autograd, "autograd"),
    },
)
