"""What check_derivative takes: rows, domains, orders; and what it says to those it cannot take."""

import re

import numpy as np
import pytest
import scipy.special

import tinygrad_edu as tg
from tests.domains import NOT_HOLOMORPHIC, domains
from tests.testing.functions import by_x, by_y, complaint, cubed, scaled_product
from tinygrad_edu.core.rules import Row, table
from tinygrad_edu.core.source_info import label
from tinygrad_edu.derivatives.indexing import put_back
from tinygrad_edu.derivatives.shapes import concatenate
from tinygrad_edu.testing import A, between, check_derivative, nonzero, of, positive
from tinygrad_edu.testing.oracles import takes_complex_step


@pytest.mark.parametrize("domain", [(-2, 2), (0.5, 1), between(-3, -1, 1, 3), nonzero, [positive], [of(A(2, 3))]])
def test_right_row_passes(row, domain):
    check_derivative(row(cubed, lambda g, z, x: g * 3 * x**2), domain)


def test_right_row_of_several_arguments_passes(row):
    check_derivative(row(scaled_product, by_x, by_y), [(-3, 3), (-1, 1)], orders=2)
    check_derivative(row(lambda x, y, w: x * y + w, lambda g, z, x, y, w: g * y, lambda g, z, x, y, w: g * x,
                         lambda g, z, x, y, w: g), [nonzero, positive, (1, 2)], orders=1)  # fmt: skip


ROWS = [np.arctan2, np.heaviside, np.where, np.cumsum, np.round, put_back, concatenate]


@pytest.mark.parametrize("function", ROWS, ids=label)
def test_rows_of_the_table_pass(function):
    check_derivative(function, [of(*call.arguments, **call.keywords) for call in domains[function]])


def test_function_that_takes_only_some_shapes_is_checked_on_those(row):
    def inner(x, y):
        if np.ndim(x) != 1 or np.ndim(y) != 1:
            raise ValueError("vectors only")
        return x @ y

    check_derivative(row(inner, lambda g, z, x, y: g * y, lambda g, z, x, y: g * x))


def test_function_that_knows_no_long_double_is_measured_in_double(row):
    derivative_of_erf = row(scipy.special.erf, lambda g, z, x: g * 2 / np.sqrt(np.pi) * np.exp(-x * x))
    check_derivative(derivative_of_erf)


def test_rule_of_functions_without_a_row_has_only_a_first_derivative(row):
    kelvin = row(scipy.special.ber, lambda g, z, x: g * scipy.special.berp(x))
    check_derivative(kelvin, positive, orders=1)
    said = complaint(kelvin, positive)
    assert "berp: has no derivative in the table" in said
    assert "orders=1" in said


def test_complex_step(row):
    modulus = row(lambda x: np.abs(x) ** 3, lambda g, z, x: g * 3 * x * abs(x))
    check_derivative(modulus, positive)
    assert "dropped the imaginary part" in complaint(modulus, positive, complex_step=True)
    check_derivative(modulus, positive, complex_step=False)
    check_derivative(row(cubed, lambda g, z, x: g * 3 * x * x), complex_step=True)


def test_complex_step_is_tried_where_a_function_can_be_continued():
    samples = [calls[len(calls) > 1].draw(0) for calls in domains.values()]
    assert {s.call.function for s in samples if not takes_complex_step(s, s.arrays)} == NOT_HOLOMORPHIC


def test_domain_of_empty_arrays_is_named(row):
    said = complaint(row(cubed, lambda g, z, x: g * 3 * x * x), [of(A(0, 3))])
    assert said.startswith("the domain does not use a rule")


def test_domain_where_the_slope_is_zero_is_named(row):
    said = complaint(row(lambda x: np.maximum(x, 0.0) ** 2, lambda g, z, x: g * 5 * np.maximum(x, 0.0)), (-2, -1))
    assert said.startswith("the domain sees nothing but zeros of a rule")


