"""Right functions of many kinds, at which a comparison has no wrong thing to find: each is called wrong by mistake.

seed   draws the arguments
c, s   scales of what a function gives and of what it takes
d      how far from a kink, an edge or a hole
"""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import tinygrad_edu as tg
from tinygrad_edu.functions import relu, softmax
from tinygrad_edu.losses import cross_entropy

Made = tuple[Callable[..., Any], tuple[Any, ...]]
Kind = Callable[[np.random.Generator], Made]

SMOOTH = (
    np.sin,
    np.exp,
    np.tanh,
    np.arctan,
    np.cosh,
    np.square,
    lambda x: 1 / (1 + x * x),
    lambda x: x * np.sin(3 * x),
)
POSITIVE = (np.log, np.sqrt, lambda x: x**1.7, lambda x: 1 / x, lambda x: x**x, np.log1p)


def pick(rng, several):
    """One of several."""
    return several[rng.integers(len(several))]


def small(rng, low=-12, high=-1):
    """A small number, of a size drawn evenly among the powers of ten, of either sign."""
    return rng.choice([-1, 1]) * 10 ** rng.uniform(low, high)


def smooth(rng):
    f, g, h = (pick(rng, SMOOTH) for _ in range(3))
    w = rng.normal(size=4)
    return lambda x: np.sum(w * f(g(x) * 0.5 + h(x[::-1]) * 0.3)), (rng.normal(size=4),)


def scales(rng):
    c, s = 10 ** rng.uniform(-150, 150, 2)
    f = pick(rng, (np.sin, np.tanh, np.arctan, lambda x: x * np.cos(x)))
    return lambda x: c * np.sum(f(x / s)), (s * rng.normal(size=3),)


def ill_conditioned(rng):
    n = int(rng.integers(3, 9))
    hilbert = 1 / (np.arange(n)[:, None] + np.arange(n) + 1)
    a, b = rng.uniform(10, 60, 2)
    made = (
        lambda x: x @ hilbert @ x - np.sum(x),
        lambda x: np.sum(np.exp(a * x / 10)),
        lambda x: np.sum(np.sin(b * x)),
        lambda x: np.prod(x - np.arange(n)),
        lambda x: np.sum(1 / (x - 3.0001 - abs(a))),
        lambda x: np.sum(((((x - 7) * x + 21) * x - 35) * x + 35) * x),
    )
    return pick(rng, made), (rng.normal(size=n),)


def cancelling(rng):
    c = 10 ** rng.uniform(1, 8)
    shape = (5, 3)
    made = (
        lambda x: np.sum(x - np.mean(x)),
        lambda x: np.sum((x - np.mean(x)) / np.std(x)),
        lambda x: np.sum((x - np.mean(x, 0)) / np.sqrt(np.var(x, 0) + 1e-5)),
        lambda x: np.mean((x + c) ** 2) - np.mean(x + c) ** 2,
        lambda x: np.sum(((x + c) - c) ** 2),
        lambda x: np.sum(np.sin(x + c)),
        lambda x: np.sum(softmax(x)),
        lambda x: np.sum(np.sqrt(x * x + c + 1) - np.sqrt(x * x + c)),
        lambda x: np.sum(np.log(np.exp(x) * c) - np.log(c)),
        lambda x: np.sum(x) * c - np.sum(x * c),
        lambda x: np.sum(np.sin(x) ** 2 + np.cos(x) ** 2),
    )
    return pick(rng, made), (rng.normal(size=shape),)


def near_kinks(rng):
    d = small(rng, -15, -1)
    w = rng.normal(size=5)
    made = (
        lambda x: np.sum(w * np.clip(1 + d * x, -1, 1)),
        lambda x: np.max(0.7 + d * x),
        lambda x: np.sum(w * np.sort(0.7 + d * x)),
        lambda x: np.sum(w * np.maximum(d * x, 0.0)),
        lambda x: np.sum(w * abs(d + x * 0.0 + (x - x0))),
        lambda x: np.sum(w * relu(x - x0 + d)),
        lambda x: np.sum(w * np.where(x > x0 - d, x * x, x0 * x0 + 2 * x0 * (x - x0))),
        lambda x: np.sum(w * np.minimum(x, x0 + d)),
    )
    x0 = rng.normal(size=5)
    return pick(rng, made), (x0.copy(),)


