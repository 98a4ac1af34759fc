"""x.at[index]: NumPy's assignment into a copy, with slopes by both, twice where the index names an element twice."""

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.testing.oracles import check

X = np.array([[1.5, -2.0, 0.5], [3.0, 0.25, -1.0]])
P = abs(X)
INDICES = {
    "number": 1,
    "slice": (slice(None), slice(1, None)),
    "mask": X > 0.4,
    "list": [1, 0],
    "pairs": ([0, 1, 0], [2, 2, 1]),
    "twice": ([0, 1, 0, 0], [2, 1, 2, 2]),
    "nothing": np.array([], int),
    "ellipsis": ...,
}
UFUNCS = {"add": np.add, "multiply": np.multiply, "divide": np.divide, "power": np.power, "min": np.minimum,
          "max": np.maximum}  # fmt: skip


def assigned(x, index, v):
    x = x.copy()
    x[index] = v
    return x


@pytest.mark.parametrize("index", INDICES.values(), ids=INDICES)
def test_set_is_an_assignment(index):
    shape = X[index].shape
    v = np.cos(np.arange(float(np.prod(shape)))).reshape(shape) + 2
    z = tg.Value(X).at[index].set(tg.Value(v))
    assert np.array_equal(z.data, assigned(X, index, v))
    assert np.array_equal(tg.Value(X).at[index].get().data, X[index])
    check(lambda x, v: at(x)[index].set(v), (X, v))


def at(x):
    """x.at of a Value; of a plain array, which the slope is measured with, that of one whose results are plain."""
    return x.at if isinstance(x, tg.Value) else Plain(x)


class Plain:
    """The same with NumPy alone."""

    def __init__(self, x, index=None):
        self.x, self.index = x, index

    def __getitem__(self, index):
        return Plain(self.x, index)

    def set(self, v):
        return assigned(self.x, self.index, v)

    def __getattr__(self, name):
        def update(v):
            x = self.x.copy()
            UFUNCS[name].at(x, self.index, v)
            return x

        return update


@pytest.mark.parametrize("name", UFUNCS)
@pytest.mark.parametrize("index", INDICES.values(), ids=INDICES)
def test_update_is_that_of_the_ufunc(name, index):
    v = np.full(P[index].shape, 0.75) + 0.1 * np.arange(P[index].size).reshape(P[index].shape)
    z = getattr(tg.Value(P).at[index], name)(tg.Value(v))
    assert np.allclose(z.data, getattr(Plain(P)[index], name)(v), rtol=1e-15)
    check(lambda x, v: getattr(at(x)[index], name)(v), (P, v))


def test_second_derivatives():
    def f(x):
        return np.sum(x.at[[0, 2]].multiply(x[1]).at[1].set(x[0] ** 3) ** 2)

    def by_hand(x):
        return (x[0] * x[1]) ** 2 + x[0] ** 6 + (x[2] * x[1]) ** 2

    x = np.array([0.5, -1.0, 2.0])
    assert np.allclose(tg.hessian(f)(x), tg.hessian(by_hand)(x), rtol=1e-14)


def test_what_is_set_twice_has_the_slope_of_the_last():
    assert np.array_equal(tg.grad(lambda v: np.sum(tg.Value(np.zeros(2)).at[[0, 0]].set(v)))(np.ones(2)), [0, 1])


def test_ties_share():
    assert np.array_equal(tg.grad(lambda x: x.at[0].max(2.0)[0])(np.array([2.0, 1.0])), [0.5, 0])


def test_compiled_equals_eager():
    def f(x, v):
        return tg.grad(lambda x: np.sum(x.at[1:].add(v).at[0].set(x[2] ** 2) ** 2))(x)

    x, v = np.array([0.5, -1.0, 2.0]), np.array([1.0, 3.0])
    fast = tg.compile(f)
    assert np.array_equal(fast(x, v), fast(x, v))
    assert np.array_equal(fast(x, v), f(x, v))


