"""Traps for tracing that must not spring: arrays of its own, and results of every kind."""

import copy

import numpy as np

from tests.compiler.test_traps_arguments import Pair
from tests.compiler.traps import X, Y, check_steps, every_way
from tinygrad_edu import Value

TRAPS = []


def trap(steps):
    """Register a generator that yields a function, and then the arguments of one call after the other."""
    TRAPS.append(steps)


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
def zero_keeps_its_sign():
    yield lambda x: np.copysign(1.0, x * np.array([0.0, -0.0, -0.0]) + np.float64(-0.0)) + np.array([0.0, -0.0, 0.0])
    yield (X,)
    yield (Y,)


@every_way(TRAPS)
def test_it_is_right_call_after_call(trap, options):
    check_steps(trap(), options)
