"""What checkers of gradients detect: wrong rules that must be caught, and right ones that must not be called wrong.

error    by how much a rule is wrong, relative to what it should give
scale    of a function whose rule has the wrong sign
checker  ours or a peer's, at its default settings, on float64
alarm    what is said of a right rule that is called wrong
draws    how many times the numbers are drawn, at which everything is checked
"""

import itertools
import statistics
import time
from dataclasses import dataclass, field

from benchmarks import detection_counts
from benchmarks.detection_cases import WRONG_IN_ONE, flipped, kinks, mutated, one_wrong, smooth, standard, table
from benchmarks.detection_checkers import CHECKERS
from benchmarks.report import Report, absence, duration, short, verdict, watched
from benchmarks.setting import wanted
from benchmarks.workload import OURS

ERRORS = tuple(10 ** (-k / 4) for k in range(65))
SCALES = tuple(10.0**-k for k in range(0, 13, 2))
ELEMENTS = 10_000
DRAWS, DRAWS_OF_MANY = 5, 20
SMOOTH_CHECKS = 500
TARGET = 1e-9
SHOWN = 5  # alarms


@dataclass
class Alarms:
    """How many right rules were checked, and what was said of those called wrong."""

    checks: int
    said: list[str] = field(default_factory=list)

    def __str__(self):
        return f"{len(self.said):,}/{self.checks:,}"


@dataclass
class Caught:
    """In how many of the draws a wrong rule was caught, and the median time of a check."""

    times: int
    draws: int
    seconds: float

    def __str__(self):
        return f"{self.times}/{self.draws}, {duration(self.seconds)}"


@dataclass
class Findings:
    """What one checker detected; `error` and `scale` are None if even the largest was missed, `named` counts kinks."""

    says: str
    error: float | None
    scale: float | None
    one: Caught
    alarms: dict[str, Alarms]
    one_in_full: Caught | None = None
    named: int = 0


def complaint(checker, case, full=False):
    """What a checker says of the function in which a case's part stands, or None."""
    part = checker.part(case)

    def f(*arrays):
        return case.whole(checker.xp, part, *arrays)

    return checker.complaint(f, case.arrays, full)


def last_caught(caught, falling):
    """The last of some falling numbers that is caught, as all before it are, or None."""
    return [None, *itertools.takewhile(caught, falling)][-1]


def smallest_error(checker, draws):
    """The smallest error that is caught in every standard case, as all larger ones are, or None."""
    cases = [case for seed in range(draws) for case in standard(seed)]
    found = [
        last_caught(lambda error, case=case: complaint(checker, mutated(case, 1 + error)) is not None, ERRORS)
        for case in watched(cases, "relative errors", len(cases))
    ]
    return None if None in found else max(found)


def smallest_scale(checker, draws):
    """The smallest scale at which a wrong sign is caught, as it is at all larger ones, or None."""

    def caught(scale):
        return all(complaint(checker, flipped(scale, seed)) is not None for seed in range(draws))

    return last_caught(caught, SCALES)


def one_in_many(checker, draws, full=False):
    """How often one wrong element is caught, and how long a check takes."""
    caught, seconds = 0, []
    for seed in watched(range(draws), f"one element in {ELEMENTS:,}", draws):
        start = time.perf_counter()
        caught += complaint(checker, one_wrong(seed, ELEMENTS), full) is not None
        seconds.append(time.perf_counter() - start)
    return Caught(caught, draws, statistics.median(seconds))


def alarms(check, samples, count, what):
    """What is said of right rules; an error counts."""
    found = Alarms(count)
    for name, f, arrays in watched(samples, what, count):
        try:
            said = check(f, arrays)
        except Exception as error:  # it must not end a run of hours
            said = f"{type(error).__name__}: {error}"
        if said is not None:
            found.said.append(short(f"{name}: {said}"))
    return found


