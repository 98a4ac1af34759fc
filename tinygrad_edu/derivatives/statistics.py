"""Statistics: what leaves out NaNs, quantiles, covariances, counts.

a     input
n     how many elements of a row count
lane  the elements that go into one output, laid along the last axis
"""

import math

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from tinygrad_edu.core.arrays import as_array, is_asked
from tinygrad_edu.core.context import Tracer
from tinygrad_edu.core.dtypes import is_complex
from tinygrad_edu.core.rules import compose, nondifferentiable, refuse
from tinygrad_edu.core.tape import Entry, payload
from tinygrad_edu.derivatives.arithmetic import PARTS, as_kind, conjugated
from tinygrad_edu.derivatives.indexing import picked, put_back


def without_nan(function, reduction, start):
    """Enter a reduction that leaves out NaNs; for libraries that know no `where`, `start` is filled in."""

    @compose(function)
    def reduced(a, axis=None, dtype=None, keepdims=False, initial=np._NoValue, where=True):
        """That of what is no NaN."""
        if not is_asked(payload(a)) and where is True and initial is np._NoValue:
            return reduction(np.where(np.isnan(a), start, a), axis=axis, dtype=dtype, keepdims=keepdims)
        return reduction(a, axis=axis, dtype=dtype, keepdims=keepdims, initial=initial, where=~np.isnan(a) & where)


without_nan(np.nansum, np.sum, 0.0)
without_nan(np.nanprod, np.prod, 1.0)


def variance_without_nan(a, axis, ddof, keepdims):
    """That of what is no NaN, in functions that take no `where`."""
    counts = np.sum(~np.isnan(payload(a)), axis=axis, keepdims=keepdims)
    squares = np.square(abs(a - np.nanmean(a, axis=axis, keepdims=True)))
    return np.nansum(squares, axis=axis, keepdims=keepdims) / np.where(counts > ddof, counts - ddof, np.nan)


def spread_without_nan(function, spread):
    """Enter a variance or a deviation that leaves out NaNs."""

    @compose(function)
    def reduced(a, axis=None, dtype=None, ddof=0, keepdims=False, where=True, mean=np._NoValue, correction=np._NoValue):
        """That of what is no NaN; NaN where too few are left."""
        if dtype is not None and is_complex(a) != (np.dtype(dtype).kind == "c"):
            raise refuse(function, f"dtype={dtype!r} of an array of {a.dtype}", "cast the array, with x.astype(dtype)")
        if not is_asked(payload(a)) and where is True and mean is correction is np._NoValue:
            z = variance_without_nan(a if dtype is None else as_kind(a, dtype), axis, ddof, keepdims)
            return z if spread is np.var else np.sqrt(np.where(z == 0, 1.0, z)) * np.where(z == 0, 0.0, 1.0)
        where = ~np.isnan(a) & where
        keywords = {"axis": axis, "dtype": dtype, "keepdims": keepdims, "where": where}
        z = spread(a, ddof=ddof, mean=mean, correction=correction, **keywords)
        counts = np.sum(where, axis=axis, keepdims=keepdims)
        few = counts <= (ddof if correction is np._NoValue else correction)
        return np.where(few, z.dtype.type(np.nan), z) if np.any(few) else z


spread_without_nan(np.nanvar, np.var)
spread_without_nan(np.nanstd, np.std)


@compose(np.nanmean)
def nanmean(a, axis=None, dtype=None, keepdims=False, where=True):
    """The mean of what is no NaN."""
    if not is_asked(payload(a)) and dtype is None and where is True:
        return np.nansum(a, axis=axis, keepdims=keepdims) / np.sum(~np.isnan(payload(a)), axis=axis, keepdims=keepdims)
    return np.mean(a, axis=axis, dtype=dtype, keepdims=keepdims, where=~np.isnan(a) & where)


def extreme_without_nan(function, extreme, least):
    """Enter a maximum or minimum that leaves out NaNs; `least` is what never wins. Of nothing but NaNs it is NaN."""

    @compose(function)
    def reduced(a, axis=None, keepdims=False, initial=np._NoValue, where=True):
        """That of what is no NaN; those that tie share the slope evenly."""
        numbers = np.where(np.isnan(a), least, a)
        if not is_asked(payload(a)) and where is True and initial is np._NoValue:
            nothing = np.all(np.isnan(payload(a)), axis=axis, keepdims=keepdims)
            return np.where(nothing, np.nan, extreme(numbers, axis=axis, keepdims=keepdims))
        z = extreme(numbers, axis=axis, keepdims=keepdims, initial=initial, where=where)
        nothing = np.all(np.isnan(a) | ~np.asarray(where), axis=axis, keepdims=keepdims) & (initial is np._NoValue)
        return np.where(nothing, np.nan, z) if np.any(nothing) else z


