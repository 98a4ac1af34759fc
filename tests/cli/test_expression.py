"""Expressions mean what NumPy means by them, and whatever else is typed is refused, by name and place."""

import re

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import functions
from tinygrad_edu.cli.expression import FUNCTIONS, LENGTH, ExpressionError, number, read
from tinygrad_edu.core.rules import Row, table

A, B, X = 0.5, np.array([2.0, -1.0]), np.array([[1.0, 2.0], [3.0, -4.0]])
GIVEN = {"a": A, "b": B, "x": X}


def compute(text, kind=np.float64):
    f = read(text)
    return f(*[kind(GIVEN[name]) for name in f.names])


def refusal(text, *values):
    with pytest.raises(ExpressionError) as caught:
        read(text)(*values)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("tanh(a*b) + sum(x)", np.tanh(A * B) + X.sum()),
        ("-a**2 + 2**-a**2", -(A**2) + 2 ** -(A**2)),
        ("+b // 2 % 3 - -1 / b", B // 2 % 3 + 1 / B),
        ("x @ b @ x - 1 - 2", X @ B @ X - 3),
        ("a - (b - a)", A - (B - A)),
        ("[1, 2] * b + [[-.5], [+1e1]]", np.array([1, 2]) * B + [[-0.5], [10]]),
        ("sum(x, axis=-1) + max(x, axis=0) + norm(x)", X.sum(axis=-1) + X.max(axis=0) + np.linalg.norm(X)),
        ("where(b > 0, x, -1) + where(a, 1, 2)", np.where(B > 0, X, -1) + 1),
        ("(b < 0) + (x != 2) - (a == .5) * (b <= a) + isnan(a)", 1.0 * (B < 0) + (X != 2) - (B <= A)),
        ("clip(x, -1, 2.5) + maximum(a, b) + pow(2, a)", np.clip(X, -1, 2.5) + np.maximum(A, B) + 2**A),
        ("outer(b, [1, 2]) + dot(x, x) + inner(x, b)", np.outer(B, [1, 2]) + X @ X + np.inner(X, B)),
        ("softmax(x, axis=0) + relu(b) + round(a)", functions.softmax(X, axis=0) + functions.relu(B) + np.round(A)),
        ("9**9**9**9", np.inf),
        ("where(a > pi, 1, 2)", 2.0),
        ("log(0 * a) - 1/0 + 1_000", -np.inf),
        ("sqrt(-1) * (pi - 0 % 0)", np.nan),
    ],
)
def test_values(text, value):
    result = compute(f"  {text} ")
    np.testing.assert_array_equal(result, value)
    assert (result.shape, result.dtype) == (np.shape(value), np.float64)
    assert isinstance(result, np.ndarray if result.shape else np.float64)


def test_every_function_is_of_the_table_or_made_of_it():
    x = np.array([[0.25, 0.75], [0.5, 0.125]])
    made_of_it = {functions.leaky_relu, functions.softplus, functions.gelu}
    for name, (_, count) in FUNCTIONS.items():
        own = getattr(np, name, None) or getattr(np.linalg, name, None) or getattr(functions, name)
        assert own in table or own in made_of_it
        f = read(f"{name}({', '.join('abc'[:count])})")
        arguments = [x, x + 1, x + 2][:count]
        with np.errstate(all="ignore"):
            np.testing.assert_array_equal(f(*arguments), own(*arguments))
        assert np.shape(f(*map(tg.Value, arguments))) == np.shape(f(*arguments))
        if "axis" in table.get(own, Row()).keywords or own is np.linalg.norm:
            np.testing.assert_array_equal(read(f"{name}(a, axis=1)")(x), own(x, axis=1))


