"""Constants stand in a program as they are, to the sign of a zero, and Python's integers stay Python's."""

import numpy as np
import pytest

import tinygrad_edu as tg


@pytest.mark.parametrize(
    "constant",
    [
        np.arange(5), np.full(3, 0.5), np.eye(3), np.array([[1.0, 2.0], [3.0, 4.0]]).T, np.float32(0.1), np.inf,
        -np.inf, np.nan, np.array(2), np.array([True, False]), np.zeros((0, 3)), np.arange(6.0)[::2], -0.0,
        np.float64(-0.0), np.full(3, -0.0), np.array(-0.0), np.array([0.0, -0.0]), np.array([np.inf, -0.0, np.nan]),
        np.array(-np.inf), np.float64(np.nan), np.float64(-np.inf), np.float32(-np.inf), np.float16(0.1), np.int64(-3),
        np.uint64(2**64 - 1), np.array(2**64 - 1), np.bool_(True), True, 2**62, -(2**62), np.longdouble(1) / 3,
        np.array([np.longdouble(1) / 3] * 2), 0.1 + 0.2j, np.ones((2, 3), np.float32).T,
    ],
    ids=repr,
)  # fmt: skip
def test_constants_are_written_out_as_they_are(constant):
    def f(x):
        return x + np.sum(constant + 0), constant

    with np.errstate(invalid="ignore"):
        compiled = tg.compile(f, plain=True)
        for _ in range(2):
            results = compiled(1.5)
        for given, expected in zip(results, f(1.5), strict=True):
            np.testing.assert_array_equal(given, expected)
            assert np.result_type(given) == np.result_type(expected)
            assert type(given) is type(expected)
            assert np.array_equal(np.signbit(np.real(given)), np.signbit(np.real(expected)))


@pytest.mark.parametrize("constant", [np.inf, -np.inf, np.nan, -0.0, 0.1, -2.5])
def test_constants_of_single_numbers_are_written_out_as_they_are(constant):
    def f(x):
        return np.maximum(x, constant), np.where(x > 2, x, constant), x * constant, x - constant, -(constant + x)

    compiled = tg.compile(f)
    for x in (1.5, -1.5, 3.0):
        results = [str(y) for y in compiled(x)]
        assert results == [str(y) for y in f(x)]
    names = {}
    exec(compiled.source, names)
    assert [str(y) for y in names["program"](3.0)] == results
    assert compiled.fallbacks == 0


@pytest.mark.parametrize("way", [{}, {"plain": True}], ids=str)
def test_large_integers_of_pythons(way):
    def f(n, x):
        return np.sin(x) * (n * n) + n, x * 2**70 - n, n * 3 // 7 - 2, n > 2**63, -n % 5

    compiled = tg.compile(f, **way)
    for x in (0.5, np.float64(0.5), np.array([0.5, -2.0])):
        for n in (3, 2**40, 2**53 + 1, -(2**62)):
            for given, expected in zip(compiled(n, x), f(n, x), strict=True):
                assert type(given) is type(expected)
                np.testing.assert_array_equal(given, expected)
    assert compiled.fallbacks == 0
