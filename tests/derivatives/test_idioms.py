"""Lines as NumPy's users write them: each has NumPy's value and the slope, or is refused; none is silently wrong."""

import re

import numpy as np
import pytest

import tinygrad_edu as tg
from tests.derivatives.idioms import ARGUMENTS, LEAVING, NAMES, PLAIN, REFUSED, RIGHT
from tinygrad_edu.testing.calls import outcome
from tinygrad_edu.testing.oracles import ROUNDINGS, check, eps


def read(line):
    """The function of a line, and the arguments that it names."""
    used = [name for name in ARGUMENTS if re.search(rf"\b{name}\b", line)]
    return eval(f"lambda {', '.join(used)}: {line}", NAMES), [ARGUMENTS[name] for name in used]


def values(arrays):
    return [tg.Value(x) for x in arrays]


@pytest.mark.parametrize("line", RIGHT)
def test_line_has_numpys_value_and_the_slope(line):
    f, arrays = read(line)
    z, numpys = f(*values(arrays)), np.asarray(f(*arrays))
    assert isinstance(z, tg.Value)
    got = np.asarray(z.data)
    assert got.shape == numpys.shape
    assert got.dtype == numpys.dtype
    assert np.all(abs(got - numpys) <= ROUNDINGS * eps(numpys) * np.max(abs(numpys), initial=0.0))
    check(f, tuple(arrays))


@pytest.mark.parametrize(("line", "words"), REFUSED.items(), ids=REFUSED)
def test_line_is_refused_and_the_error_says_why(line, words):
    f, arrays = read(line)
    refusal = outcome(f, *values(arrays))
    assert isinstance(refusal, (TypeError, IndexError, AttributeError))
    assert re.search(words, str(refusal))


@pytest.mark.parametrize("line", PLAIN)
def test_line_that_has_no_slope_gives_numpys_result(line):
    f, arrays = read(line)
    got, numpys = f(*values(arrays)), f(*arrays)
    assert not isinstance(got, tg.Value)
    assert type(got) is type(numpys)
    assert np.all(np.equal(got, numpys)) if not isinstance(got, str) else got == numpys


@pytest.mark.parametrize("line", LEAVING)
def test_line_that_would_leave_the_tape_is_refused(line):
    f, arrays = read(line)
    assert isinstance(outcome(f, *values(arrays)), (TypeError, ValueError))  # NumPy makes the latter of the former
