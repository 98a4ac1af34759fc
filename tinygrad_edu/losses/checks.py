"""What losses have in common: shapes that are the same, and one number made of many."""

from typing import Any, Literal

import numpy as np

from tinygrad_edu.core.arrays import as_array
from tinygrad_edu.core.rules import Array

Reduction = Literal["mean", "sum", "none"]


def in_floats(v: Any, w: Any) -> tuple[Array, Array]:
    """Two arrays of which one at least holds floats: between integers, differences might wrap."""
    v, w = as_array(v), as_array(w)
    return (v if np.result_type(v, w).kind == "f" else v.astype(np.float64)), w


def check_same_shape(caller: str, v: Array, w: Array) -> None:
    """Refuse to broadcast: (n, 1) against (n,) would compare everything with everything.

    Raises:
        ValueError: the shapes differ.
    """
    if np.shape(v) != np.shape(w):
        raise ValueError(
            f"{caller}: got shapes {np.shape(v)} and {np.shape(w)}; both must have the same, so reshape one"
        )


def check_reduction(caller: str, reduction: str, examples: int) -> None:
    """Make sure that there is such a reduction, and something to take the mean of.

    Raises:
        ValueError: it is none of the three, or there is nothing.
    """
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f'{caller}: reduction is {reduction!r}; pass "mean", "sum" or "none"')
    if reduction == "mean" and not examples:
        raise ValueError(f'{caller}: there is nothing to take the mean of; pass examples, or reduction="sum"')


def reduced(losses: Array, reduction: str) -> Array:
    """The mean or the sum of losses, or all of them."""
    if reduction == "none":
        return losses
    return np.mean(losses) if reduction == "mean" else np.sum(losses)
