"""Programs run: in turn, side by side, into memory that is used again, after errors, and loaded from a file."""

import copy
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import tinygrad_edu as tg

X, M = np.array([0.5, -1.0, 2.0]), np.arange(12.0).reshape(3, 4) / 7


def f(x, m):
    z = np.tanh(x * 2) + x
    return z, z @ m, np.sum(z)


def check(results, expected):
    for given, wanted in zip(tg.tree.leaves(results), tg.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(given, wanted, rtol=16 * np.finfo(float).eps)


def test_results_belong_to_the_caller():
    compiled = tg.compile(f)
    kept = []
    for k in range(4):
        results = compiled(X * k, M)
        assert not any(np.shares_memory(z, a) for z in results for old in kept for a in old[0])
        kept.append((results, copy.deepcopy(results)))
        results[0][:] = results[0] * 1.0  # they can be written into
        for old, was in kept:
            check(old, was)


def test_results_that_stay_the_programs_own_hold_until_the_next_call_but_one():
    compiled = tg.compile(f, reuse_outputs=True)
    compiled(X, M)
    first = compiled(X, M)
    copies = copy.deepcopy(first)
    second = compiled(X * 2, M)
    check(first, copies)
    third = compiled(X * 3, M)
    assert np.shares_memory(third[0], first[0])
    check(second, f(X * 2, M))
    check(third, f(X * 3, M))


@pytest.mark.parametrize("behind", [1, 2, 3])
@pytest.mark.parametrize("view", ["whole", "reversed", "part", "buffer"])
def test_results_may_go_in_again(behind, view):
    def step(x, y):
        z = x * 2
        return np.cumsum(z[::-1]) - y, z + y

    views = {"whole": lambda x: x, "reversed": lambda x: x[::-1][::-1], "part": lambda x: x[:], "buffer": np.asarray}
    compiled = tg.compile(step, reuse_outputs=True)
    history, plain = [(X, X[::-1].copy())], [(X, X[::-1].copy())]
    for _ in range(9):
        old, reference = history[-min(behind, len(history))], plain[-min(behind, len(plain))]
        given = [np.asarray(memoryview(x)) if view == "buffer" else views[view](x) for x in old]
        history.append(compiled(*given))
        if behind > 2:  # they no longer hold, unless they are held back by going in
            history[-1] = tuple(x.copy() for x in history[-1])
        plain.append(step(*reference))
        check(history[-1], plain[-1])
    assert compiled.fallbacks == 0


@pytest.mark.parametrize("reuse", [False, True])
def test_threads_do_not_disturb_each_other(reuse):
    compiled = tg.compile(f, reuse_outputs=reuse)
    size = np.linspace(-1, 1, 300)
    m = np.outer(size, size)[:, :4]
    barrier = threading.Barrier(4)

    def work(k):
        barrier.wait()
        for i in range(60):
            x = size * (k + i)
            check(compiled(x, m), f(x, m))
        return True

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(4) as pool:
            assert all(pool.map(work, range(4)))
    finally:
        sys.setswitchinterval(interval)
    assert compiled.fallbacks == 0


def test_a_function_may_use_threads_that_call_compiled_functions():
    inner = tg.compile(lambda x: x * 2)

    def outer(x):
        with ThreadPoolExecutor(1) as pool:
            return x + pool.submit(inner, np.ones(3)).result()

    check(tg.compile(outer)(X), outer(X))


@pytest.mark.parametrize("way", [{}, {"reuse_outputs": True}, {"plain": True}], ids=str)
def test_after_an_error_the_next_call_is_right(way):
    compiled = tg.compile(lambda x, i: (np.tanh(x * 2)[i] * np.exp(x), x + 1), **way)
    places = np.array([0, 2, 1])
    expected = compiled.__wrapped__(X, places)
    check(compiled(X, places), expected)
    for _ in range(3):
        with pytest.raises(IndexError, match="index 9 is out of bounds"):
            compiled(X, np.array([0, 9, 1]))
        check(compiled(X, places), expected)
    assert compiled.fallbacks == 0


def test_after_an_interruption_the_next_call_is_right(monkeypatch):
    compiled = tg.compile(f)
    check(compiled(X, M), f(X, M))
    (program,) = compiled._programs
    inside = program.executable.run._function

    def interrupted(*given):
        given[-1][0][...] = np.nan
        raise KeyboardInterrupt

    monkeypatch.setattr(program.executable.run, "_function", interrupted)
    with pytest.raises(KeyboardInterrupt):
        compiled(X, M)
    monkeypatch.setattr(program.executable.run, "_function", inside)
    check(compiled(X * 2, M), f(X * 2, M))
    assert compiled.fallbacks == 0


def test_what_does_not_hold_is_left_to_the_function_and_counted():
    def g(x):
        return np.sum(np.where(x > 0, np.log(x), 0.0))

    compiled = tg.compile(tg.grad(g))
    assert compiled(X[[0, 2, 0]]).tolist() == [2.0, 0.5, 2.0]
    assert compiled.fallbacks == 0
    with np.errstate(all="ignore"):
        assert compiled(np.array([0.0, 2.0, 1.0])).tolist() == [0.0, 0.5, 1.0]
    assert compiled.fallbacks == 1
    assert "runs that went to the function             1" in compiled.explain()


def test_a_number_too_large_is_left_to_the_function():
    compiled = tg.compile(lambda x, n: x + n)
    x = np.arange(3, dtype=np.int8)
    assert compiled(x, 5).tolist() == [5, 6, 7]
    with pytest.raises(OverflowError, match="out of bounds for int8"):
        compiled(x, 300)
    assert compiled(x, 6).tolist() == [6, 7, 8]
