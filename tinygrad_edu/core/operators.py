"""Python's operators and NumPy's methods: one table of each, for all arrays that record what is done to them.

x, y     operands
compute  the operator on plain numbers, which is faster there than NumPy's function of the same name
"""

import inspect
import operator
from collections.abc import Callable
from typing import Any, Protocol, Self, TypeVar

import numpy as np

from tinygrad_edu.core.arrays import constant_operand
from tinygrad_edu.core.context import OuterArray
from tinygrad_edu.core.refusals import refuse_complex
from tinygrad_edu.core.rules import Array, Function, refuse
from tinygrad_edu.core.source_info import ERRORS, label, raise_named
from tinygrad_edu.core.tape import Entry, payload, record

Unary = Callable[[Any], Array]
Binary = Callable[[Any, Any], Array]
Kind = TypeVar("Kind")


class Recorded(Protocol):
    """For type checkers: a method whose result is of the kind that it is called on, so they know what ``v * 2`` has."""

    def __get__(self, instance: Kind, owner: Any = None) -> Callable[..., Kind]:
        """The method of an instance."""


# fmt: off
BINARY: dict[str, tuple[np.ufunc, Binary]] = {
    "add": (np.add, operator.add), "sub": (np.subtract, operator.sub), "mul": (np.multiply, operator.mul),
    "truediv": (np.divide, operator.truediv), "floordiv": (np.floor_divide, operator.floordiv),
    "mod": (np.remainder, operator.mod), "pow": (np.power, operator.pow), "matmul": (np.matmul, operator.matmul),
}
UNARY: dict[str, tuple[np.ufunc, Unary]] = {
    "neg": (np.negative, operator.neg), "pos": (np.positive, operator.pos), "abs": (np.absolute, operator.abs),
}
COMPARISONS: dict[str, tuple[np.ufunc, Binary]] = {
    "eq": (np.equal, operator.eq), "ne": (np.not_equal, operator.ne), "lt": (np.less, operator.lt),
    "le": (np.less_equal, operator.le), "gt": (np.greater, operator.gt), "ge": (np.greater_equal, operator.ge),
}
BITWISE: dict[str, tuple[np.ufunc, Binary]] = {  # of integers and truth values, so never of Values
    "and": (np.bitwise_and, operator.and_), "or": (np.bitwise_or, operator.or_), "xor": (np.bitwise_xor, operator.xor),
    "lshift": (np.left_shift, operator.lshift), "rshift": (np.right_shift, operator.rshift),
}
# fmt: on
# keywords that NumPy's functions have and its methods have not
_LACKING = {np.var: "correction", np.std: "correction", np.astype: "device", np.copy: "subok"}


def _method(function: Any) -> Recorded:
    """Make NumPy's method out of NumPy's function."""
    known = inspect.signature(function)
    names, lacking = (*known.parameters,), _LACKING.get(function, "")

    def method(self: Any, *arguments: Any, **keywords: Any) -> Any:
        if keywords and not keywords.keys().isdisjoint((*names[: len(arguments) + 1], lacking)):
            if lacking in keywords:
                raise refuse(function, f"{lacking}= is not for its method", "call the function")
            twice = next(name for name in names if name in keywords)
            raise refuse(function, f"{twice}= of its method is given by position, too", "give it once")
        return self.__array_function__(function, (), (self, *arguments), keywords)

    method.__name__, method.__doc__ = function.__name__, f"As {label(function)}."
    given = [parameter for name, parameter in known.parameters.items() if name != lacking]
    method.__dict__["__signature__"] = known.replace(parameters=given)
    return method


def _plain(function: Any) -> Function:
    """The same for a function without slope, whose result is plain."""
    return _method(function)  # type: ignore[return-value]


