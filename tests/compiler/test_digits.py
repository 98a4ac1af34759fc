"""What a program gives has the dtype and the digits of the function: sums, means, powers, long arrays in blocks."""

import functools
import time

import numpy as np
import pytest

import tinygrad_edu as tg
from tests.compiler.test_rewrites import same_bits
from tinygrad_edu.compiler.memory import plan_memory
from tinygrad_edu.compiler.passes import tiling
from tinygrad_edu.compiler.passes.numpy_calls import choose_numpy_calls, prepare_constants
from tinygrad_edu.compiler.passes.runtime_checks import merge_runtime_checks
from tinygrad_edu.compiler.passes.simplify import PASSES, run_passes
from tinygrad_edu.compiler.passes.tiling import LEAST, tile
from tinygrad_edu.compiler.tracing.trace import Traced

DTYPES = "bool", "int8", "uint16", "int64", "float16", "float32", "float64"
REDUCTIONS = {
    "sum": np.sum, "mean": np.mean, "prod": np.prod, "max": np.max, "any": np.any, "all": np.all,
    "sum in float32": lambda x, **how: np.sum(x, dtype=np.float32, **how),
    "mean in float32": lambda x, **how: np.mean(x, dtype=np.float32, **how),
    "mean of some": lambda x, **how: np.mean(x, where=x < 2, **how),
    "sum of some": lambda x, **how: np.sum(x, where=x > 0, initial=1, **how),
    "add.reduce": lambda x, **how: np.add.reduce(x, **({"axis": None} | how)),
}  # fmt: skip
AXES = {}, {"axis": 0}, {"axis": -1, "keepdims": True}, {"axis": (0,)}, {"axis": ()}, {"axis": None, "keepdims": True}


@pytest.mark.parametrize("name", REDUCTIONS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_reductions_keep_dtype_and_digits(name, dtype):
    """Small integers: any order adds them up without rounding."""
    x = np.random.default_rng(0).integers(0, 2, (5, 7)).astype(dtype)
    for how in AXES:
        compiled = tg.compile(functools.partial(REDUCTIONS[name], **how))
        for given in (x, x[1:, 2:], x[:1], x.T.copy().T):
            assert same_bits(compiled(given), REDUCTIONS[name](given, **how)), how
        assert compiled.fallbacks == 0


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("bad", [np.inf, -np.inf, np.nan])
def test_products_with_ones_add_up_what_is_not_finite(bad, axis):
    x = np.arange(12.0).reshape(3, 4)
    x[1, 2] = bad
    compiled = tg.compile(lambda x: np.sum(x, axis=axis))
    graph = choose_numpy_calls(Traced(lambda x: np.sum(x, axis=axis), (x,), {}).graph)
    assert [node.function for node in graph.nodes] == [np.dot]
    assert same_bits(compiled(x), np.sum(x, axis=axis))
    x[0, 2] = x[1, 1] = -bad
    with np.errstate(invalid="ignore"):
        assert same_bits(compiled(x), np.sum(x, axis=axis))


OF_FLOAT32 = {
    "x ** np.float64(2)": lambda x: x ** np.float64(2),
    "x ** np.float32(2)": lambda x: x ** np.float32(2),
    "np.float_power(x, 0.1)": lambda x: np.float_power(x, 0.1),
    "x * np.float64(0.1)": lambda x: x * np.float64(0.1) + x,
    "x * 0.1 > 0.1": lambda x: x * 0.1 > 0.1,
    "np.ldexp(x, 3)": lambda x: np.ldexp(x, 3) * x,
    "x * 1j": lambda x: x * 1j + x,
    "x * 2**40": lambda x: x * 2**40 + x,
    "np.power(2, x)": lambda x: np.power(2, x),
    "True + 1": lambda x: x * (True + 1) + True,
    "ones * 2**62": lambda x: x * (np.ones_like(x, dtype=int) * 2**62),
    "np.mean(x) * x": lambda x: np.mean(3.5) * x,
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64])
@pytest.mark.parametrize("name", OF_FLOAT32)
def test_dtypes_stay_as_numpy_has_them(name, dtype):
    x = np.linspace(0.1, 2, 5).astype(dtype)
    for way in ({}, {"plain": True}):
        compiled = tg.compile(OF_FLOAT32[name], **way)
        assert same_bits(compiled(x), OF_FLOAT32[name](x))
        assert compiled.fallbacks == 0


