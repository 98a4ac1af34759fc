"""Every keyword of every function is right or refused by name, and so is a Value in any other place."""

import inspect
import re

import numpy as np
import pytest

import tinygrad_edu as tg
from tests.domains import CALLS, domains
from tinygrad_edu import tree
from tinygrad_edu.core.source_info import label
from tinygrad_edu.testing.calls import Call, outcome, places
from tinygrad_edu.testing.oracles import ROUNDINGS, assert_close, check, eps

UFUNC = ("out", "where", "casting", "order", "dtype", "subok", "signature")
GUFUNC = ("out", "axes", "axis", "keepdims", "casting", "order", "dtype", "subok", "signature")
BEHIND_STARS = {  # what stands behind **kwargs
    np.pad: ("constant_values", "stat_length", "end_values", "reflect_type"),
    np.clip: ("where", "casting", "order", "dtype", "subok", "signature"),
    np.einsum: ("dtype", "order", "casting"),
}
SAMPLES = {
    "where": np.array(False),
    "casting": "unsafe",
    "order": "F",
    "dtype": np.complex128,  # as precise as the float64 that goes in
    "shape": (2, 3),
    "subok": False,
    "signature": (np.dtype("d"),) * 3,
    "axes": [(-2, -1)] * 3,
    "axis": 0,
    "keepdims": True,
    "initial": 2.0,
    "ddof": 1,
    "mean": np.array([0.5]),
    "correction": 1,
    "copy": True,
    "device": "cpu",
    "decimals": 1,
    "optimize": True,
    "kind": "stable",
    "stable": True,
    "mode": "clip",
    "k": 1,
    "n": 2,
    "prepend": 0.0,
    "append": 0.0,
    "returned": True,
    "offset": 1,
    "axis1": 1,
    "axis2": 0,
    "default": 1.0,
    "a_min": 0.0,
    "a_max": 0.5,
    "min": 0.0,
    "max": 0.5,
    "weights": np.array([[1.0, 2.0, 5.0], [2.0, 3.0, 4.0]]),
    "constant_values": 1.0,
    "stat_length": 1,
    "end_values": 1.0,
    "reflect_type": "odd",
    "ord": 1,
    "slope": 0.1,
    "UPLO": "U",
    "upper": True,
    "rcond": 0.1,
    "rtol": 0.1,
    "hermitian": True,
    "full_matrices": False,
    "compute_uv": False,
    "p": 1,
    "ind": 1,
    "axisa": 1,
    "axisb": 1,
    "axisc": 0,
    "newshape": (12,),
    "stride": 2,
    "padding": 1,
    "dilation": 2,
    "groups": 1,
    "size": 2,
    "image": 3,
    "eps": 0.5,
    "scale": 2.0,
    "shift": 1.0,
    "mask": False,
    "start": 1,
    "trim": "f",
    "deg": True,
    "num": 3,
    "endpoint": False,
    "retstep": True,
    "base": 2.0,
    "sparse": True,
    "indexing": "ij",
    "return_index": True,
    "return_inverse": True,
    "return_counts": True,
    "equal_nan": False,
    "sorted": True,
    "N": 2,
    "increasing": True,
    "m": 2,
    "full": True,
    "w": np.array([1.0, 2.0, 1.0, 0.5]),
    "cov": True,
    "method": "hazen",
    "overwrite_input": False,
    "interpolation": None,
    "rowvar": False,
    "bias": True,
    "fweights": np.array([1, 2, 1, 3]),
    "aweights": np.array([1.0, 2.0, 1.0, 0.5]),
    "minlength": 5,
    "nan": 1.0,
    "posinf": 2.0,
    "neginf": 3.0,
    "y": np.array([[1.0, 2.0, 5.0, 2.0]]),
    "include_initial": True,
    "to_end": 1.0,
    "to_begin": np.array([1.0, 2.0]),
    "dx": 0.5,
    "x": np.array([0.0, 0.5, 2.0]),
    "edge_order": 2,
    "left": 1.0,
    "right": 2.0,
    "period": 3.0,
    "discont": 0.5,
    "writeable": True,
    "return_sign": True,
    "unit_diagonal": True,
    "loc": 0.5,
    "b": np.array([1.0, 2.0, 5.0]),
    "trans": 1,
    "lower": True,
    "r": np.array([1.0, 2.0]),
}


def parameters(function):
    """What a function can be called with; of some written in C, older NumPys do not tell."""
    try:
        return [*inspect.signature(function).parameters.values()]
    except ValueError:
        return []


