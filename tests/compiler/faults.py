"""How faults of the compiler are told: a function, and the arguments of one call after the other."""

import numpy as np

import tinygrad_edu as tg
from tests.compiler.agreement import WAYS
from tests.compiler.test_as_people_write import difference, flat, rounding
from tinygrad_edu.testing.calls import outcome
from tinygrad_edu.testing.oracles import ROUNDINGS

X, Y = np.array([1.0, -2.0, 3.0]), np.array([0.5, 0.25, -4.0])
M = np.array([[1.0, 2.0, 3.0], [-4.0, 5.0, 0.5]])
MASK, ORDER = np.array([True, False, True]), np.array([2, 0, 1])
MASK.flags.writeable = ORDER.flags.writeable = False


def into(faults):
    """The decorator that registers a function, with the arguments of its calls."""

    def fault(*calls):
        def register(f):
            faults[f.__name__] = f, calls
            return f

        return register

    return fault


def allowed(expected):
    """How far each leaf may be off: a few roundings of its largest number."""
    return [ROUNDINGS * np.max(rounding(x), initial=0.0) for *_, x in flat(expected)]


def check_fault(fault, way):
    """Fail unless a function and its compiled self agree, call after call, and its program runs."""
    f, calls = fault
    compiled, failed = tg.compile(f, **WAYS[way]), 0
    with np.errstate(all="ignore"):
        for arguments in (*calls, *calls):
            expected = outcome(f, *arguments)
            result = outcome(compiled, *arguments)
            if isinstance(expected, Exception):
                assert type(result) is type(expected)
                failed += 1
            else:
                assert not isinstance(result, Exception), repr(result)
                found = difference(expected, result, None if way == "plain" else allowed(expected))
                assert found is None, found
    assert compiled.fallbacks <= failed
