"""Arrays that write down what NumPy does to them: the run of a function from which its program is made.

numbers   the array or number that a tracer stands for in this run
node      what is written down of it
recorder  the one who writes down
"""

import operator
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tinygrad_edu.program.errors import misused
from tinygrad_edu.program.nodes import Input, Node, expect, replaced
from tinygrad_edu.program.origins import asked_by_library, note
from tinygrad_edu.recording import Outermost, Tracer
from tinygrad_edu.tape import Entry

_FACTS = {np.shape, np.ndim, np.size, np.result_type, np.can_cast, np.iscomplexobj, np.isrealobj}
_FACTS |= {np.may_share_memory, np.shares_memory, np.min_scalar_type, np.iscomplex, np.isreal}
_WRITERS = {np.copyto, np.put, np.put_along_axis, np.place, np.putmask, np.fill_diagonal, operator.setitem}
_SHAPED_BY_NUMBERS = {np.nonzero, np.flatnonzero, np.argwhere, np.extract, np.compress, np.unique, np.bincount}
_NUMBERS = (bool, int, float)
_ABOVE = (Entry, Outermost)  # these answer when they meet a tracer


class NeededError(Exception):
    """A number among the inputs has to be known while tracing, because a length or an index depends on it."""

    def __init__(self, wanted: Input) -> None:
        self.wanted = wanted


