"""Layer normalisation holds to the ends of the float range, embedding counts, and masks hide what they should."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygrad_edu as tg
from tinygrad_edu.functions import attention, embedding, layer_norm, softmax

EPS = np.finfo(float).eps
inf = np.inf


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def test_layer_norm_is_its_formula():
    x, scale, shift = normal(2, 3, 4), normal(4, seed=1), normal(4, seed=2)
    for axis, eps in ((-1, 1e-5), (0, 0.5), ((0, 2), 1e-5), (None, 2)):
        fine = x.astype(np.longdouble)
        fine = (fine - fine.mean(axis, keepdims=True)) / np.sqrt(fine.var(axis, keepdims=True) + eps)
        roundings = 16 * EPS * np.max(abs(fine))
        assert np.all(abs(layer_norm(x, axis=axis, eps=eps) - fine) <= roundings)
        wanted = fine * scale + shift
        given = layer_norm(x, scale, shift, axis=axis, eps=eps)
        assert np.all(abs(given - wanted) <= roundings * abs(scale) + 2 * EPS * abs(wanted))


@pytest.mark.parametrize("constant", [0.0, 0.1, -1e10 / 3, 1e200])
def test_layer_norm_of_a_constant_is_zero(constant):
    z, pull = tg.vjp(layer_norm, np.full(7, constant))
    np.testing.assert_array_equal(z, np.zeros(7))
    g = normal(7)
    np.testing.assert_allclose(pull(g)[0], (g - g.mean()) / np.sqrt(1e-5), rtol=64 * EPS)


@pytest.mark.parametrize("far", [1e4, 1e8, -1e12])
def test_layer_norm_far_from_zero_keeps_full_precision(far):
    x = far + normal(3, 8)
    fine = x.astype(np.longdouble)
    fine -= fine.mean(-1, keepdims=True)
    fine /= np.sqrt(np.mean(fine**2, -1, keepdims=True) + np.longdouble(1e-5))
    assert np.all(abs(layer_norm(x) - fine) <= 16 * EPS * np.max(abs(fine)))


@pytest.mark.parametrize(("dtype", "huge"), [(float, 1e200), (float, 5e307), (np.float32, 1e25), (np.float32, 1e38)])
def test_layer_norm_of_huge_numbers_does_not_overflow(dtype, huge):
    u, g = np.array([[0.5, 1.5, 2.0, -1.0], [1.0, 2.0, 3.0, 3.0]]), normal(2, 4).astype(dtype)
    x = u.astype(dtype)
    x[0] *= huge  # beside a row that is not huge
    eps = np.array([[1e-5 / huge / huge], [1e-5]])
    fine, back = tg.vjp(lambda u: (u - u.mean(-1, keepdims=True)) / np.sqrt(u.var(-1, keepdims=True) + eps), u)
    z, pull = tg.vjp(layer_norm, x)
    bound = 16 * np.finfo(dtype).eps
    assert np.all(abs(z - fine) <= bound * np.max(abs(fine)))
    wanted = back(g)[0] / [[huge], [1.0]]
    within = bound * np.max(abs(wanted), axis=-1, keepdims=True) + np.finfo(dtype).smallest_subnormal
    assert np.all(abs(pull(g)[0] - wanted) <= within)
    assert pull(g)[0].dtype == z.dtype == dtype


@pytest.mark.parametrize(
    ("said", "arguments", "keywords"),
    [
        (r"axis: axis 2 is out of bounds", (np.ones((2, 3)),), {"axis": 2}),
        (r"axis: axis -1 is out of bounds", (1.0,), {}),
        (r"x has shape \(2, 0\), with nothing along axis -1", (np.ones((2, 0)),), {}),
        (r"eps is 0; it must be above 0", (np.ones(3),), {"eps": 0}),
        (r"eps is nan; it must be above 0", (np.ones(3),), {"eps": np.nan}),
        (r"scale of shape \(2,\) does not broadcast to \(2, 3\)", (np.ones((2, 3)), np.ones(2)), {}),
        (r"shift of shape \(4, 2, 3\) does not broadcast", (np.ones((2, 3)), None, np.ones((4, 2, 3))), {}),
    ],
)
def test_layer_norm_refuses_what_does_not_fit(said, arguments, keywords):
    for first in (arguments[0], tg.Value(arguments[0])):
        with pytest.raises(ValueError, match=f"layer_norm: {said}"):
            layer_norm(first, *arguments[1:], **keywords)


@settings(max_examples=20)
@given(st.lists(st.integers(0, 4), max_size=12), st.sampled_from([np.int8, np.uint8, np.int64]))
def test_embedding_picks_rows_and_its_gradient_counts_them(indices, dtype):
    indices = np.array(indices, dtype)
    table = normal(5, 300)
    z, pull = tg.vjp(lambda table: embedding(table, indices), table)
    np.testing.assert_array_equal(z, table[indices])
    counts = np.bincount(indices.astype(int), minlength=5)
    np.testing.assert_array_equal(pull(np.ones(z.shape))[0], np.broadcast_to(counts[:, None], (5, 300)))


def test_gradient_of_picked_rows_is_that_of_picked_numbers():
    x, rows = normal(4, 3), np.array([[-1, 0], [3, -4]])
    g = normal(2, 2, 3)
    wanted = np.zeros((4, 3))
    np.add.at(wanted, rows, g)
    for pick in (lambda x: x[rows], lambda x: x[rows.tolist()], lambda x: np.take(x, rows, axis=0)):
        np.testing.assert_array_equal(tg.vjp(pick, x)[1](g)[0], wanted)


@pytest.mark.parametrize(
    ("error", "said", "table", "indices"),
    [
        (ValueError, r"indices go from -1 to 1; with 2 rows they are 0 to 1", np.ones((2, 3)), [1, -1]),
        (ValueError, r"indices go from 0 to 2", np.ones((2, 3)), [[0, 2]]),
        (TypeError, r"indices are of dtype float64; pass integers", np.ones((2, 3)), [0.0]),
        (TypeError, r"indices are of dtype bool", np.ones((2, 3)), [True, False]),
        (TypeError, r"indices are a Value", np.ones((2, 3)), tg.Value([1.0])),
        (ValueError, r"table has shape \(3,\); pass \(v, d\)", np.ones(3), [0]),
    ],
)
def test_embedding_refuses_what_is_no_row(error, said, table, indices):
    for wrap in (np.asarray, tg.Value):
        with pytest.raises(error, match=f"embedding: {said}"):
            embedding(wrap(table), indices)


def test_attention_is_its_formula_one_query_after_the_other():
    q, k, v = normal(2, 3, 4), normal(2, 5, 4, seed=1), normal(5, 2, seed=2)
    mask = np.random.default_rng(3).random((3, 5)) < 0.6
    mask[:, 0] = True
    z = attention(q, k, v, mask)
    assert z.shape == (2, 3, 2)
    for i, j in np.ndindex(2, 3):
        may = mask[j]
        e = np.exp((k[i][may] @ q[i, j] / 2).astype(np.longdouble))
        assert np.all(abs(z[i, j] - e @ v[may] / e.sum()) <= 32 * EPS * np.max(abs(v)))


def test_without_a_mask_everything_is_looked_at():
    q, k, v = normal(3, 4), normal(5, 4, seed=1), normal(5, 2, seed=2)
    np.testing.assert_array_equal(attention(q, k, v), attention(q, k, v, np.full((3, 5), True)))
    np.testing.assert_array_equal(attention(q, k, v), softmax(q * 0.5 @ k.T) @ v)


MASKS = {
    "truth values": lambda mask: mask,
    "a list": lambda mask: mask.tolist(),
    "floats to add": lambda mask: np.where(mask, 0.0, -inf),
}


@pytest.mark.parametrize("kind", MASKS.values(), ids=MASKS)
def test_where_the_mask_forbids_nothing_is_seen_and_nothing_comes_back(kind):
    mask = np.array([[True, False, True], [False, False, False]])
    q, k, v = normal(4, 2, 2), normal(4, 3, 2, seed=1), normal(4, 3, 2, seed=2)
    z, pull = tg.vjp(lambda q, k, v: attention(q, k, v, kind(mask)), q, k, v)
    np.testing.assert_array_equal(z[:, 1], np.zeros((4, 2)))
    without = attention(q[:, :1], k[:, ::2], v[:, ::2])[:, 0]
    assert np.all(abs(z[:, 0] - without) <= 16 * EPS * np.max(abs(v)))
    dq, dk, dv = pull(normal(4, 2, 2, seed=3))
    np.testing.assert_array_equal(dq[:, 1], np.zeros((4, 2)))
    np.testing.assert_array_equal(dk[:, 1], np.zeros((4, 2)))
    np.testing.assert_array_equal(dv[:, 1], np.zeros((4, 2)))
    seen = pull(np.ones((4, 2, 2)))[2]
    np.testing.assert_allclose(seen.sum(axis=1), np.ones((4, 2)), rtol=4 * EPS)
    second = tg.grad(lambda q: np.sum(tg.grad(lambda q: np.sum(attention(q, k, v, kind(mask))))(q) ** 2))(q)
    np.testing.assert_array_equal(second[:, 1], np.zeros((4, 2)))
    assert np.all(np.isfinite(second))


def test_nobody_sees_what_is_later():
    q, k, v = normal(4, 2), normal(4, 2, seed=1), normal(4, 2, seed=2)
    slopes = tg.jacobian(lambda v: attention(q, k, v, np.tri(4, dtype=bool)))(v)
    seen = np.any(slopes != 0, axis=(1, 3))
    np.testing.assert_array_equal(seen, np.tri(4, dtype=bool))


def test_attention_does_not_overflow_and_float32_stays():
    q, k, v = (np.float32([[1e15, 0.0]]), np.float32([[1e15, 0.0], [0.0, 1.0]]), np.float32([[2.0], [5.0]]))
    z, pull = tg.vjp(lambda *tokens: attention(*tokens, np.array([True, True])), q, k, v)
    assert z == 2.0
    assert [g.dtype for g in (z, *pull(z))] == [np.float32] * 4
    assert all(np.all(np.isfinite(g)) for g in pull(z))


@pytest.mark.parametrize(
    ("error", "said", "shapes", "mask"),
    [
        (ValueError, r"q, k and v have shapes \(2, 3\), \(4, 2\) and \(4, 2\)", [(2, 3), (4, 2), (4, 2)], None),
        (ValueError, r"q, k and v have shapes", [(2, 3), (4, 3), (5, 3)], None),
        (ValueError, r"q, k and v have shapes", [(3,), (4, 3), (4, 3)], None),
        (ValueError, r"q, k and v have shapes", [(2, 2, 3), (3, 4, 3), (4, 3)], None),
        (ValueError, r"with something along d and s", [(2, 0), (4, 0), (4, 3)], None),
        (ValueError, r"mask of shape \(2, 2\) does not broadcast to \(2, 4\)", [(2, 3), (4, 3), (4, 3)], np.eye(2) > 0),
        (ValueError, r"mask of shape \(3, 2, 4\) does not", [(2, 3), (4, 3), (4, 3)], np.ones((3, 2, 4), bool)),
        (TypeError, r"mask is of dtype int64; pass mask.astype\(bool\)", [(2, 3), (4, 3), (4, 3)], [1, 1, 1, 0]),
        (TypeError, r"mask is a Value", [(2, 3), (4, 3), (4, 3)], tg.Value(np.ones(4))),
    ],
)
def test_attention_refuses_what_does_not_fit(error, said, shapes, mask):
    for wrap in (np.asarray, tg.Value):
        with pytest.raises(error, match=f"attention: .*{said}"):
            attention(*[wrap(np.ones(shape)) for shape in shapes], mask)
