"""Workload I: what one step of workload D holds at its peak, counted in arrays of the size of its input.

The input, buffers made in advance, and the slopes count too. Each run is a fresh process, `python -m benchmarks.memory
NAME`, and it is the second step that counts, as the first may trace and compile; what that holds is told beside it.
NumPy tells tracemalloc of its arrays; torch and jax do not, so theirs are counted by how far the resident memory rises
above where it stands between two steps, plus the input; for that freed arrays go back to the kernel at once. Workload D
checks that all compute the same.
"""

import gc
import json
import sys
import tracemalloc
from importlib import import_module
from pathlib import Path

from benchmarks.chain import resident
from benchmarks.elements import COMPETITORS, SIZE
from benchmarks.report import Report, absence, verdict
from benchmarks.setting import python, wanted
from benchmarks.workload import COMPILED, OURS, set_malloc

ARRAY = 8 * SIZE
ON_TWO = f"{COMPILED}, 2 threads"
TARGETS = {OURS: 7.0, COMPILED: 2.5, ON_TWO: 2.5}
BECAUSE = {
    OURS: "beside what torch keeps stays the argument of tanh, for the digits that 1 - z² lacks; the input is copied, "
    "since the caller may change it",
    ON_TWO: "each thread has blocks of its own, twice as long as those of one",
}
UNSEEN = {"torch", "jax"}


def traced(build, modules):
    """The bytes that tracemalloc sees at the peak of the second step, and at that of the first; but for modules."""
    build(*modules).step()  # imports what is imported only when it is needed
    gc.collect()
    tracemalloc.start()
    run = build(*modules)
    run.step()
    first = tracemalloc.get_traced_memory()[1]
    gc.collect()
    tracemalloc.reset_peak()
    run.step()
    return tracemalloc.get_traced_memory()[1], first


def risen(build, modules):
    """The bytes of the input and of the resident memory that a second step adds at its peak; None for the first."""
    set_malloc(from_heap=128 << 10, kept=128 << 10)
    run = build(*modules)
    run.step()
    return ARRAY + rise(run.step), None


def rise(step):
    """The bytes that a step adds to the resident memory at its peak.

    Raises:
        OSError: the system is not Linux, which alone lets the peak be counted anew.
    """
    gc.collect()
    before = resident()
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    step()
    status = Path("/proc/self/status").read_text(encoding="ascii").split()
    return 1024 * int(status[status.index("VmHWM:") + 1]) - before


def peak(name):
    """What a competitor holds at most, in arrays: in its second step, and in its first, if that can be told."""
    competitor = COMPETITORS[name]
    modules = [import_module(competitor.needs)] if competitor.needs else []
    count = risen if competitor.package in UNSEEN else traced
    return [held and held / ARRAY for held in count(competitor.build, modules)]


def measure(options):
    """Run each competitor once, and report it."""
    report = Report("I  memory of D at its peak", ["", "arrays of the input's size", "first call", "counted by"])
    for name, competitor in COMPETITORS.items():
        if not wanted(competitor.package, options):
            continue
        try:
            arrays, first = json.loads(python(["-m", "benchmarks.memory", name]))
        except RuntimeError as error:
            report.notes.append(f"{name} failed: {error}")
            continue
        by = "resident memory" if competitor.package in UNSEEN else "tracemalloc"
        report.rows.append([name, f"{arrays:.1f}", f"{first:.1f}" if first else "", by])
        if name in TARGETS:
            most = TARGETS[name]
            target = f"≤ {most:g} arrays ({name})"
            report.notes.append(verdict(target, arrays <= most, f"{arrays:.1f}", BECAUSE.get(name)))
    report.notes += absence({c.package for c in COMPETITORS.values() if not wanted(c.package, options)})
    return report


if __name__ == "__main__":
    print(json.dumps(peak(sys.argv[1])))
