"""Rows for SciPy's ufuncs, found whenever SciPy is imported, precise at the ends; namesakes of its functions."""

import subprocess
import sys

import numpy as np
import pytest
from scipy import special

import tinygrad_edu as tg
from tests.scipy.exact import EDGES, exact_slope, ulps
from tinygrad_edu.core.rules import Row, later, table
from tinygrad_edu.scipy import special as own
from tinygrad_edu.scipy.normal import erfcinv_slope, erfinv_slope, mills, ndtri_slope
from tinygrad_edu.scipy.slopes import beta_density, gamma_density, psi_difference
from tinygrad_edu.testing.calls import outcome

mpmath = pytest.importorskip("mpmath")
ORDERS = {
    "before": "import scipy.special, tinygrad_edu as tg",
    "after": "import tinygrad_edu as tg, scipy.special",
    "after the first miss": "import tinygrad_edu as tg, numpy as np\n"
    "try: np.put(tg.Value([1.0]), 0, 1.0)\nexcept TypeError: pass\nimport scipy.special",
}


@pytest.mark.parametrize("start", ORDERS.values(), ids=ORDERS)
def test_rows_are_found_whenever_scipy_is_imported(start):
    text = f"{start}\nprint(tg.grad(scipy.special.ndtr)(0.0) ** -2 / 2)"
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=False)
    assert done.stdout.startswith("3.14159"), done.stderr


def test_scipy_is_not_imported_by_the_package_nor_by_what_it_refuses():
    text = "import sys, tinygrad_edu as tg, numpy as np\ntry: np.put(tg.Value([1.0]), 0, 1.0)\nexcept TypeError: pass\n"
    done = subprocess.run(
        [sys.executable, "-c", f"{text}print('scipy' in sys.modules)"], capture_output=True, text=True, check=False
    )
    assert done.stdout == "False\n", done.stderr


def test_a_row_of_the_users_stays(monkeypatch):
    mine = Row(rules=(lambda g, z, x: 7.0 * g,))
    monkeypatch.setitem(table, special.erf, mine)
    monkeypatch.delitem(table, special.erfc)
    monkeypatch.delitem(sys.modules, "tinygrad_edu.scipy.special")
    monkeypatch.setitem(later, "scipy.special", "tinygrad_edu.scipy.special")
    assert tg.grad(special.erfc)(0.0) == pytest.approx(-2 / np.sqrt(np.pi), rel=1e-15)
    assert table[special.erf] is mine
    assert "scipy.special" not in later


@pytest.mark.parametrize(("function", "x", "allowed"), EDGES, ids=lambda part: getattr(part, "__name__", str(part)))
def test_slopes_keep_their_digits_at_the_ends(function, x, allowed):
    found = tg.grad(function)(np.float64(x))
    assert ulps(found, exact_slope(function, x)) <= allowed


INFINITE = np.inf
AT_INFINITY = [
    (special.erf, -INFINITE, 0.0), (special.erf, INFINITE, 0.0), (special.ndtr, INFINITE, 0.0),
    (special.log_ndtr, INFINITE, 0.0), (special.log_ndtr, -INFINITE, INFINITE), (special.expit, -INFINITE, 0.0),
    (special.log_expit, -INFINITE, 1.0), (special.log_expit, INFINITE, 0.0), (special.ndtri, 0.0, INFINITE),
    (special.ndtri, 1.0, INFINITE), (special.erfinv, -1.0, INFINITE), (special.logit, 0.0, INFINITE),
    (special.entr, 0.0, INFINITE), (special.i0e, 0.0, 0.0), (special.i1e, 0.0, 0.5), (special.i0, 800.0, INFINITE),
    (special.i1, 800.0, INFINITE), (special.j1, 0.0, 0.5), (special.gammaln, INFINITE, INFINITE),
]  # fmt: skip


@pytest.mark.parametrize(("function", "x", "slope"), AT_INFINITY, ids=lambda part: getattr(part, "__name__", str(part)))
def test_slopes_at_infinities_and_ends(function, x, slope):
    assert tg.grad(function)(np.float64(x)) == pytest.approx(slope, rel=2.0**-52, abs=0)


