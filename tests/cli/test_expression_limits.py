"""Whatever string is typed, it is read and computed, or refused, in little time and memory, and nothing else happens.

r  where random choices come from
"""

import ast
import itertools
import random
import re
import string
import time
import tracemalloc
from unittest.mock import MagicMock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygrad_edu as tg
from tinygrad_edu.cli.expression import ELEMENTS, FUNCTIONS, LENGTH, WORDS, ExpressionError, number, read
from tinygrad_edu.core.tape import payload

TIMES = 100_000 if settings().max_examples >= 50 else 2_000
GIVEN = {"a": np.float64(0.5), "b": np.array([2.0, -1.0]), "x": np.array([[1.0, 2.0], [3.0, -4.0]])}


def survive(text, read_as):
    """What reading and computing `text` gives: a number or array, finite or not, or a clear error."""
    try:
        result = read_as(text)
        if read_as is read:
            values = [*itertools.islice(itertools.cycle(GIVEN.values()), len(result.names))]
            recorded, result = result(*map(tg.Value, values)), result(*values)
            np.testing.assert_array_equal(payload(recorded), result)
    except ExpressionError as error:
        message = str(error)
    else:
        assert isinstance(result, np.ndarray | np.float64)
        assert result.dtype == np.float64
        return
    assert re.fullmatch(r"(?s)(column \d+: |got [\d,]+ |brackets or signs).{20,500}", message)


TOO_LONG = ["(" * 10**6, "[" * 10**6, "-" * 10**6 + "1", "x" * 10**6, "1+" * 10**6 + "1", "9" * 10**6, "\ud800" * 10**6]
TOO_MANY = ["(" * LENGTH, "[" * LENGTH, "-" * (LENGTH - 1) + "1", "1+" * 1_900 + "1", "f(" * 1_900, "a." * 1_900 + "a"]
TOO_MANY += ["9**" * 1_300 + "9", "(" * WORDS + "1", "[" + "0.5," * 900 + "]"]
DEEP = ["-" * (WORDS - 1) + "1", "9**" * (WORDS // 3) + "9", "(" * 150 + "1" + ")" * 150, "[" * 190 + "1" + "]" * 190]
DEEP += [
    "sin(" * 150 + "1" + ")" * 150,
    "[" + "1," * 450 + "]",
    "outer(" * 90 + "[1,2,3]" + ",[1,2])" * 90,
    "x" * LENGTH,
]
DEEP += [
    "not " * 900 + "a",
    "a if b else " * 200 + "c",
    "a<" * 400 + "a",
    "a." * 400 + "a",
    "(-" * 250 + "1" + ")" * 250,
]


@pytest.mark.parametrize("read_as", [read, number])
@pytest.mark.parametrize("text", TOO_LONG + TOO_MANY + DEEP, ids=lambda text: ascii(text[:9]))
def test_limits_hold_in_time_and_memory(text, read_as):
    tracemalloc.start()
    start = time.process_time()
    survive(text, read_as)
    spent, (_, peak) = time.process_time() - start, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert spent < 1
    assert peak < 2**24


@pytest.mark.parametrize(("texts", "what"), [(TOO_LONG, "characters; give 1 to 4,000"), (TOO_MANY, "words and signs")])
def test_the_limits_say_what_they_are(texts, what):
    for text in texts:
        with pytest.raises(ExpressionError, match=rf"got [\d,]+ {what}"):
            read(text)


@pytest.mark.parametrize("kind", [np.float64, tg.Value])
def test_results_are_bounded_before_they_are_made(kind):
    column, row, long = kind(np.ones((3_000, 1))), kind(np.ones((1, 3_000))), kind(np.ones(3_000))
    tracemalloc.start()
    for text in ["a + b", "a < b", "a @ b", "dot(a, b)", "outer(a, b)", "where(a, b, 1)", "clip(a, b, 1)"]:
        with pytest.raises(ExpressionError, match=f"over {ELEMENTS:,} elements"):
            read(text)(column, row)
    with pytest.raises(ExpressionError, match=f"over {ELEMENTS:,} elements"):
        read("+".join("a" * 400))(long)  # all results count
    assert np.shape(read("a @ b + dot(a, b) + inner(c, c)")(row, column, long)) == (1, 1)
    assert tracemalloc.get_traced_memory()[1] < 2**25
    tracemalloc.stop()


@pytest.mark.parametrize("error", [MemoryError, RecursionError])
def test_more_than_pythons_parser_can_bear(error, monkeypatch):
    monkeypatch.setattr(ast, "parse", fail := MagicMock(side_effect=error))
    with pytest.raises(ExpressionError, match="brackets or signs are nested too deeply"):
        read("1")
    fail.assert_called_once()


BINARY = {"+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide, "//": np.floor_divide, "%": np.remainder}
BINARY |= {"**": np.power, "<": np.less, "<=": np.less_equal, ">": np.greater, "==": np.equal, "!=": np.not_equal}
TOKENS = [*BINARY, *FUNCTIONS, *"()[],.=:@#'{ab1x ", "pi", "1e3", "axis=0", "lambda ", " if ", " for ", " in ", "not "]


@np.errstate(all="ignore")
def grown(r, depth):
    """Grow an expression, and compute with NumPy what it means."""
    kind = r.randrange(5) if depth else 0
    if kind == 0:
        text = r.choice([*GIVEN, "pi", "[1,-2]", str(r.randrange(9)), repr(10 ** r.uniform(-5, 5))])
        return text, GIVEN.get(text, np.pi) if text.isalpha() else np.array(number(text))
    text, x = grown(r, depth - 1)
    if kind == 1:
        return f"-({text})", np.negative(x)
    if kind == 2:
        name = r.choice(["sin", "exp", "log", "sqrt", "tanh", "sum", "max", "floor", "absolute"])
        return f"{name}({text})", getattr(np, name)(x)
    other, y = grown(r, depth - 1)
    sign = r.choice([*BINARY])
    return f"({text}) {sign} ({other})", 1.0 * BINARY[sign](x, y)


def hostile(r):
    """A string that may be anything from noise to an expression."""
    kind = r.randrange(6)
    if kind == 0:
        return "".join(chr(r.randrange(r.choice([128, 0x3000, 0x110000]))) for _ in range(r.randrange(40)))
    if kind == 1:
        return "".join(r.choices(string.printable, k=r.randrange(40)))
    if kind == 2:
        return "".join(r.choices(TOKENS, k=r.randrange(40)))
    if kind == 3:
        return "".join(r.choices(TOKENS, k=r.randrange(1, 5))) * r.randrange(600) + r.choice(TOKENS)
    text, _ = grown(r, r.randrange(6))
    i, j = sorted(r.choices(range(len(text) + 1), k=2))
    return text if kind == 4 else text[:i] + "".join(r.choices(TOKENS, k=r.randrange(3))) + text[min(j, i + 4) :]


def test_hostile_and_random_strings():
    r = random.Random(TIMES)
    for _ in range(TIMES):
        text = hostile(r)
        survive(text, read)
        survive(text, number)


@given(st.text() | st.lists(st.sampled_from(TOKENS)).map("".join))
def test_any_string(text):
    survive(text, read)
    survive(text, number)


@given(st.randoms(use_true_random=False))
def test_any_expression(r):
    text, value = grown(r, 5)
    f = read(text)
    np.testing.assert_array_equal(f(*[GIVEN[name] for name in f.names]), value)