def test_it_is_a_function_to_differentiate():
    f = read("sum(tanh(a*b) ** 2 + where(b > 0, b, a)) + norm(c) * sigmoid(a)")
    arguments = 0.5, np.array([0.5, -1.0]), np.array([3.0, 4.0])
    numeric, error = tg.numeric_gradient(f, *arguments, method="richardson", error=True)
    for analytic, slopes, bound in zip(tg.grad(f, (0, 1, 2))(*arguments), numeric, error, strict=True):
        assert np.all(abs(analytic - slopes) <= bound)
    assert tg.grad(tg.grad(read("x**3")))(2) == 12.0
    f = read("where(x > 0, exp(x) * x / (1 + x**2), x)")
    assert abs(tg.numeric_gradient(f, 0.3, method="complex") - tg.grad(f)(0.3)) < 1e-15


def test_names_and_arguments():
    assert read("c + a * c - e_ * a0_B + e * pi").names == ("c", "a", "e_", "a0_B")
    assert read("e**a - exp(a)")(2.0) < 1e-14 * np.exp(2)
    assert "got 1 values for 2 names: a, b" in refusal("a + b", 1.0)
    assert read("a ** b * 3")(10, 400) == np.inf  # integers are taken as floats
    assert read("sum(a) * 2")([1, 2]) == 6.0
    constant = read("[1, 2]")
    constant()[0] = 7
    np.testing.assert_array_equal(constant(), [1, 2])


REFUSED = {  # what is said, and of which texts, with ‸ before what is underlined
    "attribute access": ["‸x.__class__", "1 + ‸().__class__", "‸1..real", "‸x.T.base @ x"],
    "subscript": ["1 + ‸x[0]"],
    "tuple": ["‸(1, 2)", "‸1,", "sum(‸())"],
    "a star in front": ["sum(‸*a)"],
    "a comprehension": ["‸[i for i in x]", "sum‸(i for i in x)"],
    "yield": ["(‸yield)"],
    "await": ["(‸await x)"],
    "a conditional": ["‸1 if 1else 2"],
    "a logical operator": ["‸0x1for x", "‸a and b", "2 * (‸not a)"],
    "such a comparison": ["‸1 is 1", "‸a in b", "‸a < b < c"],
    "a shift": ["‸1 << 2"],
    "call has no meaning": ["‸f(1)(2)", "‸(sin)(1)(2)", "‸[1](1)"],
    "is not a known function; the nearest: ": ["‸__import__(os)", "‸open(x)", "1 + ‸repeat(x, 9)", "‸eval(x)"],
    "tahn is not a known function; the nearest: tan, tanh, atan": ["1 + ‸tahn(x)"],
    "cannot be a variable": ["‸__debug__", "2 * ‸sin", "‸_"],
    "not a finite number": [
        "‸True + 1",
        "‸None",
        "‸...",
        "2 * ‸1j",
        "‸0x10",
        "‸1e999",
        "[‸a, 1]",
        "[‸*a]",
        "‸" + "9" * LENGTH,
    ],
    "lists of equal length": ["a * ‸[[1], 2]", "‸[]", f"‸{'[' * 9}1{']' * 9}"],
    "takes 1 argument, got 2": ["‸sin(1, 2)", "‸max(a, b)"],
    "takes 3 arguments, got 1": ["‸where(1)"],
    "the only keyword is axis=": ["sin(x, ‸out=x)", "sum(x, ‸axis=a)", "sum(x, ‸axis=0, axis=0)", "max(x, ‸axis=999)"],
    "invalid syntax": ["1 ‸2", "1 +‸", "a ‸= 1", "sin ‸x", "‸* a"],
    "never closed": ["‸(1"],
    "has no meaning here; write names": [f"a‸{c}b" for c in "~;?$`\\\n\r\t\f\v\0\x1b\x7f\x85\xa0\u2028#"],
    "' has no meaning here; write names": [f"1 + ‸{c}" for c in ("ａbs(1)", "ªbs", "α", "١", "\ud800", "\U0001d44e")],
    "'^' has no meaning here; a power is written **": ["x‸^2", "1 + x‸^(2 + y)"],
    "has no meaning here; write **2": ["x‸² + 1"],
    "has no meaning here; write sqrt(x)": ["1 + ‸√x"],
    "'|' has no meaning here; write abs(x)": ["‸|x|"],
    "'&' has no meaning here; write (a > 0) * (b > 0)": ["(a > 0) ‸& (b > 0)"],
    "has no meaning here; lists are written [1, 2]": ["a‸{b", "‸{1, 2}"],
    "has no meaning here; a function is given as package.module:function": ["a‸:b"],
    "has no meaning here; names and numbers are written without quotes": ["a‸'b", 'a‸"b'],
    "has no meaning here; write where(a > 0, x, y)": ["‸x if y else z"],
    "has no meaning here; write a product, such as (a > 0) * (b > 0)": ["‸a < b < c", "1 + (‸a and b)"],
    "write products with a sign, as in 2*": ["‸2x", "1 + ‸2(x + 1)", "‸(a + b)(c)"],
    "write sin alone, as in sin(x)": ["1 + ‸np.sin(x)", "‸math.sin(x)"],
    "one of a module is given as module:function": ["‸numpy.sin"],
    "max takes 1 argument, got 2; of several, write maximum(a, b)": ["1 + ‸max(x, y)"],
    "log takes 1 argument, got 2; of several, write log(a) / log(b)": ["‸log(x, 2)"],
    "ln is not a known function; write log(x)": ["2 * ‸ln(x)"],
}


