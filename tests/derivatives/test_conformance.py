"""Functions read their arguments as NumPy does: on Values the same numbers as on arrays, or both refuse.

A Value may be refused where NumPy computes only by name: "np.sum: where= has no rule". What was taken can be swept.
"""

import warnings

import numpy as np
import pytest
from hypothesis import settings

import tinygrad_edu as tg
from tests.derivatives.drawn_calls import METHODS, Method, draw, draw_method
from tests.domains import JOINED
from tinygrad_edu import functions
from tinygrad_edu.core.rules import table
from tinygrad_edu.core.source_info import label
from tinygrad_edu.testing.calls import outcome
from tinygrad_edu.testing.oracles import ROUNDINGS, check_along, largest

MANY = 3000 if settings.default.max_examples >= 50 else 200  # calls of each function
CHECKED = MANY // 20  # of these, gradients measured
ELSEWHERE = {  # they show numbers, tell of types and memory, or leave it as it was found
    *(np.array_repr, np.array_str, np.array2string, np.can_cast, np.min_scalar_type, np.result_type),
    *(np.may_share_memory, np.shares_memory, np.empty_like),
    *(np.unravel_index, np.ravel_multi_index),  # they take integers
}
OWN = {functions.relu, functions.sigmoid, functions.softmax, functions.log_softmax, functions.logsumexp, functions.erf}
PUBLIC = [f for f in table if f not in JOINED]
TESTED = [f for f in PUBLIC if (label(f).startswith("np.") and f not in ELSEWHERE) or f in OWN or label(f) == "getitem"]
QUIRKS = {
    (np.average, "division by zero"),  # NumPy divides by the size of the result, which is empty
    (np.ldexp, str(outcome(np.ldexp, np.ones(0), []))),  # an empty list is one of integers, as in an index
}
ARBITRARY = {np.linalg.svd, np.linalg.qr}  # vectors that only fill up a square, each weighted by itself
NOT_OF_LONG_DOUBLES = {np.astype, np.partition}  # it casts; what NumPy leaves out of order is another there
CANCELLING = {  # products or differences in them cancel
    *(getattr(np, "matvec", None), getattr(np, "vecmat", None), np.linalg.lstsq, np.vdot, np.vecdot, np.inner, np.cov),
    *(np.median, np.nanmedian, np.quantile, np.nanquantile, np.percentile, np.nanpercentile),
}
ROUNDED_AS_GIVEN = {np.nanvar, np.nanstd}  # NumPy writes deviations into a copy of what is given, whatever dtype= says


def differences(got, wanted, size=0.0, eps=0.0):
    """How a result on Values differs from NumPy's, by more than numbers of its own size, or of `size`, round.

    They round to the last digit of the result, or where NumPy computes in fewer digits, by `eps`.
    """
    if isinstance(wanted, (list, tuple)):
        if not isinstance(got, (list, tuple)) or len(got) != len(wanted):
            return [f"{type(got).__name__} for {type(wanted).__name__} of {len(wanted)}"]
        return [found for pair in zip(got, wanted, strict=True) for found in differences(*pair, size, eps)]
    numbers = getattr(got, "data", got) if isinstance(got, tg.Value) else got
    x, y = np.asarray(numbers), np.asarray(wanted)
    if (x.shape, x.dtype) != (y.shape, y.dtype):
        return [f"{x.dtype}{list(x.shape)} for {y.dtype}{list(y.shape)}"]
    if y.dtype.kind not in "fc":
        return [] if np.array_equal(x, y) else [f"{x} for {y}"]
    own = np.max(abs(y), initial=0.0, where=np.isfinite(y))
    bound = ROUNDINGS * max(np.finfo(y.dtype).eps, eps) * max(own, size) * max(x.size, 1)
    same = (x == y) | (abs(x - y) <= bound) | (np.isnan(x) & np.isnan(y))
    return [] if np.all(same) else [f"{x} for {y}"]


def is_clear(error, numpys, name):
    """Whether a refusal names the function, or is NumPy's own."""
    text = str(error)
    own = type(error) is type(numpys) and text == str(numpys)
    of_list = (
        text.startswith("operands could not be broadcast")
        or "a Value does not turn into an array by itself" in text
        or "a Value of shape () has no length" in text
    )
    return own or text.startswith(f"{name}:") or name in text or of_list or (name == "getitem" and "ind" in text)


def found_in(call, k, name):
    """What is wrong with one call, if anything is."""
    sample = call.draw(k, [np.float64, np.float32][: 1 + (k % 3 == 0)], [["C"], ["Fortran"], ["reversed", "C"]][k % 3])
    wanted = outcome(
        sample.results, *sample.arrays if isinstance(call.function, Method) else (x[()] for x in sample.arrays)
    )
    got = outcome(sample.results, *map(tg.Value, sample.arrays))
    if isinstance(got, Exception):
        computed = not isinstance(wanted, Exception)
        unclear = not is_clear(got, wanted, name) or (computed and isinstance(got, RecursionError))
        return f"unclear: {got!r}, NumPy: {wanted!r}" if unclear else None
    if isinstance(wanted, Exception):
        lenient = (call.function, str(wanted)) not in QUIRKS
        return f"lenient: {got}, NumPy: {wanted!r}" if lenient else None
    size = largest((sample.arrays, wanted)) ** 2 if call.function in CANCELLING else 0.0
    eps = max(np.finfo(x.dtype).eps for x in sample.arrays) if call.function in ROUNDED_AS_GIVEN else 0.0
    if found := differences(got, wanted, size, eps):
        return "; ".join(found)
    for z in got if isinstance(got, (list, tuple)) else [got]:
        if isinstance(z, tg.Value) and isinstance(error := outcome(z.backward, np.ones(z.shape)), Exception):
            arbitrary = call.function in ARBITRARY and "which are arbitrary" in str(error)
            return None if arbitrary else f"refused by the sweep only: {error!r}"
    return None


def conform(function, drawn, name):
    """Fail unless all calls drawn conform; return those on which gradients can be measured."""
    generator, calls = np.random.default_rng(0), []
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for k in range(MANY):
            call = drawn(function, generator)
            found = found_in(call, k, name)
            assert not found, f"{call}: {found}"
            sample = call.draw(k)
            z = outcome(sample, *map(tg.Value, sample.arrays))
            if (
                isinstance(z, tg.Value)
                and z.function
                and z.size
                and sum(map(np.size, sample.arrays))
                and np.all(np.isfinite(z.data))
            ):
                calls.append(sample)
    return calls


@pytest.mark.filterwarnings("ignore:`axes` should not be `None`:DeprecationWarning")  # NumPy's own, of its FFT
@pytest.mark.parametrize("function", TESTED, ids=label)
def test_function_reads_its_arguments_as_numpy_does(function):
    samples = conform(function, draw, label(function))
    for sample in samples[:CHECKED] if function not in NOT_OF_LONG_DOUBLES else []:
        check_along(sample, sample.arrays)


@pytest.mark.parametrize("name", METHODS)
def test_method_reads_its_arguments_as_numpys_does(name):
    conform(name, draw_method, "np.ravel" if name == "flatten" else f"np.{name}")
