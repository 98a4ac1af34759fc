"""A second look where gradient and slope differ: how much both round, every result on the tape rounded once more.

Moving only what goes in does not show what is lost inside: of one number, the weighted mean is that number, whatever
its weight, and parts that cancel leave the last digits of numbers that went in nowhere.

f, arrays  a function, and where its slope is taken
w          cotangent
q          a step along the line on which the slope is measured

Source: Parker, "Monte Carlo arithmetic", 1997; for the term of underflow, Higham, "Accuracy and stability of numerical
algorithms", 2002, section 2.2: fl(x op y) = (x op y)(1 + δ) + η.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_edu import tree
from tinygrad_edu.check.measure import Array, Number, Tree
from tinygrad_edu.check.roundings import COARSE, Roundings, rounded
from tinygrad_edu.core.tape import payload
from tinygrad_edu.core.value import Value
from tinygrad_edu.transforms import vjp

_SAMPLES = 2  # so many times everything is rounded once more

Arrays = tuple[Array, ...]
Function = Callable[..., Tree]


def moved_by_roundings(f: Function, arrays: Arrays, w: Tree) -> Arrays:
    """How far a gradient moves in all when each result of the tape, and of the sweep, is rounded as in its precision.

    The numbers are double precision; roundings are those of the coarsest numbers among `arrays` and `w`.
    """
    kinds = [np.finfo(np.result_type(x)) for x in tree.leaves((arrays, w))]
    step, least = (max((float(getattr(kind, name)) for kind in kinds), default=0.0) for name in ("eps", "tiny"))

    def pulled(roundings: Roundings) -> list[Array]:
        def value(x: Array) -> Value:
            return Value(roundings.moved(np.asarray(x, np.float64)))

        gradients = vjp(f, *map(value, arrays))[1](tree.map(value, w))
        return [payload(g) for g in gradients]

    return tuple(_moved(pulled, step, least * step))


def noise_along(f: Function, place: Callable[[Number], Arrays], w: Tree, step: float) -> Callable[[Number], Number]:
    """How much the weighted sum of the outputs of `f` rounds at a distance of q, to both sides of ``place(0)``."""

    def noise(q: Number) -> Number:
        return max(_noise_at(t) for t in (q, -q))

    def _noise_at(t: Number) -> Number:
        def phi(roundings: Roundings) -> list[Array]:
            outputs = tree.leaves(f(*(Value(roundings.moved(x)) for x in place(t))))
            return [sum(np.sum(payload(z) * u) for z, u in zip(outputs, tree.leaves(w), strict=True))]

        return _moved(phi, step, 0.0)[0]

    return noise


def _moved(compute: Callable[[Roundings], Any], step: float, least: float) -> list[Array]:
    """How far roundings move what `compute` gives, the samples added up."""
    here = rounded(compute, 0.0, 0)
    samples = [rounded(compute, step, seed, least) for seed in range(_SAMPLES)]
    apart = [[abs(a - b) / COARSE for a, b in zip(sample, here, strict=True)] for sample in samples]
    return [sum(np.where(np.isfinite(each), each, 0.0) for each in column) for column in zip(*apart, strict=True)]
