"""Programs run as they should: their texts go with them, threads survive a fork, and NumPy is quiet."""

import gc
import linecache
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest

import tinygrad_edu as tg

LARGE = np.linspace(-1.0, 1.0, 1 << 17)


def texts():
    gc.collect()
    return {file for file in linecache.cache if file.startswith("<program")}


def test_texts_go_with_their_programs():
    before = texts()
    first, second = tg.compile(lambda x: np.sin(x) + 1), tg.compile(lambda x: np.sin(x) + 1)
    for x in (0.5, np.ones(3)):
        first(x), second(x)
    assert first.source == second.source
    assert len(texts() - before) == 4
    del first
    assert len(texts() - before) == 2
    file = second._last.executable.run._function.__code__.co_filename
    assert "".join(linecache.getlines(file)) == second.source
    del second
    assert texts() == before


def test_memory_does_not_grow():
    def once():
        compiled = tg.compile(lambda x: sum(np.tanh(x * k) @ x for k in range(20)))
        compiled(np.ones(3))
        return len(compiled.source)

    def held():
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        size = max(once() for _ in range(20))
        sizes = [held()]
        for _ in range(3):
            for _ in range(10):
                once()
            sizes.append(held())
        # A leak grows each time; Python's table of interned strings, 4 MB in a long run, doubles at most once.
        # Python keeps some bytes itself for each file name it compiles.
        assert sorted(np.diff(sizes))[1] < 10 * size / 2, sizes
    finally:
        tracemalloc.stop()


FORKED = """
import multiprocessing, os, sys
import numpy as np
import tinygrad_edu as tg

x = np.linspace(-1.0, 1.0, 1 << 17)
f = tg.compile(tg.value_and_grad(lambda x: np.sum(np.tanh(x) * np.exp(-x * x))), threads=2)
expected = f(x)
f(x)
def again(k):
    value, slope = f(x)
    return float(value), bool((slope == expected[1]).all())
assert "in_threads" in f.source
with multiprocessing.get_context("fork").Pool(2) as pool:
    results = pool.map(again, range(4))
assert results == [again(0)] * 4, results
assert f.fallbacks == 0
"""


@pytest.mark.skipif(not hasattr(__import__("os"), "fork"), reason="there is no fork here")
def test_threads_survive_a_fork():
    done = subprocess.run([sys.executable, "-c", FORKED], capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("way", [{}, {"plain": True}, {"reuse_outputs": True}, {"threads": 2}], ids=str)
@pytest.mark.parametrize("x", [np.float64(0.0), np.zeros(3), np.zeros(1 << 17)], ids=["number", "array", "large array"])
def test_programs_are_quiet_whatever_the_caller_set(way, x):
    def f(x):
        return np.log(x) * 0.0, 1 / x + np.exp(x - 1000), np.sin(x / x)

    compiled = tg.compile(f, **way)
    compiled(x + 1)
    with np.errstate(all="ignore"):
        expected = f(x)
    for setting in ("raise", "warn", "ignore"):
        with np.errstate(all=setting):
            results = compiled(x)
        for given, wanted in zip(results, expected, strict=True):
            np.testing.assert_array_equal(given, wanted)
    assert compiled.fallbacks == 0
