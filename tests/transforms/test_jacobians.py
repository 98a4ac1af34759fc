"""Jacobians from one sweep equal those from one sweep for each row, whatever the rules do."""

import importlib
import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_edu as tg
from tests.domains import domains, every_call
from tinygrad_edu import functions, tree
from tinygrad_edu.core.context import listening
from tinygrad_edu.core.source_info import label
from tinygrad_edu.scipy import linalg
from tinygrad_edu.scipy.matrix_functions import sylvester
from tinygrad_edu.testing import programs
from tinygrad_edu.testing.calls import DTYPES
from tinygrad_edu.testing.oracles import ROUNDINGS, assert_close, dot, eps, gradient, largest, rounding, size, weights
from tinygrad_edu.transforms.batching.array import NotBatchableError
from tinygrad_edu.transforms.pullback import Pullback
from tinygrad_edu.transforms.solutions import solution

rows = importlib.import_module("tinygrad_edu.transforms.jacobians")
LINEAR = [
    f for f in domains if (getattr(f, "__module__", None) or "").endswith(("linalg", "inverses", "decompositions"))
]
PRODUCTS = {
    *LINEAR,
    np.matmul,
    np.dot,
    np.inner,
    np.tensordot,
    np.einsum,
    np.vecdot,
    np.cov,
    np.corrcoef,
    np.polyfit,
    functions.attention,
    linalg.logm,
    linalg.fractional_matrix_power,
    linalg.solve_discrete_lyapunov,
    linalg.solve_continuous_lyapunov,
    linalg.solve_sylvester,
    sylvester,
}  # in another order
if hasattr(np, "vecmat"):
    PRODUCTS |= {np.matvec, np.vecmat}
X = np.array([0.3, 0.7, 1.1, -0.4])


def rosenbrock(x):
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def together_and_alone(f, arrays):
    """The rows for all arguments, from one sweep and from one for each."""
    trace = Pullback("jacobian", f, arrays, range(len(arrays)))
    n = sum(z.size for z in trace.outputs)
    return (rows.in_batches(trace, n), rows.row_by_row(trace)) if n else ([], [])


def squares(f):
    """The gradient of the sum of squares of all outputs."""
    return lambda *x: tg.grad(lambda *y: dot(f(*y), f(*y)), tuple(range(len(x))))(*x)


def check(f, arrays, exact):
    """Fail unless both ways agree: to the bit, or if sums are done in another order, to within its roundings."""
    for got, wanted in zip(*together_and_alone(f, arrays), strict=True):
        assert got.dtype == wanted.dtype
        bound = 0.0 if exact else ROUNDINGS * eps(wanted) * largest(wanted)
        assert_close(got, wanted, np.full(wanted.shape, bound), "rows together are not the rows alone", f)


@every_call
def test_rows_together_are_the_rows_alone(call, monkeypatch):
    exact = call.function not in PRODUCTS
    for dtype, dense in itertools.product(DTYPES, (0, rows.DENSE)):
        monkeypatch.setattr(rows, "DENSE", dense)
        sample = call.draw(1, (dtype,))
        if call.function is solution:  # its sweep is of one cotangent at a time
            with pytest.raises(NotBatchableError):
                together_and_alone(sample, sample.arrays)
            continue
        check(sample, sample.arrays, exact)
        check(squares(sample), sample.arrays, exact)


@pytest.mark.parametrize("function", domains, ids=label)
def test_recorded_rows_together_are_the_rows_alone(function, monkeypatch):
    """Of a Jacobian that is differentiated itself the rows are recorded; then sums go in another order."""
    sample = domains[function][0].draw(2)
    every = tuple(range(len(sample.arrays)))

    def inner(*x):
        return [np.sum(g * g) for g in tree.leaves(tg.jacobian(sample, every)(*x))]

    together = tg.jacobian(inner)(*sample.arrays)
    monkeypatch.delattr(rows, "in_batches")
    alone = tg.jacobian(inner)(*sample.arrays)
    bound = ROUNDINGS * eps(sample.arrays) * largest(alone)
    assert_close(together, alone, tree.map(lambda g: np.full(np.shape(g), bound), alone), "not the same", sample)


@given(programs(), st.booleans())
def test_rows_add_up_to_the_gradient(program, compiled):
    every = tuple(range(len(program.arrays)))
    jacobian = tg.jacobian(program.run, every)
    j = (tg.compile(jacobian) if compiled else jacobian)(*program.arrays)
    w = weights(program, program.arrays)
    got = tuple(np.tensordot(w, g, np.ndim(w)) for g in j)
    room = tuple(ROUNDINGS * eps(w) * np.tensordot(size(w), size(g), np.ndim(w)) for g in j)
    bounds = tree.map(np.add, rounding(program, program.arrays, w), room)
    assert_close(got, gradient(program, program.arrays, w), bounds, "rows do not add up to the gradient", program)


def test_third_derivatives():
    wanted = np.zeros((4, 4, 4))
    for i in range(3):
        wanted[i, i, i] = 2400 * X[i]
        wanted[i, i, i + 1] = wanted[i, i + 1, i] = wanted[i + 1, i, i] = -400
    room = np.full(wanted.shape, ROUNDINGS * eps(X) * largest(wanted))
    third = tg.jacobian(tg.hessian(rosenbrock))
    for f in (third, tg.compile(third), tg.jacobian(tg.jacobian(tg.jacobian(rosenbrock)))):
        assert_close(f(X), wanted, room, "not the third derivative", f)


def loop(g, z, x):
    made = np.empty_like(x)
    for i in range(len(x)):
        made[i] = float(g[i]) * 2 * x[i]
    return made


