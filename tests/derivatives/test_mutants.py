"""The checker catches wrong rules: each rule of the table, spoilt in three ways and more."""

import itertools

import numpy as np
import pytest

from tests.domains import domains
from tests.oracles import check
from tinygrad_edu.derivatives.arithmetic import flat
from tinygrad_edu.naming import label
from tinygrad_edu.table import Each
from tinygrad_edu.tape import rules


def unsummed(c, x):
    """Take the first of a stretched axis where the sum belongs."""
    c, extra = np.asarray(c), max(np.ndim(c) - np.ndim(x), 0)
    c = c[(0,) * extra] if 0 not in c.shape[:extra] else c
    return c[tuple(slice(0, 1) if n == 1 else slice(None) for n in np.shape(x))] if c.ndim == np.ndim(x) else c


SPOILT = {
    "a thousandth too much": lambda c, g, x: c * 1.001,
    "of the wrong sign": lambda c, g, x: -c,
    "by a thousandth too high": lambda c, g, x: c + 0.001,
    "by a thousandth too low": lambda c, g, x: c - 0.001,
    "the cotangent itself": lambda c, g, x: g,
    "not summed where broadcast": lambda c, g, x: unsummed(c, x),
}
SMOOTH = ["a thousandth too much", "of the wrong sign", "by a thousandth too high"]
FLAT = ["by a thousandth too high", "by a thousandth too low", "the cotangent itself"]


def mutants():
    """List a function, the place of a rule in its row, and how it is to be spoilt."""
    for function, row in rules.items():
        stretches = function in (np.where, np.broadcast_to) or (isinstance(function, np.ufunc) and function.nin == 2)
        for i, rule in enumerate([row.rule] if isinstance(row, Each) else row):
            if rule is not None:
                kinds = FLAT if rule is flat else SMOOTH + ["not summed where broadcast"] * stretches
                yield from (pytest.param(function, i, kind, id=f"{label(function)}-{i}-{kind}") for kind in kinds)


def spoil(row, i, kind):
    """Give a row with its i-th rule spoilt; a rule for each input is told first which."""

    def spoilt(rule, leading):
        def wrong(*given, **keywords):
            g, _, *inputs = given[leading:]
            return SPOILT[kind](rule(*given, **keywords), g, inputs[given[0] if leading else i])

        return wrong

    if isinstance(row, Each):
        return Each(spoilt(row.rule, 1))
    return (*row[:i], spoilt(row[i], 0), *row[i + 1 :])


def caught(function):
    """Tell whether the checker fails on a call of `function`."""
    for call, seed in itertools.product(domains[function], range(3)):
        sample = call.draw(seed)
        try:
            check(sample, sample.arrays)
        except AssertionError:
            return True
    return False


@pytest.mark.parametrize(("function", "i", "kind"), [*mutants()])
def test_spoilt_rule_is_caught(function, i, kind, monkeypatch):
    monkeypatch.setitem(rules, function, spoil(rules[function], i, kind))
    assert caught(function), f"{label(function)}: a rule that is {kind} goes unnoticed"
