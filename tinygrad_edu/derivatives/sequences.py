"""Sequences of numbers along an axis: running products, differences, integrals, interpolation, convolution.

g     cotangent of the output
z     output
a, v  inputs
"""

import math

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from tinygrad_edu.core.arrays import as_array
from tinygrad_edu.core.dtypes import is_complex
from tinygrad_edu.core.primitives import primitive
from tinygrad_edu.core.rules import compose, derivative, refuse
from tinygrad_edu.core.tape import Entry, payload
from tinygrad_edu.derivatives.arithmetic import PARTS, as_kind, conjugated
from tinygrad_edu.derivatives.indexing import picked
from tinygrad_edu.derivatives.reductions import exclusive_cumprod
from tinygrad_edu.derivatives.shapes import concatenate


def reverse_cumprod(g, a, axis):
    """What the running product passes back, in log₂ n products of whole arrays; nothing is divided by.

    An element gets the product of all before it, times s[i] = g[i] + a[i + 1] · s[i + 1].
    """
    if axis is None or not a.ndim:
        return np.reshape(reverse_cumprod(np.ravel(g), np.ravel(a), 0), a.shape) if a.ndim != 1 else _back(g, a)
    return np.moveaxis(_back(np.moveaxis(g, axis, -1), np.moveaxis(a, axis, -1)), -1, axis)


def _back(g, a):
    """The same along the last axis."""
    n = a.shape[-1]
    s, factor, reach = g, shifted(a, 1), 1
    while reach < n:
        s, factor, reach = s + factor * shifted(s, reach), factor * shifted(factor, reach), 2 * reach
    return exclusive_cumprod(a, n) * s


def shifted(x, n):
    """`x`, moved `n` places ahead along the last axis, with zeros behind."""
    return np.concatenate([x[..., n:], np.zeros((*x.shape[:-1], min(n, x.shape[-1])))], axis=-1)


@primitive
def convolution(a, v):
    """The full convolution of two vectors, Σᵢ a[i] v[k - i]."""
    return np.convolve(a, v)


def deconvolved(g, other, n):
    """The share of a factor of `n` elements: `g` correlated with the `other` factor."""
    m = other.shape[0]
    return convolution(g, other[::-1])[m - 1 : m - 1 + n]


# fmt: off
derivative(np.cumprod,  lambda g, z, a, *, axis=None, dtype=None: reverse_cumprod(g, a, axis))
derivative(convolution, lambda g, z, a, v: deconvolved(g, v, a.shape[0]),
                        lambda g, z, a, v: deconvolved(g, a, v.shape[0]))
# fmt: on


def cumulative(function, running, start):
    """The array API's form of a running sum or product."""

    @compose(function)
    def along(x, axis=None, dtype=None, include_initial=False):
        """What is reached after each element along an axis, and if asked, before the first."""
        x = np.atleast_1d(x)
        if axis is None:
            if x.ndim > 1:
                raise ValueError(f"np.{function.__name__}: got {x.ndim} axes; say which, as in axis=0")
            axis = 0
        z = running(x, axis=axis, dtype=dtype)
        ones = [1 if i == normalize_axis_index(axis, x.ndim) else n for i, n in enumerate(x.shape)]
        return concatenate(np.full(ones, start, z.dtype), z, axis=axis) if include_initial else z


cumulative(np.cumulative_sum, np.cumsum, 0.0)
cumulative(np.cumulative_prod, np.cumprod, 1.0)


@compose(np.diff)
def diff(a, n=1, axis=-1, prepend=np._NoValue, append=np._NoValue):
    """The difference of neighbours along `axis`, taken `n` times, with what is put in front or behind first."""
    if n < 0:
        raise ValueError(f"np.diff: n={n} is how many times differences are taken; use 0 or more")
    if n == 0:
        return a
    axis = normalize_axis_index(axis, np.ndim(a))
    beside = [1 if i == axis else m for i, m in enumerate(np.shape(a))]
    given = [x if x is a or np.ndim(x) else np.broadcast_to(x, beside) for x in (prepend, a, append)
             if x is not np._NoValue]  # fmt: skip
    a = given[0] if len(given) == 1 else np.concatenate(given, axis=axis)
    for _ in range(n):
        before = (slice(None),) * axis
        a = a[(*before, slice(1, None))] - a[(*before, slice(None, -1))]
    return a


