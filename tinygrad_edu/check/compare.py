"""Analytic gradients against measured slopes: of a whole function, or of one operation on a tape.

f         the function; it takes a list of arrays here, the leaves of its arguments
gradient  its claimed gradient: from leaves and weights of the outputs to an array for each leaf
a         analytic derivative
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from tinygrad_edu.check.measure import EPS, SAFETY, Array, Leaves, Measured, Shape, Weighed, largest, signs
from tinygrad_edu.check.report import Argument, Compared, Kind
from tinygrad_edu.check.roundings import COARSE, Roundings, rounded
from tinygrad_edu.slope import slope

Gradient = Callable[[Leaves, Leaves], Leaves]

SMALL = 1_000  # a function of so few numbers is looked at in all of them
_EFFORT = 500_000  # of larger ones, so many divided by their number are looked at in each array,
_LEAST = 8  # and at least so many
_BLIND = 1e-3  # with an error of so much of its values, of a function that cancels nothing is seen
_GOLDEN = 0.618  # a period that fits into the steps of one length does not fit into those of the other
_LOOKS = 3  # so often one looks closely in vain
ROUNDINGS = 16  # so many roundings may add up in a gradient
_PERTURBATIONS = 2


def rounding(
    gradient: Gradient, leaves: Leaves, weights: Leaves, step: float = EPS, recorded: Gradient | None = None
) -> tuple[Leaves, Leaves]:
    """Return a gradient, and how far roundings of relative size `step` move it.

    `recorded` computes the same on Values, so that each of its results can be rounded; without it, and where a rule
    takes no Values, only what goes in is.
    """

    def moved(seed: int) -> Leaves:
        def compute(roundings: Roundings, gradient: Gradient) -> Leaves:
            return gradient([roundings.moved(x) for x in leaves], [roundings.moved(w) for w in weights])

        if recorded is not None:
            try:
                result: Leaves = rounded(lambda roundings: compute(roundings, recorded), step, seed)
                return result
            except Exception:  # whatever a rule does with Values that it was not written for
                pass
        return compute(Roundings(step, seed), gradient)

    here = gradient(leaves, weights)
    shifts: Leaves = [0.0] * len(here)
    with np.errstate(all="ignore"):
        for seed in range(_PERTURBATIONS):
            apart = [abs(other - g) / COARSE for other, g in zip(moved(seed), here, strict=True)]
            shifts = [shift + np.where(np.isfinite(a), a, 0.0) for shift, a in zip(shifts, apart, strict=True)]
        return here, [
            ROUNDINGS * (step * np.where(np.isfinite(g), abs(g), 0.0) + shift)
            for g, shift in zip(here, shifts, strict=True)
        ]


def alike(again: Leaves, gradient: Leaves, rounds: Leaves) -> bool:
    """Whether a gradient computed again is the same but for roundings, or not a number again."""
    pairs = zip(again, gradient, rounds, strict=True)
    return all(np.all((g == a) | (abs(g - a) <= r) | (np.isnan(g) & np.isnan(a))) for g, a, r in pairs)


def judge(place: str, a: float, measured: Measured, rounds: float, unit: float) -> Compared:
    """Compare two derivatives; `rounds` is how far `a` may be rounded, `unit` the size of those around it."""
    numeric, error, jump = measured.slope, measured.error, measured.jump
    bound = SAFETY * error + rounds

    def compared(kind: Kind, bound: float = bound) -> Compared:
        return Compared(place, a, numeric, error, bound, kind, jump)

    if math.isnan(a):
        return compared("wrong")
    if not math.isfinite(bound) or not math.isfinite(numeric):
        return compared("precision-limited" if math.isfinite(numeric) or not math.isfinite(a) else "wrong", math.inf)
    if jump:
        room = SAFETY * error + ROUNDINGS * EPS * abs(a)
        return compared("kink" if abs(a - numeric) <= abs(jump) / 2 + room else "wrong", room)
    if not abs(a - numeric) <= bound:  # a NaN is not
        return compared("wrong")
    unseen = bound > 1e-3 * max(abs(a), abs(numeric)) and bound > 1e-6 * unit > 0
    return compared("precision-limited" if unseen else "agrees")


def sample(a: Array, count: int) -> list[Shape]:
    """The indices of `count` elements: the steepest, and as many at random."""
    flat = np.asarray(abs(a)).ravel()
    if count >= flat.size:
        return [tuple(map(int, i)) for i in np.ndindex(np.shape(a))]
    steep = np.argpartition(-np.nan_to_num(flat, nan=np.inf), count // 2)[: count // 2]
    others = np.random.default_rng(0).permutation(flat.size)
    chosen = list(dict.fromkeys([*steep.tolist(), *others[:count].tolist()]))[:count]
    return [tuple(map(int, np.unravel_index(i, np.shape(a)))) for i in chosen]


@dataclass(frozen=True)
class Probe:
    """A derivative to measure, along `direction` per `scale`; its analytic value, and how far that may round."""

    place: str
    direction: Array
    scale: float
    analytic: float
    rounds: float
    index: Shape | None = None  # of the element, if it is one
    short: float = 0.1  # so much of the direction is short compared with the element


class Comparison:
    """A claimed gradient against the slope, leaf by leaf, in at most `count` elements of each."""

    def __init__(self, weighed: Weighed, analytic: Leaves, rounds: Leaves, count: int | None) -> None:
        self.weighed, self.analytic, self.rounds = weighed, analytic, rounds
        self.unit = largest(x[np.isfinite(x)] for x in map(np.asarray, analytic))
        total = sum(np.size(x) for x in analytic)
        self.looks = _LOOKS
        self.count = count or (total if total <= SMALL else max(_LEAST, _EFFORT // total))

    def element(self, k: int, i: Shape) -> Probe:
        """The probe of one element of the k-th array, in longer steps where it is large."""
        x = self.weighed.leaves[k]
        direction = np.zeros(x.shape, np.result_type(x, np.float64))
        direction[i] = scale = max(1.0, float(abs(x[i])))
        place = f"[{', '.join(map(str, i))}]" if i else ""
        short = min(0.1, float(abs(x[i])) or 0.1)
        return Probe(place, direction, scale, float(self.analytic[k][i]), float(self.rounds[k][i]), i, short)

    def through_all(self, k: int) -> Iterator[Probe]:
        """The probes along directions of length 1 through all elements: the gradient, and a random one."""
        a = self.analytic[k]
        random = signs(np.shape(a), 11)
        for name, v in (("along its gradient", a), ("in a random direction", random)):
            probe = self._along(k, name, v)
            if probe:
                yield probe

    def _along(self, k: int, place: str, v: Array) -> Probe | None:
        """The probe along a direction, made as long as 1; None if it has no length."""
        with np.errstate(all="ignore"):
            length = float(np.sqrt(np.sum(np.square(v))))
            if not 0 < length < math.inf:
                return None
            a, rounds = self.analytic[k], self.rounds[k]
            return Probe(place, v / length, 1.0, float(np.sum(a * v)) / length, float(np.sum(rounds * abs(v))) / length)

    def probes(self, k: int) -> Iterator[Probe]:
        """The probes of the k-th array: its elements, or some of them and two directions through all."""
        a = self.analytic[k]
        for i in sample(a, self.count):
            yield self.element(k, i)
        if self.count < np.size(a):
            yield from self.through_all(k)

    def findings(self, k: int) -> list[tuple[Compared, Probe]]:
        """All probes of the k-th array, compared; if only a direction is wrong, an element of it that is, too."""
        found = [(self.compare(k, probe), probe) for probe in self.probes(k)]
        wrong = [probe for compared, probe in found if compared.kind == "wrong"]
        if wrong and all(probe.index is None for probe in wrong):
            element = self._locate(k, wrong[0].direction)
            found.append((self.compare(k, element), element))
        return found

    def _locate(self, k: int, v: Array) -> Probe:
        """An element that is wrong where a direction is, found by halving the direction."""
        suspects = np.flatnonzero(v)
        while suspects.size > 1:
            half = suspects[: suspects.size // 2]
            part = np.zeros(np.shape(v))
            part.flat[half] = np.asarray(v).flat[half]
            probe = self._along(k, "", part)
            wrong = probe is not None and self.compare(k, probe).kind == "wrong"
            suspects = half if wrong else suspects[suspects.size // 2 :]
        return self.element(k, tuple(map(int, np.unravel_index(suspects[0], np.shape(v)))))

    def compare(self, k: int, probe: Probe) -> Compared:
        """Compare one derivative; what seems wrong is measured again: with all roundings, then in other steps."""
        compared, m = self._attempt(k, probe, 1.0)
        if compared.kind != "agrees" and self.weighed.count_roundings():
            compared, m = self._attempt(k, probe, 1.0)
        cancels = self.weighed.cancels
        for stretch, closely in [(_GOLDEN, False), (probe.short, False)] + [(1.0, True)] * cancels:
            blind = cancels and m.error > _BLIND * self.weighed.size  # the noise elsewhere may be less
            if compared.kind == "agrees" or (compared.kind != "wrong" and not (blind and self.looks)):
                break
            compared, m = self._attempt(k, probe, stretch, closely)
        else:  # what costs much and did not help is not done for every element
            self.looks -= bool(self.looks and m.error > _BLIND * self.weighed.size)
        unsure = m.error > max(1e-3 * abs(m.slope), math.sqrt(self.weighed.step) * self.weighed.size)
        if math.isnan(compared.analytic) or not (unsure or compared.kind == "wrong"):
            return compared
        if compared.kind == "wrong" and self.weighed.contradicts(k, stretch * probe.direction, m):
            return replace(compared, error=math.inf, bound=math.inf, kind="precision-limited")
        limits = self.weighed.endless(k, probe.direction)
        if limits is None:
            return compared
        low, high = (limit / probe.scale for limit in limits)
        endless = math.inf if math.isinf(high) else -math.inf
        kind: Kind = "precision-limited" if low <= compared.analytic <= high else "wrong"
        return Compared(probe.place, compared.analytic, endless, math.inf, math.inf, kind)

    def _attempt(self, k: int, probe: Probe, stretch: float, closely: bool = False) -> tuple[Compared, Measured]:
        """Measure along the direction of a probe, stretched, and compare."""
        m, per = self.weighed.measure(k, stretch * probe.direction, closely), stretch * probe.scale
        unit = self.unit if probe.analytic else max(self.unit, self.weighed.size)  # 0 may be meant
        measured = Measured(m.slope / per, m.error / per, m.jump / per)
        return judge(probe.place, probe.analytic, measured, probe.rounds, unit), m

    def argument(self, k: int, name: str, dtype: str) -> Argument:
        """The finding for the k-th array, which must not be empty."""
        pairs = self.findings(k)
        worst, probe = max(pairs, key=lambda pair: pair[0].rank)
        q, size = EPS**0.5, np.size(self.analytic[k])
        post = float(slope(self.weighed.along(k, probe.direction), 0.0, q)) / probe.scale
        looked_at = sum(probe.index is not None for _, probe in pairs)
        directions = len(pairs) - looked_at
        a = np.array(self.analytic[k])
        numeric, error, bound = (np.full(a.shape, np.nan) for _ in range(3))
        wrong, seen = np.zeros(a.shape, bool), np.zeros(a.shape, bool)
        for compared, each in pairs:
            if each.index is not None:
                numeric[each.index], error[each.index] = compared.slope, compared.error
                bound[each.index] = compared.bound
                wrong[each.index], seen[each.index] = compared.kind == "wrong", True
        found = (name, a.shape, dtype, looked_at, size, directions, worst, post, q * probe.scale)
        return Argument(*found, a, numeric, error, bound, wrong, seen)
