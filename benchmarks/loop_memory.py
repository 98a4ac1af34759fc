"""Workload I3: what the gradient of a long loop holds at its peak: the hidden Markov model of M2, and the LSTM of M3.

Each run is a fresh process, `python -m benchmarks.loop_memory M2 NAME`. What goes in does not count. Of ours and by
hand, tracemalloc sees all arrays and objects, those of the program too, at the second gradient. Of torch it is how far
the resident memory rises at the first: malloc keeps the small blocks of a tape that is freed, and the second would find
them there. What torch loads when it is first needed, the gradient of a loop of a few steps has loaded by then.
"""

import json
import sys
import time
import tracemalloc
from functools import partial
from importlib import import_module

import numpy as np

from benchmarks import loops, recurrence
from benchmarks.checkpoints import CHECKPOINTS, SCAN
from benchmarks.memory import rise, traced
from benchmarks.report import Report, absence, duration, size
from benchmarks.setting import python, wanted
from benchmarks.workload import BY_HAND, OURS, differs

FEW = 10  # steps
TORCH = "torch eager"
WORKLOADS = {"M2": loops.WORKLOAD_M2, "M3": recurrence.WORKLOAD}
STEPS = {"M2": loops.N, "M3": recurrence.STEPS}
OF_OURS = {"M2": loops.markov_with_ours, "M3": recurrence.with_ours}
OF_FEW = {
    "M2": partial(loops.markov_with_torch, seen=loops.SEEN[:FEW]),
    "M3": partial(recurrence.with_torch, given=recurrence.X[:FEW]),
}
WAYS = {
    SCAN: {"compile": False},
    CHECKPOINTS: {"compile": False, "checkpoint": True},
    f"{SCAN}, compiled": {},
    f"{CHECKPOINTS}, compiled": {"checkpoint": True},
}
NEEDS = {BY_HAND: None} | dict.fromkeys(WAYS, OURS) | {TORCH: "torch"}


def peak(letter, name):
    """The bytes at the peak, the seconds that one more gradient takes, and what it is."""
    modules = [import_module(NEEDS[name])] if NEEDS[name] else []
    build = partial(OF_OURS[letter], **WAYS[name]) if name in WAYS else WORKLOADS[letter].competitors[name].build
    if name == TORCH:
        OF_FEW[letter](*modules).step()
        run = build(*modules)
        held = rise(run.step)
    else:
        held, _ = traced(build, modules)
        tracemalloc.stop()
        run = build(*modules)
        run.step()
    start = time.perf_counter()
    results = run.gradients()
    seconds = time.perf_counter() - start
    return held, seconds, np.concatenate([np.ravel(x) for x in results]).tolist()


def measure(options):
    """Run each once, and report both loops.

    Raises:
        ValueError: they do not agree.
    """
    return [_measured(letter, options) for letter in WORKLOADS]


def _measured(letter, options):
    title = f"I3  memory of a gradient of {letter}, {WORKLOADS[letter].title.removesuffix(', as a scan')}"
    report = Report(title, ["", "at the peak", "a step", "× torch", "time", "counted by"])
    found, expected = {}, None
    for name in (name for name, package in NEEDS.items() if wanted(package, options)):
        held, seconds, results = json.loads(python(["-m", "benchmarks.loop_memory", letter, name]))
        expected = np.array(results) if expected is None else expected
        if differs(np.array(results), expected, WORKLOADS[letter].tolerance):
            raise ValueError(f"{name} does not agree with {BY_HAND}: {results[:3]} instead of {expected[:3]}")
        found[name] = held, seconds
    for name, (held, seconds) in found.items():
        ratio = f"{held / found[TORCH][0]:.2f}" if TORCH in found else ""
        by = "resident memory" if name == TORCH else "tracemalloc"
        report.rows.append([name, size(held), size(round(held / STEPS[letter])), ratio, duration(seconds), by])
    report.notes += absence(["torch"] if TORCH not in found else [])
    report.data = found
    return report


if __name__ == "__main__":
    print(json.dumps(peak(*sys.argv[1:])))
