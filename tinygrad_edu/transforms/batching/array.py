"""Batches: many arrays of one shape held in one array, whose first axis, the batch, is hidden from others.

n      the size of the batch, the length of the hidden axis
array  the array that holds them all, (n, *shape): NumPy's, a tracer, a Value, or a batch of less depth
shape  what others see
depth  how many `vmap` the batch is inside of; None for one that lives within a sweep
"""

import math
import operator
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, NoReturn

import numpy as np

from tinygrad_edu.core.context import OuterArray
from tinygrad_edu.core.operators import ArrayMethods
from tinygrad_edu.core.rules import Array, Function, is_elementwise, table
from tinygrad_edu.core.source_info import OURS
from tinygrad_edu.core.tape import Entry, payload
from tinygrad_edu.derivatives.updating import At
from tinygrad_edu.transforms.batching.levels import levels

handlers: dict[Function, Function] = {}  # how a function is run on a whole batch


class NotBatchableError(Exception):
    """What is asked for cannot be done with a whole batch at once; it says what that is, and what to write instead."""


def _refusing(what: str, instead: str) -> Function:
    """A method that is refused."""

    def method(self: Any, *_: Any, **__: Any) -> NoReturn:
        raise NotBatchableError(what, instead)

    return method


class Batch(ArrayMethods, OuterArray):
    """Arrays of one shape that are computed with all at once, and look like one.

    >>> x = Batch(np.array([[1.0, 2.0], [10.0, 20.0], [5.0, 5.0]]))
    >>> x.shape, np.sum(x * np.array([1.0, -1.0])).array
    ((2,), array([ -1., -10.,   0.]))
    """

    __slots__ = ("_array", "depth", "dtype", "n", "shape")
    __hash__ = None  # type: ignore[assignment]
    n: int
    shape: tuple[int, ...]
    dtype: Any
    depth: int | None

    def __init__(self, array: Array, depth: int | None = None) -> None:
        self._array, self.depth = array, depth
        self.n, *shape = array.shape
        self.shape, self.dtype = tuple(shape), array.dtype

    @property
    def array(self) -> Array:
        """All of them, (n, *shape)."""
        return self._array

    @property
    def ndim(self) -> int:
        """The number of axes that are seen."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of elements of each."""
        return math.prod(self.shape)

    def payload(self) -> Any:
        """The same without the tape behind it, as `core.tape.payload` has it of one Value."""
        around_values = isinstance(self._array, (Entry, OuterArray))
        return Batch(payload(self._array), self.depth) if around_values else self

    def detach(self) -> Any:
        """As the method of a Value: what is held constant."""
        return self.payload()

    data = property(detach, doc="As of a Value: the numbers, held constant.")
    at = property(At, doc="As of a Value: copies with elements changed.")

    def parts(self) -> list[Any]:
        """Arrays that hold all numbers."""
        return [self._array]

    def call(self, function: Function, arguments: tuple[Any, ...], keywords: dict[str, Any], body: Any = None) -> Any:
        """What a function gives for the whole batch, at once if there is a handler.

        body: what a primitive does, in NumPy. Not for Values: they must meet the rule of the primitive.
        """
        if len(levels.get()) < 2:
            return self._call(function, arguments, keywords, body)
        depth, n = max((x.depth or 0, x.n) for x in _batches((arguments, [*keywords.values()])))
        given, named = (_lifted(x, depth, n) for x in (arguments, keywords))
        return _marked(self._call(function, given, named, body), depth)

    def _call(self, function: Function, arguments: tuple[Any, ...], keywords: dict[str, Any], body: Any) -> Any:
        """The same, where all batches are of one depth."""
        try:
            if function in handlers:
                return handlers[function](*arguments, **keywords)
            if is_elementwise(function):
                return elementwise(function, *arguments, **keywords)
            if body is not None and not any(map(_is_recorded, arguments)):
                return body(*arguments, **keywords)
        except NotBatchableError:
            pass
        row = table.get(function)
        if row is not None and row.substitute and levels.get():
            with suppress(Exception):  # what it cannot do with a batch it can do with each
                return row.substitute(*arguments, **keywords)
        n = next(x.n for x in _batches((arguments, [*keywords.values()])))
        return loop_over_batch(function, arguments, keywords, n)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **keywords: Any) -> Any:
        """Answer NumPy when a ufunc meets a batch (NEP 13)."""
        if method == "__call__":
            return self.call(ufunc, inputs, keywords)
        if method == "at":
            return self._writes(ufunc.at, inputs)
        return self.call(getattr(ufunc, method), inputs, keywords)

    def __array_function__(self, function: Any, types: Any, arguments: Any, keywords: Any) -> Any:
        """Answer NumPy when one of its other functions meets a batch (NEP 18)."""
        return self.call(function, arguments, keywords)

    def _writes(self, at: Function, inputs: tuple[Any, ...]) -> None:
        """Let a ufunc write into each of the batch."""
        if not isinstance(inputs[0], Batch) or not inputs[0].ndim:
            raise NotBatchableError
        for i in range(self.n):
            at(*(unbatch(x, i) for x in inputs))

    # What would have to be known of one array, not of many.
    def __bool__(self) -> bool:
        if sys._getframe(1).f_code.co_filename.startswith(OURS):  # the library asks, about them all
            array = payload(self.array)
            if (answer := bool(np.all(array))) == bool(np.any(array)):
                return answer
        what = "takes a branch that depends on numbers (if, while, and, or, min, max)"
        raise NotBatchableError(what, "use np.where, np.minimum or np.maximum")

    __float__ = __int__ = __complex__ = __format__ = item = tolist = __contains__ = _refusing(
        "makes a plain number of one that differs from example to example", "use NumPy's functions"
    )
    __index__ = __array__ = _refusing(
        "makes a plain array or index of one that differs from example to example",
        "use NumPy's functions; tg.functions.embedding(a, i) for a[i]",
    )

    def __getitem__(self, index: Any) -> Any:
        return self.call(operator.getitem, (self, index), {})

    def __setitem__(self, index: Any, x: Any) -> None:
        """Write into each of the batch; `x` may be a batch itself."""
        if type(self) is not Batch or isinstance(self.array, Entry):
            raise NotBatchableError
        places = shift_index(index)
        ndim = self.array[places].ndim - 1
        if np.ndim(x) > ndim:
            raise NotBatchableError
        self.array[places] = aligned(x, ndim)

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of a number, which has no length")
        return self.shape[0]

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    def __getattr__(self, name: str) -> Any:
        if hasattr(np.ndarray, name) and not name.startswith("__"):
            raise NotBatchableError(f"uses .{name} of what differs from example to example", "use NumPy's functions")
        raise AttributeError(f"a batch has no attribute {name!r}")

    def __repr__(self) -> str:
        return f"<batch of {self.n}: {self.dtype} of shape {self.shape}>"

    def astype(self, dtype: Any, copy: bool = True) -> Any:
        """As NumPy's method."""
        return Batch(self.array.astype(dtype), self.depth)

    def flatten(self) -> Any:
        """As NumPy's method: a copy."""
        return np.copy(np.ravel(self))


