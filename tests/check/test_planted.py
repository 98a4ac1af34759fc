"""Planted faults are found, and the diagnosis names the operation, the line and the fault."""

import itertools
import re

import pytest

import tinygrad_edu as tg
from tests.check.planted import PLANTED
from tests.derivatives.test_mutants import mutants
from tests.domains import domains
from tinygrad_edu.core.source_info import label
from tinygrad_edu.testing.mutants import mutated


@pytest.mark.parametrize("name", PLANTED)
def test_planted_fault_is_found_and_named(name):
    program, arguments, words = PLANTED[name]()
    report = tg.compare_gradients(program, *arguments)
    assert not report.ok
    (fault,) = report.faults
    assert fault.operation == "suspect"
    assert fault.line.startswith("planted.py:")
    assert words in fault.what
    with pytest.raises(tg.check.GradientError, match=re.escape(fault.what)):
        report.raise_if_wrong()


@pytest.mark.parametrize(("function", "i", "kind"), [*mutants()])
def test_a_mutant_of_the_table_is_found_and_named(function, i, kind):
    with mutated(function, i, kind):
        for seed, call in itertools.product(range(3), domains[function]):
            sample = call.draw(seed)
            if sum(x.size for x in sample.arrays):
                report = tg.compare_gradients(sample, *sample.arrays)
                if not report.ok:
                    assert report.faults[0].operation == label(function)
                    return
    pytest.fail(f"{label(function)}: a rule that is {kind} goes unnoticed")
