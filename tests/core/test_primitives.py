"""Primitives of users': what they take and return, and how many arguments their rules have."""

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import Value


def made(body, *rules):
    """A primitive with its row."""
    function = tg.primitive(body)
    tg.derivative(function, *(rules or (lambda g, z, x: g,)))
    return function


def test_a_buffer_that_is_returned_each_time_is_copied():
    buffer = np.zeros(2)

    def double(x):
        buffer[:] = 2 * x
        return buffer

    doubled = made(double, lambda g, z, x: 2 * g)
    gradient = tg.grad(lambda x: np.sum(doubled(x) * doubled(3 * x)))(np.array([1.0, 2.0]))
    assert gradient.tolist() == [24.0, 48.0]  # (2x · 6x)' = 24 x


@pytest.mark.parametrize("number", [2.0, 2, True, np.float64(2.0), np.int64(2), np.array(2), np.array([2, 2])])
def test_numbers_of_all_kinds_may_be_returned(number):
    z = made(lambda x: number)(Value(1.0))
    assert z.dtype == np.float64
    assert z.tolist() == np.asarray(number, float).tolist()


@pytest.mark.parametrize("number", [1j, np.complex64(2j), np.array([1j, 2])])
def test_complex_numbers_may_be_returned(number):
    z = made(lambda x: number)(Value(1.0))
    assert z.dtype == np.asarray(number).dtype
    assert z.tolist() == np.asarray(number).tolist()


@pytest.mark.parametrize("thing", [None, "a", [1.0], (np.ones(2), np.ones(2)), {"a": 1.0}])
def test_what_is_no_array_of_numbers_is_refused(thing):
    with pytest.raises(TypeError, match="real numbers"):
        made(lambda x: thing)(Value(1.0))


@pytest.mark.parametrize("wrap", [lambda x: {"a": x}, lambda x: [x], lambda x: (x, 1.0), lambda x: [[x]]])
def test_containers_of_values_are_refused(wrap):
    function = made(lambda x: 1.0, lambda g, z, x: 5 * g)  # a wrong rule, which must not be passed by
    with pytest.raises(TypeError, match=r"holds Values.*one by one"):
        tg.grad(lambda x: function(wrap(x)))(2.0)
    with pytest.raises(TypeError, match=r"rules for 1|is a Value"):
        tg.grad(lambda x: function(x, wrap(x)))(2.0)


def test_trees_of_plain_numbers_may_be_given():
    assert tg.primitive(lambda d: d["a"] * 2)({"a": 3.0}) == 6.0


@pytest.mark.parametrize(
    "rules",
    [
        (),
        (None,),
        (3,),
        (lambda g, z: g,),
        (lambda g: g,),
        (lambda g, z, x, y: g,),
        (lambda g, z, x: g, lambda g, z, x: g),
    ],
)
def test_rules_that_cannot_be_called_are_refused_when_they_are_entered(rules):
    with pytest.raises(TypeError, match=r"derivative\(square"):
        tg.derivative(tg.primitive(square), *rules)


def square(x):
    """A function to give rows to."""
    return x * x


@pytest.mark.parametrize(
    "rule",
    [
        lambda g, z, x: 2 * g * x,
        lambda *everything: 2 * everything[0] * everything[2],
        lambda g, z, x, eps=0.0: 2 * g * x,
        lambda g, z, x, *, k=1: 2 * g * x,
        lambda g, z, *inputs: 2 * g * inputs[0],
    ],
)
def test_rules_may_be_written_in_any_way_that_can_be_called(rule):
    assert tg.grad(made(square, rule))(3.0) == 6.0


def test_a_rule_that_returns_nothing_says_so():
    with pytest.raises(TypeError, match="rule of square returned None"):
        tg.grad(made(square, lambda g, z, x: None))(3.0)


def test_a_keyword_of_a_primitive_without_rule_says_where_it_belongs():
    function = made(lambda x, k=1: k * x)
    with pytest.raises(TypeError, match=r"k= has no rule.*by position.*\*, k"):
        function(Value(1.0), k=2)


def test_refusals_name_what_helps():
    v, b = Value([1.0, 2.0]), np.eye(2)
    with pytest.raises(TypeError, match=r"np\.matmul: out=.*use the result"):
        b @= v
    with pytest.raises(TypeError) as caught:
        np.union1d(v, v)
    assert "np.sin" not in str(caught.value)
    with pytest.raises(TypeError, match=r"np\.copyto: .*np\.where"):
        np.full_like(np.ones(2), v)


def test_functions_of_other_libraries_are_not_called_numpys():
    special = pytest.importorskip("scipy.special")
    with pytest.raises(TypeError, match=r"^berp: .*give it a row"):
        special.berp(Value(1.0))
