"""Every function of NumPy's is in the table or refuses by name; no array is made of Values behind one's back."""

import inspect
import io
import re

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import tree
from tinygrad_edu.core.rules import table
from tinygrad_edu.core.source_info import label
from tinygrad_edu.core.tape import payload
from tinygrad_edu.testing.calls import outcome
from tinygrad_edu.testing.oracles import ROUNDINGS, assert_close, eps

ASK = (np.ufunc, type(np.sum))  # functions of these types ask a Value what to do
NAMED = [f for module in (np, np.linalg, np.fft) for name, f in vars(module).items() if not name.startswith("_")]
PUBLIC = [*dict.fromkeys(f for f in NAMED if isinstance(f, ASK) or inspect.isroutine(f))]
ASKING = [f for f in PUBLIC if isinstance(f, ASK)]
SETTINGS = {  # these take no arrays, but set how NumPy works, print, or look for files
    *("info", "show_config", "show_runtime", "seterr", "seterrcall", "setbufsize", "set_printoptions"),
    *("printoptions", "load", "fromfile", "loadtxt", "genfromtxt", "bmat", "savez", "savez_compressed"),
}
VALUE = tg.Value([[2.0, 0.5], [0.25, 1.0]])


def attempts(function):
    """Calls with a Value, or a list of them, in place of every argument that a function must have."""
    n = function.nin if isinstance(function, np.ufunc) else 1
    refusal = outcome(function, *[VALUE] * n)  # it shows its line, which must not say what is looked for
    while "required positional argument" in str(refusal):
        n += 1
        refusal = outcome(function, *[VALUE] * n)
    return [VALUE] * n, [[VALUE, VALUE], *[VALUE] * (n - 1)], [VALUE, *[1] * (n - 1)], [*[1] * (n - 1), VALUE]


UNKNOWN = [f for f in ASKING if f not in table and f.__name__ not in SETTINGS]
NOT_ASKING = [f for f in PUBLIC if f not in ASKING and f.__name__ not in SETTINGS]
UFUNCS = [f for f in ASKING if isinstance(f, np.ufunc)]


@pytest.mark.parametrize("function", UNKNOWN, ids=label)
def test_function_without_a_row_is_refused_by_name(function):
    refusal = outcome(function, *attempts(function)[0])
    assert isinstance(refusal, TypeError)
    assert label(function) in str(refusal)


@pytest.mark.parametrize("function", NOT_ASKING, ids=label)
def test_function_that_does_not_ask_makes_no_array_of_a_value(function):
    for arguments in attempts(function):
        assert not isinstance(outcome(function, *arguments), np.ndarray)


@pytest.mark.parametrize("convert", [np.array, np.asarray, np.asanyarray, np.ascontiguousarray, np.asarray_chkfinite])
@pytest.mark.parametrize("x", [tg.Value(2.0), tg.Value([2.0]), [tg.Value(2.0)], [1.0, tg.Value(2.0)], [VALUE, VALUE]])
def test_conversion_to_an_array_is_refused(convert, x):
    with pytest.raises(TypeError, match="a Value does not turn into an array by itself"):
        convert(x)
    with pytest.raises(TypeError, match="a Value does not turn into an array by itself"):
        convert(x, dtype=object)


@pytest.mark.parametrize("call", [lambda v: np.greater(v, 1.0, out=v), lambda v: np.any(v, out=v)])
def test_results_without_slope_are_not_written_into_a_value(call):
    with pytest.raises(TypeError, match="Values are not written into"):
        call(tg.Value([1.0, 2.0]))


PLACES = {
    "np.take": lambda v: np.take(VALUE, v),
    "np.take_along_axis": lambda v: np.take_along_axis(VALUE, v, 0),
    "np.repeat": lambda v: np.repeat(VALUE, v),
    "np.split": lambda v: np.split(VALUE, v),
    "np.array_split": lambda v: np.array_split(VALUE, v),
    "np.dsplit": lambda v: np.dsplit(np.reshape(VALUE, (1, 2, 2)), v),
    "np.compress": lambda v: np.compress(v, VALUE, axis=0),
    "np.extract": lambda v: np.extract(v, VALUE),
}


@pytest.mark.parametrize(("name", "call"), PLACES.items(), ids=PLACES)
def test_a_value_does_not_say_which_or_how_often(name, call):
    """It would be held constant, unseen."""
    with pytest.raises(TypeError, match=rf"{name}: \w+= is a Value"):
        call(tg.Value([1.0, 1.0]))


