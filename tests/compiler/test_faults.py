"""Faults of earlier compilers, found by random programs and probes: each with the shortest function that shows it."""

import enum
import functools
import gc
import linecache
import math
import os
import signal
import subprocess
import sys
import threading
import time
import warnings

import numpy as np
import pytest

import tinygrad_edu as tg
from tests.compiler.agreement import WAYS
from tests.compiler.test_as_people_write import difference, flat
from tinygrad_edu import TraceError
from tinygrad_edu.testing.calls import outcome
from tinygrad_edu.testing.oracles import ROUNDINGS

X, Y = np.array([1.0, -2.0, 3.0]), np.array([0.5, 0.25, -4.0])
M = np.array([[1.0, 2.0, 3.0], [-4.0, 5.0, 0.5]])
X32 = X.astype(np.float32)
LONG = np.sin(np.arange(140_000.0))
MANY_ROWS = LONG.reshape(70_000, 2)
MASK, ORDER = np.array([True, False, True]), np.array([2, 0, 1])
MASK.flags.writeable = ORDER.flags.writeable = False
FAULTS = {}


def fault(*calls):
    """Register a function, with the arguments of one call after the other."""

    def register(f):
        FAULTS[f.__name__] = f, calls
        return f

    return register


# ---- writes in between


@fault((X, Y, M[0]), (Y, X, M[1]))
def momentum(p, v, g):
    v = 0.5 * v
    v += g
    return p - 0.25 * v


@fault((X,), (Y,))
def a_multiple_that_is_added_to(x):
    h = 2.0 * x
    h += 1
    return 3.0 * h


@fault((X,), (Y,))
def a_negative_that_is_added_to(x):
    h = -x
    h += 1
    return np.sin(-h)


@fault((X,), (Y,))
def a_multiple_that_is_clipped(x):
    e = 2.0 * x
    np.clip(e, -1, 1, out=e)
    return 0.5 * e


@fault((X,), (Y,))
def a_multiple_of_which_one_number_is_set(x):
    h = 4.0 * x
    h[0] = 7.0
    return 0.25 * h


@fault((X,), (Y,))
def a_multiple_that_is_written_into_through_a_view(x):
    h = x * 0.9
    v = h[1:]
    v += 1
    return h * 2.0


@fault((X,), (Y,))
def a_multiple_that_is_copied_into(x):
    h = 2.0 * x
    np.copyto(h, x)
    return 0.5 * h


@fault((X, Y))
def a_multiple_that_a_helper_adds_to(x, y):
    def added_into(total, more):
        total += more
        return total

    h = 2.0 * x
    added_into(h, y)
    return 2.0 * h


@fault((M,), (M[::-1],))
def a_multiple_whose_rows_are_scaled(m):
    h = 0.5 * m
    for k, row in enumerate(h):
        np.multiply(row, k, out=row)
    return 4.0 * h


@fault((X, Y))
def a_multiple_that_is_held_in_a_dict(x, y):
    kept = {"h": 2.0 * x}
    kept["h"] += y
    return kept["h"] * 2


@fault((X, MASK), (Y, ~MASK))
def a_multiple_that_is_overwritten_where_a_mask_is(x, mask):
    h = 2.0 * x
    np.add(x, 1, out=h, where=mask)
    return 2.0 * h


@fault((M,), (M[::-1],))
def the_transpose_is_written_into_where_it_stands(m):
    h = m * 2
    h.T[0] = 0.5
    return h


@fault((M,), (M[::-1],))
def the_flat_form_is_written_into_where_it_stands(m):
    h = m * 2
    h.reshape(-1)[0] = 0.5
    return h


# ---- digits, dtypes and zeros


@fault((MANY_ROWS,), (LONG,))
def a_sum_of_many_integers(x):
    return np.sum(np.where(x > 0.5, 3, 1)), np.sum(x > 0)


@fault((LONG,), (MANY_ROWS,))
def a_count_of_many(x):
    return np.count_nonzero(2 * x > 1)


@fault((LONG,), (MANY_ROWS,))
def a_choice_among_many(x):
    return np.where(x > 0, 2 * x, -x) + 1


@fault((X32,), (np.float32(1.1),))
def a_float32_to_the_power_of_a_float64(x):
    return x ** np.float64(2)


