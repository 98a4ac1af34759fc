"""What a function is, and what examples can say of one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_edu.lessons import digits, estimating, functions, nonlinearity
from tinygrad_edu.nn import Network

EPS = np.finfo(float).eps
numbers = st.integers(-800, 800).map(lambda k: k / 8)  # few digits, so that sums and products of them are exact


@given(numbers)
def test_the_posts_examples_have_the_slopes_1_and_2x(x):
    assert functions.look(functions.successor, x) == functions.Point(x + 1, (1.0,))
    assert functions.look(functions.parabola, x) == functions.Point(x * x + 1, (2 * x,))


@given(st.tuples(numbers, numbers, numbers, numbers))
def test_the_gradient_of_a_plane_is_the_same_everywhere(at):
    a, b, c, d = at
    found = functions.look(functions.hyperplane, *at)
    assert found == functions.Point(23 * a + 42 * b + 51 * c + d, (23.0, 42.0, 51.0, 1.0))


@given(numbers, st.integers(0, 2**32))
def test_the_same_input_gives_the_same_output(x, seed):
    for function in (functions.successor, functions.parabola, estimating.impostor):
        assert len({*functions.answers(function, x)}) == 1
    assert functions.dice(seed) == functions.dice(seed)
    assert {*functions.dice(seed, 200)} == {1, 2, 3, 4, 5, 6}


def test_the_post_counts_from_1():
    v = [10.0, 20.0, 30.0]
    assert [functions.element(v, i) for i in (1, 2, 3)] == v
    for i in (0, 4, -1):
        with pytest.raises(IndexError, match="counts from 1, and v has 3 elements"):
            functions.element(v, i)


def test_what_is_in_a_picture_is_a_function_too():
    _, test = digits.load_digits()
    network = Network.random([64, 10], seed=0)
    first, *others = functions.answers(digits.read, network, test.images[:20])
    assert first.shape == (20,)
    assert all(np.array_equal(first, other) for other in others)


@given(numbers.filter(lambda x: x not in (-2, -1, 0, 1, 2)))
def test_two_functions_agree_on_the_examples_and_nowhere_else(x):
    fits = estimating.two_fits([x])
    assert fits.examples == [(-2.0, 5.0), (-1.0, 2.0), (0.0, 1.0), (1.0, 2.0), (2.0, 5.0)]
    assert fits.on_examples == [0.0] * 5
    # A product of three factors and a sum, each rounded.
    wanted = abs(x * (x**2 - 1) * (x**2 - 4))
    assert abs(fits.elsewhere[x] - wanted) <= 4 * EPS * (wanted + x**2 + 1)
    assert wanted > 0


points = st.lists(st.floats(-100, 100), min_size=3, max_size=3)


@given(points, points, points)
def test_distances_are_what_distances_must_be(u, v, w):
    found = estimating.triangle(u, v, w)
    assert found.uv >= 0
    assert found.uv == found.vu
    assert found.uu == 0
    assert (found.uv == 0) == all(abs(a - b) < 1e-150 for a, b in zip(u, v, strict=True))  # squares below are 0
    assert found.uw <= (found.uv + found.vw) * (1 + 4 * EPS)


def test_the_distance_has_two_slopes_at_zero():
    assert estimating.slopes_at_zero() == (-1.0, 1.0)


@given(numbers.filter(lambda k: abs(k) < 10), numbers.filter(lambda k: abs(k) < 10))
def test_a_line_is_found_from_its_points(w, b):
    line = estimating.learn_line([(x, w * x + b) for x in (0.0, 1.0, 2.0)], steps=400)
    # The sum of squares bends by 2·(5 + 3 ± √(4 + 36))… its eigenvalues are 8 ± √40; the slower shrinks by 1 - 0.1·0.84
    # at each step of 0.05, and 400 of them leave 1e-15 of what was there.
    assert abs(line.w - w) + abs(line.b - b) <= 1e-12 * (1 + abs(w) + abs(b))
    assert line.totals[0] == sum((w * x + b) ** 2 for x in (0.0, 1.0, 2.0))
    assert line.totals[-1] <= line.totals[0]


def test_a_network_in_the_place_of_g():
    x = np.linspace(-1, 1, 7)[:, None]
    network = Network.random([1, 4, 1], seed=0)
    d = estimating.between(lambda x: x**2 + 1, network, x)
    np.testing.assert_array_equal(d, np.abs(x**2 + 1 - network(x).data)[:, 0])
    exact = nonlinearity.interpolate(lambda x: x + 1, -1.0, 1.0, pieces=2)
    assert np.max(estimating.between(lambda x: x + 1, exact, x)) <= 4 * EPS
