"""The contract: what comes in is traced; what a function closes over is constant, or refused with what to write."""

import argparse
import collections
import contextvars
import dataclasses
import enum
import functools
import itertools
import os
import threading
import types
import warnings
import weakref

import numpy as np
import pytest

import tinygrad_edu as tg
from tests.compiler.traps import X, Y
from tinygrad_edu import TraceError, Value


class Net:
    scale, table = 2.0, np.ones(3)

    def __init__(self):
        self.w = np.ones(3)

    def __call__(self, x):
        return x * self.w

    def scaled(self, x):
        return x * self.w


@dataclasses.dataclass
class Loose:
    w: float = 2.0


@dataclasses.dataclass(frozen=True)
class Tight:
    w: object = 2.0

    def scaled(self, x):
        return x * self.w


class Color(enum.Enum):
    RED = 2.0


class Rate(float):
    pass


NET, LOCAL, CONTEXT = Net(), threading.local(), contextvars.ContextVar("context", default=2.0)
LOCAL.rate = 2.0
COUNTER = itertools.count()
LOG, DICT, SET, DEQUE, CHAIN = [2.0], {"w": 2.0}, {2.0}, collections.deque([2.0]), collections.ChainMap({"w": 2.0})
USER_DICT, SPACE, BYTES, VIEW = (
    collections.UserDict(w=2.0),
    types.SimpleNamespace(w=2.0),
    bytearray(b"\x02"),
    memoryview(np.ones(3)),
)
ARGUMENTS, REFERENCE, ENVIRONMENT, VALUE, GENERATOR = (
    argparse.Namespace(w=2.0),
    weakref.ref(NET),
    os.environ,
    Value(2.0),
    np.random.default_rng(0),
)
LOOSE, INSIDE, LIST_INSIDE, PAIR = Loose(), Tight(np.ones(3)), Tight([2.0]), (np.ones(3), 2.0)
TOTAL = 0.0


@functools.lru_cache
def cached(n):
    return np.arange(float(n))


def counting(x):
    global TOTAL  # noqa: PLW0603
    TOTAL += 1
    return x * 2


def helper(x):
    return x * LOG[0]


def bare(x):
    return x


def outer():
    count = 0

    def f(x):
        nonlocal count
        count += 1
        return x

    return f


# fmt: off
REFUSED = {
    "a list": (lambda x: x * LOG[0], "closes over `LOG`, a list, which could change unseen; pass it as an argument"),
    "a list that grows": (lambda x: LOG.append(x) or x, "closes over `LOG`, a list"),
    "a list of a helper": (helper, "closes over `LOG`, a list"),
    "a dict": (lambda x: x * DICT["w"], "closes over `DICT`, a dict"),
    "a set": (lambda x: x * len(SET), "closes over `SET`, a set"),
    "a deque": (lambda x: x * DEQUE[0], "closes over `DEQUE`, a deque"),
    "a ChainMap": (lambda x: x * CHAIN["w"], "closes over `CHAIN`, a ChainMap"),
    "a UserDict": (lambda x: x * USER_DICT["w"], "closes over `USER_DICT`, an UserDict"),
    "a namespace": (lambda x: x * SPACE.w, "closes over `SPACE`, a SimpleNamespace"),
    "arguments": (lambda x: x * ARGUMENTS.w, "closes over `ARGUMENTS`, a Namespace"),
    "bytes that change": (lambda x: x * BYTES[0], "closes over `BYTES`, a bytearray"),
    "a memoryview": (lambda x: x * VIEW[0], "closes over `VIEW`, a memoryview"),
    "a weak reference": (lambda x: x * REFERENCE().w, "closes over `REFERENCE`, a "),
    "the environment": (lambda x: x * len(ENVIRONMENT), "closes over `ENVIRONMENT`, a"),
    "a ContextVar": (lambda x: x * CONTEXT.get(), "closes over `CONTEXT`, a ContextVar"),
    "thread-local data": (lambda x: x * LOCAL.rate, "closes over `LOCAL`, a _local|closes over `LOCAL`, a local"),
    "a Value": (lambda x: x * VALUE, "closes over `VALUE`, a Value, which could change unseen; pass it as an argument"),
    "an object": (lambda x: x * NET.w, "closes over `NET`, a Net, .* or make it a frozen dataclass"),
    "an object that is called": (NET, "Net is a Net, which could change unseen; make it a frozen dataclass"),
    "a bound method": (NET.scaled, "closes over self of itself, a Net"),
    "a dataclass": (lambda x: x * LOOSE.w, "closes over `LOOSE`, a Loose, .* make it a frozen dataclass"),
    "an array in a frozen dataclass": (lambda x: x * INSIDE.w, "closes over `INSIDE`.w, a ndarray.*flags"),
    "a list in a frozen dataclass": (lambda x: x * LIST_INSIDE.w[0], "closes over `LIST_INSIDE`.w, a list"),
    "an array in a tuple": (lambda x: x * PAIR[0], "closes over `PAIR`, a ndarray"),
    "a generator": (lambda x: x * GENERATOR.normal(), "closes over `GENERATOR`, a Generator, .* an integer seed"),
    "a counter": (lambda x: x * next(COUNTER), "closes over `COUNTER`, a count"),
    "a cached function": (lambda x: x * cached(3), "closes over `cached`"),
    "a method of a list": (functools.partial(lambda f, x: f(x) or x, LOG.append), "a list"),
    "an array in a partial function": (functools.partial(np.multiply, np.ones(3)), "closes over itself, a ndarray"),
    "a default": (lambda x, more=[2.0]: x * more[0], "a default of <lambda>, a list"),
    "a subclass with attributes": (lambda x, rate=Rate(2.0): x * rate, "a Rate"),  # noqa: B008
    "a global that is counted up": (counting, "counting assigns to `TOTAL`, which lives outside of it; give the new"),
    "a cell that is counted up": (outer(), "assigns to `count`"),
    "an attribute of a class": (lambda x: setattr(Net, "scale", 3.0) or x, "assigns to Net.scale"),
    "an attribute of a function": (lambda x: setattr(bare, "calls", 3.0) or x, "assigns to bare.calls"),
    "names by text": (lambda x: x * globals()["TOTAL"], "calls globals()"),
    "random numbers": (lambda x: x * np.random.normal(), "calls numpy.random.normal"),
    "random numbers that nobody sees": (lambda x: (np.random.normal(), x * 2)[1], "calls numpy.random.normal"),
}
# fmt: on


