"""Objects of the gallery: scenes hold what their truth says, and average precision is what its definition says."""

import numpy as np
import pytest

from tinygrad_edu.data import load_digits
from tinygrad_edu.lessons.gallery import objects
from tinygrad_edu.lessons.gallery.scenes import SIDE, Found, average_precision, make_scenes, overlap, suppress

SCENES, TRUTHS = make_scenes(load_digits()[0], 40, np.random.default_rng(0))


def test_digits_are_inside_and_do_not_overlap():
    for truth in TRUTHS:
        assert len(truth.labels) >= 1
        assert (truth.boxes >= 0).all()
        assert (truth.boxes <= SIDE).all()
        np.testing.assert_array_equal(overlap(truth.boxes, truth.boxes), np.eye(len(truth.labels)))


def test_the_truth_is_perfect_and_each_thing_wrong_costs():
    assert average_precision(TRUTHS, TRUTHS) == 1
    twice = [Found(*(np.concatenate([x, x]) for x in truth)) for truth in TRUTHS]
    assert average_precision(TRUTHS, twice) < 1
    assert average_precision(TRUTHS, [suppress(found) for found in twice]) == 1
    shifted = [truth._replace(boxes=truth.boxes + 5) for truth in TRUTHS]
    assert average_precision(TRUTHS, shifted) < 0.5
    wrong = [truth._replace(labels=(truth.labels + 1) % 10) for truth in TRUTHS]
    assert average_precision(TRUTHS, wrong) == 0


def test_what_is_right_among_what_is_surest_counts_most():
    box = np.array([[0, 0, 9, 9]])
    truths = [Found(box, np.array([k]), np.ones(1)) for k in range(10)]
    boxes = np.array([[0, 0, 9, 9], [20, 20, 29, 29]])
    for right, wanted in ((0.9, 1.0), (0.1, 0.5)):
        founds = [Found(boxes, np.array([k, k]), np.array([right, 0.5])) for k in range(10)]
        assert average_precision(truths, founds) == wanted


def test_a_grid_that_says_the_truth_is_read_as_the_truth():
    there, which, box = objects.to_grid(TRUTHS)
    names = np.eye(10)[which] * 50
    grid = np.concatenate([there[..., None] * 100 - 50, box, names], axis=-1).transpose(0, 3, 1, 2)
    founds = objects.find(lambda scenes: grid, SCENES)
    assert average_precision(TRUTHS, founds) == pytest.approx(1)
