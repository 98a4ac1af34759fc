"""Batches of which each has but a few numbers that are not zero, as the rows of an identity matrix have.

They stay so through what is done number by number, and through layouts: only the few are computed. Whatever
else is done with them is done with the whole array, which is filled in when it is first asked for.

n       how many there are in the batch
places  where numbers stand in each of the batch, laid out flat
rows    in which of the batch they stand
a       an array that is the same for all
"""

import functools
import math
import operator
from typing import Any, NamedTuple

import numpy as np

from tinygrad_edu.batch.array import Batch, Function
from tinygrad_edu.batch.functions import lengths
from tinygrad_edu.derivatives.indexing import put_back
from tinygrad_edu.recording import Tracer

MOST = 16  # more terms than that are better filled in


class Term(NamedTuple):
    """Numbers that stand in a batch, at most one in each of it; where terms meet they add up."""

    rows: Any
    places: Any
    pick: Any  # the places again, as a slice if they are evenly spaced: that makes a view
    values: Any


class Scattered(Batch):
    """A batch that is zero but for a few numbers."""

    __slots__ = ("_dtype", "_n", "_shape", "terms")

    def __init__(self, n: int, shape: tuple[int, ...], dtype: Any, terms: list[Term]) -> None:
        self._n, self._shape, self._dtype, self.terms = n, shape, dtype, terms
        self._array = None

    n = property(operator.attrgetter("_n"), doc="How many there are.")
    shape = property(operator.attrgetter("_shape"), doc="The length along each axis that is seen.")
    dtype = property(operator.attrgetter("_dtype"), doc="The kind of number.")

    @property
    def array(self) -> Any:
        """All of them, (n, *shape)."""
        if self._array is None:
            self._array = filled_in(self)
        return self._array

    def parts(self) -> list[Any]:
        """Give arrays that hold all numbers that are not zero."""
        return [term.values for term in self.terms] if self._array is None else [self._array]

    def call(self, function: Function, arguments: tuple[Any, ...], keywords: dict[str, Any], body: Any = None) -> Any:
        """Do a function for the few numbers, if that will do."""
        if function in structured:
            z = structured[function](*arguments, **keywords)
            if z is not None:
                return z
        return super().call(function, arguments, keywords, body)

    def with_terms(self, terms: list[Term], shape: tuple[int, ...] | None = None) -> "Scattered":
        """Give a batch like this with other terms, and perhaps another shape."""
        dtype = terms[0].values.dtype if terms else self.dtype
        return Scattered(self.n, self.shape if shape is None else shape, dtype, terms)

    def astype(self, dtype: Any, copy: bool = True) -> Any:
        """As NumPy's method."""
        terms = [term._replace(values=term.values.astype(dtype)) for term in self.terms]
        return Scattered(self.n, self.shape, np.dtype(dtype), terms)


def unit_rows(n: int, first: int, start: int, stop: int, shape: tuple[int, ...], dtype: Any) -> Scattered:
    """Give rows `start` to `stop` of the identity matrix as a batch of `n`, of which they are those from `first` on."""
    places = np.arange(start, stop)
    ones = np.broadcast_to(np.ones((), dtype), stop - start)
    term = Term(places + (first - start), places, slice(start, stop, 1), ones)
    return Scattered(n, shape, np.dtype(dtype), [term])


def spaced(places: Any) -> Any:
    """Give a slice instead of places that are evenly spaced."""
    m = len(places)
    if m == 0:
        return slice(0, 0, 1)
    first, last = int(places[0]), int(places[-1])
    step = (last - first) // max(m - 1, 1) or 1
    even = last == first + step * (m - 1) and step > 0 and bool((places[1:] - places[:-1] == step).all())
    return slice(first, last + 1, step) if even else places


def filled_in(x: Scattered) -> Any:
    """Write the few numbers into zeros."""
    if not x.terms:
        return np.zeros((x.n, *x.shape), x.dtype)
    z = np.zeros_like(x.terms[0].values, shape=x.n * x.size)
    taken = np.zeros(x.n * x.size, bool)
    for rows, places, _, values in x.terms:
        at = spaced(rows * x.size + places)
        if not taken[at].any():
            z[at] = values
        elif isinstance(at, slice):
            part = z[at]
            np.add(part, values, out=part)
        else:
            z[at] = z[at] + values
        taken[at] = True
    return z.reshape((x.n, *x.shape))


def _numberwise(function: Function, *arguments: Any) -> Any:
    """Do with the few numbers what leaves zeros zeros, beside what is the same for all and stretches nothing."""
    x, *more = [x for x in arguments if isinstance(x, Batch)]
    if more or not isinstance(x, Scattered):
        return None
    flat = [a if a is x else _flat(a, x) for a in arguments]
    if any(a is None for a in flat):
        return None
    terms = []
    for term in x.terms:
        given = [term.values if a is x else a if not getattr(a, "ndim", 0) else _at(a, term.pick) for a in flat]
        terms.append(term._replace(values=function(*given)))
    return x.with_terms(terms)


