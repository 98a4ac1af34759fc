"""Distributions: their values are SciPy's, and their gradients slopes."""

import numpy as np
import pytest
import scipy.stats

import tinygrad_edu as tg
from tinygrad_edu.scipy import stats

RNG = np.random.default_rng(0)
X, P = np.array([-1.5, -0.2, 0.4, 0.7, 3.0]), np.array([0.2, 0.5, 0.3])
A = RNG.normal(size=(3, 3))
COV = A @ A.T + np.eye(3)
CALLS = {  # the method, by the names of the distribution and its own: x, and parameters
    "norm.logpdf": (X, 0.3, 1.5), "norm.cdf": (X, 0.3, 1.5),
    "norm.logcdf": (X, 0.3, 1.5), "norm.sf": (X, 0.3, 1.5), "norm.logsf": (X, 0.3, 1.5),
    "norm.ppf": (P, 0.3, 1.5), "norm.isf": (P, 0.3, 1.5), "norm.pdf": (X, 0.3, 1.5),
    "t.logpdf": (X, 2.4, 0.3, 1.5), "t.pdf": (X, 2.4, 0.3, 1.5),
    "cauchy.logpdf": (X, 0.3, 1.5), "halfnorm.logpdf": (X, 0.3, 1.5), "uniform.logpdf": (X, 0.3, 1.5),
    "lognorm.logpdf": (X, 0.7, 0.3, 1.5), "pareto.logpdf": (X, 2.4, -1.3, 1.5), "chi2.logpdf": (X, 2.4, 0.3, 1.5),
    "weibull_min.logpdf": (X, 1.4, 0.3, 1.5),
    "expon.logpdf": (X, 0.3, 1.5), "expon.cdf": (X, 0.3, 1.5),
    "laplace.logpdf": (X, 0.3, 1.5), "logistic.logpdf": (X, 0.3, 1.5), "logistic.cdf": (X, 0.3, 1.5),
    "gamma.logpdf": (X, 2.4, 0.3, 1.5), "beta.logpdf": (X, 2.4, 1.2, 0.3, 1.5),
    "poisson.logpmf": (np.array([0, 3, 7]), np.array([0.5, 2.0, 9.0])), "poisson.pmf": (np.array([0, 3, -1]), 2.0),
    "binom.logpmf": (np.array([0, 3, 8]), 7, 0.3), "binom.pmf": (np.array([0, 3, 7]), 7, 0.3),
    "multivariate_normal.logpdf": (RNG.normal(size=(2, 4, 3)), np.array([0.1, 0.2, 0.3]), COV),
    "multivariate_normal.pdf": (RNG.normal(size=3), np.array([0.1, 0.2, 0.3]), np.array([0.5, 1.0, 2.0])),
    "dirichlet.logpdf": (P, np.array([0.5, 2.0, 3.0])),
}  # fmt: skip
HELD = {"binom": (0, 1), "poisson": (0,), "dirichlet": (0,)}  # counts, and shares that must sum to 1


def method(of, call):
    name, _, what = call.partition(".")
    return getattr(getattr(of, name), what)


@pytest.mark.parametrize("call", CALLS)
def test_values_are_scipys(call):
    found, wanted = method(stats, call)(*CALLS[call]), method(scipy.stats, call)(*CALLS[call])
    few = 64 * np.finfo(float).eps  # roundings, of terms that may cancel
    np.testing.assert_allclose(found, wanted, rtol=few, atol=few)


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("call", CALLS)
def test_gradients_are_slopes(call, order):
    arguments = [x if isinstance(x, int) else 1.0 * np.asarray(x) for x in CALLS[call]]
    held = HELD.get(call.partition(".")[0], ())
    chosen = tuple(i for i in range(len(arguments)) if i not in held)

    def f(*numbers):
        z = method(stats, call)(
            *(n if i in chosen else a for i, (n, a) in enumerate(zip(numbers, arguments, strict=True)))
        )
        if call.endswith("normal.logpdf"):  # the slope by a covariance, of both triangles alike
            z = method(stats, call)(numbers[0], numbers[1], (numbers[2] + numbers[2].T) / 2)
        return np.sum(np.where(np.isfinite(z.data), z, 0.0) * np.cos(np.arange(z.size)).reshape(z.shape))

    assert tg.compare_gradients(f, *arguments, argnums=chosen, order=order).ok


