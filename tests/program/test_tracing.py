"""All of NumPy, met by tracers: each function is right for other numbers too, or refused; and so are its methods.

m, n  matrices whose numbers differ in sign, in ties and in zeros
"""

import operator
import types
import warnings

import numpy as np
import pytest
from numpy.testing import overrides

import tinygrad_edu as tg
from tests.program.traps import check_same
from tinygrad_edu import TraceError
from tinygrad_edu.naming import label
from tinygrad_edu.testing.calls import outcome

M = np.array([[2.0, -1.0, 0.5], [0.25, 3.0, 1.0], [-0.5, 1.0, 4.0]])
N = np.array([[2.0, 0.0, 0.0], [0.0, 2.0, -1.0], [0.0, -1.0, 2.0]])
I, J = np.array([2, 0, 1]), np.array([0, 0, 2])
# What a function may be called with: a is a matrix, v one of its rows, i whole numbers, k one of them.
CALLS = [
    lambda f, a, v, i, k: f(a),
    lambda f, a, v, i, k: f(v),
    lambda f, a, v, i, k: f(a, a.T),
    lambda f, a, v, i, k: f(v, v[::-1]),
    lambda f, a, v, i, k: f(a, v),
    lambda f, a, v, i, k: f(a, i),
    lambda f, a, v, i, k: f(i, a),
    lambda f, a, v, i, k: f(i),
    lambda f, a, v, i, k: f(i, i),
    lambda f, a, v, i, k: f(a, k),
    lambda f, a, v, i, k: f(a, 1),
    lambda f, a, v, i, k: f(a, k, 1),
    lambda f, a, v, i, k: f(a, 0, k),
    lambda f, a, v, i, k: f(a, (k, 3)),
    lambda f, a, v, i, k: f(a, axis=k % 2),
    lambda f, a, v, i, k: f(v, i, 3),
    lambda f, a, v, i, k: f(a, i, v),
    lambda f, a, v, i, k: f(a, [0, 1], v[0]),
    lambda f, a, v, i, k: f(a > 0, a),
    lambda f, a, v, i, k: f(a > 0, a, v),
    lambda f, a, v, i, k: f(a, a > 0),
    lambda f, a, v, i, k: f([a, a.T]),
    lambda f, a, v, i, k: f((v, v)),
    lambda f, a, v, i, k: f([a > 0], [a]),
    lambda f, a, v, i, k: f(i % 2, [v, v * 2]),
    lambda f, a, v, i, k: f(v, 1.0, 3.0),
    lambda f, a, v, i, k: f(v[0], v[1], 4),
    lambda f, a, v, i, k: f("ij,jk", a, a),
    lambda f, a, v, i, k: f(a, i[:, None], 0),
    lambda f, a, v, i, k: f(v, np.sort(v), v),
    lambda f, a, v, i, k: f(v, i, 1),
    lambda f, a, v, i, k: f(a * 1, out=a * 1),
]
WRITING = [
    lambda f, a, v, i, k: [b := a * 1, f(b, v), b][::2],
    lambda f, a, v, i, k: [b := a * 1, f(b, k), b][::2],
    lambda f, a, v, i, k: [b := a * 1, f(b, a > 0, v), b][::2],
    lambda f, a, v, i, k: [b := v * 1, f(b, i, v[::-1]), b][::2],
    lambda f, a, v, i, k: [b := a * 1, f(b, i[:, None], 0.5, 1), b][::2],
    lambda f, a, v, i, k: [b := a * 1, f(b, k, 0.5), b][::2],
]
FUNCTIONS = sorted(overrides.get_overridable_numpy_array_functions(), key=label)
FUNCTIONS = [f for f in FUNCTIONS if not f.__module__.startswith("numpy.lib.recfunctions")]
FUNCTIONS = [f for f in FUNCTIONS if f.__name__ not in ("save", "savetxt", "savez", "savez_compressed")]
UFUNCS = sorted(overrides.get_overridable_numpy_ufuncs(), key=label)
SIGNS = [
    *(getattr(operator, name) for name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul")),
    *(getattr(operator, name) for name in ("and_", "or_", "xor", "lshift", "rshift", "lt", "le", "eq", "ne", "gt")),
    *(getattr(operator, name) for name in ("ge", "neg", "pos", "abs", "invert")),
    divmod,
]


def check(function, calls):
    """Fail unless each call is refused, or right for one set of numbers after the other; count those that are right."""
    right = 0
    for call in calls:
        run = types.FunctionType(call.__code__, {"np": np}, "run")
        sets = [(M, M[1], I, 1), (N, N[0], J, 2), (N.T * 0, N[2], I, 0), (M, M[1], I, 1)]
        if isinstance(outcome(run, function, *sets[0]), Exception):
            continue
        compiled = tg.compile(run)
        try:
            for arguments in sets:
                expected = outcome(run, function, *arguments)
                if isinstance(expected, Exception):
                    with pytest.raises(type(expected)):
                        compiled(function, *arguments)
                else:
                    check_same(compiled(function, *arguments), expected)
            right += 1
        except TraceError:
            pass
    return right


@pytest.fixture(autouse=True)
def quiet():
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@pytest.mark.parametrize("function", FUNCTIONS, ids=label)
def test_every_function_of_numpys(function):
    check(function, [*CALLS, *WRITING])


@pytest.mark.parametrize("ufunc", UFUNCS, ids=label)
def test_every_ufunc(ufunc):
    check(ufunc, [*CALLS, lambda f, a, v, i, k: f(a, a, out=a * 0), lambda f, a, v, i, k: f(a, where=a > 0, out=a * 1)])
    for name in ("reduce", "accumulate", "outer", "at", "reduceat"):
        check(getattr(ufunc, name), [*CALLS, *WRITING])


@pytest.mark.parametrize("sign", SIGNS, ids=lambda f: f.__name__)
def test_every_sign(sign):
    assert check(sign, CALLS[:12])


METHODS = [name for name in dir(np.ndarray) if not name.startswith("_")]


@pytest.mark.parametrize("name", METHODS)
def test_every_method(name):
    def method(x, *arguments, **keywords):
        found = getattr(x, name)
        return found(*arguments, **keywords) if callable(found) else found

    check(method, [*CALLS, *WRITING])


MOST_ARE_RIGHT = {
    np.where, np.sum, np.mean, np.var, np.sort, np.argsort, np.concatenate, np.stack, np.einsum, np.take, np.clip,
    np.roll, np.linalg.solve, np.linalg.inv, np.linalg.svd, np.linalg.norm, np.fft.fft, np.pad, np.median,
    np.percentile, np.interp, np.searchsorted, np.diff, np.gradient, np.trapezoid, np.outer, np.tensordot, np.kron,
    np.cov, np.histogram, np.select, np.choose, np.copyto, np.put, np.fill_diagonal, np.meshgrid, np.split, np.tile,
    np.repeat, np.nan_to_num, np.isclose,
}  # fmt: skip


@pytest.mark.parametrize("function", sorted(MOST_ARE_RIGHT, key=label), ids=label)
def test_what_is_used_most_is_not_refused(function):
    calls = [*CALLS, *WRITING, lambda f, a, v, i, k: f(v, 2), lambda f, a, v, i, k: f(a, [1], k % 2)]
    assert check(function, calls)