@fault((X32,), (abs(X32),))
def a_float_power_of_float32(x):
    return np.float_power(x, 0.1)


@fault((X,), (np.array([1e300, -1e300, 5e-324]),))
def a_product_that_overflows_in_between(x):
    return 2.0**-600 * (2.0**600 * x)


@fault((X,), (np.array([1e-200, 1.0, 5e-324]),))
def a_product_that_underflows_in_between(x):
    return 2.0**600 * (2.0**-600 * x)


@fault((X,), (np.array([1000.0, 1000.0]),), (np.array([-1000.0, -1000.0]),))
def a_softmax_that_overflows(x):
    return np.exp(x - np.log(np.sum(np.exp(x))))


@fault((np.array([0.0, -0.0]),), (-0.0,))
def zero_plus_minus_zero_turns_an_angle(x):
    return np.arctan2(0.0 + x, -1.0)


@fault((np.array([0.0, -0.0]),), (-0.0,))
def a_sum_that_starts_from_zero(x):
    return sum([x, x])


@fault((X,), (Y,))
def a_float32_times_a_float_times_an_array(x):
    return np.float32(1) * (0.9 * x)


@fault((X > 0,), (np.False_,))
def a_truth_value_squared(x):
    return x**2


# ---- numbers of Python's and of NumPy's


@fault((2.0, X), (3, X), (True, X))
def the_mean_of_a_number(s, x):
    return np.mean(s) * x


@fault((True,), (False,))
def the_real_part_of_a_truth_value(s):
    return np.real(s)


@fault((np.float64(2.0), X), (np.float64(3.0), Y))
def a_copy_of_a_number_is_a_number(s, x):
    h = s.copy()
    h += x
    return h, s.T.copy()


class Level(enum.IntEnum):
    LOW, HIGH = 2, 3


class Mode(enum.StrEnum):
    TWICE, THRICE = "twice", "thrice"


@fault((X, Level.LOW), (X, Level.HIGH), (X, 2))
def an_integer_of_an_enumeration(x, level):
    return x * level


@fault((X, Mode.TWICE), (X, Mode.THRICE))
def a_text_of_an_enumeration(x, mode):
    return x * (2 if mode == "twice" else 3)


# ---- what was refused, and need not be


@fault((X, 1), (X, 2), (Y, 1))
def dropout_by_an_integer_seed(w, seed):
    return tg.functions.dropout(w, 0.5, seed)


@fault((np.array([0, 2]), 3), (np.array([1, 2]), 4))
def a_one_hot_of_a_given_size(i, size):
    return tg.functions.one_hot(i, size)


@fault((M, np.array([0, 1, 0])), (M, np.array([1, 1, 1])))
def the_slope_of_the_mean_of_an_embedding(table, i):
    return tg.grad(lambda t: np.mean(tg.functions.embedding(t, i)))(table)


@fault((M, np.array([0, 1, 0])), (M, np.array([1, 1, 1])))
def the_slope_of_a_sum_of_rows(table, i):
    return tg.grad(lambda t: np.sum(t[i]))(table)


@fault((X,), (2.0,))
def as_an_array(x):
    return np.asarray(x) * 2


@fault((2.0,), (np.float64(3.0),))
def full_of_a_number(a):
    return np.full(3, a)


@fault((X,), (M,))
def selected_by_a_constant_mask(x):
    return x[..., MASK]


@fault((X,), (Y,))
def set_by_a_constant_mask(x):
    h = x * 2
    h[MASK] = 0.0
    h[ORDER] += x
    return h


@fault((X,), (M,))
def sorted_and_taken_in_order(x):
    return np.sort(x), np.take_along_axis(x, np.argsort(x, axis=-1), axis=-1)


@fault((X,), (Y,))
def a_gradient_of_zeros_is_written_into(x):
    g = tg.grad(lambda w: np.sum(w * 0.0 + x))(x)
    g += x
    return g


@fault((X, np.array([0, 1])), (X, np.array([0, 7])))
def an_index_that_nobody_uses_the_result_of(x, i):
    x[i]
    return x * 2


# ---- names


@fault(({"µ": X, "μ": Y},), ({"µ": Y, "μ": X},))
def two_keys_that_are_one_name(p):
    return p["µ"] - p["μ"]


