"""Measuring a slope along a line: how steep, how surely, and whether there is a kink.

f      the function; its outputs are weighed by w and added up to the one number phi
t      how far one goes along a direction; 0 is where the gradient is taken
q      a step in t
noise  how much phi rounds
"""

import functools
import itertools
import math
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygrad_edu import tree
from tinygrad_edu.check.roundings import COARSE, rounded
from tinygrad_edu.core.tape import payload
from tinygrad_edu.core.value import Value, no_grad
from tinygrad_edu.slope import richardson

Array = Any  # an array or number, NumPy's or one that speaks its protocols
Tree = Any  # numbers and arrays in nested containers
Number = Any  # one real number, of any NumPy dtype, or a complex one
Leaves = list[Array]
Shape = tuple[int, ...]
Line = Callable[[Number], Number]

EPS = float(np.finfo(np.float64).eps)
SAFETY = 4.0  # an estimate of an error is an estimate itself: it may be this many times too small
_NEAR = 256.0  # so many last digits apart, what a function does between points is rounding and little else,
_FARTHEST = 2.0**-10  # unless those digits are coarse themselves
_POINTS = 10
_SAMPLES = 2  # so many times everything is rounded once more
_CONDITION = 16.0  # where values round more than this many times their last digit, the function cancels
_IMAGINARY = 1e-100
_OTHER = 0.7  # of it, another step, with other roundings
_SIDES = 1e-9  # what differs more from step to step differs by more than roundings
_JUMPS = 2.0**4.75  # a chord over a jump grows by 2⁵ when its step is divided by that
_FINE = 2.0**-23  # a kink is still there in steps as small as this


@dataclass(frozen=True)
class Measured:
    """A slope with an estimate of its error, and how much steeper it is on the right than on the left."""

    slope: float
    error: float
    jump: float = 0.0


def signs(shape: Shape, seed: int) -> Array:
    """Draw numbers of 0.5 to 1, of either sign."""
    generator = np.random.default_rng(seed)
    return generator.choice([-1.0, 1.0], shape) * generator.uniform(0.5, 1.0, shape)


