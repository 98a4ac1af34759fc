"""The methods of ufuncs on Values, written with calls of the ufunc itself: one after the other, as NumPy does.

x     the array
z     what is reached so far
fold  the loop over the elements that are reduced
"""

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from tinygrad_edu.core.rules import Array, refuse
from tinygrad_edu.core.source_info import label
from tinygrad_edu.core.tape import Entry

_MISSING = np._NoValue
_UPDATES: dict[Any, str] = {np.add: "add", np.multiply: "multiply", np.divide: "divide", np.power: "power",
                            np.minimum: "min", np.maximum: "max", np.subtract: "add"}  # fmt: skip


def call(ufunc: Any, method: str, inputs: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
    """What a method of a ufunc gives; what NumPy refuses of plain numbers is refused in its words.

    Raises:
        TypeError: the method has no meaning for Values, or a keyword none for slopes.
    """
    if method == "at":
        update = _UPDATES.get(ufunc, "set")
        remedy = "-v" if ufunc is np.subtract else f"{label(ufunc)}(x[index], v)" if update == "set" else "v"
        raise refuse(ufunc, "its method .at writes into an array", f"write x.at[index].{update}({remedy})")
    for key in ("out", "dtype"):
        if keywords.get(key) is not None:
            remedy = "use the result" if key == "out" else "cast the result, with .astype"
            raise refuse(ufunc, f"{key}= of its method .{method} has no rule for Values", remedy)
    if any(isinstance(x, Entry) for x in (*inputs[1:], *keywords.values()) if method != "outer"):
        raise refuse(
            ufunc, f"its method .{method} takes one Value, the array", "hold the others constant, with x.item()"
        )
    if method == "outer":
        return _outer(ufunc, *inputs, **keywords)
    with np.errstate(all="ignore"):
        getattr(ufunc, method)(np.ones(inputs[0].shape, inputs[0].dtype), *inputs[1:], **keywords)
    methods: dict[str, Callable[..., Any]] = {"reduce": _reduce, "accumulate": _accumulate, "reduceat": _reduceat}
    return methods[method](ufunc, *inputs, **keywords)


def _outer(ufunc: Any, x: Any, y: Any, **keywords: Any) -> Array:
    x, y = (operand if isinstance(operand, Entry) else np.asarray(operand) for operand in (x, y))
    return ufunc(x[(..., *[None] * y.ndim)], y, **keywords)


def _fold(ufunc: Any, x: Any, z: Any = _MISSING, where: Any = True) -> Iterator[Any]:
    """What is reached after each of the elements along the first axis."""
    for i in range(x.shape[0]):
        reached = x[i] if z is _MISSING else ufunc(z, x[i])
        z = reached if where is True else np.where(where[i], reached, z)
        yield z


def _reduce(
    ufunc: np.ufunc, x: Any, axis: Any = 0, dtype: None = None, out: None = None, keepdims: bool = False,
    initial: Any = _MISSING, where: Any = True,
) -> Array:  # fmt: skip
    axes = normalize_axis_tuple(range(x.ndim) if axis is None else axis, x.ndim)
    rest = [i for i in range(x.ndim) if i not in axes]
    shape = [x.shape[i] for i in rest]
    n = math.prod(x.shape[i] for i in axes)

    def in_a_row(y: Any) -> Any:
        return np.reshape(np.transpose(y, [*axes, *rest]), [n, *shape])

    start: Any = initial
    if initial in (None, _MISSING) and (where is not True or not n):
        start = ufunc.identity
    if start not in (None, _MISSING):
        start = np.full(shape, start, x.dtype)
    *_, z = start, *_fold(
        ufunc, in_a_row(x), _MISSING if start is None else start,
        where if where is True else in_a_row(np.broadcast_to(where, x.shape)),
    )  # fmt: skip
    return np.expand_dims(z, axes) if keepdims else z


def _accumulate(ufunc: np.ufunc, x: Any, axis: int = 0, dtype: None = None, out: None = None) -> Array:
    steps = [*_fold(ufunc, np.moveaxis(x, axis, 0))]
    return np.stack(steps, axis=axis) if steps else x


def _reduceat(ufunc: np.ufunc, x: Any, indices: Any, axis: int = 0, dtype: None = None, out: None = None) -> Array:
    x = np.moveaxis(x, axis, 0)
    ends = [*indices[1:], x.shape[0]]
    pieces = [x[i:k] if i < k else x[i : i + 1] for i, k in zip(indices, ends, strict=True)]
    reduce: Callable[..., Any] = ufunc.reduce
    return np.stack([reduce(piece, axis=0) for piece in pieces], axis=axis)
