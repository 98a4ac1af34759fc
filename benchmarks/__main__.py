"""The command `python -m benchmarks`: run from the root of the repository, it measures and prints the tables.

Letters choose workloads: `python -m benchmarks A B`; without any, all whose speed is measured are run.
"""

import argparse
from dataclasses import replace
from importlib import import_module

from benchmarks import (
    chain,
    checkpoints,
    detection,
    first_calls,
    gallery,
    growth,
    harness,
    imports,
    loop_memory,
    memory,
    trainer,
)
from benchmarks.catalogue import STEPS
from benchmarks.report import show
from benchmarks.setting import Options, machine

WHOLE = {
    "G": chain.measure,
    "H": imports.measure,
    "I": memory.measure,
    "I2": checkpoints.measure,
    "I3": loop_memory.measure,
    "J": first_calls.measure,
    "T": trainer.measure,
    "growth": growth.measure,
}
ON_TWO = "B", "C", "D", "E", "F"
ASKED_FOR = {"detection": detection.measure, "gallery": gallery.measure}


def arguments(given=None):
    """Read the command line."""
    letters = [*STEPS, *WHOLE, *ASKED_FOR]
    about = "Speed beside NumPy by hand and peers; and, asked for, which wrong gradients are detected."
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=about)
    chosen_of = f"of {', '.join(letters)}; by default all with letters"
    parser.add_argument("workloads", nargs="*", metavar="WORKLOAD", help=chosen_of)
    parser.add_argument("--rounds", type=int, default=25, help="how often each competitor has its turn")
    parser.add_argument("--threads", type=int, default=1, help="threads of BLAS, torch and jax")
    parser.add_argument("--no-peers", action="store_true", help="only by hand and ours")
    parser.add_argument("--slow", action="store_true", help="peers that take minutes, too")
    parser.add_argument("--checks", type=int, default=2000, help="detection: how many right rules ours checks")
    parser.add_argument(
        "--count", type=int, default=200_000, help="detection: how many right functions are drawn, which takes hours"
    )
    parser.add_argument(
        "--write", action="store_true", help="measure all, and write docs/performance.md; needs matplotlib"
    )
    chosen = parser.parse_args(given)
    unknown = [letter for letter in chosen.workloads if letter not in letters]
    if unknown or min(chosen.rounds, chosen.threads, chosen.checks, chosen.count) < 1:
        parser.error(f"unknown workload {unknown[0]}" if unknown else "numbers are at least 1")
    if chosen.write and (chosen.workloads or chosen.threads > 1):
        parser.error("--write measures all workloads, on one thread and on two; leave out WORKLOAD and --threads")
    return chosen


def reports(letter, options):
    """Measure a workload, and give its tables."""
    if letter in STEPS:
        return [harness.measure(letter, STEPS[letter], options)]
    made = (WHOLE | ASKED_FOR)[letter](options)
    return made if isinstance(made, list) else [made]


def measured(letters, options):
    """Measure workloads, print their tables, and give them by letter."""
    made = {}
    for letter in letters:
        made[letter] = reports(letter, options)
        for report in made[letter]:
            show(report)
    return made


def main(given=None):
    chosen = arguments(given)
    options = Options(chosen.rounds, chosen.threads, not chosen.no_peers, chosen.slow, chosen.checks, chosen.count)
    page = import_module("benchmarks.page") if chosen.write else None  # now, lest matplotlib be missed in an hour
    print(*machine(options), sep="\n", end="\n\n")
    made = measured(chosen.workloads or (*STEPS, *WHOLE), options)
    if page:
        print("On two threads:", end="\n\n")
        on_two = measured(ON_TWO, replace(options, threads=2))
        page.write(made, on_two, machine(options))


if __name__ == "__main__":
    main()