@fault((X, {"µ": Y, "t1": X}), (Y, {"µ": X, "t1": Y}))
def a_key_that_is_the_name_of_an_argument(µ, p):  # noqa: PLC2401
    return np.sin(µ) * p["µ"] + p["t1"]


@fault((X, Y))
def arguments_named_like_what_is_printed(t1, work):
    c1 = np.tanh(t1)
    g1 = c1 * work
    return {"t1": c1 * g1, "program": g1, "result": np.sum(g1)}


def allowed(expected):
    """How far each leaf may be off: a few roundings of its largest number."""
    largest = (np.max(abs(np.asarray(x, float)), initial=0.0) if x is not None else 0.0 for *_, x in flat(expected))
    return [ROUNDINGS * np.finfo(float).eps * each for each in largest]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", FAULTS)
def test_it_runs_as_it_is_written(name, way):
    f, calls = FAULTS[name]
    compiled, failed = tg.compile(f, **WAYS[way]), 0

    with np.errstate(all="ignore"):
        for arguments in (*calls, *calls):
            expected = outcome(f, *arguments)
            result = outcome(compiled, *arguments)
            if isinstance(expected, Exception):
                assert type(result) is type(expected)
                failed += 1
            else:
                assert not isinstance(result, Exception), repr(result)
                found = difference(expected, result, None if way == "plain" else allowed(expected))
                assert found is None, found
    assert compiled.fallbacks <= failed


@pytest.mark.parametrize("key", ["it's", '"', '"""', "\\", "line\n", "{x}", "%s", "", "#", "class", 3, (1, 2), None])
def test_keys_are_never_read_as_code(key):
    compiled = tg.compile(lambda p: {key: p[key] * 2})
    for x in (X, Y):
        assert np.array_equal(compiled({key: x})[key], 2 * x)
    assert compiled.fallbacks == 0
    assert compiled.report({key: X}).statements


def test_a_key_is_not_run():
    key = '"""; import sys; sys.run_by_a_key = True; """'
    tg.compile(lambda p: p[key] * 2)({key: X})
    assert not hasattr(sys, "run_by_a_key")


def test_a_tree_may_be_deep():
    tree = X
    for _ in range(300):
        tree = [tree]

    def innermost(tree):
        while isinstance(tree, list):
            (tree,) = tree
        return tree * 2

    compiled = tg.compile(innermost)
    assert np.array_equal(compiled(tree), 2 * X)
    assert compiled.fallbacks == 0


# ---- decisions, and what is closed over: right, or refused


class Rate(float):
    """A number of a class of the user's own."""


SCALE = None


@pytest.mark.parametrize(
    "values",
    [
        (Rate(2.0), Rate(3.0)),
        (2.0, Rate(2.0), 3.0),
        (1, True, 1.0, np.float64(1), np.float32(1)),
        (0.0, -0.0),
        (math.nan, 2.0),
        ({1}, {True}),
        ((1, 2), (True, 2), (1.0, 2)),
        ("two", "three"),
        (Level.LOW, Level.HIGH, 2),
        (np.sin, np.cos),
    ],
    ids=str,
)
def test_what_is_equal_but_different_is_not_taken_for_the_same(values, monkeypatch):
    def f(x):
        scale = SCALE
        if callable(scale):
            return scale(x)
        if isinstance(scale, (tuple, set)):
            (scale, *_) = scale
        if isinstance(scale, str):
            return x * len(scale)
        return np.arctan2(x * scale, -1.0), x * 0 + (3 if scale is True else 4)

    compiled = tg.compile(f)
    for value in (*values, *values):
        monkeypatch.setitem(globals(), "SCALE", value)
        result = outcome(compiled, X)
        assert isinstance(result, TraceError) or difference(f(X), result) is None


DECISIONS = {
    "type": (lambda x, y: x * (2 if type(x) is float else 3), [(2.0, 1.0), (np.float64(2.0), 1.0)]),
    "its text": (lambda x, y: x * (2 if "1" in repr(x) else 3), [(X, Y), (Y, X)]),
    "the text of its type": (
        lambda x, y: x * (2 if "float64" in str(type(x)) else 3),
        [(2.0, Y), (np.float64(2.0), X)],
    ),
    "identity": (lambda x, y: x * (2 if x is y else 3), [(X, X), (X, Y), (X, X.copy())]),
    "identity in a list": (lambda x, y: x * (2 if any(x is z for z in [y]) else 3), [(X, Y), (X, X)]),
    "truth": (lambda x, y: x * (2 if x else 3), [(0.0, 1.0), (1.0, 1.0)]),
}


