"""NumPy's methods and functions on Values: right, or refused by name."""

import inspect

import dask.array
import numpy as np
import pytest

from tinygrad_edu import Value
from tinygrad_edu.testing.calls import outcome

EPS = np.finfo(float).eps

METHODS = {
    "sum": [(), (0,), {"axis": 1, "keepdims": True}],
    "mean": [(), (0,)],
    "prod": [(), (1,)],
    "max": [(), (0,)],
    "min": [(), (1,)],
    "var": [(), (0,), {"ddof": 1}],
    "std": [(), {"axis": 1}],
    "cumsum": [(), (1,)],
    "cumprod": [(), (1,)],
    "compress": [([True, False],), ([True, False, True], 1)],
    "view": [()],
    "reshape": [(6,), ((3, 2),), (3, 2), (-1,)],
    "transpose": [(), (1, 0), ((1, 0),)],
    "swapaxes": [(0, 1)],
    "ravel": [()],
    "flatten": [()],
    "squeeze": [()],
    "repeat": [(2,), (2, 1)],
    "take": [([0, 1],), ([0, 1], 1)],
    "clip": [(2.0, 4.0), {"min": 2.0}],
    "dot": [(np.ones(3),)],
    "diagonal": [()],
    "trace": [()],
    "round": [(), (1,)],
    "copy": [()],
    "astype": [(np.float32,)],
    "__getitem__": [(0,), ((0, slice(None, 2)),)],
}


@pytest.mark.parametrize(("name", "call"), [(name, call) for name, calls in METHODS.items() for call in calls])
def test_numpys_methods(name, call):
    data = np.array([[1.25, 2.5, 3.75], [4.5, 5.25, 6.0]])
    arguments, keywords = ((), call) if isinstance(call, dict) else (call, {})
    z = getattr(Value(data), name)(*arguments, **keywords)
    expected = getattr(data, name)(*arguments, **keywords)
    assert type(z) is Value
    assert (z.shape, z.dtype) == (expected.shape, expected.dtype)
    np.testing.assert_allclose(z.data, expected, rtol=8 * EPS)


NEEDED = {
    "astype": (np.float32,), "take": (0,), "compress": ([True],), "repeat": (2,), "swapaxes": (0, 0),
    "dot": (np.ones(2),), "argpartition": (0,), "searchsorted": (1.0,), "reshape": (2,),
}  # fmt: skip
SHARED = [name for name in dir(np.ndarray) if not name.startswith("_") and hasattr(Value([[1.0]]), name)]


def _keywords(function):
    """The names of the parameters of a function, which are not known of all in C."""
    try:
        return {*inspect.signature(function).parameters}
    except (TypeError, ValueError):
        return set()


@pytest.mark.parametrize("name", [name for name in SHARED if inspect.ismethoddescriptor(getattr(np.ndarray, name))])
def test_methods_take_no_keyword_that_numpys_do_not(name):
    data = np.array([1.0, 2.0])
    keywords = _keywords(getattr(np, name, None)) | _keywords(getattr(Value, name)) | {"nonsense", "a_min", "shape"}
    for key in keywords - {"self"}:
        expected, got = (outcome(getattr(x, name), *NEEDED.get(name, ()), **{key: 1}) for x in (data, Value(data)))
        assert isinstance(got, TypeError) or not isinstance(expected, TypeError), key


@pytest.mark.parametrize(
    ("attempt", "said"),
    [
        (lambda x: x.var(correction=1), r"np\.var: correction= is not for its method; call the function"),
        (lambda x: x.sum(0, axis=0), r"np\.sum: axis= of its method is given by position, too; give it once"),
        (lambda x: x.take(0, a=[1.0]), r"np\.take: a= of its method is given by position, too"),
        (lambda x: x.reshape(2, shape=(1, 2)), r"np\.reshape: shape= of its method is given by position, too"),
    ],
)
def test_keywords_that_methods_refuse(attempt, said):
    assert isinstance(outcome(attempt, np.array([1.0, 2.0])), TypeError)
    with pytest.raises(TypeError, match=said):
        attempt(Value([1.0, 2.0]))


@pytest.mark.parametrize("name", ["argmax", "argmin", "argsort", "any", "all", "nonzero"])
def test_methods_without_slope_give_plain_results(name):
    data = np.array([3.0, 0.0, 2.0])
    result = getattr(Value(data), name)()
    assert not isinstance(result, Value)
    np.testing.assert_array_equal(result, getattr(data, name)())


