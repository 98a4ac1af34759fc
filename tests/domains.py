"""Where each function of the table is tested: calls with numbers away from kinks, jumps and singularities.

A row of the table without calls here fails `derivatives/test_coverage.py`.

A(2, 3)  an array to draw, and
of       the arguments of one call (see tinygrad_edu/testing/calls.py)
each     the arguments of calls with one array, one call for each of several shapes
joint    the arguments of calls with several arrays, one call for each group of shapes
"""

import itertools
import math
import operator
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view
from scipy import special

from tinygrad_edu import functions, losses
from tinygrad_edu.core.rules import table
from tinygrad_edu.core.source_info import label
from tinygrad_edu.derivatives.arithmetic import cast
from tinygrad_edu.derivatives.decompositions import complete_qr, eigenpairs, full_svd, quotient, reduced_qr, thin_svd
from tinygrad_edu.derivatives.exponential import bell, share
from tinygrad_edu.derivatives.indexing import put_back
from tinygrad_edu.derivatives.inverses import cofactors, least_squares, pseudo_inverse, truncated
from tinygrad_edu.derivatives.norms import power, root
from tinygrad_edu.derivatives.sequences import convolution
from tinygrad_edu.derivatives.shapes import concatenate
from tinygrad_edu.derivatives.special import i0_slope, sinc_slope
from tinygrad_edu.derivatives.trigonometric import sech_squared
from tinygrad_edu.functions.convolution import conv_weights
from tinygrad_edu.functions.pooling import gather, give_back, largest, overlay, pick
from tinygrad_edu.functions.tokens import root_variance, standardize
from tinygrad_edu.scipy import bessel, linalg, matrix_functions, normal, slopes, stats
from tinygrad_edu.scipy import special as own_special
from tinygrad_edu.testing import (
    A,
    C,
    above_one,
    between,
    elementwise,
    line,
    nonzero,
    of,
    positive,
    regular,
    spread,
    unit,
)
from tinygrad_edu.testing.calls import SHAPES, UNEVEN, Arguments, Call, Span
from tinygrad_edu.transforms import solutions

Function = Callable[..., Any]
Shapes = Iterable[tuple[int, ...]]

# One of its results is an integer: tests/derivatives/test_linear_algebra.py; tested as np.linalg.eig, which adds to it.
# Of the slope of an inverse, both arguments are tied: tests/scipy/test_special.py.
ELSEWHERE = {np.linalg.lstsq, eigenpairs, normal.erfinv_slope, normal.erfcinv_slope, normal.ndtri_slope}
JOINED = {row.joined for row in table.values()}  # behind functions with several results
TABLE = [
    function for function, row in table.items() if not row.nondifferentiable and function not in JOINED | ELSEWHERE
]
WITH_RULES = [function for function in TABLE if table[function].rules]
domains: dict[Function, list[Call]] = {}


def each(shapes: Shapes, *arguments: Any, span: Span = line, **keywords: Any) -> list[Arguments]:
    """The arguments of calls with an array first, of each of several shapes."""
    return [of(A(*shape, span=span), *arguments, **keywords) for shape in shapes]


def joint(*groups: Shapes) -> list[Arguments]:
    """The arguments of calls with several arrays each."""
    return [of(*(A(*shape) for shape in shapes)) for shapes in groups]


def domain(function: Function, *given: Arguments | list[Arguments]) -> None:
    """Enter calls of a function."""
    listed = [one for some in given for one in ([some] if isinstance(some, Arguments) else some)]
    domains.setdefault(function, []).extend(Call(function, *arguments) for arguments in listed)


low_part = between(-2.9, -2.6, -0.9, -0.6, 0.1, 0.4, 1.1, 1.4)  # at least 0.1 from integers and halves,
high_part = between(-1.4, -1.1, -0.4, -0.1, 0.6, 0.9, 2.6, 2.9)  # and 0.2 from any low_part
odd = between(-3.4, -2.6, -1.4, -0.6, 0.6, 1.4, 2.6, 3.4)  # at least 0.2 from every multiple
about_two = between(-2.05, -1.95, 1.95, 2.05)  # of these


