"""The number that remembers: a scalar or array that records what NumPy does to it.

x, y  operands
z     result
"""

import itertools
import operator
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, NoReturn, Self

import numpy as np

from tinygrad_edu.core.arrays import accept, unwrap_scalar
from tinygrad_edu.core.context import OuterArray, Recording
from tinygrad_edu.core.conversions import Conversions
from tinygrad_edu.core.dispatch import apply, on_function, on_ufunc
from tinygrad_edu.core.dtypes import cast
from tinygrad_edu.core.masking import gradients
from tinygrad_edu.core.operators import ArrayMethods, Operators
from tinygrad_edu.core.refusals import axis_error
from tinygrad_edu.core.rules import Array
from tinygrad_edu.core.source_info import ERRORS, is_augmented, label, raise_named
from tinygrad_edu.core.tape import order, payload, record, serials

_float64 = np.float64
_QUICK = frozenset({int, slice})  # the usual indices, of which nothing needs to be copied
_accumulating = threading.Lock()  # several threads may sweep into one leaf
_SHOWN = 16  # arrays of more numbers are shown by their shape


def no_grad() -> Recording:
    """A context, or a decorator, in which nothing is recorded: results are leaves.

    >>> with no_grad():
    ...     y = Value(3.0) ** 2
    >>> y.function is None
    True
    """
    return Recording(False)


