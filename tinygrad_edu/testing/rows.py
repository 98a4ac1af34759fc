"""What is asked of a row beside its slopes: that it keeps to itself, and that a wrong one would be noticed.

g     cotangent of the output
c     what a rule gives: the cotangent of an input
x     that input
kind  how a rule is spoilt
"""

import dataclasses
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from tinygrad_edu import tree
from tinygrad_edu.core.rules import Each, Function, table
from tinygrad_edu.core.source_info import label
from tinygrad_edu.core.tape import Entry, payload
from tinygrad_edu.core.value import Value
from tinygrad_edu.testing.calls import Call, Sample, outcome
from tinygrad_edu.testing.oracles import ROUNDINGS, assert_close, check, eps, fail, gradient, largest, weights


def _unsummed(c: Any, x: Any) -> Any:
    """Take the first of a stretched axis where the sum belongs."""
    c, extra = np.asarray(c), max(np.ndim(c) - np.ndim(x), 0)
    c = c[(0,) * extra] if 0 not in c.shape[:extra] else c
    return c[tuple(slice(0, 1) if n == 1 else slice(None) for n in np.shape(x))] if c.ndim == np.ndim(x) else c


SPOILT: dict[str, Any] = {
    "a thousandth too much": lambda c, g, x: c * 1.001,
    "of the wrong sign": lambda c, g, x: -c,
    "by a thousandth too high": lambda c, g, x: c + 0.001,
    "by a thousandth too low": lambda c, g, x: c - 0.001,
    "the cotangent itself": lambda c, g, x: g,
    "not summed where broadcast": lambda c, g, x: _unsummed(c, x),
}


class Spoilt:
    """A rule made wrong; it knows whether that made a difference, and what the right one gave."""

    def __init__(self, rule: Any, kind: str, place: int | None) -> None:
        self.rule, self.kind, self.place = rule, kind, place
        self.differs = False
        self.gave: set[str] = set()

    def __call__(self, *given: Any, **keywords: Any) -> Any:
        """Give what the rule would, spoilt; a rule for any input is told first which."""
        place, (g, _, *inputs) = (given[0], given[1:]) if self.place is None else (self.place, given)
        right = self.rule(*given, **keywords)
        wrong = SPOILT[self.kind](right, g, inputs[place])
        self.differs = self.differs or not np.array_equal(right, wrong)
        if np.size(right):
            self.gave.add("slopes" if np.any(right) else "a plain 0.0" if type(right) is float else "zeros")
        return wrong


def rules_of(function: Function) -> list[tuple[int, Any]]:
    """List the rules of a function with their places; a rule for any input stands at 0."""
    row = table[function].rules
    every = [row.rule] if isinstance(row, Each) else row
    return [(i, rule) for i, rule in enumerate(every) if rule is not None]


@contextmanager
def spoilt(function: Function, i: int, kind: str) -> Iterator[Spoilt]:
    """Spoil the i-th rule of a function, until the end of the block and for all threads."""
    right = table[function]
    row = right.rules
    wrong = Spoilt(row.rule, kind, None) if isinstance(row, Each) else Spoilt(row[i], kind, i)
    spoilt_rules = Each(wrong) if isinstance(row, Each) else (*row[:i], wrong, *row[i + 1 :])
    table[function] = dataclasses.replace(right, rules=spoilt_rules)
    try:
        yield wrong
    finally:
        table[function] = right


def caught(wrong: Spoilt, calls: list[Call]) -> bool:
    """Tell whether the judge objects to a spoilt rule on any of these calls."""
    for call, seed in itertools.product(calls, range(3)):
        sample = call.draw(seed)
        try:
            gradient(sample, sample.arrays, weights(sample, sample.arrays))
            if wrong.differs:  # it is quick to see that nothing has changed, and slow to measure slopes
                check(sample, sample.arrays)
        except (AssertionError, ValueError):  # the sweep itself refuses what is of the wrong shape
            return True
    return False


def check_keywords(calls: list[Call]) -> None:
    """Fail unless the calls use every keyword that the row accepts, and any other is refused by name."""
    call, used = calls[0], set()
    for sample in (each.draw(0) for each in calls):
        used |= {*(sample(*map(Value, sample.arrays)).keywords or {})}
    for key in sorted(table[call.function].keywords - used):
        fail("the domain has no call with a keyword that the row accepts", label(call.function), keyword=f"{key}=")
    sample = Call(call.function, call.arguments, call.keywords | {"no_such_keyword": 0}).draw(0)
    answer = outcome(sample, *map(Value, sample.arrays))
    if not isinstance(answer, TypeError):
        fail("an unknown keyword is not refused", sample, got=answer)


