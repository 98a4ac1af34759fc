"""Value as a user meets it: plain NumPy on it, Python's operators, what goes in and what is refused."""

import copy
import math
import operator
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import tinygrad_edu as tg
from tinygrad_edu import Value

EPS = np.finfo(float).eps

finite = st.floats(-1e3, 1e3)
arrays = hnp.arrays(np.float64, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3), elements=finite)


def test_plain_numpy_code_differentiates():
    x, w, b = Value(np.arange(6.0).reshape(2, 3) / 10), Value(np.ones((3, 2))), Value([0.1, -0.1])
    np.sum(np.tanh(x @ w + b) ** 2).backward()
    z = np.tanh(x.data @ w.data + b.data)
    g = 2 * z * (1 - z * z)
    np.testing.assert_allclose(w.grad, x.data.T @ g, rtol=16 * EPS)
    np.testing.assert_allclose(x.grad, g @ w.data.T, rtol=16 * EPS)
    np.testing.assert_allclose(b.grad, g.sum(axis=0), rtol=16 * EPS)


OPERATORS = [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow, operator.mod, operator.floordiv]


@pytest.mark.parametrize("operation", OPERATORS)
@pytest.mark.parametrize("other", [2.0, 2, np.float64(2.0), np.array([2.0, 3.0]), np.array(2.0), [2.0, 3.0], True])
def test_anything_real_may_stand_on_either_side(operation, other):
    x = Value([1.5, 2.5])
    for z, expected in (
        (operation(x, other), operation(x.data, other)),
        (operation(other, x), operation(np.asarray(other), x.data)),
    ):
        assert type(z) is Value
        assert z.dtype == np.float64
        np.testing.assert_array_equal(z.data, expected)


def test_an_array_on_the_left_makes_one_value():
    z = np.array([1.0, 2.0]) * Value(3.0)
    assert type(z) is Value
    assert z.shape == (2,)
    assert type(np.float64(2.0) * Value(3.0)) is Value
    assert type(np.ones((2, 2)) @ Value(np.ones(2))) is Value


def test_in_place_operators_rebind_and_never_write():
    x = Value([1.0, 2.0])
    before = x
    x += 1
    assert before.data.tolist() == [1.0, 2.0]
    plain = np.ones(2)
    with pytest.raises(TypeError, match="out="):
        plain += x


@pytest.mark.parametrize(
    "bad",
    ["1", None, np.array(["a"]), np.array([object()]), [[1.0], [1.0, 2.0]], {}, {"a": 1}],
)
def test_what_has_no_slope_is_refused(bad):
    with pytest.raises((TypeError, ValueError)):
        Value(bad)
    with pytest.raises((TypeError, ValueError)):
        Value(1.0) * bad


def test_arrays_with_another_meaning_are_refused():
    with pytest.raises(TypeError, match=r"numpy\.asarray"):
        Value(np.ma.array([1.0]))


def test_a_value_of_a_value_is_refused():
    with pytest.raises(TypeError, match="detach"):
        Value(Value(1.0))


def test_nothing_becomes_an_object_array():
    x = Value([1.0, 2.0])
    for attempt in (
        lambda: np.array([x, x]),
        lambda: np.array([Value(1.0), Value(2.0)]),
        lambda: np.asarray(x),
        lambda: np.zeros(2) * [x, x],
        lambda: np.asarray([Value(1.0)], dtype=object),
    ):
        with pytest.raises(TypeError, match=r"np\.stack"):
            attempt()
    assert np.stack([x, x]).shape == (2, 2)


@pytest.mark.parametrize(("given_dtype", "kept"), [(np.float16,) * 2, (np.float32,) * 2, (np.longdouble,) * 2])
def test_floats_keep_their_dtype(given_dtype, kept):
    x = Value(np.array([1.0, 2.0], given_dtype))
    z = np.sum(np.exp(x * 2.0) / 3)
    z.backward()
    assert (x.dtype, z.dtype, x.grad.dtype, z.grad.dtype) == (kept,) * 4


def test_a_gradient_has_the_dtype_of_its_own_value():
    x, w = Value(np.array([1.0, 2.0], np.float32)), Value([3.0, 4.0])
    np.sum(x * w).backward()
    assert x.grad.dtype == np.float32
    assert w.grad.dtype == np.float64


@pytest.mark.parametrize("data", [3, True, [1, 2], np.arange(3), np.array([True, False])])
def test_integers_become_floats(data):
    assert Value(data).dtype == np.float64
    assert tg.grad(lambda x: np.sum(x * x))(3) == 6.0


