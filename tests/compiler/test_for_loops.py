"""tg.scan, compiled: a `for` in the program, forward and backward, that gives what the function gives.

c  carry
x  what a step is given
"""

import time
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygrad_edu as tg
from tests.transforms.drawn_loops import checkpointed, drawn_loops, scanned
from tinygrad_edu.compiler import ir, patience
from tinygrad_edu.compiler.passes import residuals

MANY = 2000 if settings.default.max_examples >= 50 else 25
EPS = np.finfo(float).eps


@settings(max_examples=MANY)
@given(drawn_loops(), st.booleans())
def test_compiled_loops_have_the_slopes_of_the_plain_loop(loop, checkpoint):
    loop.assert_same(scanned, True, checkpoint)


@settings(max_examples=MANY // 4)
@given(drawn_loops())
def test_compiled_checkpoints_change_nothing(loop):
    loop.assert_same(checkpointed, True)


def assert_runs(f, *given, others=(), rtol=64, loops=None):
    """Fail unless f, compiled in either form, gives what it gives; returns the text of the program."""
    for plain in (False, True):
        compiled = tg.compile(f, plain=plain)
        for numbers in (given, given, *others):
            wanted, got = tg.tree.leaves(f(*numbers)), tg.tree.leaves(compiled(*numbers))
            for x, y in zip(wanted, got, strict=True):
                assert (np.shape(x), x.dtype, type(x)) == (np.shape(y), y.dtype, type(y))
                np.testing.assert_allclose(y, x, rtol=0, atol=rtol * EPS * np.max(abs(x), initial=0.0))
        assert compiled.fallbacks == 0
        text = compiled.source
        assert loops is None or text.count("    for i in ") == loops, text
    return text


def growth(a, x):
    def step(c, x):
        c = np.sin(c * a) + x
        return c, c * a

    return tg.scan(step, 0.5, x)


def test_numbers_run_as_python_and_the_body_stands_once():
    slopes = tg.value_and_grad(lambda a, x: np.sum(growth(a, x)[1]), (0, 1))
    x = np.linspace(-1, 1, 40)
    text = assert_runs(slopes, 0.5, x, others=[(0.7, x[::-1].copy())], loops=2)
    assert text.count("range(40)") == 2
    assert text.count("in reversed(range(40)):") == 1
    fast = tg.compile(slopes)
    fast(0.5, x)
    assert "from math import cos, sin" in fast.source
    assert "sin(" in fast.source.partition("def loop1")[2].partition("def ")[0]


def test_where_math_raises_an_error_numpy_takes_over():
    def f(a):
        return tg.scan(lambda c, _: (np.exp(c * a), c), 1.0, length=4)

    compiled = tg.compile(f)
    for a in (0.5, 10.0, -2.0):
        with np.errstate(all="ignore"):
            wanted = f(a)
        got = compiled(a)
        np.testing.assert_allclose(got[0], wanted[0], rtol=256 * EPS)
        np.testing.assert_allclose(got[1], wanted[1], rtol=256 * EPS)
    assert compiled.fallbacks == 0


def cell(w, h, x):
    return np.tanh(x @ w["in"] + h @ w["on"] + w["bias"])


def network(w, xs):
    def step(h, x):
        h = cell(w, h, x)
        return h, np.sum(h * h)

    h, ys = tg.scan(step, np.zeros(4), xs)
    return np.sum(h) + np.mean(ys)


W = {
    "in": np.linspace(-1, 1, 12).reshape(3, 4),
    "on": np.cos(np.arange(16.0)).reshape(4, 4) / 3,
    "bias": np.linspace(0, 1, 4),
}
XS = np.sin(np.arange(36.0)).reshape(12, 3)


def test_arrays():
    assert_runs(tg.value_and_grad(network, (0, 1)), W, XS, others=[(W, -XS)], loops=2)
    assert_runs(network, W, XS, loops=1)
    assert_runs(lambda w, v: tg.hvp(network, (w, XS), (v,), argnums=0), W, W, rtol=512)
    assert_runs(lambda w, v: tg.jvp(lambda w: network(w, XS), (w,), (v,)), W, W, rtol=512)


def test_segments():
    def last(w, xs):
        return tg.scan(lambda h, x: (cell(w, h, x), None), np.zeros(4), xs, checkpoint=True)[0][1]

    assert_runs(tg.value_and_grad(last), W, XS, rtol=512)


def computed(call, text):
    """How often a call stands in a program, but for its remarks."""
    return sum(line.partition("  #")[0].count(f"{call}(") for line in text.splitlines())


def test_the_sweep_reads_what_was_kept_forward(monkeypatch):
    def program(f):
        compiled = tg.compile(f)
        compiled(W, XS)
        return compiled.source

    slopes = tg.value_and_grad(network, (0, 1))
    assert_runs(slopes, W, XS, others=[(W, -XS)])
    text = program(slopes)
    assert computed("np.tanh", text) == 1
    assert "  ∂ return np.tanh(x @ w" in text
    assert ", work):" in text.partition("def loop2")[0]  # what is kept has memory that is made once
    monkeypatch.setattr(residuals, "MOST_BYTES", 12 * 4 * 8 - 1)  # of all steps, just too little
    assert computed("np.tanh", program(slopes)) == 2


def test_checkpoints_keep_nothing_of_a_step():
    n, c = 400, np.linspace(-1, 1, 100)
    wave = tg.checkpoint(lambda w, c: np.tanh(w * c) + c)
    slopes = tg.compile(tg.grad(lambda w, c: np.sum(tg.scan(lambda c, _: (wave(w, c), None), c, length=n)[0])))
    slopes(0.5, c)
    assert computed("np.tanh", slopes.source) == 2

    def last(w, c):
        return np.sum(tg.scan(lambda c, _: (np.tanh(w * c) + c, None), c, length=n, checkpoint=True)[0])

    slopes = tg.compile(tg.grad(last))
    for _ in range(2):
        slopes(0.5, c)
    tracemalloc.start()
    slopes(0.5, c)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak <= 4 * n**0.5 * c.nbytes  # between segments, and in one of them, with what the slopes read


def test_what_a_loop_gives_shares_no_memory():
    def path(h, xs):
        return tg.scan(lambda h, x: (np.sin(h) + x,) * 2, h, xs)

    compiled = tg.compile(path)
    for _ in range(2):
        last, states = compiled(np.zeros(4), np.ones((5, 4)))
        assert not np.shares_memory(last, states)
        first = states.copy()
        compiled(np.ones(4), np.ones((5, 4)))
        np.testing.assert_array_equal(first, states)


def test_only_what_is_used_is_kept():
    text = assert_runs(lambda a, x: growth(a, x)[0], 0.5, np.ones(20), loops=1)
    assert "s[i] =" not in text.partition("# forward")[0]
    assert "np.empty" not in text


def test_integers_along_a_loop():
    moves = np.log(np.array([[0.9, 0.1], [0.2, 0.8]]))
    shows = np.log(np.array([[0.2, 0.3, 0.5], [0.6, 0.3, 0.1]]))

    def log_likelihood(moves, shows, seen):
        def step(a, k):
            return np.logaddexp.reduce(a[:, None] + moves, axis=0) + shows[:, k], None

        return np.logaddexp.reduce(tg.scan(step, np.zeros(2), seen)[0])

    seen = np.array([0, 2, 1, 1, 0, 2, 0, 1])
    assert_runs(
        tg.value_and_grad(log_likelihood, (0, 1)), moves, shows, seen, others=[(moves, shows, seen[::-1].copy())]
    )
    assert_runs(lambda x: tg.scan(lambda c, _: ((c[0] * x, c[1] + 1), c[1]), (x, 0), length=5), 2.0)


def test_loops_in_loops_and_in_maps():
    def nested(a, x):
        def row(c, x):
            return tg.scan(lambda c, x: (np.tanh(c * a + x), c), c, x)

        return np.sum(tg.scan(row, 0.25, x)[1])

    text = assert_runs(tg.value_and_grad(nested), 0.5, XS, rtol=512)
    assert text.count("    for i in ") >= 3
    each = tg.vmap(tg.value_and_grad(lambda a, x: np.sum(growth(a, x)[1])), in_axes=(0, None))
    assert_runs(each, np.linspace(0, 1, 3), np.ones(7), loops=2)
    assert_runs(tg.jacobian(lambda a: growth(a, np.ones(5))[1]), 0.5)
    assert_runs(
        tg.hessian(lambda w: tg.scan(lambda c, _: (np.sin(c @ w) * w, None), w, length=3)[0][0]), np.ones(2) / 2
    )


def test_layouts_may_differ_from_step_to_step():
    a = np.asfortranarray(np.linspace(0, 1, 6).reshape(2, 3))
    assert_runs(lambda a: tg.scan(lambda c, _: (np.flip(c, 0) * 2 - a, np.transpose(c)), a, length=3), a)
    assert_runs(lambda a: tg.scan(lambda c, _: ((c[1], c[0]), c[0]), (a, 2 * a), length=3), a)
    assert_runs(lambda a, b: tg.scan(lambda c, x: (x, c), a, b), np.ones(3), np.arange(12.0).reshape(4, 3))
    assert_runs(lambda a: tg.scan(lambda c, x: (a, c), np.zeros((2, 3)), length=2), a)


def test_writing_inside_a_step():
    def step(c, x):
        z = np.zeros_like(c)
        z[0] = x
        z[1:] += c[:-1]
        return z, z[-1]

    assert_runs(lambda c, x: tg.scan(step, c, x), np.ones(3), np.arange(5.0))


def test_what_depends_on_a_step_is_written_out():
    table = np.array([1.0, 2.0, 3.0])
    compiled = tg.compile(lambda a: tg.scan(lambda c, i: (c * table[i] if i else c + a, None), a, np.arange(3))[0])
    assert [compiled(2.0), compiled(2.0)] == [24, 24]
    assert "for i in" not in compiled.source
    with pytest.raises(tg.TraceError, match="takes a branch that depends on numbers"):
        tg.compile(lambda a: tg.scan(lambda c, _: (c * 2 if c > 0 else c, None), a, length=3)[0])(2.0)


def test_a_step_that_counts_is_found():
    def f(x):
        seen = []

        def step(c, _):
            seen.append(1)
            return c * len(seen), None

        return tg.scan(step, x, length=40)[0]

    with pytest.raises(tg.TraceError, match="draw random numbers, count"):
        tg.compile(f)(1.5)


def test_while_loops_have_a_bound():
    def root(x):
        return tg.while_loop(lambda r: abs(r * r - x) > 1e-12, lambda r: (r + x / r) / 2, 1.0, limit=20)

    assert_runs(tg.value_and_grad(root), 2.0, others=[(3.0,), (1e3,)])


def test_long_loops_are_quick(monkeypatch):
    monkeypatch.setattr(ir, "VERIFY", False)
    slopes = tg.compile(tg.value_and_grad(lambda a, x: np.sum(growth(a, x)[1])))
    start = time.process_time()
    first = slopes(0.5, np.ones(10_000))
    assert time.process_time() - start < 2  # seconds; it takes 0.05, and the plain loop 5
    np.testing.assert_allclose(slopes(0.5, np.ones(10_000)), first, rtol=1e-9)


def test_a_first_call_that_takes_long_says_so(monkeypatch, caplog):
    monkeypatch.setattr(patience, "SECONDS", 0.01)

    def slow(x):
        for _ in range(300):
            x = np.sin(x)
        return x

    compiled = tg.compile(slow)
    compiled(0.5)
    assert "the first call of slow takes more than 0.01 s" in caplog.text
    assert "tg.scan makes one loop of it" in caplog.text
    caplog.clear()
    compiled(0.5)
    monkeypatch.setattr(patience, "SECONDS", 60.0)
    tg.compile(growth)(0.5, np.ones(3))
    assert caplog.text == ""


def test_programs_with_loops_run_on_their_own():
    slopes = tg.compile(tg.value_and_grad(network))
    value, _ = slopes(W, XS)
    names = {}
    exec(slopes.source, names)
    again = names["program"](*tg.tree.leaves(W), XS, *([names["make_work"]()] if "make_work" in names else []))
    assert again[0] == slopes(W, XS)[0]
    assert abs(again[0] - value) <= 64 * EPS * abs(value)
    assert slopes.report(W, XS).statements
    assert "operations" in slopes.explain()


def orbit(start, length, checkpoint=False):
    """Where a pendulum is at the last step, and how fast; an integer is carried along, and a constant closed over."""

    def step(carry, push):
        (angle, speed, i), drag = carry, start[2]
        angle, speed = angle + 0.01 * speed, speed - 0.01 * (np.sin(angle) + drag * speed) + push
        return (angle, speed, i + 1), angle

    pushes = np.linspace(0.0, 0.01, length) * start[0]
    (angle, speed, _), path = tg.scan(step, (start[0], start[1], 0), pushes, checkpoint=checkpoint)
    return np.stack([angle, speed, np.sum(path)])


@pytest.mark.parametrize("checkpoint", [False, True])
@pytest.mark.parametrize(
    "transform",
    [
        tg.jacobian,
        lambda f: tg.hessian(lambda x: np.sum(f(x) ** 2)),
        lambda f: lambda x: tg.vmap(f)(np.stack([x, 2 * x])),
        lambda f: lambda x: tg.vmap(f, in_axes=1, out_axes=1)(np.stack([x, 2 * x], axis=1)),
        lambda f: lambda x: tg.vmap(tg.jacobian(f))(np.stack([x, 2 * x])),
    ],
)
def test_batches_go_through_a_loop_at_once(transform, checkpoint):
    start, lines = np.array([0.3, 0.2, 0.1]), []
    for length in (9, 16):
        f = transform(lambda x, length=length: orbit(x, length, checkpoint))
        compiled = tg.compile(f)
        for x in (start, 1.5 * start):
            wanted = f(x)
            np.testing.assert_allclose(compiled(x), wanted, rtol=0, atol=1000 * EPS * np.max(abs(wanted)))
        lines.append(len(compiled.source.splitlines()))
    assert lines[0] == lines[1]  # however many steps
