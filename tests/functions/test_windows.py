"""Convolution, pooling and unfolding of images with one, two or three spatial axes, against loops and against torch."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygrad_edu as tg
from tests.against_torch import agree
from tests.functions.test_convolution import layouts, whole
from tinygrad_edu import functions as F
from tinygrad_edu.functions import im2col
from tinygrad_edu.functions.convolution import conv_weights


@st.composite
def geometries(draw, largest=3):
    """Draw the shape of images and of a kernel, and keywords that go with them."""
    count = draw(st.integers(1, largest))

    def each(least, most):
        return tuple(draw(st.lists(st.integers(least, most), min_size=count, max_size=count)))

    size, stride, padding, dilation = each(1, 3), each(1, 3), each(0, 2), each(1, 3)
    more = each(0, 3)
    image = tuple(max(1, (k - 1) * d + 1 - 2 * p) + m for k, d, p, m in zip(size, dilation, padding, more, strict=True))
    return image, size, {"stride": stride, "padding": padding, "dilation": dilation}


def window(x, place, size, stride, dilation):
    """What one window of images with their borders holds."""
    starts = (i * s for i, s in zip(place, stride, strict=True))
    return x[..., *(slice(a, a + (k - 1) * d + 1, d) for a, k, d in zip(starts, size, dilation, strict=True))]


def frame(x, padding):
    return np.pad(x, ((0, 0), (0, 0), *((p, p) for p in padding)))


def places(image, size, stride, padding, dilation):
    lengths = [
        (m + 2 * p - (k - 1) * d - 1) // s + 1
        for m, k, s, p, d in zip(image, size, stride, padding, dilation, strict=True)
    ]
    return tuple(lengths), itertools.product(*map(range, lengths))


def conv_by_hand(x, w, groups, stride, padding, dilation):
    """Window by window, the sum of what it holds times the weights."""
    out, everywhere = places(x.shape[2:], w.shape[2:], stride, padding, dilation)
    z = np.zeros((len(x), len(w), *out))
    framed, share, depth = frame(x, padding), len(w) // groups, w.shape[1]
    for place, o in itertools.product(everywhere, range(len(w))):
        held = window(framed, place, w.shape[2:], stride, dilation)[:, o // share * depth :][:, :depth]
        z[:, o, *place] = (held * w[o]).sum(axis=tuple(range(1, x.ndim)))
    return z


@settings(max_examples=60)
@given(geometries(), st.integers(0, 2), *[st.integers(1, 2)] * 3, layouts)
def test_convolution_is_the_sum_over_every_window_and_has_two_adjoints(geometry, n, groups, depth, share, layout):
    image, size, how = geometry
    x, w = whole((n, groups * depth, *image), 0), whole((groups * share, depth, *size), 1)
    with layout:
        z = F.conv(x, w, groups=groups, **how)
        np.testing.assert_array_equal(z, conv_by_hand(x, w, groups, **how))
        y = whole(z.shape, 2)
        back = F.conv_transpose(y, w, size=image, groups=groups, **how)
        weights = conv_weights(x, y, size=size, groups=groups, **how)
        pulled = tg.vjp(lambda x, w: F.conv(x, w, groups=groups, **how), x, w)[1](y)
    assert np.sum(z * y) == np.sum(x * back) == np.sum(w * weights)
    for gradient, adjoint in zip(pulled, (back, weights), strict=True):
        np.testing.assert_array_equal(gradient, adjoint)
    if len(image) == 2:
        np.testing.assert_array_equal(F.conv2d(x, w, groups=groups, **how), z)
        np.testing.assert_array_equal(F.conv2d_transpose(y, w, size=image, groups=groups, **how), back)


@pytest.mark.parametrize("n", [1, im2col.MANY])
@pytest.mark.parametrize("c", [2, im2col.SHALLOW])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_however_images_are_laid_out_convolution_is_the_sum_over_every_window(n, c, count):
    how = {"stride": (1, 2, 1)[:count], "padding": (1, 0, 0)[:count], "dilation": (2, 1, 1)[:count]}
    x, w = whole((n, c, *(5, 4, 3)[:count]), 0), whole((2, c, *(2, 2, 3)[:count]), 1)
    z, pull = tg.vjp(lambda x, w: F.conv(x, w, **how), x, w)
    np.testing.assert_array_equal(z, conv_by_hand(x, w, 1, **how))
    y = whole(z.shape, 2)
    back, weights = pull(y)
    assert np.sum(z * y) == np.sum(x * back) == np.sum(w * weights)


@settings(max_examples=40)
@given(geometries(), st.integers(0, 2), st.integers(1, 2))
def test_columns_are_windows_and_fold_is_the_adjoint(geometry, n, c):
    image, size, how = geometry
    x = whole((n, c, *image), 0)
    columns = F.unfold(x, size=size, **how)
    _, everywhere = places(image, size, **how)
    framed = frame(x, how["padding"])
    held = [
        window(framed, place, size, how["stride"], how["dilation"]).reshape(n, columns.shape[1]) for place in everywhere
    ]
    np.testing.assert_array_equal(columns, np.stack(held, axis=-1))
    y = whole(columns.shape, 1)
    folded = F.fold(y, image=image, size=size, **how)
    assert folded.shape == x.shape
    assert np.sum(columns * y) == np.sum(x * folded)
    np.testing.assert_array_equal(tg.vjp(lambda x: F.unfold(x, size=size, **how), x)[1](y)[0], folded)
    np.testing.assert_array_equal(tg.vjp(lambda y: F.fold(y, image=image, size=size, **how), y)[1](x)[0], columns)


POOLS = {F.max_pool: np.max, F.mean_pool: np.mean}


@settings(max_examples=40)
@given(geometries(), st.sampled_from([*POOLS]), st.integers(0, 2))
def test_pooling_reduces_every_window(geometry, pool, n):
    image, size, how = geometry
    ones, none = (1,) * len(size), (0,) * len(size)
    image = tuple(max(m, k) for m, k in zip(image, size, strict=True))
    x = whole((n, 2, *image), 0)
    out, everywhere = places(image, size, how["stride"], none, ones)
    z = pool(x, size, how["stride"])
    assert z.shape == (n, 2, *out)
    axes = tuple(range(2, x.ndim))
    for place in everywhere:
        wanted = POOLS[pool](window(x, place, size, how["stride"], ones), axis=axes)
        np.testing.assert_allclose(z[..., *place], wanted, rtol=64 * np.finfo(float).eps)


ADAPTIVE = {F.adaptive_max_pool: np.max, F.adaptive_mean_pool: np.mean}


@given(st.sampled_from([*ADAPTIVE]), st.lists(st.tuples(st.integers(1, 6), st.integers(1, 6)), min_size=1, max_size=2))
def test_adaptive_pooling_covers_images_evenly(pool, axes):
    image, out = zip(*axes, strict=True)
    x = np.random.default_rng(0).normal(size=(2, 1, *image))
    z = pool(x, out)
    assert z.shape == (2, 1, *out)
    for place in itertools.product(*map(range, out)):
        ends = [(i * n // m, int(np.ceil((i + 1) * n / m))) for i, n, m in zip(place, image, out, strict=True)]
        held = x[..., *(slice(*each) for each in ends)]
        wanted = ADAPTIVE[pool](held, axis=tuple(range(2, x.ndim)))
        assert np.all(abs(z[..., *place] - wanted) <= held.size * np.finfo(float).eps * np.max(abs(held)))


@pytest.mark.parametrize("shape", [(1, 1, 6), (1, 1, 5), (1, 1, 4, 3)])
def test_ties_share_evenly_in_windows_of_adaptive_pooling(shape):
    slope = tg.grad(lambda x: np.sum(F.adaptive_max_pool(x, 1)))(np.ones(shape))
    np.testing.assert_allclose(slope, np.full(shape, 1 / np.prod(shape)), rtol=4 * np.finfo(float).eps)


X = np.random.default_rng(3).normal(size=(2, 4, 7, 6, 5))
CASES = {
    "plain": {},
    "strided": {"stride": 2, "padding": 1},
    "dilated": {"dilation": 2, "padding": 2},
    "grouped": {"groups": 2, "stride": 2},
    "all": {"stride": 2, "padding": 1, "dilation": 2, "groups": 2},
}


def pulled(f, *arrays):
    z, pull = tg.vjp(f, *arrays)
    return [z, *pull(np.cos(np.arange(z.size)).reshape(z.shape))]


def torchs(f, *arrays):
    """The same with torch."""

    def compute(torch):
        tensors = [torch.tensor(x, requires_grad=True) for x in arrays]
        z = f(torch.nn.functional, *tensors)
        z.backward(torch.tensor(np.cos(np.arange(z.numel())).reshape(z.shape)))
        return [z, *(x.grad for x in tensors)]

    return compute


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("case", CASES)
def test_convolutions_are_torchs(count, case):
    how, x = CASES[case], X[(..., *[0] * (3 - count))]
    w = np.random.default_rng(4).normal(size=(6, 4 // how.get("groups", 1), *(3, 2, 2)[:count]))
    agree(
        f"conv{count}d {case}",
        pulled(lambda x, w: F.conv(x, w, **how), x, w),
        torchs(lambda f, x, w: getattr(f, f"conv{count}d")(x, w, **how), x, w),
    )
    w = np.random.default_rng(5).normal(size=(4, 2, *(3, 2, 2)[:count]))
    agree(
        f"conv_transpose{count}d {case}",
        pulled(lambda x, w: F.conv_transpose(x, w, **how), x, w),
        torchs(lambda f, x, w: getattr(f, f"conv_transpose{count}d")(x, w, **how), x, w),
    )


@pytest.mark.parametrize("count", [1, 2, 3])
def test_pooling_is_torchs(count):
    x = X[(..., *[0] * (3 - count))]
    for kind, theirs in (("max", "max"), ("mean", "avg")):
        pool, adaptive = getattr(F, f"{kind}_pool"), getattr(F, f"adaptive_{kind}_pool")
        agree(
            f"{theirs}_pool{count}d",
            pulled(lambda x, pool=pool: pool(x, 2, 1), x),
            torchs(lambda f, x, theirs=theirs: getattr(f, f"{theirs}_pool{count}d")(x, 2, 1), x),
        )
        agree(
            f"adaptive_{theirs}_pool{count}d",
            pulled(lambda x, adaptive=adaptive: adaptive(x, (3, 2, 3)[:count]), x),
            torchs(lambda f, x, theirs=theirs: getattr(f, f"adaptive_{theirs}_pool{count}d")(x, (3, 2, 3)[:count]), x),
        )


def test_unfold_and_fold_are_torchs():
    x, how = X[..., 0], {"stride": (2, 1), "padding": 1, "dilation": (1, 2)}
    agree(
        "unfold",
        pulled(lambda x: F.unfold(x, size=(3, 2), **how), x),
        torchs(lambda f, x: f.unfold(x, (3, 2), **how), x),
    )
    y = F.unfold(x, size=(3, 2), **how)
    agree(
        "fold",
        pulled(lambda y: F.fold(y, image=(7, 6), size=(3, 2), **how), y),
        torchs(lambda f, y: f.fold(y, (7, 6), (3, 2), **how), y),
    )


FUNCTIONS = {
    "conv": lambda x: F.conv(x, np.ones((2, 1, 2), x.dtype), dilation=2, padding=1),
    "conv_transpose": lambda x: F.conv_transpose(x, np.ones((1, 2, 2), x.dtype), stride=2, dilation=2),
    "max_pool": lambda x: F.max_pool(x, 2, 1),
    "mean_pool": lambda x: F.mean_pool(x, 2),
    "adaptive_max_pool": lambda x: F.adaptive_max_pool(x, 2),
    "adaptive_mean_pool": lambda x: F.adaptive_mean_pool(x, 4),
    "unfold": lambda x: F.unfold(x, size=2, padding=1),
    "fold": lambda x: F.fold(np.concatenate([x, x], axis=1), image=(6,), size=2),
}


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_compiled_is_eager_and_keeps_the_dtype(function, dtype):
    def loss(x):
        return np.sum(np.sin(function(x)))

    x = np.random.default_rng(0).normal(size=(2, 1, 5)).astype(dtype)
    compiled = tg.compile(tg.value_and_grad(loss))
    compiled(x)
    for got, wanted in zip(compiled(x + 1), tg.value_and_grad(loss)(x + 1), strict=True):
        assert got.dtype == wanted.dtype == dtype
        assert np.all(abs(got - wanted) <= 32 * np.finfo(dtype).eps * np.max(abs(wanted)))


SIGNAL, Y = np.ones((1, 2, 5)), np.ones((1, 4, 4))


@pytest.mark.parametrize(
    ("error", "said", "call"),
    [
        (ValueError, r"conv: x has shape \(2, 5\); reshape it to \(n, c, \.\.\.\)", lambda: F.conv(SIGNAL[0], SIGNAL)),
        (TypeError, "conv: x is a list", lambda: F.conv(SIGNAL.tolist(), SIGNAL)),
        (ValueError, r"conv1d: w has shape \(1, 2, 5, 1\); reshape it to \(o, c / groups, kw\)",
         lambda: F.conv(SIGNAL, SIGNAL[..., None])),
        (ValueError, "conv1d: dilation is or holds 0", lambda: F.conv(SIGNAL, SIGNAL, dilation=0)),
        (TypeError, r"conv1d: dilation is or holds \(1, 1\)", lambda: F.conv(SIGNAL, SIGNAL, dilation=(1, 1))),
        (ValueError, r"conv1d: windows of \(9,\) do not fit into images of \(5,\)",
         lambda: F.conv(SIGNAL, SIGNAL, dilation=2)),
        (ValueError, r"conv1d_transpose: y of shape .* from images of \(9,\); pass a size from \(5,\) to \(6,\)",
         lambda: F.conv_transpose(np.ones((1, 1, 2)), np.ones((1, 1, 3)), stride=2, dilation=1, size=9)),
        (ValueError, r"max_pool: x has shape \(2, 5\)", lambda: F.max_pool(SIGNAL[0], 2)),
        (ValueError, "mean_pool1d: size is or holds 0", lambda: F.mean_pool(SIGNAL, 0)),
        (ValueError, r"max_pool3d: windows of \(2, 2, 2\)", lambda: F.max_pool(np.ones((1, 1, 2, 2, 1)), 2)),
        (ValueError, "adaptive_max_pool1d: size is or holds 0", lambda: F.adaptive_max_pool(SIGNAL, 0)),
        (TypeError, r"adaptive_mean_pool1d: size is or holds \(1, 1\)", lambda: F.adaptive_mean_pool(SIGNAL, (1, 1))),
        (ValueError, "images without a number", lambda: F.adaptive_mean_pool(SIGNAL[..., :0], 1)),
        (ValueError, r"unfold: x has shape \(2, 5\)", lambda: F.unfold(SIGNAL[0], size=2)),
        (ValueError, r"unfold: windows of \(6,\) do not fit", lambda: F.unfold(SIGNAL, size=6)),
        (TypeError, "fold: image is 5; pass a tuple", lambda: F.fold(Y, image=5, size=2)),
        (ValueError, r"fold: y has shape \(1, 4, 4\); .* gives \(n, c \* 2, 5\)",
         lambda: F.fold(Y, image=(6,), size=2)),
        (ValueError, r"gives \(n, c \* 3, 4\)", lambda: F.fold(Y, image=(6,), size=3)),
        (ValueError, r"fold: y has shape \(4, 4\); reshape it to \(n, c \* k, m\)",
         lambda: F.fold(Y[0], image=(6,), size=2)),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(error, said, call):
    with pytest.raises(error, match=said):
        call()
