"""Finding the operation that makes the first NaN or infinity.

z  an entry
g  its cotangent
x  an input
"""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from tinygrad_edu.check.hooks import SourceLines
from tinygrad_edu.check.measure import Array, Leaves, Shape
from tinygrad_edu.core.context import listening
from tinygrad_edu.core.source_info import label
from tinygrad_edu.core.tape import Entry, payload


class NonFiniteError(FloatingPointError):
    """An operation made a NaN or an infinity out of finite numbers."""


@contextmanager
def detect_nan() -> Iterator[None]:
    """Make a context in which the first operation to make NaN or infinity out of finite numbers raises.

    It looks at forward and backward, but not at what `no_grad` keeps off the tape, and costs some microseconds an
    operation.

    >>> from tinygrad_edu import Value
    >>> with detect_nan():
    ...     np.log(Value([1.0, 0.0]))
    Traceback (most recent call last):
    tinygrad_edu.check.nans.NonFiniteError: np.log made -inf at [1], out of 0.0;
    recorded in <doctest tinygrad_edu.check.nans.detect_nan[1]>:2: np.log(Value([1.0, 0.0]))

    Raises:
        NonFiniteError: with the operation, the element, the numbers, and the line of the user's code that recorded it.
    """
    with np.errstate(all="ignore"), listening(_Finder()):
        yield


class _Finder(SourceLines):
    """A listener that raises at the first number that is not finite."""

    def _line(self, z: Entry) -> str:
        return f"; recorded in {self.of(z)}" if self.of(z) else ""

    def entry(self, z: Entry) -> None:
        """Look at the output of an operation."""
        if z.function is None:
            return
        super().entry(z)
        numbers = [payload(x) for x in z.inputs]
        place = _first(z._payload)
        if place is not None and all(_first(x) is None for x in numbers):
            made = f"{label(z.function)} made {_at(z._payload, place)}{_where(place)}"
            raise NonFiniteError(f"{made}, out of {_operands(numbers, place)}{self._line(z)}")

    def share(self, z: Entry, g: Array, x: Entry, share: Array) -> None:
        """Look at the share that a rule gave an input."""
        place = _first(payload(share))
        numbers = [payload(x) for x in z.inputs]
        if place is not None and all(_first(y) is None for y in (payload(g), z._payload, *numbers)):
            made = f"backward through {label(z.function)}: its rule made {_at(payload(share), place)}{_where(place)}"
            own = next(i for i, y in enumerate(z.inputs) if y is x)
            said = (
                f"{made} for input {own}, out of {_operands(numbers, place)} and the cotangent {_at(payload(g), place)}"
            )
            raise NonFiniteError(f"{said}{self._line(z)}")


def _first(x: Array) -> Shape | None:
    """The index of the first number that is not finite; None if there is none, or `x` is no array of floats."""
    if isinstance(x, float):
        return None if np.isfinite(x) else ()
    if not isinstance(x, np.ndarray | np.generic) or x.dtype.kind != "f":
        return None
    off = np.argwhere(~np.isfinite(x))
    return tuple(off[0].tolist()) if len(off) else None


def _where(place: Shape) -> str:
    return f" at [{', '.join(map(str, place))}]" if place else ""


def _at(x: Array, place: Shape) -> str:
    """The number at `place` in `x`, broadcast as far as it may be; else its shape."""
    pairs = list(zip(reversed(np.shape(x)), reversed(place), strict=False))
    if np.ndim(x) > len(place) or any(n != 1 and i >= n for n, i in pairs):
        return f"shape {np.shape(x)}"
    return f"{np.asarray(x)[tuple(i if n > 1 else 0 for n, i in reversed(pairs))]}"


def _operands(numbers: Leaves, place: Shape) -> str:
    return " and ".join(_at(x, place) for x in numbers)
