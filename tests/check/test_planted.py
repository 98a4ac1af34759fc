"""Planted faults are found, and the diagnosis names the operation, the line and the fault."""

import re

import pytest

import tinygrad_edu as tg
from tests.check.planted import PLANTED


@pytest.mark.parametrize("name", PLANTED)
def test_planted_fault_is_found_and_named(name):
    program, arguments, words = PLANTED[name]
    report = tg.compare_gradients(program, *arguments)
    assert not report.ok
    (fault,) = report.faults
    assert fault.operation == "suspect"
    assert fault.line.startswith("planted.py:")
    assert words in fault.what
    with pytest.raises(tg.check.GradientError, match=re.escape(fault.what)):
        report.raise_if_wrong()
