"""Workload M3: an LSTM over 1,000 steps as a scan, with its gradients; the value is the mean square of what it shows.

w, u, bias  the weights of what comes in and of what was shown, and the bias, of the gates in the order i, f, g, o
x           what comes in, (steps, batch, inputs)
h, c        what is shown, and the memory

Source: Hochreiter and Schmidhuber, 1997; Gers, Schmidhuber and Cummins, 2000.
"""

import numpy as np

from benchmarks.workload import BY_HAND, COMPILED, OURS, Competitor, Pure, Workload, of_slopes

STEPS, BATCH, INPUTS, UNITS = 1000, 8, 16, 32
_generator = np.random.default_rng(0)
W, U = (_generator.normal(size=(n, 4 * UNITS)) / n**0.5 for n in (INPUTS, UNITS))
BIAS = np.repeat([0.0, 1.0, 0.0, 0.0], UNITS)
X = _generator.normal(size=(STEPS, BATCH, INPUTS))


def sigmoid(np, x):
    """By way of tanh, which never overflows."""
    return 0.5 * np.tanh(0.5 * x) + 0.5


def step(np, u, carry, z):
    """One step, but for what comes in; for any kind of array."""
    h, c = carry
    z = z + h @ u
    i, f, g, o = (z[:, k * UNITS : (k + 1) * UNITS] for k in range(4))
    c = sigmoid(np, f) * c + sigmoid(np, i) * np.tanh(g)
    h = sigmoid(np, o) * np.tanh(c)
    return (h, c), h


def by_hand():
    """Two loops over small arrays; what comes in is multiplied, and its slopes are summed, for all steps at once."""
    gates, memories, shown = np.empty((STEPS, BATCH, 4 * UNITS)), *np.zeros((2, STEPS + 1, BATCH, UNITS))

    def run():
        into = X @ W + BIAS
        h = c = np.zeros((BATCH, UNITS))
        for t in range(STEPS):
            z = into[t] + h @ U
            a = 0.5 * np.tanh(0.5 * z) + 0.5
            a[:, 2 * UNITS : 3 * UNITS] = np.tanh(z[:, 2 * UNITS : 3 * UNITS])
            i, f, g, o = (a[:, k * UNITS : (k + 1) * UNITS] for k in range(4))
            c = f * c + i * g
            h = o * np.tanh(c)
            gates[t], memories[t + 1], shown[t + 1] = a, c, h
        seen = shown[1:]
        n = seen.size
        dz, dh, dc = np.empty_like(gates), np.zeros((BATCH, UNITS)), np.zeros((BATCH, UNITS))
        for t in range(STEPS - 1, -1, -1):
            i, f, g, o = (gates[t, :, k * UNITS : (k + 1) * UNITS] for k in range(4))
            th = np.tanh(memories[t + 1])
            dh = dh + seen[t] * (2 / n)
            dc = dc + dh * o * (1 - th * th)
            dz[t] = np.concatenate(
                [dc * g * i * (1 - i), dc * memories[t] * f * (1 - f), dc * i * (1 - g * g), dh * th * o * (1 - o)], 1
            )
            dh = dz[t] @ U.T
            dc = dc * f
        rows = dz.reshape(-1, 4 * UNITS)
        value = float(np.mean(seen * seen))
        return value, X.reshape(-1, INPUTS).T @ rows, shown[:-1].reshape(-1, UNITS).T @ rows, rows.sum(axis=0)

    return Pure(run)


def with_ours(tg, compile=True, checkpoint=False):
    def loss(w, u, bias, x):
        start = np.zeros((BATCH, UNITS)), np.zeros((BATCH, UNITS))
        _, shown = tg.scan(lambda carry, z: step(np, u, carry, z), start, x @ w + bias, checkpoint=checkpoint)
        return np.mean(shown * shown)

    slopes = tg.value_and_grad(loss, (0, 1, 2))
    return of_slopes(tg.compile(slopes) if compile else slopes, W, U, BIAS, X)


def with_torch(torch, given=X):
    """Its layer, which is one function of its own."""
    layer = torch.nn.LSTM(INPUTS, UNITS, dtype=torch.float64)
    with torch.no_grad():
        for name, x in (("weight_ih_l0", W.T), ("weight_hh_l0", U.T), ("bias_ih_l0", BIAS), ("bias_hh_l0", 0 * BIAS)):
            getattr(layer, name).copy_(torch.from_numpy(np.ascontiguousarray(x)))

    def run():
        layer.zero_grad()
        shown, _ = layer(torch.from_numpy(given))
        value = torch.mean(shown * shown)
        value.backward()
        w, u, bias, _ = (p.grad.numpy() for p in layer.parameters())
        return value.item(), w.T, u.T, bias

    return Pure(run)


def with_jax(jax):
    jnp = jax.numpy

    def loss(w, u, bias, x):
        start = jnp.zeros((BATCH, UNITS)), jnp.zeros((BATCH, UNITS))
        _, shown = jax.lax.scan(lambda carry, z: step(jnp, u, carry, z), start, x @ w + bias)
        return jnp.mean(shown * shown)

    return of_slopes(jax.jit(jax.value_and_grad(loss, (0, 1, 2))), W, U, BIAS, X)


WORKLOAD = Workload(
    title="LSTM of 32 units over 1,000 steps, as a scan",
    dtype="float64",
    target=None,
    compiled=2.0,
    roundings=STEPS * 10,
    competitors={
        BY_HAND: Competitor(by_hand),
        COMPILED: Competitor(with_ours, OURS),
        "torch eager": Competitor(with_torch, "torch"),
        "jax.jit": Competitor(with_jax, "jax"),
    },
)
