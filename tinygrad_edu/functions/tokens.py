"""Tokens (..., t, d): t vectors of length d in a row, looked up, normalised, and attending to each other.

g        cotangent of the output
z        output
x        input
q, k, v  queries (..., t, d), keys (..., s, d) and values (..., s, e)
"""

from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from tinygrad_edu.core.arrays import as_array, is_asked
from tinygrad_edu.core.primitives import primitive
from tinygrad_edu.core.rules import derivative
from tinygrad_edu.core.tape import Entry
from tinygrad_edu.derivatives.indexing import picked
from tinygrad_edu.derivatives.reductions import deviation, inverse_count
from tinygrad_edu.functions.softmax import Axis, softmax


def layer_norm(x: Any, scale: Any = None, shift: Any = None, *, axis: Axis = -1, eps: float = 1e-5) -> Any:
    """(x - mean) / √(variance + eps) along `axis`, times `scale`, plus `shift`, of the shape of `x`.

    `scale` and `shift` broadcast to the shape of x: for tokens (..., d) they are (d,). Nothing overflows, however
    large the numbers are, and a constant gives zeros.

    >>> layer_norm(np.array([1.0, 3.0]), eps=3.0)
    array([-0.5,  0.5])

    Source: Ba, Kiros and Hinton, 2016, section 3.

    Raises:
        ValueError: eps is not above 0; x has no such axis, or nothing on it; scale or shift do not fit.
    """
    shape = np.shape(x)
    axes = range(len(shape)) if axis is None else normalize_axis_tuple(axis, len(shape), "layer_norm: axis")
    if 0 in (shape[i] for i in axes):
        raise ValueError(f"layer_norm: x has shape {shape}, with nothing along axis {axis}; choose another")
    if not eps > 0:
        raise ValueError(f"layer_norm: eps is {eps}; it must be above 0, or a constant is divided by nothing")
    z = standardize(x, axis=axis, eps=eps)
    for name, by in (("scale", scale), ("shift", shift)):
        if by is not None:
            _check_fits("layer_norm", name, np.shape(by), "x", shape)
            z = z * by if name == "scale" else z + by
    return z


def _check_fits(caller: str, name: str, given: tuple[int, ...], other: str, shape: tuple[int, ...]) -> None:
    try:
        fits = np.broadcast_shapes(given, shape) == shape
    except ValueError:
        fits = False
    if not fits:
        raise ValueError(f"{caller}: {name} of shape {given} does not broadcast to {shape}, {other}; reshape it")


def _deviation_and_root(x: Any, axis: Axis, eps: float) -> tuple[Any, Any, Any]:
    """The deviation from the mean and √(variance + eps), both divided by a third, which is nearly always 1."""
    with np.errstate(over="ignore", invalid="ignore"):
        d = deviation(x, axis)
        root = np.sqrt(np.mean(d * d, axis=axis, keepdims=True) + eps)
    if is_asked(root) and np.isfinite(root).all():
        return d, root, 1.0
    unit = np.maximum(np.max(abs(x), axis=axis, keepdims=True), 1)
    d = deviation(x / unit, axis)
    return d, np.sqrt(np.mean(d * d, axis=axis, keepdims=True) + eps / unit / unit), unit


@primitive
def standardize(x: Any, *, axis: Axis = -1, eps: float = 1e-5) -> Any:
    """(x - mean) / √(variance + eps) along `axis`."""
    d, root, _ = _deviation_and_root(x, axis, eps)
    return d / root


@primitive
def root_variance(x: Any, *, axis: Axis = -1, eps: float = 1e-5) -> Any:
    """√(variance + eps) along `axis`, which stays with length 1."""
    _, root, unit = _deviation_and_root(x, axis, eps)
    return root * unit


def _project_out(g: Any, z: Any, axis: Axis) -> Any:
    """`g` without what would move the mean, and without what would move the variance."""
    return g - np.mean(g, axis=axis, keepdims=True) - z * np.mean(g * z, axis=axis, keepdims=True)


