"""Hot and cold: find where a function is least by trying both ways and listening.

d  the function made small
x  where the player stands
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from tinygrad_edu.lessons.functions import parabola as parabola

Verdict = Literal["start", "hotter", "colder", "as warm"]


@dataclass(frozen=True)
class Move:
    """A place tried, what it is worth, and what the friend called out."""

    x: float
    d: float
    verdict: Verdict


@dataclass(frozen=True)
class Game:
    """The moves of a game, and the x found; None if the game goes round in a circle or is given up."""

    moves: list[Move]
    answer: float | None = None
    circular: bool = False


def two_valleys(x: float) -> float:
    """(x² - 9)² + x: a valley near 3, and a deeper one near -3."""
    return (x**2 - 9) ** 2 + x


def play(d: Callable[[float], float], start: float, step: float = 1.0, patience: int = 1000) -> Game:
    """Play hot and cold by the post's rules, and to the letter.

    Walk on while it does not get colder; where it does, go back and try the other way; where both
    ways are colder, that is the answer. A tie is neither hotter nor colder, so the player walks on,
    and comes round to where the game has been before: `circular`.

    >>> [move.x for move in play(parabola, -2.0).moves]
    [-2.0, -1.0, 0.0, 1.0, -1.0]
    >>> play(parabola, -2.0).answer, play(parabola, -1.5).circular
    (0.0, True)

    That both ways are colder means a lowest place among those a step apart, in this valley. There may be a deeper one:

    >>> play(two_valleys, 5.0).answer, two_valleys(3.0), two_valleys(-3.0)
    (3.0, 3.0, -3.0)

    Args:
        d: the function; where it has several valleys, one of them is found.
        start: the first x.
        step: how far a move goes; the answer is no better than that.
        patience: how many moves before the game is given up, as where `d` falls for ever.

    Source: the post, "Hot and cold"; its trace from -2, and what it says of -1.5.
    """
    x, direction, colder_in_a_row = start, 1, 0
    moves = [Move(x, d(x), "start")]
    here = moves[0].d
    been = {(x, direction)}
    while len(moves) < patience:
        tried = x + direction * step
        there = d(tried)
        if there > here:
            moves.append(Move(tried, there, "colder"))
            colder_in_a_row += 1
            direction = -direction
            if colder_in_a_row == 2:
                return Game(moves, answer=x)
            continue
        moves.append(Move(tried, there, "hotter" if there < here else "as warm"))
        x, here, colder_in_a_row = tried, there, 0
        if (x, direction) in been:
            return Game(moves, circular=True)
        been.add((x, direction))
    return Game(moves)
