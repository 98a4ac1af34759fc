"""Each pass does what it says, and leaves alone what it must."""

import operator

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.compiler.ir import Node, assume
from tinygrad_edu.compiler.passes.algebra import simplify_algebra
from tinygrad_edu.compiler.passes.numpy_calls import choose_numpy_calls, prepare_constants
from tinygrad_edu.compiler.passes.runtime_checks import merge_runtime_checks
from tinygrad_edu.compiler.passes.simplify import (
    eliminate_common_subexpressions,
    eliminate_copies,
    eliminate_dead_code,
    fold_constants,
    run_passes,
)
from tinygrad_edu.compiler.passes.tiling import BLOCK, LEAST, Blocks, tile
from tinygrad_edu.compiler.tracing.trace import Traced

X = np.linspace(0.5, 2.0, 6).reshape(2, 3)


def traced(f, *args):
    return Traced(f, args, {}).graph


def functions(program):
    return [node.function for node in program.nodes]


def test_what_leads_nowhere_is_dropped():
    def f(x):
        np.exp(x)
        return np.sin(x)

    assert functions(eliminate_dead_code(traced(f, X))) == [np.sin]


def test_writing_into_what_leads_somewhere_is_kept():
    def f(x):
        z, lost = np.zeros_like(x), np.zeros_like(x)
        z[0] = x[1]
        lost[0] = x[1]
        return z

    kept = functions(eliminate_dead_code(traced(f, X)))
    assert kept == [np.zeros_like, operator.getitem, operator.setitem]


def test_what_is_computed_twice_is_computed_once():
    program = eliminate_common_subexpressions(traced(lambda x: np.sin(x) * np.sin(x) + np.cos(x[0]) * np.cos(x[0]), X))
    assert functions(program).count(np.sin) == functions(program).count(np.cos) == 1


def test_sums_and_products_commute():
    assert functions(eliminate_common_subexpressions(traced(lambda x, y: (x + y) - (y + x), X, X))) == [
        np.add,
        np.subtract,
    ]


def test_two_results_that_are_equal_stay_two_arrays():
    first, second = tg.compile(lambda x: (np.sin(x), np.sin(x)))(X)
    first[...] = 0
    assert np.array_equal(second, np.sin(X))


def test_what_is_written_into_is_not_shared():
    def f(x):
        a, b = np.exp(x), np.exp(x)
        a[0] = 0.0
        return a, b

    assert functions(eliminate_common_subexpressions(traced(f, X))).count(np.exp) == 2


def test_what_depends_on_no_input_is_a_constant():
    program = fold_constants(traced(lambda x: x * np.ones_like(x) + np.sqrt(np.ones_like(x[0, 0]) * 4.0), X))
    assert functions(program) == [np.multiply, operator.getitem, np.add]
    (constant,) = (x for x in program.nodes[-1].arguments if not isinstance(x, Node))
    assert constant == 2.0


def test_algebra_keeps_a_wider_dtype():
    x = X.astype(np.float32)
    z = tg.compile(lambda x: np.sin(x * np.float64(1)))(x)
    assert z.dtype == np.float64
    assert np.array_equal(z, np.sin(x * np.float64(1)))


@pytest.mark.parametrize("f", [lambda x: x * 1, lambda x: x + 0, lambda x: +x, np.copy, lambda x: x**1])
def test_a_result_is_never_the_input(f):
    z = tg.compile(f)(X)
    assert not np.may_share_memory(z, X)


def test_the_slope_of_a_product_is_no_input():
    x, y = X.copy(), X + 1
    g = tg.compile(tg.grad(lambda x, y: np.sum(x * y)))(x, y)
    assert np.array_equal(g, y)
    assert not np.may_share_memory(g, y)


def test_log_softmax_leaves_no_second_exponential():
    f = tg.value_and_grad(lambda x: tg.functions.log_softmax(x)[0, 0])
    assert (
        functions(eliminate_dead_code(simplify_algebra(eliminate_common_subexpressions(traced(f, X))))).count(np.exp)
        == 1
    )
    (value, slopes), (expected, right) = tg.compile(f)(X), f(X)
    assert value == expected
    assert np.allclose(slopes, right, rtol=8 * np.finfo(float).eps, atol=4 * np.finfo(float).eps)


def test_copies_that_nobody_could_tell_are_dropped():
    def f(x):
        return np.sin(np.copy(x)) + np.copy(np.cos(x))

    assert np.copy not in functions(eliminate_copies(traced(f, X)))


def test_copies_of_what_is_written_into_are_kept():
    def f(x):
        z = np.sin(x)
        before = z.copy()
        z += 1
        return before, z

    assert np.copy in functions(eliminate_copies(traced(f, X)))
    assert all(map(np.array_equal, tg.compile(f)(X), f(X)))


def test_sums_of_matrices_become_products():
    program = choose_numpy_calls(traced(lambda x: (x.sum(axis=0), x.sum(axis=-1, keepdims=True)), X))
    assert functions(program) == [np.dot, np.dot]
    assert [node.shape for node in program.nodes] == [(3,), (2, 1)]


