"""Random weights have the spread that their sources ask for, and orthogonal ones turn."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_edu import nn

EPS = np.finfo(float).eps
VARIANCES = {
    nn.glorot_uniform: lambda d, k: 2 / (d + k),
    nn.glorot_normal: lambda d, k: 2 / (d + k),
    nn.he_uniform: lambda d, k: 2 / d,
    nn.he_normal: lambda d, k: 2 / d,
    nn.lecun_normal: lambda d, k: 1 / d,
}


@given(st.sampled_from([*VARIANCES]), st.integers(1, 200), st.integers(1, 200), st.integers(0, 99))
def test_variances(initializer, d, k, seed):
    w = initializer(np.random.default_rng(seed), (50, 200), d, k)
    # The mean of N squares of normals has deviation √(2/N) of it, of even numbers √(4/(5 N)); 8 of them do not happen.
    assert abs(np.mean(w**2) / VARIANCES[initializer](d, k) - 1) <= 8 * np.sqrt(2 / w.size)
    assert abs(np.mean(w)) <= 8 * np.sqrt(VARIANCES[initializer](d, k) / w.size)
    np.testing.assert_array_equal(w, initializer(np.random.default_rng(seed), (50, 200), d, k))
    if initializer.__name__.endswith("uniform"):
        assert np.max(abs(w)) <= np.sqrt(3 * VARIANCES[initializer](d, k))


@given(st.integers(1, 8), st.integers(1, 8), st.integers(0, 99))
def test_orthogonal(rows, columns, seed):
    w = nn.orthogonal(np.random.default_rng(seed), (rows, columns), rows, columns)
    product = w.T @ w if rows >= columns else w @ w.T
    assert np.all(abs(product - np.eye(min(rows, columns))) <= 16 * max(rows, columns) * EPS)


def test_orthogonal_matrices_are_even_among_all():
    drawn = np.array([nn.orthogonal(np.random.default_rng(seed), (1, 1), 1, 1)[0, 0] for seed in range(200)])
    assert {*drawn} == {-1.0, 1.0}
    assert abs(np.sum(drawn)) <= 8 * np.sqrt(200)
    kernel = nn.orthogonal(np.random.default_rng(0), (3, 2, 2), 4, 3).reshape(3, 4)
    assert np.all(abs(kernel @ kernel.T - np.eye(3)) <= 64 * EPS)


def test_orthogonal_needs_two_axes():
    with pytest.raises(ValueError, match=r"orthogonal: the shape is \(3,\); it must have two axes at least"):
        nn.orthogonal(np.random.default_rng(0), (3,), 3, 1)


def test_layers_take_any_initializer():
    def twos(rng, shape, inputs, outputs):
        return np.full(shape, inputs)

    assert np.all(nn.Linear(3, 4, np.random.default_rng(0), initializer=twos).weights.data == 3)
    assert np.all(nn.Conv2d(4, 2, 3, np.random.default_rng(0), groups=2, initializer=twos).weights.data == 18)
    assert np.all(nn.RNN(3, 4, np.random.default_rng(0), hidden_initializer=twos).hidden_weights.data == 4)
