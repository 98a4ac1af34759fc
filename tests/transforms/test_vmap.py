"""vmap does at once what a loop over the examples does.

n   how many examples
x   examples
w   what is the same for all
"""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygrad_edu as tg
from tests.domains import domains
from tinygrad_edu import Value
from tinygrad_edu.check.parts import in_parts
from tinygrad_edu.core.source_info import label
from tinygrad_edu.core.tape import payload
from tinygrad_edu.testing.oracles import ROUNDINGS, eps, signs
from tinygrad_edu.testing.programs import programs
from tinygrad_edu.transforms.batching import array
from tinygrad_edu.transforms.solutions import solution

THOROUGH = settings.default.max_examples >= 50
MANY = 2000 if THOROUGH else 20
EPS = np.finfo(float).eps
generator = np.random.default_rng(0)
X, V = generator.normal(size=(2, 5, 3))


def stacked(f, *xs, in_axes=0):
    """The loop: `f` of each example, stacked."""
    axes = in_axes if isinstance(in_axes, tuple) else (in_axes,) * len(xs)
    n = next(np.shape(x)[axis] for x, axis in zip(xs, axes, strict=True) if axis is not None)
    rows = [f(*(x if k is None else np.take(x, i, k)[()] for x, k in zip(xs, axes, strict=True))) for i in range(n)]
    return tg.tree.map(lambda *z: np.stack(z), *rows)


def assert_same(got, wanted, room=64):
    """Fail unless two trees are the same but for roundings of their largest numbers."""
    for x, y in zip(tg.tree.leaves(got), tg.tree.leaves(wanted), strict=True):
        assert (x.shape, x.dtype, type(x)) == (y.shape, y.dtype, type(y))
        np.testing.assert_allclose(x, y, rtol=0, atol=room * eps(y) * np.max(abs(y), initial=0.0))


@st.composite
def mapped(draw):
    """Draw a program, which of its arrays differ from example to example, and an order of derivative."""
    program = draw(programs(max_lines=5))
    axes = [draw(st.sampled_from((0, -1, None))) for _ in program.arrays]
    axes[0] = 0 if axes[0] is None else axes[0]
    n = draw(st.integers(1, 4))
    scales = 1 - np.arange(n) / 8
    arrays = [
        x if axis is None else np.stack([(s * x).astype(x.dtype) for s in scales], axis)
        for x, axis in zip(program.arrays, axes, strict=True)
    ]
    return program, arrays, tuple(axes), draw(st.sampled_from((0, 1, 2)))


@settings(max_examples=MANY)
@given(mapped(), st.booleans())
def test_random_programs_are_the_loop_over_examples(drawn, compiled):
    program, arrays, axes, order = drawn
    places = tuple(range(len(arrays)))

    f = run_of = program.run

    def loss(*arrays):
        return np.sum(np.sin(z := run_of(*arrays)) + z * z / 8)

    if order:
        f = tg.value_and_grad(loss, places)
    if order == 2:
        slopes = f
        f = tg.value_and_grad(lambda *arrays: sum(np.sum(np.sin(g)) for g in slopes(*arrays)[1]), places)
    wanted = tg.tree.leaves(stacked(f, *arrays, in_axes=axes))
    step = eps(arrays)
    bounds = [step * np.max(abs(z), initial=0.0) for z in wanted]
    for seed in range(3):
        moved = [(x * (1 + 4 * step * signs(np.shape(x), seed))).astype(x.dtype) for x in arrays]
        there = tg.tree.leaves(stacked(f, *moved, in_axes=axes))
        bounds = [max(b, np.max(abs(z - y), initial=0.0)) for b, z, y in zip(bounds, wanted, there, strict=True)]
    run = tg.vmap(f, in_axes=axes)
    run = tg.compile(run) if compiled else run
    for _ in range(1 + compiled):
        for x, y, bound in zip(tg.tree.leaves(run(*arrays)), wanted, bounds, strict=True):
            assert (x.shape, x.dtype) == (y.shape, y.dtype), (program, axes, order)
            assert np.max(abs(x - y), initial=0.0) <= ROUNDINGS * bound, (program, axes, order)


