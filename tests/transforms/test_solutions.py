"""The slope of a solution is that of what the solver finds nearby, to every order; else it is refused."""

import numpy as np
import pytest
import scipy.optimize
from hypothesis import given, strategies

import tinygrad_edu as tg
from tinygrad_edu import tree
from tinygrad_edu.testing.calls import outcome

A = np.array([[3.0, 1.0], [0.5, 2.0]])


def equations(x, p):
    return {"u": p["a"] @ x["u"] + 0.1 * x["u"] ** 3 - p["b"], "v": x["v"] ** 2 - p["b"][0]}


def newton(p):
    u = np.zeros(2)
    for _ in range(30):
        u = u - np.linalg.solve(p["a"] + np.diag(0.3 * u * u), p["a"] @ u + 0.1 * u**3 - p["b"])
    return {"u": u, "v": np.sqrt(p["b"][0])}


SOLUTION = tg.implicit(equations, newton)


@strategies.composite
def parameters(draw):
    generator = np.random.default_rng(draw(strategies.integers(0, 2**32)))
    return {"a": A + generator.uniform(-0.3, 0.3, (2, 2)), "b": generator.uniform(0.5, 2.0, 2)}


@given(p=parameters())
def test_slopes_of_first_and_second_order_are_the_measured_ones(p):
    tg.compare_gradients(lambda p: np.sum(np.sin(SOLUTION(p)["u"])) * SOLUTION(p)["v"], p, order=2).raise_if_wrong()


@given(p=parameters())
def test_slopes_are_those_through_the_steps_of_the_solver(p):
    def by_steps(p):
        return tree.leaves(newton(p))

    wanted = tg.jacobian(by_steps)(p)
    found = tg.jacobian(lambda p: tree.leaves(SOLUTION(p)))(p)
    for x, y in zip(tree.leaves(found), tree.leaves(wanted), strict=True):
        assert np.allclose(x, y, rtol=1e-10, atol=1e-12 * np.max(abs(y)))


def test_every_order():
    root = tg.implicit(lambda x, a: x * x - a, np.sqrt)
    slopes, f = [], root
    for _ in range(4):
        f = tg.grad(f)
        slopes.append(f(4.0))
    assert np.allclose(slopes, [1 / 4, -1 / 32, 3 / 256, -15 / 2048], rtol=1e-12)


def test_forward_backward_and_hessian_vector_products():
    p = {"a": A, "b": np.array([1.0, 2.0])}
    v = {"a": np.ones((2, 2)), "b": np.array([0.5, -1.0])}
    w = {"u": np.array([1.0, -2.0]), "v": 0.5}
    x, forward = tg.jvp(SOLUTION, (p,), (v,))
    z, pull = tg.vjp(SOLUTION, p)
    (back,) = pull(w)
    pairs = [*zip(*map(tree.leaves, (forward, w)), strict=True)], [*zip(*map(tree.leaves, (back, v)), strict=True)]
    sums = [sum(np.sum(a * b) for a, b in pair) for pair in pairs]
    assert np.isclose(*sums, rtol=1e-12)
    assert all(np.array_equal(a, b) for a, b in zip(tree.leaves(x), tree.leaves(z), strict=True))
    (curvature,) = tg.hvp(lambda b: SOLUTION({"a": A, "b": b})["u"][0], (p["b"],), (v["b"],))
    assert np.allclose(curvature, tg.hessian(lambda b: SOLUTION({"a": A, "b": b})["u"][0])(p["b"]) @ v["b"], rtol=1e-9)


SOLVERS = {
    "brentq": lambda f, a: scipy.optimize.brentq(f, 0.0, 9.0, args=(a,)),
    "root": lambda f, a: scipy.optimize.root(f, 1.0, args=(a,)).x[0],
    "fsolve": lambda f, a: scipy.optimize.fsolve(f, 1.0, args=(a,))[0],
    "newton": lambda f, a: scipy.optimize.newton(f, 1.0, args=(a,)),
}


@pytest.mark.parametrize("solve", SOLVERS.values(), ids=SOLVERS)
def test_scipys_solvers(solve):
    def cubic(x, a):
        return x**3 + x - a

    root = tg.implicit(cubic, lambda a: solve(cubic, a))
    assert np.isclose(tg.grad(root)(2.0), 0.25, rtol=1e-6)
    assert np.isclose(tg.grad(tg.grad(root))(2.0), -0.09375, rtol=1e-5)