def test_a_number_that_is_given_may_be_complex():
    compiled = tg.compile(lambda x, c: x * c + x)
    assert same_bits(compiled(np.arange(3.0), 2j).imag, (np.arange(3.0) * 2j).imag)


LONG = {
    "counts": lambda x: np.sum(((x * 2 + 1) * 3 - 4) > 0),
    "integers": lambda x: np.sum((x.astype(np.int64) * 2 + 1) * 3),
    "small integers": lambda x: np.sum((x.astype(np.int8) * 2 + 1) * 3),
    "choices": lambda x: np.where(x > 0, x * 2, np.exp(x)),
    "choices in between": lambda x: np.where(x > 0, x * 2, -x) * 3 + np.where(x > 1, 1, np.float32(2)),
    "sum in float32": lambda x: np.sum(np.rint(x) * 2 + 1 - x * 0, dtype=np.float32),
    "a sum that is kept": lambda x: np.add.reduce(np.rint(x) * 2 + 1 - x * 0, keepdims=True),
    "a part": lambda x: (np.exp(x * 2 + 1).reshape(-1)[:3], np.exp(x * 2 + 1).reshape(-1)[3]),
    "all of it": lambda x: ((x * 2 + 1 - x).reshape(-1).reshape(-1), np.sum(x)),
}


@pytest.mark.parametrize(("dtype", "threads"), [(np.float32, 1), (np.float64, 2)])
@pytest.mark.parametrize("name", LONG)
def test_long_arrays_keep_dtype_and_digits(name, dtype, threads):
    """Sums are of whole numbers, few enough to be added up in any order without rounding."""
    f = LONG[name]
    x = np.random.default_rng(1).normal(size=(2, LEAST // 2 + 1)).astype(dtype)
    compiled = tg.compile(f, threads=threads)
    for _ in range(2):
        assert all(map(same_bits, tg.tree.leaves(compiled(x)), tg.tree.leaves(f(x))))
    assert compiled.fallbacks == 0
    assert "blocks" in compiled.source


def test_results_that_are_the_same_are_arrays_of_their_own():
    def f(x):
        s = np.sin(x)
        return s * 1, s / 1, +s, np.copy(s), s.reshape(s.shape), np.sin(x)

    given = tg.compile(f)(np.ones(3))
    owners = {id(x) if x.base is None else id(x.base) for x in given}
    expected = f(np.ones(3))
    assert len(owners) == len({id(x) if x.base is None else id(x.base) for x in expected})


def copies_and_sums(x, n):
    y, kept = x, []
    for _ in range(n // 4):
        y = np.copy(np.sin(y)) * x
        kept.append(np.sum(y))
    return kept


def many_groups(x, n):
    y = x
    for _ in range(n // 5):
        y = np.exp(y * 0.5) - x
        y = y / np.sum(y)
    return y


def seconds(f, x, n):
    """Time all passes and the plan, by the clock of this process, at their best of three."""
    best = np.inf
    for _ in range(3):
        graph = Traced(lambda x: f(x, n), (x,), {}).graph
        start = time.process_time()
        graph, _ = run_passes(graph, (*PASSES, merge_runtime_checks, choose_numpy_calls, prepare_constants, tile))
        plan_memory(graph)
        best = min(best, time.process_time() - start)
    return best


@pytest.mark.parametrize("f", [copies_and_sums, many_groups])
def test_passes_grow_with_the_number_of_nodes(monkeypatch, f):
    """Eight times the nodes take about eight times as long; what is quadratic would take 64 times."""
    monkeypatch.setattr("tinygrad_edu.compiler.ir.VERIFY", False)
    monkeypatch.setattr(tiling, "LEAST", 4)
    assert seconds(f, np.ones(8), 4000) < 24 * seconds(f, np.ones(8), 500)
