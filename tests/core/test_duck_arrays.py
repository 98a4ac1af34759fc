"""Arrays of other libraries stay what they are, forward and backward: nothing in the engine makes NumPy's of them."""

import dask.array
import numpy as np
import pytest
from hypothesis import given, strategies

import tinygrad_edu as tg
from tests.core.foreign import assert_same, swept
from tests.domains import domains
from tinygrad_edu import functions, losses
from tinygrad_edu.core.source_info import label
from tinygrad_edu.derivatives.decompositions import complete_qr, full_svd
from tinygrad_edu.scipy import linalg
from tinygrad_edu.scipy.matrix_functions import sylvester


class Duck(np.lib.mixins.NDArrayOperatorsMixin):
    """An array that speaks NumPy's protocols, and refuses to become NumPy's."""

    def __init__(self, x):
        self._x = np.asarray(x)

    def __array__(self, *_, **__):
        raise AssertionError("it is made an array of NumPy's")

    __float__ = __int__ = __index__ = __array__

    def __array_ufunc__(self, ufunc, method, *inputs, **keywords):
        return wrapped(getattr(ufunc, method)(*plain(inputs), **plain(keywords)))

    def __array_function__(self, function, types, arguments, keywords):
        return wrapped(function(*plain(arguments), **plain(keywords)))

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        found = getattr(self._x, name)
        return (lambda *a, **k: wrapped(found(*plain(a), **plain(k)))) if callable(found) else wrapped(found)

    def __getitem__(self, index):
        return wrapped(self._x[plain(index)])

    def __setitem__(self, index, x):
        self._x[plain(index)] = plain(x)

    def __len__(self):
        return len(self._x)

    def __iter__(self):
        return map(Duck, self._x)

    def __bool__(self):
        return bool(self._x)


def same_kind(x, parts):
    return type(x)(*parts) if hasattr(x, "_fields") else type(x)(parts)


def plain(x):
    """What is in the ducks, in nested tuples, lists and dicts."""
    if isinstance(x, (tuple, list)):
        return same_kind(x, map(plain, x))
    if isinstance(x, dict):
        return {key: plain(part) for key, part in x.items()}
    return x._x if isinstance(x, Duck) else x


def wrapped(x):
    """Ducks for arrays and floats, in a nest of tuples and lists; shapes stay as they are."""
    if isinstance(x, (tuple, list)):
        return same_kind(x, map(wrapped, x))
    return Duck(x) if isinstance(x, (np.ndarray, np.floating)) else x


LOOK_AT_NUMBERS = {  # what they give, or where, depends on numbers; or they are SciPy's, which makes arrays
    np.interp, np.trim_zeros, np.nanmedian, np.nanquantile, np.nanpercentile, np.piecewise,
    linalg.expm, linalg.triangular, linalg.solve_triangular, linalg.cho_solve, linalg.sqrtm, linalg.logm,
    linalg.solve_sylvester, linalg.solve_continuous_lyapunov, linalg.fractional_matrix_power, sylvester,
    losses.negative_log_likelihood, full_svd, complete_qr,
}  # fmt: skip
CHECKED = [f for f in domains if f not in LOOK_AT_NUMBERS]


@pytest.mark.parametrize("function", CHECKED, ids=label)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_duck_stays_a_duck(function):
    for call in domains[function][:2]:
        found, wanted = swept(call, Duck), swept(call, np.array)
        for x, y in zip(found, wanted, strict=True):
            assert isinstance(x, Duck) or not np.any(x) or not np.ndim(y)  # a slope of 0, or a number, may be plain
        assert_same(plain(found), wanted)


def test_slopes_add_up_on_a_number_of_another_library():
    x = tg.Value(Duck(1.25))
    for z in np.modf(x):
        z.backward()
    assert plain(x.grad) == 1.0


IDIOMS = {
    "tanh": np.tanh,
    "sinc": np.sinc,
    "softmax": lambda x: functions.softmax(x, axis=1),
    "sort of a norm": lambda x: np.sqrt(np.sum(x * x, axis=0)),
    "log-likelihood": lambda x: np.sum(np.where(x > 0, np.log(abs(x)), np.exp(x))) / x.size,
    "statistics": lambda x: np.std(x, axis=0) * np.mean(x) + np.var(x),
    "shapes": lambda x: np.concatenate([x.T, np.ones((3, 1))], axis=1).reshape((-1,)),
    "product": lambda x: np.tensordot(x, x.T, 1) @ np.array([1.0, 2.0]),
    "cumulative": lambda x: np.cumsum(x, axis=1),
}


@pytest.mark.parametrize("f", IDIOMS.values(), ids=IDIOMS)
@given(seed=strategies.integers(0, 2**32))
def test_dasks_gradients_are_lazy_and_numpys(f, seed):
    x = np.random.default_rng(seed).normal(size=(2, 3))
    wanted = tg.grad(lambda x: np.sum(np.sin(f(x))))(x)
    leaf = tg.Value(dask.array.from_array(x, chunks=(1, 2)))
    loss = np.sum(np.sin(f(leaf)))
    loss.backward()
    assert isinstance(loss.data, dask.array.Array)
    assert isinstance(leaf.grad, dask.array.Array)
    np.testing.assert_allclose(leaf.grad.compute(), wanted, rtol=1e-12, atol=1e-14)


def test_dask_computes_nothing_before_it_is_asked():
    def forbidden(*_, **__):
        raise AssertionError("computed")

    with dask.config.set(scheduler=forbidden):
        leaf = tg.Value(dask.array.ones((4, 3), chunks=2) * 0.5)
        loss = np.mean(np.tanh(leaf @ np.ones((3, 2))) ** 2) + np.sum(np.logaddexp(leaf, 0.0))
        loss.backward()
        gradient = leaf.grad
    x = np.full((4, 3), 0.5)
    wanted = tg.grad(lambda x: np.mean(np.tanh(x @ np.ones((3, 2))) ** 2) + np.sum(np.logaddexp(x, 0.0)))(x)
    np.testing.assert_allclose(gradient.compute(), wanted, rtol=1e-12)
