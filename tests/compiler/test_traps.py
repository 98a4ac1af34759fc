"""Traps for tracing that must not spring: what a function closes over and looks up changes between calls."""

import numpy as np

import tinygrad_edu as tg
from tests.compiler.traps import X, Y, check_steps, every_way

SCALE, WEIGHTS = 2.0, np.ones(3)
TRAPS = []


def trap(steps):
    """Register a generator that yields a function, and then the arguments of one call after the other."""
    TRAPS.append(steps)


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
    global SCALE, WEIGHTS  # noqa: PLW0603
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
    functions = tuple(lambda x: x * k for k in (1.0, 2.0, 3.0))  # noqa: B023
    yield lambda x: sum(f(x) for f in functions)
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
    v = Y.copy()
    yield X, 3


@trap
def a_compiled_function_inside_another():
    w, k = np.ones(3), 2.0
    inner = tg.compile(lambda x: x * w * k)
    yield lambda x: inner(x) + inner(np.ones(3))
    yield (X,)
    w = Y.copy()
    yield (X,)
    w[0] = 9.0
    yield (X,)
    k = 3.0
    yield (X,)


@trap
def a_function_is_compiled_twice():
    f = tg.compile(lambda x: x * SCALE)
    yield lambda x: tg.compile(f)(x) + f(x)
    yield (X,)
    yield (Y,)


@every_way(TRAPS)
def test_it_is_right_call_after_call(trap, options):
    check_steps(trap(), options)
