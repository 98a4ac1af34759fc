"""Exercises with answers, graded by the checker that judges the library's own gradients.

exercise   what an exercise is, and how an answer to it is read
judges     what is wrong with an answer, in words
numbers    exercises whose answer is a number or a few
code       exercises whose answer is a function

>>> grade(1, -3)
right
>>> print(grade(1, 3))
wrong: the sign: from -2 to -1 the curve goes down, from 5 to 2
"""

from tinygrad_edu.lessons.exercises.code import CODE
from tinygrad_edu.lessons.exercises.exercise import Exercise as Exercise
from tinygrad_edu.lessons.exercises.exercise import Grade as Grade
from tinygrad_edu.lessons.exercises.numbers import NUMBERS

EXERCISES: tuple[Exercise, ...] = tuple(sorted((*NUMBERS, *CODE), key=lambda exercise: exercise.number))


def exercise(number: int) -> Exercise:
    """The exercise of that number, from 1; print it to see the task.

    Raises:
        ValueError: there is no such exercise.
    """
    if not 1 <= number <= len(EXERCISES):
        raise ValueError(f"exercise: there is no number {number}; choose one of 1 to {len(EXERCISES)}")
    return EXERCISES[number - 1]


def grade(number: int, answer: object) -> Grade:
    """Whether an answer is right, and if not, what is wrong with it.

    Args:
        number: of the exercise.
        answer: a number, a tuple of numbers or a function, as the exercise asks for, or such as text: an expression,
            or the source of the function.

    Raises:
        ValueError: there is no such exercise.
    """
    return exercise(number).grade(answer)
