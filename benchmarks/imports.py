"""Workload H: the time to import, beyond NumPy's own.

Every import is timed inside a fresh process, from just before it to just after; the first of each, which
may have bytecode to write, is not counted. Packages take turns, 15 times by default. (micrograd is left out:
it does not import NumPy.)
"""

import statistics

from benchmarks.report import Report, absence, duration, verdict
from benchmarks.setting import PEERS, python, wanted
from benchmarks.workload import OURS

ROUNDS = 15
TARGET = 0.025
BECAUSE = "43 modules of its own, of 0.6 ms each; the rows of the table are nine tenths of it"
BEFORE = "numpy"
OTHERS = tuple(package for package in PEERS if package != "micrograd")


def seconds(package):
    """Time one import in a fresh process."""
    timed = f"import time; start = time.perf_counter(); import {package}; print(time.perf_counter() - start)"
    return float(python(["-c", timed]))


def measure(options):
    """Time the imports and report them."""
    packages = [BEFORE, *(package for package in (OURS, *OTHERS) if wanted(package, options))]
    times = {package: [] for package in packages}
    for i in range(1 + min(options.rounds, ROUNDS)):
        for package in packages:
            taken = seconds(package)
            if i:
                times[package].append(taken)
    best = {package: min(t) for package, t in times.items()}
    middle = {package: statistics.median(t) for package, t in times.items()}
    report = Report("H  import", ["", "min", "median", "beyond NumPy", "of medians"])
    for package in packages:
        beyond = best[package] - best[BEFORE], middle[package] - middle[BEFORE]
        report.rows.append([package, *map(duration, (best[package], middle[package], *beyond))])
    ours = best[OURS] - best[BEFORE]
    report.notes.append(verdict(f"≤ {duration(TARGET)} beyond NumPy", ours <= TARGET, duration(ours), BECAUSE))
    report.notes += absence(set(OTHERS) - set(packages))
    return report
