"""Where a function jumps: it has no slope there, however its gradient and measured slopes may agree.

f, args  the function and its arguments, numbers and arrays
z        outputs of f, all in one row
h        how far one goes from where the arguments are, as a share of the number moved
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from tinygrad_edu import tree
from tinygrad_edu.core.tape import payload
from tinygrad_edu.core.value import no_grad
from tinygrad_edu.slope import Array

NEAR, NEARER = 2.0**-36, 2.0**-46
_AWAY = 2.0**-20  # so far away, a function that is rounded in steps has such steps, too
_STILL = 0.9  # what changes smoothly changes by a thousandth on a thousandth of the way; even a root does by 1/32
_MORE = 64  # a jump is so many times as high as steps elsewhere
_ROUNDINGS = 64


class Jump(NamedTuple):
    """Which number of which argument, and an output beside, at and beyond it."""

    argument: int
    place: tuple[int, ...]
    below: float
    here: float
    above: float


@np.errstate(all="ignore")
def jumps(f: Callable[..., Array], args: Sequence[Array]) -> list[Jump]:
    """The jumps of a function where its arguments are, at most one for each number in them.

    >>> jumps(lambda x, y: y * np.floor(x), [np.array([0.5, 2.0]), np.float64(3.0)])
    [Jump(argument=0, place=(1,), below=3.0, here=6.0, above=6.0)]
    """

    def outputs(k: int, i: tuple[int, ...], by: float) -> Array:
        moved = [np.array(x, np.result_type(x, np.float64)) for x in args]
        moved[k][i] += by * (abs(moved[k][i]) or 1.0)
        with no_grad():
            return np.concatenate([np.ravel(payload(z)) for z in tree.leaves(f(*(x[()] for x in moved)))])

    return list(_found(args, outputs))


def _found(args: Sequence[Array], outputs: Callable[[int, tuple[int, ...], float], Array]) -> Iterator[Jump]:
    for k, x in enumerate(args):
        for i in np.ndindex(np.shape(x)):
            here, sides, high = outputs(k, i, 0.0), {}, np.zeros(())
            for side in (-1, 1):
                sides[side] = outputs(k, i, side * NEARER)
                nearer, near = abs(sides[side] - here), abs(outputs(k, i, side * NEAR) - here)
                still = (nearer > _STILL * near) & (nearer > _ROUNDINGS * np.finfo(float).eps * abs(here))
                high = np.maximum(high, np.where(still & np.isfinite(near), nearer, 0.0))
            if np.any(high):
                away = (side * scale * _AWAY for side in (-1, 1) for scale in (1, 3))
                steps = (abs(outputs(k, i, t + NEARER) - outputs(k, i, t)) for t in away)
                high = np.where(high > _MORE * np.nan_to_num(sum(steps)), high, 0.0)
            if np.any(high):
                at = int(np.argmax(high))
                yield Jump(k, i, float(sides[-1][at]), float(here[at]), float(sides[1][at]))