class Recorder:
    """The one who writes down: the nodes so far."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []

    def given(self, numbers: Any, place: str) -> "TracedArray":
        """Give the stand-in of an input."""
        node = Input(place, type(numbers))
        node.describe(numbers)
        return TracedArray(numbers, node, self)

    def call(self, function: Callable[..., Any], arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        """Run a function on the numbers, and write it down; what it writes into must be its own.

        Raises:
            TraceError: what would be written down cannot be right for other numbers.
        """
        into = self._target(function, arguments, keywords)
        _check_shape_is_known(function, arguments)
        numbers = function(*plain(arguments), **{key: plain(x) for key, x in keywords.items()})
        if function in _FACTS:
            return numbers
        node = Node(function, _constant(arguments), {key: _constant(x) for key, x in keywords.items()})
        note(node, sys._getframe(1))
        self.nodes.append(node)
        if into is not None:
            node.writes = into.node
            return into if numbers is not None else None
        return self._result(node, numbers, arguments)

    def _target(self, function: Any, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> "TracedArray | None":
        """Give the array that a call writes into, if any, and make sure that it may."""
        into = keywords.get("out")
        into = into[0] if type(into) is tuple else into
        if function in _WRITERS or getattr(function, "__name__", "") == "at":
            into = arguments[0]
        if into is None:
            return None
        if not isinstance(into, TracedArray):
            raise misused("writes into an array that is not traced", "make that array with np.zeros_like(x, shape=…)")
        if isinstance(into.node.memory, Input):
            place = into.node.memory.place
            raise misused(f"writes into its input {place}", "work on a copy, or give a new array back")
        return into

    def _result(self, node: Node, numbers: Any, arguments: tuple[Any, ...]) -> Any:
        """Stand for what came out; parts of a tuple are taken out of it by nodes of their own."""
        if isinstance(numbers, (tuple, list)):
            whole = TracedArray(numbers, node, self)
            parts = [self.call(operator.getitem, (whole, i), {}) for i in range(len(numbers))]
            return parts if isinstance(numbers, list) else tuple(parts)
        node.describe(numbers)
        if isinstance(numbers, np.ndarray):  # without axes too: that may be a view of the only element
            for x in tracers(arguments):
                if isinstance(x.numbers, np.ndarray) and np.may_share_memory(numbers, x.numbers):
                    node.memory = x.node.memory
        return TracedArray(numbers, node, self)


def _check_shape_is_known(function: Any, arguments: tuple[Any, ...]) -> None:
    """Refuse what gives an array whose shape depends on numbers."""
    alone = function is np.where and len(arguments) == 1
    masked = function in (operator.getitem, operator.setitem) and any(
        x.dtype == bool and x.ndim for x in tracers(arguments[1])
    )
    if function in _SHAPED_BY_NUMBERS or alone or masked:
        raise misused(
            "makes an array whose shape depends on numbers (a mask as index, np.nonzero, np.unique)",
            "use np.where(mask, x, 0.0), which keeps the shape",
        )


def tracers(x: Any) -> Iterator["TracedArray"]:
    """Go through the tracers in nested tuples, lists and slices."""
    if isinstance(x, TracedArray):
        yield x
    elif isinstance(x, (tuple, list)):
        for part in x:
            yield from tracers(part)
    elif isinstance(x, slice):
        yield from tracers((x.start, x.stop, x.step))


def written_down(x: Any) -> Any:
    """Give the node of a tracer, or the constant as it is."""
    return x.node if isinstance(x, TracedArray) else x


def plain(x: Any) -> Any:
    """Give the numbers behind tracers, in nested tuples, lists and slices."""
    return replaced(x, lambda part: part.numbers if isinstance(part, TracedArray) else part)


def _constant(x: Any) -> Any:
    """Put nodes in place of tracers, and keep constants from being written into later."""

    def change(part: Any) -> Any:
        if isinstance(part, TracedArray):
            return part.node
        return part.copy(order="K") if isinstance(part, np.ndarray) else part

    return replaced(x, change)


class TracedArray(Tracer):
    """An array, or a number, that writes down what NumPy does to it."""

    __slots__ = ("node", "numbers", "recorder")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, numbers: Any, node: Node, recorder: Recorder) -> None:
        self.numbers, self.node, self.recorder = numbers, node, recorder

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **keywords: Any) -> Any:
        """Answer NumPy when a ufunc meets a tracer (NEP 13)."""
        if any(isinstance(x, _ABOVE) for x in inputs):
            return NotImplemented
        return self.recorder.call(ufunc if method == "__call__" else getattr(ufunc, method), inputs, keywords)

    def __array_function__(self, function: Any, types: Any, arguments: Any, keywords: Any) -> Any:
        """Answer NumPy when one of its other functions meets a tracer (NEP 18)."""
        if any(issubclass(kind, _ABOVE) for kind in types):
            return NotImplemented
        return self.recorder.call(function, arguments, keywords)

    def still(self) -> "TracedArray":
        """Give the same numbers as they are now."""
        return self.copy() if isinstance(self.numbers, np.ndarray) and self.numbers.ndim else self

    def call(self, function: Any, *arguments: Any) -> Any:
        """Write down the call of a function as a whole."""
        return self.recorder.call(function, arguments, {})

    def __getitem__(self, index: Any) -> Any:
        return self.recorder.call(operator.getitem, (self, index), {})

    def __setitem__(self, index: Any, x: Any) -> None:
        self.recorder.call(operator.setitem, (self, index, x), {})

    def __bool__(self) -> bool:
        answer = bool(self.numbers)
        if not asked_by_library(sys._getframe(1)):
            self._needed()
            raise misused(
                "takes a branch that depends on numbers (if, while, and, or, min, max)",
                "use np.where(condition, x, y), np.minimum or np.maximum",
            )
        self.recorder.call(expect, (self, answer), {})
        return answer

    def _needed(self) -> None:
        """Ask for another trace in which this number is known, if it is an integer that was given."""
        if isinstance(self.node, Input) and type(self.numbers) in (bool, int):
            raise NeededError(self.node)

    def __index__(self) -> int:
        self._needed()
        raise misused(
            "uses a computed number as an index or a length", "let it depend on shapes, or on an int argument"
        )

    def __float__(self) -> float:
        self._needed()
        raise misused("makes a plain number of a traced one (float, math, .item)", "use NumPy's functions instead")

    __int__ = __complex__ = __float__  # type: ignore[assignment]

    def item(self, *index: int) -> Any:
        """Refuse: the number would be kept, and be wrong the next time."""
        return self.__float__()

    def tolist(self) -> Any:
        """Refuse, as `item`."""
        return self.__float__()

    def __array__(self, *_: Any, **__: Any) -> Any:
        self._needed()
        raise misused("makes a plain array of a traced one", "use NumPy's functions, or pass that array as an argument")

    def __format__(self, spec: str) -> str:
        return repr(self) if not spec else format(self.__float__(), spec)

    def __repr__(self) -> str:
        return f"<traced {self.dtype} of shape {self.shape}>"

    def __iter__(self) -> Iterator[Any]:
        self._needed()
        return (self[i] for i in range(len(self)))

    def __len__(self) -> int:
        self._needed()
        if not self.shape:
            raise TypeError("len() of a number, which has no length")
        return self.shape[0]

    def __contains__(self, x: Any) -> bool:
        return bool(np.any(self == x))

    def astype(self, dtype: Any, copy: bool = True, **keywords: Any) -> Any:
        """As NumPy's method; without a copy where none is needed."""
        kept = not copy and type(self.numbers) not in _NUMBERS and self.dtype == dtype
        return self if kept else self.recorder.call(cast, (self, np.dtype(dtype)), keywords)

    def copy(self, order: str = "K") -> Any:
        """As np.copy."""
        return self.recorder.call(np.copy, (self,), {"order": order})

    def reshape(self, *shape: Any, **keywords: Any) -> Any:
        """As np.reshape; the shape may come as one tuple or as several numbers."""
        return self.recorder.call(np.reshape, (self, shape[0] if len(shape) == 1 else shape), keywords)

    def transpose(self, *axes: Any) -> Any:
        """As np.transpose; the axes may come as one tuple or as several numbers."""
        return self.recorder.call(np.transpose, (self, (axes[0] if len(axes) == 1 else axes) or None), {})

    def flatten(self) -> Any:
        """As NumPy's method: a copy."""
        return self.ravel().copy()

    def fill(self, x: Any) -> None:
        """Write one number everywhere."""
        self[...] = x

    def view(self, dtype: Any) -> Any:
        """As NumPy's method."""
        return self.recorder.call(np.ndarray.view, (self, np.dtype(dtype)), {})

    def __getattr__(self, name: str) -> Any:
        if hasattr(np.ndarray, name) and not name.startswith("__"):
            raise misused(f"uses .{name} of a traced array", "use NumPy's functions")
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
        return np.result_type(type(self.numbers)) if type(self.numbers) in _NUMBERS else self.numbers.dtype

    T = property(lambda self: self.transpose(), doc="The transpose.")
    mT = property(lambda self: self.swapaxes(-1, -2), doc="The matrices transposed.")