@compose(np.ediff1d)
def ediff1d(ary, to_end=None, to_begin=None):
    """The differences of neighbours in the flattened array, with what is put around them."""
    ary = np.ravel(ary)
    if ary.dtype.kind not in "fc":
        raise refuse(np.ediff1d, f"ary is of dtype {ary.dtype}, to which Values would be rounded", "pass floats")
    parts = [to_begin, ary[1:] - ary[:-1], to_end]
    z = np.concatenate([np.ravel(part) for part in parts if part is not None])
    return as_kind(z, ary.dtype)


def along_axis(x, ndim, axis):
    """A vector that lies along one axis of `ndim`."""
    return np.reshape(x, [-1 if i == axis else 1 for i in range(ndim)])


@compose(np.trapezoid)
def trapezoid(y, x=None, dx=1.0, axis=-1):
    """The integral by the trapezoidal rule."""
    y = as_array(y)
    if x is not None:
        dx = np.diff(as_array(x), axis=axis if np.ndim(x) != 1 else -1)
        dx = along_axis(dx, y.ndim, normalize_axis_index(axis, y.ndim)) if np.ndim(x) == 1 else dx
    before = (slice(None),) * normalize_axis_index(axis, y.ndim)
    return np.sum(dx * (y[(*before, slice(1, None))] + y[(*before, slice(None, -1))]) / 2.0, axis=axis)


def spacings(varargs, shape, axes):
    """For each axis the distance of neighbours: a number, or one number for each pair."""
    if len(varargs) not in (0, 1, len(axes)) or (len(varargs) == 1 != len(axes) and np.ndim(varargs[0])):
        raise TypeError(
            f"np.gradient: got {len(varargs)} spacings for {len(axes)} axes; give one number, or one for each"
        )
    given = list(varargs) * len(axes) if len(varargs) == 1 else list(varargs) or [1.0] * len(axes)
    for k, (x, axis) in enumerate(zip(given, axes, strict=False)):
        if np.ndim(x):
            if np.shape(x) != (shape[axis],):
                raise ValueError(f"np.gradient: coordinates of shape {np.shape(x)} for axis {axis} of {shape}")
            given[k] = h = np.diff(x)
            if not isinstance(x, Entry) and np.all(h == h[:1]) and h.size:
                given[k] = h[0]
    return given


def slope_along(f, h, edge_order):
    """The slope along the first axis: second order inside, and first or second at the edges."""
    if np.ndim(h):
        h = along_axis(h, f.ndim, 0)
        left, right = h[:-1], h[1:]
    else:
        left = right = h
    inner = (
        -right / (left * (left + right)) * f[:-2]
        + (right - left) / (left * right) * f[1:-1]
        + left / (right * (left + right)) * f[2:]
        if np.ndim(h)
        else (f[2:] - f[:-2]) / (2.0 * h)
    )
    ends = (h[0], h[-1]) if np.ndim(h) else (h, h)
    if edge_order == 1:
        first, last = (f[1] - f[0]) / ends[0], (f[-1] - f[-2]) / ends[1]
    else:
        nexts = (h[1], h[-2]) if np.ndim(h) else (h, h)
        first, last = edge(f[0], f[1], f[2], ends[0], nexts[0]), -edge(f[-1], f[-2], f[-3], ends[1], nexts[1])
    return np.concatenate([first[None], inner, last[None]])


def edge(f0, f1, f2, h0, h1):
    """The slope at the first of three points, exact for parabolas."""
    return -(2.0 * h0 + h1) / (h0 * (h0 + h1)) * f0 + (h0 + h1) / (h0 * h1) * f1 - h0 / (h1 * (h0 + h1)) * f2


