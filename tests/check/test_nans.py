"""The first operation to make a NaN or infinity raises, forward and backward."""

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