def _batches(x: Any) -> Iterator[Batch]:
    """Go through the batches in nested tuples and lists."""
    if isinstance(x, Batch):
        yield x
    elif type(x) in (tuple, list):
        for part in x:
            yield from _batches(part)


def _lifted(x: Any, depth: int, n: int) -> Any:
    """What is of less depth, the same for each of a batch of this one; in nested tuples, lists and dicts."""
    if isinstance(x, Batch):
        return x if x.depth in (depth, None) else Batch(np.broadcast_to(x, (n, *x.shape)), depth)
    if type(x) in (tuple, list):
        return type(x)(_lifted(part, depth, n) for part in x)
    return {key: _lifted(part, depth, n) for key, part in x.items()} if type(x) is dict else x


def _marked(z: Any, depth: int) -> Any:
    """A result, with its depth written into batches that were just made."""
    for x in _batches(tuple(z) if isinstance(z, tuple) else z):
        x.depth = depth if x.depth is None else x.depth
    return z


def _is_recorded(x: Any) -> bool:
    return isinstance(x.array if isinstance(x, Batch) else x, Entry)


def aligned(x: Any, ndim: int) -> Any:
    """All of a batch, with axes of length one before what others see, until that has `ndim` axes."""
    if not isinstance(x, Batch):
        return x
    missing = ndim - x.ndim
    return x.array[(slice(None), *[None] * missing)] if missing > 0 else x.array


