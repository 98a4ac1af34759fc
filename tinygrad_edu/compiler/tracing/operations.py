"""What Python's operators and NumPy's methods do to a tracer: they call NumPy's functions.

numbers   the array or number that a tracer stands for in this run
node      what is written down of it
recorder  the one who writes down
"""

import operator
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tinygrad_edu.compiler.ir import Node, map_nested
from tinygrad_edu.core.context import OuterArray, Tracer
from tinygrad_edu.core.tape import Entry

NUMBERS = (bool, int, float, complex)
ABOVE = (Entry, OuterArray)  # these answer when they meet a tracer
_OPERANDS = (*NUMBERS, np.ndarray, np.generic, list, tuple)


class Operations(Tracer):
    """A tracer with Python's operators and NumPy's methods."""

    __slots__ = ("node", "numbers", "recorder")

    def __init__(self, numbers: Any, node: Node, recorder: Any) -> None:
        self.numbers, self.node, self.recorder = numbers, node, recorder

    def call(self, function: Any, *arguments: Any) -> Any:
        """Write down the call of a function as a whole."""
        return self.recorder.call(function, arguments, {})

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
        """As NumPy's method."""
        return self.recorder.call(np.copy, (self,), {"order": order})

    def reshape(self, *shape: Any, **keywords: Any) -> Any:
        """As np.reshape; the shape may come as one tuple or as several numbers."""
        return self.recorder.call(np.reshape, (self, shape[0] if len(shape) == 1 else shape), keywords)

    def transpose(self, *axes: Any) -> Any:
        """As np.transpose; the axes may come as one tuple or as several numbers."""
        return self.recorder.call(np.transpose, (self, (axes[0] if len(axes) == 1 else axes) or None), {})

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

    T = property(lambda self: self.transpose(), doc="The transpose.")
    mT = property(lambda self: self.swapaxes(-1, -2), doc="The matrices transposed.")
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


def plain(x: Any) -> Any:
    """Give the numbers behind tracers, in nested tuples, lists and slices."""
    return map_nested(x, lambda part: part.numbers if isinstance(part, Operations) else part)


def cast(x: Any, dtype: Any, **keywords: Any) -> Any:
    """Give another kind of number."""
    return x.astype(dtype, **keywords) if isinstance(x, (np.ndarray, np.generic)) else dtype.type(x)


def _call(function: Any, operation: Any, *operands: Any) -> Any:
    """Write down an operator: of plain numbers it gives a plain number, of all else what NumPy's function gives."""
    if any(isinstance(x, ABOVE) for x in operands):
        return NotImplemented
    numbers = [x.numbers if isinstance(x, Operations) else plain(x) for x in operands]
    simple = all(type(x) in NUMBERS for x in numbers) or not all(isinstance(x, _OPERANDS) for x in numbers)
    return next(tracers(operands)).recorder.call(operation if simple else function, operands, {})


def _add_operator(name: str, function: Any, operation: Any) -> None:
    """Give tracers an operator of two operands, its reflection, and the form that writes in place."""

    def in_place(x: Any, y: Any) -> Any:
        if isinstance(y, ABOVE) or not isinstance(x.numbers, np.ndarray):
            return _call(function, operation, x, y)
        ufunc = np.power if function is operator.pow else function
        return x.recorder.call(ufunc, (x, y), {"out": x})

    setattr(Operations, f"__{name}__", lambda x, y: _call(function, operation, x, y))
    setattr(Operations, f"__r{name}__", lambda y, x: _call(function, operation, x, y))
    setattr(Operations, f"__i{name}__", in_place)


def _add_method(function: Callable[..., Any]) -> None:
    """Make NumPy's method out of NumPy's function."""
    setattr(Operations, function.__name__, lambda x, *rest, **how: x.recorder.call(function, (x, *rest), how))


for _name, _function, _operation in (
    ("add", np.add, operator.add), ("sub", np.subtract, operator.sub), ("mul", np.multiply, operator.mul),
    ("truediv", np.divide, operator.truediv), ("floordiv", np.floor_divide, operator.floordiv),
    ("mod", np.remainder, operator.mod), ("pow", operator.pow, operator.pow), ("matmul", np.matmul, operator.matmul),
    ("divmod", np.divmod, divmod), ("and", np.bitwise_and, operator.and_), ("or", np.bitwise_or, operator.or_),
    ("xor", np.bitwise_xor, operator.xor), ("lshift", np.left_shift, operator.lshift),
    ("rshift", np.right_shift, operator.rshift),
):  # fmt: skip
    _add_operator(_name, _function, _operation)
_SIGNS: tuple[tuple[str, Any, Any], ...] = (
    ("eq", np.equal, operator.eq), ("ne", np.not_equal, operator.ne), ("lt", np.less, operator.lt),
    ("le", np.less_equal, operator.le), ("gt", np.greater, operator.gt), ("ge", np.greater_equal, operator.ge),
    ("neg", np.negative, operator.neg), ("pos", np.positive, operator.pos), ("abs", np.absolute, operator.abs),
    ("invert", np.invert, operator.invert),
)  # fmt: skip
for _name, _function, _operation in _SIGNS:
    setattr(Operations, f"__{_name}__", lambda *xs, f=_function, o=_operation: _call(f, o, *xs))
for _method in (
    np.sum, np.mean, np.prod, np.max, np.min, np.var, np.std, np.cumsum, np.cumprod, np.ravel, np.squeeze, np.swapaxes,
    np.repeat, np.take, np.clip, np.dot, np.diagonal, np.trace, np.round, np.argmax, np.argmin, np.argsort, np.any,
    np.all, np.nonzero, np.searchsorted, np.conj, np.conjugate, np.choose, np.argpartition, np.put,
):  # fmt: skip
    _add_method(_method)
