"""Every row of the table, compiled: value and gradients are those of the function, or it is refused by name.

call  a function of the table with its arguments, some of them arrays to draw
w     the weights of the outputs
"""

import os

import numpy as np
import pytest

import tinygrad_edu as tg
from tests.domains import domains
from tinygrad_edu import tree
from tinygrad_edu.compiler.errors import TraceError
from tinygrad_edu.core.source_info import label
from tinygrad_edu.scipy import linalg
from tinygrad_edu.testing.calls import A, C, Call, in_complex
from tinygrad_edu.testing.oracles import ROUNDINGS, assert_close, eps, largest, rounding, weights

THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"
SHAPED = "makes an array whose shape depends on numbers"
REFUSED = {np.unique: SHAPED, np.trim_zeros: SHAPED, np.polymul: SHAPED, np.polydiv: SHAPED}  # for all arrays,
OF_REALS = {np.linalg.eig, np.linalg.eigvals, np.roots}  # and for real ones


def written(call):
    """A call as a function of its arrays that closes over constants: what users write."""
    names = {"function": call.function}
    arrays = iter("abcdef")

    def text(x):
        if isinstance(x, C):
            return f"({next(arrays)} + 1j * {next(arrays)})"
        if isinstance(x, A):
            return next(arrays)
        if isinstance(x, (list, tuple)):
            return f"{type(x).__name__}([{', '.join(map(text, x))}])"
        name = f"c{len(names)}"
        names[name] = np.copy(x) if isinstance(x, np.ndarray) else x
        if isinstance(x, np.ndarray):
            names[name].flags.writeable = False
        return name

    given = [*map(text, call.arguments), *(f"{key}={text(x)}" for key, x in call.keywords.items())]
    exec(f"def run({', '.join('abcdef'[: len(call.places)])}): return function({', '.join(given)})", names)
    run = names["run"]
    return lambda *arrays: floats(run(*arrays))


def floats(z):
    """What has a slope of several results; np.frexp gives integers, too."""
    return tuple(part for part in z if part.dtype.kind in "fc") if type(z) is tuple else z


def value_and_pulled(f):
    """What f gives of plain arrays, and what it passes back when it is recorded."""

    def run(w, *arrays):
        return f(*arrays), tg.vjp(f, *arrays)[1](w)

    return run


def check(call):
    """Fail unless the call and its program agree, on the arrays it was compiled with and on others."""
    f, first = written(call), call.draw(5)
    w = weights(f, first.arrays)
    eager = value_and_pulled(f)
    compiled = tg.compile(eager)
    compiled(w, *first.arrays)
    for sample in (first, call.draw(6)):
        wanted, found = eager(w, *sample.arrays), compiled(w, *sample.arrays)
        kinds = [[np.result_type(z) for z in tree.leaves(each)] for each in (wanted, found)]
        assert kinds[0] == kinds[1], call
        if not all(map(np.array_equal, *map(tree.leaves, (wanted, found)))):
            size = ROUNDINGS * eps(sample.arrays) * (largest(sample.arrays) + largest(wanted))
            bounds = tree.map(lambda z, size=size: size, wanted[0]), rounding(f, sample.arrays, w)
            assert_close(found, wanted, bounds, "compiled is not eager", sample)
    assert compiled.fallbacks == 0, call


def is_matrix(call):
    """Whether a polynomial is that of the eigenvalues of a matrix."""
    return call.function is np.poly and len(call.arguments[0].shape) == 2


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("function", domains, ids=label)
def test_compiled_equals_eager(function):
    for call in domains[function][:] if THOROUGH else domains[function][:2][-1:]:
        if function in REFUSED:
            with pytest.raises(TraceError, match=REFUSED[function]):
                check(call)
        elif (function in OF_REALS or is_matrix(call)) and not isinstance(call.arguments[0], C):
            with pytest.raises(TraceError, match=r"with real numbers.*write x\.astype\(complex\)"):
                check(call)
            if function is not np.poly:  # whose result is real where the roots are conjugate
                check(Call(function, in_complex(call.arguments), call.keywords))
        else:
            check(call)


def test_what_is_refused_for_plain_arrays_alone_has_a_gradient():
    """Of arrays NumPy cuts zeros off; of Values, no coefficient is."""
    gradient = tg.compile(tg.grad(lambda a, b: np.sum(np.polymul(a, b) ** 2)))
    a, b = np.array([1.0, 2.0, 3.0]), np.array([0.5, 4.0])
    for _ in range(2):
        np.testing.assert_allclose(gradient(a, b), tg.grad(lambda a, b: np.sum(np.polymul(a, b) ** 2))(a, b))


def test_a_function_of_scipys_is_called_by_its_name():
    f = tg.compile(tg.grad(lambda a: np.sum(linalg.expm(a))))
    f(np.eye(2))
    assert "from tinygrad_edu.scipy.matrix_functions import expm\n" in f.source
    assert "expm(" in f.source.partition("# backward")[2]
    np.testing.assert_allclose(f(np.zeros((2, 2))), np.ones((2, 2)))  # to first order, exp(a) is 1 + a


def test_an_opaque_primitive_of_several_results_is_called_with_its_keywords():
    @tg.primitive
    def moments(x, scale, *, power=2):
        numbers = [float(number) * scale for number in x]  # which no tracer lets itself be asked for
        return np.array(numbers), np.float64(sum(number**power for number in numbers))

    def rule(g, z, x, scale, *, power=2):
        return g[0] * scale + g[1] * power * x ** (power - 1) * scale**power

    tg.derivative(moments, rule, None, results=2, opaque=True)

    def f(x):
        first, last = moments(x, 2.0, power=3)
        return np.sum(np.sin(first)) * last

    eager, compiled = tg.value_and_grad(f), tg.compile(tg.value_and_grad(f))
    for x in (np.array([1.0, 2.0]), np.array([3.0, -1.0])):
        for got, wanted in zip(compiled(x), eager(x), strict=True):
            np.testing.assert_allclose(got, wanted, rtol=1e-13)
    assert "moments(x, 2.0, power=3)" in compiled.source
    assert not compiled.fallbacks


@pytest.mark.parametrize(("x", "mean"), [([3.0, -2.0], 3.0), ([2.0, 4.0], 3.0), ([1.0, 1e-40], 0.5)])
def test_an_opaque_primitive_that_returns_another_shape_or_dtype_is_run_as_it_is(x, mean):
    @tg.primitive
    def positive(x):
        found = [number for number in x.tolist() if number > 0]
        return np.array(found, np.float32 if min(found) > 1e-30 else np.float64)

    tg.derivative(positive, lambda g, z, x: g, opaque=True)
    f = tg.compile(lambda x: np.mean(positive(x)))
    f(np.array([1.0, 2.0]))
    got = f(np.array(x))
    assert (got, got.dtype) == (mean, np.mean(positive(np.array(x))).dtype)
    assert f.fallbacks == (x != [2.0, 4.0])


@pytest.mark.parametrize("kind", [np.float32, np.float64, np.complex64, np.array])
def test_helpers_that_stand_in_programs_use_nothing_but_numpy(kind):
    """A single number of each kind takes a way of its own through them."""
    f = tg.compile(tg.grad(lambda x: np.real(np.tanh(x))))
    for x in (kind(0.3), kind(2.5)):
        np.testing.assert_allclose(f(x), 1 - np.tanh(x) ** 2, rtol=1e-5)