def elementwise(function: Function, *inputs: Any, **keywords: Any) -> Any:
    """What an elementwise function gives for the whole batch; `out` may be a batch that is written into."""
    out = keywords.pop("out", None)
    out = out[0] if type(out) is tuple else out
    if out is not None:
        if type(out) is not Batch or isinstance(out.array, Entry):
            raise NotBatchableError
        keywords["out"] = out.array
    if any(isinstance(part, Batch) for part in keywords.values()):
        raise NotBatchableError
    ndim = max([x.ndim if hasattr(x, "ndim") else np.ndim(x) for x in inputs])
    z = function(*[aligned(x, ndim) for x in inputs], **keywords)
    if out is not None:
        return out
    return tuple(map(Batch, z)) if isinstance(z, tuple) else Batch(z)


def shift_index(index: Any) -> tuple[Any, ...]:
    """The index that does with the whole batch what `index` does with one.

    Raises:
        NotBatchableError: lists of places are apart, so that NumPy would put their axis before the hidden one.
    """
    parts = index if isinstance(index, tuple) else (index,)
    places = [k for k, i in enumerate(parts) if not (i is None or i is Ellipsis or isinstance(i, slice))]
    if any(isinstance(parts[k], (bool, np.bool, Batch)) for k in places):
        raise NotBatchableError
    listed = any(isinstance(parts[k], list) or getattr(parts[k], "ndim", 0) for k in places)
    if listed and places[-1] - places[0] + 1 != len(places):
        raise NotBatchableError
    return (slice(None), *parts)


def unbatch(x: Any, i: int) -> Any:
    """The i-th of batches, in nested tuples, lists, and dicts."""
    if isinstance(x, Batch):
        return x.array[i]
    if type(x) in (tuple, list):
        return type(x)(unbatch(part, i) for part in x)
    return {key: unbatch(part, i) for key, part in x.items()} if type(x) is dict else x


def loop_over_batch(function: Function, arguments: tuple[Any, ...], keywords: dict[str, Any], n: int) -> Any:
    """What a function gives for each of a batch, one after the other, stacked."""
    if keywords.get("out") is not None:
        raise NotBatchableError
    return stack_results([function(*unbatch(arguments, i), **unbatch(keywords, i)) for i in range(n)])


def stack_results(results: list[Any]) -> Any:
    """One batch of the results, or of tuples a tuple of batches."""
    kind = type(results[0])
    if isinstance(results[0], (tuple, list)):
        parts = [stack_results(list(part)) for part in zip(*results, strict=True)]
        return kind(*parts) if hasattr(kind, "_fields") else kind(parts)
    if not hasattr(results[0], "dtype") and kind not in (float, int, bool):
        raise NotBatchableError
    return Batch(np.stack(results))


def wrapped(array: Array, sizes: tuple[int, ...]) -> Any:
    """What one example is, of an array with the axes of all `vmap` in front."""
    for depth in range(len(sizes)):
        array = Batch(array, depth)
    return array


def unwrapped(x: Any, sizes: tuple[int, ...]) -> Any:
    """All examples in one array, with the axes of all `vmap` in front; what is the same for all is repeated, unstored.

    >>> unwrapped(wrapped(np.ones((2, 3)), (2,)), (2,)).shape, unwrapped(np.ones(3), (2,)).shape
    ((2, 3), (2, 3))
    """
    for depth in reversed(range(len(sizes))):
        inside = isinstance(x, Batch) and x.depth in (depth, None)
        x = x.array if inside else np.broadcast_to(x, (sizes[depth], *np.shape(x)))
    return x
