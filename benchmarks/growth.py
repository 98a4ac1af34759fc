"""How time and memory grow with the number of operations, and with the size of arrays.

Each point is a fresh process, `python -m benchmarks.growth SERIES WAY N`, which prints a `Point`. Time is that of the
value and all slopes; memory is the peak that tracemalloc sees, in a run of its own, since listening slows it down.

n         operations, or numbers in an array
way       eager or compiled; of compiled, the first call (tracing, printing, running) and a later one
exponent  k where an amount grows like n to the power k, fitted where what every call costs has become small
"""

import gc
import json
import math
import sys
import time
import tracemalloc
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np

import tinygrad_edu as tg
from benchmarks import elements, scalars
from benchmarks.report import Report, duration, short, size, verdict
from benchmarks.setting import python

SMALL = 100
EAGER, COMPILED = "eager", "compiled"
LAST = 1000  # the exponent is that of the last decades: what is above 1 / LAST of the largest n
LINEAR = 1.15
BECAUSE = {"first call": "of 100,000 operations a third is the garbage collector, which goes through all 20 times"}
SECONDS = 0.1
TIMEOUT = 900
LISTENED = 10_000  # operations: to 100,000 that are compiled, tracemalloc listens for more than ten minutes


class Point(NamedTuple):
    """Seconds and bytes at the peak: of a first call, and of a later one; 0 bytes where they were not measured."""

    first: float
    later: float
    first_bytes: int
    later_bytes: int


@dataclass(frozen=True)
class Series:
    """What grows: ``prepare(n)`` gives the function and its arguments; and how far it goes, each way."""

    title: str
    unit: str
    prepare: object
    powers: dict[str, range]


def of_scalars(n):
    """Workload A of n operations."""
    return partial(_expression, n), scalars.START


def of_small_arrays(n):
    """The same of arrays."""
    return partial(_expression, n), tuple(np.linspace(0.9 * x, 1.1 * x, SMALL) for x in scalars.START)


def _expression(n, a, x, y):
    return np.sum(scalars.expression(a, x, y, np.tanh, np.exp, rounds=n // 5))


def of_one_array(n):
    """Workload D of n numbers."""
    return partial(elements.expression, np), (elements.numbers(n),)


SERIES = {
    "scalars": Series("operations on scalars", "operations", of_scalars, {EAGER: range(2, 7), COMPILED: range(2, 6)}),
    "small": Series(
        f"operations on arrays of {SMALL}", "operations", of_small_arrays, {EAGER: range(2, 7), COMPILED: range(2, 6)}
    ),
    "size": Series(
        "eight operations on larger arrays", "numbers", of_one_array, dict.fromkeys((EAGER, COMPILED), range(2, 8))
    ),
}


def step(series, way, n):
    """The measured computation, as a function without arguments."""
    f, arguments = SERIES[series].prepare(n)
    both = tg.value_and_grad(f, argnums=tuple(range(len(arguments))))
    return partial(tg.compile(both) if way == COMPILED else both, *arguments)


def seconds(run):
    """Time one call."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def least_seconds(run):
    """The shortest time of several calls; two at least."""
    times = [seconds(run), seconds(run)]
    while sum(times) < SECONDS:
        times.append(seconds(run))
    return min(times)


def peak(run):
    """The bytes that tracemalloc sees at the peak of one call."""
    gc.collect()
    tracemalloc.reset_peak()
    run()
    return tracemalloc.get_traced_memory()[1]


def point(series, way, n):
    """Measure time, and then memory, unless that takes too long."""
    run = step(series, way, n)
    first, later = seconds(run), least_seconds(run)
    if way == COMPILED and SERIES[series].unit == "operations" and n > LISTENED:
        return Point(first, later, 0, 0)
    tracemalloc.start()
    run = step(series, way, n)
    return Point(first, later, peak(run), peak(run))


def exponent(ns, amounts):
    """Fit k in amount ~ n ** k to the last decades.

    >>> round(exponent([1, 10, 1000, 10_000, 100_000], [50, 50, 2e6, 2e8, 2e10]), 6)
    2.0
    """
    kept = [(math.log(n), math.log(amount)) for n, amount in zip(ns, amounts, strict=True) if n * LAST > ns[-1]]
    return float(np.polyfit(*zip(*kept, strict=True), 1)[0])


def columns_of(points):
    """By title, each column that has at least two numbers, by n."""
    eager, compiled = points[EAGER], points[COMPILED]
    columns = {
        "eager": {n: p.later for n, p in eager.items()},
        "its peak": {n: p.later_bytes for n, p in eager.items()},
        "compiled": {n: p.later for n, p in compiled.items()},
        "peak": {n: p.later_bytes for n, p in compiled.items()},
        "first call": {n: p.first for n, p in compiled.items()},
        "peak of it": {n: p.first_bytes for n, p in compiled.items()},
    }
    measured = {title: {n: x for n, x in column.items() if x} for title, column in columns.items()}
    return {title: column for title, column in measured.items() if len(column) > 1}


def amount(title, x):
    """Write a time or a number of bytes."""
    return size(x) if "peak" in title else duration(x)


def table(series, points, failures=()):
    """Report one series, and the points that failed."""
    columns = columns_of(points)
    report = Report(f"growth  {series.title}, value and slopes; memory at the peak", [series.unit, *columns])
    for n in points[EAGER]:
        cells = [amount(title, column[n]) if n in column else "" for title, column in columns.items()]
        report.rows.append([f"{n:,}", *cells])
    exponents = {title: exponent([*column], [*column.values()]) for title, column in columns.items()}
    report.rows.append(["grows like n to the power", *(f"{k:.2f}" for k in exponents.values())])
    largest = max(exponents, key=exponents.get)
    met = exponents[largest] <= LINEAR and not failures
    got, because = f"{exponents[largest]:.2f} of {largest}", BECAUSE.get(largest)
    report.notes.append(verdict(f"every power ≤ {LINEAR:g}", met, got, because))
    report.notes += failures
    report.data = columns
    return report


def measure(options, powers=None):
    """Measure every series in fresh processes, and report each; `powers` of 10 may be fewer."""
    del options  # no peer takes part
    reports = []
    for name, series in SERIES.items():
        points, failures = {way: {} for way in series.powers}, []
        for way, reach in series.powers.items():
            for n in (10**power for power in powers or reach):
                try:
                    found = json.loads(python(["-m", "benchmarks.growth", name, way, str(n)], timeout=TIMEOUT))
                    points[way][n] = Point(*found)
                except RuntimeError as error:
                    failures.append(f"{way} failed at {n:,}: {short(str(error))}")
        reports.append(table(series, points, failures))
    return reports


if __name__ == "__main__":
    print(json.dumps(point(sys.argv[1], sys.argv[2], int(sys.argv[3]))))