def _flat(a: Any, x: Scattered) -> Any:
    """Lay out flat what the numbers meet; one number stays one, and None is for what would stretch the batch."""
    a = a if hasattr(a, "shape") or isinstance(a, (int, float)) else np.asarray(a)
    shape = getattr(a, "shape", ())
    if len(shape) < 2 and (not shape or shape == x.shape):
        return a
    if shape != x.shape:
        if len(shape) > x.ndim or np.broadcast_shapes(shape, x.shape) != x.shape:
            return None
        a = np.broadcast_to(a, x.shape)
    return np.reshape(a, -1)


def _at(a: Any, pick: Any) -> Any:
    """Give the elements at these places; the array itself, if they are all."""
    every = type(pick) is slice and pick.step == 1 and pick.stop - pick.start == a.size
    return a if every else a[pick]


def _quotient(x: Any, y: Any) -> Any:
    return _numberwise(np.divide, x, y) if isinstance(x, Scattered) else None


def _chosen(condition: Any, x: Any, y: Any) -> Any:
    """Choose between the few numbers and zero."""
    number = y if isinstance(x, Scattered) else x
    zero = type(number) in (int, float) and number == 0
    return _numberwise(np.where, condition, x, y) if zero and not isinstance(condition, Batch) else None


def _sum(function: Function, x: Any, y: Any) -> Any:
    """Add two batches of few numbers; numbers in the same places become one."""
    if not isinstance(x, Scattered) or not isinstance(y, Scattered) or x.shape != y.shape:
        return None
    terms = list(x.terms)
    for term in y.terms:
        for k, other in enumerate(terms):
            if _same(term, other):
                terms[k] = other._replace(values=function(other.values, term.values))
                break
        else:
            terms.append(term if function is np.add else term._replace(values=-term.values))
    return x.with_terms(terms) if len(terms) <= MOST else None


def _same(a: Term, b: Term) -> bool:
    """Tell whether two terms stand in the same places of the same rows."""
    if type(a.pick) is type(b.pick) is slice and a.pick != b.pick:  # as so often, and quickly told
        return False
    return np.array_equal(a.places, b.places) and np.array_equal(a.rows, b.rows)


def _moved(x: Scattered, to: Any, shape: tuple[int, ...]) -> Scattered:
    """Give a batch in which what stood at a place stands at `to[place]`; nowhere, where that is negative."""
    terms = []
    for term in x.terms:
        new = to[term.places]
        kept = np.flatnonzero(new >= 0)
        if len(kept) == len(new):
            terms.append(term._replace(places=new, pick=spaced(new)))
        elif len(kept):
            new = new[kept]
            terms.append(Term(term.rows[kept], new, spaced(new), _at(term.values, spaced(kept))))
    return x.with_terms(terms, shape)


def _laid_out(function: Function, x: Any, *arguments: Any, **keywords: Any) -> Any:
    """Lay out anew; not if anything comes to stand in two places."""
    if not isinstance(x, Scattered):
        return None
    shown = function(np.arange(x.size).reshape(x.shape), *arguments, **keywords)
    if isinstance(shown, Tracer):
        return None
    to, flat, n = np.full(x.size, -1), np.ravel(shown), np.arange(np.size(shown))
    to[flat] = n
    return _moved(x, to, np.shape(shown)) if np.array_equal(to[flat], n) else None


def _reshaped(x: Any, shape: Any, order: str = "C") -> Any:
    if not isinstance(x, Scattered) or order != "C":
        return None
    return x.with_terms(x.terms, np.empty(0).reshape(0, *x.shape).reshape(0, *lengths(shape)).shape[1:])


def _put_into_zeros(x: Any, index: Any, shape: Any) -> Any:
    shown = np.arange(math.prod(shape)).reshape(shape)[index] if isinstance(x, Scattered) else index
    return None if isinstance(shown, Tracer) or not isinstance(x, Scattered) else _moved(x, np.ravel(shown), shape)


def _added_up(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Sum along axes: what stands in places that are added up stands in the same place afterwards."""
    if not isinstance(x, Scattered):
        return None
    kept = np.sum(np.zeros(x.shape), axis=axis, keepdims=True).shape
    to = np.broadcast_to(np.arange(math.prod(kept)).reshape(kept), x.shape)
    return _moved(x, np.ravel(to), np.sum(np.zeros(x.shape), axis=axis, keepdims=keepdims).shape)


structured: dict[Function, Function] = {
    np.divide: _quotient, np.where: _chosen, np.reshape: _reshaped, put_back: _put_into_zeros, np.sum: _added_up,
    np.ravel: lambda x, order="C": _reshaped(x, -1, order),
    **{f: functools.partial(_numberwise, f) for f in (np.multiply, np.negative, np.positive, np.deg2rad, np.rad2deg)},
    **{f: functools.partial(_sum, f) for f in (np.add, np.subtract)},
    **{f: functools.partial(_laid_out, f) for f in (
        operator.getitem, np.transpose, np.swapaxes, np.moveaxis, np.expand_dims, np.squeeze, np.flip, np.roll)},
}  # fmt: skip
