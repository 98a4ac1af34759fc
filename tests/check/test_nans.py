"""The first operation to make a NaN or infinity that reaches a result raises, forward and backward."""

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.check import NonFiniteError


def found(f, *arguments):
    with pytest.raises(NonFiniteError) as caught, tg.detect_nan():
        f(*arguments)
    return str(caught.value)


@pytest.mark.parametrize(
    ("f", "said"),
    [
        (np.log, "np.log made -inf at [1], out of 0.0; recorded in test_nans.py:"),
        (lambda x: np.sum(1 / x), "np.divide made inf at [1], out of 1 and 0.0"),
        (lambda x: np.sqrt(x - 1), "np.sqrt made nan at [1], out of -1.0"),
        (lambda x: np.exp(1000 * x) * 0, "np.exp made inf at [0], out of 1000.0"),
        (lambda x: (1e200 * x) @ (1e200 * x), "np.matmul made inf, out of shape (2,) and shape (2,)"),
    ],
)
def test_forward(f, said):
    assert said in found(f, tg.Value([1.0, 0.0]))


def test_backward():
    said = found(tg.grad(lambda x: np.sum(np.sqrt(x))), np.array([4.0, 0.0]))
    assert "backward through np.sqrt: its rule made inf at [1] for input 0, out of 0.0 and the cotangent 1.0" in said
    assert "recorded in test_nans.py" in said


def test_in_a_sweep_that_is_recorded_the_operation_of_the_rule_is_named():
    y = tg.Value(2.0)
    said = found(tg.grad(lambda x: np.sum(np.sqrt(x) * y)), np.array([0.0, 1.0]))
    assert "np.divide made inf at [0], out of" in said


def test_what_is_finite_passes_and_gives_the_same():
    f = tg.value_and_grad(lambda x: np.sum(np.where(x > 0, np.sqrt(x), 0.0) * x))
    x = np.array([0.0, 1.0, 4.0])
    plain = f(x)
    with tg.detect_nan():
        watched = f(x)
    assert plain[0] == watched[0]
    np.testing.assert_array_equal(plain[1], watched[1])


def test_what_came_in_so_is_no_news_and_nothing_is_watched_outside():
    with tg.detect_nan():
        y = tg.Value([np.inf, 1.0]) * 2
        with tg.no_grad(), np.errstate(all="ignore"):
            np.log(tg.Value(0.0))
    assert y.data[0] == np.inf
    with np.errstate(all="ignore"):
        assert np.log(tg.Value(0.0)).data == -np.inf


def test_under_the_transforms_and_no_grad():
    with tg.detect_nan(), tg.no_grad(), pytest.raises(NonFiniteError, match=r"np\.log"):
        tg.value_and_grad(lambda x: np.log(x * 0))(1.0)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.sum(np.where(x > 0, np.log(x), 0)),
        lambda x: np.sum(np.where(x > 0, 1 / x, 0) * x),
        lambda x: np.sum(1 / (1 + np.exp(-1000 * (x - 1)))),
        lambda x: np.sum(np.exp(np.log(np.abs(x)))[1:]),
    ],
)
def test_what_does_not_reach_a_result_is_harmless(f):
    x = np.array([0.0, 1.0, 4.0])
    with tg.detect_nan(), np.errstate(all="ignore"):
        f(tg.Value(x))
        gradient = tg.grad(f)(x)
    assert np.isfinite(gradient).all()


def test_a_second_order_of_what_is_masked_is_harmless():
    def f(x):
        return np.sum(np.where(x > 0, np.sqrt(x), 0.0) * x)

    with tg.detect_nan():
        assert np.isfinite(tg.hessian(f)(np.array([0.0, 1.0]))).all()


def test_what_is_masked_in_one_use_and_not_in_another_is_found():
    def f(x):
        y = np.log(x)
        return np.sum(np.where(x > 0, y, 0)) + np.sum(y)

    assert "np.log made -inf at [0], out of 0.0" in found(f, tg.Value([0.0, 1.0]))
    assert "np.log made -inf at [0], out of 0.0" in found(tg.grad(f), np.array([0.0, 1.0]))


def test_where_two_are_not_finite_the_one_that_comes_through_is_named():
    def f(x):
        logarithm, inverse = np.log(x), 1 / x
        return np.where([True, False], logarithm + 1, inverse)[:1]

    said = found(f, tg.Value([0.0, 0.0]))
    assert "np.log made -inf at [0]" in said


@pytest.mark.parametrize(
    ("f", "said"),
    [
        (lambda x, y: y / x, "np.divide made inf at [0], out of 3.0 and 0.0; input 1 (x) is at fault; recorded"),
        (lambda x, y: y / (x * 1), "input 1 is at fault, which np.multiply made"),
        (lambda x, y: (x - 1) ** 0.5, "input 0 is at fault, which np.subtract made"),
        (lambda x, y: 1e200 * (y * 1e200), "np.multiply made inf, out of 1e+200 and 3e+200; recorded"),
    ],
)
def test_of_two_operands_it_says_which_is_at_fault(f, said):
    assert said in found(f, tg.Value([0.0, 1.0], name="x"), tg.Value(3.0, name="y"))


def test_it_goes_on_and_lists_all():
    x = tg.Value([0.0, 1.0, 0.0])
    with tg.detect_nan(stop=False) as found:
        np.sum(np.log(x)) + np.sum(1 / x[1:])
        np.sum(np.where(x > 0, np.arctanh(1 - x), 0))
        tg.grad(lambda x: np.sum(np.sqrt(x)))(np.array([0.0]))
    assert sorted(said.split(" made")[0] for said in found) == [
        "backward through np.sqrt: its rule",
        "np.divide",
        "np.log",
    ]
    assert not any("arctanh" in said for said in found)
