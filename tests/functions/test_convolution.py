"""Convolution is the sum that its definition says, the other two are its adjoints, and what does not fit is refused."""

import contextlib
import itertools

import dask.array
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import correlate2d

import tinygrad_edu as tg
from tinygrad_edu.functions import conv2d, conv2d_transpose, im2col
from tinygrad_edu.functions.convolution import conv_weights

pairs = {n: st.tuples(*[st.integers(*n)] * 2) for n in [(0, 2), (1, 3), (0, 3)]}


def whole(shape, seed):
    """Draw small whole numbers, whose products and sums are exact in any order."""
    return np.random.default_rng(seed).integers(-9, 10, shape).astype(float)


@st.composite
def convolutions(draw):
    """Draw images, weights, and keywords that go with them."""
    n, groups, depth, share = (draw(st.integers(*ends)) for ends in [(0, 2), (1, 3), (1, 2), (1, 2)])
    kernel, stride, padding, more = draw(pairs[1, 3]), draw(pairs[1, 3]), draw(pairs[0, 2]), draw(pairs[0, 3])
    image = [max(1, k - 2 * p) + m for k, p, m in zip(kernel, padding, more, strict=True)]
    x, w = whole((n, groups * depth, *image), 0), whole((groups * share, depth, *kernel), 1)
    return x, w, {"stride": stride, "padding": padding, "groups": groups}