@given(arrays)
def test_data_comes_out_as_it_went_in(data):
    x = Value(data)
    np.testing.assert_array_equal(x.data, data)
    assert (x.shape, x.ndim, x.size, x.dtype) == (data.shape, data.ndim, data.size, data.dtype)
    assert x.tolist() == data.tolist()
    assert not np.shares_memory(x.data, data)


@given(arrays, st.sampled_from(["C", "F", "reversed", "stretched"]))
def test_layout_makes_no_difference(data, layout):
    laid_out = {
        "C": np.ascontiguousarray,
        "F": np.asfortranarray,
        "reversed": lambda a: np.flip(np.flip(a).copy()),
        "stretched": lambda a: np.broadcast_to(a, (2, *a.shape)),
    }[layout](data)
    x = Value(laid_out)
    np.sum(x * x * 3).backward()
    np.testing.assert_allclose(x.grad, 6 * laid_out, rtol=4 * EPS)
    assert x.grad.shape == laid_out.shape


@given(arrays)
def test_gradients_share_no_memory(data):
    x, y, seed = Value(data), Value(data), np.ones(data.shape)
    z = x + y
    z.backward(seed)
    held = [x.grad, y.grad, z.grad, seed, x.data, data]
    for i, a in enumerate(held):
        for b in held[:i]:
            assert not (isinstance(a, np.ndarray) and isinstance(b, np.ndarray) and a.size and np.shares_memory(a, b))
    if data.ndim:
        x.grad[...] = 7.0
        assert (x.grad == 7.0).all()
        assert (y.grad == 1.0).all()


def test_comparisons_are_plain_truth():
    x = Value([1.0, 2.0, 3.0])
    for operation in (operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne):
        truth = operation(x, 2.0)
        assert type(truth) is np.ndarray
        np.testing.assert_array_equal(truth, operation(x.data, 2.0))
        np.testing.assert_array_equal(operation(x, x * 1), operation(x.data, x.data))
    assert Value(2.0) > 1
    assert not Value(0.0)
    with pytest.raises(ValueError, match="ambiguous"):
        bool(x)


def test_hashing_is_by_identity():
    x, y = Value(1.0), Value(1.0)
    assert x == y
    assert len({x, y, x}) == 2


def test_it_is_a_sequence_of_values():
    x = Value([[1.0, 2.0], [3.0, 4.0]])
    assert len(x) == 2
    a, b = x
    np.sum(a * b).backward()
    np.testing.assert_array_equal(x.grad, [[3.0, 4.0], [1.0, 2.0]])
    assert 3.0 in x
    assert 5.0 not in x


@pytest.mark.parametrize("attempt", [len, iter, lambda x: x[0]])
def test_a_single_number_is_no_sequence(attempt):
    with pytest.raises((TypeError, IndexError)):
        attempt(Value(1.0))


def test_turning_into_python_numbers():
    x = Value(2.5)
    assert (x.item(), f"{x:.1f}") == (2.5, "2.5")
    with tg.no_grad():
        assert (float(x), int(x), complex(x), round(x), math.trunc(x), math.floor(x)) == (2.5, 2, 2.5, 2, 2, 2)
        assert float(Value([2.5])) == 2.5
        assert np.asarray(Value([2.5])).tolist() == [2.5]
        with pytest.raises(ValueError, match="size 1"):
            float(Value([1.0, 2.0]))


def test_assigning_into_is_refused():
    x = Value([1.0, 2.0])
    with pytest.raises(TypeError, match=r"numpy\.where"):
        x[0] = 3.0


def test_repr_shows_data_and_gradient():
    x = Value(2.0, name="x")
    (x * x).backward()
    assert repr(x) == "Value(2.0, grad=4.0, name='x')"
    assert repr(Value(np.ones(2, np.float32))) == "Value(array([1., 1.]), grad=array([0., 0.]), dtype=float32)"
    assert len(repr(Value(np.ones((1000, 1000))))) < 1000


@given(arrays)
def test_leaves_can_be_copied_and_pickled(data):
    x = Value(data, name="x")
    for duplicate in (copy.copy(x), copy.deepcopy(x), pickle.loads(pickle.dumps(x)), copy.deepcopy([x])[0]):
        assert duplicate is not x
        assert duplicate.name == "x"
        assert duplicate.dtype == x.dtype
        np.testing.assert_array_equal(duplicate.data, data)


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, pickle.dumps])
def test_a_result_is_not_copied_behind_its_tapes_back(duplicate):
    with pytest.raises(TypeError, match="detach"):
        duplicate(Value(1.0) * 2)
    duplicate((Value(1.0) * 2).detach())
