"""What NumPy raises under a recorded call has the function's name in front, and its class."""

import inspect
import operator

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.core.rules import parameters, table
from tinygrad_edu.core.source_info import label
from tinygrad_edu.testing.calls import outcome

DATA = np.array([[2.0, 0.5, 1.0], [0.25, 1.0, 3.0], [4.0, 1.5, 6.0]])


def _axis(function):
    """The parameter that says along which axis, if NumPy's `function` has one."""
    known = parameters(function) if (function.__module__ or "").startswith("numpy") else {}
    return next((key for key in ("axis", "axes", "axis1", "source") if key in known), None)


ALONG = [function for function in table if callable(function) and getattr(function, "__module__", None)]
ALONG = [function for function in ALONG if not isinstance(function, np.ufunc) and _axis(function)]


def test_there_are_many_functions_with_an_axis():
    assert len(ALONG) > 90


@pytest.mark.parametrize("function", ALONG, ids=label)
def test_an_axis_that_is_not_there_names_the_function(function):
    key = _axis(function)
    needed = [name for name, default in parameters(function).items() if default is inspect.Parameter.empty]
    error = outcome(function, **{name: tg.Value(DATA) for name in needed} | {key: 7})
    assert isinstance(error, Exception)
    assert label(function) in str(error) or f"{function.__name__}()" in str(error)


X = np.arange(1.0, 7.0).reshape(2, 3)
CALLS = {
    "np.take": lambda x: np.take(x, 9),
    "np.concatenate": lambda x: np.concatenate([x, np.ones((2, 2))]),
    "np.stack": lambda x: np.stack([x, x[0]]),
    "np.split": lambda x: np.split(x, 4),
    "np.reshape": lambda x: x.reshape(4, 4),
    "np.swapaxes": lambda x: x.swapaxes(1, 7),
    "np.linalg.inv": lambda x: np.linalg.inv(x @ np.zeros((3, 2))),
    "np.linalg.cholesky": lambda x: np.linalg.cholesky(-x[:, :2]),
    "np.where": lambda x: np.where(X > 3, x, np.ones(7)),
    "np.add": lambda x: x + np.ones(7),
    "np.subtract": lambda x: np.ones(7) - x,
    "np.logaddexp": lambda x: np.logaddexp(x, np.ones(7)),
    "np.less": lambda x: x < np.ones(7),
    "np.greater": lambda x: np.greater(x, np.ones(7)),
    "np.matmul": lambda x: x @ np.ones(7),
    "np.einsum": lambda x: np.einsum("ij,jk", x, np.ones((7, 7))),
    "np.median": lambda x: np.median(x, axis=3),
    "np.maximum.reduce": lambda x: np.maximum.reduce(x, axis=7),
    "np.hypot.accumulate": lambda x: np.hypot.accumulate(x, axis=7),
    "getitem": lambda x: x[5],
    "getitem: only": lambda x: x["a"],
}


@pytest.mark.parametrize(("name", "call"), CALLS.items(), ids=CALLS)
def test_numpys_errors_keep_their_class_and_say_the_function(name, call):
    expected, error = outcome(call, X), outcome(call, tg.Value(X))
    assert type(error) is type(expected)
    assert str(error).startswith(f"{name}")
    assert str(expected).removeprefix(f"{name.rpartition('.')[2]}: ") in str(error)
    assert repr(error.__cause__) == repr(expected.__cause__ or expected.__context__)


def test_the_name_stands_once_however_deep_the_call():
    error = outcome(lambda x: np.nanmedian(x, axis=3), tg.Value(X))
    assert str(error) == "np.nanmedian: axis 3 is out of bounds for array of dimension 2"


def test_a_primitives_own_error_has_its_name_and_cause():
    @tg.primitive
    def doubled(x):
        try:
            operator.index(x)
        except TypeError as error:
            raise ValueError("no such luck") from error

    tg.derivative(doubled, lambda g, z, x: 2 * g)
    error = outcome(doubled, tg.Value(X))
    assert str(error) == "doubled: no such luck"
    assert isinstance(error.__cause__, TypeError)


def test_errors_of_other_classes_stay_as_they_are():
    class Unlucky(ValueError):
        def __init__(self, a, b):
            super().__init__(a, b)

    @tg.primitive
    def tripled(x):
        raise Unlucky(1, 2)

    tg.derivative(tripled, lambda g, z, x: 3 * g)
    assert type(outcome(tripled, tg.Value(X))) is Unlucky


@pytest.mark.parametrize(
    "function", [f for f in ALONG if label(f).startswith("np.fft.") and _axis(f) in ("axis", "axes")], ids=label
)
def test_a_transform_says_which_axis_is_not_there(function):
    """NumPy says that a tuple index is out of range."""
    axis = 4 if _axis(function) == "axis" else (0, -5)
    error = outcome(function, tg.Value(DATA), **{_axis(function): axis})
    assert isinstance(error, type(outcome(function, DATA, **{_axis(function): axis})))
    assert str(error) == f"{label(function)}: axis {np.max(axis) or -5} is out of bounds for array of dimension 2"


def test_a_default_axis_that_is_not_there_is_named():
    assert "axis -2 is out of bounds" in str(outcome(np.fft.fft2, tg.Value(DATA[0])))
    assert "axis -1 is out of bounds" in str(outcome(np.fft.fft, tg.Value(2.0)))


def test_an_index_that_is_not_there_is_not_taken_for_an_axis():
    assert str(outcome(np.take, tg.Value(DATA[0]), 7, axis=0)).startswith("np.take: index 7 is out of bounds")


def test_an_axis_error_still_says_which_axis():
    error = outcome(np.median, tg.Value(DATA), axis=3)
    assert (type(error), error.axis, error.ndim) == (np.exceptions.AxisError, 3, 2)