# What NumPy has no form for that takes many, so that it runs on one example after the other; docs/loops.md lists it.
ONE_BY_ONE = {
    "getitem",  # by lists that are apart, x[[1, 0], ..., 0]
    "np.full_like", "np.nanmean", "np.nanmedian", "np.nanpercentile", "np.nanprod", "np.nanquantile", "np.nanstd",
    "np.nansum", "np.nanvar", "np.unique", "np.poly", "np.polymul", "np.polydiv", "np.polyfit", "convolution",
    "np.convolve",
    "np.correlate", "np.interp", "np.unwrap", "np.ravel", "np.trim_zeros", "np.partition", "np.einsum", "least_squares",
    "np.linalg.matrix_power", "np.linalg.eig", "np.linalg.eigvals", "np.roots",
    "np.matvec", "np.vecmat", "negative_log_likelihood",
}  # fmt: skip
SCIPYS = {  # functions of SciPy's that are no ufuncs, and what slopes of its ufuncs are made of
    "expm", "logm", "sqrtm", "sylvester", "solve_sylvester", "solve_continuous_lyapunov", "fractional_matrix_power",
    "solve_discrete_lyapunov", "triangular", "solve_triangular", "cho_solve", "mills", "log_ratio",
    "psi_difference", "gamma_density", "beta_density", "scaled_bessel_slope",
}  # fmt: skip
IMAGES = {
    "conv",
    "pool",
    "fold",
    "largest",
    "give_back",
    "pick",
    "gather",
    "overlay",
}  # in names of functions of images


def test_keywords_may_differ_from_example_to_example():
    low = np.array([0.0, 0.2, 0.4, 0.6, 0.8])
    for f in (
        lambda x, low: np.clip(x, min=low),
        lambda x, low: np.clip(x, max=low, min=0.1),
        lambda x, low: np.clip(x, low, None),
        lambda x, low: np.reshape(x[None] * low, (-1, 1), order="F"),
        lambda x, low: np.sum(low, axis=-1) + np.max(low, axis=0, keepdims=True) * x,
    ):
        assert_same(tg.vmap(f)(X, low), stacked(f, X, low))
        assert_same(tg.compile(tg.vmap(f))(X, low), stacked(f, X, low))


def test_sums_over_no_axis_compile():
    f = tg.vmap(lambda x: 2 * np.sum(np.sin(x)))
    compiled = tg.compile(f)
    for x in (X[:, 0], X[:1, 0]):
        for _ in range(2):
            assert_same(compiled(x), f(x))


@pytest.mark.parametrize("function", [f for f in domains if f is not solution], ids=label)
def test_every_function_runs_on_many_examples(function, monkeypatch):
    alone, loop = [], array.loop_over_batch
    monkeypatch.setattr(array, "loop_over_batch", lambda *given: alone.append(given) or loop(*given))
    for call in domains[function][: None if THOROUGH else 2]:
        samples = [call.draw(seed) for seed in range(2)]
        run = samples[0]
        xs = [np.stack([np.asarray(sample.arrays[i]) for sample in samples]) for i in range(len(run.arrays))]

        def f(*arrays, run=run):
            z = run.results(*arrays)
            parts = z if isinstance(z, (tuple, list)) else (z,)
            return tuple(part for part in in_parts(parts) if np.result_type(part).kind == "f")

        def slopes(*arrays, f=f):
            return tg.grad(lambda *arrays: sum(np.sum(np.sin(z)) for z in f(*arrays)), tuple(range(len(arrays))))(
                *arrays
            )

        with np.errstate(all="ignore"):
            for each in (f, slopes):
                got, wanted = tg.vmap(each)(*xs), stacked(each, *xs)
                for x, y in zip(tg.tree.leaves(got), tg.tree.leaves(wanted), strict=True):
                    assert (x.shape, x.dtype) == (y.shape, y.dtype)
                    room = 2**12 * eps(y) * np.nanmax(abs(y), initial=1.0, where=np.isfinite(y))
                    np.testing.assert_allclose(x, y, rtol=2**12 * eps(y), atol=room)
    name = label(function)
    assert not alone or name in ONE_BY_ONE | SCIPYS or any(part in name for part in IMAGES)


