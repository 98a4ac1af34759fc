"""What a gradient lets go of: large results that nothing reads, which are there again when somebody asks.

x  numbers, large enough to be let go of
h  a result within the function
"""

import tracemalloc

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.core import released
from tinygrad_edu.core.released import Released
from tinygrad_edu.core.tape import order

X = np.random.default_rng(0).normal(size=released.LARGE // 8)
X[:5] = 0.0  # where the slope of the root in `masked` is infinite


def chain(x):
    return np.sum(x * np.exp(-(np.tanh(x * 0.7 + 0.2) ** 2)))


def masked(x):
    return np.sum(np.where(abs(x) > 0.5, np.sqrt(x * x + 0.0), -x + 1.0))


def squares(x):
    h = x * 3.0 + 1.0
    return np.sum(h * h - h)


def matrices(x):
    a = x[: 128 * 256].reshape(128, 256)
    return np.sum(np.abs(a @ a.T @ a * 0.01 - 1.0))


@pytest.mark.parametrize("f", [chain, masked, squares, matrices])
@pytest.mark.parametrize("dtype", [np.float64, np.complex128])
def test_gradients_have_the_bits_of_those_of_a_tape_that_is_kept(f, dtype):
    x = X.astype(dtype)

    def real(x):
        return np.real(f(x))

    value, pull = tg.vjp(real, x)  # keeps its tape
    with np.errstate(all="ignore"):
        found = tg.value_and_grad(real)(x)
    assert found[0] == value
    np.testing.assert_array_equal(found[1], pull(1.0)[0])
    assert np.isfinite(found[1]).all()


def test_second_derivatives_are_those_of_a_tape_that_is_kept():
    v = np.ones_like(X)
    (product,) = tg.hvp(chain, (X,), (v,))
    _, pull = tg.vjp(tg.grad(chain), X)
    np.testing.assert_array_equal(tg.grad(lambda x: np.sum(tg.grad(chain)(x)))(X), pull(v)[0])
    np.testing.assert_allclose(product, pull(v)[0], rtol=1e-12)


def test_less_is_held_than_is_recorded():
    tg.grad(chain)(X)
    tracemalloc.start()
    tg.grad(chain)(X)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 7.5 * X.nbytes  # 11 without; 7 are the variable, its cotangents, and what rules read


def test_what_leaves_the_function_has_its_numbers():
    kept = []

    def f(x):
        h = x * 2.0
        kept.append(h + 1.0)
        return np.sum(np.tanh(kept[0]) + h)

    tg.grad(f)(X)
    (h,) = kept
    assert type(h._payload) is Released
    assert h.shape == X.shape
    assert h.dtype == X.dtype
    np.testing.assert_array_equal(np.exp(h).data, np.exp(X * 2.0 + 1.0))
    np.testing.assert_array_equal(h.data, X * 2.0 + 1.0)
    assert not h.data.flags.writeable


def test_auxiliary_results_have_their_numbers():
    def f(x):
        h = x * 2.0
        return np.sum(np.tanh(h + 1.0)), {"h": h, "below": -h}

    (_, aux), _ = tg.value_and_grad(f, has_aux=True)(X)
    np.testing.assert_array_equal(aux["h"], X * 2.0)
    np.testing.assert_array_equal(aux["below"], -(X * 2.0))


def test_a_tape_made_within_the_function_has_all_numbers():
    tapes = []

    def f(x):
        z = np.sum(np.tanh(x * 2.0 + 1.0))
        assert any(type(h._payload) is Released for h in order([z]))
        tapes.append([h.data for h in tg.Tape(z)])
        return z

    tg.grad(f)(X)
    for found, expected in zip(tapes[0], (X, X * 2.0, X * 2.0 + 1.0, np.tanh(X * 2.0 + 1.0)), strict=False):
        np.testing.assert_array_equal(found, expected)


def test_what_is_released_answers_as_an_array_does():
    v = tg.Value(X)
    h = v * 2.0
    numbers = h.data
    released.release(h)
    stand_in = h._payload
    assert type(stand_in) is Released
    assert (stand_in.shape, stand_in.dtype, stand_in.size) == (X.shape, X.dtype, X.size)
    np.testing.assert_array_equal(np.asarray(stand_in), numbers)
    np.testing.assert_array_equal(stand_in + 1.0, numbers + 1.0)
    np.testing.assert_array_equal(np.concatenate([stand_in[:2], [1.0]]), [*numbers[:2], 1.0])
    assert np.sum(stand_in) == stand_in.sum() == numbers.sum()


def test_a_long_chain_is_computed_again_without_recursion(monkeypatch):
    monkeypatch.setattr(released, "LARGE", 0)
    h = x = tg.Value(np.zeros(3))
    tape = []
    for _ in range(3000):
        h = h + 1.0
        tape.append(h)
    for each in tape:
        released.release(each)
    assert all(type(each._payload) is Released for each in tape)
    np.testing.assert_array_equal(h.data, x.data + 3000.0)


def test_what_others_refer_to_or_rules_read_is_kept():
    seen = {}

    def f(x):
        held = x * 2.0
        z = np.sum(np.sin(np.exp(held + 1.0) * 3.0))
        seen.update((h.function.__name__, type(h._payload)) for h in order([z]) if h.function)
        seen["held"] = type(held._payload)
        return z

    tg.grad(f)(X)
    assert seen["held"] is np.ndarray  # by a name of the function's
    assert seen["add"] is Released
    assert seen["exp"] is np.ndarray  # its own rule reads it
