"""What is to blame: the operation whose rule is not the slope at the recorded numbers, or the term a claim lacks.

z       an entry of the tape
g       a cotangent of it, drawn at random
leaves  its inputs that may move, in double precision, of complex ones both parts
share   what its rule gives an input of g, of a complex one for both parts
"""

from collections import Counter
from typing import Any

import numpy as np

from tinygrad_edu.check.compare import Comparison, rounding, sample
from tinygrad_edu.check.evidence import Evidence
from tinygrad_edu.check.explanations import describe, describe_claim, shared
from tinygrad_edu.check.hooks import SourceLines
from tinygrad_edu.check.measure import Array, Leaves, Shape, Weighed, signs
from tinygrad_edu.check.parts import Parts, in_parts, slopes_by_parts
from tinygrad_edu.check.report import Argument, Fault
from tinygrad_edu.core.dtypes import is_complex
from tinygrad_edu.core.rules import table
from tinygrad_edu.core.source_info import label
from tinygrad_edu.core.tape import Entry, payload
from tinygrad_edu.core.unbroadcast import unbroadcast
from tinygrad_edu.core.value import Value

ALIKE = 16  # so many entries of the same function and shapes are looked at
ELEMENTS = 256  # in arrays of up to so many elements, at all of them,
GLIMPSE = 4  # in larger ones at so many, and along two directions through all,
SAMPLE = 64  # and, where that shows something wrong, at so many


def diagnose(entries: list[Entry], lines: SourceLines) -> tuple[Fault | None, list[str]]:
    """Find the first operation whose rule is wrong, and all that sit on a kink."""
    kinks: list[str] = []
    times: Counter[Any] = Counter()
    for z in entries:
        kind = z.function, tuple(np.shape(payload(x)) for x in z.inputs)
        times[kind] += 1
        if times[kind] <= ALIKE:
            problem, kink = Suspect(z).examine()
            if problem:
                return Fault(problem, label(z.function), lines.of(z)), kinks
            if kink is not None:
                kinks.append(str(Fault(f"sits on a kink {kink}".rstrip(), label(z.function), lines.of(z))))
    return None, list(dict.fromkeys(kinks))


def diagnose_claim(rows: list[Argument], leaves: Leaves, names: list[str]) -> list[Fault]:
    """Find how the claimed gradients of some arrays are wrong, as far as a guess explains it."""
    evidence = []
    for k, row in zip((k for k, x in enumerate(leaves) if x.size), rows, strict=True):
        whole = bool(np.all(row.seen))
        arrays = row.analytic, row.numeric, row.bound
        claimed, measured, bounds = arrays if whole else (x[row.seen] for x in arrays)
        evidence.append((row.name, Evidence(None, k, claimed, measured, bounds, 1.0, 1.0, leaves, whole, names)))
    found = []
    for row, own in zip(rows, evidence, strict=True):
        others = [other for other in evidence if other is not own]
        said = describe_claim(own[1], others) if row.worst.kind == "wrong" else None
        found += [(row.name, said)] if said else []
    return [Fault(f"the gradient claimed for {said}") for said in shared(found)]


