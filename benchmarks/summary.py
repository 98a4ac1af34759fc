"""What is shown of all workloads at a glance: how often the hand-written step fits into a competitor's.

best     the smallest time of a step, by competitor
threads  as in `targets`
"""

from benchmarks.targets import fastest_compiled
from benchmarks.workload import BY_HAND, OURS

SHORT = {
    "A": "scalar expression, 1,000 operations",
    "A2": "micrograd's demo, one step",
    "B": "network 64-32-10, batch 32",
    "C": "network 784-256-128-10, Adam",
    "D": "8 functions of 10⁶ numbers",
    "E": "convolutional network, batch 32",
    "F": "transformer block, T = 64, d = 64",
    "K": "Rosenbrock's Hessian, n = 100",
    "L": "function of 2 numbers, 1,000 calls",
    "L2": "function of 20 numbers, 1,000 calls",
    "M": "Runge-Kutta by scan, 10⁴ steps",
    "M2": "hidden Markov model, 10⁴ symbols",
    "M3": "LSTM by scan, 1,000 steps",
    "N": "a gradient for each of 256 examples",
}
EAGER, COMPILED = "ours", "ours, compiled"
PEERS = "torch eager", "torch.compile", "jax.jit", "micrograd", "autograd", "mygrad", "tinygrad jit"
COLUMNS = EAGER, COMPILED, *PEERS


def ratios(best, threads=1):
    """By column, the time of a step as a multiple of the hand-written; of compiled variants, the best."""
    named = {EAGER: OURS, COMPILED: fastest_compiled(best, threads)} | {name: name for name in PEERS}
    return {column: best[name] / best[BY_HAND] for column, name in named.items() if name in best}


def written(ratio):
    """Write a ratio with two or three digits.

    >>> written(0.654), written(12.34), written(1234.5)
    ('0.65', '12', '1,234')
    """
    return f"{ratio:.2f}" if ratio < 10 else f"{ratio:,.0f}"
