"""Faults that random programs and traps have found, each with the shortest function that shows it."""

import dataclasses

import numpy as np
import pytest

import tinygrad_edu as tg

X = np.array([1.0, -2.0, 3.0])


def summed_before_and_after(x):
    y = np.tanh(x)
    t = np.sum(y)
    y *= 2
    return t * np.sum(y)


def parts_of_what_is_kept_in_memory(x):
    first, rest = np.split(x * 2, [1])
    return first * np.sum(rest) + x


def a_view_at_a_place_that_comes_in(x, n):
    y = x[:, None] + x
    return y[n % y.shape[0]]


def picked_by_a_list(x):
    return tg.grad(lambda x: np.sum(np.sin(x[[0, 0, -1]])))(x)


def zeros_of_both_signs(x):
    return x * np.array([0.0, -0.0, 0.0])


def numbers_compared(x, n):
    return x * (n > 2) + (n != 1) * n


@pytest.mark.parametrize("way", [{}, {"plain": True}, {"reuse_outputs": True}], ids=str)
@pytest.mark.parametrize(
    ("f", "more"),
    [
        (summed_before_and_after, [(), ()]),
        (parts_of_what_is_kept_in_memory, [(), ()]),
        (a_view_at_a_place_that_comes_in, [(1,), (2,)]),
        (picked_by_a_list, [(), ()]),
        (zeros_of_both_signs, [(), ()]),
        (numbers_compared, [(1,), (3,)]),
    ],
    ids=lambda x: getattr(x, "__name__", ""),
)
def test_it_is_right(f, more, way):
    compiled = tg.compile(f, **way)
    for x, others in zip((X, X[:1], X[::-1]), (*more, *more), strict=False):
        given, expected = compiled(x, *others), f(x, *others)
        np.testing.assert_allclose(given, expected, rtol=16 * np.finfo(float).eps)
        assert np.array_equal(np.signbit(given), np.signbit(expected))
    assert compiled.fallbacks == 0


def test_a_method_can_be_compiled():
    @dataclasses.dataclass
    class Layer:
        w: np.ndarray

        @tg.compile
        def times(self, x):
            return x * self.w

    for layer in (Layer(X), Layer(2 * X)):
        assert np.array_equal(layer.times(X), X * layer.w)
    assert len(Layer.times._programs) == 1


def test_empty_collections_are_not_shared_by_results():
    compiled = tg.compile(lambda x: {"list": [], "names": {"k": "text"}, "pair": ([], None), "x": x * 2})
    for _ in range(2):
        given = compiled(X)
        assert (given["list"], given["names"], given["pair"]) == ([], {"k": "text"}, ([], None))
        given["list"].append(1)
        given["pair"][0].append(1)
        given["names"]["more"] = 2


def test_python_floats_and_numpys_are_told_apart():
    for f in (lambda x: np.sin(x) * (2 if isinstance(x, np.generic) else 3), lambda x: np.sin(x) * 2):
        compiled = tg.compile(f)
        for x in (0.0, np.float64(0.0), 1.0, np.float64(1.0)):
            assert compiled(x) == f(x)


def test_what_a_function_refuses_is_refused_although_nobody_uses_what_it_gives():
    def f(m):
        np.linalg.cholesky(m)
        return m * 2

    compiled = tg.compile(f)
    assert np.array_equal(compiled(np.eye(2)), 2 * np.eye(2))
    with pytest.raises(np.linalg.LinAlgError, match="positive definite"):
        compiled(-np.eye(2))


ORDERS = {
    "columns": lambda m: np.reshape(m * 2, (3, 2), order="F"),
    "a view": lambda m: np.reshape(m[0], (3, 1), order="F"),
    "flat": lambda m: np.ravel(m * 2, "F"),
    "as it lies": lambda m: np.ravel((m * 2).T, "K"),
    "as its columns lie": lambda m: (m * 2).T.flatten("A"),
    "a copy": lambda m: np.copy(m.T * 2, order="F").ravel("K"),
    "the same axis twice": lambda m: np.swapaxes(m * 2, 1, -1),
    "a matrix": lambda m: np.swapaxes(m * 2, -2, -1),
}


@pytest.mark.parametrize("way", [{}, {"plain": True}], ids=str)
@pytest.mark.parametrize("name", ORDERS)
def test_orders(name, way):
    compiled = tg.compile(ORDERS[name], **way)
    for m in (np.arange(6.0).reshape(2, 3), np.arange(6.0).reshape(3, 2).T, np.ones((2, 3))):
        assert np.array_equal(compiled(m), ORDERS[name](m))
    assert compiled.fallbacks == 0


def test_a_switch_that_comes_in_is_known():
    compiled = tg.compile(lambda m, k: np.linalg.svd(m, 0, k))
    for k in (1, 0, 2):
        given, expected = compiled(np.eye(3) * 2, k), np.linalg.svd(np.eye(3) * 2, 0, k)
        assert len(given) == len(expected)
        assert np.array_equal(given[1], expected[1])


def test_slopes_of_tanh_of_a_single_float32_stand_on_their_own():
    x = np.float32(0.75)
    slope = tg.compile(tg.grad(lambda x: np.tanh(x) * np.float32(2)))
    assert [slope(x), slope(x)] == [tg.grad(lambda x: np.tanh(x) * np.float32(2))(x)] * 2