def test_domain_where_the_slope_drowns_is_named(row):
    said = complaint(row(lambda x: 1 + 1e-30 * x, lambda g, z, x: g * 1e-30))
    assert said.startswith("the domain cannot tell a right rule from a wrong one")
    assert "passes    a rule that is a thousandth too much" in said


def test_domain_that_does_not_use_a_rule_is_named(row):
    said = complaint(row(scaled_product, by_x, by_y), [of(A(3), 2.0)])
    assert said == "the domain does not use a rule\n  of        scaled_product\n  rule      of argument 1"


def test_flat_function_says_so_with_a_plain_zero(row):
    check_derivative(row(np.sign, lambda g, z, x: 0.0), nonzero)
    said = complaint(row(np.sign, lambda g, z, x: 0.0 * g), nonzero)
    assert "if it is flat everywhere, return the number 0.0" in said


def test_function_that_does_not_give_real_numbers_is_refused(row):
    with pytest.raises(TypeError, match="gives bool; slopes are of real numbers"):
        check_derivative(row(np.signbit, lambda g, z, x: 0.0))


MISUSED = {
    "a word": ("positive", "a domain cannot be 'positive'; pass (low, high)"),
    "one bound": ((1,), "a domain cannot be (1,)"),
    "a call beside a span": ([of(A(3)), positive], "a domain cannot be Arguments"),
    "an empty list": ([], "the domain has 0 spans, the row 1 rules"),
    "too many spans": ([positive, positive], "the domain has 2 spans, the row 1 rules"),
}


@pytest.mark.parametrize(("domain", "said"), MISUSED.values(), ids=MISUSED)
def test_domain_of_the_wrong_kind_is_refused(row, domain, said):
    with pytest.raises(TypeError, match=re.escape(said)):
        check_derivative(row(cubed, lambda g, z, x: g * 3 * x * x), domain)


def test_function_without_a_row_is_refused(row):
    for function in (cubed, np.union1d, tg.primitive(cubed)):
        with pytest.raises(TypeError, match=r"has no row; make it a tinygrad_edu\.primitive"):
            check_derivative(function)
    with pytest.raises(TypeError, match=r"np\.take is composed of functions that have rows"):
        check_derivative(np.take)


def test_row_of_a_function_that_is_not_recorded_is_refused(monkeypatch):
    monkeypatch.setitem(table, cubed, Row((lambda g, z, x: g * 3 * x * x,)))
    with pytest.raises(TypeError, match=r"cubed\(float\[\]\) is not recorded as a call of cubed"):
        check_derivative(cubed)


def test_row_whose_calls_must_be_told_is_refused():
    with pytest.raises(TypeError, match=r"concatenate takes any number of arrays; say how it is called"):
        check_derivative(concatenate)
    with pytest.raises(TypeError, match=r"put_back has an argument without a rule; say how it is called"):
        check_derivative(put_back)


def test_function_that_takes_no_default_call_is_refused(row):
    def vector_only(x):
        if np.shape(x) != (5,):
            raise ValueError("five numbers, please")
        return x * x

    function = row(vector_only, lambda g, z, x: g * 2 * x)
    with pytest.raises(TypeError, match=r"five numbers, please.*say how it is called"):
        check_derivative(function)
    check_derivative(function, [of(A(5))])


def test_domain_where_the_function_is_not_finite_is_refused(row):
    with pytest.raises(ValueError, match=r"not finite on its domain: reciprocal\(float\[\]\) of float64 C 0\.0"):
        check_derivative(row(reciprocal, lambda g, z, x: -g * z * z), (0, 0))


def reciprocal(x):
    with np.errstate(divide="ignore"):
        return 1 / x


def test_orders_start_at_one(row):
    with pytest.raises(ValueError, match="orders is 0; the gradient is 1"):
        check_derivative(row(cubed, lambda g, z, x: g * 3 * x * x), orders=0)
