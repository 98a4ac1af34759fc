"""Sparse batches: each array of the batch has but a few numbers that are not zero, as rows of an identity matrix have.

They stay sparse through elementwise functions and changes of layout, which compute only the few numbers. All other
functions get the dense array, which is made when it is first asked for.

n       the size of the batch
places  where numbers stand in each of the batch, laid out flat
rows    in which of the batch they stand
a       an array that is the same for all of a batch
"""

import functools
import math
import operator
from typing import Any, NamedTuple

import numpy as np

from tinygrad_edu.core.context import Tracer
from tinygrad_edu.core.rules import Array, Function
from tinygrad_edu.derivatives.indexing import put_back
from tinygrad_edu.transforms.batching.array import Batch

MOST = 16  # more terms than that are better dense


class Term(NamedTuple):
    """Numbers that stand in a batch, at most one in each of it; where terms meet they add up."""

    rows: Any
    places: Any
    pick: Any  # the places again, as a slice if they are evenly spaced: that makes a view
    values: Any


class OneHotBatch(Batch):
    """A batch that is zero but for a few numbers."""

    __slots__ = ("terms",)

    def __init__(self, n: int, shape: tuple[int, ...], dtype: Any, terms: list[Term]) -> None:
        self.n, self.shape, self.dtype, self.terms = n, shape, dtype, terms
        self._array = self.depth = None

    @property
    def array(self) -> Array:
        """All of them, (n, *shape)."""
        if self._array is None:
            self._array = _dense(self)
        return self._array

    def parts(self) -> list[Any]:
        """Arrays that hold all numbers that are not zero."""
        return [term.values for term in self.terms]

    def call(self, function: Function, arguments: tuple[Any, ...], keywords: dict[str, Any], body: Any = None) -> Any:
        """What a function gives, of the few numbers if that will do."""
        known = function in structured and not (keywords and isinstance(function, np.ufunc))
        few = structured[function](*arguments, **keywords) if known else None
        return super().call(function, arguments, keywords, body) if few is None else few

    def astype(self, dtype: Any, copy: bool = True) -> Any:
        """As NumPy's method."""
        terms = [term._replace(values=term.values.astype(dtype)) for term in self.terms]
        return OneHotBatch(self.n, self.shape, np.dtype(dtype), terms)


def identity_rows(n: int, first: int, start: int, stop: int, shape: tuple[int, ...], dtype: Any) -> OneHotBatch:
    """Rows `start` to `stop` of the identity matrix as a batch of `n`, of which they are those from `first` on."""
    places = np.arange(start, stop)
    ones = np.broadcast_to(np.ones((), dtype), stop - start)
    return OneHotBatch(n, shape, dtype, [Term(places + (first - start), places, spaced(places), ones)])


def spaced(places: Any) -> Any:
    """A slice in place of places that are evenly spaced; other places as they are."""
    first, last, m = int(places[0]), int(places[-1]), len(places)
    step = (last - first) // max(m - 1, 1) or 1
    even = last == first + step * (m - 1) and step > 0 and bool((places[1:] - places[:-1] == step).all())
    return slice(first, last + 1, step) if even else places


def _at(a: Any, pick: Any) -> Any:
    """The elements at these places; the array itself, if they are all."""
    every = type(pick) is slice and pick.step == 1 and pick.stop - pick.start == a.size
    return a if every else a[pick]


def _dense(x: OneHotBatch) -> Any:
    """The dense array: the few numbers among zeros."""
    if not x.terms:
        return np.zeros((x.n, *x.shape), x.dtype)
    values = [term.values for term in x.terms]
    like = next((part for part in values if type(part) is not np.ndarray), values[0])  # a tracer, if there is one
    z = np.zeros_like(like, shape=x.n * x.size)
    taken = np.zeros(x.n * x.size, bool)
    for term in x.terms:
        at = spaced(term.rows * x.size + term.places)
        z[at] = z[at] + term.values if taken[at].any() else term.values
        taken[at] = True
    return z.reshape((x.n, *x.shape))


