"""Mutants: rules made wrong on purpose, which a good domain must tell from the right ones.

g     cotangent of the output
c     what a rule gives: the cotangent of an input
x     that input
kind  how a rule is mutated
"""

import dataclasses
import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from tinygrad_edu.core.rules import Each, Function, Rule, table
from tinygrad_edu.core.source_info import label
from tinygrad_edu.testing.calls import Array, Call
from tinygrad_edu.testing.oracles import check, fail, gradient, weights


def _unsummed(c: Array, x: Array) -> Array:
    """The first of a broadcast axis, where the sum belongs."""
    c, extra = np.asarray(c), max(np.ndim(c) - np.ndim(x), 0)
    c = c[(0,) * extra] if 0 not in c.shape[:extra] else c
    return c[tuple(slice(0, 1) if n == 1 else slice(None) for n in np.shape(x))] if c.ndim == np.ndim(x) else c


MUTATIONS: dict[str, Callable[[Array, Array, Array], Array]] = {
    "a thousandth too much": lambda c, g, x: c * 1.001,
    "of the wrong sign": lambda c, g, x: -c,
    "by a thousandth too high": lambda c, g, x: c + 0.001,
    "by a thousandth too low": lambda c, g, x: c - 0.001,
    "the cotangent itself": lambda c, g, x: g,
    "not summed where broadcast": lambda c, g, x: _unsummed(c, x),
}


class Mutant:
    """A rule made wrong: whether that `differs` anywhere, and what kinds of numbers the right one `gave`."""

    def __init__(self, rule: Rule, kind: str, place: int | None) -> None:
        self.rule, self.kind, self.place = rule, kind, place
        self.differs = False
        self.gave: set[str] = set()

    def __call__(self, *given: Any, **keywords: Any) -> Array:
        """The share that the rule gives, mutated; the first argument of a rule for any input says for which."""
        place, (g, _, *inputs) = (given[0], given[1:]) if self.place is None else (self.place, given)
        right = self.rule(*given, **keywords)
        wrong = MUTATIONS[self.kind](right, g[0] if isinstance(g, tuple) else g, inputs[place])
        self.differs = self.differs or not np.array_equal(right, wrong)
        if np.size(right):
            self.gave.add("slopes" if np.any(right) else "a plain 0.0" if type(right) is float else "zeros")
        return wrong


def rules_of(function: Function) -> list[tuple[int, Rule]]:
    """The rules of a function with their places; a rule for any input stands at 0."""
    rules = table[function].rules
    every = [rules.rule] if isinstance(rules, Each) else rules
    return [(i, rule) for i, rule in enumerate(every) if rule is not None]


@contextmanager
def mutated(function: Function, i: int, kind: str) -> Iterator[Mutant]:
    """Make a context in which the i-th rule of a function is a mutant, for all threads."""
    right = table[function]
    rules = right.rules
    mutant = Mutant(rules.rule, kind, None) if isinstance(rules, Each) else Mutant(rules[i], kind, i)
    wrong = Each(mutant, rules.ahead) if isinstance(rules, Each) else (*rules[:i], mutant, *rules[i + 1 :])
    table[function] = dataclasses.replace(right, rules=wrong)
    try:
        yield mutant
    finally:
        table[function] = right


def is_caught(mutant: Mutant, calls: list[Call]) -> bool:
    """Whether any of these calls tells a mutant from the right rule."""
    for call, seed in itertools.product(calls, range(3)):
        sample = call.draw(seed)
        try:
            gradient(sample, sample.arrays, weights(sample, sample.arrays))
            if mutant.differs:  # it is quick to see that nothing has changed, and slow to measure slopes
                check(sample, sample.arrays)
        except (AssertionError, ValueError):  # the sweep itself refuses what is of the wrong shape
            return True
    return False


def check_domain(function: Function, calls: list[Call]) -> None:
    """Fail unless the calls use every rule, see more than zeros of it, and tell it from its mutants."""
    for i, _ in rules_of(function):
        rule, gave = f"of argument {i}", set()
        for kind in MUTATIONS:
            with mutated(function, i, kind) as mutant:
                noticed = is_caught(mutant, calls)
            if mutant.differs and not noticed:
                passes = f"a rule that is {kind}"
                fail("the domain cannot tell a right rule from a wrong one", label(function), rule=rule, passes=passes)
            gave |= mutant.gave
        if not gave:
            fail("the domain does not use a rule", label(function), rule=rule)
        if gave == {"zeros"}:
            remedy = "draw from where its slope is not 0; if it is flat everywhere, return the number 0.0"
            fail("the domain sees nothing but zeros of a rule", label(function), rule=rule, remedy=remedy)
