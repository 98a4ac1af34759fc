"""Newton's direction from the last few steps, without the Hessian.

p     all parameters, as one vector of n numbers
g     their gradient
s, y  how p and g changed, (history, n), the newest last
r     1 / ⟨y, s⟩ for each of them, 0 where there is none yet
"""

from typing import Any

import numpy as np

from tinygrad_edu import tree
from tinygrad_edu.optim.optimizer import Transformation
from tinygrad_edu.tree import Tree

_CURVED = 1e-10  # ⟨y, s⟩ must be larger, or the step tells of no curvature


def scale_by_lbfgs(history: int) -> Transformation:
    """The gradient times an approximate inverse of the Hessian, from as many steps as `history`.

    The first step is along the gradient, no longer than 1 in the sum of its magnitudes.

    Source: Nocedal, "Updating quasi-Newton matrices with limited storage", 1980.

    Raises:
        ValueError: `history` is less than 1.
    """
    if not history >= 1:
        raise ValueError(f"optim.lbfgs: history={history!r}; keep at least 1 step")

    def init(parameters: Tree) -> Tree:
        p, _ = tree.ravel(parameters)
        s, y = np.zeros((2, history, p.size), p.dtype)
        r = np.zeros(history, p.dtype)
        return {"p": p, "g": np.zeros_like(p), "s": s, "y": y, "r": r, "scale": p.dtype.type(0.0)}

    def update(gradients: Tree, state: Tree, parameters: Tree) -> tuple[Tree, Tree]:
        (g, unravel), (p, _) = tree.ravel(gradients), tree.ravel(parameters)
        s, y, r, scale = _remembered(p - state["p"], g - state["g"], state)
        began = scale > 0
        first = np.minimum(1.0, 1.0 / np.maximum(np.sum(abs(g)), np.finfo(p.dtype).tiny))
        direction = np.where(began, _two_loops(g, s, y, r, scale), first * g)
        return unravel(direction), {"p": p, "g": g, "s": s, "y": y, "r": r, "scale": scale}

    return Transformation(init, update)


def _remembered(s: Any, y: Any, state: Tree) -> tuple[Any, ...]:
    """What is remembered after the newest step, in place of the oldest, if it tells of a curvature."""
    curvature = s @ y
    curved = curvature > _CURVED
    safe = np.where(curved, curvature, 1.0)
    newest = {"s": s, "y": y, "r": 1.0 / safe}
    kept = (np.where(curved, np.concatenate([state[k][1:], newest[k][None]]), state[k]) for k in newest)
    return *kept, np.where(curved, safe / np.maximum(y @ y, np.finfo(s.dtype).tiny), state["scale"])


def _two_loops(g: Any, s: Any, y: Any, r: Any, scale: Any) -> Any:
    """The approximate inverse Hessian times g."""
    weights: list[Any] = []
    for i in reversed(range(len(s))):
        weights.append(r[i] * (s[i] @ g))
        g = g - weights[-1] * y[i]
    g = scale * g
    for i in range(len(s)):
        g = g + (weights.pop() - r[i] * (y[i] @ g)) * s[i]
    return g
