"""Batches do at once, and unseen, what is done with each array alone."""

import functools

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.derivatives.indexing import put_back
from tinygrad_edu.testing.oracles import ROUNDINGS, eps, largest
from tinygrad_edu.transforms.batching import Batch, identity_rows
from tinygrad_edu.transforms.batching.array import NotBatchableError, handlers
from tinygrad_edu.transforms.batching.one_hot import OneHotBatch, structured

generator = np.random.default_rng(0)
A = generator.normal(size=(2, 3, 4))
M = generator.normal(size=(4, 2))
MASK = A > 0
N = 5


def of_shape(*shape):
    return generator.normal(size=(N, *shape))


# fmt: off
CUBES = [  # of arrays x (2, 3, 4), done to the bit as with each alone
    "x * A", "A - x", "x / 3.0", "-x", "2.0 ** x", "x * A[0, 0]", "x + A[:1, :, :1]", "x * np.ones((2, 1, 1, 1))",
    "abs(x) % 0.5", "x // 0.5", "np.maximum(x, A)", "np.where(MASK, x, 0.0)", "np.where(MASK, 0.0, x)",
    "np.where(x > 0, x, A)", "np.where(MASK, x, x * 2)", "np.modf(x)[1]", "(x > 0) & MASK", "x.sum()",
    "np.sum(x, axis=1)", "np.sum(x, axis=(0, -1), keepdims=True)", "x.mean(axis=-1)", "x.max(axis=0)", "x.min()",
    "np.prod(x, axis=(1, 2))", "np.cumsum(x)", "x.cumsum(axis=1)", "np.any(x > 1, axis=2)", "np.flip(x)",
    "np.flip(x, axis=-1)", "np.flip(x, (0, 1))", "np.roll(x, 5)", "np.roll(x, 1, axis=1)",
    "np.roll(x, (1, 2), axis=(0, -1))", "x.reshape(6, 4)", "np.reshape(x, -1)", 'np.reshape(x, (4, 6), order="F")',
    "x.ravel()", "x.T", "x.mT", "x.transpose(1, 0, 2)", "np.transpose(x, (-1, 0, 1))", "np.swapaxes(x, 0, -1)",
    "np.moveaxis(x, 0, -1)", "np.moveaxis(x, (0, 1), (-1, 0))", "np.expand_dims(x, 0)", "np.expand_dims(x, (0, -1))",
    "np.squeeze(x[:, :1])", "np.squeeze(x[:1], axis=0)", "np.broadcast_to(x, (2, 2, 3, 4))",
    "np.broadcast_to(x[:1], (2, 3, 4))", "x[0]", "x[..., 1]", "x[:, None, 1:]", "x[[1, 0, 1]]", "x[1, [0, 2]]",
    "x[[0, 1], :, [2, 3]]", "x[0, :, [2, 3]]", "x[MASK]", "x[MASK[:, 0, 0]]", "x[...]", "x[np.array([[0, 1]]), 2]",
    "x[::-1, ::2]", "x[1, 2, 3]", "x[np.intp(1)]", "np.concatenate([x, A], axis=1)",
    "np.concatenate([A, x, x], axis=None)", "np.stack([x, A], axis=-1)", "np.stack([x, 2 * x])",
    "x.astype(np.float32)", "np.copy(x)", "np.deg2rad(x)", "np.zeros_like(x)", "np.ones_like(x, shape=3)",
    "np.full_like(x, 2.0, shape=(2, 2))", "np.sort(x, axis=0)", "np.tril(x)", "np.take(x, [1, 0], axis=2)",
    "np.diff(x)", "np.add.reduce(x)", "np.linalg.norm(x, axis=1)", "put_back(x, (slice(1, 3),), (4, 3, 4))",
    "put_back(x, [1, 1], (3, 3, 4))", "put_back(x, np.array([2, -3]), (3, 3, 4))", "len(x)",
    "put_back(x[:, 0], ([0, 1], slice(None)), (2, 4))", "put_back(x, ..., (2, 3, 4))", "sum(x)",
    "put_back(x[:, :, 0], ([0, 1], slice(None), [1, 1]), (2, 3, 4))", "np.add(x, A, dtype=np.float32)",
    "tg.functions.sigmoid(x)", "tg.functions.relu(x)", "np.divmod(x, 2.0)",
]
PRODUCTS = [  # of those too, in another order
    "x @ M", "x[0] @ M", "M.T @ x.mT", "x[0] @ M[:, 0]", "A[0, :, :3] @ x[0]", "x[0, 0] @ M", "x[0, 0] @ M[:, 0]",
    "M.T @ x[0, 0]", "M.T @ x[0, :1].T", "x[0] @ x[0].T", "x @ np.ones(4)", "np.ones(3) @ x", "x[0, 0] @ x[1].T",
    'np.einsum("ijk,kl->ijl", x, M)', 'np.einsum("...i,i...->...", x[0, 0], M)', "np.var(x, axis=0)",
    'np.einsum("ij,ij", x[0], A[0])', "np.dot(x, M)", 'np.einsum("...k->...", x)', "np.std(x)",
    "np.tensordot(x, A, 3)", "A[0] @ x[0, 0]", "A @ x[0, 0]",
]
NUMBERS = [  # of numbers x
    "x * 2.0", "x + A", "np.sum(x)", "x[()]", "x[None]", "np.where(MASK, x, 0.0)", "np.broadcast_to(x, (2, 3))",
    "np.reshape(x, (1, 1))", "put_back(x, (1,), (3,))", "np.sum(x, axis=-1)", "np.max(x, axis=0)", "np.stack([x, x])",
    "x.ravel()", "np.cumsum(x)", "-x", 'x.astype("f")',
]
# fmt: on


