"""Faults of earlier compilers: keys, what is closed over, decisions, and what goes on beside: threads and processes."""

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
from tests.compiler.faults import X, Y
from tests.compiler.test_as_people_write import difference
from tinygrad_edu import TraceError
from tinygrad_edu.testing.calls import outcome


class Level(enum.IntEnum):
    LOW, HIGH = 2, 3


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
