"""Complex numbers as the judge sees them: a real and an imaginary part, each with a slope of its own.

leaves  arrays of real numbers
wholes  the arrays that they are parts of
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygrad_edu.core.dtypes import is_complex

Array = Any
Leaves = list[Array]


def in_parts(wholes: Iterable[Array]) -> Leaves:
    """Arrays and Values, complex ones as their real and imaginary parts.

    >>> in_parts([np.array([1 + 2j]), 3.0])
    [array([1.]), array([2.]), 3.0]
    """
    return [part for x in wholes for part in ((np.real(x), np.imag(x)) if is_complex(x) else (x,))]


def slopes_by_parts(gradients: Iterable[Array]) -> Leaves:
    """Gradients as the slopes by both parts, ∂/∂x and ∂/∂y of ∂/∂x - i ∂/∂y; so are cotangents weights of both."""
    return [part for g in gradients for part in ((np.real(g), -np.imag(g)) if is_complex(g) else (g,))]


@dataclass(frozen=True)
class Parts:
    """Which of some arrays are complex, so that their parts can be put together again."""

    complex: tuple[bool, ...]

    @classmethod
    def of(cls, wholes: Sequence[Array]) -> "Parts":
        """Those of these arrays."""
        return cls(tuple(map(is_complex, wholes)))

    @property
    def owners(self) -> list[int]:
        """For each part the number of the array that it is part of."""
        return [k for k, both in enumerate(self.complex) for _ in range(1 + both)]

    def named(self, names: Sequence[str], real: str = "{}.real", imaginary: str = "{}.imag") -> list[str]:
        """The names of the parts."""
        pairs = zip(names, self.complex, strict=True)
        return [form.format(name) for name, both in pairs for form in ((real, imaginary) if both else ("{}",))]

    def join(self, leaves: Iterable[Array]) -> Leaves:
        """The arrays made of their parts, which may be Values."""
        supply = iter(leaves)
        return [next(supply) + np.multiply(1j, next(supply)) if both else next(supply) for both in self.complex]

    def join_slopes(self, leaves: Iterable[Array]) -> Leaves:
        """Gradients, or cotangents, made of the slopes by both parts."""
        supply = iter(leaves)
        return [next(supply) - np.multiply(1j, next(supply)) if both else next(supply) for both in self.complex]