extreme_without_nan(np.nanmax, np.max, -math.inf)
extreme_without_nan(np.nanmin, np.min, math.inf)
compose(np.nancumsum)(lambda a, axis=None, dtype=None: np.cumsum(np.where(np.isnan(a), 0.0, a), axis=axis, dtype=dtype))
compose(np.nancumprod)(
    lambda a, axis=None, dtype=None: np.cumprod(np.where(np.isnan(a), 1.0, a), axis=axis, dtype=dtype)
)


@compose(np.nan_to_num)
def nan_to_num(x, copy=True, nan=0.0, posinf=None, neginf=None):
    """Finite numbers in place of NaNs and infinities, which have no slope."""
    if not copy:
        raise refuse(np.nan_to_num, "copy=False would write into a Value", "leave it out")
    if is_complex(x):
        parts = (nan_to_num(part, copy, nan, posinf, neginf) for part in (np.real(x), np.imag(x)))
        return next(parts) + 1j * next(parts)
    ends = np.finfo(x.dtype)
    x = np.where(np.isnan(x), x.dtype.type(nan), x)
    x = np.where(np.isposinf(x), x.dtype.type(ends.max if posinf is None else posinf), x)
    return np.where(np.isneginf(x), x.dtype.type(ends.min if neginf is None else neginf), x)


def lanes(a, axis):
    """The axes that are reduced, laid along one last axis, in order of size; NaNs are last."""
    axes = normalize_axis_tuple(range(a.ndim) if axis is None else axis, a.ndim)
    rest = [i for i in range(a.ndim) if i not in axes]
    moved = np.transpose(a, [*rest, *axes])
    return np.sort(np.reshape(moved, [*(a.shape[i] for i in rest), math.prod(a.shape[i] for i in axes)]), axis=-1)


def quantiles(a, q, axis, keepdims, method="linear", skip=False):
    """Quantiles, each between two neighbours of its lane; `skip` says to leave out NaNs, and not to be NaN for them.

    NumPy tells which: the quantiles of the places 0, 1, 2 … are places, and it knows of what dtype they are.
    """
    a = as_array(a)
    if skip and np.ndim(q) > 1:
        raise TypeError(f"q of shape {np.shape(q)} has no rule; pass a vector, and reshape the result")
    ordered = lanes(a, axis)
    numbers = payload(ordered)
    if not numbers.size:
        raise ValueError("there are no elements")
    counts = np.sum(~np.isnan(numbers), axis=-1) if skip else np.full(numbers.shape[:-1], numbers.shape[-1])
    kind = np.quantile(np.zeros(2, numbers.dtype), q, method=method).dtype
    found = range(1, numbers.shape[-1] + 1) if isinstance(counts, Tracer) else {*np.ravel(counts).tolist()} - {0}
    places = np.zeros((*np.shape(q), numbers.shape[-1] + 1))  # of a row of n elements
    for n in found:
        places[..., n] = np.quantile(np.arange(float(n)), q, method=method)
    at = picked(places, (..., counts))
    low = np.floor(at).astype(int)
    high = np.minimum(low + 1, np.maximum(counts - 1, 0))
    lane = np.indices(counts.shape, sparse=True)
    part = (at - low).astype(kind)
    below, above = ordered[(*lane, low)], ordered[(*lane, high)]
    z = np.where(part == 0, below, below * (1 - part) + above * part)
    z = as_kind(z, kind)
    bad = counts == 0 if skip else np.isnan(numbers[..., -1])
    z = np.where(bad, kind.type(np.nan), z) if np.any(bad) else z
    if keepdims:
        axes = normalize_axis_tuple(range(a.ndim) if axis is None else axis, a.ndim)
        return np.reshape(z, [*np.shape(q), *(1 if i in axes else n for i, n in enumerate(a.shape))])
    return z


def enter_quantile(function, scale, skip):
    """Enter a function of quantiles, in hundredths or in parts of one."""

    @compose(function, PARTS)
    def found(a, q, axis=None, overwrite_input=False, method="linear", keepdims=False):
        """Of the elements in order, one, or the two next to where the quantile lies."""
        if isinstance(q, Entry):
            raise refuse(function, "q is a Value", "there is no rule by it; pass q.data to hold it constant")
        q = q if scale == 1 else np.true_divide(q, payload(a).dtype.type(scale))
        return quantiles(a, q, axis, keepdims, method, skip)