def alarms_at_kinks(checker, count):
    """What ours calls wrong at kinks, and how often it calls one a kink."""
    named = 0

    def check(f, arrays):
        nonlocal named
        report = checker.report(f, arrays)
        named += any(argument.worst.kind == "kink" for argument in report.arguments)
        return None if report.ok else report.summary

    return alarms(check, kinks(count), count, "kinks"), named


def findings(checker, rounds, checks):
    """What a checker says of everything; the whole table and the kinks are put before ours alone."""
    few, many, count = min(rounds, DRAWS), min(rounds, DRAWS_OF_MANY), min(checks, SMOOTH_CHECKS)
    right = complaint(checker, one_wrong(0, ELEMENTS, factor=1.0), full=True)
    heard = {
        f"sum of {ELEMENTS:,}": Alarms(1, [] if right is None else [short(right)]),
        "smooth functions": alarms(checker.complaint, smooth(checker.xp, count), count, "smooth functions"),
    }
    found = Findings(
        says=short(complaint(checker, WRONG_IN_ONE) or "nothing"),
        error=smallest_error(checker, few),
        scale=smallest_scale(checker, few),
        one=one_in_many(checker, many),
        alarms=heard,
    )
    if checker.package == OURS:
        heard["the whole table"] = alarms(checker.complaint, table(checks), checks, "the whole table")
        heard["kinks"], found.named = alarms_at_kinks(checker, max(checks // 10, 1))
        found.one_in_full = one_in_many(checker, many, full=True)
    return found


def number(x):
    """Write a number with two digits, or that there is none."""
    return "none" if x is None else f"{x:.2g}"


def cells(found):
    """A column of the table, by the titles of its rows."""
    column = {
        "smallest relative error caught": number(found.error),
        "wrong sign caught down to scale": number(found.scale),
        f"one wrong element in {ELEMENTS:,} caught": str(found.one),
        **({"  with full=True": str(found.one_in_full)} if found.one_in_full else {}),
        **{f"false alarms, {what}": str(heard) for what, heard in found.alarms.items()},
    }
    if "kinks" in found.alarms:
        column["kinks called kinks"] = f"{found.named:,}/{found.alarms['kinks'].checks:,}"
    return column


def verdicts(found):
    """What ours detected, held against the targets."""
    error_met = found.error is not None and found.error <= TARGET
    said = [one for heard in found.alarms.values() for one in heard.said]
    checks = sum(heard.checks for heard in found.alarms.values())
    yield verdict(f"errors down to {TARGET:g} caught", error_met, number(found.error))
    yield verdict(f"wrong sign caught at {SCALES[-1]:g}", found.scale == SCALES[-1], number(found.scale))
    full = found.one_in_full
    yield verdict("one wrong element caught every time with full=True", full.times == full.draws, str(full))
    yield verdict("no false alarm", not said, f"{len(said):,} in {checks:,} checks")
    yield from said[:SHOWN]
    kinks_met = found.named == found.alarms["kinks"].checks
    yield verdict("every kink called one", kinks_met, f"{found.named:,}/{found.alarms['kinks'].checks:,}")


def measure(options):
    """Put everything before every checker, and report it; fewer `rounds` draw fewer numbers."""
    found, failures = {}, {}
    for name, kind in CHECKERS.items():
        if wanted(kind.package, options):
            try:
                found[name] = findings(kind(), options.rounds, options.checks)
            except Exception as error:
                failures[name] = f"{type(error).__name__}: {error}"
    columns = {name: cells(one) for name, one in found.items()}
    report = Report("what checkers of gradients detect, in float64", ["", *columns])
    for title in dict.fromkeys(itertools.chain(*columns.values())):
        report.rows.append([title, *(column.get(title, "") for column in columns.values())])
    report.notes.append("each at its default settings; false alarms are right rules called wrong")
    report.notes += verdicts(found[OURS]) if OURS in found else []
    report.notes += [f"{name} says: {one.says}" for name, one in found.items()]
    report.notes += [f"{name} failed: {short(problem)}" for name, problem in failures.items()]
    report.notes += absence({kind.package for kind in CHECKERS.values() if not wanted(kind.package, options)})
    return [report, *detection_counts.measure(options)]
