"""The judge catches wrong rules: each rule of the table, mutated in three ways and more."""

import numpy as np
import pytest

from tests.domains import WITH_RULES, domains
from tinygrad_edu.core.source_info import label
from tinygrad_edu.derivatives.arithmetic import flat, flat_to
from tinygrad_edu.testing.mutants import is_caught, mutated, rules_of

SMOOTH = ["a thousandth too much", "of the wrong sign", "by a thousandth too high"]
FLAT = ["by a thousandth too high", "by a thousandth too low", "the cotangent itself"]


def mutants():
    """Each function, the place of a rule in its row, and how it is to be spoilt."""
    for function in WITH_RULES:
        stretches = function in (np.where, np.broadcast_to) or (isinstance(function, np.ufunc) and function.nin == 2)
        for i, rule in rules_of(function):
            kinds = FLAT if rule in (flat, flat_to) else SMOOTH + ["not summed where broadcast"] * stretches
            yield from (pytest.param(function, i, kind, id=f"{label(function)}-{i}-{kind}") for kind in kinds)


@pytest.mark.parametrize(("function", "i", "kind"), [*mutants()])
def test_mutant_is_caught(function, i, kind):
    with mutated(function, i, kind) as mutant:
        assert is_caught(mutant, domains[function]), f"{label(function)}: a rule that is {kind} goes unnoticed"