def test_float32_and_lists():
    root = tg.implicit(lambda x, a, b: x[0] ** 2 - a * b, lambda a, b: [np.sqrt(a * b)])
    g = tg.grad(lambda a: root(a, 2.0)[0])(np.float32(2.0))
    assert (g, g.dtype) == (0.5, np.float32)


def test_plain_numbers_stay_plain_and_the_solver_never_sees_a_value():
    seen = []

    def solver(a):
        seen.append(type(a))
        return np.sqrt(a)

    root = tg.implicit(lambda x, a: x * x - a, solver)
    assert type(root(4.0)) is np.float64
    tg.grad(tg.grad(root))(4.0)
    assert {*seen} == {np.float64}


def test_a_linear_solver_of_ones_own_is_used():
    calls = []

    def by_steps(a, b):
        calls.append(1)
        x = b / np.diag(a)
        for _ in range(60):
            x = x + (b - a @ x) / np.diag(a)
        return x

    own = tg.implicit(lambda x, b: A @ x - b, lambda b: np.linalg.solve(A, b), linear_solver=by_steps)
    assert np.allclose(tg.jacobian(own)(np.array([1.0, 2.0])), np.linalg.inv(A), rtol=1e-12)
    assert calls


def test_a_branch_that_is_left_out_needs_no_slope():
    def loss(a):
        return np.sum(np.where(np.array([True, False]), SOLUTION({"a": A, "b": a})["u"], 0.0))

    assert np.all(np.isfinite(tg.grad(loss)(np.array([1.0, 2.0]))))


def square(x, a):
    return x * x - a


REFUSED = {
    "singular": (lambda: tg.grad(tg.implicit(square, lambda a: 0.0))(0.0), np.linalg.LinAlgError, "is singular"),
    "no solution": (lambda: tg.grad(tg.implicit(square, lambda a: 1.0))(2.0), ValueError, "by 0.5, and its size is 1"),
    "NaN": (lambda: tg.implicit(square, lambda a: np.nan)(2.0), ValueError, r"the solver gave \[nan\]"),
    "equations": (
        lambda: tg.implicit(lambda x, a: np.stack([x, x]), lambda a: a)(2.0),
        ValueError,
        "gives 2 numbers, and the solution has 1",
    ),
    "closed over": (
        lambda: tg.grad(lambda c: tg.implicit(lambda x, a: x - a * c, lambda a: a)(1.0))(1.0),
        TypeError,
        "closes over a Value; pass it as a parameter",
    ),
    "no function": (lambda: tg.implicit(3.0, np.sqrt), TypeError, "implicit: f is a float; pass a function"),
    "no solver": (lambda: tg.implicit(square, None), TypeError, "implicit: solver is a NoneType"),
    "nothing": (lambda: tg.implicit(square, lambda a: None)(2.0), TypeError, "gave None, in which"),
    "text": (lambda: tg.implicit(square, lambda a: "1")(2.0), TypeError, "gave '1', in which"),
    "compiled": (
        lambda: tg.compile(tg.grad(tg.implicit(square, lambda a: scipy.optimize.brentq(square, 0.0, 9.0, (a,)))))(2.0),
        tg.TraceError,
        "could change unseen",
    ),
}


@pytest.mark.parametrize(("call", "kind", "said"), REFUSED.values(), ids=REFUSED)
def test_what_has_no_slope_is_refused(call, kind, said):
    with pytest.raises(kind, match=said):
        call()


def test_a_tolerance_of_ones_own():
    rough = tg.implicit(square, lambda a: np.sqrt(a) * (1 + 1e-3))
    assert "no solution" in str(outcome(tg.grad(rough), 4.0))
    close = tg.implicit(square, lambda a: np.sqrt(a) * (1 + 1e-3), tolerance=1e-2)
    assert np.isclose(tg.grad(close)(4.0), 0.25, rtol=2e-3)


def test_a_jacobian_of_a_jacobian_is_the_hessian():
    root = tg.implicit(lambda x, a: x * x - a, np.sqrt)
    a = np.array([0.25, 1.0, 4.0])
    wanted = np.zeros((3, 3, 3))
    wanted[range(3), range(3), range(3)] = -1 / (4 * a**1.5)
    np.testing.assert_allclose(tg.jacobian(tg.jacobian(root))(a), wanted, rtol=64 * np.finfo(float).eps)
