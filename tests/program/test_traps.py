"""Traps for tracing that must not spring: each is right over several calls, while everything around it changes."""

import collections
import copy
import dataclasses
import functools
import types

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import Value

X, Y = np.array([1.0, -2.0, 3.0]), np.array([0.5, 0.25, -4.0])
SCALE, WEIGHTS, RATES = 2.0, np.ones(3), {"rate": 2.0, "more": [1.0, 2.0]}
SETTINGS = types.ModuleType("settings")
SETTINGS.rate, SETTINGS.table = 2.0, np.ones(3)
TRAPS = {}


def trap(steps):
    """Register a generator that yields a function, and then the arguments of one call after the other."""
    TRAPS[steps.__name__] = steps


def check_same(compiled, eager):
    numbers = [[x._data if isinstance(x, Value) else x for x in tg.tree.flatten(z)] for z in (compiled, eager)]
    for x, y in zip(*numbers, strict=True):
        assert type(x) is type(y)
        assert np.result_type(x) == np.result_type(y)
        np.testing.assert_array_equal(x, y)
        np.testing.assert_array_equal(np.signbit(np.real(x)), np.signbit(np.real(y)))
    tg.tree.map(lambda *_: None, compiled, eager)


@trap
def a_closed_over_array_is_rebound():
    w = np.ones(3)
    yield lambda x: x * w
    yield (X,)
    w = 3 * X
    yield (X,)
    w = np.ones(1)
    yield (Y,)


@trap
def a_closed_over_array_is_written_into():
    w = np.ones(3)
    yield lambda x: x * w
    yield (X,)
    w[0] = 7.0
    yield (X,)


@trap
def a_closed_over_number_changes():
    k = 2.0
    yield lambda x: x * k
    yield (X,)
    k = -0.0
    yield (X,)
    k = 0.0
    yield (X,)
    k = float("nan")
    yield (X,)
    yield (Y,)
    k = 2
    yield (X,)
    k = True
    yield (X,)


@trap
def a_global_is_rebound():
    global SCALE, WEIGHTS
    yield lambda x: x * SCALE + WEIGHTS
    yield (X,)
    SCALE, WEIGHTS = 5.0, np.arange(3.0)
    yield (X,)
    SCALE = np.float32(3)
    yield (Y,)


@trap
def a_name_is_looked_up_in_vain_until_it_is_there():
    scope = {"np": np, "__name__": "somewhere"}
    exec("def f(x):\n    return x * sum(1 for _ in x) + abs(-2.0)", scope)
    yield scope["f"]
    yield (X,)
    scope["abs"] = lambda x: x
    yield (X,)
    scope["sum"] = max
    yield (X,)
    del scope["sum"]
    yield (X,)


@trap
def a_configuration_changes_inside():
    yield lambda x: x * RATES["rate"] + RATES["more"][1]
    yield (X,)
    RATES["rate"] = 5.0
    yield (X,)
    RATES["more"][1] = 7
    yield (X,)
    RATES["more"].append(3.0)
    yield (X,)


@trap
def an_empty_cell_is_filled_later():
    def f(x):
        try:
            return x * later
        except NameError:
            return x

    yield f
    yield (X,)
    later = 3.0
    yield (X,)
    del later
    yield (X,)


@trap
def late_binding_in_a_loop():
    functions = [lambda x: x * k for k in (1.0, 2.0, 3.0)]
    yield lambda x: sum(f(x) for f in functions)
    yield (X,)
    yield (Y,)


class Layer:
    shift, table = 1.0, np.arange(3.0)
    count = 0

    def __init__(self, w):
        self.w, self.gain, self.name = w, 2.0, "layer"

    def __call__(self, x):
        return self.scaled(x) + self.shift

    def scaled(self, x):
        return x * self.w * self.gain

    @property
    def twice(self):
        return 2 * SCALE

    @staticmethod
    def helped(x):
        return x * SETTINGS.rate

    @classmethod
    def shifted(cls, x):
        return x + cls.shift

    def everything(self, x):
        return self.helped(x) * self.twice + self.shifted(x)

    def tabled(self, x):
        return x * (WEIGHTS * 2) + (self.table + 1)


@trap
def an_object_changes():
    layer = Layer(np.ones(3))
    yield layer
    yield (X,)
    layer.w = X
    yield (X,)
    layer.w[0] = 9.0
    yield (X,)
    layer.gain = 3.0
    yield (X,)
    Layer.shift = 4.0
    yield (X,)
    layer.shift = -1.0
    yield (X,)
    layer.scaled = lambda x: x
    yield (X,)


