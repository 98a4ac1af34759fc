"""The largest curvature is found, and steps on both sides of 2 / L do what it says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_edu as tg
from tests.train.networks import classes, classified, small
from tinygrad_edu import optim
from tinygrad_edu.train import suggest_learning_rate


def bowl(eigenvalues, seed):
    """A quadratic form with these curvatures, along directions at random."""
    n = len(eigenvalues)
    q, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(n, n)))
    hessian = (q * np.array(eigenvalues)) @ q.T
    return hessian, lambda p, h: p["x"] @ h @ p["x"] / 2


@given(st.lists(st.floats(-5, 20), min_size=1, max_size=8), st.floats(0.1, 50), st.integers(0, 99))
def test_the_largest_curvature_of_a_bowl(others, largest, seed):
    eigenvalues = [*others, max([*others, 0]) + largest]
    hessian, loss = bowl(eigenvalues, seed)
    found = suggest_learning_rate(loss, {"x": np.ones(len(eigenvalues))}, hessian, seed=seed)
    size = max(map(abs, eigenvalues))
    # Directions are given up when what is left of them is the root of eps, and its square is what an eigenvalue is off.
    assert found.curvature == pytest.approx(max(eigenvalues), abs=1e3 * np.finfo(float).eps ** 0.5 * size)
    assert found.rate == 1 / found.curvature
    assert found.error <= 1e3 * np.finfo(float).eps ** 0.5 * size


@pytest.mark.parametrize(("part", "goes_down"), [(0.95, True), (1.05, False)])
def test_steps_below_two_over_l_go_down(part, goes_down):
    hessian, loss = bowl([1.0, 3.0, 10.0], 0)
    p = {"x": np.ones(3)}
    rate = part * 2 * suggest_learning_rate(loss, p, hessian).rate
    before = loss(p, hessian)
    for _ in range(300):
        p = optim.descend(p, tg.grad(loss)(p, hessian), rate)
    assert (loss(p, hessian) < before) == goes_down


def test_it_is_within_its_error_of_an_eigenvalue_of_a_network():
    x, labels = classes()
    vector, unravel = tg.tree.ravel(tg.tree.map(lambda v: v.data, small()))
    eigenvalues = np.linalg.eigvalsh(tg.hessian(lambda v: classified(unravel(v), x, labels))(vector))
    for products in (2, 5, 12, 30):
        found = suggest_learning_rate(classified, small(), x, labels, products=products)
        assert found.products == products
        assert np.min(abs(eigenvalues - found.curvature)) <= found.error + 1e-9 * eigenvalues[-1]
        assert found.curvature <= eigenvalues[-1] * (1 + 1e-9)
    assert found.curvature == pytest.approx(eigenvalues[-1], rel=1e-6)
    assert "12 Hessian-vector" in str(suggest_learning_rate(classified, small(), x, labels))


@pytest.mark.parametrize(
    ("loss", "size"), [(lambda p: 3 * p[0] + p[1], "0"), (lambda p: -(p[0] ** 2) - p[1] ** 2, "-2")]
)
def test_where_nothing_bends_upwards_no_step_is_too_long(loss, size):
    with pytest.raises(ValueError, match=f"the largest curvature here is {size}, so no step is too long by it"):
        suggest_learning_rate(loss, [1.0, 1.0])


def test_wrong_calls():
    with pytest.raises(ValueError, match="products is 0; pass at least 1"):
        suggest_learning_rate(lambda p: p**2, 1.0, products=0)
    with (
        np.errstate(all="ignore"),
        pytest.raises(FloatingPointError, match="a curvature of the loss is not finite"),
    ):
        suggest_learning_rate(lambda p: p**1.5, 0.0)
