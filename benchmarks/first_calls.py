"""Workload J: the first call of what compiles: tracing, compiling, and the first step of workloads A, B and F.

Each run is a fresh process in which everything has been imported. torch.compile and TinyJit keep on disk what they
compiled, here in a folder that is empty at first: their first run finds "nothing kept", those after it find that.
"""

import statistics
from tempfile import TemporaryDirectory

from benchmarks.catalogue import STEPS
from benchmarks.harness import Worker, entrants
from benchmarks.report import Report, absence, duration, short, verdict
from benchmarks.setting import wanted
from benchmarks.targets import of_variant
from benchmarks.workload import COMPILED, OURS, REUSING

TARGETS = {"A": 0.04, "B": 0.01, "F": 0.05}
BECAUSE = {
    "A": "with the sweep its 1,000 operations are 2,800 calls; of 27 µs for each, tracing takes 8, the passes 11, "
    "printing 3, Python's own compile() 3",
    "B": "a third is Python's first way through the code of the compiler: a second program in that process takes two "
    "thirds of it",
}
COMPILING = COMPILED, REUSING, "jax.jit", "torch.compile", "tinygrad jit"
PACKAGES = "jax", "torch", "tinygrad"
RUNS = 5


def seconds(letter, name, threads, caches):
    """Time the first call in a fresh process, which keeps what it compiles in the folder `caches`."""
    kept = {"TORCHINDUCTOR_CACHE_DIR": caches, "CACHEDB": f"{caches}/tinygrad.db"}
    with Worker(letter, name, threads, kept) as worker:
        return worker.ask("first")


def first_calls(letter, names, options):
    """The times of each by name, the first with nothing kept; and why peers failed.

    Raises:
        RuntimeError: ours failed.
    """
    times, failures = {}, {}
    for name in names:
        with TemporaryDirectory() as caches:
            try:
                runs = range(1 + min(options.rounds, RUNS))
                times[name] = [seconds(letter, name, options.threads, caches) for _ in runs]
            except RuntimeError as error:
                if name.startswith(OURS):
                    raise
                failures[f"{name} on {letter}"] = short(str(error))
    return times, failures


def cells(times):
    """What a table says of one who was timed."""
    return [duration(times[0]), duration(min(times[1:])), duration(statistics.median(times[1:]))] if times else [""] * 3


def measure(options):
    """Time first calls, and report them."""
    columns = [f"{letter}, {what}" for letter in TARGETS for what in ("nothing kept", "min", "median")]
    report = Report("J  first call of what compiles, on A, B and F", ["", *columns])
    times = {}
    for letter in TARGETS:
        present = [name for name in COMPILING if name in entrants(STEPS[letter], options)]
        times[letter], failures = first_calls(letter, present, options)
        report.notes += [f"{name} failed: {problem}" for name, problem in failures.items()]
    for name in COMPILING:
        row = [times[letter].get(name) for letter in TARGETS]
        if any(row):
            report.rows.append([name, *(cell for one in row for cell in cells(one))])
    report.notes[:0] = [
        *verdicts(times),
        "nothing kept: caches on disk are empty; min, median: of processes that find them",
    ]
    report.notes += absence({package for package in PACKAGES if not wanted(package, options)})
    return report


def verdicts(times):
    """Ours, held against the targets."""
    for letter, most in TARGETS.items():
        for name in (COMPILED, REUSING):
            if name not in times[letter]:
                continue
            taken = min(times[letter][name][1:])
            target = f"≤ {duration(most)} on {letter}{of_variant(name)}"
            yield verdict(target, taken <= most, duration(taken), BECAUSE.get(letter))
