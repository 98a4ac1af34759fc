"""Exercises in the terminal: shown, graded, answered."""

import pytest

from tinygrad_edu import cli
from tinygrad_edu.cli.terminal import STAND_INS
from tinygrad_edu.lessons.exercises import EXERCISES


def test_without_a_number_it_lists_the_exercises(capsys):
    assert cli.main(["exercise"]) == 0
    out = capsys.readouterr().out
    assert all(f"{exercise.number:>3}  {exercise.title}\n" in out for exercise in EXERCISES)


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.title)
def test_one_is_shown_and_answered(exercise, tmp_path, capsys):
    assert cli.main(["exercise", str(exercise.number)]) == 0
    out = capsys.readouterr().out
    assert exercise.title in out
    assert max(map(len, out.splitlines())) <= 80
    assert {sign for sign in str(exercise) if not sign.isascii()} <= STAND_INS.keys()
    assert cli.main(["exercise", str(exercise.number), "--answer"]) == 0
    answer = capsys.readouterr().out
    if exercise.start:
        file = tmp_path / "answer.py"
        file.write_text(answer, encoding="utf-8")
        answer = str(file)
    assert cli.main(["exercise", str(exercise.number), answer.strip()]) == 0
    assert capsys.readouterr().out == "✓ right\n"


def test_a_wrong_answer_ends_with_1(capsys):
    assert cli.main(["exercise", "2", "(0, 0)"]) == 1
    out = capsys.readouterr().out
    assert out.count("✗ wrong: ") == 2
    assert max(map(len, out.splitlines())) <= 80
    assert cli.main(["exercise", "1", "-4"]) == 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [(["99"], "there is no number 99; choose one of 1 to 13"), (["5", "no.py"], "cannot read no.py: No such file")],
)
def test_wrong_usage_ends_with_2(arguments, says, capsys):
    assert cli.main(["exercise", *arguments]) == 2
    assert says in capsys.readouterr().err


def test_a_number_is_a_number(capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(["exercise", "one"])
    assert stop.value.code == 2
