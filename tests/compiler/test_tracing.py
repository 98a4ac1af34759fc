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
from tinygrad_edu import TraceError
from tinygrad_edu.compiler.tracing import supported as limits
from tinygrad_edu.compiler.tracing.verify import room
from tinygrad_edu.core.source_info import label
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
    lambda f, a, v, i, k: f(a * 2) + f(a.T * 2),
    lambda f, a, v, i, k: f(a * 2, -1),
    lambda f, a, v, i, k: f(a * 2, k, k),
    lambda f, a, v, i, k: f(a * 2, order="F"),
    lambda f, a, v, i, k: f(a.T * 2, order="K"),
    lambda f, a, v, i, k: f(a.T * 2, order="A"),
    lambda f, a, v, i, k: f(a * 2, (9,), "F"),
    lambda f, a, v, i, k: f(a * 2, (1, 9), order="F") * 2,
    lambda f, a, v, i, k: f(a * 2, "K"),
    lambda f, a, v, i, k: f(a.T * 2, axis=-1, keepdims=True),
    lambda f, a, v, i, k: f(a * 2, axis=(0, 1)),
    lambda f, a, v, i, k: f(a * 2, axis=1, dtype=np.float32),
    lambda f, a, v, i, k: f(a * 2, axis=0, where=a > 0, initial=1.5),
    lambda f, a, v, i, k: f([a * 2, a + 1], axis=1),
    lambda f, a, v, i, k: f([a.T * 2, a.T + 1], axis=None),
    lambda f, a, v, i, k: f(a[::-1, ::2], a.T[::-1, ::2]),
    lambda f, a, v, i, k: f((a * 2)[1], v),
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
FUNCTIONS = [f for f in FUNCTIONS if f.__name__ not in ("save", "savetxt", "savez", "savez_compressed", "empty_like")]
UFUNCS = [f for f in overrides.get_overridable_numpy_ufuncs() if not f.__name__.startswith("_")]
UFUNCS = sorted((f for f in UFUNCS if {*"df"} & {kind[0] for kind in f.types}), key=label)
SIGNS = [
    *(getattr(operator, name) for name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul")),
    *(getattr(operator, name) for name in ("and_", "or_", "xor", "lshift", "rshift", "lt", "le", "eq", "ne", "gt")),
    *(getattr(operator, name) for name in ("ge", "neg", "pos", "abs", "invert")),
    divmod,
]


def numbers():
    sets = [(M, M[1], I, 1), (N, N[0], J, 2), (N.T * 0, N[2], I, 0), (M, M[1], I, 1)]
    return [tuple(np.copy(x) if isinstance(x, np.ndarray) else x for x in each) for each in sets]


def check_close(given, expected, squares=False):
    """Compare two results; sums may be added up in another order, and what is left of squares round as their terms."""
    for x, y in zip(tg.tree.leaves(given), tg.tree.leaves(expected), strict=True):
        if isinstance(y, type):
            assert x is y
            continue
        assert (type(x), np.result_type(x)) == (type(y), np.result_type(y))
        eps = np.finfo(np.result_type(y)).eps if np.result_type(y).kind in "fc" else 0.0
        finite = np.abs(np.where(np.isfinite(y), y, 0))
        if squares:  # of what cancels
            finite = np.append(finite, 16 * eps * np.max(expected[-1]) ** 2)
        np.testing.assert_allclose(x, y, rtol=16 * eps, atol=16 * eps * np.max(finite, initial=0))


def check(function, calls):
    """Fail unless each call is refused, or right for one set of numbers after the other; count those that are right."""
    right = 0
    for call in calls:
        run = types.FunctionType(call.__code__, {"np": np, "__builtins__": __builtins__}, "run")
        if isinstance(outcome(run, function, *numbers()[0]), Exception):
            continue
        compiled = tg.compile(run)
        try:
            for arguments, copies in zip(numbers(), numbers(), strict=True):
                expected = outcome(run, function, *copies)
                if isinstance(expected, Exception):
                    with pytest.raises(type(expected)):
                        compiled(function, *arguments)
                else:
                    check_close(compiled(function, *arguments), expected, function is np.linalg.lstsq)
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
    check(function, [*CALLS, *WRITING] if function in limits.WRITERS else CALLS)


@pytest.mark.parametrize("ufunc", UFUNCS, ids=label)
def test_every_ufunc(ufunc):
    check(ufunc, [*CALLS, lambda f, a, v, i, k: f(a, a, out=a * 0), lambda f, a, v, i, k: f(a, where=a > 0, out=a * 1)])
    for name in ("reduce", "accumulate", "reduceat"):
        check(getattr(ufunc, name), CALLS)
    if ufunc.nin == 2:  # with less, NumPy itself breaks down
        check(ufunc.outer, [CALLS[3], lambda f, a, v, i, k: f(v * 2, a)])
        check(ufunc.at, WRITING)


@pytest.mark.parametrize("sign", SIGNS, ids=lambda f: f.__name__)
def test_every_sign(sign):
    assert check(sign, CALLS[:12])


METHODS = [name for name in dir(np.ndarray) if not name.startswith("_")]


@pytest.mark.parametrize("name", METHODS)
def test_every_method(name, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)  # `tofile` and `dump` write where they are told

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


def test_the_room_for_roundings_is_that_of_the_coarsest_kind_of_float():
    single, double = (float(np.finfo(kind).eps) ** 0.5 for kind in (np.float32, np.float64))
    assert room([np.float32(1), np.array([2.0, np.inf])]) == 2 * single
    assert room([np.array([1.0, -3.0]), np.arange(9)]) == 3 * double
    assert room([np.arange(9)]) == 0


def test_roundings_that_a_function_enlarges_are_no_difference():
    def chaotic(x):
        for _ in range(40):
            x = 0.9 * x + 0.1 * np.mean(x)
            x = 3.9 * x * (1 - x)
        return x

    x = np.linspace(0.1, 0.9, 100, dtype=np.float32)
    compiled = tg.compile(chaotic)
    compiled(x)
    assert np.max(abs(chaotic(x) - chaotic(x.astype(float)))) > 1e-3  # which float32 has no digits to tell
    assert compiled.fallbacks == 0


RANDOM = {
    "array": lambda x: x + np.random.default_rng().normal(size=x.shape),
    "constant": lambda x: (x, np.float64(np.random.default_rng().normal())),
    "truth values": lambda x: x > np.random.default_rng().normal(size=x.shape),
}


@pytest.mark.parametrize("f", RANDOM.values(), ids=RANDOM)
def test_random_numbers_are_refused_by_name(f):
    with pytest.raises(tg.TraceError, match="may draw random numbers"):
        tg.compile(f)(np.linspace(-1, 1, 100))
