"""Workloads M and M2: loops of 10,000 steps as a scan, an equation of motion and a hidden Markov model.

k, d    the stiffness and the damping of an oscillator that begins at 1 and is let go
q, v    where it is, and how fast
a       logarithms of the probabilities of what was seen so far and of each state now
moves   logarithms of the probabilities from state to state
shows   logarithms of the probabilities of each symbol in each state

Source: Hairer, Nørsett and Wanner, "Solving Ordinary Differential Equations I", II.1; Rabiner, 1989.
"""

import numpy as np

from benchmarks.workload import BY_HAND, COMPILED, OURS, Competitor, Pure, Workload, of_slopes

N, H = 10_000, 0.001
K, D = 4.0, 0.3
STATES, SYMBOLS = 8, 16
_generator = np.random.default_rng(0)
MOVES = np.log(_generator.dirichlet(np.ones(STATES), STATES))
SHOWS = np.log(_generator.dirichlet(np.ones(SYMBOLS), STATES))
SEEN = _generator.integers(0, SYMBOLS, N)


def stage(k, d, q, v):
    """How fast place and speed change."""
    return v, -k * q - d * v


def runge_kutta(k, d, q, v):
    """One step of the classical method, for any kind of number."""
    a1, b1 = stage(k, d, q, v)
    a2, b2 = stage(k, d, q + H / 2 * a1, v + H / 2 * b1)
    a3, b3 = stage(k, d, q + H / 2 * a2, v + H / 2 * b2)
    a4, b4 = stage(k, d, q + H * a3, v + H * b3)
    return q + H / 6 * (a1 + 2 * a2 + 2 * a3 + a4), v + H / 6 * (b1 + 2 * b2 + 2 * b3 + b4)


def motion_by_hand():
    """Two loops over floats of Python's."""

    def run():
        q, v = 1.0, 0.0
        qs, vs = [0.0] * N, [0.0] * N
        for i in range(N):
            qs[i], vs[i] = q, v
            q, v = runge_kutta(K, D, q, v)
        value, gq, gv, gk, gd = q * q + v * v, 2 * q, 2 * v, 0.0, 0.0
        for i in range(N - 1, -1, -1):
            q1, v1 = qs[i], vs[i]
            q2, v2 = q1 + H / 2 * v1, v1 + H / 2 * (-K * q1 - D * v1)
            q3, v3 = q1 + H / 2 * v2, v1 + H / 2 * (-K * q2 - D * v2)
            q4, v4 = q1 + H * v3, v1 + H * (-K * q3 - D * v3)
            a, b = gq * H / 6, gv * H / 6
            b4 = b
            gq4, gv4 = -K * b4, a - D * b4
            b3 = 2 * b + H * gv4
            gq3, gv3 = -K * b3, 2 * a + H * gq4 - D * b3
            b2 = 2 * b + H / 2 * gv3
            gq2, gv2 = -K * b2, 2 * a + H / 2 * gq3 - D * b2
            b1 = b + H / 2 * gv2
            gk -= b1 * q1 + b2 * q2 + b3 * q3 + b4 * q4
            gd -= b1 * v1 + b2 * v2 + b3 * v3 + b4 * v4
            gq, gv = gq - K * b1 + gq2 + gq3 + gq4, gv + a + H / 2 * gq2 - D * b1 + gv2 + gv3 + gv4
        return value, gk, gd

    return Pure(run)


def motion_with_ours(tg):
    def energy(k, d):
        (q, v), _ = tg.scan(lambda c, _: (runge_kutta(k, d, *c), None), (1.0, 0.0), length=N)
        return q * q + v * v

    return of_slopes(tg.compile(tg.value_and_grad(energy, (0, 1))), K, D)


def motion_with_torch(torch):
    def run():
        k, d = (torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in (K, D))
        q, v = torch.ones((), dtype=torch.float64), torch.zeros((), dtype=torch.float64)
        for _ in range(N):
            q, v = runge_kutta(k, d, q, v)
        value = q * q + v * v
        value.backward()
        return value.item(), k.grad.item(), d.grad.item()

    return Pure(run)