def in_place(g, z, x):
    g = g.copy()
    g *= 2
    g[...] = g * x
    g[1:] += 0 * x[1:]
    return g


def at(g, z, x):
    made = np.zeros_like(g)
    np.add.at(made, [0, 1, 2, 3], 2 * x * g)
    return made


ODD = {
    "a loop": loop,
    "in place": in_place,
    "a branch": lambda g, z, x: g * 2 * x if np.any(g) else g * np.nan,
    "a list": lambda g, z, x: np.array([a * 2 * b for a, b in zip(g, x, strict=True)]),
    "a stack": lambda g, z, x: np.stack([a * 2 * b for a, b in zip(g, x, strict=True)]),
    "asarray": lambda g, z, x: np.asarray(g) * 2 * x,
    "a method": lambda g, z, x: g.dot(np.diag(2 * x)),
    "an attribute": lambda g, z, x: np.array([*g.flat]) * 2 * x,
    "without a batched form": lambda g, z, x: np.convolve(g, [2.0]) * x,
    "of a kind": lambda g, z, x: g * 2 * x if isinstance(g, np.ndarray) else np.asarray(g) * 2 * x,
    "outer": lambda g, z, x: np.diagonal(np.multiply.outer(g, 2 * x)),
    "at": at,
    "spread": lambda g, z, x: np.fft.irfft(np.fft.rfft(g), 4) * 2 * x,
}


@pytest.mark.parametrize("rule", ODD.values(), ids=ODD)
def test_rules_of_all_kinds(rule):
    square = tg.primitive(lambda x: x * x)
    tg.derivative(square, rule)
    got = tg.jacobian(square)(X)
    assert_close(got, np.diag(2 * X), np.full((4, 4), ROUNDINGS * eps(X) * largest(X)), "not the slopes", rule)


def test_wrong_rules_are_reported_as_ever():
    wrong = tg.primitive(lambda x: x * x)
    tg.derivative(wrong, lambda g, z, x: g[:2])
    with pytest.raises(ValueError, match=r"gave a cotangent of shape \(2,\) for an input of shape \(4,\)"):
        tg.jacobian(wrong)(X)


def test_chunks(monkeypatch):
    monkeypatch.setattr(rows, "BYTES", 2 * X.nbytes)
    whole = tg.hessian(rosenbrock)
    got = whole(X), tg.jacobian(lambda x: {"a": x**2, "b": [x[:3] * x[0], np.sum(x)]})(X)
    monkeypatch.undo()
    np.testing.assert_array_equal(got[0], whole(X))
    np.testing.assert_array_equal(
        got[1]["b"][0], np.diag(np.r_[X[0], X[0], X[0], 0])[:3] + np.outer(X[:3], np.eye(4)[0])
    )


def test_trees_of_outputs_and_inputs():
    f = lambda p, q: {"a": p["w"] ** 2, "b": [np.sum(p["w"]) * p["c"], +p["c"]], "e": p["w"][:0], "same": p["w"]}  # noqa: E731
    j = tg.jacobian(f)({"w": X, "c": 2.0}, 1.0)
    shapes = tree.map(np.shape, j)
    assert shapes["a"] == {"w": (4, 4), "c": (4,)}
    assert shapes["b"] == [{"w": (4,), "c": ()}] * 2
    assert shapes["e"] == {"w": (0, 4), "c": (0,)}
    np.testing.assert_array_equal(j["same"]["w"], np.eye(4))
    np.testing.assert_array_equal(j["b"][1]["w"], np.zeros(4))
    j["same"]["w"][:] = 5.0
    np.testing.assert_array_equal(j["a"]["w"], np.diag(2 * X))
    both = tg.jacobian(lambda x, y: x * y, (0, 1))(X, X)
    assert not np.shares_memory(*both)


def test_infinite_slopes_stay_where_they_are():
    x = np.array([0.0, 1.0, 4.0])
    for f in (tg.jacobian(np.sqrt), tg.compile(tg.jacobian(np.sqrt))):
        np.testing.assert_array_equal(f(x), np.diag([np.inf, 0.5, 0.25]))
    chosen = tg.jacobian(lambda x: np.where(x > 0, np.log(x), 0.0))
    with np.errstate(divide="ignore"):
        np.testing.assert_array_equal(chosen(x), np.diag([0, 1, 0.25]))


def test_lazy_arrays_stay_lazy():
    da = pytest.importorskip("dask.array")
    j = tg.jacobian(lambda x: x**2)(da.from_array(X))
    assert isinstance(j, da.Array)
    np.testing.assert_array_equal(j, np.diag(2 * X))


def test_who_watches_is_shown_one_row_after_the_other():
    class Listener:
        seen = 0

        def entry(self, z):
            pass

        def share(self, z, g, x, share):
            assert isinstance(share, (np.ndarray, np.generic))
            self.seen += 1

    with listening(watch := Listener()):
        np.testing.assert_array_equal(tg.jacobian(np.square)(X), np.diag(2 * X))
    assert watch.seen == len(X)


def test_views_of_one_element_are_not_written_over_when_compiled():
    f = tg.grad(lambda a: np.sum(np.outer(a + a, a)))
    a = np.array(0.7)
    assert tg.compile(f)(a) == f(a)


def test_one_sweep_for_all(monkeypatch):
    monkeypatch.delattr(rows, "row_by_row")
    x = np.linspace(-1, 1, 200)
    h = tg.compile(tg.hessian(rosenbrock))
    np.testing.assert_allclose(h(x), tg.hessian(rosenbrock)(x), rtol=ROUNDINGS * eps(x))
    assert "(200, 200)" in h.source
    assert h.source.count("(200, 200)") == 2  # the matrix, and its shape when it is made
