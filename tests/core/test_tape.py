"""The gate, the order, the sweep: what a tape must keep, and what it must let go."""

import dataclasses
import operator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_edu as tg
from tinygrad_edu import Value
from tinygrad_edu.core.rules import table


def test_micrograds_readme_gives_micrograds_numbers():
    a, b = Value(-4.0), Value(2.0)
    c = a + b
    d = a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + (b + a).relu()
    d += 3 * d + (b - a).relu()
    e = c - d
    f = e**2
    g = f / 2.0
    g += 10.0 / f
    assert f"{g.data:.4f}" == "24.7041"
    g.backward()
    assert f"{a.grad:.4f}" == "138.8338"
    assert f"{b.grad:.4f}" == "645.5773"


def test_the_same_value_twice_in_one_operation():
    x = Value(3.0)
    y = x * x
    y.backward()
    assert x.grad == 6.0
    assert y.grad == 1.0


def add_one_by_one(x):
    total = 0.0
    for i in range(len(x)):
        total = total + np.sum(x[i] ** 2)
    return total


def add_what_is_unpacked(x):
    return sum(np.sum(row**2) for row in x)


@pytest.mark.parametrize("f", [add_one_by_one, add_what_is_unpacked])
@pytest.mark.parametrize("shape", [(7,), (7, 3)])
def test_a_loop_over_elements_makes_one_array_of_their_size(f, shape, monkeypatch):
    """If each element made one, a loop over n of them would take n * n steps backward."""
    row = table[operator.getitem]
    made = []

    def counted(g, z, a, index):
        made.append(index)
        return row.rules[0](g, z, a, index)

    monkeypatch.setitem(table, operator.getitem, dataclasses.replace(row, rules=(counted, None)))
    x = np.random.default_rng(0).standard_normal(shape)
    assert np.array_equal(tg.grad(f)(x), 2 * x)
    assert made == [shape[0] - 1]


INDICES = st.one_of(
    st.integers(-4, 3), st.just(slice(None)), st.slices(4), st.just(...), st.just(None),
    st.lists(st.integers(-4, 3), min_size=1, max_size=5), st.tuples(st.integers(0, 3), st.slices(2)),
)  # fmt: skip


@given(st.lists(INDICES, min_size=1, max_size=6), st.booleans())
def test_what_is_picked_in_any_order_and_again_is_added_up(indices, whole):
    x = np.arange(8.0).reshape(4, 2)
    expected = np.full_like(x, whole)
    for k, index in enumerate(indices, 1):
        np.add.at(expected, index, k)

    def f(x):
        picked = sum(k * np.sum(x[index]) for k, index in enumerate(indices, 1))
        return picked + whole * np.sum(x)

    assert np.array_equal(tg.grad(f)(x), expected)
    jacobian = tg.jacobian(lambda x: np.stack([f(x), f(-x)]))(x)
    assert np.array_equal(jacobian, [expected, -expected])


@pytest.mark.parametrize("index", [(slice(None), None), (None, ...), (), ..., (None, slice(None), None)])
def test_all_elements_picked_twice_are_added_up_and_no_cotangent_is_written_into(index):
    x = Value([1.0, 2.0, 3.0])
    y, again = x[index], x[index]
    seed = np.full(y.shape, 5.0)
    (y + 2 * again).backward(seed)
    assert (x.grad == 15.0).all()
    assert (seed == y.grad).all()
    assert (again.grad == 10.0).all()


def test_what_shares_a_cotangent_with_an_index_of_all_elements_keeps_its_own():
    def f(x, y):
        first, second = x[:, None], x[:, None]
        return np.sum(first * 3.0) + np.sum((second + y) * 5.0)

    by_x, by_y = tg.grad(f, (0, 1))(np.ones(3), np.ones((3, 1)))
    assert by_x.tolist() == [8.0] * 3
    assert by_y.tolist() == [[5.0]] * 3


def test_a_diamond_adds_up_both_paths():
    x = Value(2.0)
    left, right = x * 3, x**2
    (left * right).backward()
    assert x.grad == 3 * 3 * 2.0**2


@given(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3))
def test_backward_twice_gives_exactly_double(a, b):
    x, y = Value([a, b]), Value(b)
    z = np.sum(np.sin(x) * y + x)
    z.backward()
    once = x.grad.copy(), y.grad, z.grad
    z.backward()
    for v, g in zip((x, y, z), once, strict=True):
        np.testing.assert_array_equal(v.grad, 2 * g)


