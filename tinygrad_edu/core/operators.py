"""What Python's operators do to a recorded number.

x, y       operands
operation  the operator on plain numbers, which is faster there than NumPy's function of the same name
"""

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_edu.core.arrays import constant_operand
from tinygrad_edu.core.context import OuterArray
from tinygrad_edu.core.tape import Entry, payload, record

Operation = Callable[[Any, Any], Any]


def _binary(function: np.ufunc, operation: Operation) -> Operation:
    """Make the method for ``x * y``; the operator of plain numbers is faster than the ufunc."""

    def forward(x: Entry, y: Any) -> Any:
        if isinstance(y, Entry):
            return record(type(x), operation(x._data, y._data), function, x, y)
        y = constant_operand(y, function)
        return y if y is NotImplemented else record(type(x), operation(x._data, y), function, x, y)

    return forward


def _reflected(function: np.ufunc, operation: Operation) -> Operation:
    """Make the method for ``x * y`` where only `y` is a Value."""

    def backward(y: Entry, x: Any) -> Any:
        x = constant_operand(x, function)
        return record(type(y), operation(x, y._data), function, x, y)

    return backward


def _unary(function: np.ufunc, operation: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda x: record(type(x), operation(x._data), function, x)


def _comparison(operation: Operation) -> Operation:
    return lambda x, y: NotImplemented if isinstance(y, OuterArray) else operation(x._data, payload(y))


class Operators(Entry):
    """An entry with Python's operators: arithmetic is recorded, comparisons give plain truth values."""

    __slots__ = ()

    __add__, __radd__ = _binary(np.add, operator.add), _reflected(np.add, operator.add)
    __sub__, __rsub__ = _binary(np.subtract, operator.sub), _reflected(np.subtract, operator.sub)
    __mul__, __rmul__ = _binary(np.multiply, operator.mul), _reflected(np.multiply, operator.mul)
    __truediv__, __rtruediv__ = _binary(np.divide, operator.truediv), _reflected(np.divide, operator.truediv)
    __floordiv__ = _binary(np.floor_divide, operator.floordiv)
    __rfloordiv__ = _reflected(np.floor_divide, operator.floordiv)
    __mod__, __rmod__ = _binary(np.remainder, operator.mod), _reflected(np.remainder, operator.mod)
    __pow__, __rpow__ = _binary(np.power, operator.pow), _reflected(np.power, operator.pow)
    __matmul__, __rmatmul__ = _binary(np.matmul, operator.matmul), _reflected(np.matmul, operator.matmul)
    __neg__, __pos__ = _unary(np.negative, operator.neg), _unary(np.positive, operator.pos)
    __abs__ = _unary(np.absolute, operator.abs)

    __eq__, __ne__ = _comparison(operator.eq), _comparison(operator.ne)
    __lt__, __le__ = _comparison(operator.lt), _comparison(operator.le)
    __gt__, __ge__ = _comparison(operator.gt), _comparison(operator.ge)
    __hash__ = object.__hash__

    def __divmod__(self, y: Any) -> tuple[Any, Any]:
        return self // y, self % y

    def __rdivmod__(self, x: Any) -> tuple[Any, Any]:
        return x // self, x % self
