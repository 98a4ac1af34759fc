"""The benchmark of detection finds what stand-ins of known sensitivity detect; its rules are right, its kinks kinks."""

from types import SimpleNamespace

import numpy as np
import pytest

import tinygrad_edu as tg
from benchmarks import detection, setting
from benchmarks.__main__ import arguments, main
from benchmarks.detection_cases import (
    KINKS,
    SMOOTH,
    WRONG_IN_ONE,
    flipped,
    kinks,
    mutated,
    one_wrong,
    smooth,
    standard,
    table,
)
from benchmarks.detection_checkers import Ours
from benchmarks.workload import OURS
from tests.domains import CALLS
from tinygrad_edu.testing.oracles import check, directions, dot, gradient, weights

ALONE = setting.Options(rounds=2, peers=False, checks=20, count=3)


def numeric(f, arrays):
    """The numeric gradient, exact to rounding where the function takes complex numbers."""
    try:
        return tg.numeric_gradient(f, arrays, method="complex")
    except TypeError:
        return tg.numeric_gradient(f, arrays, method="richardson")


class StandIn(Ours):
    """A checker that knows the gradient, and tolerates errors of known size."""

    def __init__(self, relative=0.0, absolute=0.0):
        super().__init__()
        self.relative, self.absolute = relative, absolute

    def complaint(self, f, arrays, full=False):
        given = tg.grad(f, tuple(range(len(arrays))))(*arrays)
        exact = numeric(lambda x: f(*x), arrays)
        for i, (g, z) in enumerate(zip(given, exact, strict=True)):
            if np.any(abs(g - z) > self.relative * abs(z) + self.absolute):
                return f"argument {i}"
        return None


class Blind(Ours):
    """A checker that finds nothing."""

    def report(self, f, arrays, full=False):
        return SimpleNamespace(ok=True, arguments=[])


class Nervous(Ours):
    """A checker that finds everything wrong."""

    def report(self, f, arrays, full=False):
        return SimpleNamespace(ok=False, summary="WRONG in x", faults=["sin: its rule"], arguments=[])


class Lost(Ours):
    """A checker that cannot be had."""

    def __init__(self):
        raise RuntimeError("out of order")


def function(case):
    part = Ours().part(case)
    return lambda *arrays: case.whole(np, part, *arrays)


@pytest.mark.parametrize(("relative", "found"), [(2e-3, -2.5), (2e-6, -5.5), (2e-9, -8.5), (2.0, None)])
def test_smallest_error_is_the_sensitivity(relative, found):
    wanted = None if found is None else pytest.approx(10**found)
    assert detection.smallest_error(StandIn(relative), draws=2) == wanted


@pytest.mark.parametrize(("absolute", "found"), [(1e-7, 1e-6), (1e-3, 1e-2), (1e-14, 1e-12), (9.0, None)])
def test_smallest_scale_is_the_sensitivity(absolute, found):
    assert detection.smallest_scale(StandIn(1e-3, absolute), draws=3) == found


def test_what_is_caught_below_a_miss_does_not_count():
    assert detection.last_caught(lambda x: x != 0.01, (1, 0.1, 0.01, 0.001)) == 0.1


@pytest.mark.parametrize(("checker", "caught"), [(StandIn(1e-9), 3), (Blind(), 0)])
def test_one_wrong_element_is_counted_when_caught(checker, caught, monkeypatch):
    monkeypatch.setattr(detection, "ELEMENTS", 40)
    assert detection.one_in_many(checker, draws=3).times == caught


@pytest.mark.parametrize("case", [*standard(0), *standard(1), one_wrong(0, 7, factor=1.0)])
def test_rules_are_right_before_they_are_mutated(case):
    check(function(case), case.arrays)


@pytest.mark.parametrize("case", standard(0))
def test_a_mutated_rule_is_wrong_by_the_factor(case):
    right, wrong = (gradient(function(c), case.arrays, 1.0) for c in (case, mutated(case, 1.25)))
    ratios = [w / r for r, w in zip(right, wrong, strict=True)]
    assert all(np.isclose(ratio, 1).all() or np.isclose(ratio, 1.25).all() for ratio in ratios)
    assert any(np.isclose(ratio, 1.25).all() for ratio in ratios)


def test_one_wrong_is_wrong_in_one_element():
    right, wrong = (tg.grad(function(one_wrong(5, 50, factor)))(*one_wrong(5, 50).arrays) for factor in (1.0, 1.5))
    assert np.sum(right != wrong) == 1
    assert np.isclose(np.sum(wrong / right), 50.5)