def test_two_losses_that_share_a_part_add_up():
    x = Value([0.5, 1.5])
    shared = np.exp(x)
    first, second = np.sum(shared), np.sum(shared**2)
    first.backward()
    second.backward()
    expected = np.exp(x.data) + 2 * np.exp(x.data) * np.exp(x.data)
    np.testing.assert_allclose(x.grad, expected, rtol=4 * np.finfo(float).eps)


def test_a_seed_starts_the_sweep():
    x = Value([1.0, 2.0])
    (x**2).backward([10.0, 100.0])
    np.testing.assert_array_equal(x.grad, [20.0, 400.0])


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda x: x.backward(), "sum it to one number first"),
        (lambda x: x.backward(1.0), "the seed has shape"),
        (lambda x: x.backward([1.0, 2.0, 3.0]), "the seed has shape"),
    ],
)
def test_a_seed_is_asked_for_and_checked(make, said):
    with pytest.raises(ValueError, match=said):
        make(Value([1.0, 2.0]))


def test_a_leaf_that_does_not_influence_the_result_has_slope_zero():
    x, y = Value(2.0), Value([1.0, 2.0])
    (x * 3).backward()
    assert y.grad.shape == (2,)
    assert not y.grad.any()
    assert tg.grad(lambda p: p["x"] * 2)({"x": 1.0, "y": np.ones(2)})["y"].tolist() == [0.0, 0.0]


def test_gradients_are_zero_before_and_after():
    x = Value(2.0)
    assert x.grad == 0
    (x * x).backward()
    x.zero_grad()
    assert x.grad == 0


def test_overwriting_a_callers_array_has_no_effect():
    data, constant, index, seed = np.ones(3), np.full(3, 5.0), np.array([0, 0, 2]), np.ones(3)
    x = Value(data)
    y = (x * constant)[index]
    for array in (data, constant):
        array[:] = np.nan
    index[:] = 1
    y.backward(seed)
    seed[:] = np.nan
    np.testing.assert_array_equal(x.grad, [10.0, 0.0, 5.0])
    np.testing.assert_array_equal(y.grad, np.ones(3))


def test_what_data_hands_out_cannot_be_written_to():
    x = Value(np.ones(3))
    y = x * 2
    for v in (x, y):
        with pytest.raises(ValueError, match="read-only"):
            v.data[0] = 7.0


def test_new_data_after_use_is_refused_by_the_sweep():
    x, y = Value(2.0), Value(3.0)
    z = x * y
    both = z + x
    x.data = 5.0
    for stale in (z, both, z + x):
        with pytest.raises(RuntimeError, match="new data"):
            stale.backward()
    assert y.grad == 0
    (x * y).backward()
    assert (x.grad, y.grad) == (3.0, 5.0)


def test_gradient_descent_as_in_micrograd():
    x = Value(4.0)
    for _ in range(60):
        x.zero_grad()
        (x * x + 1).backward()
        x.data -= 0.25 * x.grad
    assert abs(x.data) == 4.0 * 0.5**60


def test_only_a_leaf_takes_new_data_and_only_of_its_shape():
    x = Value([1.0, 2.0])
    with pytest.raises(AttributeError, match="detach"):
        (x * 2).data = 3.0
    with pytest.raises(ValueError, match=r"shape \(3,\)"):
        x.data = [1.0, 2.0, 3.0]


def test_no_grad_reaches_as_far_as_its_block_and_no_further():
    x = Value(2.0)

    @tg.no_grad()
    def quiet():
        return x * 2

    assert quiet().function is None
    with pytest.raises(KeyError), tg.no_grad():
        raise KeyError
    assert (x * 2).function is np.multiply
    with tg.no_grad():
        assert tg.grad(lambda v: v**3)(2.0) == 12.0
        g = tg.grad(lambda v: v**3)(x)
    assert g.function is None
    assert g.data == 12.0


def test_a_wrong_rule_is_named():
    halves = tg.primitive(lambda x: x / 2)
    tg.derivative(halves, lambda g, z, x: np.ones(7))
    with pytest.raises(ValueError, match="lambda"):
        halves(Value([1.0, 2.0])).backward([1.0, 1.0])
