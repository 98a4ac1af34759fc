"""A right row passes, a wrong one is named with what is wrong about it."""

import itertools
import re

import numpy as np
import pytest

from tests.testing.functions import by_x, by_y, complaint, cubed, scaled_product
from tinygrad_edu.testing import A, check_derivative, of


def into_cotangent(g, z, x):
    g *= 3 * x * x
    return g


BUFFERS = {}


def into_buffer(g, z, x):
    return np.multiply(g, 3 * x * x, out=BUFFERS.setdefault(np.shape(g), np.empty(np.shape(g))))


def counting(g, z, x, calls=itertools.count()):  # noqa: B008 - what is remembered is the fault
    return g * 3 * x * x * (1 + 1e-3 * next(calls))


SLOPE = "the gradient by argument 0 is not the slope (richardson)"
FAULTS = {
    "wrong sign": (lambda g, z, x: -g * 3 * x * x, SLOPE),
    "wrong factor": (lambda g, z, x: g * 2 * x * x, SLOPE),
    "wrong in the ninth digit": (lambda g, z, x: g * 3.00000001 * x * x, SLOPE),
    "a term too many": (lambda g, z, x: g * (3 * x * x + x), SLOPE),
    "not a number": (lambda g, z, x: g * 3 * x * x * np.nan, SLOPE),
    "single precision inside": (lambda g, z, x: g * 3 * x.astype(np.float32) ** 2, SLOPE),
    "wrong for numbers": (lambda g, z, x: g * (3 if np.ndim(x) else 1) * x * x, SLOPE),
    "wrong for matrices": (lambda g, z, x: g * (3 if np.ndim(x) < 2 else 1) * x * x, SLOPE),
    "wrong for float32": (lambda g, z, x: g * (3 if x.dtype == np.float64 else 2) * x * x, SLOPE),
    "wrong in Fortran order": (lambda g, z, x: g * 3 * np.reshape(np.ravel(x, order="K"), np.shape(x)) ** 2, SLOPE),
    "fails on empty arrays": (lambda g, z, x: g * 3 * x * x + 0 * np.max(x), "the gradient cannot be computed"),
    "of another shape": (lambda g, z, x: np.append(g * 3 * x * x, [0, 0]), "the gradient cannot be computed"),
    "writes into the cotangent": (into_cotangent, "a rule writes into the cotangent"),
    "keeps a buffer": (into_buffer, "another call overwrites what the rule gave for argument 0"),
    "counts its calls": (counting, "after another call, the rule gives something else for argument 0"),
    "second derivative lost": (lambda g, z, x: g * 3 * np.asarray(x.data) ** 2, "the gradient, along"),
}


@pytest.mark.parametrize(("rule", "claim"), FAULTS.values(), ids=FAULTS)
def test_wrong_rule_is_named(row, rule, claim):
    said = complaint(row(cubed, rule))
    assert said.startswith(claim)
    assert re.search(r"^  of .*cubed\(float\[.*\]\) of float(64|32) \w+ \S", said, re.MULTILINE)


def test_what_is_said_of_a_wrong_slope(row):
    said = complaint(row(cubed, lambda g, z, x: g * 2 * x * x), (1, 2), orders=1)
    x = float(re.search(r"cubed\(float\[\]\) of float64 C (\S+)$", said, re.MULTILINE)[1])
    expected, bound = map(float, re.search(r"expected  (\S+) to within (\S+)", said).groups())
    got = float(re.search(r"got       (\S+)", said)[1])
    assert got / expected == pytest.approx(2 / 3, rel=1e-13)
    assert abs(got) / (2 * x * x) <= 1
    assert 0 < bound < 1e-12


def test_fault_in_the_second_argument_is_named(row):
    said = complaint(row(scaled_product, by_x, lambda g, z, x, y: g * z * x))
    assert said.startswith("the gradient by argument 1 is not the slope")


def test_rule_that_sums_a_broadcast_axis_wrongly_is_named(row):
    def first_of_sum(g, z, x, y):
        return by_x(g, z, x, y)[0] if np.ndim(g) > np.ndim(x) > 0 else by_x(g, z, x, y)

    said = complaint(row(scaled_product, first_of_sum, by_y))
    assert said.startswith(SLOPE)
    assert "scaled_product(float[1, 2], float[3, 1, 1])" in said


def test_row_that_uses_what_the_last_call_saved_is_named(row):
    saved = {}

    def remembering(x):
        saved["x"] = x
        return x * x * x

    said = complaint(row(remembering, lambda g, z, x: g * 3 * saved["x"] ** 2))
    assert said.startswith("after another call, the rule gives something else for argument 0")


def test_function_that_gives_the_same_array_again_is_right_since_it_is_copied(row):
    kept = {}

    def keeping(x):
        z = kept.setdefault((np.shape(x), np.result_type(x)), np.empty(np.shape(x), np.result_type(x)))
        return np.multiply(x, x, out=z)

    check_derivative(row(keeping, lambda g, z, x: g * 2 * x), [of(A(3))])


def test_function_that_writes_into_its_input_is_named(row):
    def halving(x):
        x *= 0.5
        return x

    said = complaint(row(halving, lambda g, z, x: g * 0.5), [of(A(3))])
    assert "read-only" in said


def test_third_derivative_lost_inside_the_rule_is_named(row):
    slope_of_cubed = row(lambda x: 3 * x * x, lambda g, z, x: g * 6 * np.asarray(x.data))
    cube = row(cubed, lambda g, z, x: g * slope_of_cubed(x))
    check_derivative(cube, orders=2)
    said = complaint(cube)
    assert said.startswith("the gradient, along a random direction, is not the slope")
    assert "of        the gradient of the gradient of cubed(float[])" in said


def test_keyword_that_the_rule_ignores_is_named(row):
    def scaled(x, *, factor=1.0):
        return factor * x

    function = row(scaled, lambda g, z, x, *, factor=1.0: g)
    assert "keyword   factor=" in complaint(function)
    said = complaint(function, [of(A(3)), of(A(3), factor=2.0)])
    assert said.startswith(SLOPE)
    assert "scaled(float[3], factor=2.0)" in said
