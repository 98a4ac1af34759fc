"""Passes keep every number to the bit: at the ends of the range, for zeros of both signs, after writes in between.

check   holds a function against its graph after each pass
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygrad_edu as tg
from tests.compiler.numbers import EXTREMES
from tinygrad_edu.compiler.ir import Node
from tinygrad_edu.compiler.passes import numpy_calls, tiling
from tinygrad_edu.compiler.passes.algebra import RULES, simplify_algebra
from tinygrad_edu.compiler.passes.numpy_calls import choose_numpy_calls, prepare_constants
from tinygrad_edu.compiler.passes.runtime_checks import merge_runtime_checks
from tinygrad_edu.compiler.passes.simplify import PASSES, eliminate_dead_code
from tinygrad_edu.compiler.passes.verify import verify
from tinygrad_edu.compiler.tracing.trace import Traced
from tinygrad_edu.testing.calls import outcome

MANY = 20_000 if settings.default.max_examples >= 50 else 300

# x and y: made before; w: made before, and the program's own; c: a number; e: an exponent
LINES = [
    "{z} = {c} * {x}", "{z} = {x} * {c}", "{z} = {x} + {c}", "{z} = {c} + {x}", "{z} = {x} - {c}", "{z} = {c} - {x}",
    "{z} = {x} / {c}", "{z} = -{x}", "{z} = +{x}", "{z} = {x} ** {e}", "{z} = np.power({x}, {e})",
    "{z} = np.float_power({x}, {e})", "{z} = {c} * -{x}", "{z} = {x} * {y}", "{z} = {x} + {y}",
    "{z} = np.arctan2({x}, {y})", "{z} = np.exp({x})", "{z} = np.copy({x})", "{z} = {x} * np.full({x}.shape, {c})",
    "{z} = np.power({x}, np.full({x}.shape, {e}))", "{z} = np.ones_like({x}) * {c}", "{z} = np.zeros_like({x})",
    "{z} = np.where({x} > {y}, {x}, {c})", "{z} = np.maximum({x}, {c})", "{z} = {x}.reshape({x}.shape)",
    "{z} = {x}[...]", "{z} = {x}[::-1]", "{z} = {x}.astype(np.float32)", "{z} = {x}.astype(np.float64)",
    "{z} = {x} * ({y} > {c})", "{z} = ({x} > {c}) + True", "{z} = np.broadcast_to({x}, {x}.shape)",
    "{z} = np.exp({x} - np.log(np.sum(np.exp({x}))))", "{z} = np.multiply({x}, {c}, dtype=np.float64)",
    "{z} = {x} + np.sum({y})", "{z} = {x} * np.mean({y} > {c})", "{z} = np.mean({x}) - {y}",
    "{w} += {c}", "{w} *= {x}", "{w} -= {w}", "{w}[0] = {c}", "{w}[1:] = {x}[:-1]", "np.negative({w}, out={w})",
    "np.clip({w}, -1, 1, out={w})", "{z} = {w}[1:]; {z} += 3; {z} = {w} * 1", "{w}.fill({c})",
]  # fmt: skip
NUMBERS = [
    "0", "0.0", "-0.0", "1", "1.0", "-1", "2", "2.0", "-2.0", "4.0", "0.5", "3.0", "0.1", "1e308", "5e-324", "1e-200",
    "np.inf", "-np.inf", "np.nan", "True", "np.float64(2)", "np.float64(1)", "np.float32(0.1)", "np.int64(1)", "2**60",
]  # fmt: skip
EXPONENTS = ["0", "1", "2", "3", "-1", "0.5", "2.0", "-0.5", "1.0", "0.1", "np.float64(2)", "np.float32(2)", "True"]
X = np.linspace(0.5, 2.0, 6).reshape(2, 3)
NAMES = "abcdefghijklmnopq"
Choices = st.tuples(*[st.integers(0, 10**6)] * 6)


def source(choices):
    """Write a program of two arrays, `a` and `b`, that gives back a quarter of what it makes, and the last."""
    names, own, body, given_back = ["a", "b"], [], [], []
    for k, x, y, w, c, e in choices:
        line = LINES[k % len(LINES)]
        if "{w}" in line and not own:
            continue
        z = NAMES[len(names)]
        pick = {
            "w": own[w % len(own)] if own else None,
            "x": names[-1 - x % min(3, len(names))],
            "y": names[y % len(names)],
        }
        body.append(line.format(z=z, c=NUMBERS[c % len(NUMBERS)], e=EXPONENTS[e % len(EXPONENTS)], **pick))
        if "{z}" in line:
            names.append(z)
            given_back += [z] * (k // len(LINES) % 4 == 0)
            if "broadcast" not in line and "reshape" not in line and "[" not in line and "astype" not in line:
                own.append(z)
    given_back += [name for name in names[-1:] if name not in given_back]
    return "\n    ".join(
        ["def program(a, b):", *body, f"return np.arctan2({names[-1]}, -1.0), {', '.join(given_back)},"]
    )


def functions(graph):
    return [node.function for node in graph.nodes]


def defined(text):
    names = {"np": np}
    exec(text, names)
    return names["program"]


def same_bits(x, y):
    """Whether two results are the same, signs of zeros included; any NaN is as good as any other."""
    x, y = np.asarray(x), np.asarray(y)
    if x.dtype != y.dtype or x.shape != y.shape:
        return False
    if x.dtype.kind != "f":
        return np.array_equal(x, y)
    return bool(np.all((x == y) & (np.signbit(x) == np.signbit(y)) | np.isnan(x) & np.isnan(y)))


def check(f, arrays):
    """Fail unless every pass leaves what the function gives."""
    with np.errstate(all="ignore"):
        eager = f(*arrays)
        graph = Traced(f, arrays, {}).graph
        passes = *PASSES, merge_runtime_checks, eliminate_dead_code, choose_numpy_calls, prepare_constants, tiling.tile
        for each in (lambda x: x, *passes):
            before, graph = str(graph), each(graph)
            outputs = verify(graph, arrays)
            for k, (x, y) in enumerate(zip(outputs, eager, strict=True)):
                assert same_bits(x, y), f"{each.__name__}, output {k}: {x!r}, not {y!r}\n{before}\n{graph}"


VALUES = [*EXTREMES, 1e-45, 4e-45, -7e-45, 1.5e-323, 3.4e38, -3.4e38, 0.1, 1e38, 6e307]
OUTER = "0.5", "2.0", "-3.0", "1e300", "0.75", "np.float32(3e38)"
ALONE = [line.removeprefix("{z} = ") for line in LINES if "{z} = " in line and ";" not in line]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("number", NUMBERS)
def test_every_kind_of_float_with(number, dtype):
    """Each result goes into np.arctan2, which tells 0.0 from -0.0."""
    with np.errstate(all="ignore"):
        a, b = np.array(VALUES, dtype), np.array(VALUES[::-1], dtype)
        values = {"c": number, "e": number, "x": "a", "y": "b"}
        rows = [f"np.arctan2({line.format(**values)}, -1.0)" for line in ALONE]
        rows += [
            f"np.arctan2({c} * ({number} * a), -1.0)"
            for c in ("0.5", "2.0", "-3.0", "1e300", "0.75", "np.float32(3e38)")
        ]
        works = [
            row
            for row in rows
            if not isinstance(outcome(defined(f"def program(a, b):\n    return {row}"), a, b), Exception)
        ]
    assert len(works) > len(rows) // 2
    check(defined(f"def program(a, b):\n    return {', '.join(works)}"), (a, b))


@settings(max_examples=MANY)
@given(
    st.lists(Choices, min_size=1, max_size=10),
    st.lists(st.sampled_from([0.0, -0.0, *VALUES]), min_size=8, max_size=8),
    st.sampled_from([np.float32, np.float64]),
)
def test_random_programs(small_tiles_and_sums_in_order, choices, numbers, dtype):
    with np.errstate(all="ignore"):
        a, b = np.array(numbers, dtype).reshape(2, 4)
    text = source(choices)
    try:
        with np.errstate(all="ignore"):
            defined(text)(a, b)
    except (ValueError, TypeError, OverflowError):  # NumPy does not write so; as in an array of integers
        return
    check(defined(text), (a, b))


@pytest.fixture(scope="module")
def small_tiles_and_sums_in_order():
    """Tiles of few numbers; and sums as NumPy adds them up, since BLAS may add four numbers in another order."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(tiling, "LEAST", 4)
        patched.setattr(numpy_calls, "_multiply_by_ones", lambda node: None)
        yield


