"""Finding the operations that make NaN or infinity, where that reaches a result.

z  an entry
g  its cotangent
x  an input
"""

import sys
import weakref
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from tinygrad_edu.check.hooks import SourceLines
from tinygrad_edu.check.measure import Array, Leaves, Shape
from tinygrad_edu.core import tape
from tinygrad_edu.core.context import listening
from tinygrad_edu.core.source_info import label
from tinygrad_edu.core.tape import Entry, payload


class NonFiniteError(FloatingPointError):
    """An operation made a NaN or an infinity out of finite numbers."""


@contextmanager
def detect_nan(stop: bool = True) -> Iterator[list[str]]:
    """Make a context that names the operations that make NaN or infinity out of finite numbers.

    It looks at forward and backward, but not at what `no_grad` keeps off the tape, and costs some microseconds an
    operation. What does not reach a result is harmless: ``np.where(x > 0, np.log(x), 0)`` passes. So an error is
    raised when the context ends, or earlier, in the sweep of a result that is not finite.

    >>> from tinygrad_edu import Value
    >>> with detect_nan():
    ...     y = np.log(Value([1.0, 0.0]))
    Traceback (most recent call last):
    tinygrad_edu.check.nans.NonFiniteError: np.log made -inf at [1], out of 0.0;
    recorded in <doctest tinygrad_edu.check.nans.detect_nan[1]>:2: y = np.log(Value([1.0, 0.0]))

    Args:
        stop: raise the first one as an error; False goes on, and lists all in what the context gives:
            ``with detect_nan(stop=False) as found``.

    Raises:
        NonFiniteError: with the operation, the element, the numbers, which of two operands is at fault, and the
            line of the user's code that recorded it.
    """
    finder = _Finder(stop)
    with np.errstate(all="ignore"), listening(finder):
        yield finder.found
    for said in finder.pending.values():
        finder.report(*said)


class _Finder(SourceLines):
    """A listener that remembers who made what is not finite, until it is seen to reach a result.

    `origins` says who is to blame for an entry that is not finite, `pending` the same of those that nothing used yet.
    """

    def __init__(self, stop: bool) -> None:
        super().__init__()
        self.stop = stop
        self.found: list[str] = []
        self.origins: dict[int, tuple[tuple[str, ...], weakref.ref[Entry]]] = {}
        self.pending: dict[int, tuple[str, ...]] = {}

    def report(self, *said: str) -> None:
        """Raise the first that was found, or list each once."""
        if self.stop:
            raise NonFiniteError(said[0])
        self.found += [one for one in said if one not in self.found]

    def _line(self, z: Entry) -> str:
        return f"; recorded in {self.of(z)}" if self.of(z) else ""

    def _origin(self, x: Array) -> tuple[str, ...]:
        """What is to blame for `x`, if it is an entry that is not finite; None if it came in so."""
        known = self.origins.get(x.serial) if isinstance(x, Entry) else None
        return known[0] if known else ()

    def entry(self, z: Entry) -> None:
        """Look at the output of an operation."""
        if z.function is None:
            return
        super().entry(z)
        for x in z.inputs:
            if isinstance(x, Entry):
                self.pending.pop(x.serial, None)
        place = _first(z._payload)
        if place is None:
            return
        off = [x for x in z.inputs if _first(payload(x)) is not None]
        if off:
            through = [x for x in off if _comes_through(payload(x), z._payload)]
            through.sort(key=lambda x: _is_finite_at(payload(x), place))  # the one at the first place comes first
            said = tuple(dict.fromkeys(one for x in through for one in self._origin(x)))
        else:
            numbers = [payload(x) for x in z.inputs]
            made = f"{label(z.function)} made {_at(z._payload, place)}{_where(place)}"
            said = (f"{made}, out of {_operands(numbers, place)}{_to_blame(z, place)}{self._line(z)}",)
        if said:
            serial = z.serial
            self.origins[serial] = said, weakref.ref(z, lambda _: self.origins.pop(serial))
            if not _in_sweep():
                self.pending[serial] = said

    def share(self, z: Entry, g: Array, x: Entry, share: Array) -> None:
        """Look at the share that a rule gave an input."""
        if z.serial in self.pending:
            self.report(*self.pending.pop(z.serial))
        place = _first(payload(share))
        numbers = [payload(x) for x in z.inputs]
        if place is None or any(_first(y) is not None for y in (payload(g), z._payload, *numbers)):
            return
        origin = self._origin(share)
        if origin:
            self.report(*origin)
            return
        made = f"backward through {label(z.function)}: its rule made {_at(payload(share), place)}{_where(place)}"
        own = next(i for i, y in enumerate(z.inputs) if y is x)
        operands = f"{_operands(numbers, place)} and the cotangent {_at(payload(g), place)}"
        self.report(f"{made} for {_input(own, x)}, out of {operands}{self._line(z)}")


def _in_sweep() -> bool:
    """Whether a rule is at work: what it makes is masked, and may be thrown away, so that its shares are judged."""
    frame = sys._getframe(1)
    while frame is not None and frame.f_code is not tape.sweep.__code__:
        frame = frame.f_back  # type: ignore[assignment]
    return frame is not None


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


def _number(x: Array, place: Shape) -> Array | None:
    """The number at `place` in `x`, broadcast as far as it may be; None if there is no such place."""
    pairs = list(zip(reversed(np.shape(x)), reversed(place), strict=False))
    if np.ndim(x) > len(place) or any(n != 1 and i >= n for n, i in pairs):
        return None
    return np.asarray(x)[tuple(i if n > 1 else 0 for n, i in reversed(pairs))]


def _is_finite_at(x: Array, place: Shape) -> bool:
    number = _number(x, place)
    return number is None or bool(np.isfinite(number))


def _comes_through(x: Array, z: Array) -> bool:
    """Whether something of `x` that is not finite may be what is not finite in `z`: if they broadcast, in its place."""
    try:
        return bool(np.any(~np.isfinite(np.broadcast_to(x, np.shape(z))) & ~np.isfinite(z)))
    except ValueError:
        return True


def _at(x: Array, place: Shape) -> str:
    """The number at `place` as text; else the shape."""
    number = _number(x, place)
    return f"shape {np.shape(x)}" if number is None else f"{number}"


def _operands(numbers: Leaves, place: Shape) -> str:
    return " and ".join(_at(x, place) for x in numbers)


def _input(i: int, x: Array) -> str:
    """An input by its place, and the name it was given."""
    name = x.name if isinstance(x, Entry) else None
    return f"input {i} ({name})" if name else f"input {i}"


def _to_blame(z: Entry, place: Shape) -> str:
    """Which of two operands is at fault: the one without which, 1 in its stead, the result is finite."""
    f = z.function
    numbers = [_number(payload(x), place) for x in z.inputs]
    if not isinstance(f, np.ufunc) or f.signature or f.nin != 2 or z.keywords or any(n is None for n in numbers):
        return ""
    mends = [i for i in range(2) if np.isfinite(f(*numbers[:i], np.ones_like(numbers[i]), *numbers[i + 1 :]))]
    if len(mends) != 1:
        return ""
    (i,) = mends
    x = z.inputs[i]
    made = f", which {label(x.function)} made" if isinstance(x, Entry) and x.function else ""
    return f"; {_input(i, x)} is at fault{made}"
