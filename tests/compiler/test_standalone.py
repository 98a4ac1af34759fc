"""Opaque functions in programs: by their text where it can stand alone, else by name from their modules, or handed in.

Each doubles what it is given, so that all have the same slope.
"""

import ast
import functools

import numpy as np
import pytest
from scipy import special

import tinygrad_edu as tg
from tests.compiler.test_source import alone
from tinygrad_edu.compiler.codegen.standalone import standalone
from tinygrad_edu.compiler.passes.tiling import LEAST

X = np.linspace(0.1, 1.0, 5)
TWO = 2.0


def entered(function, factor=2.0):
    """An opaque primitive."""
    function = tg.primitive(function)
    tg.derivative(function, lambda g, z, x: factor * g, opaque=True)
    return function


@entered
def doubled(x, out=None):
    return np.multiply(x, 2.0, out=out)


@entered
def doubled_anew(x):
    return np.array([2.0 * float(each) for each in x])  # which no tracer lets itself be asked for


@entered
def with_a_number_of_its_module(x, out=None):
    return np.multiply(x, TWO, out=out)


@entered
def with_an_annotation(x: ast.AST, out: ast.AST | None = None):
    return np.multiply(x, 2.0, out=out)


def twice(function):
    return functools.wraps(function)(lambda x, out=None: np.multiply(function(x), 2.0, out=out))


@entered
@twice
def decorated(x, out=None):
    return np.multiply(x, 1.0, out=out)


@entered
def program(x, out=None):
    return np.multiply(x, 2.0, out=out)


class Namespace:
    @staticmethod
    @entered
    def in_a_class(x, out=None):
        return np.multiply(x, 2.0, out=out)


def make(factor):
    @functools.partial(entered, factor=factor)
    def closed(x, out=None):
        return np.multiply(x, factor, out=out)

    return closed


def made_of_text():
    names = {"np": np, "__name__": "nowhere"}
    exec("def without_a_file(x, out=None):\n    return np.multiply(x, 2.0, out=out)", names)
    return entered(names["without_a_file"])


by_two, by_three = make(2.0), make(3.0)
named = entered(lambda x, out=None: np.multiply(x, 2.0, out=out))
BY_TEXT = {"a plain one": doubled, "one that returns a new array": doubled_anew}
BY_NAME = {f.__name__: f for f in (with_a_number_of_its_module, with_an_annotation, decorated)}
HANDED_IN = {
    "called as a program is": program,
    "in a class": Namespace.in_a_class,
    "a closure": by_two,
    "two of one name": lambda x: by_two(x) + by_three(x),
    "a lambda": named,
    "without a file": made_of_text(),
}


def assert_same(function, x=X):
    """Fail unless the compiled slope is the eager one; the program's text."""
    eager = tg.value_and_grad(lambda x: np.sum(np.sin(function(x))))
    compiled = tg.compile(eager)
    compiled(x)
    for given, expected in zip(compiled(x + 1), eager(x + 1), strict=True):
        np.testing.assert_allclose(given, expected, rtol=1e-13)
    assert not compiled.fallbacks
    return compiled.source


@pytest.mark.parametrize("kind", BY_TEXT)
def test_what_uses_numpy_alone_stands_before_the_program(kind):
    source = assert_same(BY_TEXT[kind])
    assert f"\ndef {BY_TEXT[kind].__name__}(x" in source
    assert alone(source, X)[0] == np.sum(np.sin(2 * X))


@pytest.mark.parametrize("name", BY_NAME)
def test_what_uses_more_is_imported_from_its_module(name):
    source = assert_same(BY_NAME[name])
    assert f"from {__name__} import {name}\n" in source
    assert alone(source, X)[0] == np.sum(np.sin(2 * X))


@pytest.mark.parametrize("kind", HANDED_IN)
def test_what_has_neither_text_nor_name_is_handed_in(kind):
    assert "from " not in assert_same(HANDED_IN[kind])


@pytest.mark.parametrize("function", [doubled, with_a_number_of_its_module, by_two])
def test_in_loops_over_blocks(function):
    assert "def blocks1" in assert_same(function, np.linspace(0.0, 0.1, LEAST))


@pytest.mark.parametrize("function", [tg.functions.erf, np.tanh])
def test_slopes_of_numpys_functions_and_erf_need_nothing_but_numpy(function):
    for x in (X, 0.3):
        gradient = tg.grad(lambda x: np.sum(function(x) * x))
        compiled = tg.compile(gradient)
        compiled(x)
        imports = [x for x in ast.walk(ast.parse(compiled.source)) if isinstance(x, (ast.Import, ast.ImportFrom))]
        modules = {x.module if isinstance(x, ast.ImportFrom) else x.names[0].name for x in imports}
        assert modules <= {"math", "numpy"}
        np.testing.assert_allclose(alone(compiled.source, x)[0], gradient(x), rtol=1e-13)


@pytest.mark.parametrize("function", [special.erfinv, special.psi, special.i0, special.log_ndtr])
def test_slopes_of_scipys_functions_are_imported(function):
    compiled = tg.compile(tg.grad(lambda x: np.sum(function(x))))
    compiled(X / 2)
    assert "\nfrom tinygrad_edu.scipy." in compiled.source
    np.testing.assert_array_equal(alone(compiled.source, X / 2)[0], tg.grad(lambda x: np.sum(function(x)))(X / 2))


def test_a_function_that_looks_names_up_by_text_does_not_stand_alone():
    assert standalone(standalone.__wrapped__) is None
    assert standalone(looked_up) is None


def looked_up(x):
    return globals()["TWO"] * x
