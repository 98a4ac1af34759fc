"""What is wrong with a rule, in words: hypotheses, each tested on the numbers.

g  cotangent
z  the entry; its output
e  the evidence: what the rule claims, and the measured slopes, which may be off by their bounds
"""

import itertools
from typing import Any

import numpy as np

from tinygrad_edu.check.evidence import Evidence
from tinygrad_edu.check.measure import Array, Leaves, Shape, Weighed
from tinygrad_edu.check.terms import along_axis, of_leaves, term
from tinygrad_edu.core.rules import table
from tinygrad_edu.core.tape import payload
from tinygrad_edu.core.unbroadcast import unbroadcast

Others = list[tuple[str, Evidence]]  # with the names of what they are of
_FLOAT32 = 2.0**-20  # so near is what was computed in float32


def describe(e: Evidence, others: Others) -> str:
    """Return in words how a rule is wrong."""
    own = (_nothing, _factor, _moved, _cotangent, _one_slice, _single, _repeated, _transposed, term, along_axis)
    for said in itertools.chain([_swapped(e, others)], (guess(e) for guess in own)):
        if said:
            return said
    places = np.argwhere(e.wrong)
    if not len(places):
        return "is wrong along a direction through all elements, by too little in each to be seen there"
    worst = tuple(places[np.argmax(abs(e.claimed - e.measured)[e.wrong])])
    numbers = " where the slope is ".join(_apart(e.claimed[worst], e.measured[worst]))
    if _near_float32(e):
        numbers += ", which is as precise as float32"
    if len(places) == e.claimed.size:
        return f"is wrong: {numbers}"
    named = ", ".join(str(place.tolist()) for place in places[:4]) + (", …" if len(places) > 4 else "")
    return f"is wrong in {len(places)} of {e.claimed.size} elements{_which(e)}, at {named}: {numbers}"


def describe_claim(e: Evidence, others: Others) -> str | None:
    """Return in words how a gradient of a whole function is wrong, or None if no guess explains it."""
    own = (_nothing, _factor, _moved, of_leaves, along_axis) if e.whole else (_nothing, _factor)
    said = itertools.chain([_swapped(e, others)], (guess(e) for guess in own))
    return next(filter(None, said), "is as precise as float32" if _near_float32(e) else None)


def shared(found: list[tuple[str, str]]) -> list[str]:
    """Names with what is wrong with each, as sentences; what several have in common is said once.

    >>> shared([("w", "has the wrong sign"), ("x", "is 0"), ("b", "has the wrong sign")])
    ['w has the wrong sign, and so it is with b', 'x is 0']
    """
    alike: dict[str, list[str]] = {}
    for name, said in found:
        alike.setdefault(said, []).append(name)
    return [
        f"{first} {said}" + (f", and so it is with {', '.join(others)}" if others else "")
        for said, (first, *others) in alike.items()
    ]


def _apart(a: float, b: float) -> tuple[str, str]:
    """Two numbers with as many digits as show that they differ, and one more."""
    digits = next((n for n in range(6, 17) if f"{a:.{n}g}" != f"{b:.{n}g}"), 16)
    more = digits + (digits > 6)
    return f"{a:.{more}g}", f"{b:.{more}g}"


def _near_float32(e: Evidence) -> bool:
    """Whether all is as near to the slopes as float32 is."""
    return bool(np.all(abs(e.claimed - e.measured) <= _FLOAT32 * abs(e.measured)))


def _nothing(e: Evidence) -> str | None:
    """Guess that the rule gives zeros."""
    return "gives nothing: it is 0 where the slope is not" if not np.any(e.claimed) else None


def _factor(e: Evidence) -> str | None:
    """Guess a constant factor."""
    square = float(np.sum(e.measured * e.measured))
    c = float(np.sum(e.claimed * e.measured)) / square if square else 0.0
    if not c or not e.is_close(e.claimed, c * e.measured, c):
        return None
    if abs(c + 1) < 1e-6:
        return "has the wrong sign"
    arrays = e.claimed, e.g, *(x for x in e.inputs if isinstance(x, np.ndarray))
    sizes = {int(n) for x in arrays for n in (np.size(x), *np.shape(x)) if n > 1}
    named = [(float(n), f"{n}") for n in sorted({2, *sizes})] + [(1 / n, f"1/{n}") for n in sorted({2, *sizes})]
    nearest = next((text for value, text in named if abs(c / value - 1) < 1e-6), None)
    if nearest is None and np.size(e.claimed) < 3:
        return None
    return f"is off by the factor {nearest or _written(c)}"


def _written(c: float) -> str:
    """A factor as text, also if it is nearly 1."""
    if abs(c - 1) >= 1e-3:
        return f"{c:.7g}"
    return f"1 {'+' if c > 1 else '-'} {abs(c - 1):.2g}"


def _swapped(e: Evidence, others: Others) -> str | None:
    """Guess that the rule belongs to another input."""
    for name, other in others:
        if e.is_close(e.claimed, other.measured):
            return f"gives what belongs to {name}: the two are swapped"
    return None


