"""Values that go into a compiled function: results are on the tape, with derivatives of any order."""

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import Value

EPS = np.finfo(float).eps
X, W = np.array([0.5, -1.0, 2.0]), np.array([1.5, 0.25, -0.5])


def close(a, b):
    a, b = (getattr(x, "_payload", x) for x in (a, b))
    np.testing.assert_allclose(a, b, rtol=64 * EPS, atol=64 * EPS)


def f(x, w):
    return np.sum(np.tanh(x * w) * x)


def two(x, w):
    z = np.sin(x) * w
    return {"sum": np.sum(z), "all": [z, x * 2]}


def test_backward_reaches_what_went_in():
    x, w = Value(X), Value(W)
    z = tg.compile(f)(x, w)
    assert type(z) is Value
    z.backward()
    close(x.grad, tg.grad(f)(X, W))
    close(w.grad, tg.grad(f, 1)(X, W))


def test_only_some_are_values():
    x = Value(X)
    w = W.copy()
    z = tg.compile(f)(x, w)
    w[:] = 0.0  # after the run, as in eager: the derivative is that of the run
    z.backward()
    close(x.grad, tg.grad(f)(X, W))


@pytest.mark.parametrize(
    "transform",
    [
        tg.grad,
        tg.value_and_grad,
        tg.hessian,
        tg.jacobian,
        lambda f: tg.grad(lambda x, w: np.sum(tg.grad(f)(x, w) ** 2)),
    ],
)
def test_transforms_of_compiled_functions(transform):
    compiled = tg.compile(f)
    for x, w in ((X, W), (W, X)):
        for given, expected in zip(*(tg.tree.leaves(transform(g)(x, w)) for g in (compiled, f)), strict=True):
            close(given, expected)
    assert compiled.fallbacks == 0


def test_pushing_forward_and_pulling_back():
    for g in (tg.compile(two), two):
        z, pull = tg.vjp(g, X, W)
        pulled = pull({"sum": 2.0, "all": [X, W]})
        _, pushed = tg.jvp(g, (X, W), (W, X))
        found = [*pulled, *tg.tree.leaves(pushed), *tg.tree.leaves(z)]
        if g is not two:
            first = found
    for given, expected in zip(first, found, strict=True):
        close(given, expected)
    close(tg.hvp(tg.compile(f), (X, W), (W, X))[0], tg.hvp(f, (X, W), (W, X))[0])


def test_third_derivatives():
    compiled = tg.compile(lambda x: np.sin(x) * x)
    third = tg.grad(tg.grad(tg.grad(compiled)))
    for x in (0.5, -1.0, 2.0):
        close(third(x), -x * np.cos(x) - 3 * np.sin(x))


def test_compiled_gradients_of_compiled_functions_run_inside_each_other():
    inner = tg.compile(lambda x: np.sin(x) * x)
    outer = tg.compile(tg.grad(tg.grad(inner)))
    for x in (0.5, -1.0):
        close(outer(x), 2 * np.cos(x) - x * np.sin(x))


def test_networks_train():
    rng = np.random.default_rng(0)
    network = {"w": Value(rng.normal(size=(3, 2))), "b": Value(np.zeros(2))}
    inputs, wanted = rng.normal(size=(8, 3)), rng.normal(size=(8, 2))
    loss = lambda p, x, y: np.mean((np.tanh(x @ p["w"] + p["b"]) - y) ** 2)  # noqa: E731
    compiled = tg.compile(loss)
    for _ in range(5):
        gradient = tg.grad(loss)({key: p.data.copy() for key, p in network.items()}, inputs, wanted)
        for p in network.values():
            p.zero_grad()
        compiled(network, inputs, wanted).backward()
        for key, p in network.items():
            close(p.grad, gradient[key])
            p.data = p.data - 0.1 * p.grad
    assert len(compiled._programs) == 1


def test_without_recording_results_are_leaves():
    x = Value(X)
    compiled = tg.compile(lambda x: (x * 2, x))
    with tg.no_grad():
        z, same = compiled(x)
    assert z.function is None
    assert same is x
    z, same = compiled(x)
    assert z.function is not None
    assert same is x


def test_what_is_detached_is_a_leaf():
    v = Value(X)
    z, leaf = tg.compile(lambda v: (v * v.detach(), v.detach() * 2))(v)
    np.sum(z).backward()
    close(v.grad, X)
    assert type(leaf) is Value
    leaf.backward(np.ones(3))
    close(v.grad, X)


def test_inner_gradients_depend_on_whether_anything_is_recorded():
    w = Value(3.0)
    f = lambda v, w: tg.grad(lambda v: w * v**2)(v)  # noqa: E731
    compiled = tg.compile(f)
    for _ in range(2):
        assert type(compiled(2.0, w)) is type(f(2.0, w)) is Value
        with tg.no_grad():
            assert type(compiled(2.0, w)) is type(f(2.0, w)) is np.float64
    compiled(2.0, w).backward()
    close(w.grad, 4.0)


def test_the_derivative_is_that_of_the_run_or_refused():
    scale = 2.0
    x = Value(X)
    compiled = tg.compile(lambda x: np.sum(x * x * scale))
    compiled(x)  # what the first call gives is the function's own result
    z = compiled(x)
    scale = 5.0
    with pytest.raises(RuntimeError, match="call backward\\(\\) earlier"):
        z.backward()
    scale = 2.0
    z.backward()
    close(x.grad, 4 * X)
    x.zero_grad()
    z = compiled(x)
    scale = 5.0
    z.backward()  # it is known by now
    close(x.grad, 4 * X)


def test_new_data_before_the_sweep_is_noticed_as_ever():
    x = Value(X)
    z = np.sum(tg.compile(lambda x: x * x)(x))
    x.data = W
    with pytest.raises(RuntimeError, match="given new data after it was used"):
        z.backward()


def test_what_was_not_chosen_has_no_say():
    x = Value([0.0, 1.0])
    tg.compile(lambda x: np.sum(np.where(x > 0, np.log(x), 0.0)))(x).backward()
    assert x.grad.tolist() == [0.0, 1.0]


def test_somebody_who_watches_sees_what_goes_on_inside():
    report = tg.compare_gradients(tg.compile(lambda x: np.sum(np.tanh(x) ** 2)), X)
    assert report.ok


def test_what_is_on_the_tape_is_not_written_over():
    x, compiled = Value(X), tg.compile(lambda x: np.sin(x) * 2, reuse_outputs=True)
    first = compiled(x)
    squared = first * first
    for k in range(3):
        compiled(Value(X * k))
    np.sum(squared).backward()
    close(x.grad, 8 * np.sin(X) * np.cos(X))