def assigned(x):
    Net.scale = 3.0
    return x


def added(x):
    bare.calls += 1
    return x


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused(name):
    f, message = REFUSED[name]
    with pytest.raises(TraceError, match=r"^tg\.compile: .*(" + message.replace("()", r"\(\)") + ")"):
        tg.compile(f)(X)
    assert LOG == [2.0]
    assert TOTAL == 0.0
    assert Net.scale == 2.0


@pytest.mark.parametrize(("f", "what"), [(assigned, "Net.scale"), (added, "bare.calls")])
def test_assignments_to_what_lives_outside_are_refused(f, what):
    with pytest.raises(TraceError, match=f"assigns to `{what}`, which lives outside of it; give the new value back"):
        tg.compile(f)(X)


def test_the_line_is_that_where_the_name_stands():
    def f(x):
        y = x * 2
        return y * DICT["w"]  # here

    with pytest.raises(TraceError, match=r"\[test_captures.py:\d+: return y \* DICT\[\"w\"\]  # here\]"):
        tg.compile(f)(X)


TIGHT, FIXED = Tight(3.0), np.arange(3.0)
FIXED.flags.writeable = False
CONSTANTS = {
    "a number": 2.0,
    "a NumPy number": np.float32(2),
    "text": "ab",
    "None": None,
    "a tuple": (1.0, (2, "a"), None),
    "a read-only array": FIXED,
    "an enum": Color.RED,
    "a frozen dataclass": TIGHT,
    "a frozen dataclass with an array": Tight(FIXED),
    "a dtype": np.dtype(np.float32),
    "a class": Net,
    "a module": types,
    "a function": helper.__class__,
    "a ufunc": np.tanh,
    "a range": range(3),
    "a frozen set": frozenset({1, 2}),
    "a part of a function": functools.partial(np.add, 2.0),
}


@pytest.mark.parametrize("name", CONSTANTS)
def test_constants_may_be_closed_over(name):
    constant = CONSTANTS[name]
    compiled = tg.compile(lambda x: x * 2 if constant is not None else x)
    for _ in range(3):
        assert np.array_equal(compiled(X), X * 2 if constant is not None else X)
    assert len(compiled._programs) == 1
    constant = 5.0
    assert np.array_equal(compiled(X), X * 2)
    assert len(compiled._programs) == 2


def test_equal_numbers_and_text_are_the_same_and_signs_of_zero_are_not():
    k = 1000.5
    compiled = tg.compile(lambda x: x * k)
    for again in (1000.5, float("1000.5"), 1000.0 + 0.5):
        k = again
        compiled(X)
    assert len(compiled._programs) == 1
    k = 0.0
    compiled(X)
    k = -0.0
    assert np.array_equal(np.signbit(compiled(X)), np.signbit(X * k))
    k = np.float64(-0.0)
    compiled(X)
    assert len(compiled._programs) == 4