def _elementwise(function: Function, *arguments: Any) -> Any:
    """A function that leaves zeros zeros, of the few numbers, beside what is the same for all and stretches nothing."""
    x, *more = [x for x in arguments if isinstance(x, Batch)]
    shapes: list[Any] = [np.shape(a) for a in arguments if a is not x]
    if more or not isinstance(x, OneHotBatch) or np.broadcast_shapes(*shapes, x.shape) != x.shape:
        return None
    flat = [_flat(a, x.shape) if a is not x and np.ndim(a) else a for a in arguments]
    terms = []
    for term in x.terms:
        given = [term.values if a is x else _at(a, term.pick) if np.ndim(a) else a for a in flat]
        terms.append(term._replace(values=function(*given)))
    return OneHotBatch(x.n, x.shape, terms[0].values.dtype if terms else x.dtype, terms)


def _flat(a: Any, shape: tuple[int, ...]) -> Any:
    return np.reshape(a if np.shape(a) == shape else np.broadcast_to(a, shape), -1)


def _quotient(x: Any, y: Any) -> Any:
    return None if isinstance(y, Batch) else _elementwise(np.divide, x, y)


def _where(condition: Any, x: Any, y: Any) -> Any:
    """np.where between the few numbers and zero."""
    other = y if isinstance(x, Batch) else x
    zero = type(other) in (int, float) and other == 0 and not isinstance(condition, Batch)
    return _elementwise(np.where, condition, x, y) if zero else None


def _sum(x: Any, y: Any) -> Any:
    """The sum of two sparse batches; numbers in the same places become one."""
    if not isinstance(x, OneHotBatch) or not isinstance(y, OneHotBatch) or x.shape != y.shape:
        return None
    terms = list(x.terms)
    for term in y.terms:
        k = next((k for k, other in enumerate(terms) if _same(term, other)), None)
        if k is None:
            terms.append(term)
        else:
            terms[k] = term._replace(values=terms[k].values + term.values)
    return OneHotBatch(x.n, x.shape, np.result_type(x.dtype, y.dtype), terms) if len(terms) <= MOST else None


def _same(a: Term, b: Term) -> bool:
    """Whether two terms stand in the same places of the same rows."""
    if type(a.pick) is type(b.pick) is slice and a.pick != b.pick:  # as so often, and quickly told
        return False
    return np.array_equal(a.places, b.places) and np.array_equal(a.rows, b.rows)


def _moved(x: OneHotBatch, to: Any, shape: tuple[int, ...]) -> OneHotBatch:
    """A batch in which what stood at a place stands at `to[place]`; nowhere, where that is negative."""
    terms = []
    for term in x.terms:
        new = to[term.places]
        kept = np.flatnonzero(new >= 0)
        if len(kept):
            new = new[kept]
            terms.append(Term(term.rows[kept], new, spaced(new), _at(term.values, spaced(kept))))
    return OneHotBatch(x.n, shape, x.dtype, terms)


def _rearranged(function: Function, x: Any, *arguments: Any, **keywords: Any) -> Any:
    """A change of layout; None if anything comes to stand in two places."""
    shown = function(np.arange(x.size).reshape(x.shape), *arguments, **keywords)
    to, flat, n = np.full(x.size, -1), np.ravel(shown), np.arange(np.size(shown))
    if isinstance(shown, Tracer):  # where things go depends on numbers
        return None
    to[flat] = n
    return _moved(x, to, np.shape(shown)) if np.array_equal(to[flat], n) else None


def _put_into_zeros(x: Any, index: Any, shape: Any) -> Any:
    shown = np.arange(math.prod(shape)).reshape(shape)[index]
    return None if isinstance(shown, Tracer) else _moved(x, np.ravel(shown), shape)


structured: dict[Function, Function] = {
    np.add: _sum, np.subtract: lambda x, y: _sum(x, -y), np.divide: _quotient, np.where: _where,
    put_back: _put_into_zeros,
    **{f: functools.partial(_elementwise, f) for f in (np.multiply, np.negative, np.positive, np.deg2rad, np.rad2deg)},
    **{f: functools.partial(_rearranged, f) for f in (
        operator.getitem, np.reshape, np.ravel, np.transpose, np.swapaxes, np.moveaxis, np.expand_dims, np.squeeze,
        np.flip, np.roll)},
}  # fmt: skip
