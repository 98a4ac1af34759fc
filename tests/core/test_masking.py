"""The second sweep, with masks: what was not selected passes nothing on, and what was seeded is active everywhere."""

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.core.context import listening


def test_a_branch_that_was_not_chosen_passes_nothing_on():
    x = tg.Value([0.0, 4.0])
    with np.errstate(all="ignore"):
        np.sum(np.where(x > 0, np.sqrt(x) * np.log(x), 0.0)).backward()
    assert x.grad[0] == 0.0
    wanted = tg.grad(lambda x: np.sqrt(x) * np.log(x))(4.0)
    assert x.grad[1] == wanted


def test_an_output_that_leads_to_another_output_is_swept_twice_too():
    def two_outputs(x):
        root = np.sqrt(x)
        return root, np.where(x > 0, root, 0.0)

    _, pull = tg.vjp(two_outputs, np.array([0.0, 4.0]))
    (g,) = pull((np.array([0.0, 1.0]), np.array([1.0, 2.0])))  # 0 / 0 in the first sweep
    assert g[0] == 0.0  # a cotangent of 0 asks for nothing
    assert g[1] == 3.0 / (2 * 2.0)
    assert pull((np.array([1.0, 1.0]), np.array([1.0, 2.0])))[0][0] == np.inf


def test_a_listener_sees_the_shares_of_the_one_sweep():
    seen = []

    class Listener:
        def entry(self, z):
            pass

        def share(self, z, g, x, share):
            seen.append((z.function, g, share))

    x = tg.Value(3.0)
    z = x * 2.0 + x
    with listening(Listener()):
        z.backward()
    assert seen == [(np.add, 1.0, 1.0), (np.add, 1.0, 1.0), (np.multiply, 1.0, 2.0)]
    assert x.grad == 3.0


SPOILT = np.array([[1.0, 2.0], [np.nan, 3.0]])
FIRST = np.array([True, False])
ROWS = {
    "matmul": (lambda w: SPOILT @ w, [1.0, 2.0]),
    "dot": (lambda w: np.dot(SPOILT, w), [1.0, 2.0]),
    "einsum": (lambda w: np.einsum("ij,j->i", SPOILT, w), [1.0, 2.0]),
    "cumsum": (lambda w: np.cumsum(np.log(w - np.array([0.0, 1.0]))), [1.0, 0.0]),
    "prod": (lambda w: np.prod(SPOILT * w, axis=1), [2.0, 2.0]),
    "var": (lambda w: np.var(SPOILT * w, axis=1), [-0.5, 1.0]),
    "sum of logarithms": (lambda w: np.sum(np.log(np.array([[1.0, 1.0], [0.0, 1.0]]) * w), axis=1), [1.0, 1.0]),
    "logsumexp": (lambda w: tg.functions.logsumexp(np.log(abs(SPOILT)) + w, axis=1), [1 / 3, 2 / 3]),
}


@pytest.mark.parametrize("name", ROWS)
def test_what_is_not_selected_is_harmless_behind_any_function(name):
    rows, wanted = ROWS[name]
    with np.errstate(all="ignore"):
        g = tg.grad(lambda w: np.sum(np.where(FIRST, rows(w), 0.0)))(np.ones(2))
    np.testing.assert_allclose(g, wanted, rtol=1e-14)


FLAT = {
    "sigmoid": (lambda x: 1 / (1 + np.exp(-x)), -800.0),
    "exp of exp": (lambda x: np.exp(-np.exp(x)), 800.0),
    "arctan": (lambda x: np.arctan(np.exp(x)), 800.0),
    "tanh": (lambda x: np.tanh(np.exp(x)), 800.0),
    "cosh": (lambda x: 1 / np.cosh(x), 800.0),
    "exp(-1/x²)": (lambda x: np.exp(-1 / x**2), 0.0),
    "tanh(1/x²)": (lambda x: np.tanh(1 / x**2), 0.0),
}


