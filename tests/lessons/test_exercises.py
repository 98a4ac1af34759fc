"""Every answer of ours is right, and typical wrong ones are told what is wrong with them."""

import re

import numpy as np
import pytest

from tinygrad_edu.lessons import exercises

RULES = "def rule_x(g, z, x, y):\n    return {}\ndef rule_y(g, z, x, y):\n    return {}\n"
WRONG = [
    (1, "3", "the sign"),
    (1, "-4", "-4 is the derivative"),
    (1, "7", r"rise over run is \(2 - 5\) / 1, not 7"),
    (2, "(-3, 2)", "a is used twice"),
    (2, "(2, -2)", "exchanged"),
    (2, "(0, 0)", "(?s)slope by a is not 0.*slope by b is not 0"),
    (3, "0", "must not be 0"),
    (3, "1e-17", "1 \\+ q is 1 to the computer"),
    (3, "0.01", "bends a lot.*smaller"),
    (3, "1e300", "bends a lot.*smaller"),
    (3, "1e-12", "agree in too many digits.*larger"),
    (4, "0.3", "runs away.*multiplies x by -2"),
    (4, "0.2", "to and fro"),
    (4, "0.01", "too slowly.*longer"),
    (4, "0.19", "too slowly.*shorter"),
    (4, "-0.1", "must be above 0"),
    (5, "def rule(g, z, x):\n    return 2 * x", "multiply by g"),
    (5, "def rule(g, z, x):\n    return g * x", "factor 1/2"),
    (5, "def rule(g):\n    return g", "it is called with g, z and 1 inputs"),
    (6, "def rule(g, z, x):\n    return g * (1 - x**2)", "where the slope is"),
    (6, "def rule(g, z, x):\n    return 1 - z**2", "multiply by g"),
    (7, exercises.exercise(7).start, "on the diamond .* is 36 and should be 24"),
    (7, "def backward(z):\n    for x, slope in z.inputs:\n        x.grad += slope * z.grad", "should be 4"),
    (8, "def bias_gradient(g):\n    return g", r"shape \(3,\).*has shape \(2, 3\)"),
    (8, "def bias_gradient(g):\n    return g.mean(axis=0)", "the mean"),
    (8, "def bias_gradient(g):\n    return g[0]", r"not \[11, 22, 33\]"),
    (9, RULES.format("g / y", "g * x / y**2"), "input 1 .* the wrong sign"),
    (9, RULES.format("g / y", "g / y"), "swapped"),
    (9, RULES.format("1 / y", "-g * x / y**2"), "input 0 .*multiply by g"),
    (10, exercises.exercise(10).start, "(?s)w: relative error.*b: relative error.*what they share"),
    (10, exercises.exercise(10).answer.replace("slope * x, slope", "slope * w, slope"), "w: relative error"),
    (11, "def gradient(logits, labels):\n    return tg.functions.softmax(logits)", "subtract what is so"),
    (11, exercises.exercise(11).answer.replace(" / n", ""), "factor 2"),
    (11, exercises.exercise(11).answer.replace("return ", "return -"), "wrong sign"),
    (12, exercises.exercise(12).start, r"after 2 steps.*still holds the slopes"),
    (12, "def train(steps):\n    return 3.0", "after 1 steps w is 3 and should be 0.6"),
    (13, "(3, 1000)", "exchanged"),
    (13, "(1000, 1)", "reverse takes a sweep for each output"),
    (13, "(1, 3)", "forward takes a sweep for each input"),
]
UNREADABLE = [
    (1, "minus three", "'minus three' is not a number"),
    (1, (1, 2), "is not a number"),
    (2, "5", "is not 2 numbers, such as"),
    (5, 7, "7 is not what is asked for: rule"),
    (5, "def (", "cannot be run: SyntaxError in line 1"),
    (5, "import nothing_at_all", "cannot be run: ModuleNotFoundError"),
    (5, "x = 1", "does not define rule"),
    (9, "def rule_x(g, z, x, y):\n    return g / y", "does not define rule_y"),
    (5, exercises.exercise(5).start, "a ... that is to be filled in"),
    (6, "def rule(g, z, x):\n    raise KeyError('no')", "fails with KeyError|backward fails: KeyError"),
    (8, "def bias_gradient(g):\n    return undefined", "NameError"),
]


@pytest.mark.parametrize("exercise", exercises.EXERCISES, ids=lambda exercise: exercise.title)
def test_our_answer_is_right_and_what_to_begin_with_is_not(exercise):
    assert str(exercise.grade(exercise.answer)) == "right"
    assert exercise.grade(exercise.answer)
    if exercise.start:
        assert not exercise.grade(exercise.start)
    assert not exercise.grade("(0, 0)" if exercise.count == 2 else "0")


def test_they_are_numbered_from_1():
    assert [exercise.number for exercise in exercises.EXERCISES] == list(range(1, 14))
    for number in (0, 14, -1):
        with pytest.raises(ValueError, match="choose one of 1 to 13"):
            exercises.exercise(number)


@pytest.mark.parametrize(("number", "answer", "says"), WRONG + UNREADABLE)
def test_what_is_wrong_is_told(number, answer, says):
    grade = exercises.grade(number, answer)
    assert not grade
    assert not grade.right
    assert all(line.startswith("wrong: ") for line in str(grade).splitlines())
    assert re.search(says, str(grade)), str(grade)


def test_wrong_answers_to_each_exercise_are_tried():
    assert {number for number, *_ in WRONG} == set(range(1, 14))


def test_functions_are_taken_as_they_are():
    assert exercises.grade(5, lambda g, z, x: g * 2 * x)
    assert exercises.grade(9, (lambda g, z, x, y: g / y, lambda g, z, x, y: -g * z / y))
    assert not exercises.grade(9, (lambda g, z, x, y: g / y,))
    assert exercises.grade(1, np.float64(-3.0))
    assert exercises.grade(13, [1000, 3])


def test_other_right_answers_are_right():
    assert exercises.grade(3, 3e-8)
    assert exercises.grade(4, 0.15)
    assert exercises.grade(8, "def bias_gradient(g):\n    return sum(g)")
    assert exercises.grade(12, exercises.exercise(12).answer.replace("w.zero_grad()", "w = tg.Value(w.data)"))


def test_an_exercise_prints_its_task():
    text = str(exercises.exercise(5))
    assert text.startswith("Exercise 5: Fill in a rule: the square\n\nz = x²")
    assert text.endswith("Begin with:\n\ndef rule(g, z, x):\n    return ...")
    assert max(len(line) for exercise in exercises.EXERCISES for line in str(exercise).splitlines()) <= 80
