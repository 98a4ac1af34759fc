"""Over-fitting: a curve that passes through every example, and is wrong in between.

degree  how many bends a polynomial may have, and one more
"""

from dataclasses import dataclass

import numpy as np

from tinygrad_edu.data import Array


@dataclass(frozen=True)
class Fitted:
    """A polynomial fitted to examples, and its mean squared distance from them and from others of the same kind."""

    degree: int
    on_training: float
    on_held_out: float


def wave_with_noise(n: int, seed: int, noise: float = 0.3) -> tuple[Array, Array]:
    """Examples of a sine wave, each measured a little wrongly: x (n,) and y (n,)."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1, 1, n)
    return x, np.sin(np.pi * x) + noise * rng.normal(size=n)


def by_degree(seed: int, n: int = 15, highest: int = 14, held_out: int = 1000) -> list[Fitted]:
    """Fit polynomials of degree 0 … highest to n examples, each as nearly as its degree allows.

    With every degree the examples are met more nearly, and with as many parameters as examples exactly: then the
    curve has learnt the noise. What counts is the distance from examples that were held out, which falls and then
    rises.

    Source: Geman, Bienenstock and Doursat, "Neural networks and the bias/variance dilemma", 1992.
    """
    x, y = wave_with_noise(n, seed)
    others = wave_with_noise(held_out, seed + 1)
    fits = []
    for degree in range(highest + 1):
        curve = np.polynomial.Legendre.fit(x, y, degree, domain=[-1, 1])
        fits.append(Fitted(degree, *(float(np.mean((curve(u) - v) ** 2)) for u, v in ((x, y), others))))
    return fits
