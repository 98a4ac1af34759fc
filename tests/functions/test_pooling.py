"""Pooling gives the largest or the mean of every window; ties share; what does not fit is refused."""

import dask.array
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygrad_edu as tg
from tinygrad_edu.functions import max_pool2d, mean_pool2d

POOLS = {max_pool2d: np.max, mean_pool2d: np.mean}
EPS = np.finfo(float).eps


@settings(max_examples=40)
@given(
    st.sampled_from([*POOLS]),
    st.integers(0, 2),
    *[st.tuples(st.integers(1, 3), st.integers(1, 3))] * 2,
    st.tuples(st.integers(0, 3), st.integers(0, 3)),
)
def test_it_reduces_every_window(pool, n, size, stride, more):
    x = np.random.default_rng(0).normal(size=(n, 2, size[0] + more[0], size[1] + more[1]))
    wanted = np.empty((n, 2, more[0] // stride[0] + 1, more[1] // stride[1] + 1))
    for *image, i, j in np.ndindex(wanted.shape):
        down, across = i * stride[0], j * stride[1]
        wanted[*image, i, j] = POOLS[pool](x[*image, down : down + size[0], across : across + size[1]])
    np.testing.assert_allclose(pool(x, size, stride), wanted, rtol=size[0] * size[1] * EPS * 8)
    if stride == size:
        np.testing.assert_array_equal(pool(x, size), pool(x, size, stride))


def test_ties_share_evenly_in_each_window():
    x = np.array([[[[1.0, 1.0, 5.0], [1.0, 1.0, 5.0]]]])
    slope = tg.grad(lambda x: np.sum(max_pool2d(x, 2, 1)))(x)
    np.testing.assert_array_equal(slope, [[[[0.25, 0.25, 0.5], [0.25, 0.25, 0.5]]]])


@pytest.mark.parametrize("stride", [1, 2, 3])
def test_as_many_places_as_a_byte_cannot_count_share_evenly(stride):
    slope = tg.grad(lambda x: np.sum(max_pool2d(x, 16, stride)))(np.ones((1, 1, 16, 16)))
    np.testing.assert_array_equal(slope, np.full((1, 1, 16, 16), 1 / 256))


@pytest.mark.parametrize("pool", POOLS)
@pytest.mark.parametrize(("size", "stride"), [(1, None), (2, None), (2, 1), (2, 3)])
def test_results_share_no_memory_and_keep_the_layout_of_the_images(pool, size, stride):
    x = np.random.default_rng(0).normal(size=(2, 8, 6, 9)).transpose(3, 0, 1, 2)
    z = pool(x, size, stride)
    assert not np.shares_memory(z, x)
    assert np.array_equal(np.argsort(z.strides), np.argsort(x.strides))
    plain, pull_plain = tg.vjp(lambda x: pool(x, size, stride), np.ascontiguousarray(x))
    np.testing.assert_array_equal(z, plain)
    np.testing.assert_array_equal(tg.vjp(lambda x: pool(x, size, stride), x)[1](z)[0], pull_plain(z)[0])


@pytest.mark.parametrize("pool", POOLS)
@pytest.mark.parametrize(("size", "stride"), [(2, None), (2, 1)])
def test_arrays_that_speak_numpys_protocols_can_be_the_images(pool, size, stride):
    x = np.random.default_rng(0).normal(size=(2, 2, 4, 6))
    z, pull = tg.vjp(lambda x: pool(x, size, stride), x)
    lazy, lazy_pull = tg.vjp(lambda x: pool(x, size, stride), dask.array.from_array(x))
    for got, wanted in zip((lazy, *lazy_pull(lazy)), (z, *pull(z)), strict=True):
        assert isinstance(got, dask.array.Array)
        np.testing.assert_array_equal(got.compute(), wanted)


def test_what_is_left_over_is_in_no_window():
    x = np.arange(15.0).reshape(1, 1, 3, 5)
    slope = tg.grad(lambda x: np.sum(mean_pool2d(x, 2)))(x)
    np.testing.assert_array_equal(slope[0, 0], np.pad(np.full((2, 4), 0.25), ((0, 1), (0, 1))))


@pytest.mark.parametrize("pool", POOLS)
@pytest.mark.parametrize("size", [1, 2])
@pytest.mark.parametrize("kind", [np.uint8, bool])
def test_whole_numbers_are_taken_too(pool, size, kind):
    x = np.full((1, 1, 2, 2), 255).astype(kind)
    z = pool(x, size)
    assert z.dtype == POOLS[pool](x).dtype
    np.testing.assert_array_equal(z, np.broadcast_to(x[0, 0, 0, 0], z.shape))


@pytest.mark.parametrize("pool", POOLS)
def test_float32_stays(pool):
    z, pull = tg.vjp(lambda x: pool(x, 2), np.ones((1, 1, 4, 4), np.float32))
    assert (z.dtype, pull(z)[0].dtype) == (np.float32, np.float32)


@pytest.mark.parametrize("pool", POOLS)
@pytest.mark.parametrize(
    ("error", "said", "shape", "how"),
    [
        (ValueError, r"x has shape \(3, 3\); reshape it to \(n, c, h, w\)", (3, 3), {"size": 2}),
        (ValueError, "size is or holds 0; pass integers of at least 1", (1, 1, 3, 3), {"size": 0}),
        (TypeError, "size is or holds 2.0", (1, 1, 3, 3), {"size": 2.0}),
        (ValueError, "stride is or holds -1", (1, 1, 3, 3), {"size": 2, "stride": (1, -1)}),
        (ValueError, r"windows of \(4, 4\) do not fit into images of \(3, 3\)", (1, 1, 3, 3), {"size": 4}),
    ],
)
def test_what_does_not_fit_is_refused(pool, error, said, shape, how):
    for wrap in (np.asarray, tg.Value):
        with pytest.raises(error, match=f"{pool.__name__}: {said}"):
            pool(wrap(np.ones(shape)), **how)