def parts(x):
    return x if isinstance(x, (tuple, list)) else [x]


def check(function, batch, exact):
    """Fail unless a function does with a batch what it does with each."""
    alone = [parts(function(np.array(x)[()])) for x in batch.array]
    for got, *wanted in zip(parts(function(batch)), *alone, strict=True):
        if not isinstance(got, Batch):  # what is the same for all
            assert [got] * len(wanted) == wanted
            continue
        want = np.stack(wanted)
        assert (got.shape, got.dtype, got.ndim, got.size) == (want.shape[1:], want.dtype, want.ndim - 1, wanted[0].size)
        room = 0.0 if exact else ROUNDINGS * eps(want) * largest(want)
        np.testing.assert_allclose(got.array, want, rtol=0, atol=room)


def batches(*shape):
    """A batch of numbers, and one of rows of the identity matrix, the sum of two with a part moved."""
    rows = identity_rows(N, 1, 2, 5, shape, np.float64) if shape else identity_rows(N, 1, 0, 1, shape, np.float64)
    both = rows + identity_rows(N, 0, 3, 6, shape, np.float64) * 3.0 if shape else rows + rows
    return [Batch(of_shape(*shape)), rows, both]


def function_of_x(text):
    return eval(f"lambda x: {text}", {"np": np, "tg": tg, "put_back": put_back, "A": A, "M": M, "MASK": MASK})


@pytest.mark.parametrize("text", CUBES + PRODUCTS)
def test_arrays(text):
    for batch in batches(2, 3, 4):
        check(function_of_x(text), batch, text in CUBES)


@pytest.mark.parametrize("text", NUMBERS)
def test_numbers(text):
    for batch in batches():
        check(function_of_x(text), batch, True)


def test_few_numbers_stay_few():
    x = identity_rows(6, 0, 0, 6, (2, 3), np.float64)
    y = -(2.0 * x * np.ones(3) / A[:, :, 0]).T[::-1].reshape(6)[1:] + put_back(x.ravel()[:4], slice(1, None), (5,))
    assert isinstance(y, OneHotBatch)
    assert len(y.terms) == 2
    assert isinstance(y - y, OneHotBatch)
    assert len((y - y).terms) == 2
    assert isinstance(np.where(y.array[0] > 0, y, 0.0), OneHotBatch)
    assert not isinstance(y * y, OneHotBatch)
    with np.errstate(divide="ignore"):
        assert not isinstance(1.0 / (x * 2.0), OneHotBatch)
    assert not isinstance(x * np.ones((2, 1, 3)), OneHotBatch)
    many = functools.reduce(np.add, [np.roll(identity_rows(40, 0, 0, 40, (40,), float), i) for i in range(30)])
    assert not isinstance(many, OneHotBatch)


