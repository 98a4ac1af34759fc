"""What goes back through the shift of a log-sum-exp or a softmax is dropped where it is 0, and only there.

m   the largest numbers, by which exp is kept from overflowing
e   exp(x - m)
"""

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.compiler.passes.shifts import drop_shift_slopes
from tinygrad_edu.compiler.passes.simplify import PASSES, eliminate_dead_code, run_passes
from tinygrad_edu.compiler.tracing.trace import Traced

X = np.random.default_rng(0).normal(size=(4, 5))
W = np.random.default_rng(1).normal(size=(4, 5))
W.flags.writeable = False
EPS = np.finfo(float).eps


def shifted(f, axis=-1, largest=np.max):
    def g(x):
        m = largest(x, axis=axis, keepdims=True)
        return np.sum(W * f(x, m, lambda y: np.sum(y, axis=axis, keepdims=True)))

    return g


def log_sum_exp(x, m, add):
    return np.log(add(np.exp(x - m))) + m


def softmax(x, m, add):
    e = np.exp(x - m)
    return e / add(e)


INVARIANT = {
    "log-sum-exp": shifted(log_sum_exp),
    "along the first axis": shifted(log_sum_exp, 0),
    "by the smallest": shifted(log_sum_exp, largest=np.min),
    "by np.maximum.reduce": shifted(log_sum_exp, largest=np.maximum.reduce),
    "weighed": shifted(lambda x, m, add: np.log(add((W * W) * np.exp(x - m))) + m),
    "to the base 2": shifted(lambda x, m, add: np.log2(add(np.exp2(x - m))) + m),
    "softmax": shifted(softmax),
    "softmax twice": shifted(lambda x, m, add: softmax(x, m, add) * softmax(x, m, add)),
    "log-softmax": shifted(lambda x, m, add: (x - m) - np.log(add(np.exp(x - m)))),
    "scaled": shifted(lambda x, m, add: softmax(3.0 * x, 3.0 * m, add)),
    "there and back": shifted(lambda x, m, add: x * ((x - m) + m)),
}
DEPENDENT = {
    "a sum of exponentials": shifted(lambda x, m, add: np.exp(x - m)),
    "one more in the sum": shifted(lambda x, m, add: np.log(add(np.exp(x - m)) + 1) + m),
    "m twice": shifted(lambda x, m, add: log_sum_exp(x, m, add) + m),
    "without m": shifted(lambda x, m, add: np.log(add(np.exp(x - m)))),
    "the sum of another": shifted(lambda x, m, add: np.exp(x - m) / add(np.exp(x))),
    "nearly 1": shifted(lambda x, m, add: log_sum_exp(x, m, add) - (1 - 1e-6) * m),
    "the largest itself": shifted(lambda x, m, add: x * m),
}


def ties_are_shared(f, x):
    graph = run_passes(Traced(tg.grad(f), (x,), {}).graph, PASSES)[0]
    return any(node.function is np.equal for node in graph.nodes)


def assert_same(f, x, roundings=64):
    """Fail unless the compiled slope is the eager one, but for rounding in terms of the size of f's."""
    compiled, eager = tg.compile(tg.grad(f)), tg.grad(f)
    with np.errstate(all="ignore"):
        compiled(x)
        given, expected = compiled(x), eager(x)
    size = np.max(np.abs(W)) * (1 + np.max(np.abs(X)))
    np.testing.assert_allclose(given, expected, rtol=roundings * EPS, atol=roundings * EPS * size)


@pytest.mark.parametrize("name", INVARIANT)
def test_slopes_through_the_shift_are_dropped(name):
    f = INVARIANT[name]
    assert not ties_are_shared(f, X)
    assert_same(f, X)
    assert_same(f, np.round(X))  # with ties


@pytest.mark.parametrize("name", DEPENDENT)
def test_slopes_through_what_matters_are_kept(name):
    f = DEPENDENT[name]
    assert ties_are_shared(f, X)
    assert_same(f, X)
    assert_same(f, np.round(X))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e300])
@pytest.mark.parametrize("name", ["log-sum-exp", "softmax", "log-softmax"])
def test_numbers_that_are_not_finite_go_the_same_way(name, bad):
    x = X.copy()
    x[1, 2] = x[2, 0] = x[2, 1] = bad
    x[3] = bad
    assert_same(INVARIANT[name], x)


@pytest.mark.parametrize("name", ["log-sum-exp", "softmax", "there and back"])
def test_second_derivatives_are_the_same(name):
    f = INVARIANT[name]

    def along(x):
        return np.sum(W * tg.grad(f)(x))

    assert_same(along, X, roundings=256)


def test_what_is_written_into_is_not_looked_into():
    def f(x):
        m = np.max(x, axis=-1, keepdims=True)
        e = np.exp(x - m)
        return tg.grad(lambda m: np.sum(np.log(np.sum(e, axis=-1, keepdims=True)) + m))(m), m

    graph = eliminate_dead_code(drop_shift_slopes(Traced(f, (X,), {}).graph))
    assert all(node.function is not np.equal for node in graph.nodes)
    assert np.array_equal(tg.compile(f)(X)[0], np.ones((4, 1)))