def edges(rng):
    d = pick(rng, (0.0, abs(small(rng, -15, -1))))
    p = rng.uniform(1.05, 3)
    made = (
        (lambda x: x**p, d),
        (lambda x: (1 - x * x) ** p, 1 - d),
        (np.arcsin, 1 - d),
        (np.arccosh, 1 + d),
        (np.sqrt, d),
        (lambda x: x * np.sqrt(x), max(d, 1e-300)),  # at 0 it is 0 · ∞ by the tape
        (lambda x: x**x, d),
        (np.arctanh, 1 - max(d, 1e-15)),
        (np.log, max(d, 1e-300)),
        (lambda x: 1 / x, max(d, 1e-15)),
    )
    f, x = pick(rng, made)
    return f, (float(x),)


def holes(rng):
    x = small(rng, -8, 0)
    made = (
        (lambda x: (1 - np.cos(x)) / x**2, x),
        (lambda x: (x - np.sin(x)) / x**3, x),
        (lambda x: np.sin(x) / x, x),
        (lambda x: (np.exp(x) - 1) / x, x),
        (lambda x: np.log1p(x) / x, abs(x)),
        (np.sin, 1 / x),
        (lambda x: np.sqrt(x + 1) - np.sqrt(x), abs(1 / x)),
    )
    f, at = pick(rng, made)
    return f, (float(at),)


def single_precision(rng):
    f, g = pick(rng, SMOOTH), pick(rng, SMOOTH)
    x = rng.normal(size=4).astype(np.float32)
    made = (
        lambda x: np.sum(f(x)),
        lambda x: np.sum(g(f(x) * np.float32(0.3))),
        lambda x: np.sum((x - np.mean(x)) / np.std(x)),
        lambda x: softmax(x) @ np.arange(4, dtype=np.float32),
        lambda x: np.mean((x + np.float32(30)) ** 2) - np.mean(x + np.float32(30)) ** 2,
    )
    return pick(rng, made), (x,)


def networks(rng):
    s = 10 ** rng.uniform(-2, 1.5)
    p = {"w": [s * rng.normal(size=(3, 4)), s * rng.normal(size=(4, 3))], "b": (rng.normal(size=4), rng.normal())}
    x, labels = rng.normal(size=(2, 3)), np.array([0, 2])
    act = pick(rng, (np.tanh, np.sin, relu, lambda x: 1 / (1 + np.exp(-x))))

    def logits(p, x):
        return act(x @ p["w"][0] + p["b"][0]) @ p["w"][1] + p["b"][1]

    return pick(rng, (lambda p, x: cross_entropy(logits(p, x), labels), logits)), (p, x)


def saturated(rng):
    s, w = 10 ** rng.uniform(-1, 2.5), rng.normal(size=6)
    q, v = rng.normal(size=(3, 4)), rng.normal(size=(3, 2))
    made = (
        (lambda x: softmax(x) @ w, 6),
        (lambda x: cross_entropy(x, np.array([0, 3])), (2, 6)),
        (lambda x: softmax(q @ x.T) @ v, (3, 4)),
        (lambda x: np.sum(w * np.tanh(x)), 6),
        (lambda x: np.sum(w / (1 + np.exp(-x))), 6),
        (lambda x: np.log(np.sum(np.exp(x - np.max(x)))) + np.max(x), 6),
    )
    f, shape = pick(rng, made)
    return f, (s * rng.normal(size=shape),)


def many_arguments(rng):
    n = int(rng.integers(3, 12))
    fs = [pick(rng, SMOOTH) for _ in range(n)]
    return lambda *xs: sum(f(x) * (i + 1) for i, (f, x) in enumerate(zip(fs, xs, strict=True))), tuple(
        rng.normal(size=n).tolist()
    )


def positive(rng):
    f, g = pick(rng, POSITIVE), pick(rng, POSITIVE)
    return lambda x, y: np.sum(f(x) * g(y) + f(x + y)), (rng.uniform(0.05, 5, 3), rng.uniform(0.05, 5, 3))


KINDS: tuple[Kind, ...] = (
    smooth,
    scales,
    ill_conditioned,
    cancelling,
    near_kinks,
    edges,
    holes,
    single_precision,
    networks,
    saturated,
    many_arguments,
    positive,
)


def right(count, since=0) -> Iterator[tuple[str, Callable[..., Any], tuple[Any, ...]]]:
    """Draw right functions, of every kind by turns."""
    for kind, seed in itertools.islice(zip(itertools.cycle(KINDS), itertools.count(since)), count):
        f, args = kind(np.random.default_rng(seed))
        yield f"{kind.__name__}, seed {seed}", f, args


def complaint(f, args):
    """What a comparison says of a right function, or None; one that is not finite where it was drawn has no slope."""
    try:
        report = tg.compare_gradients(f, *args)
    except ValueError as error:
        if "not finite here" in str(error):
            return None
        raise
    return None if report else report.summary
