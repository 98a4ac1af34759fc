"""scan, while_loop, checkpoint: what the plain loop gives, in value, slope, memory and refusals.

c  carry
x  what a step is given
w  what steps close over
"""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygrad_edu as tg
from tests.transforms.drawn_loops import checkpointed, drawn_loops, scanned
from tinygrad_edu import Value

MANY = 2000 if settings.default.max_examples >= 50 else 25
EPS = np.finfo(float).eps


@settings(max_examples=MANY)
@given(drawn_loops(), st.booleans())
def test_scan_has_the_slopes_of_the_plain_loop(loop, checkpoint):
    loop.assert_same(scanned, False, checkpoint)


@settings(max_examples=MANY // 2)
@given(drawn_loops())
def test_checkpoint_changes_nothing(loop):
    loop.assert_same(checkpointed)


def oscillate(p, n, start=(1.0, 0.0), h=0.01, **how):
    """A damped oscillator, by the classical method of Runge and Kutta: Hairer, Nørsett, Wanner, II.1."""

    def slope(q, v):
        return v, -p[0] * q - p[1] * v

    def step(c, _):
        q, v = c
        a1, b1 = slope(q, v)
        a2, b2 = slope(q + h / 2 * a1, v + h / 2 * b1)
        a3, b3 = slope(q + h / 2 * a2, v + h / 2 * b2)
        a4, b4 = slope(q + h * a3, v + h * b3)
        return (q + h / 6 * (a1 + 2 * a2 + 2 * a3 + a4), v + h / 6 * (b1 + 2 * b2 + 2 * b3 + b4)), q

    return tg.scan(step, start, length=n, **how)


def test_an_oscillator_has_the_slope_of_its_solution():
    def solution(p, t):
        frequency = np.sqrt(p[0] - p[1] ** 2 / 4)
        return np.exp(-p[1] * t / 2) * (np.cos(frequency * t) + p[1] / (2 * frequency) * np.sin(frequency * t))

    p, n = np.array([4.0, 0.3]), 200
    q, slope = tg.value_and_grad(lambda p: oscillate(p, n)[0][0])(p)
    # fourth order: the error of a step is of size h⁵ times fifth derivatives, below 4 ** 2.5
    np.testing.assert_allclose(q, solution(p, 2.0), rtol=0, atol=n * 0.01**5 * 32)
    np.testing.assert_allclose(slope, tg.grad(solution)(p, 2.0), rtol=0, atol=n * 0.01**5 * 32 * 10)
    assert tg.compare_gradients(lambda p: oscillate(p, n)[0][0], p).ok


def test_every_transform_goes_through_a_loop():
    def last(p):
        return oscillate(p, 6)[0][0]

    def plain(p):
        q, v = 1.0, 0.0
        for _ in range(6):
            (q, v), _ = oscillate(p, 1, (q, v))
        return q

    p, u = np.array([4.0, 0.3]), np.array([1.0, -2.0])
    for transform in (
        lambda f: tg.jvp(f, (p,), (u,))[1],
        lambda f: tg.hvp(f, (p,), (u,))[0],
        lambda f: tg.hessian(f)(p),
        lambda f: tg.jacobian(tg.hessian(f))(p),
        lambda f: tg.jvp(tg.grad(f), (p,), (u,))[1],
    ):
        x, y = transform(last), transform(plain)
        np.testing.assert_allclose(x, y, rtol=256 * EPS, atol=256 * EPS * np.max(abs(y)))
    path = tg.jacobian(lambda p: oscillate(p, 6)[1])(p)
    np.testing.assert_allclose(path[5], tg.grad(lambda p: oscillate(p, 5)[0][0])(p), rtol=64 * EPS, atol=0)


def test_what_a_step_closes_over_has_its_slope():
    w, b, unused = Value(2.0), Value([1.0, 0.5]), Value(3.0)
    (c, _), ys = tg.scan(lambda c, _: ((c[0] * w, c[1] + b * c[0]), unused.data * w), (1.0, np.zeros(2)), length=3)
    (np.sum(c * b) + np.sum(ys)).backward()
    # c = w³ and the second carry b (1 + w + w²)
    np.testing.assert_array_equal(w.grad, 12 * 1.5 + 9)
    np.testing.assert_array_equal(b.grad, [8, 8])
    assert unused.grad == 0


def test_a_value_closed_over_may_be_differentiated_where_it_stands():
    def f(w):
        inner = tg.grad(lambda c: tg.scan(lambda c, _: (np.sin(w * c), None), c, length=3)[0])
        return inner(0.5)

    def plain(w):
        return tg.grad(lambda c: np.sin(w * np.sin(w * np.sin(w * c))))(0.5)

    np.testing.assert_allclose(tg.grad(f)(0.7), tg.grad(plain)(0.7), rtol=64 * EPS)


def test_scans_within_scans():
    def total(w, nested):
        def row(c, x):
            inner = tg.scan(lambda c, x: (np.tanh(c * w + x), c * x), c, x)
            return inner[0], inner[1]

        if nested:
            c, ys = tg.scan(row, np.asarray(0.3)[()], xs)
        else:
            c, ys = tg.scan(lambda c, x: (np.tanh(c * w + x), c * x), np.asarray(0.3)[()], xs.reshape(-1))
        return c + np.sum(ys)

    xs = np.linspace(-1, 1, 12).reshape(3, 4)
    for f in (tg.grad, lambda f: tg.grad(tg.grad(f))):
        a, b = (f(lambda w, nested=nested: total(w, nested))(0.8) for nested in (True, False))
        np.testing.assert_allclose(a, b, rtol=64 * EPS)


def test_integers_and_float32_are_carried_as_they_are():
    def step(c, x):
        return (c[0] * np.float32(2), c[1] + x), (c[1], c[0])

    (a, k), (ks, path) = tg.scan(step, (np.float32(1), 0), np.arange(4))
    assert (a, a.dtype, k, ks.tolist(), path.dtype) == (16, np.float32, 6, [0, 0, 1, 3], np.float32)
    slope = tg.grad(lambda a: tg.scan(step, (a, 0), np.arange(4))[0][0])(np.float32(1))
    assert (slope, slope.dtype) == (16, np.float32)


def test_symbols_pick_rows():
    symbols = np.array([0, 2, 2, 1])
    slope = tg.grad(lambda w: tg.scan(lambda c, i: (c * w[i], None), 1.0, symbols)[0])(np.array([2.0, 3.0, 5.0]))
    np.testing.assert_array_equal(slope, [75, 50, 60])


def test_masks_are_those_of_the_plain_loop():
    def chosen(c, _):
        return np.where(c > 0, np.log(np.where(c > -5, c, 1.0)), 0.0) + 1.0, None

    x = np.array([0.0, 2.0])
    with np.errstate(all="ignore"):
        got = tg.grad(lambda x: np.sum(tg.scan(chosen, x, length=2)[0]))(x)
        wanted = tg.grad(lambda x: np.sum(chosen(chosen(x, None)[0], None)[0]))(x)
    np.testing.assert_array_equal(got, wanted)
    assert np.all(np.isfinite(got))


def test_nothing_is_masked_that_moves():
    steps = lambda c, i: (np.where(i == 0, np.cbrt(c), c**3), None)  # noqa: E731
    with np.errstate(all="ignore"):
        assert np.isnan(tg.grad(lambda x: tg.scan(steps, x, np.arange(2))[0])(0.0))  # as without a loop: 0 · ∞


def test_kinks_are_those_of_the_plain_loop():
    def squared(x, loop):
        def step(c, _):
            return np.abs(c) * np.abs(c), None

        return tg.scan(step, x, length=1)[0] if loop else step(x, None)[0]

    for x in (0.0, 1.0):
        a, b = (tg.grad(tg.grad(lambda x, loop=loop: squared(x, loop)))(x) for loop in (True, False))
        assert a == b
        assert abs(a - 2) < 1e-6  # the step aside is that of tests/core/test_kinks.py


def test_values_in_values_out():
    c, ys = tg.scan(lambda c, _: (c * 2, c), Value(1.0), length=2)
    assert isinstance(c, Value)
    assert isinstance(ys, Value)
    with tg.no_grad():
        c, ys = tg.scan(lambda c, _: (c * 2, c), Value(1.0), length=2)
    assert isinstance(c, Value)
    assert c.function is None
    plain = tg.scan(lambda c, _: (c * 2, c), 1.0, length=2)
    assert (plain[0], plain[1].tolist()) == (4, [1, 2])


def test_a_loop_is_one_entry_that_says_what_it_is():
    x = Value(1.0)
    c, _ = tg.scan(double, x, length=5)
    assert len(tg.Tape(c)) == 3
    assert "5 × double" in str(tg.Tape(c))


def double(c, _):
    return c * 2, None


def test_what_was_given_may_be_written_into_afterwards():
    xs = np.ones(3)
    w = Value(2.0)
    c, _ = tg.scan(lambda c, x: (c * w * x, None), 1.0, xs)
    xs[:] = 7
    c.backward()
    assert w.grad == 12


def test_a_while_loop_stops_where_its_condition_does():
    def times(w, limit=50):
        return tg.while_loop(lambda c: c[0] < 100, lambda c: (c[0] * w, c[1] + 1), (3.0, 0), limit)

    x, n = times(2.0)
    assert (x, n) == (192, 6)
    assert tg.grad(lambda w: times(w)[0])(2.0) == 3 * 6 * 2**5
    assert times(2.0, limit=2)[0] == 12
    assert times(2.0, limit=0) == (3, 0)
    w = Value(2.0)
    times(w)[0].backward()
    assert w.grad == 576
    with pytest.raises(TypeError, match=r"while_loop: limit is 2\.5"):
        times(2.0, limit=2.5)
    with pytest.raises(TypeError, match="while_loop: the condition gave an array of shape"):
        tg.while_loop(lambda c: c > 0, lambda c: c, np.ones(2), 3)


def test_a_checkpoint_takes_what_the_function_takes():
    @tg.checkpoint
    def f(p, *, power=1):
        """A sum and a number."""
        return {"y": np.sum(p["w"] ** power), "n": 3}

    assert (f.__name__, f.__doc__) == ("f", "A sum and a number.")
    assert f({"w": np.ones(2)}, power=3) == {"y": 2, "n": 3}
    np.testing.assert_array_equal(tg.grad(lambda p: f(p, power=3)["y"])({"w": np.ones(2)})["w"], [3, 3])


def peak(f, x):
    """How many arrays like x there are at most while f runs, beside x."""
    f(x)
    tracemalloc.start()
    f(x)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most / x.nbytes


def test_memory_is_that_of_the_carries_and_of_their_root():
    n, x = 100, np.linspace(-1, 1, 5000)

    def step(c, _):
        return np.sin(np.exp(-c * c) + c), None

    def last(x, **how):
        return np.sum(tg.scan(step, x, length=n, **how)[0])

    def plain(x):
        for _ in range(n):
            x, _ = step(x, None)
        return np.sum(x)

    per_step = 5  # arrays that a step makes
    assert peak(tg.grad(plain), x) > per_step * n
    assert peak(tg.grad(last), x) < n + 4 * per_step
    assert peak(tg.grad(lambda x: last(x, checkpoint=True)), x) < 2 * np.sqrt(n) + 4 * per_step
    forgotten = tg.checkpoint(lambda x: step(x, None)[0])

    def remembered(x):
        for _ in range(n):
            x = forgotten(x)
        return np.sum(x)

    assert peak(tg.grad(remembered), x) < 2 * n + 4 * per_step


REFUSED = {
    "step is a int": lambda: tg.scan(3, 0.0, length=2),
    "so the number of steps is not known; pass length=": lambda: tg.scan(lambda c, x: (c, None), 0.0),
    "step returned a float64; it must return a pair": lambda: tg.scan(lambda c, x: c, 0.0, length=2),
    "step returned a tuple of 3": lambda: tg.scan(lambda c, x: (c, c, c), 0.0, length=2),
    "carry is int64 before a step and float64 after it; begin with it": lambda: tg.scan(
        lambda c, x: (c + 0.5, None), 0, length=2
    ),
    r"carry\['a'\] is float32 before a step and float64 after it": lambda: tg.scan(
        lambda c, x: ({"a": np.float64(c["a"])}, None), {"a": np.float32(1)}, length=2
    ),
    "the carry of a step has another structure than before": lambda: tg.scan(
        lambda c, x: ((c, c), None), 0.0, length=2
    ),
    "carry of a step has another structure than before: a tuple of 1 against a tuple of 2": lambda: tg.scan(
        lambda c, x: ((c[0], c[0]), None), (0.0,), length=2
    ),
    r"carry has shape \(\) before a step and \(2,\) after it": lambda: tg.scan(
        lambda c, x: (np.stack([c, c]), None), 0.0, length=2
    ),
    r"the numbers of steps differ: 3 \(xs\[0\]\), 2 \(xs\[1\]\)": lambda: tg.scan(
        lambda c, x: (c, x), 0.0, (np.ones(3), np.ones(2))
    ),
    r"the numbers of steps differ: 4 \(length\), 3 \(xs\)": lambda: tg.scan(
        lambda c, x: (c, x), 0.0, np.ones(3), length=4
    ),
    r"xs\[0\] is a single number, 1.0, .* pass np.array": lambda: tg.scan(lambda c, x: (c, x), 0.0, [1.0, 2.0]),
    "the y of a step has another structure than before: a number at y against a NoneType": lambda: tg.scan(
        lambda c, x: (c, None if x else x), 0.0, np.arange(3)
    ),
    r"y has shape \(0,\) before a step and \(1,\) after it": lambda: tg.scan(
        lambda c, x: (c, np.ones(x)), 0.0, np.arange(3)
    ),
    "got 0 steps": lambda: tg.scan(lambda c, x: (c, None), 0.0, length=0),
    "got -1 steps": lambda: tg.scan(lambda c, x: (c, None), 0.0, length=-1),
    "length is 2.5": lambda: tg.scan(lambda c, x: (c, None), 0.0, length=2.5),
    "the y at the top is a set": lambda: tg.scan(lambda c, x: (c, {1}), 0.0, length=2),
    "the carry at the top is a set": lambda: tg.scan(lambda c, x: (c, 1), {1}, length=2),
}


@pytest.mark.parametrize("message", REFUSED)
def test_what_is_no_loop_is_refused(message):
    with pytest.raises((TypeError, ValueError), match=f"^scan.*{message}"):
        REFUSED[message]()