@trap
def a_bound_method_of_an_object_that_changes():
    layer = Layer(np.ones(3))
    yield layer.scaled
    yield (X,)
    layer.w = Y
    yield (X,)
    layer.gain = 0.5
    yield (Y,)


@trap
def what_methods_look_up_changes():
    global SCALE, WEIGHTS
    layer = Layer(np.ones(3))
    yield lambda x: layer.everything(x) + layer.tabled(x)
    yield (X,)
    SCALE += 1
    yield (X,)
    SETTINGS.rate = 7.0
    yield (X,)
    Layer.shift = 2.5
    yield (X,)
    WEIGHTS = WEIGHTS + 1
    yield (X,)
    WEIGHTS[0] = 8.0
    yield (X,)
    Layer.table[1] = 5.0
    yield (X,)


@trap
def a_class_attribute_is_found_by_its_name_only():
    yield lambda x: x * getattr(Layer, "sh" + "ift")
    yield (X,)
    Layer.shift += 1
    yield (X,)


@trap
def a_module_is_imported_inside():
    def f(x):
        import settings_of_this_test

        return x * settings_of_this_test.rate

    import sys

    sys.modules["settings_of_this_test"] = module = types.ModuleType("settings_of_this_test")
    module.rate = 2.0
    yield f
    yield (X,)
    module.rate = 3.0
    yield (X,)
    del sys.modules["settings_of_this_test"]


@trap
def defaults_change():
    def f(x, w=np.ones(3), *, more=[1.0]):
        return x * w + more[0]

    yield f
    yield (X,)
    f.__defaults__[0][:] = 5.0
    yield (X,)
    f.__kwdefaults__["more"][0] = 2.0
    yield (X,)
    yield (X, Y)


@trap
def an_attribute_of_the_function_changes():
    def f(x):
        return x * f.scale

    f.scale = 2.0
    yield f
    yield (X,)
    f.scale = np.arange(3.0)
    yield (X,)
    f.scale[0] = 5.0
    yield (X,)


@trap
def a_partial_function_holds_an_array():
    w = np.ones(3)
    yield functools.partial(lambda w, x, k: x * w * k, w, k=2.0)
    yield (X,)


@trap
def a_cached_helper():
    @functools.lru_cache
    def grid(n):
        made = np.arange(float(n))
        made.flags.writeable = False
        return made

    yield lambda x: x * grid(3)
    yield (X,)
    yield (Y,)


@trap
def recursion():
    def power(x, n):
        return x if n == 1 else x * power(x, n - 1)

    yield power
    yield X, 3
    yield X, 1
    yield Y, 3


@trap
def mutual_recursion_over_closed_over_arrays():
    w, v = np.ones(3), np.full(3, 2.0)

    def even(x, n):
        return x if n == 0 else odd(x * w, n - 1)

    def odd(x, n):
        return x if n == 0 else even(x * v, n - 1)

    yield even
    yield X, 3
    w[:] = 7.0
    v = Y
    yield X, 3


@trap
def objects_that_refer_to_each_other():
    parent, child = types.SimpleNamespace(w=np.ones(3), k=3.0), types.SimpleNamespace(w=np.ones(3))
    parent.child, child.parent = child, parent
    yield lambda p, x: x * p.child.parent.w * p.child.w * p.child.parent.k
    yield parent, X
    parent.w = Y
    yield parent, X
    parent.k = 0.5
    yield parent, X


@trap
def generators_and_comprehensions():
    yield lambda x, p: sum(w * x for w in p) + np.stack([v * 2 for v in reversed(x)])
    yield X, [X, Y]
    yield Y, [X, Y, Y]


@trap
def functions_in_arguments():
    yield lambda f, x: f(x)
    for w in (X, Y):
        yield (lambda x: x * w), X
        yield (lambda x: x + w), Y
    yield np.sin, X
    yield np.cos, X
    yield functools.partial(np.add, Y), X
    yield Layer(Y).scaled, X


@dataclasses.dataclass(frozen=True)
class Frozen:
    w: object
    b: float
    kind: str = "relu"

    def __call__(self, x):
        return np.maximum(x * self.w + self.b, 0.0) if self.kind == "relu" else x


@dataclasses.dataclass(slots=True)
class Slotted:
    w: object
    inner: object = None


class Secret:
    __slots__ = ("__w",)

    def __init__(self, w):
        self.__w = w

    def times(self, x):
        return x * self.__w