@pytest.mark.parametrize(
    ("f", "left"),
    [
        (lambda x: np.sin(x * 1), [np.sin]),
        (lambda x: np.sin(1.0 * x), [np.sin]),
        (lambda x: np.sin(x + -0.0), [np.sin]),
        (lambda x: np.sin(-0.0 + x), [np.sin]),
        (lambda x: np.sin(x - 0), [np.sin]),
        (lambda x: np.sin(x + 0), [np.add, np.sin]),
        (lambda x: np.sin(0 + x), [np.add, np.sin]),
        (lambda x: np.sin(x - -0.0), [np.subtract, np.sin]),
        (lambda x: 0.5 * (4.0 * x), [np.multiply, np.multiply]),
        (lambda x: 3.0 * (4.0 * x), [np.multiply]),
        (lambda x: 4.0 * (3.0 * x), [np.multiply, np.multiply]),
        (lambda x: 3.0 * np.negative(x), [np.multiply]),
        (lambda x: np.sin(x / 1), [np.sin]),
        (lambda x: np.sin(np.negative(-x)), [np.sin]),
        (lambda x: np.sin(+x), [np.sin]),
        (lambda x: np.sin(x**1), [np.sin]),
        (lambda x: x**2, [np.square]),
        (lambda x: x**0.5, [np.sqrt]),
        (lambda x: x**-1, [np.reciprocal]),
        (lambda x: x**3, [np.power]),
        (lambda x: np.sin(np.broadcast_to(x, x.shape)), [np.sin]),
        (lambda x: np.sin(x.reshape(x.shape)), [np.sin]),
        (lambda x: np.sin(x.astype(np.float64)), [np.sin]),
        (lambda x: np.sin(0 - x), [np.subtract, np.sin]),
        (lambda x: np.sin(1 / x), [np.divide, np.sin]),
    ],
)
def test_algebra(f, left):
    assert functions(eliminate_dead_code(simplify_algebra(Traced(f, (X,), {}).graph))) == left
    assert np.array_equal(tg.compile(f)(X), f(X))