def test_zero_times_a_logarithm():
    assert tg.grad(special.xlogy, argnums=(0, 1))(0.0, 2.0) == (np.log(2.0), 0.0)
    assert tg.grad(special.xlogy, argnums=1)(0.0, 0.0) == 0.0
    assert tg.grad(special.xlog1py, argnums=1)(0.0, -1.0) == 0.0
    assert tg.grad(special.rel_entr, argnums=1)(0.0, 0.0) == 0.0
    assert tg.grad(special.kl_div, argnums=(0, 1))(1e-300, 1e-300) == (0.0, 0.0)
    assert tg.grad(special.kl_div, argnums=1)(0.0, 3.0) == 1.0
    assert tg.grad(special.rel_entr)(1e-200, 1e200) == pytest.approx(1 - 400 * np.log(10), rel=1e-15)
    p = np.array([0.5, 0.5, 0.0])
    assert tg.grad(lambda p: np.sum(special.entr(p)[:2]))(p).tolist() == [np.log(2.0) - 1] * 2 + [0.0]


@pytest.fixture(autouse=True)
def precise():
    with mpmath.workdps(60):
        yield


def mp(x):
    return mpmath.mpf(float(x))


def relative(found, wanted):
    return abs(float((mp(found) - wanted) / wanted))


@pytest.mark.parametrize(
    ("x", "y"), [(0.5, 0.3), (3.0, 1e-8), (1e8, 1.0), (1e-5, 1e-9), (2.0, -1.5), (1.0, 1e10), (-1.5, 0.25)]
)
def test_difference_of_digammas_keeps_its_digits(x, y):
    wanted = mpmath.psi(0, mp(x) + mp(y)) - mpmath.psi(0, mp(x))
    assert relative(psi_difference(np.float64(x), np.float64(y)), wanted) < 1e-15


@pytest.mark.parametrize("n", range(4))
@pytest.mark.parametrize("x", [0.0, 1.9, 2.0, 3.5, 40.0, 1e6])
def test_mills_ratio_and_its_slopes(x, n):
    scale = max(x, 1.0)
    integrand = lambda u: u**n / mpmath.factorial(n) * mpmath.exp(-u * u / 2 - u * mp(x))  # noqa: E731
    wanted = mpmath.quad(integrand, [point / scale for point in (0, 1, 4, 15, 60, 150)])
    assert relative(mills(np.float64(x), n), wanted) < 1e-14


@pytest.mark.parametrize(("a", "x"), [(0.5, 0.3), (3.0, 1e-8), (1e8, 1e8), (1e5, 1.01e5), (0.25, 500.0), (50.0, 1e-3)])
def test_density_of_the_gamma_distribution(a, x):
    wanted = mpmath.power(mp(x), mp(a) - 1) * mpmath.exp(-mp(x)) / mpmath.gamma(mp(a))
    exponent = max(1.0, abs(float(mpmath.log(wanted))))
    assert relative(gamma_density(np.float64(a), np.float64(x)), wanted) < 4e-16 * exponent


@pytest.mark.parametrize(("a", "b", "x"), [(0.5, 0.3, 0.2), (1e5, 1e5, 0.5), (9.5, 500.0, 0.01), (50.0, 2.0, 1e-3)])
def test_density_of_the_beta_distribution(a, b, x):
    wanted = mpmath.power(mp(x), mp(a) - 1) * mpmath.power(1 - mp(x), mp(b) - 1) / mpmath.beta(mp(a), mp(b))
    exponents = 1 - a * np.log(x) - b * np.log(1 - x)
    assert relative(beta_density(a, b, np.float64(x)), wanted) < 4e-16 * exponents


