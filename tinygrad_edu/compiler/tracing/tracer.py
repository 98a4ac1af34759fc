"""Tracers: arrays that write down what NumPy does to them.

numbers   the array or number that a tracer stands for in this run
node      what is written down of it
recorder  what writes down
"""

import operator
import sys
from collections.abc import Iterator
from typing import Any, NoReturn

import numpy as np

from tinygrad_edu.compiler.ir import Node, assume, cast, map_nested
from tinygrad_edu.compiler.tracing.source_info import asked_by_library
from tinygrad_edu.core import arrays
from tinygrad_edu.core.context import OuterArray, Tracer
from tinygrad_edu.core.operators import BINARY, BITWISE, COMPARISONS, UNARY, ArrayMethods
from tinygrad_edu.core.tape import Entry

NUMBERS = (bool, int, float, complex)
PYTHONS = frozenset(NUMBERS)
SINGLE = frozenset({float, int, bool, np.float64, np.bool_})
ABOVE = (Entry, OuterArray)  # these answer when they meet a tracer
_OPERANDS = (*NUMBERS, np.ndarray, np.generic, list, tuple)


class TracedArray(ArrayMethods, Tracer):
    """An array, or a number, that writes down what NumPy does to it, and refuses to be anything plain."""

    __slots__ = ("node", "numbers", "recorder")

    def __init__(self, numbers: Any, node: Node, recorder: Any) -> None:
        self.numbers, self.node, self.recorder = numbers, node, recorder

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

    def call(self, function: Any, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        """What an opaque function gives, its call written down as one."""
        return self.recorder.call(function, arguments, keywords)

    def snapshot(self) -> "TracedArray":
        """The same numbers as they are now."""
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
    def strides(self) -> tuple[int, ...]:
        """How many bytes apart neighbours lie along each axis: a program holds for one layout."""
        return np.asarray(self.numbers).strides

    @property
    def flags(self) -> Any:
        """How the numbers lie in memory; of a view, so that nobody switches those of the numbers."""
        return np.asarray(self.numbers).view().flags

    @property
    def itemsize(self) -> int:
        """The bytes of an element."""
        return int(self.dtype.itemsize)

    @property
    def nbytes(self) -> int:
        """The bytes of all elements."""
        return self.size * self.itemsize

    def __getitem__(self, index: Any) -> Any:
        if type(index) is tuple and not index and isinstance(self.numbers, np.generic):
            return self
        return self.recorder.call(operator.getitem, (self, index), {})

    def __setitem__(self, index: Any, x: Any) -> None:
        self.recorder.call(operator.setitem, (self, index, x), {})

    def astype(self, dtype: Any, *, copy: bool = True, **keywords: Any) -> Any:
        """As NumPy's method; without a copy where none is needed."""
        if not copy and not keywords and isinstance(self.numbers, np.ndarray) and self.numbers.dtype == dtype:
            return self
        return self.recorder.call(cast, (self, np.dtype(dtype)), keywords)

    def copy(self, order: str = "C") -> Any:
        """As NumPy's method; a number is its own copy."""
        is_array = isinstance(self.numbers, np.ndarray)
        return self.recorder.call(np.copy, (self,), {"order": order}) if is_array else self

    def flatten(self, order: str = "C") -> Any:
        """As NumPy's method: a copy."""
        return self.recorder.call(np.ravel, (self, order), {}).copy()

    def fill(self, x: Any) -> None:
        """Write one number everywhere."""
        self[...] = x

    def sort(self, axis: int = -1) -> None:
        """Sort in place."""
        self[...] = self.recorder.call(np.sort, (self, axis), {})

    def view(self, dtype: Any = None) -> Any:
        """As NumPy's method; the same numbers of the same kind are this array itself."""
        return self if dtype is None else self.recorder.call(np.ndarray.view, (self, np.dtype(dtype)), {})

    real = property(lambda self: self.recorder.call(np.real, (self,), {}), doc="The real part.")
    imag = property(lambda self: self.recorder.call(np.imag, (self,), {}), doc="The imaginary part.")


def tracers(x: Any) -> Iterator[Any]:
    """Go through the tracers in nested tuples, lists and slices."""
    if isinstance(x, Tracer):
        yield x
    elif isinstance(x, (tuple, list)):
        for part in x:
            yield from tracers(part)
    elif isinstance(x, slice):
        yield from tracers((x.start, x.stop, x.step))


def concrete(x: Any) -> Any:
    """The numbers behind tracers, in nested tuples, lists and slices."""
    return map_nested(x, lambda part: part.numbers if isinstance(part, TracedArray) else part)


def _call(function: Any, compute: Any, *operands: Any) -> Any:
    """Write down an operator: of Python's numbers it gives Python's, of all else what NumPy's function gives."""
    numbers = [x.numbers if type(x) is TracedArray else x for x in operands]
    if SINGLE.issuperset(map(type, numbers)):  # of which there may be very many
        recorder = next(x.recorder for x in operands if type(x) is TracedArray)
        return recorder.call(compute if PYTHONS.issuperset(map(type, numbers)) else function, operands, {})
    if any(isinstance(x, ABOVE) for x in operands):
        return NotImplemented
    numbers = [x.numbers if isinstance(x, TracedArray) else concrete(x) for x in operands]
    of_python = all(type(x) in NUMBERS for x in numbers) or not all(isinstance(x, _OPERANDS) for x in numbers)
    return next(tracers(operands)).recorder.call(compute if of_python else function, operands, {})


def _add_binary(name: str, function: Any, compute: Any) -> None:
    """Add an operator of two operands, its reflection, and the form that writes in place."""

    def in_place(x: Any, y: Any) -> Any:
        if isinstance(y, ABOVE) or not isinstance(x.numbers, np.ndarray):
            return _call(function, compute, x, y)
        ufunc = np.power if function is operator.pow else function
        return x.recorder.call(ufunc, (x, y), {"out": x})

    setattr(TracedArray, f"__{name}__", lambda x, y: _call(function, compute, x, y))
    setattr(TracedArray, f"__r{name}__", lambda y, x: _call(function, compute, x, y))
    setattr(TracedArray, f"__i{name}__", in_place)


def _add_method(name: str, function: Any) -> None:
    """Add one of NumPy's methods that Values do not have."""
    setattr(TracedArray, name, lambda x, *rest, **how: x.recorder.call(function, (x, *rest), how))


_OTHERS: dict[str, tuple[Any, Any]] = {
    "pow": (operator.pow, operator.pow),
    "divmod": (np.divmod, divmod),
}  # ** is not np.power, of numbers
for _name, _pair in {**BINARY, **BITWISE, **_OTHERS}.items():
    _add_binary(_name, *_pair)
for _name, _pair in {**UNARY, **COMPARISONS, "invert": (np.invert, operator.invert)}.items():
    setattr(TracedArray, f"__{_name}__", lambda *xs, pair=_pair: _call(*pair, *xs))
for _function in (np.cumprod, np.searchsorted, np.conjugate, np.choose, np.argpartition, np.put):
    _add_method(_function.__name__, _function)
_add_method("conj", np.conj)
arrays.arrays.add(TracedArray)
