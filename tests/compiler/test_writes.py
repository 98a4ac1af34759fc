"""What is written into between two uses is seen as it is at each: no pass looks through it."""

import operator

import numpy as np
import pytest

import tinygrad_edu as tg
from tests.compiler.test_rewrites import X, check
from tinygrad_edu.compiler.ir import Graph, Input, Node, assume
from tinygrad_edu.compiler.passes import algebra, simplify
from tinygrad_edu.compiler.passes.runtime_checks import merge_runtime_checks


def in_place(x, y):
    x = 0.5 * x
    x += y
    return (y - 0.25 * x,)


def a_constant_is_added(x, y):
    h = 4.0 * x
    h += 1
    return 2.0 * h, 3.0 * h


def turned_back(x, y):
    h = -x
    h += 1
    return (np.sin(-h),)


def clipped(x, y):
    e = 2.0 * x
    np.clip(e, -1, 1, out=e)
    return (4.0 * e,)


def one_row(x, y):
    h = -x
    h[0] = 5
    return (np.sin(-h),)


def through_a_view(x, y):
    h = -x
    v = h[1:].T
    v += 3
    return (np.sin(-h),)


def the_operand(x, y):
    h = np.copy(x)
    k, again = -h, np.exp(h)
    h += 1
    return (-k) * 2, again * np.exp(h)


def between_two_alike(x, y):
    h = np.copy(x)
    before = np.copy(h) * 2
    h *= y
    return before + np.copy(h) * 2, h * 1


def before_a_softmax(x, y):
    a = x - np.max(x, axis=-1, keepdims=True)
    e = np.exp(a)
    e += 0.0
    total = np.sum(e, axis=-1, keepdims=True)
    a -= 1
    return (np.exp(a - np.log(total)),)


def a_sum_before(x, y):
    h = x * y
    t = np.sum(h, axis=0)
    h -= 1
    return (t * np.sum(h, axis=0),)


def a_constant(x, y):
    h = np.ones_like(x)
    k = h * 2
    h[0] = 7
    return k, h * x, np.ones_like(h) * y


WRITTEN = {f.__name__: f for f in (
    in_place, a_constant_is_added, turned_back, clipped, one_row, through_a_view, the_operand, between_two_alike,
    before_a_softmax, a_sum_before, a_constant,
)}  # fmt: skip


@pytest.mark.parametrize("way", [{}, {"plain": True}, {"reuse_outputs": True}], ids=str)
@pytest.mark.parametrize("f", WRITTEN.values(), ids=WRITTEN)
def test_what_is_written_in_between_is_seen(f, way):
    x, y = X, np.cos(X)
    check(f, (x, y))
    compiled = tg.compile(f, **way)
    for _ in range(2):
        for ours, expected in zip(compiled(x, y), f(x, y), strict=True):
            np.testing.assert_allclose(ours, expected, rtol=16 * np.finfo(float).eps)
        x, y = y, x
    assert compiled.fallbacks == 0


@pytest.mark.parametrize("module", [algebra, simplify])
def test_looking_through_what_is_written_is_caught(monkeypatch, module):
    monkeypatch.setattr(module, "settled", set)
    caught = 0
    for f in WRITTEN.values():
        try:
            check(f, (X, X[::-1].copy()))
        except Exception:
            caught += 1
    assert caught


@pytest.mark.parametrize("written", [True, False])
def test_a_check_is_not_put_off_until_after_a_write(written):
    x = Input("x")
    x.describe(X)
    y, largest, is_nan = Node(np.negative, (x,), {}), Node(np.max, (), {}), Node(np.isnan, (), {})
    y.describe(-X)
    largest.arguments, is_nan.arguments = (y,), (largest,)
    write = Node(operator.setitem, (y, 0, np.nan), {})
    write.writes = y
    nodes = [y, largest, is_nan, Node(assume, (is_nan, False), {}), *[write] * written]
    merged = [node.function for node in merge_runtime_checks(Graph("program", [x], nodes, [y])).nodes]
    assert (np.dot in merged) != written