def test_densities_at_the_ends_of_their_range_to_the_second_order():
    slope = tg.grad(special.gammainc, argnums=1)
    assert [slope(a, x) for a in (0.5, 1.0, 2.0) for x in (0.0, np.inf)] == [np.inf, 0.0, 1.0, 0.0, 0.0, 0.0]
    assert [tg.grad(slope, argnums=1)(a, 0.0) for a in (1.0, 2.0, 3.0)] == [-1.0, 1.0, 0.0]
    slope = tg.grad(special.betainc, argnums=2)
    assert [slope(a, 2.0, 0.0) for a in (0.5, 1.0, 2.0)] == [np.inf, 2.0, 0.0]
    assert [tg.grad(slope, argnums=2)(a, 2.0, 0.0) for a in (1.0, 2.0, 3.0)] == [-2.0, 6.0, 0.0]


def test_second_slopes_where_shapes_add_up_to_a_whole_number():
    for a, b, x in ((0.5, 0.5, 0.3), (1.25, 0.75, 0.6)):
        slope = lambda x, a=a, b=b: tg.grad(special.betainc, argnums=2)(a, b, x)  # noqa: E731
        z, second = tg.value_and_grad(slope)(x)
        assert second == pytest.approx(z * ((a - 1) / x - (b - 1) / (1 - x)), rel=1e-14)
        assert np.isfinite(tg.grad(tg.grad(slope))(x))


@pytest.mark.parametrize(
    ("n", "k"), [(5.0, 2.0), (2.0, 3.0), (2.0, 5.0), (4.0, -2.0), (4.0, 0.0), (4.0, 4.0), (2.5, 1.5)]
)
def test_binomial_coefficients_of_whole_numbers_too(n, k):
    by_n, by_k = tg.grad(special.binom, argnums=(0, 1))(n, k)
    for found, slope in (
        (by_n, mpmath.diff(lambda t: mpmath.binomial(t, k), n)),
        (by_k, mpmath.diff(lambda t: mpmath.binomial(n, t), k)),
    ):
        assert abs(found - float(slope)) <= 1e-12 * max(1.0, abs(float(slope)))


def test_polygamma_is_scipys():
    x = np.array([0.3, 1.0, 7.5])
    for n in range(4):
        assert np.allclose(own.polygamma(n, x), special.polygamma(n, x), rtol=1e-15, atol=0)
    for n in (-1, 1.5, np.array([1, 2]), tg.Value(1.0)):
        assert isinstance(outcome(own.polygamma, n, x), TypeError)
        assert str(outcome(own.polygamma, n, x)).startswith("polygamma: n is ")


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("axis", [None, 0, 1, (0, 1)])
def test_logsumexp_is_scipys(axis, keepdims):
    a = np.array([[1.0, -np.inf, 3.0], [1e3, 2.0, 1e3]])
    for b in (None, np.array([1.0, 2.0, -0.25]), 3.0, np.array([[0.0], [1.0]])):
        for return_sign in (False, True):
            given = {"axis": axis, "b": b, "keepdims": keepdims, "return_sign": return_sign}
            wanted, found = special.logsumexp(a, **given), own.logsumexp(a, **given)
            for x, y in zip(wanted, found, strict=True) if return_sign else [(wanted, found)]:
                assert np.shape(x) == np.shape(y)
                assert np.allclose(x, y, rtol=1e-15, equal_nan=True)


def test_weights_of_zero_have_slopes_and_hide_infinities():
    a, b = np.array([1.0, 2.0]), np.array([1.0, 0.0])
    assert np.allclose(tg.grad(lambda b: own.logsumexp(a, b=b))(b), [1.0, np.e])
    assert own.logsumexp(np.array([1.0, np.inf]), b=b) == 1.0


@pytest.mark.parametrize("function", [special.logsumexp, special.softmax, lambda v: special.polygamma(1, v)])
def test_functions_that_make_arrays_point_here(function):
    with pytest.raises(TypeError, match=r"tinygrad_edu\.scipy has some of these"):
        function(tg.Value([1.0, 2.0]))


