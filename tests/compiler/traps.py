"""How traps are told: a generator yields a function, and then the arguments of one call after the other.

Between the calls it changes what the function closes over, looks up or is given.
"""

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import Value

X, Y = np.array([1.0, -2.0, 3.0]), np.array([0.5, 0.25, -4.0])


def check_same(compiled, eager):
    """Fail unless two results are the same, in numbers, their types, the signs of zeros, and structure."""
    numbers = [[x._payload if isinstance(x, Value) else x for x in tg.tree.leaves(z)] for z in (compiled, eager)]
    for x, y in zip(*numbers, strict=True):
        assert type(x) is type(y)
        assert np.result_type(x) == np.result_type(y)
        np.testing.assert_array_equal(x, y)
        np.testing.assert_array_equal(np.signbit(np.real(x)), np.signbit(np.real(y)))
    tg.tree.map(lambda *_: None, compiled, eager)


def called(f, step):
    """Call with the arguments of a step; a dictionary at its end holds those that are named."""
    step = list(step)
    named = step.pop() if len(step) > 1 and isinstance(step[-1], dict) else {}
    return f(*step, **named)


def check_steps(steps, options):
    """Fail unless a function and its compiled self agree at every step, twice."""
    f = next(steps)
    compiled = tg.compile(f, **options)
    with np.errstate(all="ignore"):
        for step in steps:
            check_same(called(compiled, step), called(f, step))
            check_same(called(compiled, step), called(f, step))


def every_way(traps):
    """The decorator that runs a test for each trap and each way to compile."""
    ways = pytest.mark.parametrize("options", [{}, {"plain": True}, {"reuse_outputs": True}], ids=str)
    named = pytest.mark.parametrize("trap", traps, ids=lambda trap: trap.__name__)
    return lambda test: ways(named(test))