@pytest.mark.parametrize(("what", "marked"), [(what, marked) for what, texts in REFUSED.items() for marked in texts])
def test_refusals(what, marked):
    column = marked.index("‸")
    message, shown, marks = refusal(marked.replace("‸", "")).splitlines()
    assert message.startswith(f"column {column + 1}: ")
    assert what in message
    assert re.fullmatch("    [ -~]+", shown)
    assert re.fullmatch(r"\^+", marks[4 + column :])


def test_a_long_text_is_shown_around_its_fault():
    _, shown, marks = refusal(f"{'a' * 99} + x.real + {'b' * 99}").splitlines()
    assert shown == f"    {'a' * 27} + x.real + {'b' * 31}"
    assert marks == f"    {' ' * 30}^^^^^^"


@pytest.mark.parametrize("kind", [np.float64, tg.Value])
def test_what_cannot_be_computed(kind):
    for text, what in {
        "b + [1, 2, 3]": "column 1: this cannot be computed: shape mismatch: ",
        "1 + dot(x, [1, 2, 3])": "column 5: this cannot be computed: ",
        "1 + a @ b": "column 5: this cannot be computed: ",
        "2 * sum(b, axis=1)": "column 5: this cannot be computed: (np.sum: )?axis 1 is out of bounds",
    }.items():
        with pytest.raises(ExpressionError, match=what):
            compute(text, kind)
    assert "column 1: this cannot be computed: ufunc 'floor_divide'" in refusal("a // b", 1j, 2.0)
    assert "got complex numbers, of which it has" in refusal("2 * (a // b)", 1j, tg.Value(2.0))


def test_numbers():
    for text, wanted in {
        "0.5": 0.5,
        " -1e-3 ": -1e-3,
        "+.5": 0.5,
        "1_000": 1000.0,
        "[1, 2,]": [1, 2],
        "[[1, -2], [3, 4e0]]": [[1, -2], [3, 4]],
        f"[{'1,' * 400}]": [1] * 400,
    }.items():
        x = number(text)
        assert (x.dtype, x.tolist()) == (np.float64, wanted)


NO_NUMBERS = [
    "nan",
    "inf",
    "-inf",
    "infinity",
    "1e999",
    "[1,nan]",
    "x",
    "pi",
    "--1",
    "-(1)",
    "1+1",
    "1j",
    "True",
    "0x10",
]
NO_NUMBERS += ["[[1,2],[3]]", "[1,[2]]", "[]", "[[]]", "abs(1)", "'1'", "(1,2)", "[*x]", "{1}", "1;2", "１", "1é", ","]
NO_NUMBERS += ["", "   ", "1 2", "1\n", "[1,\n2]", "[" * 9 + "1" + "]" * 9]


@pytest.mark.parametrize("text", NO_NUMBERS)
def test_what_is_no_number(text):
    with pytest.raises(ExpressionError, match=r"^(column \d+: .*[a-z]{4}|got 0 characters)"):
        number(text)