def test_what_runs_one_by_one_is_listed():
    page = (Path(__file__).parents[2] / "docs/loops.md").read_text("utf-8")
    shown = page.partition("one example after the other:")[2].partition("\n\n")[0]
    hidden = {
        "convolution",
        "least_squares",
        "np.full_like",
        "negative_log_likelihood",
        "np.ravel",
        "np.einsum",
        "getitem",
    }
    assert {name for name in ONE_BY_ONE - hidden if f"`{name}`" not in shown} == set()


def f(x):
    return np.sum(np.sin(x) * x[0])


def test_transforms_inside():
    for inner in (
        tg.grad(f),
        tg.value_and_grad(f),
        tg.hessian(f),
        tg.jacobian(lambda x: np.sin(x) * x[0]),
        tg.jacobian(tg.hessian(f)),
        tg.grad(lambda x: np.sum(tg.grad(f)(x) ** 2)),
        tg.jacobian(lambda x: {"a": x[0] ** 3, "b": np.outer(x, x)}),
        lambda x: tg.vjp(np.sin, x)[1](x),
    ):
        assert_same(tg.vmap(inner)(X), stacked(inner, X))
    for inner in (
        lambda x, v: tg.hvp(f, (x,), (v,))[0],
        lambda x, v: tg.jvp(f, (x,), (v,)),
        lambda x, v: tg.vjp(lambda x: x * x[0], x)[1](v),
    ):
        assert_same(tg.vmap(inner)(X, V), stacked(inner, X, V))


def test_transforms_outside():
    w = generator.normal(size=(3, 2))

    def model(w, x):
        return np.tanh(x @ w)

    def by_loop(w):
        return np.stack([model(w, x) for x in X])

    def mapped(w):
        return tg.vmap(model, in_axes=(None, 0))(w, X)

    assert_same(tg.jacobian(mapped)(w), tg.jacobian(by_loop)(w))
    for g in (lambda m: lambda w: np.sum(m(w) ** 2),):
        assert_same(tg.grad(g(mapped))(w), tg.grad(g(by_loop))(w))
        assert_same(tg.hessian(g(mapped))(w), tg.hessian(g(by_loop))(w), 512)


def test_gradients_of_each_example_and_gradients_of_those():
    def loss(w, x):
        return np.sum(np.tanh(w * x)) ** 2

    def penalty(w, each):
        return np.sum(each(w) ** 2)

    w = np.array([0.3, -0.5, 0.8])
    at_once = lambda w: tg.vmap(tg.grad(loss), in_axes=(None, 0))(w, X)  # noqa: E731
    alone = lambda w: np.stack([tg.grad(loss)(w, x) for x in X])  # noqa: E731
    assert_same(at_once(w), alone(w))
    assert_same(tg.grad(penalty)(w, at_once), tg.grad(penalty)(w, alone), 512)


def test_maps_within_maps():
    def pairs(inner):
        return tg.vmap(lambda x: tg.vmap(lambda v: inner(x, v))(V))(X)

    for inner in (
        lambda x, v: np.sum(x * v) * x,
        np.dot,
        lambda x, v: x[None] @ np.outer(v, x),
        lambda x, v: tg.grad(lambda v: np.sum(x * v * v))(v),
        lambda x, v: tg.grad(lambda x: np.sum(x * v) ** 2)(x),
        lambda x, v: np.where(v > 0, x, v),
        lambda x, v: np.concatenate([x, v, np.ones(2)]),
        lambda x, v: tg.scan(lambda c, a: (np.sin(c * x[0] + a), c), v[1], v)[1],
    ):
        assert_same(pairs(inner), np.stack([np.stack([inner(x, v) for v in V]) for x in X]))


def test_loops_and_checkpoints_inside():
    def path(x):
        return tg.scan(lambda c, a: (np.sin(c * x[0] + a), c), x[1], x)[1]

    def last(x):
        return tg.scan(lambda c, a: (np.sin(c * x[0] + a), c), x[1], x, checkpoint=True)[0]

    def root(x):
        return tg.while_loop(lambda r: abs(r * r - x) > 1e-9, lambda r: (r + x / r) / 2, 1.0, 60)

    for inner in (path, last, tg.grad(last), tg.hessian(last), tg.jacobian(path), tg.checkpoint(path)):
        assert_same(tg.vmap(inner)(X), stacked(inner, X), 512)
    for inner in (root, tg.grad(root)):
        assert_same(tg.vmap(inner)(np.array([2.0, 3.0, 1e4])), stacked(inner, np.array([2.0, 3.0, 1e4])))
    assert_same(
        tg.grad(lambda X: np.sum(tg.vmap(path)(X)))(X), np.stack([tg.grad(lambda x: np.sum(path(x)))(x) for x in X])
    )