class Suspect:
    """An entry whose rules are examined."""

    def __init__(self, z: Any) -> None:
        self.z, self.row, self.keywords = z, table[z.function].rules, z.keywords or {}
        self.output = np.array(payload(z))
        self.inputs = [np.array(payload(x)) if isinstance(x, Entry) else x for x in z.inputs]
        self.places = [i for i, x in enumerate(z.inputs) if isinstance(x, Entry)]
        wholes = [self.inputs[i].astype(np.result_type(self.inputs[i], np.float64)) for i in self.places]
        self.parts, self.leaves = Parts.of(wholes), in_parts(wholes)
        self.g = signs(self.output.shape, 5)
        if is_complex(self.output):
            self.g = self.g + 1j * signs(self.output.shape, 6)
        given = (self.inputs[i] for i in self.places)
        self.step = max(float(np.finfo(x.dtype).eps) for x in (self.output, *given))

    def filled(self, leaves: Leaves) -> Leaves:
        """All inputs, constants and leaves in their places."""
        inputs = list(self.inputs)
        for i, x in zip(self.places, self.parts.join(leaves), strict=True):
            inputs[i] = x if isinstance(x, Entry) else np.asarray(x)[()]
        return inputs

    def run(self, leaves: Leaves) -> Array:
        """Run the operation again."""
        return self.z.function(*self.filled(leaves), **self.keywords)

    def run_in_parts(self, leaves: Leaves) -> Leaves:
        """Run the operation again; of an output that is complex for real leaves both parts."""
        output = [self.run(leaves)]
        return output if any(map(is_complex, leaves)) else in_parts(output)

    def shares(self, g: Array, z: Array, leaves: Leaves) -> Leaves:
        """The shares of all leaves, by the rules."""
        inputs = self.filled(leaves)
        with np.errstate(all="ignore"):
            given = [payload(self.row[i](g, z, *inputs, **self.keywords)) for i in self.places]
            pairs = zip(given, self.places, strict=True)
            own = [np.array(unbroadcast(share, payload(inputs[i]), self.z.function)) for share, i in pairs]
        return slopes_by_parts(own)

    def gradient(self, leaves: Leaves, weights: Leaves) -> Leaves:
        """The same, the operation run afresh."""
        (g,) = Parts.of([self.output]).join_slopes(weights)
        return self.shares(g, np.array(self.run(leaves))[()], leaves)

    def recorded_gradient(self, leaves: Leaves, weights: Leaves) -> Leaves:
        """The same shares, computed on Values."""
        (g,) = Parts.of([self.output]).join_slopes(map(Value, weights))
        inputs = [*map(Value, leaves)]
        return self.shares(g, Value(payload(self.run(inputs))), inputs)

    def examine(self) -> tuple[str | None, str | None]:
        """Return what is wrong, and where there is a kink."""
        try:
            problem, shares = self._at_recorded_numbers()
            if problem:
                return problem, None
            weights = slopes_by_parts([self.g])
            weighed = Weighed(self.run_in_parts, self.leaves, weights, self.step)
            here, rounds = rounding(self.gradient, self.leaves, weights, self.step, self.recorded_gradient)
        except Exception as error:  # whatever a wrong rule may do
            return f"its rule fails: {type(error).__name__}: {error}", None
        for share, fresh, r, name in zip(shares, here, rounds, self.names, strict=True):
            with np.errstate(invalid="ignore"):
                alike = (share == fresh) | (abs(share - fresh) <= r) | (np.isnan(share) & np.isnan(fresh))
            if not np.all(alike):
                return f"its rule for {name} keeps state: it uses what another call left behind", None
        return self._against_slope(weighed, shares, rounds)

    @property
    def names(self) -> list[str]:
        """The names of the leaves: their places, and what the user calls them."""
        given = [(i, self.z.inputs[i].name) for i in self.places]
        named = [f"input {i} ({name})" if name else f"input {i}" for i, name in given]
        return self.parts.named(named, "the real part of {}", "the imaginary part of {}")

    def _at_recorded_numbers(self) -> tuple[str | None, Leaves]:
        """Return the shares at the recorded numbers, and a fault if rules write into these or they have changed."""
        kept = self.g.copy(), *(x.copy() for x in self.leaves)
        shares = self.shares(self.g, self.output[()], self.leaves)
        for before, after, name in zip(kept, (self.g, *self.leaves), ("g", *self.names), strict=True):
            if not np.array_equal(before, after, equal_nan=True):
                return f"its rule writes into {name}, which others use too; work on a copy", shares
        with np.errstate(all="ignore"):
            again = np.array(self.run(self.leaves))
        room = 64 * self.step
        size = np.max(abs(again), initial=0.0, where=np.isfinite(again))
        if not np.allclose(self.output, again, rtol=room, atol=room * size, equal_nan=True):
            return "what it gave has changed since: it gives the same array every time, or is not repeatable", shares
        return None, shares

    def _against_slope(self, weighed: Weighed, shares: Leaves, rounds: Leaves) -> tuple[str | None, str | None]:
        """Return what is wrong with the rules, and where there are kinks."""
        kinks, wrong = [], []
        for k in range(len(self.leaves)):
            small = self.leaves[k].size <= ELEMENTS
            found = Comparison(weighed, shares, rounds, ELEMENTS if small else GLIMPSE).findings(k)
            flat = self._flat_at_kink(shares[k])
            off = [probe.index for compared, probe in found if compared.kind == "wrong" and probe.index not in flat]
            kinks += [compared.place for compared, probe in found if compared.kind == "wrong" and probe.index in flat]
            if off:
                close = Comparison(weighed, shares, rounds, ELEMENTS if small else SAMPLE)
                alike = [j for j, x in enumerate(self.leaves) if j != k and x.shape == self.leaves[k].shape]
                seen = [i for i in off if i is not None]
                others = [(self.names[j], self._evidence(close, j, seen)) for j in alike]
                wrong.append((self.names[k], describe(self._evidence(close, k, seen), others)))
            kinks += [compared.place for compared, _ in found if compared.kind == "kink"]
        if wrong:
            return "; ".join(f"its rule for {said}" for said in shared(wrong)), None
        return None, ", ".join(dict.fromkeys(kinks)) if kinks else None

    def _flat_at_kink(self, share: Array) -> set[Shape]:
        """The elements on a kink whose slope is 0 by convention, though that of a root at 0 is infinite."""
        kink = table[self.z.function].kink
        where = kink(self.output, *self.inputs, **self.keywords) if kink else False
        return {*map(tuple, np.argwhere(where & (share == 0)).tolist())} if np.shape(where) == share.shape else set()

    def _evidence(self, comparison: Comparison, k: int, seen: list[Shape]) -> Evidence:
        """The claims and measurements for the k-th leaf, side by side: of a sample, and of those `seen` wrong."""
        shape = self.leaves[k].shape
        chosen = list(dict.fromkeys([*sample(comparison.analytic[k], comparison.count), *seen]))
        place = self.places[self.parts.owners[k]]
        found = [comparison.compare(k, comparison.element(k, i)) for i in chosen]
        columns = [np.array([getattr(c, what) for c in found]) for what in ("analytic", "slope", "bound")]
        if len(chosen) == self.leaves[k].size:
            claimed, slopes, bounds = (x.reshape(shape) for x in columns)
            return Evidence(self.z, place, claimed, slopes, bounds, np.real(self.g), np.real(self.output), self._reals)
        rows = tuple(np.transpose(chosen))
        g, output, *inputs = (x[rows] if np.shape(x) == shape else x for x in (self.g, self.output, *self._reals))
        g, output = np.real(g), np.real(output)
        claimed, slopes, bounds = columns
        return Evidence(self.z, place, claimed, slopes, bounds, g, output, inputs, whole=False)

    @property
    def _reals(self) -> Leaves:
        """The inputs, of complex ones the real part: guesses at what is wrong are made of real numbers."""
        return [np.real(x) if is_complex(x) else x for x in self.inputs]