def check_domain(function: Function, calls: list[Call]) -> None:
    """Fail unless the calls use every rule, see more than zeros of it, and tell it from a spoilt one."""
    for i, _ in rules_of(function):
        rule, gave = f"of argument {i}", set()
        for kind in SPOILT:
            with spoilt(function, i, kind) as wrong:
                noticed = caught(wrong, calls)
            if wrong.differs and not noticed:
                passes = f"a rule that is {kind}"
                fail("the domain cannot tell a right rule from a wrong one", label(function), rule=rule, passes=passes)
            gave |= wrong.gave
        if not gave:
            fail("the domain does not use a rule", label(function), rule=rule)
        if gave == {"zeros"}:
            remedy = "draw from where its slope is not 0; if it is flat everywhere, return the number 0.0"
            fail("the domain sees nothing but zeros of a rule", label(function), rule=rule, remedy=remedy)


def check_value(sample: Sample) -> None:
    """Fail unless what is recorded is what the function gives for plain arrays."""
    leaves = [Value(x) for x in sample.arrays]
    wanted = sample(*[x.data for x in leaves])
    recorded = tree.map(lambda z: z.data, sample(*leaves))
    # A row runs the function itself; a composition multiplies at most two of its inputs.
    roundings = (
        0
        if sample.call.function in table and table[sample.call.function].rules
        else ROUNDINGS * max(1.0, largest(sample.arrays)) ** 2
    )
    bound = [roundings * eps(sample.arrays)] * len(tree.leaves(wanted))
    assert_close(tree.leaves(recorded), tree.leaves(wanted), bound, "the value is not the function's own", sample)
    kinds = [[np.result_type(z) for z in tree.leaves(numbers)] for numbers in (wanted, recorded)]
    if kinds[0] != kinds[1]:
        fail("the value is not of the function's own dtype", sample, expected=kinds[0], got=kinds[1])


def check_gradients_own(sample: Sample) -> None:
    """Fail unless gradients have the shape and dtype of their inputs, and memory of their own."""
    leaves = [Value(x) for x in sample.arrays]
    seeds = weights(sample, sample.arrays)
    outputs = tree.leaves(sample(*leaves))
    for z, seed in zip(outputs, tree.leaves(seeds), strict=True):
        z.backward(seed)
    entries = dict.fromkeys([*leaves, *outputs])  # a function that has nothing to do may give its input
    results = [z.grad for z in entries] + [*gradient(sample, sample.arrays, seeds)]
    owners = [z.data for z in entries] + [*sample.arrays]
    shapes = [[(x.shape, x.dtype) for x in numbers] for numbers in (owners, results)]
    if shapes[0] != shapes[1]:
        fail("gradients are not like their inputs", sample, expected=shapes[0], got=shapes[1])
    if not all(g.flags.writeable for g in results if isinstance(g, np.ndarray)):
        fail("a gradient cannot be written to", sample)
    for i, g in enumerate(results):
        if any(np.may_share_memory(g, x) for x in results[:i] + owners + tree.leaves(seeds)):
            fail("a gradient shares memory", sample)


def _pull(z: Any, g: Any) -> dict[str, Any]:
    """Run the rules of an entry on plain numbers."""
    given = [payload(x) for x in z.inputs]
    ruled = [i for i, x in enumerate(z.inputs) if isinstance(x, Entry)]
    return {f"argument {i}": table[z.function].rules[i](g, payload(z), *given, **(z.keywords or {})) for i in ruled}


def check_rules_own(sample: Sample, other: Sample) -> None:
    """Fail if function or rules write into what they are given, or remember anything from one call to the next."""
    z, g = sample(*map(Value, sample.arrays)), np.array(weights(sample, sample.arrays))
    given = {"the cotangent": g, "the output": payload(z)}
    given |= {f"argument {i}": payload(x) for i, x in enumerate(z.inputs) if isinstance(payload(x), np.ndarray)}
    kept = {what: np.copy(x) for what, x in given.items()}
    pulled = _pull(z, g)
    first = {what: np.copy(share) for what, share in pulled.items()}
    _same("a rule writes into {}", kept, given, sample)
    elsewhere = other(*map(Value, other.arrays))
    _pull(elsewhere, np.array(weights(other, other.arrays)))
    _same("another call overwrites {}", kept, given, sample)
    _same("another call overwrites what the rule gave for {}", first, pulled, sample)
    _same("after another call, the rule gives something else for {}", first, _pull(z, g), sample)


def _same(claim: str, before: dict[str, Any], after: dict[str, Any], sample: Sample) -> None:
    for what, x in after.items():
        if not np.array_equal(before[what], x, equal_nan=True):
            fail(claim.format(what), sample, expected=before[what].tolist(), got=np.asarray(x).tolist())
