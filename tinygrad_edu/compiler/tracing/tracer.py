"""Arrays that write down what NumPy does to them: with these a function runs from which a program is made.

numbers   the array or number that a tracer stands for in this run
recorder  the one who writes down
"""

import sys
from collections.abc import Iterator
from typing import Any, NoReturn

import numpy as np

from tinygrad_edu.compiler.ir import assume
from tinygrad_edu.compiler.tracing.operations import ABOVE, NUMBERS, Operations
from tinygrad_edu.compiler.tracing.operations import cast as cast
from tinygrad_edu.compiler.tracing.operations import plain as plain
from tinygrad_edu.compiler.tracing.operations import tracers as tracers
from tinygrad_edu.compiler.tracing.source_info import asked_by_library
from tinygrad_edu.core import arrays


class TracedArray(Operations):
    """An array, or a number, that writes down what NumPy does to it, and refuses to be anything plain."""

    __slots__ = ()

    @property  # type: ignore[misc]
    def __class__(self) -> type:  # what `isinstance` looks at, so that the function does as it would without tracing
        kind: type = type(self.numbers)
        return kind

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **keywords: Any) -> Any:
        """Answer NumPy when a ufunc meets a tracer (NEP 13)."""
        if any(isinstance(x, ABOVE) for x in inputs):
            return NotImplemented
        return self.recorder.call(ufunc if method == "__call__" else getattr(ufunc, method), inputs, keywords)

    def __array_function__(self, function: Any, types: Any, arguments: Any, keywords: Any) -> Any:
        """Answer NumPy when one of its other functions meets a tracer (NEP 18)."""
        if any(issubclass(kind, ABOVE) for kind in types):
            return NotImplemented
        return self.recorder.call(function, arguments, keywords)

    def snapshot(self) -> "TracedArray":
        """Give the same numbers as they are now."""
        copy: TracedArray = self.copy("K") if isinstance(self.numbers, np.ndarray) else self
        return copy

    def __bool__(self) -> bool:
        answer = bool(self.numbers)
        if not asked_by_library(sys._getframe(1)):
            self.recorder.need(self)
            raise self.recorder.refused(
                "takes a branch that depends on numbers (if, while, and, or, min, max)",
                "use np.where(condition, x, y), np.minimum or np.maximum",
            )
        self.recorder.call(assume, (self, answer), {})
        return answer

    def __index__(self) -> int:
        self.recorder.need(self)
        instead = "let it depend on shapes, or on an int argument; np.take(a, i, axis=0) for a[i]"
        raise self.recorder.refused("uses a computed number as an index, an axis or a length", instead)

    def __float__(self) -> float:
        self.recorder.need(self)
        what = "makes a plain number of a traced one (float, int, round, math, .item, hash)"
        raise self.recorder.refused(what, "use NumPy's functions instead")

    __int__ = __complex__ = __trunc__ = __floor__ = __ceil__ = __float__

    def __round__(self, digits: Any = None) -> Any:
        return self.__float__()

    def __hash__(self) -> int:
        if isinstance(self.numbers, np.ndarray):
            raise TypeError("unhashable type: 'numpy.ndarray'")
        return int(self.__float__())

    def item(self, *index: int) -> Any:
        """Refuse: the number would be kept, and be wrong the next time."""
        return self.__float__()

    def tolist(self) -> Any:
        """Refuse, as `item`."""
        return self.__float__()

    def __array__(self, *_: Any, **__: Any) -> NoReturn:
        self.recorder.need(self)
        raise self.recorder.refused(
            "makes a plain array of a traced one, or writes it into one",
            "use NumPy's functions; np.take(a, i, axis=0) for a[i], np.zeros_like(x, shape=…) for an array to fill",
        )

    def __reduce_ex__(self, _: Any) -> NoReturn:
        raise self.recorder.refused("pickles a traced array", "do that outside")

    def __copy__(self) -> "TracedArray":
        return self.snapshot()

    def __deepcopy__(self, _: Any) -> "TracedArray":
        return self.snapshot()

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec) if asked_by_library(sys._getframe(1)) else self._text()

    def __repr__(self) -> str:
        if asked_by_library(sys._getframe(1)):
            return f"<traced {self.dtype} of shape {self.shape}>"
        return self._text()

    __str__ = __repr__

    def _text(self) -> NoReturn:
        self.recorder.need(self)
        what = "makes text of a traced number (str, repr, format, an f-string)"
        raise self.recorder.refused(what, "make it of the result, outside; print itself may stay")

    def __iter__(self) -> Iterator[Any]:
        if not self.shape:
            raise TypeError("iteration over a 0-d array")
        return (self[i] for i in range(len(self)))

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of unsized object")
        return self.shape[0]

    def __contains__(self, x: Any) -> bool:
        return bool(np.any(self == x))

    def __getattr__(self, name: str) -> Any:
        if hasattr(self.numbers, name) and not name.startswith("__"):
            self.recorder.need(self)
            raise self.recorder.refused(f"uses .{name} of a traced array", "use NumPy's functions")
        raise AttributeError(f"a traced array has no attribute {name!r}")

    @property
    def shape(self) -> tuple[int, ...]:
        """The length along each axis."""
        return np.shape(self.numbers)

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of elements."""
        return int(np.size(self.numbers))

    @property
    def dtype(self) -> Any:
        """The kind of number."""
        return np.result_type(type(self.numbers)) if type(self.numbers) in NUMBERS else self.numbers.dtype

    @property
    def itemsize(self) -> int:
        """The bytes of an element."""
        return int(self.dtype.itemsize)

    @property
    def nbytes(self) -> int:
        """The bytes of all elements."""
        return self.size * self.itemsize


arrays.arrays.add(TracedArray)