W = np.ones(3)


def test_writeable_arrays_go_in_anew():
    global W  # noqa: PLW0603
    W, inner = np.ones(3), np.ones(3)

    def f(x):
        return x * W + scaled(x)

    def scaled(x):
        return x * inner

    compiled = tg.compile(tg.value_and_grad(lambda x: np.sum(f(x))))
    eager = tg.value_and_grad(lambda x: np.sum(f(x)))

    def check():
        for given, expected in zip(compiled(X), eager(X), strict=True):
            assert np.array_equal(given, expected)

    check()
    W[0], inner[1] = 5.0, 7.0
    check()
    W, inner = np.arange(3.0), X.copy()
    check()
    assert len(compiled._programs) == 1
    W = np.float64(2.0)
    check()
    W = np.ones((2, 3))
    check()
    assert len(compiled._programs) == 3
    assert np.array_equal(inner, X)


def test_writing_into_what_is_closed_over_is_refused():
    w = np.ones(3)

    def f(x):
        w[0] = x[0]  # here
        return x * w

    with pytest.raises(TraceError, match=r"writes into its input w; .*# here"):
        tg.compile(f)(X)
    assert w.tolist() == [1.0, 1.0, 1.0]


def test_attributes_of_modules_and_classes_are_constants():
    module = types.ModuleType("settings")
    module.rate, module.table = 2.0, [1.0]
    compiled = tg.compile(lambda x: x * module.rate * module.table[0] * Net.scale * Net.table)
    assert np.array_equal(compiled(X), X * 4)
    module.rate, module.table[0] = 3.0, 9.0
    assert np.array_equal(compiled(X), X * 4)


def test_helpers_reached_by_attribute_are_under_the_same_rule():
    scope = {"LOG": LOG, "np": np, "__name__": "helpers"}
    exec("def listed(x):\n    return x * LOG[0]\ndef scaled(x):\n    return x * RATE\nRATE = 2.0", scope)
    module = types.ModuleType("helpers")
    vars(module).update(scope)
    with pytest.raises(TraceError, match="closes over `LOG`, a list"):
        tg.compile(lambda x: module.listed(x) + 1)(X)
    compiled = tg.compile(lambda x: module.scaled(x) + 1)
    assert np.array_equal(compiled(X), X * 2 + 1)
    scope["RATE"] = 3.0
    assert np.array_equal(compiled(X), X * 3 + 1)


def test_methods_of_dataclasses_in_arguments_are_under_the_same_rule():
    @dataclasses.dataclass
    class Model:
        w: object

        def listed(self, x):
            return x * self.w * LOG[0]

        def scaled(self, x):
            return x * self.w

    with pytest.raises(TraceError, match="closes over `LOG`, a list"):
        tg.compile(lambda model, x: model.listed(x))(Model(2.0), X)
    compiled = tg.compile(lambda model, x: model.scaled(x))
    for w in (2.0, 3.0):
        assert np.array_equal(compiled(Model(w), X), X * w)


def test_a_number_that_changes_at_every_call_says_so():
    k = 0.0
    compiled = tg.compile(lambda x: x * k)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for step in range(8):
            k = float(step)
            compiled(X)
        k = 8.0
        with pytest.warns(UserWarning, match="`k`, which <lambda> closes over, was another at each of 8 calls"):
            compiled(X)


def test_arguments_may_not_be_changed():
    for f in (
        lambda p, x: p.update(w=x) or x,
        lambda p, x: p.setdefault("b", x),
        lambda p, x: p["inner"].append(x) or x,
        lambda p, x: p["inner"].__setitem__(0, x) or x,
    ):
        p = {"w": 1.0, "inner": [2.0]}
        with pytest.raises(TraceError, match=r"the function changes its argument p.*; work on a copy"):
            tg.compile(f)(p, X)
        assert p == {"w": 1.0, "inner": [2.0]}
    loose = Loose()
    with pytest.raises(TraceError, match=r"the function changes its argument p\.w"):
        tg.compile(lambda p, x: setattr(p, "w", x) or x)(loose, X)
    assert loose.w == 2.0


def test_arguments_of_other_kinds_are_refused_or_fixed():
    compiled = tg.compile(lambda x, kind, shape: np.reshape(x.astype(kind), shape))
    for kind, shape in ((np.float32, (3, 1)), (np.dtype(np.int64), (1, 3)), (np.float32, (3, 1))):
        given, expected = compiled(X, kind, shape), np.reshape(X.astype(kind), shape)
        assert (given.dtype, given.shape) == (expected.dtype, expected.shape)
    for x, what in (
        (Net(), "a Net"),
        ({1.0}, "a set"),
        (Rate(2.0), "a Rate; pass a plain float"),
        (GENERATOR, "an integer seed"),
    ):
        with pytest.raises(TraceError, match=f"is given x, .*{what}|pass .*{what}"):
            tg.compile(lambda x: 2.0)(x)