def cast(x: Any, dtype: Any, **keywords: Any) -> Any:
    """Give another kind of number."""
    return x.astype(dtype, **keywords) if isinstance(x, (np.ndarray, np.generic)) else dtype.type(x)


def _call(function: Any, operation: Any, *operands: Any) -> Any:
    """Write down an operator: of plain numbers it gives a plain number, of all else what NumPy's function gives."""
    if any(isinstance(x, _ABOVE) for x in operands):
        return NotImplemented
    simple = all(type(plain(x)) in _NUMBERS for x in operands)
    return next(tracers(operands)).recorder.call(operation if simple else function, operands, {})


def _add_operator(name: str, function: Any) -> None:
    """Give tracers an operator of two operands, its reflection, and the form that writes in place."""
    operation = getattr(operator, f"{name}_" if name in ("and", "or") else name)

    def in_place(x: TracedArray, y: Any) -> Any:
        if isinstance(y, _ABOVE) or not isinstance(x.numbers, np.ndarray) or not x.ndim:
            return _call(function, operation, x, y)
        ufunc = np.power if function is operator.pow else function
        return x.recorder.call(ufunc, (x, y), {"out": x})

    setattr(TracedArray, f"__{name}__", lambda x, y: _call(function, operation, x, y))
    setattr(TracedArray, f"__r{name}__", lambda y, x: _call(function, operation, x, y))
    setattr(TracedArray, f"__i{name}__", in_place)


def _add_method(function: Any) -> None:
    """Make NumPy's method out of NumPy's function."""
    setattr(TracedArray, function.__name__, lambda x, *rest, **how: x.recorder.call(function, (x, *rest), how))


for _name, _function in {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "truediv": np.divide, "floordiv": np.floor_divide,
    "mod": np.remainder, "pow": operator.pow, "matmul": np.matmul,
    "and": np.bitwise_and, "or": np.bitwise_or, "xor": np.bitwise_xor,
}.items():  # fmt: skip
    _add_operator(_name, _function)
for _name, _function in {
    "eq": np.equal, "ne": np.not_equal, "lt": np.less, "le": np.less_equal, "gt": np.greater, "ge": np.greater_equal,
    "neg": np.negative, "pos": np.positive, "abs": np.absolute, "invert": np.invert,
}.items():  # fmt: skip
    _operation = getattr(operator, _name)
    setattr(TracedArray, f"__{_name}__", lambda *xs, f=_function, o=_operation: _call(f, o, *xs))
for _method in (
    np.sum, np.mean, np.prod, np.max, np.min, np.var, np.std, np.cumsum, np.ravel, np.squeeze, np.swapaxes, np.repeat,
    np.take, np.clip, np.dot, np.diagonal, np.trace, np.round, np.argmax, np.argmin, np.argsort, np.any, np.all,
    np.nonzero,
):  # fmt: skip
    _add_method(_method)