enter_quantile(np.quantile, 1, False)
enter_quantile(np.percentile, 100, False)
enter_quantile(np.nanquantile, 1, True)
enter_quantile(np.nanpercentile, 100, True)


@compose(np.median, PARTS)
def median(a, axis=None, overwrite_input=False, keepdims=False):
    """The middle element, or the mean of the two in the middle; of those that tie, the one that is there by place."""
    return quantiles(a, 0.5, axis, keepdims)


@compose(np.nanmedian, PARTS)
def nanmedian(a, axis=None, overwrite_input=False, keepdims=False):
    """The median of what is no NaN."""
    return quantiles(a, 0.5, axis, keepdims, skip=True)


def variables(m, rowvar, one_row):
    """Variables in rows, observations in columns, in double precision at least; `one_row` says there is one of them."""
    m = as_array(m)
    rows = m if m.ndim > 1 else np.reshape(m, (1, -1))
    rows = rows if rowvar or one_row else rows.T
    return as_kind(rows, np.result_type(m.dtype, np.float64))


@compose(np.cov)
def cov(m, y=None, rowvar=True, bias=False, ddof=None, fweights=None, aweights=None):
    """The covariances of variables, weighted by how often and how surely they were seen."""
    if np.ndim(m) > 2 or (y is not None and np.ndim(y) > 2):
        raise ValueError("np.cov: there are more than 2 axes; variables are the rows of a matrix")
    if ddof is not None and ddof != int(ddof):
        raise ValueError(f"np.cov: ddof={ddof} must be an integer")
    x = variables(m, rowvar, np.ndim(m) == 1)
    if not x.shape[0]:
        raise ValueError("np.cov: there are no variables")
    x = x if y is None else np.concatenate([x, variables(y, rowvar, np.ndim(y) < 2 or np.shape(y)[0] == 1)])
    w, total, rest = weights_of(x.shape[1], fweights, aweights)
    freedom = total - ((0 if bias else 1) if ddof is None else ddof) * rest
    centred = x - np.sum(x * w, axis=1, keepdims=True) / total
    return np.squeeze((centred * w) @ conjugated(centred).T / np.float64(max(freedom, 0.0)))


def weights_of(n, fweights, aweights):
    """The weight of each observation, their sum, and what a degree of freedom weighs."""
    for name, given in (("fweights", fweights), ("aweights", aweights)):
        if given is not None and (isinstance(given, Entry) or np.shape(given) != (n,) or np.any(np.asarray(given) < 0)):
            raise refuse(np.cov, f"{name}= is no vector of {n} plain numbers from 0 up", "pass an array of them")
    if fweights is not None and np.any(np.asarray(fweights) != np.around(fweights)):
        raise refuse(np.cov, "fweights= are not whole", "they count observations; pass integers")
    f = 1.0 if fweights is None else np.asarray(fweights, float)
    w = f if aweights is None else f * np.asarray(aweights, float)
    if np.ndim(w) == 0:
        return 1.0, float(n), 1.0
    total = float(np.sum(w))
    if total == 0:
        raise ZeroDivisionError("np.cov: the weights sum to zero; their sum must not be 0")
    return w, total, 1.0 if aweights is None else float(np.sum(w * np.asarray(aweights, float))) / total


@compose(np.corrcoef)
def corrcoef(x, y=None, rowvar=True):
    """The correlations of variables: covariances over the deviations of both."""
    c = cov(x, y, rowvar)
    if not np.ndim(c):
        return c / c
    deviations = np.sqrt(np.real(np.diag(c)) if is_complex(c) else np.diag(c))
    return c / deviations[:, None] / deviations[None, :]


@compose(np.bincount, PARTS)
def bincount(x, weights=None, minlength=0):
    """The sum of the weights of each place; of a number of places, how often it is there."""
    if isinstance(x, Entry):
        raise refuse(np.bincount, "x is a Value", "it says which place, and has no slope; pass x.data, as integers")
    if np.shape(weights) != np.shape(x):
        raise ValueError(f"np.bincount: weights of shape {np.shape(weights)} for places of {np.shape(x)}")
    n = np.bincount(x, minlength=minlength).size
    return as_kind(put_back(weights, np.asarray(x), (n,)), np.dtype(np.float64))


nondifferentiable(np.nanargmax, np.nanargmin, np.argpartition, np.isin)
