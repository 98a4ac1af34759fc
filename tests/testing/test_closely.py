"""The second look: what a gradient and a measured slope round is seen where what goes in does not show it."""

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.testing import oracles
from tinygrad_edu.testing.closely import moved_by_roundings
from tinygrad_edu.testing.oracles import check_along, differentiated, gradient, weights
from tinygrad_edu.testing.programs import Program

EQUAL = np.broadcast_to(np.array(1.4079199080118334), (2, 1, 1))
FOUND = {  # by random programs: what the first look took for wrong, and why
    "of one number the mean has the slope 1, whatever its weight": (
        "def program(a):\n    return np.average(a, axis=0, weights=np.exp(np.tanh(a)))",
        np.array([1.9575022459030151], np.float32),
        2,
    ),
    "deviations of equal numbers round as the numbers do": (
        "def program(a):\n    return np.cov(np.stack([np.ravel(a), np.ravel(a) ** 2]), bias=True)",
        EQUAL,
        2,
    ),
    "eigenvalues round as the matrix does": (
        "def program(a):\n"
        "    b = np.linalg.eigvalsh(np.tanh(a) @ np.tanh(a).T / 20 + np.diag(np.arange(1.0, 1 + a.shape[0])))\n"
        "    return np.sum(np.sinc(b))",
        np.array([0.9722659561022358, -1.6477734641360953]),
        1,
    ),
    "products of small numbers underflow": (
        "def program(a):\n"
        "    b = np.linalg.norm(1 + a * a)\n"
        "    return np.tanh(np.linalg.norm(1 + b * b))",
        np.array([[-1.3533213138580322, -1.3036837577819824], [-1.5847980976104736, -0.7532868981361389],
                  [1.590990424156189, 1.295441746711731]], np.float32),
        2,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("source", "x", "order"), FOUND.values(), ids=FOUND)
def test_what_rounding_explains_is_not_called_wrong(source, x, order):
    program = Program(source, (x,))
    check_along(differentiated(program, program.arrays, order - 1), program.arrays)


@pytest.mark.parametrize("name", [name for name, (_, x, _) in FOUND.items() if x.dtype == np.float32])
def test_the_first_look_does_call_it_wrong(name, monkeypatch):
    """Else these would be no examples."""
    source, x, order = FOUND[name]
    monkeypatch.setattr(oracles, "moved_by_roundings", lambda f, arrays, w: [0.0 * a for a in arrays])
    program = Program(source, (x,))
    with pytest.raises(AssertionError, match="is not the slope"):
        check_along(differentiated(program, program.arrays, order - 1), program.arrays)


@pytest.mark.parametrize("off", [1e-3, 1e-9])
def test_a_wrong_rule_is_wrong_at_the_second_look_too(off):
    tanh = tg.primitive(lambda x: np.sinh(x) / np.cosh(x))
    tg.derivative(tanh, lambda g, z, x: g * (1 - z * z) * (1 + off))
    with pytest.raises(AssertionError, match="is not the slope"):
        check_along(tanh, (np.array([0.3, -1.2]),))


def test_a_gradient_in_float32_is_off_by_no_more_than_its_roundings_move_it():
    program = Program("def program(a):\n    return np.sum(np.average(np.sin(a), weights=np.exp(a)))", (np.ones(3),))
    for seed in range(20):
        x = np.random.default_rng(seed).normal(size=3).astype(np.float32)
        w = weights(program, (x,))
        exact = gradient(program, (x.astype(np.float64),), np.float64(w))[0]
        moved = moved_by_roundings(program, (x,), w)[0]
        assert np.all(abs(gradient(program, (x,), w)[0] - exact) <= oracles.ROUNDINGS * moved)
        assert np.all(moved < 1e-4)
