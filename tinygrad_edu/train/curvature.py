"""How long a step of gradient descent may be, by how much the surface bends.

L      the largest curvature: the largest eigenvalue of the Hessian of the loss
v      a direction of length 1, all parameters as one vector
basis  the directions so far, each at a right angle to the others
t      the Hessian as those directions see it, a symmetric matrix of three diagonals
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygrad_edu import tree
from tinygrad_edu.core.rules import Function
from tinygrad_edu.core.value import no_grad
from tinygrad_edu.train.state import plain
from tinygrad_edu.transforms import hvp
from tinygrad_edu.tree import Tree


@dataclass(frozen=True)
class Suggestion:
    """A learning rate, and what it is taken from.

    rate       1 / L, half of what is too long
    curvature  L
    error      how far L may be from the eigenvalue nearest to it
    products   how many Hessian-vector products were taken
    """

    rate: float
    curvature: float
    error: float
    products: int

    def __str__(self) -> str:
        found = f"The loss bends most along a direction of curvature L = {self.curvature:.4g} (± {self.error:.1g}"
        step = f"Plain gradient descent grows along it with steps of more than 2 / L = {2 / self.curvature:.4g}"
        return f"{found}, by {self.products} Hessian-vector products). {step}; suggested is 1 / L = {self.rate:.4g}."


def suggest_learning_rate(loss: Function, network: Tree, *batch: Any, products: int = 12, seed: int = 0) -> Suggestion:
    """The learning rate for plain gradient descent, by the curvature of the loss here.

    On a parabola of curvature L, a step of α times the slope multiplies the distance to the bottom by 1 - αL: it
    goes down for α < 2 / L and is there at once for α = 1 / L. A loss bends differently in each direction, and the
    largest curvature is what limits α. It is found by Lanczos' method, without building the Hessian.

    >>> print(suggest_learning_rate(lambda p: p[0] ** 2 + 4 * p[1] ** 2, [1.0, 1.0]))
    The loss bends most along a direction of curvature L = 8 (± 0, by 2 Hessian-vector products). Plain gradient
    descent grows along it with steps of more than 2 / L = 0.25; suggested is 1 / L = 0.125.

    Args:
        loss: ``loss(network, *batch)`` gives one number.
        network: where; any tree of numbers.
        batch: examples, as many as can be afforded: of a few, the curvature is another one.
        products: how many Hessian-vector products to take, at most; each costs some three gradients.
        seed: of the first direction.

    Source: Lanczos, 1950; LeCun, Simard and Pearlmutter, 1993, for 1 / L as the learning rate.

    Raises:
        ValueError: no direction that was seen bends upwards, as where the loss is linear: no step is too long there.
        FloatingPointError: a curvature is not finite.
    """
    if products < 1:
        raise ValueError(f"suggest_learning_rate: products is {products}; pass at least 1")
    vector, unravel = tree.ravel(plain(network))
    vector = vector.astype(np.float64)

    def bend(v: Any) -> Any:
        with no_grad():
            (bent,) = hvp(lambda p: loss(p, *batch), (unravel(vector),), (unravel(v),))
        return tree.ravel(bent)[0].astype(np.float64)

    first = np.random.default_rng(seed).normal(size=vector.size)
    values, error, taken = _lanczos(bend, first / np.linalg.norm(first), min(products, vector.size))
    curvature = float(values[-1])
    if not curvature > 0:
        what = f"the largest curvature here is {curvature:.3g}, so no step is too long by it"
        raise ValueError(f"suggest_learning_rate: {what}; take a point where the loss bends, or a small rate")
    return Suggestion(1 / curvature, curvature, error, taken)


def _lanczos(bend: Any, v: Any, most: int) -> tuple[Any, float, int]:
    """Eigenvalues that some directions see, how far the largest may be from a true one, and how many directions."""
    basis, diagonal, beside = [v], list[float](), list[float]()
    for _ in range(most):
        bent = bend(basis[-1])
        if not np.isfinite(bent).all():
            raise FloatingPointError("suggest_learning_rate: a curvature of the loss is not finite here")
        diagonal.append(float(basis[-1] @ bent))
        for _ in range(2):  # twice is enough, where rounding has spoilt the angles (Parlett, 1980)
            for each in basis:
                bent = bent - (each @ bent) * each
        beside.append(float(np.linalg.norm(bent)))
        if beside[-1] <= np.sqrt(np.finfo(np.float64).eps) * max(map(abs, diagonal)):
            beside[-1] = 0.0
            break
        basis.append(bent / beside[-1])
    n = len(diagonal)
    t = np.diag(diagonal) + np.diag(beside[: n - 1], 1) + np.diag(beside[: n - 1], -1)
    values, vectors = np.linalg.eigh(t)
    return values, abs(beside[n - 1] * float(vectors[-1, -1])), n
