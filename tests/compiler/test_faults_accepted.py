"""Faults of earlier compilers: what crashed or was refused, and need not be; names that come into each other's way."""

import enum

import numpy as np
import pytest

import tinygrad_edu as tg
from tests.compiler.agreement import WAYS
from tests.compiler.faults import MASK, ORDER, M, X, Y, check_fault, into

FAULTS = {}
fault = into(FAULTS)


# ---- numbers of Python's and of NumPy's


@fault((2.0, X), (3, X), (True, X))
def the_mean_of_a_number(s, x):
    return np.mean(s) * x


@fault((True,), (False,))
def the_real_part_of_a_truth_value(s):
    return np.real(s)


@fault((np.float64(2.0), X), (np.float64(3.0), Y))
def a_copy_of_a_number_is_a_number(s, x):
    h = s.copy()
    h += x
    return h, s.T.copy()


class Level(enum.IntEnum):
    LOW, HIGH = 2, 3


class Mode(enum.StrEnum):
    TWICE, THRICE = "twice", "thrice"


@fault((X, Level.LOW), (X, Level.HIGH), (X, 2))
def an_integer_of_an_enumeration(x, level):
    return x * level


@fault((X, Mode.TWICE), (X, Mode.THRICE))
def a_text_of_an_enumeration(x, mode):
    return x * (2 if mode == "twice" else 3)


# ---- what was refused, and need not be


@fault((X, 1), (X, 2), (Y, 1))
def dropout_by_an_integer_seed(w, seed):
    return tg.functions.dropout(w, 0.5, seed)


@fault((np.array([0, 2]), 3), (np.array([1, 2]), 4))
def a_one_hot_of_a_given_size(i, size):
    return tg.functions.one_hot(i, size)


@fault((M, np.array([0, 1, 0])), (M, np.array([1, 1, 1])))
def the_slope_of_the_mean_of_an_embedding(table, i):
    return tg.grad(lambda t: np.mean(tg.functions.embedding(t, i)))(table)


@fault((M, np.array([0, 1, 0])), (M, np.array([1, 1, 1])))
def the_slope_of_a_sum_of_rows(table, i):
    return tg.grad(lambda t: np.sum(t[i]))(table)


@fault((X,), (2.0,))
def as_an_array(x):
    return np.asarray(x) * 2


@fault((2.0,), (np.float64(3.0),))
def full_of_a_number(a):
    return np.full(3, a)


@fault((X,), (M,))
def selected_by_a_constant_mask(x):
    return x[..., MASK]


@fault((X,), (Y,))
def set_by_a_constant_mask(x):
    h = x * 2
    h[MASK] = 0.0
    h[ORDER] += x
    return h


@fault((X,), (M,))
def sorted_and_taken_in_order(x):
    return np.sort(x), np.take_along_axis(x, np.argsort(x, axis=-1), axis=-1)


@fault((X,), (Y,))
def a_gradient_of_zeros_is_written_into(x):
    g = tg.grad(lambda w: np.sum(w * 0.0 + x))(x)
    g += x
    return g


@fault((X, np.array([0, 1])), (X, np.array([0, 7])))
def an_index_that_nobody_uses_the_result_of(x, i):
    x[i]
    return x * 2


# ---- names


@fault(({"µ": X, "μ": Y},), ({"µ": Y, "μ": X},))
def two_keys_that_are_one_name(p):
    return p["µ"] - p["μ"]


@fault((X, {"µ": Y, "t1": X}), (Y, {"µ": X, "t1": Y}))
def a_key_that_is_the_name_of_an_argument(µ, p):  # noqa: PLC2401
    return np.sin(µ) * p["µ"] + p["t1"]


@fault((X, Y))
def arguments_named_like_what_is_printed(t1, work):
    c1 = np.tanh(t1)
    g1 = c1 * work
    return {"t1": c1 * g1, "program": g1, "result": np.sum(g1)}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", FAULTS)
def test_it_runs_as_it_is_written(name, way):
    check_fault(FAULTS[name], way)
