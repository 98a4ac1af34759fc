"""An exercise in the terminal: its task, and what is wrong with an answer."""

import sys
from pathlib import Path

from tinygrad_edu.cli.terminal import coloured, paragraph, shown
from tinygrad_edu.lessons.exercises import EXERCISES, Exercise
from tinygrad_edu.lessons.exercises import exercise as find


def exercises(number: int | None, given: str | None, answer: bool) -> int:
    """List the exercises, show one, show its answer, or grade the one given; the exit status, 1 if that is wrong."""
    if number is None:
        for each in EXERCISES:
            print(shown(f"{each.number:>3}  {each.title}"))
        print()
        print(paragraph("tinygrad-edu exercise 1 shows the first."))
        return 0
    try:
        chosen = find(number)
        text = given if given is None else _read(given)
    except (ValueError, OSError) as error:
        told = f"cannot read {given}: {error.strerror}" if isinstance(error, OSError) else error
        print(shown(f"tinygrad-edu: {told}"), file=sys.stderr)
        return 2
    if text is not None:
        return _grade(chosen, text)
    if answer:
        print(shown(chosen.answer))
    else:
        _show(chosen)
    return 0


def _read(given: str) -> str:
    """The answer: what a file holds, or the text itself."""
    return Path(given.strip()).read_text(encoding="utf-8") if given.strip().endswith(".py") else given


def _show(chosen: Exercise) -> None:
    print(coloured(paragraph(f"Exercise {chosen.number}: {chosen.title}"), "heading"))
    print(f"\n{paragraph(chosen.task)}\n")
    if chosen.start:
        print("Begin with this file; np is NumPy, and tg is tinygrad_edu:\n")
        print("\n".join(f"    {line}".rstrip() for line in shown(chosen.start).splitlines()))
        print()
    answered = "my_answer.py" if chosen.start else '"(1, 5)"' if chosen.count > 1 else "5"
    print(paragraph(f"To have it graded: tinygrad-edu exercise {chosen.number} {answered}"))


def _grade(chosen: Exercise, text: str) -> int:
    grade = chosen.grade(text)
    if grade:
        print(coloured(paragraph("✓ right"), "good"))
        return 0
    for fault in grade.faults:
        print(coloured(paragraph(f"✗ wrong: {fault}", "  "), "bad"))
    return 1
