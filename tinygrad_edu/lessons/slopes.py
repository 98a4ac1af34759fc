"""The slope: what it becomes as q shrinks, and what stepping by it really does.

d      a function of one number, written in NumPy
x      where its slope is taken
q      the small step of the slope formula
alpha  how much of the slope is taken as a step; the post takes all of it, 1
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tinygrad_edu.slope import slope
from tinygrad_edu.transforms import grad

Function = Callable[[Any], Any]  # of a number, an array or a Value
Outcome = Literal["settles", "back and forth", "runs away", "stands still"]
Sign = Literal["negative", "zero", "positive"]

QS = tuple(10.0**-k for k in range(18))


@dataclass(frozen=True)
class Measured:
    """The slope at one q, and how far it is from the derivative."""

    q: float
    slope: float
    error: float


@dataclass(frozen=True)
class Shrinking:
    """The slopes for shrinking q, beside the derivative that the tape gives."""

    x: float
    derivative: float
    slopes: list[Measured]

    @property
    def best(self) -> Measured:
        """The slope nearest to the derivative."""
        return min(self.slopes, key=lambda measured: measured.error)


def shrink(d: Function, x: float, qs: Sequence[float] = QS) -> Shrinking:
    """Measure the slope of `d` at x for smaller and smaller q.

    The error falls with q, for the curve bends less over a shorter step; then it rises again, for
    d(x + q) and d(x) agree in ever more digits and their difference keeps ever fewer. At last
    x + q is x, and the slope is 0: it looks like the bottom of a valley, and is none.

    >>> import numpy as np
    >>> shrink(np.exp, 1.0).best.q
    1e-08

    Source: the post: "what if we made q really really small?".
    """
    derivative = float(grad(d)(x))
    slopes = [float(slope(d, x, q)) for q in qs]
    return Shrinking(x, derivative, [Measured(q, s, abs(s - derivative)) for q, s in zip(qs, slopes, strict=True)])


@dataclass(frozen=True)
class Signed:
    """A slope, its sign by the post's rule, and its sign."""

    slope: float
    posts: Sign
    sign: Sign


def sign(d: Function, x: float, q: float) -> Signed:
    """The sign of a slope: by the post's rule negative if d(x + q) is less than d(x), and otherwise positive.

    Where both are equal, it is neither:

    >>> sign(lambda x: x**2 + 1, -0.5, 1.0)
    Signed(slope=0.0, posts='positive', sign='zero')

    Source: the post, "Hot and cold".
    """
    found = float(slope(d, x, q))
    return Signed(
        found,
        posts="negative" if d(x + q) < d(x) else "positive",
        sign="negative" if found < 0 else "positive" if found > 0 else "zero",
    )


@dataclass(frozen=True)
class Walk:
    """The places visited."""

    places: list[float]

    @property
    def outcome(self) -> Outcome:
        """How the walk goes on: whether its last step is shorter than its first, as long, or longer."""
        first, last = (abs(self.places[i + 1] - self.places[i]) for i in (0, -2))
        if first == last == 0:
            return "stands still"
        return "settles" if last < first else "runs away" if last > first else "back and forth"


def walk(d: Function, start: float, q: float = 2.0**-10, alpha: float = 1.0, moves: int = 50) -> Walk:
    """Walk by the rule x = x - alpha · slope(d, x, q).

    With alpha = 1 this is the post's rule. On its own example, x² + 1, the slope is 2x + q, so that x
    goes to -x - q and from there back to x, for ever. With another alpha the distance to -q/2 is
    multiplied by 1 - 2·alpha at each step: x settles there if and only if 0 < alpha < 1. Where q is a
    power of 2 and x has few digits, the walk is exact.

    >>> walk(lambda x: x**2 + 1, -2.0, moves=3).places
    [-2.0, 1.9990234375, -2.0, 1.9990234375]
    >>> walk(lambda x: x**2 + 1, -2.0, alpha=0.5, moves=3).places
    [-2.0, -0.00048828125, -0.00048828125, -0.00048828125]

    Source: the post, "Hot and cold", the second game.
    """
    places = [start]
    for _ in range(moves):
        places.append(places[-1] - alpha * slope(d, places[-1], q))
    return Walk(places)


def outcomes(bend: float, alphas: Sequence[float]) -> dict[float, Outcome]:
    """How walks by several step sizes go on, on a parabola that bends by `bend`: bend·x²/2, whose slope is bend·x.

    A step multiplies x by 1 - alpha·bend. It settles if and only if that is between -1 and 1: alpha < 2 / bend.

    >>> outcomes(4.0, [0.4, 0.5, 0.6])
    {0.4: 'settles', 0.5: 'back and forth', 0.6: 'runs away'}
    """
    exact = 2.0**-20  # with a start of 1 and few digits, slopes over this q round nothing away
    return {
        alpha: walk(lambda x: bend * (x + exact / 2) * (x - exact / 2) / 2, 1.0, -exact, alpha, moves=8).outcome
        for alpha in alphas
    }
