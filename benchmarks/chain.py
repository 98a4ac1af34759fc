"""Workload G: a chain of 10⁶ scalars, forward, backward, and freed, at a recursion limit of 200.

Half of the entries multiply by FACTOR, half add TERM. Each run is a fresh process, `python -m benchmarks.chain
NAME ENTRIES`, which prints seconds and bytes; bytes are what the process grew by (resident memory),
"tape" after the forward pass, "peak" at the top of the backward pass, both with allocator and all.
"""

import gc
import json
import statistics
import sys
import time
from importlib import import_module
from itertools import pairwise
from pathlib import Path

from benchmarks.report import Report, absence, duration, verdict
from benchmarks.setting import PEERS, python, wanted
from benchmarks.workload import OURS

try:
    import resource
except ImportError:  # Windows
    resource = None

ENTRIES = 1_000_000
RUNS = 5
FACTOR = 1.0000001
TERM = 1e-7
SECONDS, BYTES = 5.0, 400
TIMEOUT = 900
MODULES = {OURS: OURS, "micrograd": "micrograd.engine", "autograd": "autograd", "mygrad": "mygrad", "torch": "torch"}


def chain(x, entries):
    """Multiply and add by turns."""
    for _ in range(entries // 2):
        x = x * FACTOR + TERM
    return x


def number(name, module):
    """The scalar 1 as a leaf of `name`'s."""
    if name == "torch":
        return module.tensor(1.0, dtype=module.float64, requires_grad=True)
    return (module.tensor if name == "mygrad" else module.Value)(1.0)


def resident(peak=False):
    """The bytes of memory this process holds, or has held at most; NaN where the system does not tell."""
    if peak:
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit if resource else float("nan")
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * resource.getpagesize()
    except OSError:
        return float("nan")


def phases(name, entries):
    """The clock and the memory between the phases, and the value and the slope."""
    module = import_module(MODULES[name])
    if name == "autograd":
        return phases_of_autograd(entries)
    gc.collect()
    x = number(name, module)
    marks = [(time.perf_counter(), resident())]
    z = chain(x, entries)
    marks.append((time.perf_counter(), resident()))
    z.backward()
    marks.append((time.perf_counter(), resident(peak=True)))
    value, slope = float(z.data), float(x.grad)
    x = z = None
    gc.collect()  # what only the collector finds counts, too
    marks.append((time.perf_counter(), resident()))
    return marks, value, slope


def phases_of_autograd(entries):
    """Do the same with autograd, which has a function for the two passes."""
    make_vjp = import_module("autograd.core").make_vjp
    marks = [(time.perf_counter(), resident())]
    pull, value = make_vjp(lambda x: chain(x, entries), 1.0)
    marks.append((time.perf_counter(), resident()))
    slope = pull(1.0)
    marks.append((time.perf_counter(), resident(peak=True)))
    pull = None
    gc.collect()
    marks.append((time.perf_counter(), resident()))
    return marks, float(value), float(slope)


def run(name, entries):
    """Seconds of each phase and bytes an entry, after checking value and slope.

    Raises:
        ValueError: value or slope is wrong.
    """
    if name == OURS:
        sys.setrecursionlimit(200)
    marks, value, slope = phases(name, entries)
    right = chain(1.0, entries), FACTOR ** (entries // 2)
    for got, correct in zip((value, slope), right, strict=True):
        if abs(got / correct - 1) > entries * sys.float_info.epsilon:
            raise ValueError(f"{name}: {got} instead of {correct}")
    clock, memory = zip(*marks, strict=True)
    forward, backward, freed = (after - before for before, after in pairwise(clock))
    tape, peak = ((memory[i] - memory[0]) / entries for i in (1, 2))
    return {"forward": forward, "backward": backward, "freed": freed, "tape": tape, "peak": peak}


def row(name, runs):
    """A line of the table: the fastest run, the median run, and the least memory."""
    total = [r["forward"] + r["backward"] + r["freed"] for r in runs]
    fastest = runs[total.index(min(total))]
    phase_times = [duration(fastest[phase]) for phase in ("forward", "backward", "freed")]
    memory = [f"{min(r[kind] for r in runs):.0f} B" for kind in ("tape", "peak")]
    return [name, duration(min(total)), duration(statistics.median(total)), *phase_times, *memory]


def failure(name, error):
    """A line of the table for one that failed."""
    return [f"{name}: {error}", *[""] * 7]


def measure(options, entries=ENTRIES):
    """Run the chain in fresh processes, by turns, and report it."""
    slow = {"autograd", "mygrad", "torch"}
    names = [name for name in MODULES if wanted(name, options) and (options.slow or name not in slow)]
    runs, failures = {name: [] for name in names}, {}
    for i in range(min(options.rounds, RUNS)):
        for name in names:
            if name in failures or (i and name in slow):
                continue
            size = 1000 if name == "micrograd" else entries
            try:
                runs[name].append(json.loads(python(["-m", "benchmarks.chain", name, str(size)], timeout=TIMEOUT)))
            except RuntimeError as error:
                failures[name] = f"at {size:,}, {error}"
    columns = ["", "min", "median", "forward", "backward", "freed", "tape", "peak"]
    report = Report(f"G  chain of {entries:,} scalars; memory by entry", columns)
    report.rows = [row(name, runs[name]) for name in names if name not in failures]
    report.notes += [f"{name} failed {problem}" for name, problem in failures.items()]
    if OURS in failures:
        return report
    best = min(r["forward"] + r["backward"] + r["freed"] for r in runs[OURS])
    held = min(r["peak"] for r in runs[OURS])
    report.notes.append(verdict(f"≤ {duration(SECONDS)}", best <= SECONDS, duration(best)))
    report.notes.append(verdict(f"≤ {BYTES} B an entry", held <= BYTES, f"{held:.0f} B at the peak"))
    left_out = slow & {name for name in MODULES if wanted(name, options)} - set(names)
    report.notes += [f"with --slow: {', '.join(sorted(left_out))}"] if left_out else []
    report.notes += absence({name for name in PEERS if name in MODULES and not wanted(name, options)})
    return report


if __name__ == "__main__":
    print(json.dumps(run(sys.argv[1], int(sys.argv[2]))))