class Weighed:
    """A function of a list of arrays, its outputs weighed and added up to one number.

    The weights of several outputs are drawn at random, so that no two faults cancel; a single one is taken as it is.
    `step` is the distance from 1 to the next number in the coarsest precision that f computes in. Errors of
    floating point are ignored by whoever compares, once and not at every point.
    """

    def __init__(
        self, f: Callable[[Leaves], Tree], leaves: Leaves, weights: Leaves | None = None, step: float = EPS
    ) -> None:
        self.f, self.leaves = f, leaves
        outputs = self.outputs(leaves)
        single = len(outputs) == 1 and np.size(outputs[0]) == 1
        self.weights = weights or [
            np.ones_like(z) if single else signs(np.shape(z), seed).astype(np.result_type(z))[()]
            for seed, z in enumerate(outputs)
        ]
        self.step = step
        near = self._near(leaves)
        self.size = max(
            [sum(float(np.sum(abs(w * z))) for w, z in zip(self.weights, outputs, strict=True)), *abs(near)]
        )
        self.noise = max(_noise(near), step * self.size)
        self.counted = False  # whether `noise` holds what the tape shows, too
        self.takes_complex = all(x.dtype == np.float64 for x in leaves) and not self.cancels

    @property
    def cancels(self) -> bool:
        """Whether f rounds much more than its value shows."""
        return bool(self.noise > _CONDITION * self.step * self.size)

    def count_roundings(self) -> bool:
        """Add to the noise what parts that cancel leave behind; whether that makes a difference.

        It takes several runs on a tape, so it is asked for where something seems wrong. Less noise than there is
        makes measured slopes contradict each other or the gradient, and never agree with a wrong one.
        """
        if self.counted:
            return False
        self.counted, before = True, self.noise
        self.noise = max(before, self._rounding(self.leaves))
        self.takes_complex = self.takes_complex and not self.cancels
        return bool(self.noise > before)

    def outputs(self, leaves: Leaves) -> Leaves:
        """Run the function on plain numbers."""
        with no_grad():
            return [payload(z) for z in tree.leaves(self.f([x[()] for x in leaves]))]

    def __call__(self, leaves: Leaves) -> Number:
        """The weighed sum of the outputs."""
        return sum((np.sum(w * z) for w, z in zip(self.weights, self.outputs(leaves), strict=True)), 0.0)

    def along(self, k: int, direction: Array) -> Line:
        """Return phi as a function of t, on the line through the k-th array in `direction`."""

        def phi(t: Number) -> Number:
            return self(self._moved(k, t * direction))

        return phi

    def _moved(self, k: int, by: Array) -> Leaves:
        """The leaves, the k-th of them moved."""
        return [*self.leaves[:k], self.leaves[k] + by, *self.leaves[k + 1 :]]

    def _near(self, leaves: Leaves) -> Array:
        """Values of phi at points so near to each other that a smooth function hardly changes."""
        steps = [np.where(x == 0, 1.0, abs(x)) * signs(x.shape, 7 + i) for i, x in enumerate(leaves)]
        near = min(_NEAR * self.step, _FARTHEST)

        def along(toward: float) -> Array:
            shifts = [toward * t * near for t in range(_POINTS)]
            values = [self([x + t * step for x, step in zip(leaves, steps, strict=True)]) for t in shifts]
            return np.array(values, np.float64)

        values = along(1.0)
        if not np.all(np.isfinite(values)):  # at an edge there are values to one side
            other = along(-1.0)
            values = other if np.all(np.isfinite(other)) else values
        return np.nan_to_num(values, posinf=0.0, neginf=0.0)

    def _rounding(self, leaves: Leaves) -> float:
        """How much phi moves when all that the tape records is rounded once more; 0 if it cannot be recorded."""

        def phi(_: Any) -> float:
            outputs = tree.leaves(self.f([Value(x) for x in leaves]))
            return float(sum(np.sum(w * payload(z)) for w, z in zip(self.weights, outputs, strict=True)))

        try:
            here = rounded(phi, 0.0, 0)
            moved = [abs(rounded(phi, self.step, seed) - here) / COARSE for seed in range(_SAMPLES)]
        except Exception:  # the function takes no Values, or leaves the tape: what is near shows some of it
            return 0.0
        return float(sum(x for x in moved if math.isfinite(x)))

    def _noise_along(self, k: int, direction: Array) -> Callable[[Number], float]:
        """Return the noise of phi at a distance of q along a direction, to both sides."""

        def noise(q: Number) -> float:
            both = (self._moved(k, t * direction) for t in (q, -q))
            return max(max(_noise(self._near(leaves)), self._rounding(leaves)) for leaves in both)

        return noise

    def measure(self, k: int, direction: Array, closely: bool = False) -> Measured:
        """Measure the slope along a direction: by extrapolation, and sharper where f takes complex numbers.

        The noise of f where it is taken holds for all steps; `closely`, it is measured at each of them.
        """
        phi = functools.cache(self.along(k, direction))
        on = direction != 0
        ulp = EPS * min(1.0, float(np.max(abs(self.leaves[k][on] / direction[on]), initial=0.0)))
        moved = abs(float(phi(ulp) - phi(0.0)))  # by the rounding of x + q
        moved = moved if math.isfinite(moved) else 0.0
        level = max(self.noise, moved)
        at = self._noise_along(k, direction) if closely else None

        def noise(q: Number) -> float:
            return level if at is None else max(at(q), moved)

        slope, error = richardson(phi, np.float64(0.0), self.step, noise=noise)
        jump, doubt = self._jump(phi)
        known = error <= 1e-6 * max(abs(slope), self.size)  # else it could not contradict a complex step
        if not jump and known and self.takes_complex:
            sharp = self._complex_step(phi)
            if sharp is not None and abs(sharp.slope - slope) <= SAFETY * error:
                return Measured(sharp.slope, min(float(error), sharp.error))
        return Measured(float(slope), float(error) + doubt, jump)

    def contradicts(self, k: int, direction: Array, measured: Measured) -> bool:
        """Whether very short steps agree on another slope than the one measured.

        All of the longer ones may be many periods long, and see what is left of whole ones.
        """
        phi = self.along(k, direction)
        for q in 4.0 ** np.arange(-24, -5):
            chord, wider = (float(phi(t) - phi(-t)) / (2 * t) for t in (q, 2 * q))
            apart = abs(chord - measured.slope)
            if apart > 4 * SAFETY * (self.noise / q + measured.error):
                return bool(abs(chord - wider) < apart / 4)
        return False

    def endless(self, k: int, direction: Array) -> tuple[float, float] | None:
        """The slopes that may be claimed where the slope grows without bound the nearer one looks; None elsewhere.

        A root at 0 has such a slope. It is beyond the chords that were seen, and where the slope grows on one side
        only, that of the other side and all between may be claimed, too. A jump is no slope, and what grows at another
        rate from step to step is a wave, seen in steps of many periods.
        """
        phi = self.along(k, direction)
        here = phi(0.0)
        steps = 2.0 ** -np.arange(10, 41, 5)
        rounding = 8 * self.noise / steps
        ranges, grows = [], False
        for side in (1.0, -1.0):
            chords = [float(phi(side * q) - here) / (side * q) for q in steps]
            if not all(map(math.isfinite, chords)):  # f is not defined there, or has a pole between
                continue
            growth = np.diff(chords)
            ratios = growth[1:] / growth[:-1] if np.all(growth) else np.zeros(1)
            if abs(growth[-1]) > rounding[-1] and np.min(ratios) > 0.95 and np.max(ratios) < 2 * np.min(ratios):
                if ratios[-1] > _JUMPS:
                    return None
                grows = True
                ranges.append((chords[-3], math.inf) if growth[-1] > 0 else (-math.inf, chords[-3]))
            else:
                room = abs(chords[4] - chords[2]) + rounding[2]
                ranges.append((chords[2] - room, chords[2] + room))
        return (min(low for low, _ in ranges), max(high for _, high in ranges)) if grows else None

    def _complex_step(self, phi: Line) -> Measured | None:
        """The slope by a complex step; None where the function takes no complex numbers.

        Where roundings are counted, another step, to the other side, tells how exact it is: eigenvalues round as
        the matrix does, imaginary parts as well.

        Source: Squire and Trapp, 1998.
        """
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                z = phi(_IMAGINARY * 1j)
                other = -phi(-_OTHER * _IMAGINARY * 1j) / _OTHER if self.counted else z
        except Exception:  # whatever a function does with a complex number that it does not expect
            self.takes_complex = False
            return None
        # NumPy's complex log1p cancels where the real one does not; what is not the same number is not as precise.
        same = np.isfinite(z) and abs(np.real(z) - phi(0.0)) <= SAFETY * self.noise
        self.takes_complex = bool(np.iscomplexobj(z))
        slope, apart = (float(x) / _IMAGINARY for x in (np.imag(z), np.imag(other - z)))
        # Of equal numbers np.minimum and np.sort take one by its imaginary part: a side, where there is a kink.
        if not self.takes_complex or not same or abs(apart) > _SIDES * abs(slope):
            return None
        return Measured(slope, 64 * (EPS * abs(slope) + _IMAGINARY * max(1.0, self.size)) + 4 * SAFETY * abs(apart))

    def _jump(self, phi: Line) -> tuple[float, float]:
        """The change of slope at t = 0, and its error: what does not fall with q, as all does where f is smooth."""
        here = phi(0.0)
        steps = [*(EPS ** (1 / 8) * 4.0**-k for k in range(5)), _FINE]  # the first of those that `richardson` takes
        changes = [(phi(q) + phi(-q) - 2 * here) / q for q in steps]
        limits = [*((4 * b - a) / 3 for a, b in itertools.pairwise(changes[:-1])), changes[-1]]
        best, doubt = 0.0, math.inf
        for (before, limit), q in zip(itertools.pairwise(limits), steps[2:], strict=True):
            own = abs(limit - before) + 8 * max(self.noise, EPS * abs(here)) / q
            if own < doubt:
                best, doubt = limit, own
        still = abs(changes[-1]) > abs(best) / 2
        return (float(best), float(doubt)) if abs(best) > 2 * SAFETY * doubt and still else (0.0, 0.0)


def _noise(values: Array) -> float:
    """The rounding noise of values very near to each other, from their differences.

    Source: Moré and Wild, "Estimating computational noise", 2011.
    """
    levels = []
    for k in range(1, 8):
        values = np.diff(values)
        if k > 4:  # what is smooth has vanished from these
            scale = math.factorial(k) ** 2 / math.factorial(2 * k)
            levels.append(math.sqrt(scale * float(np.mean(values**2))))
    return min(levels)


def largest(numbers: Iterable[Array]) -> float:
    """The largest magnitude in some arrays."""
    return max((float(np.max(abs(x), initial=0.0)) for x in numbers), default=0.0)