@pytest.mark.parametrize("call", ["gamma.cdf", "beta.cdf", "t.cdf"])
def test_probabilities_of_shapes_that_are_constant(call):
    shapes = (2.4, 1.2) if call == "beta.cdf" else (2.4,)
    found, wanted = method(stats, call)(X, *shapes, 0.3, 1.5), method(scipy.stats, call)(X, *shapes, 0.3, 1.5)
    np.testing.assert_allclose(found, wanted, rtol=64 * np.finfo(float).eps)
    f = lambda x, loc, scale: np.sum(method(stats, call)(x, *shapes, loc, scale))  # noqa: E731
    assert tg.compare_gradients(f, X, 0.3, 1.5).ok


@pytest.mark.parametrize("name", ["expon", "gamma", "beta"])
def test_outside_of_where_it_lives_a_density_has_slope_zero(name):
    shapes = {"gamma": (2.4,), "beta": (2.4, 1.2)}.get(name, ())
    density = getattr(stats, name)
    value, slope = tg.value_and_grad(lambda x: density.pdf(x, *shapes))(-1.0)
    assert (value, slope) == (0.0, 0.0)
    assert density.logpdf(-1.0, *shapes) == -np.inf


@pytest.mark.parametrize(
    ("f", "kind", "message"),
    [
        (lambda: stats.norm.logpdf(1.0, 0.0, -1.0), ValueError, r"norm\.logpdf: scale is -1\.0; it must be greater"),
        (lambda: stats.gamma.logpdf(1.0, 0.0), ValueError, r"gamma\.logpdf: a is 0\.0; "),
        (lambda: stats.t.pdf(1.0, np.nan), ValueError, r"t\.logpdf: df is nan; "),
        (lambda: stats.poisson.logpmf(tg.Value(1.0), 2.0), TypeError, r"poisson\.logpmf: k is a Value; .*k\.data"),
        (lambda: stats.binom.logpmf(1, 2, 1.5), ValueError, r"binom\.logpmf: p is a probability"),
        (lambda: stats.multivariate_normal.logpdf([1.0, 2.0], [0.0] * 3), ValueError, r".*\(2,\), mean \(3,\)"),
        (lambda: stats.multivariate_normal.pdf([1, 2], cov=-np.eye(2)), np.linalg.LinAlgError, r"logpdf: cov is"),
        (lambda: stats.multivariate_normal.logpdf(X, allow_singular=True), ValueError, "allow_singular=True is"),
        (lambda: stats.pareto.logpdf(2.0), TypeError, r"pareto\.logpdf: lacks b"),
        (lambda: stats.chi2.logpdf(2.0, 3.0, a=2.0), TypeError, r"chi2\.logpdf: pass x, df, loc, scale"),
        (lambda: stats.dirichlet.logpdf([0.5, 0.6], [1.0, 2.0]), ValueError, "sum to 1"),
        (lambda: stats.dirichlet.logpdf([0.5, 0.5], [1.0, 2.0, 3.0]), ValueError, r"\(2,\), alpha \(3,\)"),
    ],
)  # fmt: skip
def test_refused(f, kind, message):
    with pytest.raises(kind, match=message):
        f()


def test_the_multivariate_normal_of_one_number_is_the_normal():
    wanted = stats.norm.logpdf(X, 0.3, 1.5)
    few = 8 * np.finfo(float).eps
    np.testing.assert_allclose(stats.multivariate_normal.logpdf(X, 0.3, 1.5**2), wanted, rtol=few)
    np.testing.assert_allclose(stats.multivariate_normal.logpdf(X[:, None], [0.3], [[1.5**2]]), wanted, rtol=few)
    np.testing.assert_allclose(stats.multivariate_normal.logpdf(X), stats.norm.logpdf(X), rtol=few)
