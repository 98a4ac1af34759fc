"""backend="numba": programs of single numbers as machine code.

Where Numba is not installed, a stand-in that leaves functions as they are shows that all around it works.
"""

import importlib.util
import itertools
import sys
import types

import numpy as np
import pytest

import tinygrad_edu as tg
from tests.compiler.numbers import EXTREMES, ORDINARY, agree, own_spread, spreads
from tinygrad_edu.compiler.codegen import scalar_table as scalars
from tinygrad_edu.compiler.codegen.formulas import formula
from tinygrad_edu.compiler.native import NativePrinted

pytestmark = pytest.mark.filterwarnings("ignore:.*encountered:RuntimeWarning")


@pytest.fixture(autouse=True)
def numba(monkeypatch):
    """Give Numba, or its stand-in."""
    if importlib.util.find_spec("numba") is None:
        stand_in = types.ModuleType("numba")
        stand_in.njit = lambda **options: lambda function: function
        monkeypatch.setitem(sys.modules, "numba", stand_in)


def native(f, *args):
    compiled = tg.compile(f, backend="numba")
    compiled(*args)
    assert type(compiled._programs[0].printed) is NativePrinted
    return compiled


def everything(x, y):
    """Call all functions of the table on two numbers."""
    table = {f: formula(text).uses for f, text in scalars.NATIVE_FLOATS.items()}
    return [f(x) if len(uses) == 1 else f(x, y) for f, uses in table.items()]


def test_the_table_gives_what_numpy_gives():
    ours = native(everything, *map(np.float64, ORDINARY[:2]))
    for numbers in itertools.product([*EXTREMES, *ORDINARY], repeat=2):
        x, y = map(np.float64, numbers)
        for f, result, expected in zip(scalars.NATIVE_FLOATS, ours(x, y), everything(x, y), strict=True):
            assert agree(result, expected, own_spread(f, float(expected), (x, y))), (f, numbers, result, expected)
    assert ours._programs[0].fallbacks == 0


def test_slopes_and_choices():
    slopes = tg.value_and_grad(lambda x: np.maximum(np.tanh(x), 0.2) * np.where(x > 1, np.log(x), x) + x**3)
    ours = native(slopes, 0.3)
    program = ours._programs[0].printed.program
    assert "def choice_1(" in ours.source
    for x in (0.3, 3.0, -2.0, 40.0):
        pairs = zip(tg.tree.leaves(ours(x)), tg.tree.leaves(slopes(x)), spreads(program, [x]), strict=True)
        assert all(agree(result[()], expected, spread) for result, expected, spread in pairs)


def test_plain_numbers_do_as_in_python():
    def f(x, y):
        return x + y, x * 2 - 1, x > y, -x, abs(x), x / y, x // y, x % y, x**2, x**0.5, y, np.float64(3), np.zeros(())

    ours = native(f, 1.5, 2.0)
    for numbers in [(1.5, 2.0), (-8.0, 3.0), (4.0, -np.inf), (np.inf, 2.0)]:
        results, expected = ours(*numbers), f(*numbers)
        assert [*map(type, results)] == [*map(type, expected)]
        assert [*map(str, results)] == [*map(str, expected)]
    for numbers, error in [((1.0, 0.0), ZeroDivisionError), ((1e200, 1.0), OverflowError)]:
        with pytest.raises(error):
            ours(*numbers)


def test_integers_go_in_as_floats():
    f = lambda x, n: (np.sin(x) * n, n)  # noqa: E731
    assert native(f, 1.5, 2)(1.5, 7) == f(1.5, 7)
    assert native(f, 1.5, 2)(1.5, 10**30) == f(1.5, 10**30)


def test_questions_are_asked():
    slope = tg.value_and_grad(lambda x: np.where(x > 0, np.log(x), 0.0))
    ours = native(slope, 2.0)
    assert ours(0.0) == slope(0.0) == (0, 0)
    assert ours._programs[0].fallbacks == 1


@pytest.mark.parametrize(
    ("f", "number", "what"),
    [
        (lambda x: np.sum(x * x), np.ones(3), "arrays"),
        (np.sinc, 2.0, "np.sinc"),
        (lambda x: x * x, 2, "mul between integers of Python's"),
        (lambda x: np.where(x > 1, 2, 3) * x, 2.0, "np.where, which gives a int64"),
    ],
)
def test_other_programs_are_refused(f, number, what):
    with pytest.raises(tg.TraceError, match=f"programs of single numbers only, and this one has {what}; leave backend"):
        tg.compile(f, backend="numba")(number)


def test_without_numba_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "numba", None)
    with pytest.raises(ImportError, match=r"pip install 'tinygrad_edu\[native\]'"):
        tg.compile(lambda x: x, backend="numba")


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"backend": "numbas"}, ValueError, "backend is 'numbas'; it must be one of numpy, numba"),
        ({"backend": 3}, TypeError, "backend is a int"),
        ({"backend": "numba", "plain": True}, ValueError, "choose one"),
    ],
)
def test_what_is_no_backend_is_refused(options, error, message):
    with pytest.raises(error, match=message):
        tg.compile(lambda x: x, **options)