def by_hand(x, w, stride, padding, groups):
    """Number by number, the sum of what its window holds."""
    (down, across), (top, left) = stride, padding
    (n, c, h, width), (o, depth, kh, kw) = x.shape, w.shape
    framed = np.zeros((n, c, h + 2 * top, width + 2 * left))
    framed[:, :, top : top + h, left : left + width] = x
    z = np.zeros((n, o, (h + 2 * top - kh) // down + 1, (width + 2 * left - kw) // across + 1))
    for image, channel, i, j in np.ndindex(z.shape):
        first = channel // (o // groups) * depth
        window = framed[image, first : first + depth, i * down : i * down + kh, j * across : j * across + kw]
        z[image, channel, i, j] = np.sum(window * w[channel])
    return z


@contextlib.contextmanager
def laid_out(many, shallow):
    """So many images count as many, and kernels of so many numbers as large."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(im2col, "MANY", many)
        patch.setattr(im2col, "SHALLOW", shallow)
        yield


layouts = st.builds(laid_out, st.sampled_from([1, 9]), st.sampled_from([0, 99]))


@settings(max_examples=80)
@given(convolutions(), layouts)
def test_it_is_the_sum_over_every_window(drawn, layout):
    x, w, how = drawn
    with layout:
        z = conv2d(x, w, **how)
    np.testing.assert_array_equal(z, by_hand(x, w, **how))


@settings(max_examples=80)
@given(convolutions(), layouts)
def test_the_other_two_are_its_adjoints(drawn, layout):
    x, w, how = drawn
    with layout:
        z = conv2d(x, w, **how)
        y = whole(z.shape, 2)
        back = conv2d_transpose(y, w, size=x.shape[2:], **how)
        weights = conv_weights(x, y, size=w.shape[2:], **how)
        z, pull = tg.vjp(lambda x, w: conv2d(x, w, **how), x, w)
        pulled = pull(y)
    assert (back.shape, weights.shape) == (x.shape, w.shape)
    assert np.sum(z * y) == np.sum(x * back) == np.sum(w * weights)
    for gradient, adjoint in zip(pulled, (back, weights), strict=True):
        np.testing.assert_array_equal(gradient, adjoint)


@pytest.mark.parametrize("n", [2, im2col.MANY])
@pytest.mark.parametrize("c", [2, im2col.SHALLOW // 3 + 1])
def test_images_may_lie_in_memory_as_they_like(n, c):
    x, w = whole((n, c, 5, 4), 0), whole((2, c, 3, 3), 1)
    z = conv2d(x, w)
    back, weights = conv2d_transpose(z, w), conv_weights(x, z, size=(3, 3))
    for axes in itertools.permutations(range(4)):
        turned = np.ascontiguousarray(x.transpose(axes)).transpose(np.argsort(axes))
        y = conv2d(turned, w)
        np.testing.assert_array_equal(y, z)
        np.testing.assert_array_equal(conv_weights(turned, y, size=(3, 3)), weights)
        turned = np.ascontiguousarray(z.transpose(axes)).transpose(np.argsort(axes))
        np.testing.assert_array_equal(conv2d_transpose(turned, w), back)


@pytest.mark.parametrize("n", [2, im2col.MANY])
def test_arrays_that_speak_numpys_protocols_can_be_the_images(n):
    x, w = whole((n, 2, 5, 4), 0), whole((2, 2, 3, 3), 1)
    z, pull = tg.vjp(lambda x, w: conv2d(x, w, padding=1), x, w)
    lazy, lazy_pull = tg.vjp(lambda x, w: conv2d(x, w, padding=1), *map(dask.array.from_array, (x, w)))
    for got, wanted in zip((lazy, *lazy_pull(lazy)), (z, *pull(z)), strict=True):
        assert isinstance(got, dask.array.Array)
        np.testing.assert_array_equal(got.compute(), wanted)


def test_it_is_scipys_correlation():
    x, kernel = whole((7, 6), 0), whole((3, 2), 1)
    z = conv2d(x[None, None], kernel[None, None], padding=(2, 1))
    np.testing.assert_array_equal(z[0, 0], correlate2d(x, kernel, "full"))


@pytest.mark.parametrize(("stride", "padding", "least"), [(1, 0, (4, 6)), (3, 0, (8, 12)), ((2, 3), (1, 0), (4, 12))])
def test_without_a_size_the_transpose_gives_the_smallest_images(stride, padding, least):
    y, w = whole((1, 2, 3, 4), 0), whole((2, 1, 2, 3), 1)
    how = {"stride": stride, "padding": padding}
    smallest = conv2d_transpose(y, w, **how)
    assert smallest.shape == (1, 1, *least)
    np.testing.assert_array_equal(smallest, conv2d_transpose(y, w, size=least, **how))
    for more in itertools.product(range(-1, 4), repeat=2):
        size = tuple(n + m for n, m in zip(least, more, strict=True))
        fits = all(0 <= m < s for m, s in zip(more, np.broadcast_to(stride, 2), strict=True))
        if fits:
            assert conv2d(conv2d_transpose(y, w, size=size, **how), w, **how).shape == y.shape
        else:
            with pytest.raises(ValueError, match=r"conv2d_transpose: y of shape .* pass a size from"):
                conv2d_transpose(y, w, size=size, **how)


def test_float32_stays_and_values_are_taken_as_arrays_are():
    x, w = whole((2, 2, 5, 5), 0).astype(np.float32), whole((4, 1, 3, 3), 1).astype(np.float32)
    z, pull = tg.vjp(lambda x, w: conv2d(x, w, stride=2, padding=1, groups=2), x, w)
    assert [g.dtype for g in (z, *pull(z))] == [np.float32] * 3
    np.testing.assert_array_equal(conv2d(tg.Value(x), w, groups=2).data, conv2d(x, tg.Value(w), groups=2).data)


X, W = np.ones((1, 4, 3, 3)), np.ones((2, 4, 2, 2))


@pytest.mark.parametrize(
    ("error", "said", "x", "w", "how"),
    [
        (ValueError, r"x has shape \(3, 3\); reshape it to \(n, c, h, w\)", X[0, 0], W, {}),
        (ValueError, r"w has shape \(4, 2, 2\); reshape it to \(o, c / groups, kh, kw\)", X, W[0], {}),
        (ValueError, r"takes images of 3 channels .* got 4 channels; w must have shape", X, W[:, :3], {}),
        (ValueError, r"takes images of 8 channels \(4 for each of 2 groups\)", X, W, {"groups": 2}),
        (ValueError, "groups must divide c and o", X, np.ones((3, 2, 2, 2)), {"groups": 2}),
        (ValueError, "groups is or holds 0; pass integers of at least 1", X, W, {"groups": 0}),
        (TypeError, r"groups is or holds \(1, 1\)", X, W, {"groups": (1, 1)}),
        (ValueError, "stride is or holds 0; pass integers of at least 1", X, W, {"stride": (1, 0)}),
        (TypeError, "stride is or holds 1.5", X, W, {"stride": 1.5}),
        (TypeError, r"stride is or holds \(1, 1, 1\)", X, W, {"stride": (1, 1, 1)}),
        (ValueError, "padding is or holds -1; pass integers of at least 0", X, W, {"padding": -1}),
        (ValueError, r"windows of \(2, 4\) do not fit into images of \(3, 3\)", X, np.ones((2, 4, 2, 4)), {}),
        (ValueError, "is empty; give every axis", X, W[:, :, :0], {}),
    ],
)
def test_what_does_not_fit_is_refused(error, said, x, w, how):
    for wrap in (np.asarray, tg.Value):
        with pytest.raises(error, match=f"conv2d: .*{said}"):
            conv2d(wrap(x), wrap(w), **how)


def test_lists_are_refused():
    with pytest.raises(TypeError, match=r"conv2d: x is a list; pass an array of shape \(n, c, h, w\)"):
        conv2d(X.tolist(), W)


@pytest.mark.parametrize(
    ("said", "y", "how"),
    [
        (r"y has shape \(4, 3, 3\)", X[0], {}),
        (r"has 4 channels, w of shape .* gives 2", X, {}),
        (r"padding is or holds -1", X[:, :2], {"padding": -1}),
        (r"size is or holds -2; pass integers of at least 1", X[:, :2], {"padding": 3}),
        (r"groups must divide c and o", X[:, :2], {"groups": 3}),
    ],
)
def test_transpose_refuses_what_does_not_fit(said, y, how):
    with pytest.raises(ValueError, match=f"conv2d_transpose: .*{said}"):
        conv2d_transpose(y, W, **how)