def motion_with_jax(jax):
    def energy(k, d):
        (q, v), _ = jax.lax.scan(lambda c, _: (runge_kutta(k, d, *c), None), (1.0, 0.0), length=N)
        return q * q + v * v

    return of_slopes(jax.jit(jax.value_and_grad(energy, (0, 1))), K, D)


def forward(np, moves, a, seen):
    """One step of the forward algorithm, but for what is seen; for any kind of array."""
    b = a[:, None] + moves
    m = np.max(b, 0)
    return m + np.log(np.sum(np.exp(b - m), 0)) + seen


def markov_by_hand():
    """Two loops over small arrays."""

    def run():
        a, gates = np.zeros(STATES), np.empty((N, STATES, STATES))
        for i in range(N):
            b = a[:, None] + MOVES
            m = b.max(axis=0)
            e = np.exp(b - m)
            s = e.sum(axis=0)
            np.divide(e, s, gates[i])
            a = m + np.log(s) + SHOWS[:, SEEN[i]]
        m = a.max()
        e = np.exp(a - m)
        s = e.sum()
        g, g_moves, g_shows = e / s, np.zeros((STATES, STATES)), np.zeros((STATES, SYMBOLS))
        for i in range(N - 1, -1, -1):
            g_shows[:, SEEN[i]] += g
            w = gates[i] * g
            g_moves += w
            g = w.sum(axis=1)
        return float(m + np.log(s)), g_moves, g_shows

    return Pure(run)


def markov_with_ours(tg, compile=True, checkpoint=False):
    def log_likelihood(moves, shows, seen):
        def step(a, k):
            return forward(np, moves, a, shows[:, k]), None

        a, _ = tg.scan(step, np.zeros(STATES), seen, checkpoint=checkpoint)
        m = np.max(a)
        return m + np.log(np.sum(np.exp(a - m)))

    slopes = tg.value_and_grad(log_likelihood, (0, 1))
    return of_slopes(tg.compile(slopes) if compile else slopes, MOVES, SHOWS, SEEN)


def markov_with_torch(torch, seen=SEEN):
    def run():
        moves, shows = (torch.tensor(x, requires_grad=True) for x in (MOVES, SHOWS))
        a = torch.zeros(STATES, dtype=torch.float64)
        for k in seen.tolist():
            a = torch.logsumexp(a[:, None] + moves, 0) + shows[:, k]
        value = torch.logsumexp(a, 0)
        value.backward()
        return value.item(), moves.grad.numpy(), shows.grad.numpy()

    return Pure(run)


def markov_with_jax(jax):
    def log_likelihood(moves, shows, seen):
        a, _ = jax.lax.scan(
            lambda a, k: (forward(jax.numpy, moves, a, shows[:, k]), None), jax.numpy.zeros(STATES), seen
        )
        return jax.scipy.special.logsumexp(a)

    return of_slopes(jax.jit(jax.value_and_grad(log_likelihood, (0, 1))), MOVES, SHOWS, SEEN)


WORKLOAD_M = Workload(
    title="Runge and Kutta's method over 10,000 steps of an oscillator, as a scan",
    dtype="float64",
    target=None,
    compiled=2.0,
    torchs=5.0,
    first=0.5,
    roundings=N * 10,
    competitors={
        BY_HAND: Competitor(motion_by_hand),
        COMPILED: Competitor(motion_with_ours, OURS),
        "torch eager": Competitor(motion_with_torch, "torch"),
        "jax.jit": Competitor(motion_with_jax, "jax"),
    },
)
WORKLOAD_M2 = Workload(
    title="hidden Markov model of 10,000 symbols, as a scan",
    dtype="float64",
    target=None,
    compiled=2.0,
    torchs=5.0,
    first=0.5,
    roundings=N * 100,  # torch takes exp(x - logsumexp(x)), of numbers that grow to 3 · 10⁴
    competitors={
        BY_HAND: Competitor(markov_by_hand),
        COMPILED: Competitor(markov_with_ours, OURS),
        "torch eager": Competitor(markov_with_torch, "torch"),
        "jax.jit": Competitor(markov_with_jax, "jax"),
    },
)
