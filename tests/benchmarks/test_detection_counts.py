"""Faults that are planted are wrong, functions that are not are right, and both are counted."""

import numpy as np
import pytest

import tinygrad_edu as tg
from benchmarks import detection_counts
from benchmarks.detection_counts import planted, unplanted
from benchmarks.detection_faults import OPERATIONS, draw, faults, found, spoilt
from benchmarks.detection_right import KINDS, complaint, right
from tests.check.planted import PLANTED

LARGE = {fault.kind: fault for fault in reversed(faults()) if fault.size >= 0.1}


@pytest.mark.parametrize("name", OPERATIONS)
def test_what_is_spoilt_is_right_before(name):
    f, slope = OPERATIONS[name]
    assert tg.compare_gradients(lambda x: np.sum(f(x)), np.array([0.4, 1.3]), gradient=slope)


def test_there_are_twenty_times_as_many_faults_as_kinds_in_the_tests():
    assert len(faults()) >= 20 * len(PLANTED)
    assert len({(fault.kind, fault.size, fault.name) for fault in faults()}) == len(faults())


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_rule_with_a_fault_of_no_size_is_right(name):
    op = spoilt(name, lambda share, x, g: share * 1.0)
    assert tg.compare_gradients(lambda x: np.sum(np.tanh(op(np.sin(x) + 0.5))), draw(0, 3), order=2)


@pytest.mark.parametrize("kind", [kind for kind in LARGE if "million" not in kind])
def test_a_large_fault_of_each_kind_is_found(kind):
    assert found(LARGE[kind])


def test_right_functions_of_every_kind_are_not_called_wrong():
    heard = {name.partition(",")[0]: complaint(f, args) for name, f, args in right(len(KINDS))}
    assert len(heard) == len(KINDS)
    assert not any(heard.values())


def test_both_are_counted_and_what_goes_amiss_is_shown(monkeypatch):
    monkeypatch.setattr(detection_counts, "found", lambda fault: fault.size < 0.5)
    monkeypatch.setattr(detection_counts, "complaint", lambda f, args: "is wrong")
    report = planted(10**6)
    assert len([row for row in report.rows if row[2].startswith("0/")]) == len({f.kind for f in faults()})
    assert any(note.startswith("target all of 1e-09 and more: MISSED") for note in report.notes)
    report = unplanted(24)
    assert [row[1] for row in report.rows] == ["2/2"] * 12
    assert any("24 of 24 right functions" in note for note in report.notes)
    assert "smooth, seed 0: is wrong" in report.notes


def test_an_error_is_heard_and_does_not_end_the_run(monkeypatch):
    def failing(f, args):
        raise RuntimeError("out of order")

    monkeypatch.setattr(detection_counts, "complaint", failing)
    assert any("RuntimeError: out of order" in note for note in unplanted(2).notes)
