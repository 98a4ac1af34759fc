"""Workloads L and L2: a function of 2 and of 20 numbers, with its gradient, as often as an optimiser asks for them.

What is timed is a thousand calls, each at another point, which take and give NumPy's arrays, as `scipy.optimize` has
it with ``jac=True``. Next to nothing is computed, so it is what a call costs beside that.

x  a point

Source: Rosenbrock, 1960.
"""

import numpy as np

from benchmarks.rosenbrock import rosenbrock
from benchmarks.workload import BY_HAND, COMPILED, OURS, Competitor, Pure, Workload

CALLS = 1000


def _repeated(slope):
    """A competitor of `slope(x)`, which gives value and gradient; what is checked is the sum of them."""

    def build(n):
        points = np.random.default_rng(0).normal(size=(CALLS, n))

        def run():
            total, gradient = 0.0, np.zeros(n)
            for x in points:
                value, slopes = slope(x)
                total += value
                gradient += slopes
            return total, gradient

        return Pure(run)

    return build


def by_hand():
    """As `scipy.optimize.rosen` and `rosen_der` are written, in one."""

    def slope(x):
        ahead, here = x[1:], x[:-1]
        t, u = ahead - here**2, 1 - here
        gradient = np.zeros_like(x)
        gradient[:-1] = -400 * here * t - 2 * u
        gradient[1:] += 200 * t
        return float((100 * t**2 + u**2).sum()), gradient

    return _repeated(slope)


def with_ours(tg):
    return _repeated(tg.value_and_grad(rosenbrock))


def with_ours_compiled(tg):
    return _repeated(tg.compile(tg.value_and_grad(rosenbrock)))


def with_torch(torch):
    def slope(x):
        leaf = torch.from_numpy(x).requires_grad_()
        value = rosenbrock(leaf)
        value.backward()
        return value.item(), leaf.grad.numpy()

    return _repeated(slope)


def with_jax(jax):
    compiled = jax.jit(jax.value_and_grad(rosenbrock))

    def slope(x):
        value, gradient = compiled(x)
        return float(value), np.asarray(gradient)

    return _repeated(slope)


def with_autograd(autograd):
    return _repeated(autograd.value_and_grad(rosenbrock))


def _of(n):
    """The workload of a function of `n` numbers."""

    def competitor(make, *needs):
        return Competitor(lambda *modules: make(*modules)(n), *needs)

    return Workload(
        title=f"a function of {n} numbers and its gradient, {CALLS:,} calls",
        dtype="float64",
        target=None,
        ahead_of_all=True,
        because={
            "ahead_of_all": "NumPy's calls alone, forward and in the rules, take 13 µs of the 20 that jax.jit takes in "
            "all; eleven entries, order and sweep take 12, the way in and out the rest"
        },
        roundings=CALLS * 10,
        competitors={
            BY_HAND: competitor(by_hand),
            OURS: competitor(with_ours, OURS),
            COMPILED: competitor(with_ours_compiled, OURS),
            "torch eager": competitor(with_torch, "torch"),
            "jax.jit": competitor(with_jax, "jax"),
            "autograd": competitor(with_autograd, "autograd"),
        },
    )


WORKLOAD_L, WORKLOAD_L2 = _of(2), _of(20)