class Value(Operators, ArrayMethods, Conversions):  # type: ignore[misc]  # its methods return Values
    """A number, or an array of numbers, that remembers how it was made.

    >>> import numpy as np
    >>> x = Value([1.0, 2.0])
    >>> y = np.sum(x ** 2)
    >>> y.backward()
    >>> x.grad
    array([2., 4.])

    Args:
        data: a number, nested lists of numbers, or an array, of any shape; it is copied.
        name: what to call it where tapes are shown.

    Raises:
        TypeError: `data` is text, or of some other kind that has no slope.
    """

    __slots__ = ()
    relu: ClassVar[Callable[..., Any]]
    at: ClassVar[Any]  # given by derivatives.updating
    _repr_html_: ClassVar[Callable[..., Any]]  # given by the front door, from show

    def __new__(cls, data: Array, name: str | None = None) -> Self:
        """Make a leaf."""
        self: Self = record(cls, accept(data))
        self.name = name
        return self

    @property
    def data(self) -> Array:
        """The number or array itself, read-only; assigning to a leaf's ``.data`` gives it a new one."""
        data = payload(self)
        if type(data) is np.ndarray:
            if self.function is None and is_augmented(sys._getframe(1)):
                return data.copy(order="K")  # for `x.data -= step`, which assigns what it has written into
            data.flags.writeable = False
        return data

    @data.setter
    def data(self, new: Array) -> None:
        if self.function is not None:
            raise AttributeError(f"{self!r} is a result; only a leaf can be given new data, or detach() it first")
        accepted = accept(new)
        if accepted.shape != self.shape:
            raise ValueError(f"new data has shape {accepted.shape}, the leaf has {self.shape}; make a new Value")
        self._payload = cast(accepted, self.dtype, "the new data")
        self.serial = next(serials)

    @property
    def grad(self) -> Array:
        """The sum of what `backward` brought here, of the shape and dtype of the data; zero at first."""
        g = self._grad
        if g is None:
            return np.zeros_like(self._payload)[()]
        if type(g) is tuple:
            with _accumulating:
                g = self._grad = self._own_gradient()
        return g

    @grad.setter
    def grad(self, new: Array | None) -> None:
        given = None if new is None else np.broadcast_to(payload(new), self.shape)
        self._grad = None if given is None else cast(given, self.dtype, "the new gradient")[()]

    def _own_gradient(self) -> Array:
        """What is accumulated so far, in memory of its own."""
        g: Any = self._grad
        return g[0].copy() if type(g) is tuple else g

    def zero_grad(self) -> None:
        """Forget the gradient."""
        self._grad = None

    def detach(self) -> Self:
        """A leaf with the same data and no tape."""
        return record(type(self), payload(self))  # type: ignore[no-any-return]

    def backward(self, seed: Array | None = None) -> None:
        """Add to ``.grad`` of every Value that led here the slope of this one with respect to it.

        Args:
            seed: the cotangent to start from, of this Value's shape; 1 for a single real number.

        Raises:
            TypeError: there is no seed and this Value is complex, or the seed is complex and this Value real.
            ValueError: there is no seed and more than one number here, or the seed has another shape.
            RuntimeError: nothing led here, or a leaf was given new data since it was used.
        """
        start = self._seed(seed)
        if self.function is None:
            what = "nothing was recorded that led to this Value: it is a leaf, or was computed under no_grad"
            raise RuntimeError(f"backward(): {what}; call it on a result that was computed of Values while recording")
        leaves, inner = gradients(order([self]), {self: start}, inner=True)
        with _accumulating:
            for z, g in itertools.chain(leaves.items(), inner.items()):
                if z._grad is not None:
                    z._grad = z._own_gradient() + g
                else:  # entries may share an array: it goes in as a tuple, and is copied when asked for
                    z._grad = g if type(g) is _float64 else (g,)

    def _seed(self, seed: Array | None) -> Array:
        if seed is None and self.size != 1:
            remedy = "sum it to one number first, or pass backward(seed) with a seed of its shape"
            raise ValueError(f"backward() on a Value of shape {self.shape}: {remedy}")
        if seed is None and self.dtype.kind == "c":
            remedy = "take a real number of it first, such as np.real(x) or abs(x) ** 2, or pass backward(seed)"
            raise TypeError(f"backward() on a complex Value, which does not grow or fall: {remedy}")
        if seed is None:
            return np.ones_like(self._payload)[()]
        start = accept(payload(seed))
        if start.shape != self.shape:
            raise ValueError(f"backward(seed): the seed has shape {start.shape}, the Value {self.shape}")
        return cast(start, self.dtype, "backward(seed): the seed")

    __array_ufunc__ = on_ufunc

    def __array_function__(self, function: Any, types: Any, arguments: Any, keywords: Any) -> Any:
        if len(types) > 1 and any(issubclass(kind, OuterArray) for kind in types):
            return NotImplemented
        try:
            return on_function(function, arguments, keywords)
        except ERRORS as error:
            raise_named(axis_error(error, function, arguments, keywords), label(function))

    def __getitem__(self, index: Any) -> Self:
        try:
            if type(index) in _QUICK:  # as `apply` does
                return record(type(self), unwrap_scalar(self._payload[index]), operator.getitem, self, index)  # type: ignore[no-any-return]
            if isinstance(index, OuterArray):
                return index.call(operator.getitem, (self, index), {})  # type: ignore[no-any-return]
            return apply(operator.getitem, (self, index))  # type: ignore[no-any-return]
        except ERRORS as error:
            raise_named(error, label(operator.getitem))

    def __setitem__(self, index: Any, new: Any) -> NoReturn:
        remedy = "write x = x.at[index].set(v), or .add(v) for x[index] += v; with a mask, numpy.where"
        raise TypeError(f"a Value is not assigned into: what was there would be lost to the tape; {remedy}")

    def __len__(self) -> int:
        if self.ndim == 0:
            raise TypeError("a Value of shape () has no length, and no elements to go through")
        return int(self.shape[0])

    def __iter__(self) -> Iterator[Self]:
        return (self[i] for i in range(len(self)))

    def __bool__(self) -> bool:
        return bool(payload(self))

    def __contains__(self, y: Any) -> bool:
        return payload(y) in payload(self)

    def __repr__(self) -> str:
        parts = [f"shape={self.shape}"] if self.size > _SHOWN else [_show(payload(self)), f"grad={_show(self.grad)}"]
        parts += [f"dtype={self.dtype}"] if self.dtype != np.float64 else []
        parts += [f"name={self.name!r}"] if self.name else []
        return f"Value({', '.join(parts)})"

    def __format__(self, spec: str) -> str:
        if spec and self.size != 1:
            raise TypeError(f"format(x, {spec!r}): x is a Value of shape {self.shape}; format its numbers, one by one")
        return format(self.item(), spec) if spec else repr(self)

    def item(self, *index: int) -> Any:  # type: ignore[override]
        """The one number here, or the one at `index`, as a float or complex number of Python's."""
        return self._payload.item(*index)

    def exp(self) -> Self:
        """As np.exp."""
        return np.exp(self)  # type: ignore[no-any-return]

    def log(self) -> Self:
        """As np.log."""
        return np.log(self)  # type: ignore[no-any-return]

    def tanh(self) -> Self:
        """As np.tanh."""
        return np.tanh(self)  # type: ignore[no-any-return]

    def tolist(self) -> Any:
        """The data as nested lists of numbers of Python's."""
        return self._payload.tolist()

    def flatten(self, order: str = "C") -> Self:  # type: ignore[override]
        """As np.ravel."""
        return self.ravel(order)

    def conj(self) -> Self:
        """As np.conj."""
        return np.conjugate(self)  # type: ignore[no-any-return]

    def view(self, dtype: Any = None) -> Self:  # type: ignore[override]
        """As NumPy's method, of the same dtype: a recorded copy, since nothing is written into Values."""
        if dtype is not None:
            raise TypeError("view: dtype= has no rule for Values; write x.astype(dtype)")
        return +self

    conjugate = conj
    flat = property(lambda self: self.ravel(), doc="The elements one after the other, as np.ravel.")
    nbytes = property(operator.attrgetter("_payload.nbytes"), doc="The bytes of the data.")
    itemsize = property(operator.attrgetter("_payload.itemsize"), doc="The bytes of an element.")
    shape = property(operator.attrgetter("_payload.shape"), doc="The length along each axis.")
    ndim = property(operator.attrgetter("_payload.ndim"), doc="The number of axes.")
    size = property(operator.attrgetter("_payload.size"), doc="The number of elements.")
    dtype = property(operator.attrgetter("_payload.dtype"), doc="The kind of number.")


def _show(data: Array) -> str:
    """A number or array as NumPy shows it, scalars without their type."""
    if isinstance(data, np.generic):
        return repr(data.item())
    return " ".join(repr(data).replace(f", dtype={data.dtype})", ")").split())