def test_flipped_is_a_sine_of_the_wrong_sign():
    case = flipped(1e-6, seed=2)
    (x,) = case.arrays
    assert function(case)(x) == 1e-6 * np.sin(x)
    assert tg.grad(function(case))(x) == -1e-6 * np.cos(x)


@pytest.mark.parametrize(("name", "f", "arrays"), [*smooth(np, len(SMOOTH))])
def test_smooth_functions_have_right_rules(name, f, arrays):
    check(f, arrays)


@pytest.mark.parametrize(("name", "f", "arrays"), [*kinks(2 * len(KINKS))])
def test_slopes_of_the_two_sides_differ_at_kinks(name, f, arrays):
    w, v = weights(f, arrays), directions(arrays)

    def along(t):
        return dot(f(*(x + t * d for x, d in zip(arrays, v, strict=True))), w)

    assert abs(tg.slope(along, 0.0, 1e-6) - tg.slope(along, 0.0, -1e-6)) > 1e-3


def test_the_table_is_drawn_by_turns_and_anew():
    samples = [*table(len(CALLS))]  # fewer have numbers in them
    first, again = (next(arrays for name, _, arrays in samples if name == f"np.sin(float[]), seed {i}") for i in (0, 1))
    assert first != again
    assert all(sum(map(np.size, arrays)) for _, _, arrays in samples)


def test_alarms_are_counted_and_so_are_errors():
    samples = [("a", "fine", ()), ("b", "wrong", ()), ("c", "broken", ())]

    def judge(f, arrays):
        return {"fine": None, "wrong": "no"}[f]

    heard = detection.alarms(judge, samples, 3, "test")
    assert heard.said == ["b: no", "c: KeyError: 'broken'"]
    assert str(heard) == "2/3"


@pytest.mark.parametrize(("ok", "kind"), [(True, "agrees"), (True, "kink"), (False, "wrong")])
def test_kinks_called_wrong_are_alarms_and_those_named_are_counted(ok, kind):
    argument = SimpleNamespace(worst=SimpleNamespace(kind=kind))
    checker = SimpleNamespace(report=lambda f, arrays: SimpleNamespace(ok=ok, summary=kind, arguments=[argument]))
    heard, named = detection.alarms_at_kinks(checker, 20)
    assert (len(heard.said), named) == (20 * (not ok), 20 * (kind == "kink"))


def test_our_checker_at_its_work():
    ours = Ours()
    assert all(detection.complaint(ours, mutated(case, 1 + detection.TARGET)) for case in standard(0))
    assert all(detection.complaint(ours, flipped(scale, seed=0)) for scale in detection.SCALES)
    assert "at [3]" in detection.complaint(ours, WRONG_IN_ONE)
    assert detection.alarms(ours.complaint, table(60), 60, "table").said == []
    heard, named = detection.alarms_at_kinks(ours, len(KINKS))
    assert (heard.said, named) == ([], len(KINKS))


def test_the_table_prints_with_targets_missed_and_met(monkeypatch, capsys):
    monkeypatch.setattr(detection, "ELEMENTS", 40)
    monkeypatch.setattr(detection, "CHECKERS", {OURS: Blind})
    main(["detection", "--rounds", "1", "--checks", "20", "--count", "3", "--no-peers"])
    out = capsys.readouterr().out
    texts = [
        "none",
        "0/1",
        "0/20",
        "target errors down to 1e-09 caught: MISSED",
        "no false alarm: met",
        "says: nothing",
    ]
    assert all(text in out for text in texts)


def test_alarms_are_shown_and_one_that_fails_is_named(monkeypatch):
    monkeypatch.setattr(detection, "ELEMENTS", 40)
    monkeypatch.setattr(detection, "CHECKERS", {OURS: Nervous, "lost": Lost})
    notes = detection.measure(ALONE)[0].notes
    assert any("no false alarm: MISSED" in note for note in notes)
    assert any(note.startswith("lost failed: RuntimeError: out of order") for note in notes)


def test_detection_is_run_only_when_asked_for():
    assert arguments([]).workloads == []
    assert arguments(["detection", "--checks", "7"]).checks == 7
    assert arguments(["detection"]).count == 200_000
    for option in ("--checks", "--count"):
        with pytest.raises(SystemExit):
            arguments(["detection", option, "0"])
