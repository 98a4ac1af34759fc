"""Terms that a gradient lacks, known by what its error looks like.

g  cotangent
z  the entry; its output
x  what the gradient is of
e  the evidence: what is claimed, and the measured slopes, which may be off by their bounds
c  a factor
"""

import itertools
import math
from collections.abc import Iterator, Sequence

import numpy as np

from tinygrad_edu.check.evidence import Evidence
from tinygrad_edu.check.measure import Array, Shape
from tinygrad_edu.functions import softmax

_SPARE = 2  # along an axis there must be so many more numbers than a guess has free ones


def _terms(e: Evidence) -> Iterator[tuple[str, Array]]:
    """The terms that rules are often made of, next to the cotangent."""
    named = [("z", e.output), *zip("xyuv", map(np.asarray, e.inputs), strict=False)]
    parts = [(name, x) for name, x in named if x.dtype.kind == "f" and x.shape in ((), e.claimed.shape)]
    yield from parts
    for (left, x), (right, y) in itertools.product(parts, parts):
        yield f"{left}·{right}", x * y
        yield f"{left}/{right}", x / y
    yield from ((f"1/{name}", 1 / x) for name, x in parts)


def _multiple(e: Evidence, what: Array, of: Array) -> float:
    """The factor c with what = c · of; 0 if there is none."""
    square = float(np.sum(of * of))
    c = float(np.sum(what * of)) / square if square else 0.0
    return c if np.shape(of) == np.shape(what) and math.isfinite(c) and e.is_close(what, c * of) else 0.0


def _number(c: float, name: str) -> str:
    """Format c times `name`."""
    near = float(round(c)) if abs(c - round(c)) < 1e-6 else c
    return {1.0: name, -1.0: f"-{name}"}.get(near, f"{near:.4g}·{name}")


def term(e: Evidence) -> str | None:
    """Guess a term that is missing, or a factor."""
    if np.shape(e.g) != e.claimed.shape or e.claimed.size < 3:
        return None
    with np.errstate(all="ignore"):
        for name, part in [("1", np.ones(e.g.shape)), *_terms(e)]:
            c = _multiple(e, e.measured - e.claimed, e.g * part)
            if c:
                return f"lacks the term {_number(c, 'g' if name == '1' else f'g·{name}')}"
            c = _multiple(e, e.measured, e.claimed * part)
            if c:
                return f"lacks the factor {_number(c, name)}"
    return None


def along_axis(e: Evidence) -> str | None:
    """Guess that what is missing came through a mean, a variance, a norm or the sum in a softmax over an axis.

    A mean passes on the same to all that it is of, a variance multiples of x - mean(x), a norm multiples of x, and
    a softmax lacks multiples of itself if its sum was taken for a constant.

    Source: Ioffe and Szegedy, "Batch Normalization", 2015, the gradients in section 3.
    """
    x = np.asarray(e.inputs[e.place])
    if not e.whole or x.shape != e.claimed.shape or x.dtype.kind != "f":
        return None
    fewest_first = sorted(_slices(x.shape), key=lambda cut: -math.prod(cut[0][axis] for axis in cut[1]))
    for shape, over, name in fewest_first:
        said = _through(x.reshape(shape), (e.measured - e.claimed).reshape(shape), over, name, e)
        if said:
            return said
    return None


def _slices(shape: Shape) -> Iterator[tuple[Shape, tuple[int, ...], str]]:
    """How an array may be cut: along some of its axes, and in groups of neighbours along one of them.

    Source: Wu and He, "Group Normalization", 2018, for the groups.
    """

    def axes(chosen: tuple[int, ...]) -> str:
        return f"{'axis' if len(chosen) == 1 else 'axes'} {', '.join(map(str, chosen))}"

    def subsets(chosen: Sequence[int]) -> Iterator[tuple[int, ...]]:
        return itertools.chain.from_iterable(itertools.combinations(chosen, n) for n in range(len(chosen) + 1))

    yield from ((shape, over, axes(over)) for over in subsets(range(len(shape))) if over)
    for axis, n in enumerate(shape):
        for size in (d for d in range(n // 2, 1, -1) if n % d == 0):
            split = (*shape[:axis], n // size, size, *shape[axis + 1 :])
            for others in subsets([i for i in range(len(shape)) if i != axis]):
                over = (axis + 1, *(i + (i > axis) for i in others))
                yield split, over, f"groups of {size} along axis {axis}" + (f" and {axes(others)}" if others else "")


def _through(x: Array, missing: Array, over: tuple[int, ...], name: str, e: Evidence) -> str | None:
    """Guess what is missing in slices over some axes, which `name` tells."""
    count = math.prod(x.shape[axis] for axis in over)
    constant = np.broadcast_to(np.mean(missing, over, keepdims=True), x.shape)

    def close(guess: Array) -> bool:
        return e.is_close(guess.reshape(e.claimed.shape), missing.reshape(e.claimed.shape))

    if count >= 1 + _SPARE and close(constant):
        return f"lacks a term that is the same all along {name}, as that through a mean over {name} is"
    spread = _projected(missing, x - np.mean(x, over, keepdims=True), over)
    shapes = (
        (spread, f"x - mean(x) over {name}", "the variance"),
        (_projected(missing, x, over), f"x along {name}", "a norm"),
        (_projected(missing, softmax(x, axis=over), over), f"softmax(x) along {name}", "the sum in a softmax"),
    )
    for guess, of, through in shapes if count >= 1 + _SPARE else ():
        if close(guess):
            return f"lacks a term in proportion to {of}, as that through {through} over {name} is"
    if count >= 2 + _SPARE and close(constant + spread):
        return f"lacks a constant and a multiple of x - mean(x) along {name}: the terms through mean and variance"
    return None


def _projected(what: Array, of: Array, over: tuple[int, ...]) -> Array:
    """The multiple of `of` that is nearest to `what`, a factor for each slice over some axes."""
    square = np.sum(of * of, over, keepdims=True)
    multiple: Array = of * np.sum(what * of, over, keepdims=True) / np.where(square == 0, 1.0, square)
    return multiple


def of_leaves(e: Evidence) -> str | None:
    """Guess that a multiple of an argument is missing, as that of a squared norm is, or too much."""
    if e.claimed.size < 1 + _SPARE:
        return None
    missing = e.measured - e.claimed
    for name, x in zip(e.names, e.inputs, strict=True):
        c = _multiple(e, missing, x)
        if c:
            return f"lacks the term {_number(c, name)}"
    return None