COMPOSED = [f for f in PUBLIC if f in table and table[f].substitute and not isinstance(f, np.ufunc)]
SETTINGS_OF = [
    (f, key)
    for f in COMPOSED
    for key, parameter in inspect.signature(f).parameters.items()
    if (isinstance(parameter.default, (bool, int, str)) and key not in ("default", "fill_value"))
    or (parameter.default is None and key in ("axis", "ord", "p", "axes", "s", "norm", "rcond", "discont"))
]  # fmt: skip


@pytest.mark.parametrize(("function", "key"), SETTINGS_OF, ids=lambda x: x if isinstance(x, str) else label(x))
def test_a_value_does_not_say_how_or_where(function, key):
    """It would be held constant, unseen: of the norm of order p there is a slope by p."""
    known = inspect.signature(function).parameters.values()
    needed = [p for p in known if p.default is p.empty and p.kind <= p.VAR_POSITIONAL]
    refusal = outcome(function, *[VALUE] * len(needed), **{key: tg.Value(1.0)})
    assert isinstance(refusal, TypeError)
    assert re.match(rf"{re.escape(label(function))}: {key}=? ?(is a Value|has no rule)", str(refusal)), refusal


@pytest.mark.parametrize("ufunc", [np.sin, np.add, np.isnan, np.hypot], ids=label)
def test_what_is_the_default_may_be_said(ufunc):
    said = {"out": None, "where": True, "casting": "same_kind", "order": "K", "dtype": None, "subok": True}
    z, expected = (ufunc(*[x] * ufunc.nin, **said) for x in (VALUE, VALUE.data))
    assert all(map(np.array_equal, tree.leaves(tree.map(payload, z)), tree.leaves(expected)))


@pytest.mark.parametrize(("key", "remedy"), [("where", r"np\.where"), ("dtype", "astype"), ("order", "without")])
def test_keywords_of_ufuncs_say_what_to_write(key, remedy):
    given = {"where": VALUE.data > 1, "dtype": np.float32, "order": "F"}[key]
    with pytest.raises(TypeError, match=rf"np\.exp: {key}= has no rule for Values; .*{remedy}"):
        np.exp(VALUE, **{key: given})


def test_functions_made_of_functions_and_files_are_refused():
    with pytest.raises(TypeError, match="a Value does not turn into an array by itself"):
        np.vectorize(lambda x: x * x)(VALUE)
    with pytest.raises(TypeError, match="has no derivative in the table"):
        np.frompyfunc(lambda x: x * x, 1, 1)(VALUE)
    with pytest.raises(TypeError, match=r"np\.savez: "):
        np.savez(io.BytesIO(), VALUE)


@pytest.mark.parametrize("function", [f for f in ASKING if f in table and table[f].nondifferentiable], ids=label)
def test_plain_function_gives_numpys_result(function):
    for arguments in attempts(function)[::2]:
        numpys = outcome(function, *[x.data if x is VALUE else x for x in arguments])
        got = outcome(function, *arguments)
        assert type(got) is type(numpys)
        if not isinstance(numpys, Exception) and function is not np.empty_like:
            several = isinstance(got, tuple)
            pairs = zip(tree.leaves(got), tree.leaves(numpys), strict=True) if several else [(got, numpys)]
            assert all(x is y or np.all(np.equal(x, y)) for x, y in pairs)


@pytest.mark.parametrize("ufunc", UFUNCS, ids=label)
@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("reduce", (VALUE,)),
        ("accumulate", (VALUE,)),
        ("reduceat", (VALUE, [0, 1])),
        ("outer", (VALUE, VALUE)),
        ("outer", (VALUE.data, VALUE)),
        ("outer", (VALUE, [1.0, 2.0])),
        ("outer", ([1.0, 2.0], VALUE)),
        ("outer", (VALUE, 2.0)),
        ("outer", (2.0, VALUE)),
        ("at", (VALUE, [0, 1])),
        ("at", (VALUE, [0], VALUE.data)),
        ("at", (VALUE.data.copy(), [0], VALUE)),
    ],
)
def test_methods_of_ufuncs_are_right_or_refused_by_name(ufunc, method, arguments):
    got = outcome(getattr(ufunc, method), *arguments)
    numpys = outcome(getattr(ufunc, method), *[x.data.copy() if x is VALUE else x for x in arguments])
    if isinstance(got, Exception):
        assert type(got) is type(numpys) or (isinstance(got, TypeError) and label(ufunc) in str(got))
    else:
        numbers = tree.map(lambda z: 1.0 * (z.data if isinstance(z, tg.Value) else z), got)
        bounds = tree.map(lambda z: ROUNDINGS * eps(1.0) * abs(z), numpys)
        assert_close(numbers, numpys, bounds, "the value is not NumPy's", label(ufunc))
