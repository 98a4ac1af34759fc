"""Traps for tracing that must not spring: arguments of every kind."""

import collections
import dataclasses
import functools

import numpy as np

from tests.compiler.traps import X, Y, check_steps, every_way
from tinygrad_edu import Value

TRAPS = []


def trap(steps):
    """Register a generator that yields a function, and then the arguments of one call after the other."""
    TRAPS.append(steps)


@trap
def generators_and_comprehensions():
    yield lambda x, p: sum(w * x for w in p) + np.stack([v * 2 for v in reversed(x)])
    yield X, [X, Y]
    yield Y, [X, Y, Y]


@trap
def functions_in_arguments():
    yield lambda f, x: f(x)
    for w in (X, Y):
        yield (lambda x: x * w), X  # noqa: B023
        yield (lambda x: x + w), Y  # noqa: B023
    yield np.sin, X
    yield np.cos, X
    yield functools.partial(np.add, 2.0), X


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


Pair = collections.namedtuple("Pair", "first second")


@trap
def dataclasses_and_slots():
    yield lambda p, x: p["layer"](x) * p["slots"].inner.w + p["pair"].second
    for w, b, kind in ((X, 1.0, "relu"), (Y, -1.0, "relu"), (Y, -1.0, "none")):
        yield (
            {
                "layer": Frozen(w, b, kind),
                "slots": Slotted(X, Slotted(w)),
                "pair": Pair(X, w),
            },
            X,
        )


@trap
def collections_of_every_kind():
    yield lambda p, x: p["d"]["k"] * x + p["o"]["w"] + p["t"][0][0]
    for w in (X, Y):
        yield (
            {
                "d": {"k": w},
                "o": collections.OrderedDict(w=w),
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
def no_arguments_or_nothing_to_do():
    yield lambda *x: x[0] if x else np.ones(2)
    yield ()
    yield (X,)
    yield (3.0,)


@trap
def numbers_that_become_complex():
    yield lambda x, k: x**k
    yield 2.0, 0.5
    yield -2.0, 0.5
    yield 2, 3
    yield 2, -1


@trap
def divisions_and_remainders_of_numbers():
    yield lambda n, x: (n // 2, n % 3, divmod(n, 2), -n, abs(n), n << 1, ~n, n & 1, n == 3, x // 2, x % 2, round(n, 0))
    yield 5, 2.5
    yield -7, -2.5


@every_way(TRAPS)
def test_it_is_right_call_after_call(trap, options):
    check_steps(trap(), options)