class ArrayMethods:
    """NumPy's methods, each by way of NumPy's function, and so of the array's own `__array_function__`."""

    __slots__ = ()

    sum, mean, prod, cumsum, cumprod = map(_method, (np.sum, np.mean, np.prod, np.cumsum, np.cumprod))
    max, min, var, std = map(_method, (np.max, np.min, np.var, np.std))
    argmax, argmin, argsort, nonzero = map(_plain, (np.argmax, np.argmin, np.argsort, np.nonzero))
    argpartition, searchsorted, any, all = map(_plain, (np.argpartition, np.searchsorted, np.any, np.all))
    round = _method(np.round)
    ravel, squeeze, swapaxes, repeat = map(_method, (np.ravel, np.squeeze, np.swapaxes, np.repeat))
    take, diagonal, trace, dot = map(_method, (np.take, np.diagonal, np.trace, np.dot))
    copy, astype = map(_method, (np.copy, np.astype))
    __reshape, __transpose, __clip = map(_method, (np.reshape, np.transpose, np.clip))

    def reshape(self, *shape: Any, **keywords: Any) -> Self:
        """As np.reshape; the shape may come as one tuple or as several numbers."""
        return self.__reshape(shape[0] if len(shape) == 1 else shape, **keywords)

    def clip(self, min: Any = None, max: Any = None, **keywords: Any) -> Self:
        """As np.clip; one bound is enough."""
        return self.__clip(min, max, **keywords)

    def compress(self, condition: Any, axis: Any = None, **keywords: Any) -> Self:
        """As np.compress, which takes the condition first."""
        return np.compress(condition, self, axis, **keywords)  # type: ignore[call-overload, no-any-return]

    def transpose(self, *axes: Any) -> Self:
        """As np.transpose; the axes may come as one tuple or as several numbers."""
        return self.__transpose(axes[0] if len(axes) == 1 else axes or None)

    real = property(np.real, doc="The real part.")
    imag = property(np.imag, doc="The imaginary part.")
    T = property(lambda self: self.transpose(), doc="The transpose.")
    mT = property(lambda self: self.swapaxes(-1, -2), doc="The matrices transposed.")


def _binary(name: str) -> tuple[Recorded, Recorded]:
    """Make ``x * y`` and its reflection, for where only `y` is a Value: what `dispatch.apply` does, but quickly."""
    function, compute = BINARY[name]
    if name in ("floordiv", "mod"):
        compute = _of_reals(function, compute)

    def forward(x: Entry, y: Any) -> Any:
        try:
            if isinstance(y, Entry):
                return record(type(x), compute(x._payload, y._payload), function, x, y)
            y = constant_operand(y, function, x)
            return y if y is NotImplemented else record(type(x), compute(x._payload, y), function, x, y)
        except ERRORS as error:
            raise_named(error, label(function))

    def reflected(y: Entry, x: Any) -> Any:
        try:
            x = constant_operand(x, function, y)
            return record(type(y), compute(x, y._payload), function, x, y)
        except ERRORS as error:
            raise_named(error, label(function))

    forward.__qualname__, reflected.__qualname__ = f"Value.__{name}__", f"Value.__r{name}__"  # where Python names them
    return forward, reflected


def _of_reals(function: Function, compute: Binary) -> Binary:
    """An operator whose refusal of complex numbers says what to write instead."""

    def computed(x: Any, y: Any) -> Array:
        try:
            return compute(x, y)
        except TypeError:
            refuse_complex(function, (x, y))
            raise

    return computed


def _unary(name: str) -> Recorded:
    function, compute = UNARY[name]
    return lambda x: record(type(x), compute(x._payload), function, x)


def _comparison(name: str) -> Binary:
    function, compute = COMPARISONS[name]

    def compared(x: Entry, y: Any) -> Any:
        try:
            return NotImplemented if isinstance(y, OuterArray) else compute(x._payload, payload(y))
        except ERRORS as error:
            raise_named(error, label(function))

    return compared


class Operators(Entry):
    """An entry with Python's operators: arithmetic is recorded, comparisons give plain truth values."""

    __slots__ = ()
    __hash__ = object.__hash__

    (__add__, __radd__), (__sub__, __rsub__) = _binary("add"), _binary("sub")
    (__mul__, __rmul__), (__truediv__, __rtruediv__) = _binary("mul"), _binary("truediv")
    (__floordiv__, __rfloordiv__), (__mod__, __rmod__) = _binary("floordiv"), _binary("mod")
    (__pow__, __rpow__), (__matmul__, __rmatmul__) = _binary("pow"), _binary("matmul")
    __neg__, __pos__, __abs__ = _unary("neg"), _unary("pos"), _unary("abs")
    __eq__, __ne__ = _comparison("eq"), _comparison("ne")
    __lt__, __le__, __gt__, __ge__ = map(_comparison, ("lt", "le", "gt", "ge"))

    def __divmod__(self, y: Any) -> tuple[Any, Any]:
        return self // y, self % y

    def __rdivmod__(self, x: Any) -> tuple[Any, Any]:
        return x // self, x % self
