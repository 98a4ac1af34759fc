"""Functions of matrices: values are SciPy's, slopes are right for complex matrices, and what has none is refused."""

import numpy as np
import pytest
import scipy.linalg

import tinygrad_edu as tg
from tinygrad_edu.scipy import linalg

RNG = np.random.default_rng(0)
A, Q, W = RNG.normal(size=(3, 3, 3))
A = A / 3 + 2 * np.eye(3)
FACTOR = np.linalg.cholesky(A @ A.T + 0.3j * (Q - Q.T) + 3 * np.eye(3))
FEW = 64 * np.finfo(float).eps
CALLS = {
    "expm": (A,), "sqrtm": (A,), "logm": (A,), "fractional_matrix_power": (A, 0.3), "solve_sylvester": (A, A + 1, Q),
    "solve_continuous_lyapunov": (A, Q), "solve_discrete_lyapunov": (A / 5, Q),
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("turn", [0.0, 0.3j])
def test_values_are_scipys_and_slopes_are_those_of_complex_numbers_too(name, turn):
    own, (first, *rest) = getattr(linalg, name), CALLS[name]
    first = first + turn * Q if turn else first
    wanted = getattr(scipy.linalg, name)(first, *rest)
    np.testing.assert_allclose(own(first, *rest), wanted, rtol=0, atol=8 * FEW * np.max(abs(wanted)))
    assert tg.compare_gradients(lambda a: np.sum(W * abs(own(a, *rest)) ** 2), first).ok


@pytest.mark.parametrize("name", ["sqrtm", "logm"])
def test_slopes_undo_those_of_the_inverse_function(name):
    inverse = linalg.expm if name == "logm" else lambda x: x @ x
    pulled = tg.vjp(getattr(linalg, name), A)[1](W)[0]
    (back,) = tg.vjp(inverse, getattr(linalg, name)(A))[1](pulled)
    np.testing.assert_allclose(back, W, rtol=0, atol=FEW * np.max(abs(W)))


@pytest.mark.filterwarnings("ignore:logm result may be inaccurate")  # SciPy says so of the thirteenth digit
@pytest.mark.parametrize("scale", [1e-9, 1e9])
def test_the_slope_of_the_logarithm_is_reciprocal_to_the_size(scale):
    pulled, other = (tg.vjp(linalg.logm, a)[1](W)[0] for a in (A, scale * A))
    np.testing.assert_allclose(scale * other, pulled, rtol=0, atol=FEW * np.max(abs(pulled)))


def test_triangular_complex_equations():
    b = Q[0] + 1j
    for factor in ((FACTOR, True), (FACTOR.conj().T, False)):
        np.testing.assert_allclose(linalg.cho_solve(factor, b), scipy.linalg.cho_solve(factor, b), rtol=FEW)
        lower = factor[1]
        assert tg.compare_gradients(
            lambda c, b, k=lower: np.sum(abs(linalg.cho_solve((c, k), b)) ** 2), factor[0], b
        ).ok
    for trans in ("N", "T", "C"):
        wanted = scipy.linalg.solve_triangular(FACTOR, b, trans, lower=True)
        np.testing.assert_allclose(linalg.solve_triangular(FACTOR, b, trans, lower=True), wanted, rtol=FEW)


@pytest.mark.parametrize(
    ("f", "kind", "message"),
    [
        (lambda v: linalg.sqrtm(-v), ValueError, r"^sqrtm: a is real and has .* negative axis; .*pass a \+ 0j"),
        (lambda v: linalg.logm(-v), ValueError, r"^logm: a is real and has"),
        (lambda v: linalg.logm(0 * v), np.linalg.LinAlgError, "^logm: a is singular"),
        (lambda v: linalg.sqrtm(v[:2]), ValueError, r"^sqrtm: a has shape \(2, 3\); it must be one square"),
        (lambda v: linalg.solve_sylvester(v, v, v[0]), ValueError, r"q \(3,\); they must be \(m, m\)"),
        (lambda v: linalg.solve_sylvester(v, -v, v), np.linalg.LinAlgError, "^solve_sylvester: a and -b have an eigen"),
        (
            lambda v: linalg.solve_continuous_lyapunov(v[0], v),
            ValueError,
            r"^solve_continuous_lyapunov: a has shape \(3,\)",
        ),
        (lambda v: linalg.solve_discrete_lyapunov(v, v[:2]), ValueError, r"^solve_discrete_lyapunov: .* q \(2, 3\)"),
        (lambda v: linalg.expm(v[0]), ValueError, r"^expm: a has shape \(3,\)"),
        (lambda v: linalg.lu, AttributeError, r"no attribute 'lu'; write np\.linalg\.solve"),
        (lambda v: linalg.eigh, AttributeError, r"write np\.linalg\.eigh, which takes Values"),
        (lambda v: linalg.schur, AttributeError, r"there are block_diag, cho_solve, expm"),
    ],
)
def test_refused(f, kind, message):
    with pytest.raises(kind, match=message):
        f(tg.Value(np.eye(3)))


@pytest.mark.parametrize("name", ["qr", "svd", "eigh", "cholesky", "inv", "det", "norm", "logm", "lu"])
def test_scipys_own_point_to_what_takes_values(name):
    with pytest.raises(TypeError, match=r"write np\.linalg\.qr and its like; tinygrad_edu\.scipy has some of these"):
        getattr(scipy.linalg, name)(tg.Value(np.eye(2)))
