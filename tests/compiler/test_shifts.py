"""What goes back through the shift of a log-sum-exp or a softmax is dropped where it is 0, and only there.

m   the largest numbers, by which exp is kept from overflowing
e   exp(x - m)
"""

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.compiler.ir import settled
from tinygrad_edu.compiler.passes.shifts import Sum, View, _Forms, drop_shift_slopes
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


def without_axes(of_largest, of_sum=None, axis=1):
    """A softmax where the axis that goes is put in again by other means."""

    def f(x):
        e = np.exp(x - of_largest(np.max(x, axis=axis)))
        return np.sum(W[: len(x), : len(x.T)] * (e / (of_sum or of_largest)(np.sum(e, axis=axis))))

    return f


def log_sum_exp_without_axes(x):
    m = np.max(x, axis=1)
    return np.sum(W[:, 0] * (np.log(np.sum(np.exp(x - m[:, None]), axis=1)) + m))


def log_sum_exp_of_all(x):
    m = np.max(x)
    return np.log(np.sum(np.exp(x - m))) + m


def of_columns(x):
    m = np.max(x, axis=1)
    e = np.exp(x.T - m)
    return np.sum(W.T * (e / np.sum(e, axis=0)))


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
    "an axis put in by an index": without_axes(lambda m: m[:, None]),
    "by dots": without_axes(lambda m: m[..., None]),
    "by np.expand_dims": without_axes(lambda m: np.expand_dims(m, 1)),
    "by np.reshape": without_axes(lambda m: m.reshape(-1, 1)),
    "by an index and np.reshape": without_axes(lambda m: m[:, None], lambda s: np.reshape(s, (4, 1))),
    "in front": without_axes(lambda m: m[None], axis=0),
    "in front, or nowhere": without_axes(lambda m: m, lambda s: s[None, :], axis=0),
    "of rows, without axes": log_sum_exp_without_axes,
    "of all numbers": log_sum_exp_of_all,
    "of columns": of_columns,
}
DEPENDENT = {
    "a sum of exponentials": shifted(lambda x, m, add: np.exp(x - m)),
    "one more in the sum": shifted(lambda x, m, add: np.log(add(np.exp(x - m)) + 1) + m),
    "m twice": shifted(lambda x, m, add: log_sum_exp(x, m, add) + m),
    "without m": shifted(lambda x, m, add: np.log(add(np.exp(x - m)))),
    "the sum of another": shifted(lambda x, m, add: np.exp(x - m) / add(np.exp(x))),
    "nearly 1": shifted(lambda x, m, add: log_sum_exp(x, m, add) - (1 - 1e-6) * m),
    "the largest itself": shifted(lambda x, m, add: x * m),
    "the axis put in elsewhere": lambda x: without_axes(lambda m: m[:, None], lambda s: s[None, :])(x[:, :4]),
    "summed along the other axis": lambda x: without_axes(lambda m: m[:, None], lambda s: np.sum(s) - s)(x[:, :4]),
    "of all numbers, m twice": lambda x: log_sum_exp_of_all(x) + np.max(x),
    "of all numbers, one sum": lambda x: np.sum(np.log(np.sum(np.exp(x - np.max(x)), axis=0)) + np.max(x, axis=0)),
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


def drawn(rng, x, y):
    """An array that algebra looks into: sums, products and axes of length 1 that come and go, of x and y."""
    arrays = [x, y, np.expand_dims(y, int(rng.integers(2)))]
    for _ in range(8):
        a, b = (arrays[i] for i in rng.integers(len(arrays), size=2))
        match int(rng.integers(6)):
            case 0 if a.ndim:
                axes = tuple(int(i) for i in rng.permutation(a.ndim)[: int(rng.integers(1, a.ndim + 1))])
                arrays.append(np.sum(a, axis=axes, keepdims=bool(rng.integers(2))))
            case 1 if a.ndim < 4:
                arrays.append(np.expand_dims(a, int(rng.integers(a.ndim + 1))))
            case 2:
                arrays.append(a[..., None] if a.ndim < 4 else np.squeeze(a))
            case 3:
                arrays.append(np.reshape(a, tuple(n for n in a.shape if n != 1)))
            case _:
                try:
                    arrays.append(a / b if rng.integers(2) else a * b + a)
                except ValueError:  # shapes that do not go together
                    continue
    return arrays[-1]


@pytest.mark.parametrize("seed", range(60))
def test_forms_have_the_numbers_of_what_they_are_of(seed):
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(1.0, 2.0, (3, 3)), rng.uniform(1.0, 2.0, 3)
    graph = Traced(lambda x, y: drawn(np.random.default_rng(seed), x, y), (x, y), {}).graph
    numbers = dict(zip(graph.inputs, (x, y), strict=True))
    forms = _Forms(settled(graph.nodes))
    for node in graph.nodes:
        numbers[node] = node.function(*(numbers.get(a, a) for a in node.arguments), **node.keywords)

    def factor(a):
        if isinstance(a, Sum):
            return np.sum(product(a.product), axis=a.axis, keepdims=True)
        return np.reshape(factor(a.factor), a.shape) if isinstance(a, View) else numbers[a]

    def product(factors):
        z = 1.0
        for a, n in factors:
            z = z * factor(a) ** float(n)
        return z

    for node in graph.nodes:
        terms = [c * product(factors) for factors, c in forms.of(node).items()]
        size = sum(map(np.abs, terms), np.zeros(node.shape))
        assert np.all(abs(sum(terms, np.zeros(node.shape)) - numbers[node]) <= 256 * EPS * size)


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


def test_the_step_of_a_loop_is_a_graph_like_others():
    def likelihood(x):  # of a hidden Markov model
        def step(a, x):
            b = a[:, None] + x
            return log_sum_exp(b, np.max(b, axis=0), lambda y: np.sum(y, axis=0)), None

        return np.sum(tg.scan(step, X[0], x)[0])

    x = np.random.default_rng(2).normal(size=(6, 5, 5))
    compiled, eager = tg.compile(tg.grad(likelihood)), tg.grad(likelihood)(x)
    for _ in range(2):
        np.testing.assert_allclose(compiled(x), eager, rtol=0, atol=64 * EPS * np.max(eager))
    assert "for i in" in compiled.source
    assert "np.equal" not in compiled.source
    assert "np.copy(" not in compiled.source


def test_what_is_written_into_is_not_looked_into():
    def f(x):
        m = np.max(x, axis=-1, keepdims=True)
        e = np.exp(x - m)
        return tg.grad(lambda m: np.sum(np.log(np.sum(e, axis=-1, keepdims=True)) + m))(m), m

    graph = eliminate_dead_code(drop_shift_slopes(Traced(f, (X,), {}).graph))
    assert all(node.function is not np.equal for node in graph.nodes)
    assert np.array_equal(tg.compile(f)(X)[0], np.ones((4, 1)))
