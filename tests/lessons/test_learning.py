"""What networks can represent and learn, where they start, and where they fail."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_edu.data import load_flower
from tinygrad_edu.functions import relu, sigmoid
from tinygrad_edu.lessons import colorization, depth, digits, nonlinearity, overfitting, racing, training
from tinygrad_edu.optim import adam, sgd

EPS = np.finfo(float).eps


def test_a_linear_network_does_not_learn_xor():
    found = nonlinearity.learn_xor(None)
    # Half of every case is the best there is, of 0.25; what is left after 1,000 steps is a millionth.
    assert all(abs(loss - 0.25) < 1e-5 for loss in found.losses)
    assert not any(found.right)


def test_with_tanh_xor_is_learnt_given_width_and_luck():
    narrow, wide = (nonlinearity.learn_xor(np.tanh, hidden) for hidden in (2, 4))
    assert 0 < sum(narrow.right) < 20 == sum(wide.right)
    assert all(loss < 0.1 for loss in wide.losses)
    assert all(loss < 0.25 for loss in narrow.losses)


@given(st.integers(2, 64))
def test_relu_draws_any_curve_as_nearly_as_one_likes(pieces):
    network = nonlinearity.interpolate(np.sin, 0.0, 2 * np.pi, pieces)
    h = 2 * np.pi / pieces
    # The bound for a chord, and the rounding of `pieces` products of size 2π with slopes up to 2.
    assert nonlinearity.worst_miss(np.sin, network, 0.0, 2 * np.pi) <= h**2 / 8 + 32 * pieces * EPS


def test_it_bends_at_its_corners_only():
    network = nonlinearity.interpolate(np.exp, -1.0, 1.0, 4)
    corners = np.linspace(-1, 1, 5)[:, None]
    np.testing.assert_allclose(network(corners).data, np.exp(corners), rtol=32 * EPS)


@pytest.fixture(scope="module")
def coloured():
    return colorization.learn(seed=0)


def test_a_network_beats_the_mean_colour_on_the_half_it_has_not_seen(coloured):
    assert coloured.real.shape == coloured.coloured.shape == (64, 32, 3)
    assert coloured.best_by_grey < coloured.network < coloured.mean_colour / 3
    assert coloured.losses[-1] < coloured.losses[0] / 20
    assert abs(coloured.network - coloured.errors.mean()) <= 8 * EPS


def test_it_fails_at_an_edge_it_has_never_seen(coloured):
    rows, columns = np.unravel_index(np.argsort(coloured.errors, axis=None)[-20:], coloured.errors.shape)
    assert columns.min() >= 18  # where the flower ends; its middle is at 0
    worst, real = coloured.coloured[rows, columns].mean(axis=0), coloured.real[rows, columns].mean(axis=0)
    assert worst[0] > 5 * worst[1]  # red
    assert real[1] > real[0]  # green
    assert colorization.learn(seed=0, mirrored=True).network < 0.7 * coloured.network


def test_one_grey_has_many_colours():
    picture = load_flower()
    grey = colorization.to_grey(picture)
    alike = np.abs(grey - 0.25) < 1 / 64
    assert np.ptp(picture[alike], axis=0).max() > 0.5
    means = colorization.mean_colours(picture)
    assert len(np.unique(means.reshape(-1, 3), axis=0)) <= 32
    np.testing.assert_allclose(means.mean(axis=(0, 1)), picture.mean(axis=(0, 1)), rtol=4096 * EPS)


def test_patches_are_what_surrounds_a_pixel():
    grey = np.arange(35.0).reshape(5, 7)
    seen = colorization.patches(grey)
    assert seen.shape == (35, 25)
    np.testing.assert_array_equal(seen[2 * 7 + 3].reshape(5, 5), grey[:, 1:6])
    np.testing.assert_array_equal(seen[:, 12], grey.ravel())


def test_equal_neurons_stay_equal():
    equal, random = training.learn_wave(training.equal_start(0.5)), training.learn_wave(training.random_start(0))
    assert equal.apart == 0.0 < 1 < random.apart
    assert random.last_loss < equal.last_loss / 3
    assert equal.moved > 0.1


def test_from_zero_nothing_moves():
    start = training.learn_wave(training.equal_start(0.0))
    assert start.moved <= 300 * 25 * EPS  # the last bias, by the rounding of a mean that is 0
    assert start.last_loss == pytest.approx(start.first_loss, rel=EPS)


def test_random_labels_are_learnt_by_heart():
    found = training.learn_random_labels(seed=0)
    assert found.on_training == 1.0
    # Of 355 guesses a tenth is right, give or take 1.6 % of them; five times that does not happen.
    assert abs(found.on_held_out - 0.1) <= 5 * math.sqrt(0.1 * 0.9 / 355)


def test_a_network_reads_digits_better_than_a_linear_model():
    linear = digits.learn(digits.LINEAR, seed=0, noise=0.1, epochs=20)
    network = digits.learn(digits.NETWORK, seed=0, noise=0.1, epochs=20)
    assert 0.9 < linear.on_held_out < network.on_held_out


@given(st.integers(0, 100))
def test_signals_keep_their_spread_or_die_out(seed):
    small, fitting = (depth.pass_through(np.tanh, scale, seed=seed) for scale in (0.5, 1.0))
    assert small.spreads[-1] < 1e-4 < 0.05 < fitting.spreads[-1]
    assert small.gradients[0] < 1e-3 * fitting.gradients[0]


@given(st.integers(0, 100))
def test_slopes_vanish_behind_twenty_sigmoids(seed):
    assert depth.pass_through(sigmoid, seed=seed).faded > 1e8
    assert depth.pass_through(np.tanh, seed=seed).faded < 100
    assert depth.pass_through(np.tanh, 3.0, seed=seed).faded < 0.1  # there they explode
    assert depth.pass_through(relu, math.sqrt(2), seed=seed).faded < 100


def test_a_ravine_allows_a_step_of_two_over_its_bend():
    rates = racing.by_rate((0.001, 0.01, 0.0195, 0.0205))
    assert rates[0.001] is None
    assert rates[0.0205] is None
    assert rates[0.0195] < rates[0.01]
    # Along the ravine each step leaves 1 - rate of x, so that x²/2 < 1e-6 takes log(√2e-3) / log(1 - rate) steps.
    assert rates[0.01] == math.ceil(math.log(math.sqrt(2e-6)) / math.log1p(-0.01))


def test_momentum_is_quicker():
    assert racing.by_rate((0.0195,), momentum=0.8)[0.0195] < racing.by_rate((0.0195,))[0.0195] / 4
    assert racing.race(adam(0.1)).steps is not None
    away = racing.race(sgd(0.5))
    assert away.steps is None
    assert len(away.places) < 10


def test_curves_through_all_examples_are_wrong_in_between():
    worse = []
    for seed in range(20):
        fits = overfitting.by_degree(seed)
        assert [fit.degree for fit in fits] == list(range(15))
        assert all(b.on_training <= a.on_training + 1e-12 for a, b in pairwise(fits))
        assert fits[14].on_training < 1e-12
        worse.append(fits[14].on_held_out / fits[3].on_held_out)
    assert min(worse) > 1
    assert np.median(worse) > 1000