@pytest.mark.parametrize(("function", "order"), [(special.k0e, 0), (special.k1e, 1)], ids=["k0e", "k1e"])
def test_scaled_functions_without_a_row_name_one_that_has_it(function, order):
    with pytest.raises(TypeError, match=rf"^{function.__name__}: .*write scipy\.special\.kve\({order}, x\)"):
        function(tg.Value(1.0))
    x = np.array([0.5, 3.0, 40.0])
    np.testing.assert_allclose(special.kve(order, x), function(x), rtol=16 * np.finfo(float).eps)


def test_names_that_are_not_here():
    with pytest.raises(AttributeError, match=r"scipy\.special\.erf takes Values itself"):
        own.erf  # noqa: B018
    with pytest.raises(AttributeError, match=r"it has linalg, special, stats"):
        tg.scipy.optimize  # noqa: B018
    with pytest.raises(TypeError, match=r"^betainc: argument 0 is a Value; there is no rule by it; pass x\.data"):
        special.betainc(tg.Value(1.0), 2.0, 0.5)
    with pytest.raises(TypeError, match=r"^erf: where= has no rule"):
        special.erf(tg.Value(1.0), where=False)


def scaled(function, order, x, n):
    """The nth slope of ive or kve: differences of orders, in as many digits as cancel (DLMF 10.29.5)."""
    bessel, flip, scale = (mpmath.besseli, 1, -x) if function is special.ive else (mpmath.besselk, (-1) ** n, x)
    with mpmath.workdps(60 + 8 * n + int(4 * np.log10(float(x)))):
        terms = [(-1) ** j * mpmath.binomial(2 * n, j) * bessel(order + n - j, x) for j in range(2 * n + 1)]
        return flip * sum(terms) * mpmath.exp(scale) / 2**n


@pytest.mark.parametrize("order", [0, 0.5, 1, 2.5, 7, 20])
@pytest.mark.parametrize("function", [special.ive, special.kve], ids=["ive", "kve"])
def test_slopes_of_scaled_bessel_functions_of_any_order_keep_their_digits_far_out(function, order):
    first = tg.grad(function, argnums=1)
    start = max(30.0, order**2 / 2)
    for x in start * np.array([1.01, 1.3, 5.0, 1e3, 1e6]):
        for n, slope in ((1, first), (2, tg.grad(first, argnums=1))):
            assert ulps(slope(order, x), scaled(function, order, mp(x), n)) <= 32
        if function is special.ive and order == int(order):
            assert first(order, -x) == (-1) ** (order + 1) * first(order, x)
    for x in start * np.array([0.02, 0.3, 0.7, 0.99]):  # nearer, they are as good as the function
        error = abs(float(first(order, x) - scaled(function, order, mp(x), 1)))
        assert error <= 64 * np.spacing(max(function(n, x) for n in (order - 1, order, order + 1)))


@pytest.mark.parametrize("function", [special.erf, special.log_ndtr, special.gammaln, special.i0e, special.entr])
def test_compiled_gradients_are_the_eager_ones(function):
    gradient = tg.grad(lambda x: np.sum(function(x) * x))
    compiled = tg.compile(gradient)
    for x in (np.array([0.3, 2.5]), np.array([0.7, 1.25]), np.array([4.0, 0.1])):
        assert np.array_equal(compiled(x), gradient(x))
    assert "special" in compiled.source or function.__name__ in compiled.source


@pytest.mark.parametrize(
    ("inverse", "slope"),
    [(special.erfinv, erfinv_slope), (special.ndtri, ndtri_slope), (special.erfcinv, erfcinv_slope)],
)
def test_slopes_of_inverses_to_the_third_order(inverse, slope):
    y = np.array([0.1, 0.35, 0.6, 0.9])
    assert tg.compare_gradients(lambda y: np.sum(np.sin(slope(y, inverse(y)))), y, order=2).ok
    assert tg.compare_gradients(lambda y: np.sum(np.sin(inverse(y))), y.astype(np.float32)).ok
    both = tg.grad(lambda y: np.sum(slope(y, inverse(y)) ** 2))
    assert np.array_equal(tg.compile(both)(y), both(y))
    assert np.allclose(tg.vmap(both)(np.stack([y, y / 2])), [both(y), both(y / 2)], rtol=16 * np.finfo(float).eps)