def _moved(e: Evidence) -> str | None:
    """Guess that the numbers are right and in the wrong places."""
    if e.measured.ndim >= 2 and e.is_close(e.claimed, e.measured.swapaxes(-1, -2)):
        return "gives the transpose"
    for axis in range(e.measured.ndim):
        if e.is_close(e.claimed, np.flip(e.measured, axis)):
            return f"goes along axis {axis} the wrong way round"
        if any(e.is_close(e.claimed, np.roll(e.measured, n, axis)) for n in range(1, e.measured.shape[axis])):
            return f"is shifted along axis {axis}"
    if e.measured.ndim and np.ptp(e.measured) and e.is_close(np.sort(e.claimed, None), np.sort(e.measured, None)):
        return "gives the right numbers in the wrong places: look at its axes"
    return None


def _cotangent(e: Evidence) -> str | None:
    """Guess that the cotangent was passed on as it is."""
    return "passes the cotangent on as it is" if e.is_close(e.claimed, e.g) else None


def _one_slice(e: Evidence) -> str | None:
    """Guess that one slice was taken where a stretched axis must be added up."""
    x, wanted = np.asarray(e.inputs[e.place]), np.shape(e.g)
    axes = [-i for i, n in enumerate(reversed(wanted), 1) if i > x.ndim or (x.shape[-i] == 1 != n)]
    if not axes or x.shape != e.claimed.shape:
        return None
    try:
        weighed = Weighed(lambda leaves: _run(e, leaves[0]), [np.array(np.broadcast_to(x, wanted))], [e.g])
    except Exception:  # the function does not stretch this input
        return None
    for pick in (0, -1):
        index = tuple(pick if -i in axes else slice(None) for i in range(len(wanted), 0, -1))
        slopes = np.zeros(wanted)
        for i in np.argwhere(_chosen(wanted, index)):
            direction = np.zeros(wanted)
            direction[tuple(i)] = 1.0
            slopes[tuple(i)] = weighed.measure(0, direction).slope
        if e.is_close(e.claimed, np.reshape(slopes[index], e.claimed.shape)):
            return "takes one slice where the broadcast axis must be summed over"
    return None


def _run(e: Evidence, x: Array) -> Array:
    """Run the operation with another input in place of the one whose rule is wrong."""
    return e.z.function(*e.inputs[: e.place], x, *e.inputs[e.place + 1 :], **(e.z.keywords or {}))


def _chosen(shape: Shape, index: Any) -> Array:
    """True at the elements that `index` picks from an array of this shape."""
    chosen = np.zeros(shape, bool)
    chosen[index] = True
    return chosen


def _single(e: Evidence) -> str | None:
    """Guess that the rule computes in single precision."""
    single = np.array_equal(e.claimed, e.claimed.astype(np.float32)) and not np.array_equal(e.g, e.g.astype(np.float32))
    near = np.all(abs(e.claimed - e.measured) <= _FLOAT32 * np.max(abs(e.measured), initial=0.0))
    return "rounds to float32" if near and single else None


def _repeated(e: Evidence) -> str | None:
    """Guess that the shares of an element used several times overwrote each other, instead of adding up."""
    indices = [np.asarray(x) for i, x in enumerate(e.inputs) if i != e.place and np.asarray(x).dtype.kind in "iu"]
    off = e.wrong
    for index in indices:
        values, counts = np.unique(index, return_counts=True)
        repeated = set(values[counts > 1].tolist())
        if repeated and e.claimed.ndim and set(np.nonzero(off)[0].tolist()) <= repeated:
            return "puts the shares of a repeated index down, where they must be added up"
    return None


def _transposed(e: Evidence) -> str | None:
    """Guess that the rule would be right with one operand transposed, or the cotangent flipped."""

    def tried(g: Array, inputs: Leaves) -> Array:
        try:
            share = table[e.z.function].rules[e.place](g, e.output, *inputs, **(e.z.keywords or {}))
            return unbroadcast(share, e.measured, e.z.function)
        except Exception:  # no better than what it is held against
            return np.nan

    if np.shape(e.g) != np.shape(payload(e.z)):
        return None
    for i, x in enumerate(e.inputs):
        matrix = isinstance(x, np.ndarray) and x.ndim > 1
        if matrix and e.is_close(tried(e.g, [*e.inputs[:i], x.swapaxes(-1, -2), *e.inputs[i + 1 :]]), e.measured):
            return f"would be right with input {i} transposed"
    for axis in range(np.ndim(e.g)):
        share = tried(np.flip(e.g, axis), e.inputs)
        if np.ndim(share) > axis and e.is_close(np.flip(share, axis), e.measured):
            return f"goes along axis {axis} the wrong way round"
    return None


def _which(e: Evidence) -> str:
    """What the elements have in common in which a rule is wrong."""
    x = np.asarray(e.inputs[e.place])
    for what, holds in (("x is 0", x == 0), ("x is below 0", x < 0), ("x is above 0", x > 0)):
        if np.array_equal(holds, e.wrong):
            return f", those where {what}"
    return ""