@pytest.mark.parametrize("name", DECISIONS)
def test_decisions_are_made_anew_or_refused(name):
    f, calls = DECISIONS[name]
    compiled = tg.compile(f)
    for arguments in calls:
        result = outcome(compiled, *arguments)
        assert isinstance(result, TraceError) or difference(f(*arguments), result) is None


@pytest.mark.parametrize("n", [3, 2**31, 2**40, 2**63, 2**64, 2**70, -(2**63)])
def test_large_integers_are_those_of_python_or_refused(n):
    def f(a, b):
        return a * a + b, a * b, b - a

    result = outcome(tg.compile(f), n, 3)
    assert isinstance(result, TraceError) or difference(f(n, 3), result) is None


# ---- beside other threads and processes

STATEMENTS = {
    "of a ufunc": "tg.compile(np.sin)(x)",
    "of a function written in C": "tg.compile(math.sin)(0.5)",
    "of a class": "tg.compile(Box)(x)",
    "of a partial ufunc": "tg.compile(functools.partial(np.sin))(x)",
    "of a partial function": "tg.compile(functools.partial(np.power, 2.0))(x)",
    "of a method": "tg.compile(x.dot)(x)",
    "after a fork": "step(many); child = os.fork() or os._exit(step(many).size == 0); os.waitpid(child, 0)",
    "in a pool": "step(many); multiprocessing.get_context('fork').Pool(1).map(size_of_a_step, [many])",
}
SCRIPT = """\
import functools, math, multiprocessing, os, warnings
import numpy as np
import tinygrad_edu as tg

warnings.simplefilter("ignore", DeprecationWarning)


class Box:
    def __init__(self, x):
        self.x = x


@tg.compile(threads=2)
def step(x):
    return np.sin(x) * 2 + np.cos(x)


def size_of_a_step(x):
    return step(x).size


x, many = np.ones(3), np.ones(300_000)
try:
    {}
except (tg.TraceError, TypeError) as refused:
    print(refused)
print("came to an end", flush=True)
os._exit(0)
"""


@pytest.mark.parametrize("name", STATEMENTS)
def test_it_comes_to_an_end(name):
    command = [sys.executable, "-c", SCRIPT.format(STATEMENTS[name])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        try:
            assert "came to an end" in process.communicate(timeout=30)[0]
        finally:
            if process.poll() is None:  # with the processes that it has made
                os.killpg(process.pid, signal.SIGKILL)


LOG = []


def beside(background):
    """Decorate a test to run while a thread does something over and over; the test gets how often it was done."""

    def decorate(test):
        @functools.wraps(test)
        def wrapped():
            stop, done = threading.Event(), []

            def work():
                while not stop.is_set():
                    background()
                    done.append(None)

            thread = threading.Thread(target=work)
            thread.start()
            try:
                test()
            finally:
                stop.set()
                thread.join()
            if background is append:
                assert LOG.count("other") == len(done)

        del wrapped.__wrapped__
        return wrapped

    return decorate


def append():
    LOG.append("other")
    threading.Event().wait(1e-4)


@beside(np.random.random)
def test_another_thread_may_draw_random_numbers():
    def f(x):
        time.sleep(1e-3)
        return np.sin(x) * 2

    for _ in range(5):
        assert np.array_equal(tg.compile(f)(X), np.sin(X) * 2)


@beside(append)
def test_what_another_thread_writes_is_not_set_back():
    for _ in range(20):
        with pytest.raises(TraceError):
            tg.compile(lambda x: LOG.append("own") or x)(X)


def test_the_texts_of_programs_go_with_them(monkeypatch):
    def f(x):
        return x * SCALE

    before, compiled = len(linecache.cache), tg.compile(f)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a number that changes at every call may be told of
        for k in range(100):
            monkeypatch.setitem(globals(), "SCALE", float(k))
            assert np.array_equal(compiled(X), X * k)
    assert len(linecache.cache) - before < 50
    del compiled
    gc.collect()
    assert len(linecache.cache) - before < 5