def test_a_tape_goes_through_what_is_closed_over():
    w = Value([1.0, 2.0, 3.0])
    z = tg.vmap(lambda x: np.sum(x * w) ** 2)(X)
    assert isinstance(z, Value)
    np.sum(z).backward()
    np.testing.assert_allclose(w.grad, np.sum([2 * np.sum(x * w.data) * x for x in X], axis=0), rtol=64 * EPS)


def test_each_example_picks_its_own_places():
    labels, tables = np.array([2, 0, 1, 2, 0]), generator.normal(size=(4, 3))
    picked = tg.vmap(lambda x, y: x[y])(X, labels)
    np.testing.assert_array_equal(picked, X[np.arange(5), labels])
    slope = tg.vmap(tg.grad(lambda x, y: x[y] ** 2))(X, labels)
    assert_same(slope, stacked(tg.grad(lambda x, y: x[y] ** 2), X, labels))
    rows = tg.vmap(lambda y: tg.functions.embedding(tables, y))(labels)
    np.testing.assert_array_equal(rows, tables[labels])
    w = Value(tables)
    np.sum(tg.vmap(lambda y: w[y])(labels) * X).backward()
    np.testing.assert_allclose(w.grad[1], X[2], rtol=EPS)
    several = tg.vmap(lambda x, y: x[np.stack([y, 1 - y])])(X, labels // 2)
    np.testing.assert_array_equal(several[0], X[0, [1, 0]])


def test_trees_and_axes():
    tree = {"a": X.T, "b": (V, 2.0)}
    got = tg.vmap(lambda t, s: {"z": t["a"] * t["b"][0] * t["b"][1] * s, "n": 3, "of": t["a"].shape}, in_axes=(
        {"a": 1, "b": (0, None)}, None), out_axes={"z": 1, "n": None, "of": None})(tree, 0.5)  # fmt: skip
    np.testing.assert_array_equal(got["z"], (X * V).T)
    assert (got["n"], got["of"]) == (3, (3,))
    np.testing.assert_array_equal(tg.vmap(lambda x, p=1: x**p)(X, p=2), X**2)
    np.testing.assert_array_equal(tg.vmap(lambda x: np.ones(2))(X), np.ones((5, 2)))
    np.testing.assert_array_equal(tg.vmap(lambda x: x, in_axes=-1)(X), X.T)
    assert tg.vmap(lambda x: 2)(X).tolist() == [2] * 5


def test_the_result_has_memory_of_its_own():
    x = X.copy()
    for f in (lambda x: x, lambda x: np.ones(3), lambda x: x[:2]):
        z = tg.vmap(f)(x)
        z += 1
    np.testing.assert_array_equal(x, X)


def test_masks_and_kinks_are_those_of_each_example():
    def logs(x):
        return np.sum(np.where(x > 0, np.log(np.where(x > -9, x, 1.0)), 0.0))

    x = np.array([[1.0, 0.0], [-1.0, 2.0]])
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(tg.vmap(tg.grad(logs))(x), [[1, 0], [0, 0.5]])
    curvature = tg.vmap(tg.hessian(lambda x: np.abs(x) * np.abs(x)))(np.array([0.0, 1.0, -2.0]))
    np.testing.assert_allclose(curvature, [2, 2, 2], rtol=1e-6)  # the step aside is that of tests/core/test_kinks.py


def test_float32_stays_float32():
    x = X.astype(np.float32)
    assert_same(tg.vmap(tg.grad(f))(x), stacked(tg.grad(f), x))
    assert tg.vmap(tg.grad(f))(x).dtype == np.float32


def test_it_compiles_to_one_axis_more():
    each = tg.compile(tg.vmap(tg.grad(lambda w, x: np.tanh(x @ w) ** 2), in_axes=(None, 0)), plain=True)
    w = np.array([0.5, -1.0, 2.0])
    each(w, X)
    assert_same(each(w, V), stacked(tg.grad(lambda w, x: np.tanh(x @ w) ** 2), w, V, in_axes=(None, 0)))
    assert each.fallbacks == 0
    assert len(each.source.partition("# forward")[2].splitlines()) < 20


def test_what_auxiliary_results_hold_is_one_for_each_example():
    got = tg.vmap(tg.value_and_grad(lambda x: (f(x), {"twice": 2 * x}), has_aux=True))(X)
    np.testing.assert_array_equal(got[0][1]["twice"], 2 * X)


REFUSED = {
    r"takes a branch that depends on numbers .*\(x > 0\); use np.where": lambda: tg.vmap(lambda x: x if x > 0 else -x)(
        np.ones(3)
    ),
    r"makes a plain number .*\(float\(x\)\)": lambda: tg.vmap(lambda x: float(x) + 1)(np.ones(3)),
    r"makes a plain array or index .*tg.functions.embedding": lambda: tg.vmap(lambda x: np.eye(3)[x])(np.arange(3)),
    r"numbers of examples differ: 3 \(argument \[0\]\), 2 \(argument \[1\]\)": lambda: tg.vmap(lambda x, y: x)(
        np.ones(3), np.ones(2)
    ),
    r"argument \[0\] has shape \(\) and no axis 0; lists are trees": lambda: tg.vmap(lambda x: x)(1.0),
    r"argument \[0\] has shape \(3,\) and no axis 1": lambda: tg.vmap(lambda x: x, in_axes=1)(np.ones(3)),
    r"in_axes=\(0,\) with 2 positional arguments": lambda: tg.vmap(lambda x, y: x, in_axes=(0,))(1.0, 2.0),
    "no argument has an axis of examples": lambda: tg.vmap(lambda x: x, in_axes=None)(1.0),
    "there is no example": lambda: tg.vmap(lambda x: x)(np.ones((0, 2))),
    "in_axes has .* for a dict; give an int, None, or a tree like it": lambda: tg.vmap(lambda x: x, in_axes=((0, 1),))(
        {"a": X}
    ),
    "in_axes has 'a' for a ndarray": lambda: tg.vmap(lambda x: x, in_axes="a")(X),
    "the result differs from example to example, and out_axes says None": lambda: tg.vmap(lambda x: x, out_axes=None)(
        X
    ),
    "writes into an array of one example|makes a plain array": lambda: tg.vmap(_writes)(X),
    r"f is a int; give a function": lambda: tg.vmap(3),
}


def _writes(x):
    z = np.zeros(3)
    z[:] = x
    return z


@pytest.mark.parametrize("message", REFUSED)
def test_what_is_refused(message):
    with pytest.raises((TypeError, ValueError), match=f"vmap: .*({message})"):
        REFUSED[message]()


@pytest.mark.parametrize("transform", [lambda f: f, tg.grad])
def test_solvers_take_one_example_at_a_time_and_are_refused(transform):
    root = tg.implicit(lambda x, a: x * x - a, np.sqrt)
    with pytest.raises(TypeError, match="loop over the examples"):
        tg.vmap(transform(root))(np.array([1.0, 4.0]))


@pytest.mark.parametrize("constant", [payload, lambda x: x.data, lambda x: x.detach()])
def test_what_is_held_constant_stays_constant_for_each_example(constant):
    def f(x):
        return np.sum(x**2 * np.tanh(constant(x)))

    xs = np.stack([X[0], 2 * X[0], -X[0]])
    wanted = np.stack([tg.grad(f)(x) for x in xs])
    np.testing.assert_allclose(tg.vmap(tg.grad(f))(xs), wanted, rtol=64 * EPS)
    np.testing.assert_allclose(tg.compile(tg.vmap(tg.grad(f)))(xs), wanted, rtol=64 * EPS)
    twice = tg.vmap(tg.vmap(tg.grad(f)))(np.stack([xs, 3 * xs]))
    np.testing.assert_allclose(twice, [[tg.grad(f)(x) for x in each] for each in (xs, 3 * xs)], rtol=64 * EPS)
    hessians = tg.vmap(tg.hessian(f))(xs)
    np.testing.assert_allclose(hessians, [tg.hessian(f)(x) for x in xs], rtol=64 * EPS)
