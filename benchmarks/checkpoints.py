"""Workload I2: what the gradient of a loop holds at its peak, counted in arrays of the size of its carry.

A plain loop keeps all that its steps compute, a scan the carries, one with checkpoints √n of them, twice: those between
segments, and those within the one that is swept. Each run is a fresh process, `python -m benchmarks.checkpoints NAME`.
"""

import json
import sys
import time
import tracemalloc
from importlib import import_module

import numpy as np

from benchmarks.report import Report, duration, verdict
from benchmarks.setting import python
from benchmarks.workload import OURS

N, SIZE = 400, 10_000
PLAIN, SCAN, CHECKPOINTS = "plain loop", "tg.scan", "tg.scan, checkpoint=True"
COMPILED = f"{CHECKPOINTS}, compiled"
MOST = 3 * N**0.5


def step(w, c):
    """Three operations on the carry."""
    return np.sin(w * c) + c


def loop(tg, name):
    """The function whose gradient is taken: of how the loop is written, the sum of the last carry."""

    def plain(w, c):
        for _ in range(N):
            c = step(w, c)
        return np.sum(c)

    def scanned(w, c):
        last, _ = tg.scan(lambda c, _: (step(w, c), None), c, length=N, checkpoint=name.startswith(CHECKPOINTS))
        return np.sum(last)

    return plain if name == PLAIN else scanned


def peak(name):
    """The arrays at the peak of the second call, and the seconds that a third one takes."""
    tg = import_module(OURS)
    slopes = tg.value_and_grad(loop(tg, name), (0, 1))
    slopes = tg.compile(slopes) if name == COMPILED else slopes
    given = 0.5, np.random.default_rng(0).normal(size=SIZE)
    tracemalloc.start()
    slopes(*given)
    tracemalloc.reset_peak()
    slopes(*given)
    held = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    start = time.perf_counter()
    value, slope = slopes(*given)
    seconds = time.perf_counter() - start
    return held / (8 * SIZE), seconds, [float(value), float(slope[0]), float(np.sum(slope[1]))]


def measure(options):
    """Run each once, and report it; with checkpoints, it is at most three times √n arrays.

    Raises:
        ValueError: they do not agree.
    """
    report = Report(f"I2  memory of the gradient of a loop of {N} steps", ["", "arrays of the carry's size", "time"])
    wanted = None
    for name in (PLAIN, SCAN, CHECKPOINTS, COMPILED):
        arrays, seconds, results = json.loads(python(["-m", "benchmarks.checkpoints", name], options.threads))
        wanted = wanted or results
        if not np.allclose(results, wanted, rtol=N * np.finfo(float).eps * 100, atol=0):
            raise ValueError(f"{name} does not agree with {PLAIN}: {results} instead of {wanted}")
        report.rows.append([name, f"{arrays:.0f}", duration(seconds)])
        if name.startswith(CHECKPOINTS):
            report.notes.append(verdict(f"≤ {MOST:g} arrays, 3 √n ({name})", arrays <= MOST, f"{arrays:.0f}"))
    return report


if __name__ == "__main__":
    print(json.dumps(peak(sys.argv[1])))