def test_enums_and_keys_of_other_types_are_told_apart():
    class Whole(enum.IntEnum):
        ONE, TWO = 1, 2

    compiled = tg.compile(lambda x, k: x * 2 if k is Whole.ONE else x * 3)
    for k in (Whole.ONE, Whole.TWO, 1, Whole.ONE):
        assert np.array_equal(compiled(X, k), X * 2 if k is Whole.ONE else X * 3)
    compiled = tg.compile(lambda p: {key: x * 2 for key, x in p.items()})
    for p in ({1: X}, {True: X}, {1.0: X}, {Whole.ONE: X}):
        given = compiled(p)
        assert [*map(type, given)] == [*map(type, p)]


def test_identities_are_guarded():
    compiled = tg.compile(lambda x, y: x * 2 if x is y else x * 3)
    for x, y in ((X, Y), (X, X), (Y, X), (Y, Y)):
        assert np.array_equal(compiled(x, y), x * 2 if x is y else x * 3)


def test_types_are_as_without_tracing():
    def f(x):
        return x * 2 if type(x) is float else x * 3 if type(x) is np.ndarray else x * 5

    compiled = tg.compile(f)
    for x in (2.0, X, np.float64(2.0), 3, -2.0):
        assert np.array_equal(compiled(x), f(x))


def test_what_is_printed_is_printed_at_the_first_call(capsys):
    compiled = tg.compile(lambda x: print("x is", x) or x * 2)
    for x in (2.0, 3.0):
        assert compiled(x) == x * 2
    assert capsys.readouterr().out == "x is 2.0\n"


def test_text_of_traced_numbers_is_refused():
    for f in (lambda x: x if "2" in repr(x) else -x, lambda x: x if str(x) else -x, lambda x: f"{x}" and x):
        with pytest.raises(TraceError, match="text of a traced number"):
            tg.compile(f)(2.0)


def test_whatever_is_called_can_be_compiled():
    assert tg.compile(np.sin)(0.5) == np.sin(0.5)
    assert tg.compile(abs)(-2.0) == 2.0
    assert tg.compile(functools.partial(np.add, 1.0))(2.0) == 3.0
    assert np.array_equal(tg.compile(np.sum)(X), np.sum(X))
    assert tg.compile(Loose)(3.0) == Loose(3.0)
    assert tg.compile(TIGHT.scaled)(2.0) == 6.0
    assert tg.compile(tg.compile(lambda x: x * 2))(2.0) == 4.0
    with pytest.raises(TypeError, match="got a float; pass a function"):
        tg.compile(2.0)


def test_integers_that_must_be_known_are_part_of_the_signature():
    dropped = tg.compile(lambda w, seed: tg.functions.dropout(w, 0.5, seed))
    for seed in (0, 1, 0):
        assert np.array_equal(dropped(np.ones(20), seed), tg.functions.dropout(np.ones(20), 0.5, seed))
    hot = tg.compile(tg.functions.one_hot)
    for n in (3, 4):
        assert np.array_equal(hot(np.array([0, 2]), n), tg.functions.one_hot([0, 2], n))


def test_arrays_are_made_of_traced_numbers():
    f = lambda x: np.asarray(x) + np.full(3, x[0]) + np.array([x[0], 1.0, x[1] ** 2], np.float32)  # noqa: E731
    compiled = tg.compile(f)
    for x in (X, Y):
        assert np.array_equal(compiled(x), f(x))


def test_constant_masks_select_and_sorted_places_index():
    mask = np.array([True, False, True])
    mask.flags.writeable = False
    for f in (
        lambda x: x[mask] * 2,
        np.sort,
        lambda x: x[np.argsort(x)],
        tg.grad(lambda x: np.sum(np.sort(x)[:2])),
    ):
        compiled = tg.compile(f)
        for x in (X, Y, X[::-1]):
            assert np.array_equal(compiled(x), f(x))


def test_gradients_by_integer_indices_compile():
    i = np.array([0, 2, 0])
    for f in (lambda t, i: np.mean(tg.functions.embedding(t, i)), lambda t, i: np.sum(t[i] ** 2)):
        compiled = tg.compile(tg.grad(f))
        for t in (np.outer(X, Y), np.outer(Y, X)):
            np.testing.assert_allclose(compiled(t, i), tg.grad(f)(t, i), rtol=8 * np.finfo(float).eps)
