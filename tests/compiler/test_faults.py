"""Faults of earlier compilers, found by random programs and probes: writes in between, digits, dtypes and zeros."""

import numpy as np
import pytest

from tests.compiler.agreement import WAYS
from tests.compiler.faults import MASK, M, X, Y, check_fault, into

X32 = X.astype(np.float32)
LONG = np.sin(np.arange(140_000.0))
MANY_ROWS = LONG.reshape(70_000, 2)
FAULTS = {}
fault = into(FAULTS)


# ---- writes in between


@fault((X, Y, M[0]), (Y, X, M[1]))
def momentum(p, v, g):
    v = 0.5 * v
    v += g
    return p - 0.25 * v


@fault((X,), (Y,))
def a_multiple_that_is_added_to(x):
    h = 2.0 * x
    h += 1
    return 3.0 * h


@fault((X,), (Y,))
def a_negative_that_is_added_to(x):
    h = -x
    h += 1
    return np.sin(-h)


@fault((X,), (Y,))
def a_multiple_that_is_clipped(x):
    e = 2.0 * x
    np.clip(e, -1, 1, out=e)
    return 0.5 * e


@fault((X,), (Y,))
def a_multiple_of_which_one_number_is_set(x):
    h = 4.0 * x
    h[0] = 7.0
    return 0.25 * h


@fault((X,), (Y,))
def a_multiple_that_is_written_into_through_a_view(x):
    h = x * 0.9
    v = h[1:]
    v += 1
    return h * 2.0


@fault((X,), (Y,))
def a_multiple_that_is_copied_into(x):
    h = 2.0 * x
    np.copyto(h, x)
    return 0.5 * h


@fault((X, Y))
def a_multiple_that_a_helper_adds_to(x, y):
    def added_into(total, more):
        total += more
        return total

    h = 2.0 * x
    added_into(h, y)
    return 2.0 * h


@fault((M,), (M[::-1],))
def a_multiple_whose_rows_are_scaled(m):
    h = 0.5 * m
    for k, row in enumerate(h):
        np.multiply(row, k, out=row)
    return 4.0 * h


@fault((X, Y))
def a_multiple_that_is_held_in_a_dict(x, y):
    kept = {"h": 2.0 * x}
    kept["h"] += y
    return kept["h"] * 2


@fault((X, MASK), (Y, ~MASK))
def a_multiple_that_is_overwritten_where_a_mask_is(x, mask):
    h = 2.0 * x
    np.add(x, 1, out=h, where=mask)
    return 2.0 * h


@fault((M,), (M[::-1],))
def the_transpose_is_written_into_where_it_stands(m):
    h = m * 2
    h.T[0] = 0.5
    return h


@fault((M,), (M[::-1],))
def the_flat_form_is_written_into_where_it_stands(m):
    h = m * 2
    h.reshape(-1)[0] = 0.5
    return h


# ---- digits, dtypes and zeros


@fault((MANY_ROWS,), (LONG,))
def a_sum_of_many_integers(x):
    return np.sum(np.where(x > 0.5, 3, 1)), np.sum(x > 0)


@fault((LONG,), (MANY_ROWS,))
def a_count_of_many(x):
    return np.count_nonzero(2 * x > 1)


@fault((LONG,), (MANY_ROWS,))
def a_choice_among_many(x):
    return np.where(x > 0, 2 * x, -x) + 1


@fault((X32,), (np.float32(1.1),))
def a_float32_to_the_power_of_a_float64(x):
    return x ** np.float64(2)


@fault((X32,), (abs(X32),))
def a_float_power_of_float32(x):
    return np.float_power(x, 0.1)


@fault((X,), (np.array([1e300, -1e300, 5e-324]),))
def a_product_that_overflows_in_between(x):
    return 2.0**-600 * (2.0**600 * x)


@fault((X,), (np.array([1e-200, 1.0, 5e-324]),))
def a_product_that_underflows_in_between(x):
    return 2.0**600 * (2.0**-600 * x)


@fault((np.array([1000.0, 1000.0]),), (np.array([-1000.0, -1000.0]),))
def a_softmax_that_overflows(x):
    return np.exp(x - np.log(np.sum(np.exp(x))))


@fault((np.array([0.0, -0.0]),), (-0.0,))
def zero_plus_minus_zero_turns_an_angle(x):
    return np.arctan2(0.0 + x, -1.0)


@fault((np.array([0.0, -0.0]),), (-0.0,))
def a_sum_that_starts_from_zero(x):
    return sum([x, x])


@fault((X,), (Y,))
def a_float32_times_a_float_times_an_array(x):
    return np.float32(1) * (0.9 * x)


@fault((X > 0,), (np.False_,))
def a_truth_value_squared(x):
    return x**2


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", FAULTS)
def test_it_runs_as_it_is_written(name, way):
    check_fault(FAULTS[name], way)