def unsound_exp(node, made_by, x):
    """exp(a - log(sum(exp(a)))) as a quotient, whatever `a` is."""
    if made_by(x, np.subtract) and made_by(x.arguments[1], np.log):
        total = x.arguments[1].arguments[0]
        node.function, node.arguments = np.divide, (total.arguments[0], total)


def unsound_product(node, made_by, c, x):
    """c · (d · x) as (c · d) · x, whatever c and d are."""
    if made_by(x, np.multiply) and not isinstance(c, Node):
        node.arguments = c * x.arguments[0], x.arguments[1]


UNSOUND = {
    "x + 0.0": (np.add, lambda node, made_by, x, y: x if type(y) is float and y == 0 else None),
    "0.0 + x": (np.add, lambda node, made_by, x, y: y if type(x) is float and x == 0 else None),
    "x - -0.0": (np.subtract, lambda node, made_by, x, y: x if type(y) is float and y == 0 else None),
    "0.0 - x": (np.subtract, lambda node, made_by, x, y: node.__init__(np.negative, (y,), {}) if x == 0 else None),
    "c (d x)": (np.multiply, unsound_product),
    "log-softmax": (np.exp, unsound_exp),
}


def test_an_exponential_that_overflows_is_no_quotient():
    """Only below the largest, as in a log-softmax, is exp(x - log(sum(exp(x)))) the quotient of what is there."""
    check(lambda x: (np.exp(x - np.log(np.sum(np.exp(x)))),), (np.array([1000.0, 0.0, 1.0]),))
    check(below_another_largest, (np.array([[1000.0, 0.0], [0.0, 1.0]]),))


def below_another_largest(x):
    a = x - np.max(x, axis=0, keepdims=True)
    return (np.exp(a - np.log(np.sum(np.exp(a), axis=1, keepdims=True))),)


@pytest.mark.parametrize("name", UNSOUND)
def test_an_unsound_rewrite_is_caught(monkeypatch, name):
    monkeypatch.setitem(RULES, *UNSOUND[name])
    caught = 0
    for test in (test_every_kind_of_float_with, lambda *_: test_an_exponential_that_overflows_is_no_quotient()):
        for number in ("0.0", "-0.0", "0.5", "1e300"):
            try:
                test(number, np.float64)
            except AssertionError:
                caught += 1
    assert caught
