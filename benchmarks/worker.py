"""The process of one competitor: `python -m benchmarks.worker A "jax.jit"`, driven by `harness` over its pipes.

It imports what that competitor needs and nothing else. Commands come in and answers go out pickled:

"first"    → seconds of the first step, with all tracing and compiling
"results"  → what must agree with the others
"round"    → a `Round`

An exception comes back as a RuntimeError.
"""

import gc
import os
import pickle
import sys
import time
import traceback
from importlib import import_module

from benchmarks.catalogue import STEPS
from benchmarks.workload import Round, results

ROUND_SECONDS = 0.03

try:
    import resource
except ImportError:  # Windows
    resource = None


def faults():
    """How many pages the kernel has handed this process without reading a disk."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt if resource else float("nan")


def steps_a_round(run):
    """Find how many steps fill a round."""
    run.reset()
    run.step()
    start = time.perf_counter()
    run.step()
    return max(1, round(ROUND_SECONDS / (time.perf_counter() - start)))


def one_round(run, count):
    """Time `count` steps, after one that is not timed if they are short; garbage is collected as ever."""
    run.reset()
    gc.collect()
    if count > 1:
        run.step()
    pages, cpu, start = faults(), time.process_time(), time.perf_counter()
    for _ in range(count):
        run.step()
    seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu
    return Round(seconds / count, cpu_seconds / count, (faults() - pages) / count)


def answer(commands, letter, name):
    """Build the run, and give an answer to each command."""
    competitor = STEPS[letter].competitors[name]
    run = competitor.build(*([import_module(competitor.needs)] if competitor.needs else []))
    count = None
    for command in commands:
        if command == "first":
            run.reset()
            start = time.perf_counter()
            run.step()
            yield time.perf_counter() - start
        elif command == "results":
            yield results(run)
        else:
            count = count or steps_a_round(run)
            yield one_round(run, count)


def commands():
    """Read commands until the pipe is closed."""
    while True:
        try:
            yield pickle.load(sys.stdin.buffer)
        except EOFError:
            return


def main():
    # What libraries print must not come between the answers.
    channel = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    try:
        for reply in answer(commands(), *sys.argv[1:]):
            pickle.dump(reply, channel)
            channel.flush()
    except Exception as error:
        traceback.print_exc()
        pickle.dump(RuntimeError(repr(error)), channel)
        channel.flush()


if __name__ == "__main__":
    main()
