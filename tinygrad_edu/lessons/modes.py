"""Forward and reverse: two ways through the same slopes, and what each costs.

n, m  how many numbers go in, and how many come out
J     the Jacobian (m, n): how fast output i changes with input j
v     a direction to move the inputs in; J·v is how fast the outputs then move (jvp)
u     weights of the outputs; uᵀ·J is how fast their weighted sum changes with each input (vjp)
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygrad_edu.data import Array
from tinygrad_edu.transforms import jacobian, jvp, vjp

Function = Callable[[Any], Any]


def polar(p: Any) -> Any:
    """The place (x, y) at a distance r and an angle φ, given as p = (r, φ)."""
    return p[0] * np.stack([np.cos(p[1]), np.sin(p[1])])


def rows_and_columns(f: Function, x: Array) -> tuple[Array, Array]:
    """The Jacobian, one column a forward sweep, and once more, one row a reverse sweep."""
    n, m = len(x), len(f(x))
    columns = [jvp(f, (x,), (direction,))[1] for direction in np.eye(n)]
    _, pull = vjp(f, x)
    return np.stack(columns, axis=1), np.stack([pull(weights)[0] for weights in np.eye(m)])


@dataclass(frozen=True)
class Costs:
    """How many sweeps a whole Jacobian takes, and how far the ways through it are apart."""

    forward: int
    reverse: int
    apart: float


def compare(n: int, m: int, seed: int = 0) -> Costs:
    """The costs of the Jacobian of tanh(A·x), from n numbers to m.

    A sweep, forward or reverse, takes a small multiple of the time of running f. Forward takes one for each input,
    reverse one for each output. A network has thousands of parameters and one loss: one reverse sweep gives all
    slopes, where forward, and the post's slope formula too, would take thousands.

    >>> compare(n=7, m=1).forward, compare(n=7, m=1).reverse
    (7, 1)

    Source: Griewank and Walther, "Evaluating Derivatives", 2008, chapters 3 and 4.
    """
    rng = np.random.default_rng(seed)
    matrix, x = rng.normal(size=(m, n)), rng.normal(size=n)
    f = lambda x: np.tanh(matrix @ x)  # noqa: E731
    by_columns, by_rows = rows_and_columns(f, x)
    whole = jacobian(f)(x)
    apart = max(float(np.max(np.abs(found - whole))) for found in (by_columns, by_rows))
    return Costs(by_columns.shape[1], by_rows.shape[0], apart)
