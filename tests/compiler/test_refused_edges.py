"""What is refused at the edges: errors that are caught, arguments that cannot be read, results that are no numbers."""

import numpy as np
import pytest

import tinygrad_edu as tg
from tests.compiler.test_refused import Net
from tests.compiler.traps import X
from tinygrad_edu import TraceError, Value


def swallow(f):
    try:
        return f()
    except Exception:
        return X


SWALLOWED = {
    "a branch": lambda x, n: swallow(lambda: x if x[0] > 0 else -x),  # trap
    "a number": lambda x, n: swallow(lambda: float(x[0])),  # trap
    "an error of NumPy's": lambda x, n: swallow(lambda: np.linalg.inv(x[:, None] * 0 * x)) * x,  # trap
    "a division by zero": lambda x, n: swallow(lambda: 1 / (n - n)) * x,  # trap
}


@pytest.mark.parametrize("name", SWALLOWED)
def test_an_error_that_is_caught_is_raised_all_the_same(name):
    with pytest.raises(TraceError, match="# trap"):
        tg.compile(SWALLOWED[name])(X, 2)


def test_a_whole_number_that_is_needed_is_known_although_the_error_is_caught():
    f = lambda x, n: swallow(lambda: x[:n] * n)  # noqa: E731
    compiled = tg.compile(f)
    for n in (1, 2, 1, 3):
        assert np.array_equal(compiled(X, n), f(X, n))


RETURNS = {
    "a generator": lambda x: (v for v in x),
    "a function of what was traced": lambda x: lambda: x,
    "a pull-back": lambda x: tg.vjp(np.sin, x),
    "a set": lambda x: {1.0},
    "an object": lambda x: Net(),
}


@pytest.mark.parametrize("name", RETURNS)
def test_what_is_no_tree_of_numbers_is_not_returned(name):
    with pytest.raises(TraceError, match=f'"{name}": lambda'):
        tg.compile(RETURNS[name])(X)


ARGUMENTS = {
    "a generator": lambda: (v for v in X),
    "a map": lambda: map(abs, X),
    "objects": lambda: np.array([1.0, None]),
    "a matrix": lambda: np.matrix(np.eye(2)) if hasattr(np, "matrix") else (v for v in X),
    "a masked array": lambda: np.ma.array(X, mask=X > 0),
    "records": lambda: np.zeros(2, [("a", float)]),
}


@pytest.mark.parametrize("name", ARGUMENTS)
@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
def test_what_cannot_be_read_is_refused(name):
    f = lambda x: x  # trap  # noqa: E731
    with pytest.raises(TraceError, match=r"given x, .*# trap"):
        tg.compile(f)(ARGUMENTS[name]())


def test_other_arrays_are_refused():
    array = pytest.importorskip("dask.array")
    for x in (array.ones(3), Value(array.ones(3))):
        with pytest.raises(TraceError, match="given x, a Array; pass numpy"):
            tg.compile(lambda x: x * 2)(x)


def test_a_tracer_that_got_away_says_so():
    away = []
    with pytest.raises(TraceError, match="closes over `away`, a list"):
        tg.compile(lambda x: away.append(x) or x)(X)
    assert away == []
    holder = iter(lambda: None, 0)
    leak = {}
    with pytest.raises(TraceError):
        tg.compile(lambda x: leak.update(x=x) or x)(X)
    assert leak == {}
    del holder


def test_errors_of_the_function_itself_pass_unchanged():
    def f(x):
        raise KeyError("mine", x.shape)

    with pytest.raises(KeyError) as caught:
        tg.compile(f)(X)
    assert caught.value.args == ("mine", (3,))
    for wrong in (lambda x: x @ np.ones(4), lambda x: x[5], lambda x: x.nothing, lambda x: np.sum(x, axis=3)):
        with pytest.raises(Exception) as eager:  # noqa: PT011
            wrong(X)
        with pytest.raises(type(eager.value)) as compiled:
            tg.compile(wrong)(X)
        assert str(eager.value) == str(compiled.value)
