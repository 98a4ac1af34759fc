"""Products of stacks of rows and columns, as `vmap` makes them: one product of matrices, and einsum.

n  how many examples
"""

import numpy as np
import pytest

import tinygrad_edu as tg

EPS = np.finfo(float).eps
RNG = np.random.default_rng(0)
W = RNG.normal(size=(16, 8))


def each(loss, in_axes=(None, 0)):
    return tg.vmap(tg.value_and_grad(loss, (0, 1)), in_axes=in_axes)


def assert_same(f, *given, calls=(), others=()):
    """Fail unless f, compiled, gives what it gives; each of `calls` stands in the program, and none of `others`."""
    compiled = tg.compile(f)
    coarsest = max(np.finfo(x.dtype).eps for x in given)  # in which BLAS adds up a stack otherwise than one of it
    for _ in range(2):
        for x, y in zip(tg.tree.leaves(f(*given)), tg.tree.leaves(compiled(*given)), strict=True):
            assert (x.shape, x.dtype, x.flags.c_contiguous) == (y.shape, y.dtype, y.flags.c_contiguous)
            np.testing.assert_allclose(y, x, rtol=0, atol=64 * coarsest * np.max(abs(x), initial=0.0))
    assert compiled.fallbacks == 0
    assert all(call in compiled.source for call in calls), compiled.source
    assert not any(call in compiled.source for call in others), compiled.source


def loss(w, x):
    return np.sum(np.tanh(np.tanh(x @ w) @ np.ones((8, 3))))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("n", [1, 3, 128])
def test_gradients_of_each_example(n, dtype):
    einsum = ["np.einsum('...ij,...jk->...ik'"] if n == 128 else []
    assert_same(each(loss), W.astype(dtype), RNG.normal(size=(n, 16)).astype(dtype), calls=einsum, others=["matmul"])


def test_other_layouts_and_places():
    assert_same(each(loss), np.asfortranarray(W), RNG.normal(size=(128, 16)))
    assert_same(each(loss, (None, 1)), W, RNG.normal(size=(16, 128)))
    assert_same(each(loss, (0, 0)), RNG.normal(size=(128, 16, 8)), RNG.normal(size=(128, 16)))
    assert_same(each(lambda w, x: loss(w.T, x)), W.T.copy(), RNG.normal(size=(128, 16)))
    assert_same(each(lambda w, x: np.sum((x[:, None] * x) @ w @ w.T)), W, RNG.normal(size=(128, 16)))
    assert_same(tg.vmap(each(loss), in_axes=(None, 0)), W, RNG.normal(size=(8, 16, 16)))
    assert_same(
        tg.vmap(tg.hessian(lambda w, x: np.sum(np.tanh(x @ w))), in_axes=(None, 0)), W[:4], RNG.normal(size=(30, 4))
    )


def test_other_products_of_many_numbers():
    x, y = RNG.normal(size=(2, 20_000))
    assert_same(tg.grad(lambda x, y: np.sum(np.sin(x * y) * x), (0, 1)), x, y, others=["einsum"])
    assert_same(tg.grad(lambda x, y: np.sum(np.sin(x[:, None] * y) * y), (0, 1)), x[:200], y[:100])


def test_a_user_s_product_of_columns_and_rows_keeps_the_sign_of_zero():
    x, y = np.zeros((128, 16, 1)), -np.ones((128, 1, 8))
    compiled = tg.compile(lambda x, y: x * y)
    compiled(x, y)
    assert np.signbit(compiled(x, y)).all()


@pytest.mark.parametrize("shape", [(5, 3), (2, 5, 3), (2, 0, 3), (0, 3)])
def test_a_matrix_that_a_stack_is_multiplied_by(shape):
    x, w = RNG.normal(size=shape), RNG.normal(size=(3, 4))
    slopes = tg.grad(lambda w, x: np.sum(np.sin(x @ w)), (0, 1))
    spelt = tg.grad(lambda w, x: np.sum(np.sin(np.einsum("...i,ij->...j", x, w))), (0, 1))
    for got, wanted in zip(slopes(w, x), spelt(w, x), strict=True):
        np.testing.assert_allclose(got, wanted, rtol=0, atol=64 * EPS * np.max(abs(wanted), initial=0.0))
    assert_same(slopes, w, x)