Pair = collections.namedtuple("Pair", "first second")


@trap
def dataclasses_and_slots():
    yield lambda p, x: p["layer"](x) * p["slots"].inner.w + p["pair"].second * p["secret"].times(x)
    for w, b, kind in ((X, 1.0, "relu"), (Y, -1.0, "relu"), (Y, -1.0, "none")):
        yield (
            {
                "layer": Frozen(w, b, kind),
                "slots": Slotted(X, Slotted(w)),
                "pair": Pair(X, w),
                "secret": Secret(w),
            },
            X,
        )


@trap
def collections_of_every_kind():
    class Attributes(dict):
        __getattr__ = dict.__getitem__

    yield lambda p, x: p["d"]["k"] * x + p["a"].w + p["o"]["w"] + p["q"][1] + p["t"][0][0]
    for w in (X, Y):
        yield (
            {
                "d": collections.defaultdict(list, k=w),
                "a": Attributes(w=w),
                "o": collections.OrderedDict(w=w),
                "q": collections.deque([X, w], maxlen=2),
                "t": ([w],),
            },
            X,
        )


@trap
def positional_and_named_arguments():
    yield lambda x, *more, k=1.0, **named: x * k + sum(more) + sum(named.values())
    for k in (1.0, 2.5):
        yield X, Y, X, {"k": k}
        yield X, {"k": k, "a": Y}
        yield X, {"b": X, "a": Y, "k": Y}
    yield (X,)


@trap
def whole_numbers_as_lengths_indices_and_branches():
    def f(x, n, k):
        z = x[:n] if n > 1 else x
        return z * k + x[k] + np.sum(np.zeros_like(x, shape=(n, 2))) + sum(range(n))

    yield f
    for n, k in ((2, 1), (1, 1), (3, 0), (2, 2), (0, -1)):
        yield X, n, k


@trap
def truth_values_strings_and_none_are_not_numbers():
    yield lambda x, flag, kind, rest: x * 2 if flag and kind == "a" else (x if rest is None else x * rest)
    for flag, kind, rest in ((True, "a", None), (True, "b", 3.0), (False, "a", 4.0), (np.True_, "a", None)):
        yield X, flag, kind, rest


@trap
def plain_numbers_stay_weak():
    yield lambda x, s: x * s + 1
    for dtype in (np.float32, np.float16, np.float64, np.longdouble, np.int8):
        yield X.astype(dtype), 2.0
        yield X.astype(dtype), 3
        yield X.astype(dtype), np.float64(2)
        yield dtype(3), 0.5
    yield 3, 4
    yield 3.0, 4
    yield np.float32(3), np.float32(4)


@trap
def the_type_of_an_argument_is_asked_for():
    def f(x):
        if isinstance(x, np.ndarray):
            return x * 2
        return x * 3 if isinstance(x, (float, np.floating)) else x * 4

    yield f
    for x in (X, 2.0, np.float32(2), 3, Value(X)):
        yield (x,)


LAYOUTS = {
    "reversed": lambda: X[::-1],
    "strided": lambda: np.arange(12.0)[::4],
    "broadcast": lambda: np.broadcast_to(np.float64(3), (3,)),
    "byte-swapped": lambda: X.astype(X.dtype.newbyteorder()),
    "Fortran": lambda: np.asfortranarray(np.outer(X, Y)),
    "transposed": lambda: np.outer(X, Y).T,
    "read-only": lambda: np.frombuffer(X.tobytes()),
    "empty": lambda: np.zeros((0, 3)),
    "without axes": lambda: np.array(3.0),
    "whole numbers": lambda: np.arange(3),
    "truth values": lambda: X > 0,
    "complex": lambda: X + 1j * Y,
    "unaligned": lambda: np.frombuffer(b" " + X.tobytes(), np.uint8)[1:].view(np.float64),
}


@trap
def arrays_of_every_layout():
    yield lambda x: (x * 2 + 1, x.T, x[..., ::-1] if x.ndim else x, x, np.copy(x), x == x)
    for make in LAYOUTS.values():
        yield (make(),)
        yield (make(),)


@trap
def the_same_array_twice():
    yield lambda x, y: (x * y, x + y, x)
    yield X, X
    yield X, Y
    z = X.copy()
    yield z[:2], z[1:]
    v = Value(X)
    yield v, v
    yield v, Value(Y)