def test_what_is_written_in_place():
    x, y = of_shape(3, 4), Batch(of_shape(4))
    z = Batch(x.copy())
    z[1:, 0] = 7.0
    z[0] = y
    z[:, 1:] += y[1:]
    np.multiply(z, 2.0, out=z)
    np.add.at(z, ([1, 1], [2, 2]), 1.0)
    z *= A[0]
    for i, other in enumerate(y.array):
        x[i, 1:, 0], x[i, 0] = 7.0, other
        x[i, :, 1:] += other[1:]
        x[i] *= 2.0
        np.add.at(x[i], ([1, 1], [2, 2]), 1.0)
        x[i] *= A[0]
    np.testing.assert_array_equal(z.array, x)
    number = before = Batch(of_shape())
    number += 1.0  # a number is not written into
    assert number is not before


ONE = Batch(np.ones((2, 3)))
FEW = identity_rows(2, 0, 0, 2, (2,), float)
REFUSED = {
    "truth": lambda: bool(ONE[0] > 0),
    "float": lambda: float(ONE[0]),
    "index": lambda: [1, 2][ONE[0]],
    "array": lambda: np.asarray(ONE),
    "list": lambda: np.array([ONE, ONE]),
    "item": lambda: ONE.item(0),
    "format": lambda: f"{ONE:.2f}",
    "flat": lambda: ONE.flat,
    "text": lambda: np.array2string(ONE),
    "into an array": lambda: np.zeros(3).__setitem__(..., ONE),
    "out": lambda: np.add(ONE, 1, out=np.zeros(3)),
    "into few": lambda: FEW.__setitem__(0, 1.0),
    "too many axes": lambda: ONE.__setitem__(0, np.ones((2, 1))),
    "truth as index": lambda: ONE.__setitem__(True, 1.0),
}


@pytest.mark.parametrize("ask", REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_known_of_many_is_refused(ask):
    with pytest.raises(NotBatchableError):
        ask()


def test_a_batch_is_like_an_array_and_tells_what_it_is():
    assert repr(ONE) == "<batch of 2: float64 of shape (3,)>"
    assert not hasattr(ONE, "colour")
    with pytest.raises(TypeError, match="no length"):
        len(ONE[0])


BESIDE = [
    "g * x", "x * g", "np.multiply(x, g)", "np.where(x > 0, x, g)", "x @ g", "np.stack([x, g])", "(x > g) * x * 1.0",
    "np.concatenate([x, g])", "np.sum(x * g)", "np.maximum(x, g)", "tg.functions.sigmoid(g) * x",
    "np.einsum('i,i->', x, g)", "np.where(x > g, g, x)", "put_back(g, [0, 0, 1], (3,)) * x",
    "np.linalg.solve(4 * np.eye(3) + x, g)", "np.linalg.solve(9 * np.eye(3) + g, x)",
    "np.linalg.solve(9 * np.eye(3) + x, g * np.eye(3))", "np.linalg.solve(9 * np.eye(3) + g, np.outer(x, x))",
]  # fmt: skip


@pytest.mark.parametrize("text", BESIDE)
def test_beside_values_and_of_values(text):
    """What is recorded is differentiated as if each had been done alone."""
    operation = eval(f"lambda g, x: {text}", {"np": np, "tg": tg, "put_back": put_back})
    g, x = of_shape(3), of_shape(3)[0]
    w = tg.Value(x)
    together = operation(Batch(g), w)
    assert isinstance(together.array, tg.Value)
    np.sum(together.array * together.array).backward()
    alone = tg.Value(x)
    sum(np.sum(operation(one, alone) ** 2) for one in g).backward()
    np.testing.assert_allclose(w.grad, alone.grad, rtol=0, atol=ROUNDINGS * eps(x) * largest(alone.grad))
    values = operation(Batch(tg.Value(g)), w).array
    np.testing.assert_array_equal(values.data, together.array.data)


def test_every_handler_is_for_a_function_there_is():
    assert all(map(callable, [*handlers, *structured]))