def embedding(table: Any, indices: Any) -> Any:
    """For each index its row of a table (v, d): integers of shape (...) become (..., d).

    >>> embedding(np.array([[0.0, 1.0], [2.0, 3.0]]), [1, 1, 0])
    array([[2., 3.],
           [2., 3.],
           [0., 1.]])

    Source: Bengio, Ducharme, Vincent and Jauvin, 2003, section 2.

    Raises:
        TypeError: indices are not integers.
        ValueError: the table has not two axes, or an index is not in 0 … v - 1.
    """
    shape = np.shape(table)
    if len(shape) != 2:
        raise ValueError(f"embedding: table has shape {shape}; pass (v, d), a row for each index")
    rows = None if isinstance(indices, Entry) else as_array(indices)
    if rows is None or rows.dtype.kind not in "iu":
        what = "a Value" if rows is None else f"of dtype {rows.dtype}"
        raise TypeError(f"embedding: indices are {what}; pass integers from 0 to {shape[0] - 1}")
    if rows.size and not 0 <= rows.min() <= rows.max() < shape[0]:
        found = f"{rows.min()} to {rows.max()}"
        raise ValueError(f"embedding: indices go from {found}; with {shape[0]} rows they are 0 to {shape[0] - 1}")
    return picked(table, rows)


def attention(q: Any, k: Any, v: Any, mask: Any = None) -> Any:
    """For each query the mean of the values (..., s, e), weighted by softmax(q kᵀ / √d): shape (..., t, e).

    Queries are (..., t, d), keys (..., s, d), and axes before those broadcast. `mask` broadcasts to (..., t, s): it
    is true where a query may look, as ``np.tri(t, dtype=bool)`` is for no later than itself, or it is a float to add
    to q kᵀ / √d, -inf where it may not look. A query that may look nowhere is given zeros.

    >>> v = np.array([[1.0], [3.0]])
    >>> attention(np.zeros((2, 1)), np.zeros((2, 1)), v, np.tri(2, dtype=bool))
    array([[1.],
           [2.]])

    Source: Vaswani et al., 2017, section 3.2.1.

    Raises:
        TypeError: the mask is a Value, or neither of truth values nor of floats.
        ValueError: the shapes do not fit.
    """
    shape = _score_shape(np.shape(q), np.shape(k), np.shape(v))
    scores = np.multiply(q, np.shape(q)[-1] ** -0.5) @ np.swapaxes(k, -1, -2)
    if mask is None:
        return softmax(scores) @ v
    if isinstance(mask, Entry):  # of truth values it would have made the numbers 0 and 1, and those are added
        raise TypeError("attention: mask is a Value; pass its .data, or that of truth values as it was")
    mask = as_array(mask)
    _check_fits("attention", "mask", mask.shape, "(..., t, s)", shape)
    if mask.dtype.kind not in "bf":
        raise TypeError(f"attention: mask is of dtype {mask.dtype}; pass mask.astype(bool), or floats to be added")
    may = mask if mask.dtype.kind == "b" else mask > -np.inf
    scores = np.where(mask, scores, -np.inf) if may is mask else scores + mask
    return np.where(may.any(axis=-1, keepdims=True), softmax(scores) @ v, 0.0)


def _score_shape(q: tuple[int, ...], k: tuple[int, ...], v: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of q kᵀ, (..., t, s)."""
    try:
        fits = q[-1] == k[-1] > 0 and k[-2] == v[-2] > 0 and q[-2] >= 0
        before = np.broadcast_shapes(q[:-2], k[:-2], v[:-2])
    except (IndexError, ValueError):  # there are no such axes, or they do not broadcast
        fits = False
    if not fits:
        wanted = "(..., t, d), (..., s, d) and (..., s, e), with something along d and s"
        raise ValueError(f"attention: q, k and v have shapes {q}, {k} and {v}; pass {wanted}")
    return (*before, q[-2], k[-2])


# fmt: off
derivative(standardize,   lambda g, z, x, *, axis=-1, eps=1e-5:
                              _project_out(g, z, axis) / root_variance(x, axis=axis, eps=eps))
derivative(root_variance, lambda g, z, x, *, axis=-1, eps=1e-5:
                              g * standardize(x, axis=axis, eps=eps) * inverse_count(x, axis))
# fmt: on