def test_refusals_point_here():
    x = tg.Value(X)
    with pytest.raises(TypeError, match=r"x = x\.at\[index\]\.set\(v\)"):
        x[0] = 1.0
    with pytest.raises(TypeError, match=r"\.add\(v\) for x\[index\] \+= v"):
        x[0] += 1.0
    for call in (lambda: np.put(x, 0, 1.0), lambda: np.copyto(x, 1.0), lambda: np.fill_diagonal(x, 1.0)):
        with pytest.raises(TypeError, match=r"x\.at\[index\]"):
            call()
    with pytest.raises(IndexError):
        x.at[7].set(1.0)
    with pytest.raises(
        ValueError, match=r"got numbers of shape \(5,\) where .* pass one number, or an array that broad"
    ):
        x.at[0].set(np.ones(5))
    with pytest.raises(AttributeError, match=r"write x\.at\[index\]\.set\(v\)"):
        x.at.set(1.0)
    with pytest.raises(AttributeError, match=r"x\.at\[index\]\.subtract: there are .*; to subtract, add\(-v\)"):
        x.at[0].subtract(1.0)


@pytest.mark.parametrize("index", [5, (0, 7), [0, 9], -4], ids=str)
def test_an_index_that_names_nothing_is_refused_by_name(index):
    with pytest.raises(IndexError, match=r"^x\.at\[index\]: .*out of bounds"):
        tg.Value(np.ones((3, 3))).at[index]


@pytest.mark.parametrize("name", ["set", *UFUNCS])
def test_complex_numbers_stand_in_complex_arrays_only(name):
    with pytest.raises(TypeError, match=r"^x\.at\[index\]: got complex numbers .*write \(x \+ 0j\)\.at\[index\]"):
        getattr(tg.Value(X).at[0], name)(1j)
    if name not in ("min", "max"):  # which are not of complex numbers
        assert getattr((tg.Value(X) + 0j).at[0], name)(tg.Value(1j)).dtype == complex


@pytest.mark.parametrize("name", ["set", *UFUNCS])
@pytest.mark.parametrize("index", INDICES.values(), ids=INDICES)
def test_of_plain_arrays_it_is_what_it_is_of_values(name, index):
    v = np.full(P[index].shape, 0.75)

    def f(x, v):
        return np.sum(np.cos(getattr(tg.at(x)[index], name)(v)))

    assert np.array_equal(getattr(tg.at(P)[index], name)(v), getattr(tg.Value(P).at[index], name)(v).data)
    assert tg.compare_gradients(f, P, v).ok


def test_of_plain_arrays_it_compiles():
    f = tg.compile(lambda x, v: tg.at(tg.at(x)[:, 1].set(v))[[0, 0]].multiply(v)[..., 1:])
    v = np.array([0.5, 0.25])
    for x in (P, P + 1):
        assert np.array_equal(f(x, v[:1]), tg.at(tg.at(x)[:, 1].set(v[:1]))[[0, 0]].multiply(v[:1])[..., 1:])


def test_integers_are_taken_as_floats():
    z = tg.at(np.arange(3))[1].set(tg.Value(0.5))
    assert np.array_equal(z.data, [0.0, 0.5, 2.0])
    assert tg.at([1, 2])[0].add(0.5).dtype == float


@pytest.mark.parametrize("name", ["set", *UFUNCS])
@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "compiled"])
def test_each_example_of_vmap_is_changed(name, compiled):
    def f(x, v):
        return np.sum(np.cos(getattr(x.at[1:], name)(v * x[0])))

    v = np.array([0.5, 0.75])
    slopes = tg.vmap(tg.grad(f, (0, 1)))
    got = (tg.compile(slopes) if compiled else slopes)(P, v)
    for x, y in zip(got, map(np.stack, zip(*map(tg.grad(f, (0, 1)), P, v), strict=True)), strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-14)
    assert np.array_equal(tg.vmap(lambda x: x.at[0].set(7.0))(P), assigned(P, (slice(None), 0), 7.0))


@pytest.mark.parametrize("x", ["text", {"a": 1.0}, None, [None]], ids=repr)
def test_what_is_no_number_is_refused(x):
    said = rf"got a {type(x).__name__}, not numbers; pass an array"
    with pytest.raises(TypeError, match=f"^at: {said}"):
        tg.at(x)
    for changed in (tg.at(X), tg.Value(X).at):
        with pytest.raises(TypeError, match=rf"^x\.at\[index\]: {said}"):
            changed[0].set(x)


def test_masks_are_not_lost():
    masked = np.ma.masked_array([1.0, 2.0], [False, True])
    for call in (lambda: tg.at(masked), lambda: tg.at(X[0])[:2].set(masked), lambda: tg.Value(X[0]).at[:2].add(masked)):
        with pytest.raises(TypeError, match=r"^at: got a MaskedArray, whose meaning would be lost; pass x\.filled"):
            call()
