"""Transformations of gradients: what optimizers are made of.

p     a parameter
g     the slope of the loss with respect to it
m, v  running means of g and of g²
t     which step it is, from 1
b     how much of a running mean is kept at each step
eps   what keeps a division from one by 0
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_edu import tree
from tinygrad_edu.optim.optimizer import Transformation, stateless, times, unzip
from tinygrad_edu.tree import Tree


def clip_by_value(limit: float) -> Transformation:
    """No number of a gradient beyond `limit`, up or down."""
    _check_at_least(0, "clip_by_value", limit=limit)
    return stateless(lambda gradients, _: tree.map(lambda g: np.clip(g, -limit, limit), gradients))


def clip_by_global_norm(limit: float) -> Transformation:
    """All gradients shrunk alike where they are longer together, as one vector, than `limit`.

    Source: Pascanu, Mikolov and Bengio, "On the difficulty of training recurrent neural networks", 2013.
    """
    _check_at_least(0, "clip_by_global_norm", limit=limit)

    def update(gradients: Tree, _: Tree) -> Tree:
        largest = [np.max(abs(g), initial=0.0) for g in tree.leaves(gradients)]
        scale = np.maximum(np.max(np.stack(largest)), np.finfo(float).tiny)  # so that no square overflows
        norm = scale * np.sqrt(sum(np.sum((g / scale) ** 2) for g in tree.leaves(gradients)))
        shrink = np.where(norm > limit, limit / np.where(norm > limit, norm, 1.0), 1.0)
        return tree.map(lambda g: times(shrink, g), gradients)

    return stateless(update)


def weight_decay(rate: float) -> Transformation:
    """``g + rate * p``: after plain gradients, the slope of ``rate / 2 * p**2``; after Adam's, decoupled decay.

    Source: Loshchilov and Hutter, "Decoupled weight decay regularization", 2019.
    """
    _check_at_least(0, "weight_decay", rate=rate)
    return stateless(lambda gradients, parameters: tree.map(lambda g, p: g + times(rate, p), gradients, parameters))


def momentum(b: float, nesterov: bool = False) -> Transformation:
    """What went before, shrunk by `b` at each step, and g; with `nesterov`, as it will be one step on.

    Source: Sutskever, Martens, Dahl and Hinton, "On the importance of initialization and momentum", 2013.
    """
    return of_leaves(1, lambda g, p, t, m: (b * (b * m + g) + g if nesterov else b * m + g, b * m + g))


def scale_by_sum_of_squares(eps: float) -> Transformation:
    """G over the root of the sum of all g² so far.

    Source: Duchi, Hazan and Singer, "Adaptive subgradient methods", 2011.
    """
    return of_leaves(1, lambda g, p, t, v: (g / (np.sqrt(v + g * g) + eps), v + g * g))


def scale_by_mean_of_squares(b: float, eps: float) -> Transformation:
    """G over the root of the running mean of g².

    Source: Hinton, "Neural networks for machine learning", lecture 6e, 2012.
    """

    def rule(g: Any, p: Any, t: Any, v: Any) -> tuple[Any, ...]:
        v = b * v + (1 - b) * (g * g)
        return g / (np.sqrt(v) + eps), v

    return of_leaves(1, rule)


def scale_by_adam(b1: float, b2: float, eps: float) -> Transformation:
    """The running mean of g over the root of that of g², both as if they had not begun with 0.

    Source: Kingma and Ba, "Adam", 2015, algorithm 1.
    """

    def rule(g: Any, p: Any, t: Any, m: Any, v: Any) -> tuple[Any, ...]:
        m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * (g * g)
        root = times(1 / np.sqrt(1 - b2**t), np.sqrt(v)) + eps
        return times(1 / (1 - b1**t), m) / root, m, v

    return of_leaves(2, rule)


def sign_of_mean(b1: float, b2: float) -> Transformation:
    """The sign of a mean of g and what went before, which is kept longer.

    Source: Chen et al., "Symbolic discovery of optimization algorithms", 2023.
    """
    return of_leaves(1, lambda g, p, t, m: (np.sign(b1 * m + (1 - b1) * g), b2 * m + (1 - b2) * g))


def of_leaves(kept: int, rule: Callable[..., tuple[Any, ...]]) -> Transformation:
    """A transformation of each leaf by itself: ``rule(g, p, t, *state)`` gives another g and the next state.

    `kept` is how many numbers the state has for each number of a parameter; all begin as 0.
    """

    def init(parameters: Tree) -> Tree:
        zeros = tuple(tree.map(lambda p: np.zeros_like(p)[()], parameters) for _ in range(kept))
        return {"steps": np.float64(0.0), "kept": zeros}

    def update(gradients: Tree, state: Tree, parameters: Tree) -> tuple[Tree, Tree]:
        t = state["steps"] + 1.0
        columns = map(tree.leaves, (gradients, parameters, *state["kept"]))
        made = [rule(g, p, t, *own) for g, p, *own in zip(*columns, strict=True)]
        after, *states = unzip(gradients, made)
        return after, {"steps": t, "kept": tuple(states)}

    return Transformation(init, update)


def _check_at_least(least: float, name: str, **numbers: float) -> None:
    for key, number in numbers.items():
        if not number >= least:
            raise ValueError(f"optim.{name}: {key}={number!r}; pass a number that is not negative")