def singular(generator: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    """Draw matrices of which one singular value is 0."""
    made = np.array(regular(generator, shape))
    made[..., -1, :] = 2 * made[..., 0, :]
    return made


def turning(generator: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    """Draw matrices of two rows with complex eigenvalues."""
    return np.array([[0.5, 2.0], [-3.0, 1.0]]) + between(-0.3, 0.3)(generator, shape)


def folded(generator: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    """Draw tensors that unfold to regular matrices of two rows."""
    return regular(generator, (2, 2)).reshape(shape)


UNEVEN.update((singular, folded, turning))
MASK = np.array([[True, False, True], [False, False, True]])
NUMBERS = np.array([0.7, 1.3, -0.4])


def reduction(function: Function, span: Span = line, **more: Any) -> None:
    """Enter a function that takes axes away."""
    domain(function, each([(), (3,), (2, 3)], span=span, **more), of(A(0, 3, span=span), axis=1, **more))
    for axis, keepdims in itertools.product((None, 1, -1, (0, 2)), (False, True)):
        domain(function, of(A(2, 3, 2, span=span), axis=axis, keepdims=keepdims, **more))


# fmt: off
for f in (np.sin, np.cos, np.tanh, np.sinh, np.cosh, np.arctan, np.arcsinh, np.exp, np.exp2, np.expm1,
          np.square, np.negative, np.positive, np.deg2rad, np.rad2deg, np.radians, np.degrees, np.copy, np.real,
          functions.sigmoid, functions.softplus, functions.gelu, functions.erf):
    domain(f, elementwise(line))
for f in (np.log, np.log2, np.log10, np.sqrt):
    domain(f, elementwise(positive))
for f in (np.reciprocal, np.cbrt, np.absolute, np.fabs, np.sign, functions.relu, functions.leaky_relu):
    domain(f, elementwise(nonzero))
for f in (np.floor, np.ceil, np.trunc, np.fix, np.rint, np.round, np.around, np.modf):
    domain(f, elementwise(high_part))
for f in (np.arcsin, np.arccos, np.arctanh, np.tan, np.log1p):
    domain(f, elementwise(unit))
domain(np.arccosh, elementwise(above_one))
domain(sech_squared, *(of(A(*shape), A(*shape, span=between(-0.88, -0.1, 0.1, 0.88))) for shape in ((), (3,), (2, 3))))

for f in (np.add, np.subtract, np.multiply, np.logaddexp, np.logaddexp2):
    domain(f, elementwise(line, line))
for f in (np.divide, np.copysign, np.hypot, np.arctan2):
    domain(f, elementwise(nonzero, nonzero))
for f in (np.maximum, np.minimum, np.fmax, np.fmin):
    domain(f, elementwise(low_part, high_part))
for f in (np.remainder, np.fmod, np.floor_divide, np.divmod):
    domain(f, elementwise(odd, about_two))
for f in (np.power, np.float_power):
    domain(f, elementwise(positive, line))
    domain(f, [of(A(2, 3, span=nonzero), n) for n in (0, 1, 2, 3, -1, -2, 0.0, 2.0, np.array([0.0, 1.0, 3.0]))],
              of(A(3), 2), of(0.0, A(3, span=positive)), of(A(2, 3, span=positive), A(3, span=between(0, 0))))
domain(np.heaviside, elementwise(nonzero, line))
domain(np.heaviside, of(np.array([0.0, 1.0, -1.0, 0.0]), A(2, 4)), of(np.zeros((2, 3)), A(3)))

domain(np.where,  of(MASK, A(2, 3), A(2, 3)), of(MASK, A(3), A(2, 1)), of(MASK, A(), A(3)), of(MASK[0], A(2, 3), 0.5),
                  of(MASK, -1.0, A(3)), of(True, A(), A()), of(MASK[:0], A(0, 3), A(3)))
domain(np.full_like, of(A(2, 3), A()), of(A(2, 3), A(3)), of(A(2, 3), A(2, 1)), of(A(0, 3), A()))
domain(np.select, of([MASK, ~MASK], [A(2, 3), A(3)]), of([MASK], [A(2, 1)], A(3)),
                  of([MASK, MASK[:, ::-1]], [2.0, A()], 3.0))
domain(np.clip,   each(SHAPES, -0.1, 0.2, span=nonzero), each([(3,)], None, 0.1, span=nonzero),
                  each([(3,)], -0.1, None, span=nonzero), each([(3,)], min=-0.1, max=0.2, span=nonzero),
                  each([(3,)], a_min=-0.1, a_max=0.2, span=nonzero),
                  of(A(2, 3, span=high_part), A(3, span=between(-2.3, -2.2)), A(2, 1, span=between(1.2, 1.4))),
                  of(np.array([-5.0, 5.0]), A(span=between(-1, 0)), A(2, span=between(1, 2))),
                  of(A(3, span=low_part), min=A(2, 1, span=high_part)))
domain(np.round,  of(A(2, 3, span=low_part), 0), of(A(3, span=between(0.12, 0.14)), decimals=1),
                  of(A(3, span=between(11, 14, 16, 19)), -1))
domain(np.around, of(A(2, 3, span=between(0.12, 0.14)), 1))
for f in (np.astype, cast):
    domain(f, each(SHAPES, np.longdouble))
domain(root, each(SHAPES, 2, span=positive), each([(3,)], 3, span=positive))
domain(power, each(SHAPES, 0.5, span=positive), each([(3,)], -1, span=positive))

for f in (np.sum, np.mean):
    reduction(f)
reduction(np.prod, nonzero)
domain(np.sum,  each([(3, 0)], axis=1), each([(0,)]), each([(2, 3)], 0))
domain(np.prod, each([(3, 0)], axis=1), each([(0,), (7,)]), each([(2, 3)], -1))
for f in (np.max, np.min, np.amax, np.amin, np.ptp):
    reduction(f, spread)
for f in (np.sum, np.mean, np.prod, np.var, np.std, np.cumsum, np.cumprod):
    domain(f, each([(2, 3)], axis=0, dtype=np.complex128))
for f in (np.sum, np.prod, np.max, np.min):
    domain(f, each([()], axis=-1), each([()], axis=0, keepdims=True))
for f in (np.var, np.std):
    reduction(f, spread)
    domain(f, of(A(2, 3, span=spread), ddof=1), of(A(3, 3, span=spread), axis=0, ddof=0.5),
              of(A(3, 2, 2, span=spread), (0, 1), ddof=2), of(A(0, 3, span=spread), axis=1, ddof=1))
domain(np.cumsum,  each(SHAPES), each([(2, 3, 2)], axis=0), each([(2, 3, 2)], axis=1), each([(2, 3, 2)], axis=-1))
domain(np.average, of(A(2, 3)), of(A(2, 3), 1), of(A(2, 3), axis=-1, keepdims=True), of(A(3), weights=NUMBERS),
                   of(A(2, 3), weights=A(2, 3, span=positive)), of(A(2, 3), 0, A(2, span=positive)),
                   of(A(2, 3), axis=-1, weights=[1.0, 2.0, 5.0]), of(NUMBERS, weights=A(3, span=positive)))
MASK_T = np.array([[True, False], [True, True], [False, True], [True, True]])
INITIAL = {np.sum: {"initial": 0.5}, np.prod: {"initial": 0.5}, np.max: {"initial": -9.0}, np.min: {"initial": 9.0}}
for f in (np.sum, np.mean, np.prod, np.max, np.min, np.var, np.std):
    initial = INITIAL.get(f, {})
    domain(f, of(A(4, 2, span=spread), where=MASK_T, **initial), of(A(4, 2, span=spread),
              axis=0, where=MASK_T, **initial),
              of(A(4, 2, 2, span=spread), axis=(0, 1), where=MASK_T[..., None], keepdims=True, **initial))
for f in (np.var, np.std):
    domain(f, of(A(3, span=spread), correction=1), of(A(2, 3, span=spread), axis=1, mean=np.array([[0.5], [3.0]])))
for f in (np.nanvar, np.nanstd):
    domain(f, of(A(2, 3, span=spread), axis=1, dtype=np.float64))
for f in (np.amax, np.amin):
    domain(f, of(A(3, span=spread), initial={np.amax: -9.0, np.amin: 9.0}[f], where=[True, False, True]))
domain(np.average, of(A(2, 3), returned=True, weights=A(2, 3, span=positive)), of(A(2, 3), 1, A(3, span=positive),
              True))
for f in (np.nansum, np.nanprod, np.nanmean, np.nanvar, np.nanstd, np.nanmax, np.nanmin):
    reduction(f, spread)
for f in (np.nancumsum, np.nancumprod):
    domain(f, each([(3,), (2, 3), ()]), each([(2, 3)], axis=1))
domain(np.nan_to_num, each([(), (2, 3)]), each([(2,)], nan=1.0))
for f in (np.median, np.nanmedian):
    domain(f, each([(3,), (4,), (2, 3)], span=spread), each([(2, 3, 2)], axis=(0, 2), span=spread), each([()],
              span=spread),
              each([(2, 3)], axis=-1, keepdims=True, span=spread), each([(4, 2)], 0, span=spread))
for f, unit_of in ((np.quantile, 1), (np.nanquantile, 1), (np.percentile, 100), (np.nanpercentile, 100)):
    domain(f, each([(4,), (2, 3), ()], 0.3 * unit_of, span=spread), each([(4, 2)],
              np.array([0.1, 0.7]) * unit_of, axis=0, span=spread),
              each([(2, 3)], [unit_of, 0], 1, keepdims=True, span=spread),
              *(each([(5,)],
              0.33 * unit_of, method=method, span=spread) for method in ("lower", "hazen", "inverted_cdf", "nearest")))
domain(np.cov,      each([(3,), (2, 3)]), each([(3, 2)], rowvar=False), each([(2, 4)], bias=True), of(A(3), A(3)),
                    of(A(2, 3), ddof=0, fweights=np.array([1, 2, 1])), of(A(2, 3), aweights=NUMBERS**2),
              of(NUMBERS, A(3)))
domain(np.corrcoef, each([(2, 3), (3, 4)], span=spread), of(A(2, 3, span=spread), A(2, 3, span=spread)),
       each([(4, 2)], span=spread, rowvar=False))
domain(np.bincount, of(np.array([0, 2, 0]), A(3)), of([1, 1], A(2), minlength=4))
X4 = np.array([0.0, 0.5, 2.0, 2.5])
domain(np.sinc,    elementwise(line), elementwise(between(2.1, 3.9)))
domain(sinc_slope, each([(), (2, 3)], 1), each([(3,)], 2, span=between(2.1, 3.9)))
domain(np.i0,      elementwise(line))
domain(i0_slope,   each([(), (2, 3)], 1), each([(3,)], 2))
domain(np.ldexp,   each([(), (2, 3)], 2), each([(2, 3)], np.array([1, 0, -2])), of(A(), np.array([1, -1])))
domain(np.frexp,   elementwise(between(-1.9, -1.1, 1.1, 1.9)))
for f in (np.real, np.imag, np.conjugate, np.angle, np.absolute):
    domain(f, [of(C(*shape, span=nonzero)) for shape in SHAPES])
domain(np.angle, of(C(3, span=nonzero), deg=True))
domain(np.sign, of(C(3, span=nonzero)), of(C(2, 3, span=nonzero)))
domain(np.nextafter, elementwise(low_part, high_part))
domain(np.spacing, elementwise(between(1.1, 1.9)))
domain(np.conjugate, elementwise(line))
domain(np.linspace, of(A(), A(), 4), of(A(2), A(), 3, axis=1), of(0.5, A(2, 1), num=3, endpoint=False),
                    of(A(), A(3), 5, retstep=True), of(A(), 2.0, 3, axis=-1))
domain(np.logspace, of(A(), A(), 4), of(A(2), 1.0, 3, base=2.0, axis=1), of(0.5, A(), 3, endpoint=False),
                    of(0.0, 1.0, 3, base=A(span=positive)))
domain(np.geomspace, of(A(span=positive), A(span=positive), 4), of(A(2, span=positive), 3.0, 3, axis=1),
                     of(A(span=between(-2, -1)), -5.0, 3, endpoint=False))
domain(np.meshgrid, joint([(2,), (3,)], [(2,)], [(2,), (), (3,)]), of(A(2), A(2), indexing="ij"), of(A(2), A(3),
              sparse=True))
STEPS = [lambda v: v * v, 2.0]
domain(np.piecewise, of(A(3), [[True, False, True], [False, True, False]], [np.sin, np.exp]),
                     of(A(2, 3), [MASK], STEPS),
                     of(A(3), [[True, False, True], [True, True, False]], [np.sin, lambda v: 2 * v, np.cos]))
domain(np.apply_along_axis, of(np.sum, 1, A(2, 3)), of(np.cumsum, 0, A(2, 3)), of(np.prod, 0, A(3)),
                            of(lambda v, n: np.stack([v[:n], v[-n:]]), 1, A(2, 3, 2), 2))
domain(np.apply_over_axes, of(np.sum, A(2, 3, 2), [0, 2]), of(np.max, A(2, 3, span=spread), 1))
domain(np.unique, each([(3,), (2, 2)], span=spread), of(A(4, span=spread)))
domain(np.vander,  each([(3,)]), each([(2,)], 4), each([(3,)], N=2, increasing=True))
domain(np.polyval, of(A(3), A(2, 2)), of([1.0, 2.0, 3.0], A()), of(A(4), 0.5), of(A(1), A(2)))
for f in (np.polyadd, np.polysub, np.polymul):
    domain(f, joint([(3,), (2,)], [(2,), (2,)], [(1,), (3,)]), of(A(2), NUMBERS), of(2.0, A(3)))
# Whether what is left counts as zero NumPy asks of the numbers, with 1e-8: here it is less, of float32 too.
domain(np.polydiv, of(A(4), [2.0, 1.0]), of([1e-3, 2e-3, 3e-3], A(2, span=above_one)), of(A(3), [1.0, 2.0, 3.0]))
domain(np.polyder, each([(4,)]), each([(4,)], 2), each([(3,)], m=0))
domain(np.polyint, each([(3,)]), each([(2,)], 2, 1.5), of(A(2), 2, A(2)), of(A(2), k=A()))
domain(np.poly,    of(A(3)), of(A(2, 2, span=turning)), of(A(3, 3, span=regular)), each([(1,), (2,)]))
ROOTED = A(4, span=lambda generator, shape: np.array([1.0, -2.0, -5.0, 6.0]) + between(-0.4, 0.4)(generator, shape))
domain(np.roots, of(ROOTED), of(C(4, span=nonzero)), of(A(2, span=nonzero)), of(A(3, span=above_one)))
domain(np.polyfit, of(X4, A(4), 2), of(X4, A(4, 2), 1), of(X4, A(4), 1, w=np.array([1.0, 2.0, 0.5, 1.0])))
domain(np.diff,    each([(3, 4)], 0, 0), each([(3, 4)], 1, 0), each([(3, 4)], 2, 1), each([(3,), (1,), (3, 4)]))
domain(np.diff,    of(A(3), prepend=A()), of(A(2, 3), axis=0, append=A(1, 3)), of(A(3), 2, prepend=[1.0, 2.0],
              append=A(2)))
domain(convolution, joint([(3,), (2,)], [(1,), (3,)]), of(NUMBERS, A(2)))
domain(np.ediff1d, each([(3,)]), of(A(3), A(), A(2)), each([(2, 2), (0,)]), of(A(3), to_begin=0.5, to_end=[1.0, 2.0]))
domain(np.cumprod, each([(), (3,), (2, 3), (0,), (7,)]), each([(2, 3, 2)], axis=0), each([(2, 3, 2)], axis=1),
                   each([(2, 3)], axis=-1))
for f in (np.cumulative_sum, np.cumulative_prod):
    domain(f, each([(3,), (), (0,)]), each([(2, 3)], axis=1), each([(2, 3)], axis=-2, include_initial=True))
domain(np.trapezoid, each([(4,), (2, 3)]), each([(3, 2)], axis=0, dx=0.5), of(A(2, 3), A(3)), of(A(3, 2), A(3, 2),
              axis=0),
                     of(A(3), dx=A()), of(NUMBERS, A(3)))
domain(np.gradient, each([(4,)]), of(A(4), A(span=positive)), each([(3, 4)]),
                     each([(4,), (3, 4)], edge_order=2, axis=-1), each([(4,)], X4), each([(3, 3)], 0.5),
                     of(A(3, 4), 2.0, X4), of(A(4, 2), X4, axis=0, edge_order=2))
middle = between(0.1, 0.4, 0.6, 1.9, 2.1, 2.4)  # between the points of X4
domain(np.interp, of(A(3, span=middle), X4, A(4)), of(A(2, 2, span=middle), X4, np.exp(X4)), of(A(span=middle),
              X4, X4 * X4),
                  of(A(3, span=between(-1, -0.1, 2.6, 3)), X4, A(4)), of(A(2, span=between(3, 4)), X4, A(4), A(), A()),
                  of(A(2, span=between(-1, -0.5)), X4, A(4), left=A(), right=1.0), of(NUMBERS, A(1, span=positive),
              A(1)),
                  of(A(3, span=middle), X4 + 3, A(4), period=3), of(np.array([0.3, 1.0]),
              A(1, span=between(0.4, 0.6)), A(1)))
domain(np.unwrap, of(A(3)), of(A(2, 3), axis=0),
                  of(A(3), 1.0, period=1.5), of(A(3), discont=0.5))
for f in (np.convolve, np.correlate):
    domain(f, *(of(A(n), A(m), mode) for n, m in ((3, 2), (2, 4), (4, 3), (3, 3), (4, 2),
              (1, 3)) for mode in ("full", "same", "valid")),
              of(A(3), NUMBERS), of(NUMBERS, A(2), mode="full"))
for f in (functions.softmax, functions.log_softmax):
    domain(f, each([(3,), (2, 3), (0, 3)]), each([(2, 3), (2, 3, 2)], axis=0), each([(2, 3)], axis=None),
              each([(2, 3, 2)], axis=(0, 2)))
reduction(functions.logsumexp)
domain(functions.dropout, of(A(2, 3), 0.5, 0), of(A(3), 0, 7))
domain(np.linalg.norm, each([(3,), (2, 3), (2, 3, 2)], span=nonzero), each([(2, 3, 2)], axis=(0, 2), span=nonzero),
                       each([(2, 3)], axis=0, span=nonzero), each([(2, 3)], axis=-1, keepdims=True, span=nonzero),
                       each([(2, 2)], keepdims=True, span=nonzero), each([(2, 3)], "fro", span=nonzero),
                       each([(3, 2, 2)], "fro", (1, 2), span=nonzero), each([(3, 2)], 1, (1,), span=spread),
                       [of(A(2, 3, span=spread), n, 1) for n in (0, 1, 2, 3, -1, 0.5, np.inf, -np.inf)],
                       [of(A(3, span=spread), n) for n in (1, 2, 2.5, np.inf, -np.inf)])

domain(np.reshape,      each([(2, 6), (2, 3, 2), (12,)], (3, 4)), each([(), (2, 3)], -1), each([(0, 3)], (0,)),
                        each([(2, 3, 2)], (3, -1), order="F"))
domain(np.ravel,        each(SHAPES), each([(2, 3, 2)], order="F"))
domain(np.transpose,    each([*SHAPES, (2, 3, 4)]), each([(2, 3, 4)], (1, 2, 0)), each([(2, 3, 4)], axes=(-1, 0, 1)))
domain(np.matrix_transpose, each([(2, 3), (2, 3, 4)]))
domain(np.swapaxes,     each([(2, 3, 4)], 0, -1), each([(2, 3)], axis1=1, axis2=0))
domain(np.moveaxis,     each([(2, 3, 4)], 0, -1), each([(2, 3, 4)], (0, 1), (-1, 0)),
                        each([(2, 3, 4)], source=[2], destination=[0]))
domain(np.expand_dims,  each([(), (3,), (0, 2)], 0), each([(), (2, 3)], axis=(0, -1)))
domain(np.squeeze,      each([(1, 1), (2, 1, 3), (1, 3, 1)]), each([(2, 1, 3), (1, 1)], axis=1))
domain(np.broadcast_to, each([(), (3,), (2, 1), (1, 1), (2, 3)], (2, 3)), each([(3,), (1, 3)], shape=(0, 3)))
domain(np.flip,         each([*SHAPES, (2, 3, 2)]), each([(2, 3)], axis=1), each([(2, 3, 2)], (0, 2)))
for f in (np.flipud, np.fliplr):
    domain(f, each([(2, 3), (2, 3, 2)]))
domain(np.roll,  each(SHAPES, 2), each([(2, 3)], -1, axis=1), each([(2, 3)], (1, 2), (0, 1)),
                 each([(2, 3, 2)], shift=1, axis=(0, 2)))
domain(np.rot90, each([(2, 3)]), *(each([(2, 3)], k) for k in (-1, 0, 2, 7)), each([(2, 3, 2)], k=1, axes=(2, 0)))
for f in (np.atleast_1d, np.atleast_2d):
    domain(f, each([(), (3,), (2, 3)]), of(A(), A(2)))
for f in (np.tril, np.triu):
    domain(f, each([(3, 3), (2, 3), (3, 2), (2, 2, 2), (3,)]), each([(3, 3)], 1), each([(3, 3)], k=-1))
for f in (np.diagonal, np.trace):
    domain(f, each([(2, 2), (2, 3), (3, 2, 2), (0, 2)]), *(each([(2, 3), (3, 2)], k) for k in (1, -1, 5)),
              each([(2, 3, 2)], offset=1, axis1=2, axis2=0), each([(2, 3, 2)], axis1=-1, axis2=1))
domain(np.diag, each([(3,), (3, 3), (2, 3), (0,)]), each([(2,), (2, 3)], 1), each([(2,), (3, 3)], k=-2))
domain(np.sort, each([(4,), (2, 3)], span=spread), *(each([(3, 2)], axis=i, span=spread) for i in (0, 1, None)))

domain(concatenate,    joint([(2,), (3,)], [(2, 3), (1, 3)], [(0, 3), (2, 3), (1, 3)]), of(A(2), NUMBERS),
                       of(A(2, 1), A(2, 2), axis=-1), of(A(2), A(1, 2), axis=None))
domain(np.concatenate, of([A(2), A(3)]), of([A(0, 3), A(2, 3), A(1, 3)]), of((A(2, 1), A(2, 2)), axis=1),
                       of([A(2), A(1, 2)], None), of([NUMBERS, A(2), [5.0]]))
domain(np.append,      joint([(2,), (1, 2)]), of(A(2, 1), A(2, 2), axis=1), of(NUMBERS, A()), of(A(3), 2.0))
domain(np.stack,       of([A(2, 3), A(2, 3)]), of([A(2, 3), A(2, 3)], axis=-1), of([A(), A(), 2.0]),
                       of((A(3), NUMBERS)))
for f in (np.hstack, np.vstack, np.column_stack):
    domain(f, of([A(2, 3), A(2, 3)]), of((A(3), A(3))), of([A(3), NUMBERS]), of([A(2, 3)]), of([NUMBERS, A(3)]),
              of([A(), A()]), of([A(3)]))
domain(np.column_stack, of([A(2), A(2, 2)]))
domain(np.vstack,       of([A(2), A(2, 2)]))
for f in (np.split, np.array_split):
    domain(f, of(A(4), 2), of(A(3, 4), [1, 3], axis=1), of(A(4, 3), (1,), -2), of(A(3), [2, 5]))
domain(np.array_split,      each([(5,), (2, 2)], 3))
domain(np.hsplit,           each([(4,), (3, 4)], 2), each([(3,), (2, 3)], [1]))
domain(np.vsplit,           each([(2, 3), (4, 1)], 2))
domain(np.unstack,          each([(2, 3)]), each([(2, 3)], axis=1))
domain(np.broadcast_arrays, joint([(2, 1), (3,)], [(2,)]))
domain(np.repeat,           each([(), (3,), (2, 3), (0,)], 2), each([(2, 3)], [1, 0, 2], axis=1), each([()], 2, 0),
                            each([(2, 3, 2)], repeats=3, axis=-1))
domain(np.tile,             each([(), (3,), (2, 3)], 2), each([(3,), (2, 3), (0, 2)], (2, 1, 2)),
                            each([(2, 3)], reps=(2,)))
domain(np.pad,              each([(3,), (2, 3)], 1), each([(2, 3)], ((1, 0), (0, 2))),
                            each([(3,), (0,)], (2, 1), constant_values=(3.0, 4.0)),
                            *(each([(3,), (2, 3)], (1, 2), mode) for mode in ("edge", "reflect", "symmetric", "wrap")),
                            *(each([(3,), (1,)], (4, 5), mode, reflect_type="odd")
                              for mode in ("reflect", "symmetric")),
                            *(each([(3,), (2, 3)], (1, 2), mode, span=spread)
                              for mode in ("linear_ramp", "maximum", "minimum", "mean", "median")),
                            of(A(2, 3), 1, "mean", stat_length=((1, 2), (2, 9))),
                            of(A(1, 2), ((1, 0), (0, 2)), "reflect", reflect_type="even"))

domain(np.block,         of([[A(2, 2), A(2, 1)], [A(1, 3)]]), of([A(2), 1.0, A()]), of([NUMBERS, A(2)]), of(A(2)))
domain(np.dstack,        of([A(2, 3), A(2, 3)]), of((A(3), NUMBERS)), of([A(2, 3, 1), A(2, 3, 2)]))
domain(np.dsplit,        each([(2, 1, 4)], 2), each([(1, 2, 3)], [1]))
domain(np.rollaxis,      each([(2, 3, 2)], 2), each([(2, 3)], 1, start=0), each([(2, 3, 1)], axis=0, start=2))
domain(np.resize,        each([(3,), (2, 3), ()], (2, 4)), each([(2, 3)], 3), each([(0,)], (0, 2)))
domain(np.delete,        each([(4,)], 1), each([(3, 3)], [0, 2], axis=1), each([(2, 3)], slice(0, 2)),
                         each([(3, 2)], np.array([True, False, True]), 0))
domain(np.insert,        of(A(3), 1, A()), of(A(2, 3), [0, 2], A(2, 2), axis=1), of(A(2, 2), 1, A(2), 0),
                         of(A(3), [1, 1], 0.5), of(NUMBERS, 0, A(2)))
domain(np.choose,        of(np.array([1, 0, 1]), [A(3), A()]), of([0, 1], (NUMBERS[:2], A(3, 2))),
                         of(np.array([[4], [-1]]), [A(3), A(2, 3)], mode="wrap"))
domain(np.diagflat,      each([(2,), (1, 2), ()]), each([(2,)], k=-1))
domain(np.trim_zeros,    of(A(3, span=nonzero)))
domain(np.atleast_3d,    each([(), (3,), (2, 3), (2, 1, 2)]), of(A(), A(2)))
domain(sliding_window_view, each([(4,)], 2), each([(3, 3)], (2, 2)), each([(3, 4)], 3, axis=1))
domain(np.partition,     each([(3,)], 1, span=spread), each([(3, 2)], (0, 1), axis=0, span=spread),
                         each([(3, 1)], 1, None, span=spread))

LINES = [((4,), {}), ((5,), {"n": 7}), ((5,), {"n": 3}), ((4,), {"n": 6}), ((2, 3, 2), {"axis": 1, "norm": "ortho"}),
         ((3, 4), {"axis": -2, "n": 2, "norm": "forward"}), ((3,), {"n": 1}), ((0, 3), {})]  # fmt: skip
for f in (np.fft.fft, np.fft.ifft, np.fft.rfft, np.fft.irfft, np.fft.hfft, np.fft.ihfft):
    for shape, keywords in LINES:
        of_reals = table[f].real or keywords == {}
        domain(f, of((A if of_reals else C)(*shape), **keywords))
PLANES = [((3, 4), {}), ((2, 3, 4), {"axes": (2, 0), "s": (5, 2), "norm": "forward"}),
          ((3, 4), {"axes": (0, 0), "norm": "ortho"}), ((3, 4), {"axes": (-1, -2), "s": (3, -1)})]  # fmt: skip
for f in (np.fft.fft2, np.fft.ifft2, np.fft.rfft2, np.fft.irfft2,
          np.fft.fftn, np.fft.ifftn, np.fft.rfftn, np.fft.irfftn):
    for shape, keywords in PLANES:
        domain(f, of((A if table[f].real or keywords == {} else C)(*shape), **keywords))
for f in (np.fft.fftshift, np.fft.ifftshift):
    domain(f, each([(5,), (3, 4)]), each([(3, 4)], 1), each([(3, 2, 3)], axes=(0, -1)))

PICKS = [
    0, -1, None, ..., slice(1, None), slice(None, None, -2), slice(0, 0), (0, 1), (slice(None), 1), (..., 0),
    (None, 1, ...), [2, 0, 2], np.array([[0, 1], [1, 1]]), (slice(None), [0, 2, 0]), ([0, 1, 1], [2, 0, 0]),
    (np.array([1, 0]), slice(1, 3)), (0, [1, 1]), ([1, 0], ..., 0), (np.array([True, False, True]),),
    (slice(1, 2), [True, False, True]),
]
domain(operator.getitem,   *(each([(3, 3, 2)], i) for i in PICKS), each([(2, 3)], MASK), each([()], ()),
                           each([()], None), each([(3,)], np.int64(1)))
domain(put_back,           of(A(3), [1, 1, 0], (4,)), of(A(2, 3), slice(1, 3), (4, 3)), of(A(3), MASK, (2, 3)))
domain(np.take,            of(A(3), [0, 0, 2]), of(A(2, 3), np.array([[5, 0], [1, 1]])), of(A(2, 3), 1, axis=1),
                           of(A(), 0), of(A(2, 3), [-1, 0, -1], axis=-1), of(A(3, 2), [[0], [2]], axis=0))
domain(np.take_along_axis, of(A(2, 3), np.array([[0, 0], [2, 1]]), 1), of(A(2, 3), np.array([[1, 0, 1]]), axis=0),
                           of(A(2, 3), np.array([[-1]]), axis=-1), of(A(2, 3), np.array([5, 0, 0]), None),
                           of(A(1, 3), np.array([[1, 1], [0, 2]]), 1), of(A(4), np.array([3, 3]), 0))
domain(np.compress,        of([True, False, True], A(3)), of([False, True], A(2, 3), axis=0),
                           of([1, 0, 1], A(2, 3), axis=1), of([0, 1], A(2, 3)))
domain(np.extract,         of(MASK, A(2, 3)), of(MASK[0], A(3)))

PRODUCTS = [[(3,), (3,)], [(2, 3), (3,)], [(3,), (3, 2)], [(2, 3), (3, 2)], [(0, 3), (3, 2)], [(2, 0), (0, 3)]]
SCALED = [[(), ()], [(), (3,)], [(2, 3), ()]]
domain(np.matmul,    joint(*PRODUCTS, [(2, 2, 3), (3, 2)], [(3,), (2, 3, 2)], [(2, 2, 3), (3,)],
                           [(2, 1, 2, 3), (3, 3, 2)], [(2, 3), (2, 3, 1)], [(1, 2, 3), (2, 3, 1)]),
                     of(NUMBERS, A(3, 2)), of(A(2, 3), NUMBERS))
domain(np.dot,       joint(*PRODUCTS, *SCALED, [(2, 3), (2, 3, 1)], [(3,), (2, 3, 1)], [(2, 2, 3), (3, 1)],
                           [(2, 1, 3), (2, 3, 2)]), of(NUMBERS, A(3)), of(A(2, 3), 2.0))
domain(np.inner,     joint(*SCALED, [(3,), (3,)], [(2, 3), (3,)], [(2, 3), (4, 3)], [(2, 2, 3), (2, 3)]),
                     of(NUMBERS, A(2, 3)), of(3.0, A(2)))
domain(np.outer,     joint([(2,), (3,)], [(2, 2), (3,)], [(), (2,)]), of(A(2), NUMBERS))
domain(np.vdot,      joint([(3,), (3,)], [(2, 3), (2, 3)], [(), ()]), of(NUMBERS, A(3)))
domain(np.vecdot,    joint([(3,), (3,)], [(2, 3), (3,)], [(2, 1, 3), (2, 3)], [(0, 3), (3,)]), of(A(2, 3), NUMBERS))
domain(np.tensordot, joint([(2, 3), (2, 3)]), of(A(2, 3), A(3, 2), 1), of(A(2), A(3), axes=0), of(A(2, 0), A(0, 2), 1),
                     of(A(2, 3, 2), A(2, 3), axes=([1, 0], [1, 0])), of(A(2, 3), A(2, 2), (0, 1)),
                     of(np.ones((2, 3)), A(3, 2), axes=(-1, 0)))
domain(np.einsum,    *([of(s, *(A(*map(int, shape)) for shape in shapes.split(",")))] for s, shapes in {
    "i,i": "3,3", "ij,jk->ik": "23,32", "ij,jk": "23,32", "ij->ji": "23", "ij->": "23", "ii": "33", "ii->i": "33",
    "iij->j": "223", "ij->i": "23", "i,j->ij": "2,3", "ij,j->": "23,3", "ij,jk,kl->il": "22,23,32", "...i->...": "23",
    "...ij,...jk->...ik": "223,32", "i...,i...": "23,23", " i j , k -> i ": "22,3", "bij,bjk->bik": "212,221",
    "...,...->...": "21,13", "ij,ij->ij": "23,13", ",i->i": ",3", "iii->i": "222", "ii,i->i": "22,2",
    "ba": "23", "ii->": "22", "ij,kj->ik": "20,20", "...ii->...i": "322", "i...->...": "23",
    "...ij->...ji": "223",
}.items()), of("ij,j->i", A(2, 3), NUMBERS), of("ij,jk,k", A(2, 2), A(2, 3), A(3), optimize=True))

SQUARE = [(1, 1), (3, 3), (2, 2, 2), (0, 2, 2), (0, 0)]
TALL, WIDE = [(3, 2), (2, 3, 2), (0, 3, 2)], [(2, 3), (2, 2, 4)]
for f in (np.linalg.inv, np.linalg.det, np.linalg.slogdet, np.linalg.cholesky, np.linalg.eigh, np.linalg.eigvalsh,
          np.linalg.svd, np.linalg.eig):
    domain(f, each(SQUARE, span=regular))
domain(np.linalg.eigvals, of(A(2, 2, span=turning)), of(C(3, 3, span=regular)), each(SQUARE, span=regular))
domain(np.linalg.eig,  of(A(2, 2, span=turning)), of(C(3, 3, span=regular)))
for f in (np.linalg.pinv, thin_svd, np.linalg.svdvals, reduced_qr, np.linalg.qr):
    domain(f, each([*TALL, *WIDE, *SQUARE], span=regular))
domain(pseudo_inverse, each([*TALL, *WIDE, *SQUARE], None, span=regular))
domain(truncated,      each([*TALL, *WIDE, (3, 3), (2, 3, 3), (0, 2, 2), (0, 0)], 0.75, span=regular),
                       each([(2, 3, 3)], np.array([0.5, 0.75]), span=regular))
domain(cofactors, each([(3, 3), (2, 3, 3), (2, 2)], span=singular),
                  each([(1, 1), (3, 3), (2, 3, 3), (0, 2, 2), (0, 0)], span=regular))
domain(np.linalg.cholesky, each([(3, 3), (2, 2, 2)], upper=True, span=regular))
for f in (np.linalg.eigh, np.linalg.eigvalsh):
    domain(f, each([(3, 3), (2, 2, 2)], UPLO="U", span=regular), each([(2, 2)], "l", span=regular))
domain(np.linalg.pinv, each([(3, 2)], 0.1, span=regular), each([(2, 3), (3, 3)], rtol=0.75, span=regular),
                       each([(3, 2)], rtol=None, span=regular), each([(2, 3, 3)], rcond=0.75, span=regular))
domain(np.linalg.svd,  each([*TALL, *WIDE], False, span=regular), each([(3, 2)], compute_uv=False, span=regular))
domain(np.linalg.svd,  each([(3, 2), (2, 3), (2, 3, 2)], span=regular))
domain(full_svd,       each([(3, 2), (2, 3), (2, 3, 2)], span=regular))
domain(complete_qr,    each([(3, 2), (2, 3, 2)], span=regular))
domain(np.linalg.qr,   each([(3, 2), (2, 3, 2)], mode="complete", span=regular))
domain(np.linalg.qr,   each([(3, 2), (2, 3)], "r", span=regular), each([(2, 3)], mode="complete", span=regular))
R22, R33 = A(2, 2, span=regular), A(3, 3, span=regular)
domain(np.linalg.solve, of(R33, A(3)), of(R33, A(3, 2)), of(A(2, 3, 3, span=regular), A(3)), of(R22, A(3, 2, 1)),
                        of(A(2, 3, 3, span=regular), A(3, 2)), of(np.eye(2) + 1, A(2)), of(R22, NUMBERS[:2]),
                        of(A(0, 2, 2, span=regular), A(2, 1)), of(R22, A(2, 0)))
domain(least_squares,   of(A(3, 2, span=regular), A(3), None), of(A(2, 3, span=regular), A(2, 2), None),
                        of(A(3, 2, span=regular), A(3, 2), 0.1), of(R22, NUMBERS[:2], None))
for n in (-2, -1, 0, 1, 2, 3, 5):
    domain(np.linalg.matrix_power, of(R22, n), of(A(2, 2, 2, span=regular), n))
domain(np.linalg.tensorsolve, of(A(6, 6, span=regular), A(6)), of(R22, A(2), axes=(0,)),
                              of(A(2, 1, 2, span=folded), A(2, 1)))
domain(np.linalg.tensorinv,   each([(2, 2)], 1, span=regular), each([(2, 1, 2)], ind=2, span=folded))
for f in (np.linalg.norm, np.linalg.matrix_norm):
    for n in ("nuc", 2, -2, 1, -1, np.inf, -np.inf):
        domain(f, each([(2, 2), (3, 2)], ord=n, span=regular))
domain(np.linalg.norm,        each([(2, 3, 2)], "nuc", (2, 0), True, span=spread),
                              each([(2, 3, 2)], 1, (0, 2), span=spread))
domain(np.linalg.matrix_norm, each([(2, 2), (2, 3, 2)], span=nonzero), each([(2, 3, 2)], keepdims=True, span=nonzero))
domain(np.linalg.vector_norm, each([(3,), (2, 3)], span=nonzero), each([(2, 3)], axis=1, ord=1, span=spread),
                              each([(2, 3, 2)], axis=(0, 2), keepdims=True, span=nonzero),
                              each([(2, 3, 2)], axis=(2, 0), ord=3, span=spread),
                              each([(3, 2)], ord=np.inf, span=spread))
domain(np.linalg.cond, each([(2, 2), (2, 2, 2), (3, 2)], span=regular),
                       *(each([(2, 2), (2, 3, 3)], p, span=regular) for p in (2, -2, 1, -1, np.inf, "fro", "nuc")))
domain(quotient,       elementwise(line, nonzero))

domain(np.linalg.multi_dot, of([A(2, 3), A(3, 2)]), of([A(3), A(3, 2), A(2, 4), A(4)]), of((A(2, 0), A(0, 3), A(3, 2))),
                            of([A(2, 3), A(3, 1), A(1, 2), NUMBERS[:2]]))
for f in (np.cross, np.linalg.cross):
    domain(f, joint([(3,), (3,)], [(2, 3), (3,)], [(0, 3), (1, 3)]), of(NUMBERS, A(2, 3)), of(A(3, 2), A(3, 2), axis=0))
domain(np.cross, of(A(3, 2), A(2, 3), axisa=0, axisc=0), of(A(2, 3), A(3, 2), -1, 0),
                 of(A(3, 2), A(2, 3), axisa=0, axisb=1))
domain(np.kron,  joint([(2,), (3,)], [(2, 3), (1, 2)], [(), (2,)], [(2, 1, 2), (2, 2)], [(0, 2), (1, 2)]),
                 of(NUMBERS, A(2, 1)))
domain(np.linalg.outer,     joint([(2,), (3,)], [(0,), (2,)]), of(NUMBERS, A(2)))
domain(np.linalg.matmul,    joint(*PRODUCTS, [(2, 2, 3), (3, 2)]), of(A(2, 3), NUMBERS))
domain(np.linalg.vecdot,    joint([(3,), (3,)], [(2, 3), (3,)]), of(A(3, 2), A(3, 1), axis=0), of(A(2, 3), NUMBERS))
domain(np.linalg.tensordot, joint([(2, 3), (2, 3)]), of(A(2, 3), A(3, 2), axes=1), of(A(2), NUMBERS, axes=0))
domain(np.linalg.matrix_transpose, each([(2, 3), (2, 3, 4)]))
for f in (np.linalg.trace, np.linalg.diagonal):
    domain(f, each([(2, 2), (2, 3), (2, 3, 3), (0, 2, 2)]), each([(2, 3), (2, 3, 2)], offset=1),
              each([(3, 2)], offset=-1))
if hasattr(np, "matvec"):
    domain(np.matvec, joint([(2, 3), (3,)], [(2, 2, 3), (3,)], [(2, 3), (2, 1, 3)], [(0, 3), (3,)]),
                      of(A(2, 3), NUMBERS))
    domain(np.vecmat, joint([(3,), (3, 2)], [(2, 3), (3, 2)], [(3,), (2, 3, 1)], [(0,), (0, 2)]), of(NUMBERS, A(3, 2)))

domain(functions.conv, of(A(2, 1, 3, 3), A(2, 1, 2, 2)), of(A(0, 1, 2, 2), A(1, 1, 2, 2)),
                       of(A(1, 2, 4, 3), A(2, 1, 2, 1), stride=(2, 1), padding=(1, 0), groups=2),
                       of(A(1, 1, 5), A(2, 1, 2), dilation=2, padding=1), of(A(1, 1, 2, 2, 2), A(1, 1, 1, 2, 2)))
domain(functions.conv_transpose,
       of(A(2, 2, 2, 2), A(2, 1, 2, 2)), of(A(0, 1, 2, 1), A(1, 1, 2, 2)),
       of(A(1, 2, 2, 3), A(2, 1, 2, 1), size=(3, 3), stride=(2, 1), padding=(1, 0), groups=2),
       of(A(1, 2, 3), A(2, 1, 2), stride=2, dilation=2), of(A(1, 1, 2, 1, 1), A(1, 1, 1, 2, 2)))
domain(conv_weights,
       of(A(2, 1, 3, 3), A(2, 2, 2, 2), size=(2, 2)), of(A(0, 1, 2, 2), A(0, 1, 1, 1), size=(2, 2)),
       of(A(1, 2, 4, 3), A(1, 2, 3, 3), size=(2, 1), stride=(2, 1), padding=(1, 0), groups=2),
       of(A(1, 1, 5), A(1, 2, 3), size=(2,), dilation=2))
domain(functions.conv2d, of(A(2, 1, 3, 3), A(2, 1, 2, 2), stride=2, padding=1, dilation=2))
domain(functions.conv2d_transpose, of(A(2, 2, 2, 2), A(2, 1, 2, 2), dilation=2))
domain(functions.unfold, of(A(2, 2, 3, 3), size=2), of(A(1, 1, 5), size=2, stride=2, padding=1, dilation=2))
domain(functions.fold, of(A(1, 4, 4), image=(3, 3), size=2),
                       of(A(1, 2, 3), image=(5,), size=2, stride=2, padding=1, dilation=2))
domain(functions.max_pool,  of(A(1, 2, 5, span=spread), 2, 1), of(A(1, 1, 2, 2, 2, span=spread), (2, 1, 2)))
domain(functions.mean_pool, of(A(1, 2, 5), 2, 1), of(A(1, 1, 2, 2, 2), (2, 1, 2)))
domain(functions.adaptive_max_pool,  of(A(1, 2, 5, span=spread), 2), of(A(1, 1, 4, 3, span=spread), (2, 3)))
domain(functions.adaptive_mean_pool, of(A(1, 2, 5), 2), of(A(1, 1, 4, 3), (2, 3)))
domain(gather,  of(A(2, 1, 3, 2), size=(2, 1), stride=(1, 1)), of(A(0, 1, 2, 2), size=(1, 1), stride=(1, 2)))
domain(overlay, of(A(2, 1, 2, 2), image=(3, 2), size=(2, 1), stride=(1, 1)))
domain(largest, of(A(2, 1, 3, 2, span=spread), size=(2, 1), stride=(1, 1)),
                of(A(0, 1, 2, 2), size=(1, 1), stride=(1, 2)))
TIED = np.array([[[[1.0, 1.0, 5.0], [1.0, 1.0, 5.0]]]])
for f, shape in ((give_back, (1, 1, 1, 2)), (pick, TIED.shape)):
    domain(f, of(A(*shape), TIED, np.array([[[[1.0, 5.0]]]]), size=(2, 2), stride=(1, 1)))
domain(functions.max_pool2d,  of(A(1, 2, 4, 2, span=spread), 2), of(A(1, 1, 3, 4, span=spread), (2, 1), stride=(1, 2)))
domain(functions.mean_pool2d, of(A(1, 2, 2, 5), 2), of(A(1, 1, 3, 3), (2, 1), stride=(1, 2)))

for f in (standardize, root_variance):
    domain(f, each([(3,), (2, 3), (0, 3)], span=spread), each([(2, 3, 2)], axis=(0, 2), span=spread),
              each([(2, 3)], axis=None, eps=0.5, span=spread))
domain(functions.layer_norm, each([(3,), (2, 3)], span=spread), of(NUMBERS, A(3)),
                             of(A(2, 3, span=spread), A(3), A(2, 1), eps=0.5), of(A(3, 2), axis=0, shift=A(2)))
domain(functions.embedding,  of(A(3, 2), [[0, 2], [2, 2]]), of(A(2, 3), 1), of(A(2, 0), [1]),
                             of(A(2, 1), np.zeros(0, np.int8)))
domain(functions.attention,  joint([(2, 3), (3, 3), (3, 1)], [(2, 1, 2), (2, 2), (2, 1, 2, 2)]),
                             of(NUMBERS[:, None], A(2, 1), A(2, 2)), of(A(2, 2), A(3, 2), A(3, 2), MASK),
                             of(A(2, 2), A(3, 2), A(3, 2), mask=np.array([[0.5, -np.inf, 0.0]])))

domain(losses.negative_log_likelihood, of(A(2, 3), np.array([2, 0])), of(A(1, 1), np.array([0])))

domain(bell, each([(), (3,), (2, 3), (0, 3)], 0.5), each([(3,)], 1.0))
domain(share, each([(), (2, 3), (0, 3)], math.e), each([(3,)], 2.0))
for f in (special.erf, special.erfc, special.ndtr, special.log_ndtr, special.expit, special.log_expit, special.j0,
          special.j1, special.i0, special.i1, normal.hazard, bessel.j1_slope, bessel.i0_slope, bessel.i1_slope):
    domain(f, elementwise(line))
for f in (special.i0e, special.i1e, bessel.i0e_slope, bessel.i1e_slope):
    domain(f, elementwise(nonzero))
domain(special.erfinv, elementwise(unit))
for f in (special.ndtri, special.logit):
    domain(f, elementwise(between(0.1, 0.9)))
for f in (special.entr, special.gammaln, special.loggamma, special.gamma, special.psi, slopes.trigamma):
    domain(f, elementwise(positive))
for f in (special.psi, slopes.trigamma):
    domain(f, elementwise(between(-1.7, -1.3, -0.7, -0.3)))
domain(special.xlogy, elementwise(line, positive), of(np.zeros(2), A(3, 1)), of(0.0, A(2, span=between(0, 0))))
domain(special.xlog1py, elementwise(line, unit), of(0.0, A(3, span=between(-1, -1))))
domain(special.kl_div, elementwise(between(0.3, 1), between(1.5, 3)))  # which itself cancels where they are equal
for f in (special.rel_entr, slopes.log_ratio, special.beta, special.betaln, slopes.psi_difference):
    domain(f, elementwise(positive, positive))
domain(special.binom, elementwise(between(3.1, 4), between(0.2, 2.8)))
zeta = slopes.zeta
domain(zeta, of(2.0, A(span=positive)), of(np.array([2.0, 3.0]), A(2, 2, span=positive)),
             of(2.5, A(0, 3, span=positive)), of(np.array([[2.0], [3.0]]), A(3, span=positive)))
for f in (special.gammainc, special.gammaincc, slopes.gamma_density):
    domain(f, *(of(n, A(*shape, span=positive)) for n, shape in ((0.7, (3,)), (2.0, (2, 3)), (3.5, ()))),
              of(20.0, A(0, 3)), of(np.array([1.5, 12.0, 2.0]), A(2, 3, span=positive)),
              of(np.array([[1.5], [2.0]]), A(3, span=positive)))
for f in (special.betainc, slopes.beta_density):
    domain(f, *(of(n, 1.5, A(*shape, span=between(0.1, 0.9))) for n, shape in ((0.7, (3,)), (2.0, (2, 3)), (20.0, ()))),
              of(np.array([1.5, 4.0, 2.0]), 2.5, A(2, 3, span=between(0.1, 0.9))), of(2.0, 1.0, A(0, 3)))
SMALL = [(2, 3)]  # a rule of one line is tested on one shape: broadcasting and layouts are not its own
for f, span in (
    *((f, line) for f in (special.exp2, special.exp10, special.expm1, special.cosm1, special.sindg, special.cosdg,
                          special.tandg, special.erfi, special.erfcx, normal.erfcx_slope)),
    *((f, nonzero) for f in (special.cbrt, special.cotdg, special.expi)), (special.log1p, unit), (special.exprel, line),
    *((f, positive) for f in (special.exp1, special.y0, special.y1, special.k0, special.k1, special.rgamma,
                              special.sici, special.shichi)),  # below 0, complex ones jump
    (special.erfcinv, between(0.1, 1.9)), (special.round, high_part), (special.gammasgn, between(-1.7, -1.3, 0.3, 0.7)),
):
    domain(f, each(SMALL, span=span))
for f in (special.gammaincinv, special.gammainccinv, special.chdtri, special.stdtrit):
    domain(f, of(np.array([[2.5], [3.0]]), A(3, span=between(0.1, 0.9))))
for f in (special.yn, special.kn):
    domain(f, of(np.array([[2], [3]]), A(3, span=positive)))
domain(special.expn, of(np.array([[0], [1], [3]]), A(3, span=positive)))
for f in (special.yv, special.kv, special.kve, special.ive, special.chdtr, special.chdtrc, special.pdtr, special.pdtrc):
    domain(f, of(np.array([[2.5], [3.0]]), A(3, span=positive)))
domain(special.stdtr, of(np.array([[2.5], [3.0]]), A(3)))
for f in (special.betaincc, special.betaincinv, special.betainccinv, special.fdtri):
    domain(f, of(np.array([[2.5], [3.0]]), 1.5, A(3, span=between(0.1, 0.9))))
for f in (special.fdtr, special.fdtrc):
    domain(f, of(np.array([[2.5], [3.0]]), 3.0, A(3, span=positive)))
for f in (special.gdtr, special.gdtrc):
    domain(f, of(A(3, span=positive), 1.5, A(2, 1, span=positive)))
for f, power_of in ((special.boxcox, positive), (special.boxcox1p, unit), (special.inv_boxcox, between(-0.4, 0.9)),
                    (special.inv_boxcox1p, between(-0.4, 0.9))):
    domain(f, of(A(3, span=power_of), np.array([[0.7], [1.5]])))
domain(special.powm1, of(A(3, span=positive), A(2, 1)))
domain(special.poch, of(A(3, span=positive), A(2, 1, span=positive)))
domain(special.owens_t, of(A(3), A(2, 1)))
domain(special.huber, of(A(3, span=between(0.4, 0.6)), A(2, 1, span=between(-0.3, 0.3, 0.7, 2))))
domain(special.pseudo_huber, of(A(3, span=positive), A(2, 1)))
domain(own_special.multigammaln, of(A(3, span=between(1.1, 3)), 3))
for f in (special.jv, special.iv):
    domain(f, of(2.0, A(span=positive)), of(np.array([0.0, 1.0, 2.5]), A(2, 3, span=positive)), of(1.0, A(0, 3)),
              of(np.array([[1.0], [2.0]]), A(3, span=positive)))
domain(normal.mills, *(each([(), (2, 3)], n, span=between(0.1, 1.9, 2.1, 9)) for n in (0, 1, 3)))
domain(bessel.scaled_bessel_slope, *(each([(), (3,)], k, n, span=between(-40, -31, -1, -0.1, 0.1, 1, 31, 40))
                                     for k, n in ((0, 2), (1, 2), (0, 3))))
domain(own_special.logsumexp, of(A(2, 3)), of(A(2, 3), axis=1), of(A(3), b=A(3, span=positive)),
                              of(A(2, 3), 0, A(3, span=positive), True), of(A(3), b=[1.0, -0.01, 2.0]))
for f in (own_special.softmax, own_special.log_softmax):
    domain(f, each([(3,), (2, 3)]), each([(2, 3)], axis=1))
domain(own_special.polygamma, *(of(n, A(*shape, span=positive)) for n, shape in ((0, (3,)), (1, ()), (3, (2, 3)))))
domain(linalg.expm, each([(1, 1), (2, 2), (3, 3), (2, 2, 2)], span=between(-0.2, 0.2)))
for f in (linalg.sqrtm, linalg.logm):
    domain(f, each([(2, 2)], span=regular))
for f in (matrix_functions.sylvester, linalg.solve_sylvester):
    domain(f, of(R22, A(1, 1, span=positive), A(2, 1)))
domain(linalg.solve_continuous_lyapunov, of(R22, A(2, 2)))
domain(linalg.solve_discrete_lyapunov, of(A(2, 2, span=between(-0.3, 0.3)), A(2, 2)))
domain(linalg.fractional_matrix_power, of(R22, 0.3))
for lower, transposed in itertools.product((True, False), (True, False)):
    domain(linalg.triangular, of(R33, A(3), lower, transposed), of(R22, A(2, 3), lower, transposed))
    domain(linalg.solve_triangular, of(R33, A(3), trans=int(transposed), lower=lower),
                                    of(R22, A(2, 1), unit_diagonal=True, lower=lower))
    domain(linalg.cho_solve, of((R33, lower), A(3)))
domain(linalg.block_diag, of(A(2, 2), A(1, 3)), of(A(2), A()), of(A(1, 2), np.ones((2, 2))))
domain(linalg.toeplitz, of(A(3), A(2)), each([(3,), (1,)]), of(NUMBERS, A(3)))


def cubic(x: Any, p: Any) -> Any:
    """Equations of which each ties one number to the next."""
    return x**3 + 2 * x + 0.3 * np.roll(x, 1) - p


def newton(p: Any) -> Any:
    """Solve them."""
    x = p / 3
    for _ in range(60):
        x = x - cubic(x, p) / (3 * x * x + 2)
    return x


CUBIC = solutions.Problem(cubic, newton, np.linalg.solve, 1e-4, NUMBERS, lambda p: (p,))
domain(solutions.solution, each([(3,)], CUBIC))
norm = stats.norm
for f in (norm.pdf, norm.logpdf, norm.cdf, norm.logcdf, norm.sf, norm.logsf):
    domain(f, of(A(3)), of(A(2, 3), A(3), A(2, 1, span=positive)), of(0.5, loc=A(), scale=A(span=positive)))
for f in (norm.ppf, norm.isf):
    domain(f, of(0.3, A(2), A(2, span=positive)), of(A(3, span=between(0.1, 0.9))))

# Into the imaginary direction these cannot be continued: they take no complex numbers, drop the imaginary
# part, or conjugate; the sign and copies of it are something else there.
OF_REALS = {f for f in domains if getattr(special, f.__name__, 0) is f and "D" not in "".join(getattr(f, "types", "D"))}
NOT_HOLOMORPHIC = {
    np.absolute, np.fabs, np.sign, np.copysign, np.hypot, np.arctan2, np.heaviside, np.linalg.norm, np.var, np.std,
    np.floor, np.ceil, np.trunc, np.fix, np.modf, np.divmod, np.floor_divide, np.remainder, np.fmod, np.cbrt,
    np.logaddexp, np.logaddexp2, np.deg2rad, np.rad2deg, np.radians, np.degrees, np.real, np.astype, cast,
    np.full_like, np.insert, np.interp, np.unwrap, np.correlate, np.ediff1d, np.gradient,
    np.nanvar, np.nanstd, np.i0, np.ldexp, np.frexp, np.nextafter, np.spacing,
    np.conjugate, np.cov, np.corrcoef, np.bincount, np.quantile, np.nanquantile, np.percentile, np.nanpercentile,
    np.linalg.pinv, pseudo_inverse, truncated, least_squares, np.linalg.cholesky, linalg.cho_solve, linalg.toeplitz,
    np.linalg.eig, np.linalg.eigvals, np.roots, np.poly,
    np.linalg.eigh, np.linalg.eigvalsh, np.linalg.svd, np.linalg.svdvals, thin_svd, np.linalg.qr, reduced_qr,
    full_svd, complete_qr,
    np.linalg.cond, np.linalg.matrix_norm, np.linalg.vector_norm, np.linalg.vecdot, getattr(np, "vecmat", None),
    cofactors,
    np.imag, np.angle, np.fft.fft, np.fft.ifft, np.fft.rfft, np.fft.irfft, np.fft.hfft, np.fft.ihfft,
    np.fft.fft2, np.fft.ifft2, np.fft.rfft2, np.fft.irfft2, np.fft.fftn, np.fft.ifftn, np.fft.rfftn, np.fft.irfftn,
    special.sici, special.shichi,
    np.vdot, np.vecdot, functions.sigmoid, functions.softplus, functions.gelu, functions.erf, sech_squared,
    bell, share, zeta, normal.hazard, normal.erfcx_slope, bessel.j1_slope, bessel.i0_slope,
    bessel.i1_slope, bessel.i0e_slope, bessel.i1e_slope, bessel.scaled_bessel_slope, stats.norm.ppf, stats.norm.isf,
    own_special.polygamma, own_special.multigammaln, special.expi, special.yv, special.jv, special.ive,
    linalg.cho_solve, linalg.solve_continuous_lyapunov, linalg.solve_discrete_lyapunov, *OF_REALS,
}
# fmt: on

CALLS = [call for calls in domains.values() for call in calls]
every_call = pytest.mark.parametrize("call", CALLS, ids=str)
every_domain = pytest.mark.parametrize("calls", domains.values(), ids=map(label, domains))
