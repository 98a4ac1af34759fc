"""Workload A: a scalar expression of 1,000 operations (add, mul, pow, tanh, exp in equal shares).

a, x, y  the numbers it is differentiated with respect to
g        the slope of the result with respect to what stands on its left
"""

import math
import sys
from functools import partial

import numpy as np

from benchmarks.workload import BY_HAND, COMPILED, OURS, Competitor, Pure, Workload, of_slopes

ROUNDS = 200
START = 0.3, 0.7, 0.2


def expression(a, x, y, tanh, exp, rounds=ROUNDS):
    """Five operations a round, 1,000 in all if not told otherwise, for any kind of number."""
    for _ in range(rounds):
        a = exp(tanh(a * x + y) ** 2)
    return a


def by_hand():
    """Plain Python on floats: forward, remembering, and backward."""
    tanh, exp = math.tanh, math.exp

    def run():
        a, x, y = START
        memory = []
        for _ in range(ROUNDS):
            t = tanh(a * x + y)
            memory.append((a, t))
            a = exp(t * t)
        z, result, g, gx, gy = a, a, 1.0, 0.0, 0.0
        for a, t in reversed(memory):
            g *= z * 2.0 * t * (1.0 - t * t)
            gx += g * a
            gy += g
            g *= x
            z = a
        return result, g, gx, gy

    return Pure(run)


def with_ours(tg):
    def run():
        a, x, y = map(tg.Value, START)
        z = expression(a, x, y, np.tanh, np.exp)
        z.backward()
        return z.item(), a.grad, x.grad, y.grad

    return Pure(run)


def with_ours_compiled(tg):
    slopes = tg.value_and_grad(partial(expression, tanh=np.tanh, exp=np.exp), argnums=(0, 1, 2))
    return of_slopes(tg.compile(slopes), *START)


def with_micrograd(engine):
    """Add tanh and exp to micrograd, in its own style, and the recursion depth it needs."""
    number = engine.Value
    sys.setrecursionlimit(20_000)

    def closure(value, slope, x, name):
        out = number(value, (x,), name)

        def backward():
            x.grad += slope * out.grad

        out._backward = backward
        return out

    def tanh(x):
        t = math.tanh(x.data)
        return closure(t, 1 - t * t, x, "tanh")

    def exp(x):
        e = math.exp(x.data)
        return closure(e, e, x, "exp")

    def run():
        a, x, y = map(number, START)
        z = expression(a, x, y, tanh, exp)
        z.backward()
        return z.data, a.grad, x.grad, y.grad

    return Pure(run)


def with_autograd(autograd):
    anp = autograd.numpy
    slopes = autograd.value_and_grad(partial(expression, tanh=anp.tanh, exp=anp.exp), argnum=(0, 1, 2))
    return of_slopes(slopes, *START)


def with_mygrad(mg):
    def run():
        a, x, y = map(mg.tensor, START)
        z = expression(a, x, y, mg.tanh, mg.exp)
        z.backward()
        return z.item(), a.grad, x.grad, y.grad

    return Pure(run)


def with_torch(torch):
    def run():
        a, x, y = (torch.tensor(number, dtype=torch.float64, requires_grad=True) for number in START)
        z = expression(a, x, y, torch.tanh, torch.exp)
        z.backward()
        return z.item(), a.grad, x.grad, y.grad

    return Pure(run)


def with_jax(jax):
    jnp = jax.numpy
    slopes = jax.value_and_grad(partial(expression, tanh=jnp.tanh, exp=jnp.exp), argnums=(0, 1, 2))
    return of_slopes(jax.jit(slopes), *START)


WORKLOAD = Workload(
    title="scalar expression of 1,000 operations, value and gradients",
    dtype="float64",
    target=25.0,
    compiled=1.2,
    frameworks=1.0,
    because={"target": "NumPy's operators and the rules alone take 9 ×; entries, order and sweep take the rest"},
    roundings=10_000,  # the slope with respect to a is a product of 1,000 factors
    competitors={
        BY_HAND: Competitor(by_hand),
        OURS: Competitor(with_ours, OURS),
        COMPILED: Competitor(with_ours_compiled, OURS),
        "micrograd": Competitor(with_micrograd, "micrograd.engine"),
        "autograd": Competitor(with_autograd, "autograd"),
        "mygrad": Competitor(with_mygrad, "mygrad"),
        "torch eager": Competitor(with_torch, "torch"),
        "jax.jit": Competitor(with_jax, "jax"),
    },
)
