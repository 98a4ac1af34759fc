"""The slope against the tape: the gradient of a whole network, measured and derived."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygrad_edu import tree
from tinygrad_edu.data import load_digits
from tinygrad_edu.losses import cross_entropy
from tinygrad_edu.nn import Network
from tinygrad_edu.slope import numeric_gradient
from tinygrad_edu.tape import payload
from tinygrad_edu.transforms import grad
from tinygrad_edu.value import no_grad


@dataclass(frozen=True)
class Compared:
    """How the two gradients of one array of constants compare: the worst of all its numbers.

    difference and doubt, which is the error that the measured slope estimates of itself, are in
    units of the array's greatest slope; excess is the difference in units of the doubt. Where it is
    above 1 the two disagree, by more than the measurement is to blame for; unless the loss is a small
    number left over from large ones, whose roundings the measurement does not know of.
    """

    name: str
    shape: tuple[int, ...]
    difference: float
    doubt: float
    excess: float


def compare(network: Any, loss: Any) -> list[Compared]:
    """Compare ``grad(loss)(network)`` with `numeric_gradient`, one row for each array of the tree.

    >>> import numpy as np
    >>> (row,) = compare({"w": np.array([0.0, 1.0])}, lambda p: np.sum(np.exp(p["w"])))
    >>> row.name, row.shape, row.excess <= 1
    ("['w']", (2,), True)

    Source: the post's slope, taken both ways: (d(x + q) - d(x - q)) / 2q.
    """
    with no_grad():
        derived = grad(loss)(network)
    measured, errors = numeric_gradient(loss, network, error=True)
    columns = zip(*[map(payload, tree.flatten(part)) for part in (derived, measured, errors)], strict=True)
    return [_worst(name, *column) for name, column in zip(tree.paths(network), columns, strict=True)]


def _worst(name: str, derived: Any, measured: Any, errors: Any) -> Compared:
    """Sum up one array. A slope measured without any error must be met exactly."""
    differences = np.abs(derived - measured)
    least = np.finfo(np.float64).tiny
    unit = max(float(np.max(np.abs(derived))), least)
    return Compared(
        name=name,
        shape=np.shape(derived),
        difference=float(np.max(differences)) / unit,
        doubt=float(np.max(errors)) / unit,
        excess=float(np.max(differences / np.maximum(errors, least))),
    )


def compare_on_digits(seed: int, hidden: int = 16, images: int = 8) -> list[Compared]:
    """Compare both gradients of an untrained network of 64 → hidden → 10 on a few handwritten digits."""
    train, _ = load_digits()
    x, labels = train.images[:images], train.labels[:images]
    return compare(Network.random([64, hidden, 10], seed), lambda network: cross_entropy(network(x), labels))