@trap
def its_own_arrays_are_written_into():
    def f(x, k):
        y = x * 2
        view, other = y[1:], y
        total = np.sum(y)
        view += k
        y[0] = x[1]
        y *= y
        other[y > 20] = 20.0
        again = np.sum(y)
        part, rest = np.split(y, [1])
        part -= 1
        z = y.reshape(3, 1).copy()
        z.T[0, 1] = again
        z.sort(axis=0)
        return y, view, z, total + again, rest

    yield f
    yield X, 1.0
    yield Y, 2.0
    yield X[::-1], 3.0


@trap
def a_number_in_an_array_without_axes_is_counted_up():
    def f(x):
        total = np.zeros_like(x, shape=())
        alias = total
        for v in x:
            total += v
        return alias * 2, total

    yield f
    yield (X,)
    yield (Y,)


@trap
def results_of_every_kind():
    yield lambda x, s: {
        "same": [x, x, x * 2],
        "number": (s, s + 1, 3.0, 2, True, None, "text"),
        "array": np.arange(3.0),
        "bool": x > 0,
        "empty": ([], {}, ()),
        "pair": Pair(x + 1, s * 2),
    }
    yield X, 2.0
    yield Y, 3.0


@trap
def no_arguments_or_nothing_to_do():
    yield lambda *x: x[0] if x else np.ones(2)
    yield ()
    yield (X,)
    yield (3.0,)


@trap
def a_compiled_function_inside_another():
    w, k = np.ones(3), 2.0
    inner = tg.compile(lambda x: x * w * k)
    yield lambda x: inner(x) + inner(np.ones(3))
    yield (X,)
    w = Y
    yield (X,)
    w[0] = 9.0
    yield (X,)
    k = 3.0
    yield (X,)


@trap
def a_value_that_is_closed_over():
    w = Value(np.ones(3))
    yield lambda x: x * w
    yield (X,)
    w.data = 5 * X
    yield (X,)
    w = Value(np.float64(2))
    yield (X,)


@trap
def detached_data():
    yield lambda v: v * v.data + v.detach()
    yield (Value(X),)
    yield (Value(Y),)


@trap
def copies():
    yield lambda x: (copy.copy(x) * 2, copy.deepcopy([x])[0] + 1, x.copy(), x.astype(np.float32), x.flatten())
    yield (X,)
    yield (np.asfortranarray(np.outer(X, Y)),)


@trap
def parts_of_what_numpy_gives():
    def f(m):
        u, s, vh = np.linalg.svd(m @ m.T)
        found = np.linalg.slogdet(m @ m.T + np.eye(3))
        return s, found.logabsdet * found.sign, np.divmod(m, 2.0), np.linalg.qr(m).R, abs(u) + abs(vh)

    yield f
    yield (np.outer(X, Y) + np.eye(3),)
    yield (np.outer(Y, X) - np.eye(3),)


@trap
def numbers_that_become_complex():
    yield lambda x, k: x**k
    yield 2.0, 0.5
    yield -2.0, 0.5
    yield 2, 3
    yield 2, -1


@trap
def zero_keeps_its_sign():
    yield lambda x: np.copysign(1.0, x * np.array([0.0, -0.0, -0.0]) + np.float64(-0.0)) + np.array([0.0, -0.0, 0.0])
    yield (X,)
    yield (Y,)


@trap
def divisions_and_remainders_of_numbers():
    yield lambda n, x: (n // 2, n % 3, divmod(n, 2), -n, abs(n), n << 1, ~n, n & 1, n == 3, x // 2, x % 2, round(n, 0))
    yield 5, 2.5
    yield -7, -2.5


@trap
def a_function_is_compiled_twice():
    f = tg.compile(lambda x: x * SCALE)
    yield lambda x: tg.compile(f)(x) + f(x)
    yield (X,)
    yield (Y,)


def called(f, step):
    """Call with the arguments of a step, the last of which may be a dictionary of named ones meant as such."""
    step = list(step)
    named = step.pop() if len(step) > 1 and isinstance(step[-1], dict) else {}
    return f(*step, **named)


@pytest.mark.parametrize("way", ["default", "plain", "reuse_outputs"])
@pytest.mark.parametrize("name", TRAPS)
def test_it_is_right_call_after_call(name, way):
    options = {} if way == "default" else {way: True}
    steps = TRAPS[name]()
    f = next(steps)
    compiled = tg.compile(f, **options)
    with np.errstate(all="ignore"):
        for step in steps:
            check_same(called(compiled, step), called(f, step))
            check_same(called(compiled, step), called(f, step))
