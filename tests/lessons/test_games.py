"""The post's games, move by move; where the post simplifies, what is really so."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_edu import tree
from tinygrad_edu.lessons import agreement, digits, landscape, linearity, slopes
from tinygrad_edu.lessons.hot_and_cold import Move, parabola, play, two_valleys
from tinygrad_edu.nn import Network, count_parameters

EPS = np.finfo(float).eps


def square(x):
    return x**2 + 1


def test_the_posts_trace():
    game = play(parabola, -2.0)
    assert game.moves == [
        Move(-2.0, 5.0, "start"),
        Move(-1.0, 2.0, "hotter"),
        Move(0.0, 1.0, "hotter"),
        Move(1.0, 2.0, "colder"),
        Move(-1.0, 2.0, "colder"),
    ]
    assert game.answer == 0.0
    assert not game.circular


def test_a_tie_goes_round_in_a_circle():
    game = play(parabola, -1.5)
    assert [(move.x, move.d) for move in game.moves[:3]] == [(-1.5, 3.25), (-0.5, 1.25), (0.5, 1.25)]
    assert 0.0 not in [move.x for move in game.moves]
    assert game.circular
    assert game.answer is None


@given(st.integers(-300, 300), st.sampled_from([0.25, 0.5, 1.0, 2.0]))
def test_hot_and_cold_finds_the_nearest_place_unless_two_tie(k, step):
    start = k / 8
    game = play(parabola, start, step)
    nearest = min(abs(start % step), step - abs(start % step))
    if nearest == step / 2:
        assert game.circular
    else:
        assert abs(game.answer) == nearest


def test_it_finds_one_valley_of_two():
    assert play(two_valleys, -5.0).answer == -3.0
    assert play(two_valleys, 5.0).answer == 3.0
    assert two_valleys(-3.0) < two_valleys(3.0)


def test_both_ways_colder_is_said_of_a_step_only():
    assert play(parabola, -1.75, step=1.0).answer == 0.25
    assert play(parabola, -1.75, step=0.25).answer == 0.0


@given(st.integers(1, 24))
def test_in_a_narrow_valley_four_directions_may_all_go_up(k):
    far = k / 8
    assert landscape.ways_down(landscape.diagonal_valley, far, far, far / 2, directions=4) == []
    down = landscape.ways_down(landscape.diagonal_valley, far, far, far / 2, directions=8)
    assert down == [225.0]
    assert landscape.stand(landscape.diagonal_valley, far, far).gradient == (4 * far, 4 * far)


def test_the_posts_sign_rule_is_wrong_at_a_tie():
    assert slopes.sign(square, -0.5, 1.0) == slopes.Signed(0.0, "positive", "zero")


@given(st.integers(-64, 64), st.sampled_from([0.25, 0.5, 1.0]))
def test_elsewhere_the_sign_rule_is_right(k, q):
    found = slopes.sign(square, k / 8, q)
    assert found.slope == 2 * k / 8 + q
    assert (found.posts == found.sign) == (found.slope != 0)


@given(st.integers(-3, 4), st.integers(1, 15))
def test_a_walk_settles_below_two_over_the_bend(log_bend, k):
    bend, alpha = 2.0**log_bend, k / 8
    outcome = slopes.outcomes(bend, [alpha / bend])[alpha / bend]
    assert outcome == "settles"
    assert slopes.outcomes(bend, [2 / bend]) == {2 / bend: "back and forth"}
    assert slopes.outcomes(bend, [(2 + alpha) / bend]) == {(2 + alpha) / bend: "runs away"}


def test_so_small_a_q_feigns_rest():
    walk = slopes.walk(square, -2.0, q=1e-16)
    assert walk.places == [-2.0] * 51
    assert walk.outcome == "stands still"


@given(st.integers(-16, 16), st.integers(-16, 16), st.integers(2, 12))
def test_slopes_felt_are_the_tapes_and_half_the_bend_of_q(i, j, log_q):
    x, y, q = i / 8, j / 8, 2.0**-log_q
    along_x, along_y = landscape.stand(landscape.bowl, x, y).gradient
    assert landscape.feel(landscape.bowl, x, y, q) == (along_x + q, along_y + q / 2)


def test_a_long_step_may_do_better_in_another_direction():
    along_x, along_y = landscape.stand(landscape.ravine, 1.0, 0.5).gradient
    derived = math.atan2(along_y, along_x)
    assert abs(landscape.steepest(landscape.ravine, 1.0, 0.5) - derived) <= math.pi / 720 + 1e-4
    assert landscape.steepest(landscape.ravine, 1.0, 0.5, h=1.0) - derived > 0.1


def test_where_gradient_descent_does_not_find_a_minimum():
    crease = landscape.descend(landscape.crease, 0.25, 0.0, 0.5, steps=50)
    assert {place.x for place in crease} == {0.25, -0.25}
    rest = landscape.descend(landscape.saddle, 1.0, 0.0, 0.5, steps=5)[-1]
    assert (rest.x, rest.y, rest.gradient) == (0.0, 0.0, (0.0, 0.0))
    assert landscape.saddle(rest.x, rest.y + 0.1) < rest.height


@given(st.floats(0.02, 0.98))
def test_a_ravine_is_left_above_a_step_of_a_tenth(share):
    settles = landscape.descend(landscape.ravine, 1.0, 1.0, 0.1 * share, steps=20)
    leaves = landscape.descend(landscape.ravine, 0.0, 1.0, 0.1 * (1 + share), steps=20)
    assert all(after.height < before.height for before, after in pairwise(settles))
    assert all(after.height > before.height for before, after in pairwise(leaves))


def test_where_there_is_no_bottom_it_gives_up():
    game = play(lambda x: -x, 0.0, patience=50)
    assert len(game.moves) == 50
    assert game.answer is None
    assert not game.circular


def test_the_slope_of_exp_is_best_in_between():
    lesson = slopes.shrink(np.exp, 1.0)
    assert lesson.derivative == np.exp(1.0)
    errors = [measured.error for measured in lesson.slopes]
    valley = errors.index(min(errors))
    assert 5 <= valley <= 11
    assert errors[:6] == sorted(errors[:6], reverse=True)
    assert errors[0] > 1e6 * errors[valley] < errors[-1]
    assert lesson.best == lesson.slopes[valley]
    assert lesson.slopes[-1].slope == 0.0
    # The error is at most what the curve bends, and what two roundings of exp make of it.
    for measured in lesson.slopes:
        assert measured.error <= 0.6 * measured.q * math.exp(1 + measured.q) + 4 * EPS * math.e / measured.q


@given(st.integers(-64, 64), st.integers(1, 20))
def test_the_slope_of_the_parabola_misses_by_q(k, log_q):
    q = 2.0**-log_q
    (measured,) = slopes.shrink(square, k / 8, [q]).slopes
    assert measured.slope == 2 * k / 8 + q
    assert measured.error == q


@given(st.integers(-64, 64), st.integers(4, 12))
def test_the_literal_rule_goes_back_and_forth(k, log_q):
    x, q = k / 8, 2.0**-log_q
    walk = slopes.walk(square, x, q)
    assert walk.places == [x if i % 2 == 0 else -x - q for i in range(51)]
    assert walk.outcome == "back and forth"


@given(st.floats(0.02, 0.98), st.integers(-64, 64), st.integers(4, 12))
def test_a_step_size_below_one_settles(alpha, k, log_q):
    x, q = k / 8, 2.0**-log_q
    walk = slopes.walk(square, x, q, alpha)
    factor = abs(1 - 2 * alpha)
    # Each slope is off by two roundings of d, at most 66, over q; the steps after it shrink that by the factor.
    rounding = alpha * 4 * EPS * 66 / q / (1 - factor)
    assert abs(walk.places[-1] + q / 2) <= factor**50 * abs(x + q / 2) * (1 + 1e-9) + rounding
    assert walk.outcome == "settles"


@given(st.floats(1.01, 1.2), st.integers(1, 64))
def test_a_larger_one_runs_away(alpha, k):
    # Up to 1.2, x stays small enough for x + q to differ from x; beyond, the slope becomes 0 and feigns rest.
    walk = slopes.walk(square, k / 8, alpha=alpha)
    assert walk.outcome == "runs away"
    assert abs(walk.places[-1]) > abs(walk.places[0])


def test_at_one_zero_x_is_steeper():
    assert landscape.stand(landscape.bowl, 1.0, 0.0) == landscape.Place(1.0, 0.0, 1.0, (2.0, 0.0))


@given(st.floats(-2, 2), st.floats(-2, 2), st.floats(0.01, 0.9), st.integers(0, 20))
def test_the_walk_downhill(x, y, learning_rate, steps):
    path = landscape.descend(landscape.bowl, x, y, learning_rate, steps)
    assert len(path) == steps + 1
    for here, after in pairwise(path):
        assert here.gradient == (2 * here.x, here.y)
        assert after.x == here.x - learning_rate * (2 * here.x)
        assert after.y == here.y - learning_rate * here.y
        assert after.height <= here.height


@given(st.floats(0, 2 * math.pi), st.floats(0.5, 3))
def test_the_gradient_points_to_the_steepest(angle, radius):
    x, y = radius * math.cos(angle), radius * math.sin(angle)
    felt = landscape.steepest(landscape.bowl, x, y)
    derived = math.atan2(y, 2 * x)
    apart = (felt - derived + math.pi) % (2 * math.pi) - math.pi
    # It is one of 720, so up to half a spacing away. Bending turns it by h·2/|gradient| = 4e-6 at most. Two that nearly
    # tie differ by h·|gradient|·sin(π/720) = 2e-9 a radian, and rounding by 2·eps·9 = 4e-15: that is 2e-6 radians.
    assert abs(apart) <= math.pi / 720 + 6e-6


@given(st.lists(st.integers(1, 6), min_size=0, max_size=4), st.integers(0, 2**32))
def test_any_network_of_affine_layers_is_one_neuron(hidden, seed):
    lesson = linearity.collapse_posts_network(seed, n=20, sizes=[3, *hidden, 1])
    assert count_parameters(lesson.neuron) == 4
    assert lesson.difference <= lesson.rounding
    assert lesson.bend <= 4 * lesson.rounding


constants = st.floats(-50, 50, allow_subnormal=False)


@given(st.lists(constants, min_size=3, max_size=3), constants)
def test_the_posts_neuron_is_straight_and_affine(weights, bias):
    found = linearity.straight(weights, bias)
    assert found.parameters == 4
    assert found.bend <= found.rounding
    assert found.at_zero == bias
    assert abs(found.not_added - abs(bias)) <= found.rounding


def test_a_brain_has_more_than_a_thousand_synapses_a_neuron():
    low, high = (synapses / linearity.NEURONS_IN_A_BRAIN for synapses in linearity.SYNAPSES_IN_A_BRAIN)
    assert (round(low), round(high)) == (1163, 11628)


@given(st.integers(0, 2**32))
def test_the_posts_network_is_one_neuron(seed):
    lesson = linearity.collapse_posts_network(seed, n=20)
    assert lesson.parameters == 28
    assert count_parameters(lesson.neuron) == 4
    assert lesson.difference <= lesson.rounding < 1e-8
    assert lesson.bend <= 4 * lesson.rounding < lesson.bend_with_tanh


def test_both_gradients_of_a_network_agree():
    report = agreement.compare_on_digits(seed=0, hidden=3, images=4)
    assert [a.shape for a in report.arguments] == [(64, 3), (3,), (3, 10), (10,)]
    assert [a.name for a in report.arguments] == [
        f"network{path}" for path in tree.paths(Network.random([64, 3, 10], 0))
    ]
    assert all(a.looked_at == a.size for a in report.arguments)
    assert report.ok


def test_learning_digits():
    told = []
    learnt = digits.learn((64, 10), seed=3, noise=0.1, epochs=2, progress=lambda step, loss: told.append(step))
    again = digits.learn((64, 10), seed=3, noise=0.1, epochs=2)
    other = digits.learn((64, 10), seed=4, noise=0.1, epochs=2)
    assert learnt.losses == again.losses != other.losses
    assert told == list(range(1, digits.steps(2) + 1))
    assert len(told) == 2 * math.ceil(1442 / 32)
    assert learnt.losses[0] > 2 * learnt.losses[-1]
    assert min(learnt.on_training, learnt.on_held_out) > 0.8


def test_reading_confusion_and_mistakes_agree():
    _, test = digits.load_digits()
    network = Network.random((64, 10), seed=0)
    counts, wrong = digits.confusion(network, test), digits.mistakes(network, test)
    assert counts.sum() == len(test.labels)
    np.testing.assert_array_equal(counts.sum(axis=1), np.bincount(test.labels))
    np.testing.assert_array_equal(counts.sum(axis=0), np.bincount(digits.read(network, test.images), minlength=10))
    assert np.trace(counts) == round(digits.accuracy(network, test) * len(test.labels))
    assert len(wrong) == counts.sum() - np.trace(counts)
    assert all(mistake.digit != mistake.guess for mistake in wrong)
    assert wrong[0].image.shape == (8, 8)


def test_ctrl_c_stops_the_lesson():
    def progress(step, loss):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        digits.learn((64, 10), 0, epochs=1, progress=progress)


def test_noise_is_added_to_the_images_only():
    images, labels = np.zeros((500, 64)), np.arange(500)
    ((blurred, same),) = digits.blur(iter([(images, labels)]), 0.2, seed=0)
    assert same is labels
    # The spread of N numbers is off by 1/√(2N) of itself; 8 of them do not happen.
    assert abs(np.std(blurred) / 0.2 - 1) <= 8 / math.sqrt(2 * blurred.size)
    ((sharp, _),) = digits.blur(iter([(images, labels)]), 0.0, seed=0)
    np.testing.assert_array_equal(sharp, images)