@pytest.mark.parametrize(("size", "function"), [(128, np.dot), (129, np.add.reduce)])
def test_few_numbers_are_added_up_by_a_product(size, function):
    assert functions(choose_numpy_calls(traced(np.sum, np.ones(size)))) == [function]


@pytest.mark.parametrize("labels", [[0, -1], [2, 3], [-(2**31), 0]])
@pytest.mark.parametrize("dtype", [np.int64, np.int32])
def test_labels_out_of_range_are_counted(labels, dtype):
    f, logits = tg.compile(tg.losses.cross_entropy), X[:2]
    f(logits, np.array([0, 2], dtype))
    assert "if np.count_nonzero(" in f.source
    assert (".view(np.uint64)" in f.source) == (dtype is np.int64)
    with pytest.raises(ValueError, match="with 3 logits a row they are 0 to 2"):
        f(logits, np.array(labels, dtype))
    assert f(logits, np.array([2, 1], dtype)) == tg.losses.cross_entropy(logits, np.array([2, 1]))


@pytest.mark.parametrize(
    "f",
    [
        lambda i: i.astype(np.uint64),  # given out
        lambda i: (j := i.astype(np.uint64), np.add(j, np.uint64(1), out=j))[1] * 2,  # written into
        lambda i: i[::2].astype(np.uint64).reshape(2, 2) * 2,  # laid out anew
    ],
)
def test_integers_are_read_as_others_only_where_nobody_could_tell(f):
    i = np.arange(-3, 5)
    compiled = tg.compile(f)
    compiled(i)
    assert np.array_equal(compiled(i), f(i))
    assert np.array_equal(i, np.arange(-3, 5))
    assert not np.may_share_memory(compiled(i), i)


def test_means_are_sums_over_counts():
    assert functions(choose_numpy_calls(traced(np.mean, X))) == [np.add.reduce, np.divide]


def test_numbers_become_arrays_of_the_dtype_that_is_computed_in():
    program = prepare_constants(traced(lambda x: x * 0.1, X.astype(np.float32)))
    constant = program.nodes[0].arguments[1]
    assert constant.dtype == np.float32
    assert constant.shape == ()


def test_a_number_that_is_given_is_converted_once():
    program = prepare_constants(traced(lambda x, rate: (x * rate, x + rate), X.astype(np.float32), 0.1))
    assert functions(program) == [np.asarray, np.multiply, np.add]


def test_questions_are_asked_together():
    f = tg.value_and_grad(lambda x, y: np.sum(x * y), argnums=(0, 1))
    program = merge_runtime_checks(traced(f, X, X))
    assert functions(program).count(assume) == 1


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_question_is_never_passed_over(bad):
    f = tg.compile(tg.value_and_grad(lambda x: np.sum(tg.functions.softmax(x) * np.arange(3.0))))
    eager = tg.value_and_grad(lambda x: np.sum(tg.functions.softmax(x) * np.arange(3.0)))
    f(X)
    x = X.copy()
    x[1, 1] = bad
    with np.errstate(invalid="ignore"):
        for given, expected in zip(f(x), eager(x), strict=True):
            np.testing.assert_array_equal(given, expected)


def chain(x):
    return np.sum(x * np.exp(-(np.tanh(0.7 * x + 0.2) ** 2)))


def test_long_elementwise_parts_are_one_group():
    x = np.linspace(-1, 1, LEAST)
    program = tile(choose_numpy_calls(run_passes(traced(tg.value_and_grad(chain), x))[0]))
    assert sum(isinstance(f, Blocks) for f in functions(program)) == 1


def test_short_ones_are_none():
    program = tile(choose_numpy_calls(traced(chain, X)))
    assert not any(isinstance(f, Blocks) for f in functions(program))


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("size", [LEAST, LEAST + 1, LEAST + BLOCK - 1, 9 * BLOCK])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_blocks_give_what_eager_gives(threads, size, dtype):
    x = np.random.default_rng(size).normal(size=size).astype(dtype)
    f = tg.compile(tg.value_and_grad(chain), threads=threads)
    for _ in range(2):
        (value, slopes), (expected, right) = f(x), tg.value_and_grad(chain)(x)
        # A sum of n numbers, added up in another order, is off by at most n roundings of the sum of their sizes.
        assert abs(value - expected) <= size * np.finfo(dtype).eps * np.sum(abs(x))
        assert np.allclose(slopes, right, rtol=16 * np.finfo(dtype).eps, atol=16 * np.finfo(dtype).eps)
        x = -x
    assert "blocks1" in f.source
    assert ("in_threads" in f.source) == (threads > 1)


def test_blocks_wait_for_sums():
    x = np.linspace(1, 2, 2 * LEAST).reshape(2, -1)

    def f(x):
        y = np.exp(x) * 2 + 1
        return np.sqrt(y / np.sum(y) + 1) * x - 3

    assert np.allclose(tg.compile(f)(x), f(x), rtol=64 * np.finfo(float).eps)


def test_blocks_of_several_dtypes_and_choices():
    x = np.random.default_rng(0).normal(size=LEAST)

    def f(x):
        return np.where(x > 0, np.sqrt(abs(x)), x * 2) * (x < 1)

    assert np.array_equal(tg.compile(f)(x), f(x))
