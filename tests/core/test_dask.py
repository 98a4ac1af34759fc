"""Dask's arrays through the whole table: gradients are lazy, and NumPy's; nothing is computed before it is asked for.

kind  makes the arrays that go in
"""

import math
import os

import dask
import dask.array
import numpy as np
import pytest
import scipy.special

from tests.core.foreign import assert_same, swept
from tests.domains import domains
from tinygrad_edu import tree
from tinygrad_edu.core.source_info import label
from tinygrad_edu.derivatives.decompositions import complete_qr, full_svd, reduced_qr, thin_svd
from tinygrad_edu.derivatives.inverses import cofactors, least_squares, pseudo_inverse, truncated
from tinygrad_edu.derivatives.sequences import convolution
from tinygrad_edu.scipy import linalg, matrix_functions, special, stats
from tinygrad_edu.transforms import solutions

THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"


ONE_CHUNK = {  # what Dask does along an axis, or with a matrix, in one chunk only
    np.reshape, np.linalg.inv, np.linalg.solve, np.linalg.tensorsolve, np.linalg.tensorinv,
    linalg.solve_discrete_lyapunov,
    *(getattr(np, name, None) for name in ("matvec", "vecmat")),
    *(getattr(np.fft, f"{i}{kind}fft{n}") for i in ("", "i") for kind in ("", "r") for n in ("", "2", "n")
      if hasattr(np.fft, f"{i}{kind}fft{n}")), np.fft.hfft, np.fft.ihfft,
}  # fmt: skip
NOT_IN_DASK = {
    "it has no such function, and would make an array of NumPy's": {
        np.median, np.nanmedian, np.quantile, np.nanquantile, np.percentile, np.nanpercentile, np.sort, np.partition,
        np.polymul, np.polydiv, np.poly, np.roots, np.polyfit, convolution, np.convolve, np.correlate, np.interp,
        np.unwrap,
        np.linalg.det, np.linalg.slogdet, cofactors, np.linalg.eigh, np.linalg.eigvalsh, np.linalg.eig,
        np.linalg.eigvals, np.linalg.pinv, pseudo_inverse, np.linalg.svdvals, np.linalg.cond, np.linalg.matrix_power,
        solutions.solution,
    },
    "it takes other arguments, or shapes": {
        np.unique, np.linalg.qr, reduced_qr, complete_qr, thin_svd, full_svd, truncated, least_squares,
    },
    "it factors with other signs, or the other triangle": {np.linalg.svd, np.linalg.cholesky},
    "what is asked depends on numbers": {np.geomspace, np.piecewise, np.trim_zeros, special.multigammaln},
    "it has no ufuncs of several results": {scipy.special.sici, scipy.special.shichi},
    "SciPy makes an array of NumPy's": {
        linalg.expm, linalg.triangular, linalg.solve_triangular, linalg.cho_solve, linalg.logm, linalg.sqrtm,
        linalg.fractional_matrix_power, linalg.solve_sylvester, linalg.solve_continuous_lyapunov,
        matrix_functions.sylvester,
    },
    "a scale is looked at": {
        *(getattr(stats.norm, name) for name in ("pdf", "logpdf", "cdf", "logcdf", "sf", "logsf", "ppf", "isf")),
    },
}  # fmt: skip
MISSING = sorted(set().union(*NOT_IN_DASK.values()), key=label)  # processes of pytest must agree on the order
# Rules that add up a series: graphs of thousands of steps, which Dask takes seconds for.
LONG = {"binom", "beta", "betaln", "hazard", "mills", "beta_density", "gamma_density", "psi_difference",
        "erfcx_slope",
        "scaled_bessel_slope"}  # fmt: skip
LAZY = [f for f in domains if f not in MISSING and (THOROUGH or label(f) not in LONG)]


class Counted:
    """A scheduler that counts how often something is computed."""

    def __init__(self):
        self.times = 0

    def __call__(self, graph, keys, **keywords):
        self.times += 1
        return dask.get(graph, keys, **keywords)


def in_two(x):
    """A Dask array, its first axis cut in two."""
    rows = [(n + 1) // 2 if i == 0 else max(n, 1) for i, n in enumerate(np.shape(x))]
    return dask.array.from_array(np.asarray(x), chunks=tuple(rows))


def in_one(x):
    """A Dask array of one chunk, for what Dask does in one chunk only."""
    return dask.array.from_array(np.asarray(x), chunks=-1)


def check(call, kind):
    """Fail unless all is lazy, and NumPy's once it is computed."""
    scheduler = Counted()
    with dask.config.set(scheduler=scheduler):
        found = swept(call, kind)
    assert not scheduler.times, "it was computed"
    wanted = swept(call, np.array)
    for x, y in zip(found, wanted, strict=True):
        assert isinstance(x, dask.array.Array) or not np.any(x) or not np.ndim(y)  # a slope of 0 may be plain
        assert x.shape == y.shape
    assert_same([np.asarray(x) for x in found], wanted)


def call_of(function):
    """The call to look at: of the first two the larger one; others have keywords and shapes that Dask does not take."""
    return max(domains[function][:2], key=count)


def count(call):
    """How many numbers go in."""
    return sum(math.prod(place.shape) for place in call.places)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("function", LAZY, ids=label)
def test_gradients_are_lazy_and_numpys(function):
    check(call_of(function), in_one if function in ONE_CHUNK else in_two)


def does(call, kind):
    """Whether Dask by itself gives of plain arrays what NumPy gives, lazily, and knows the shapes."""
    sample, scheduler = call.draw(0), Counted()
    try:
        with dask.config.set(scheduler=scheduler):
            found = tree.leaves(sample(*map(kind, sample.arrays)))
        lazy = all(isinstance(x, dask.array.Array) and not np.isnan(x.shape).any() for x in found)
        if scheduler.times or not lazy:
            return False
        assert_same([np.asarray(x) for x in found], tree.leaves(sample(*sample.arrays)))
    except Exception:  # whatever it says of what it does not do
        return False
    return True


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("function", LAZY, ids=label)
def test_what_dask_does_it_does_for_values(function):
    kind = in_one if function in ONE_CHUNK else in_two
    for call in domains[function][:] if THOROUGH else domains[function][2:5]:
        if count(call) and does(call, kind):  # it writes into no array without elements
            check(call, kind)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("function", MISSING, ids=label)
def test_what_dask_does_not_do_is_listed_as_long_as_it_does_not(function):
    """It is refused, or computed with a warning of Dask's: what works is to be taken off the list."""
    with pytest.raises((AssertionError, ArithmeticError, FutureWarning, NotImplementedError, TypeError, ValueError)):
        check(call_of(function), in_one)