def largest_call(function):
    return max(domains[function], key=lambda call: sum(int(np.prod(place.shape)) for place in call.places))


def keywords_left(call):
    """The keywords that a call's function has beside those that the call uses."""
    function = call.function
    if isinstance(function, np.ufunc):
        return GUFUNC if function.signature else UFUNC
    open_ended = any(p.kind is p.VAR_POSITIONAL for p in parameters(function))
    rest = parameters(function)[0 if open_ended else len(call.arguments) :]
    named = [p.name for p in rest if p.kind is p.KEYWORD_ONLY or (p.kind is p.POSITIONAL_OR_KEYWORD and not open_ended)]
    return [*named, *BEHIND_STARS.get(function, ())]


KEYWORDS = [
    (call, key) for call in map(largest_call, domains) for key in keywords_left(call) if key not in call.keywords
]


def assert_right_or_refused(call, key, value):
    sample = Call(call.function, call.arguments, call.keywords | {key: value}).draw(0)
    numpys = outcome(sample, *sample.arrays)
    got = outcome(sample, *map(tg.Value, sample.arrays))
    if isinstance(got, Exception):
        refused = isinstance(got, TypeError) and re.match(rf"{label(call.function)}: ({key}=|'tuple')", str(got))
        assert refused or type(got) is type(numpys)
    else:
        check(sample, sample.arrays)
        recorded = tree.map(lambda z: z.data, got)
        bounds = tree.map(lambda z: ROUNDINGS * eps(z) * abs(z), numpys)
        assert_close(recorded, numpys, bounds, "the value is not NumPy's", sample)


@pytest.mark.parametrize(("call", "key"), KEYWORDS, ids=[f"{label(call.function)}-{key}" for call, key in KEYWORDS])
def test_keyword_is_right_or_refused_by_name(call, key):
    value = SAMPLES[key] if key != "out" else tree.map(np.empty_like, call.draw(0)(*call.draw(0).arrays))
    assert_right_or_refused(call, key, value)


@pytest.mark.parametrize("axis", [-1, (0, 1), (-1, 0), (0,), None], ids=str)
@pytest.mark.parametrize(
    "call", [call for call, key in KEYWORDS if key == "axis"], ids=lambda call: label(call.function)
)
def test_axis_from_the_end_several_and_none_are_right_or_refused(call, axis):
    assert_right_or_refused(call, "axis", axis)


@pytest.mark.parametrize(
    "call", [call for call, key in KEYWORDS if key == "out"], ids=lambda call: label(call.function)
)
def test_value_is_not_written_into(call):
    sample = call.draw(0)
    z = sample.results(*sample.arrays)
    out = tree.map(tg.Value, z)
    refusal = outcome(Call(call.function, call.arguments, call.keywords | {"out": out}).draw(0), *sample.arrays)
    assert isinstance(refusal, TypeError)
    assert label(call.function) in str(refusal)


def with_values_for_constants(call):
    """The calls in which a constant argument, be it an axis or an index, has become a Value."""

    def number(x):
        simple = isinstance(x, (int, float, np.ndarray, list)) and not isinstance(x, bool)
        return simple and not [*places(x)] and np.asarray(x).dtype.kind in "ifb"

    for i, x in enumerate(call.arguments):
        if number(x):
            changed = (*call.arguments[:i], tg.Value(x), *call.arguments[i + 1 :])
            yield Call(call.function, changed, call.keywords)
    for key, x in call.keywords.items():
        if number(x):
            yield Call(call.function, call.arguments, call.keywords | {key: tg.Value(x)})


@pytest.mark.parametrize("call", CALLS, ids=str)
def test_value_in_place_of_a_constant_is_right_or_a_type_error(call):
    for changed in with_values_for_constants(call):
        sample = changed.draw(0)
        for arrays in (sample.arrays, [*map(tg.Value, sample.arrays)]):
            got = outcome(sample, *arrays)
            if isinstance(got, Exception):  # NumPy makes an error of its own of the refusal
                assert isinstance(got, TypeError) or isinstance(got.__cause__, TypeError)
            else:
                wanted = call.draw(0)(*sample.arrays)
                numbers = tree.map(lambda z: z.data if isinstance(z, tg.Value) else z, got)
                bounds = tree.map(lambda z: ROUNDINGS * eps(z) * abs(z), wanted)
                assert_close(numbers, wanted, bounds, "the value is not NumPy's", changed)
