"""Exercises whose answer is a number, or a few.

q      the step of the slope formula
alpha  how much of the slope is taken as a step
"""

import numpy as np

from tinygrad_edu.lessons.exercises.exercise import Exercise
from tinygrad_edu.slope import slope


def _slope_by_hand(answer: float) -> list[str]:
    if answer == -3:
        return []
    if answer == 3:
        return ["the sign: from -2 to -1 the curve goes down, from 5 to 2"]
    if answer == -4:
        return ["-4 is the derivative, the slope for q as small as can be; here q is 1, and the slope is 2x + q"]
    return [f"d(-1) is 2 and d(-2) is 5: rise over run is (2 - 5) / 1, not {answer:g}"]


def _gradient_by_hand(by_a: float, by_b: float) -> list[str]:
    if (by_a, by_b) == (-2, 2):
        return []
    if (by_a, by_b) == (2, -2):
        return ["the two are exchanged: first the slope by a, then that by b"]
    faults = []
    if by_a == -3:
        faults.append(
            "a is used twice: in the product, where its slope is b = -3, and in the sum, where it is 1; add them"
        )
    elif by_a != -2:
        faults.append(f"the slope by a is not {by_a:g}: a × b changes with a at the rate b, and + a at the rate 1")
    if by_b != 2:
        faults.append(f"the slope by b is not {by_b:g}: a × b changes with b at the rate a")
    return faults


def _which_q(q: float) -> list[str]:
    if q == 0:
        return ["one point has no slope: q must not be 0"]
    if 1.0 + q == 1.0:
        return [f"with q = {q:g}, 1 + q is 1 to the computer, and the slope is 0"]
    with np.errstate(all="ignore"):
        error = abs(slope(np.exp, 1.0, q) - np.e)
    if error < 1e-7:
        return []
    if abs(q) > 1e-8:
        return [f"the slope is off by {error:.0e}: the curve still bends a lot between 1 and 1 + q; make q smaller"]
    return [
        f"the slope is off by {error:.0e}: d(x + q) and d(x) agree in too many digits, so few are left; make q larger"
    ]


def _step_size(alpha: float) -> list[str]:
    x = 1.0
    for _ in range(20):
        x -= alpha * 10 * x
    if abs(x) < 1e-3:
        return []
    if alpha <= 0:
        return [f"with a step of {alpha:g} nothing goes down: the step is subtracted, so it must be above 0"]
    if abs(x) > 1:
        return [f"it runs away: x is {x:.3g} after 20 steps, for each one multiplies x by {1 - 10 * alpha:.3g}"]
    if abs(x) == 1:
        return ["it goes to and fro between 1 and -1 for ever; take a shorter step"]
    slow = "shorter" if alpha > 0.1 else "longer"
    return [f"it settles too slowly: x is still {x:.3g} after 20 steps; take a {slow} one"]


def _sweeps(forward: float, reverse: float) -> list[str]:
    if (forward, reverse) == (1000, 3):
        return []
    if (forward, reverse) == (3, 1000):
        return [
            "they are exchanged: forward asks what one input does to all outputs, so it takes a sweep for each input"
        ]
    return [
        text
        for text, good in (
            ("forward takes a sweep for each input, of which there are 1,000", forward == 1000),
            ("reverse takes a sweep for each output, of which there are 3", reverse == 3),
        )
        if not good
    ]


NUMBERS = (
    Exercise(
        1,
        "A slope by hand",
        "d(x) = x² + 1. What is its slope from x = -2 over a step of q = 1, by the formula (d(x + q) - d(x)) / q? "
        "The answer is a number.",
        "-3",
        _slope_by_hand,
    ),
    Exercise(
        2,
        "A gradient by hand",
        "loss = a × b + a, at a = 2 and b = -3. How fast does it change with a, and how fast with b? "
        "The answer is two numbers, such as (1, 5): first the slope by a, then the one by b.",
        "(-2, 2)",
        _gradient_by_hand,
        count=2,
    ),
    Exercise(
        3,
        "Which q?",
        "The slope of exp at 1 is e = 2.718281828…. Choose a q for which the formula (exp(1 + q) - exp(1)) / q is off "
        "by less than 1e-7. The answer is a number, such as 0.01.",
        "1e-8",
        _which_q,
    ),
    Exercise(
        4,
        "Mend a step size",
        "d(x) = 5x² is to be made small from x = 1, by x = x - alpha × slope, and its slope is 10x. With alpha = 1 x "
        "runs away: 1, -9, 81, … Choose an alpha for which x is nearer to 0 than 0.001 after 20 steps. "
        "The answer is a number.",
        "0.1",
        _step_size,
    ),
    Exercise(
        13,
        "How many sweeps?",
        "A function takes 1,000 numbers and gives 3. How many forward sweeps, and how many reverse sweeps, "
        "does its whole Jacobian take? The answer is two numbers: first forward, then reverse.",
        "(1000, 3)",
        _sweeps,
        count=2,
    ),
)
