"""What passes through many layers: numbers on the way forward, slopes on the way back.

spread  the standard deviation of a layer's outputs
d       how many numbers a layer reads
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygrad_edu.core.tape import payload
from tinygrad_edu.core.value import Value


@dataclass(frozen=True)
class Passage:
    """The spread of each layer's outputs, and the length of the gradient by its weights, first layer first."""

    spreads: list[float]
    gradients: list[float]

    @property
    def faded(self) -> float:
        """How much smaller the gradient of the first layer is than that of the last."""
        return self.gradients[-1] / self.gradients[0]


def pass_through(
    nonlinearity: Callable[[Any], Any], scale: float = 1.0, depth: int = 20, width: int = 50, seed: int = 0
) -> Passage:
    """Send random numbers through layers of random weights, and the slopes of the sum of squares back.

    Weights have a spread of scale/√d. A sum of d products then has a spread of about `scale` times that of what
    goes in: below 1, numbers die out from layer to layer; above, they grow until tanh is flat. A slope on its way
    back is multiplied by weights and by the nonlinearity's own slope, layer by layer: that of the sigmoid is at
    most ¼, and after twenty layers nothing is left.

    Source: Glorot and Bengio, 2010; He et al., 2015, for √2 with relu; Hochreiter, 1991, for vanishing gradients.
    """
    rng = np.random.default_rng(seed)
    weights = [Value(rng.normal(size=(width, width)) * scale / np.sqrt(width)) for _ in range(depth)]
    x: Any = rng.normal(size=(100, width))
    spreads = []
    for w in weights:
        x = nonlinearity(x @ w)
        spreads.append(float(np.std(payload(x))))
    np.sum(x**2).backward()
    return Passage(spreads, [float(np.linalg.norm(w.grad)) for w in weights])