def test_flat_imag_and_argpartition():
    x = Value(np.array([[1.0, 0.5], [2.0, 3.0]]))
    assert [*map(float, (z.data for z in x.flat))] == [*x.data.flat]
    np.testing.assert_array_equal(x.imag.data, x.data.imag)
    np.testing.assert_array_equal(x.argpartition(1, axis=0), x.data.argpartition(1, axis=0))


@pytest.mark.parametrize(
    ("attempt", "said"),
    [
        (lambda x: x.sort(), r"'sort'; .*write np\.sort\(x\)"),
        (lambda x: x.fill(0.0), r"'fill'; .*write x\.at\[index\]\.set\(v\)"),
        (lambda x: x.view(np.int64), r"view: dtype= has no rule for Values; write x\.astype"),
        (lambda x: x.strides, r"'strides'; of the numbers alone it is x\.data\.strides"),
    ],
)
def test_methods_that_arrays_have_and_values_lack(attempt, said):
    with pytest.raises((TypeError, AttributeError), match=said):
        attempt(Value([1.0, 2.0]))


def test_transposes():
    x = Value(np.arange(24.0).reshape(2, 3, 4))
    assert x.T.shape == (4, 3, 2)
    assert x.mT.shape == (2, 4, 3)


def test_any_array_that_speaks_numpys_protocols_can_be_the_payload():
    data = np.linspace(0.1, 1.0, 12).reshape(3, 4)
    x = Value(dask.array.from_array(data, chunks=2))
    z = np.sum(np.exp(x) * x)
    assert isinstance(z.data, dask.array.Array)
    z.backward()
    assert isinstance(x.grad, dask.array.Array)
    np.testing.assert_allclose(x.grad.compute(), np.exp(data) * (1 + data), rtol=8 * EPS)


def test_ufunc_methods():
    x, y = Value(np.arange(6.0).reshape(2, 3)), Value([1.0, 2.0])
    np.testing.assert_array_equal(np.add.reduce(x).data, x.data.sum(axis=0))
    np.testing.assert_array_equal(np.multiply.outer(y, x).data, np.multiply.outer(y.data, x.data))
    np.testing.assert_array_equal(np.add.accumulate(x).data, x.data.cumsum(axis=0))
    np.testing.assert_array_equal(np.subtract.reduce(x).data, np.subtract.reduce(x.data))
    np.testing.assert_array_equal(np.add.reduceat(x, [0]).data, np.add.reduceat(x.data, [0]))
    into = np.zeros(3)
    for attempt in (
        lambda: np.add.at(x, 0, 1.0),
        lambda: np.add.reduce(x, out=into),
        lambda: np.frompyfunc(abs, 1, 1)(x),
    ):
        with pytest.raises(TypeError, match=r"np\.(add|sum)|abs"):
            attempt()
    with pytest.raises(TypeError, match=r"^np\.add: out= of its method \.reduce has no rule"):
        np.add.reduce(x, out=into)


@pytest.mark.parametrize(
    ("attempt", "said"),
    [
        (lambda x: np.union1d(x[0], x[1]), r"np\.union1d: has no derivative"),
        (lambda x: np.sum(x, where=x > 0, dtype=np.int64), r"np\.sum: dtype=.* has no slope"),
        (lambda x: np.sum(x, 0, None, np.zeros(2)), r"np\.sum: out= has no rule"),
        (lambda x: np.mean(x, dtype=np.int64), r"np\.mean: dtype=.* has no slope"),
        (lambda x: np.sin(x, where=np.array(True)), r"np\.sin: where= has no rule"),
        (lambda x: np.max(x, initial=Value(0.0)), r"np\.max: initial= is a Value"),
        (lambda x: np.sum(x, axis=Value(0.0)), r"np\.sum: axis= is a Value"),
        (lambda x: np.ones(3)[x], r"numpy\.stack|integer"),
        (lambda x: x[x], r"getitem: argument 1 is a Value"),
        (lambda x: np.where(x, 1.0, 2.0), r"np\.where: argument 0 is a Value"),
        (np.real_if_close, r"np\.real_if_close"),
        (lambda x: np.fft.rfft(x + 0j), r"np\.fft\.rfft: got complex numbers.*np\.fft\.fft"),
        (lambda x: np.save("nowhere", x), r"np\.save|numpy\.stack"),
        (lambda x: x // 1j, r"np\.floor_divide: got complex numbers"),
    ],
)
def test_what_the_table_lacks_is_refused_by_name(attempt, said):
    with pytest.raises((TypeError, IndexError), match=said):
        attempt(Value(np.eye(2)))
