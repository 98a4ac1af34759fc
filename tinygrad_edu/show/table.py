"""The tape as a list of entries, printed as a table.

entry     its place on the tape, from the first
function  the function that made it
inputs    its operands: entries by their places, and constants
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from tinygrad_edu.core.source_info import label
from tinygrad_edu.core.tape import order
from tinygrad_edu.core.value import Value
from tinygrad_edu.show.source import source_of

_HEAD = ("entry", "function", "inputs", "value", "gradient")
_SHOWN = 40
_WIDTH = 34


class Tape:
    """The entries that led to `value`, from the oldest to `value` itself; iterate, index or print it.

    >>> a, b = Value(2.0, name="a"), Value(3.0, name="b")
    >>> z = a * b + 1
    >>> z.backward()
    >>> print(Tape(z))
    entry  function     inputs  value  gradient
        0  a                    2.0    3.0
        1  b                    3.0    2.0
        2  np.multiply  0, 1    6.0    1.0
        3  np.add       2, 1    7.0    1.0

    Raises:
        TypeError: `value` is not a Value, and has no tape.
    """

    def __init__(self, value: Value) -> None:
        if not isinstance(value, Value):
            raise TypeError(f"Tape(value): got a {type(value).__name__}, which has no tape; pass the result, a Value")
        self.entries: list[Value] = order([value])

    def source(self) -> str:
        """The tape as a program: a function of its leaves that returns the value and its slope by each of them.

        >>> a, b = Value(2.0, name="a"), Value(3.0, name="b")
        >>> print(Tape(a * b + b ** 2).source().partition("# forward")[2])  # doctest: +ELLIPSIS
        <BLANKLINE>
            value = a * b + np.square(b) ...
            # backward
            d_b = 2.0 * b + a ...
            return value, b, d_b
        <BLANKLINE>
        """
        return source_of(self.entries)

    def __iter__(self) -> Iterator[Value]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def __getitem__(self, i: int) -> Value:
        return self.entries[i]

    def __repr__(self) -> str:
        return f"<Tape of {len(self)} entries to {label(self[-1].function) if self[-1].function else 'a leaf'}>"

    def __str__(self) -> str:
        places = {z: i for i, z in enumerate(self.entries)}
        shown = list(range(len(self)))
        left_out = len(shown) - _SHOWN
        if left_out > 0:
            shown = shown[: _SHOWN // 2] + shown[-_SHOWN // 2 :]
        rows = [_HEAD, *(_row(i, self[i], places) for i in shown)]
        widths = [max(len(row[k]) for row in rows) for k in range(len(_HEAD))]
        lines = ["  ".join([row[0].rjust(widths[0]), *map(str.ljust, row[1:], widths[1:])]).rstrip() for row in rows]
        if left_out > 0:
            lines.insert(_SHOWN // 2 + 1, f"… {left_out:,} entries left out …")
        return "\n".join(lines)


def _row(i: int, z: Value, places: dict[Value, int]) -> tuple[str, ...]:
    """One entry as a row of the table."""
    made_by = (label(z.function) if z.function else "leaf") + (f" → {z.name}" if z.function and z.name else "")
    inputs = [str(places[x]) if isinstance(x, Value) else _text(x) for x in z.inputs]
    inputs += [f"{key}={value}" for key, value in (z.keywords or {}).items()]
    what = made_by if z.function else z.name or "leaf"
    return str(i), what, _short(", ".join(inputs)), _text(z.data), _text(z.grad)


def _text(x: Any) -> str:
    """A number, or an array of up to four elements, in full; a larger one as its shape."""
    if np.ndim(x) and np.size(x) > 4:
        return f"shape {np.shape(x)}"
    if isinstance(x, float):
        return np.format_float_positional(x, 6, fractional=False, trim="0") if 1e-4 <= abs(x) < 1e6 else f"{x:.6g}"
    return _short(np.array2string(x, precision=4, separator=", ") if isinstance(x, np.ndarray) else repr(x))


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _WIDTH else line[: _WIDTH - 1] + "…"