@pytest.mark.parametrize("name", FLAT)
@pytest.mark.parametrize("order", [1, 2])
def test_what_overflows_inside_a_finite_result_is_flat(name, order):
    f, x = FLAT[name]
    for _ in range(order):
        f = tg.grad(f)
    with np.errstate(all="ignore"):
        assert f(x) == 0.0


def test_the_root_of_what_is_always_zero_passes_nothing_on():
    def distances(x):
        return np.sum(np.sqrt((x[:, None] - x) ** 2))

    x = np.array([0.0, 1.0, 3.0])
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(tg.grad(distances)(x), [-4.0, 0.0, 4.0])
        z = tg.Value(x)
        distances(z).backward()
        np.testing.assert_array_equal(z.grad, [-4.0, 0.0, 4.0])
        np.testing.assert_array_equal(
            tg.grad(lambda x: np.sum(np.sqrt(np.maximum(x, 0))))(x - 1), [0.0, np.inf, 0.5 / np.sqrt(2)]
        )


HONEST = {
    "cbrt(x)³, whose slope is 1": lambda x: np.cbrt(x) ** 3,
    "beside a large number": lambda x: 1e9 + np.cbrt(x) ** 3,
    "exp(log x)": lambda x: np.exp(np.log(x)),
    "1 / (1 + 1/x), whose slope is 1": lambda x: 1 / (1 + 1 / x),
    "a kink": lambda x: np.sqrt(x**2),
    "not a number": lambda x: x * np.nan,
}


@pytest.mark.parametrize("name", HONEST)
def test_what_is_unknown_stays_not_a_number(name):
    with np.errstate(all="ignore"):
        assert np.isnan(tg.grad(HONEST[name])(0.0))


COINCIDENT = {
    "two numbers": (lambda x, y: np.sqrt((x - y) ** 2), (2.0, 2.0)),
    "two arrays": (lambda x, y: np.sum(np.sqrt((x - y) ** 2)), (np.ones(50), np.ones(50))),
    "a number and an array": (lambda x, y: np.sum(np.sqrt((x - y) ** 2)), (1.0, np.ones(3))),
    "in float32": (lambda x, y: np.sum(np.sqrt((x - y) ** 2)), (np.ones(50, np.float32), np.ones(50, np.float32))),
    "points of one array": (lambda x, y: np.sum(y * np.sqrt((x[::2] - x[1::2]) ** 2)), (np.ones(100), 1.0)),
    "a product and its factors": (lambda x, y: np.cbrt(x * y - 6.0) ** 3, (2.0, 3.0)),
}


@pytest.mark.parametrize("name", COINCIDENT)
def test_what_happens_to_be_zero_is_not_taken_for_what_always_is(name):
    f, args = COINCIDENT[name]
    with np.errstate(all="ignore"):
        assert np.all(np.isnan(tg.grad(f)(*args)))


def test_a_cotangent_of_zero_asks_for_nothing_of_numbers_either():
    _, pull = tg.vjp(lambda x: (np.sqrt(x), 2 * x), 0.0)
    with np.errstate(all="ignore"):
        assert pull((0.0, 1.0)) == (2.0,)


def test_jacobians_are_zero_off_the_diagonal():
    with np.errstate(all="ignore"):
        powers = tg.jacobian(lambda x: x ** np.array([0.0, -1.0, 2.0, 0.5]))(np.array([0.0, -2.0, 0.0, 4.0]))
        np.testing.assert_array_equal(powers, np.diag([0.0, -0.25, 0.0, 0.25]))
        by_exponent = tg.jacobian(lambda y: np.array([0.0, -2.0, 3.0]) ** y)(np.array([0.0, 2.0, 1.0]))
    np.testing.assert_array_equal(by_exponent[~np.eye(3, dtype=bool)], 0.0)


def test_nested_branches_are_harmless_at_second_order():
    def f(x):
        return np.sum(np.where(x > 0, np.where(x > 1, np.log(x - 1), x**1.5), 0))

    with np.errstate(all="ignore"):
        second = tg.hessian(f)(np.array([0.0, 1.0, 2.0]))
    np.testing.assert_array_equal(second, np.diag([0.0, 0.75, -1.0]))