@compose(np.gradient)
def gradient(f, *varargs, axis=None, edge_order=1):
    """The slopes along axes, from central differences."""
    f = as_array(f)
    axes = range(f.ndim) if axis is None else normalize_axis_tuple(axis, f.ndim)
    if edge_order not in (1, 2):
        raise ValueError(f"np.gradient: edge_order={edge_order}; use 1 or 2")
    found = []
    for i, h in zip(axes, spacings(varargs, f.shape, axes), strict=True):
        if f.shape[i] < edge_order + 1:
            raise ValueError(f"np.gradient: {f.shape[i]} points along axis {i}; edge_order={edge_order} takes more")
        z = np.moveaxis(slope_along(np.moveaxis(f, i, 0), h, edge_order), 0, i)
        found.append(as_kind(z, f.dtype) if f.dtype.kind in "fc" else z)
    return found[0] if len(found) == 1 else tuple(found)


@compose(np.interp)
def interp(x, xp, fp, left=None, right=None, period=None):
    """The piecewise linear function through points; on a point the slope is that of the piece to its right."""
    if is_complex(x) or is_complex(xp):
        raise refuse(np.interp, "x or xp is complex, and complex numbers do not lie in order", PARTS)
    x, xp, fp = (as_kind(a, np.result_type(a.dtype, np.float64)) for a in map(as_array, (x, xp, fp)))
    if xp.ndim != 1 or xp.shape != fp.shape or not xp.size:
        raise ValueError(f"np.interp: xp of shape {xp.shape} and fp of {fp.shape} must be vectors of one length")
    if period is not None:
        if isinstance(period, Entry) or not period:
            raise refuse(np.interp, f"period={period}", "it is a number other than 0")
        period = abs(period)
        x, xp = x % period, xp % period
        order = np.argsort(payload(xp))
        xp, fp = xp[order], fp[order]
        xp = np.concatenate([xp[-1:] - period, xp, xp[:1] + period])
        fp = np.concatenate([fp[-1:], fp, fp[:1]])
    low, high = fp[0] if left is None or period else left, fp[-1] if right is None or period else right
    below, above = payload(x) < payload(xp)[0], payload(x) > payload(xp)[-1]
    i = np.clip(np.searchsorted(payload(xp), payload(x), side="right") - 1, 0, max(xp.size - 2, 0))
    k = np.minimum(i + 1, xp.size - 1)
    start, at_start = picked(xp, i), picked(fp, i)
    width = picked(xp, k) - start
    inside = at_start + (x - start) * ((picked(fp, k) - at_start) / (width + (width == 0)))
    return np.where(below, low, np.where(above, high, inside))


@compose(np.unwrap, "pass angles, such as np.angle(x)")
def unwrap(p, discont=None, axis=-1, period=2 * math.pi):
    """Phases without their jumps: to each a multiple of the period is added, which has no slope."""
    numbers = payload(p)
    return p + (np.unwrap(numbers, discont, axis, period=period) - numbers)


def part_of(z, n, m, mode):
    """What `mode` keeps of the full convolution of vectors of `n` and `m` elements."""
    if not n or not m:
        raise ValueError("a vector is empty; both must have elements")
    if mode not in ("full", "same", "valid"):
        raise ValueError(f"mode={mode!r}; use full, same or valid")
    short, long = min(n, m), max(n, m)
    start = {"full": 0, "same": (short - 1) // 2, "valid": short - 1}[mode]
    return z[start : start + {"full": n + m - 1, "same": long, "valid": long - short + 1}[mode]]


@compose(np.convolve)
def convolve(a, v, mode="full"):
    """The convolution of two vectors."""
    a, v = np.atleast_1d(a), np.atleast_1d(v)
    if a.ndim > 1 or v.ndim > 1:
        raise ValueError(f"np.convolve: got shapes {a.shape} and {v.shape}; both must be vectors")
    return part_of(convolution(a, v) if a.size and v.size else a, a.size, v.size, mode)


@compose(np.correlate)
def correlate(a, v, mode="valid"):
    """The correlation of two vectors: the convolution with the conjugate of the second, reversed."""
    a, v = as_array(a), conjugated(as_array(v))
    if a.ndim != 1 or v.ndim != 1:
        raise ValueError(f"np.correlate: got shapes {a.shape} and {v.shape}; both must be vectors")
    if a.size < v.size:
        return convolve(v, a[::-1], mode)[::-1]
    return part_of(convolution(a, v[::-1]) if a.size and v.size else a, a.size, v.size, mode)
