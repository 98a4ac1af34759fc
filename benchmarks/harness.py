"""How steps are timed: each competitor in a process of its own, round by round in turn, once all agree.

A process for each, because what is imported, sent or freed changes the machine under everyone else: torch
and jax move glibc's malloc thresholds, start threads, set floating-point modes. So each row is what its
users get who import that one library, and NumPy alone runs on malloc as it comes. That comes in two cases,
told apart by the page faults of a step: near 0, the memory of freed arrays is kept; hundreds, it goes back to the
kernel and is paged in again at every step, which may double the time. Rows "pages kept" are the
same code where malloc was told to keep it: compare like with like. For the same reason results are checked
in other processes than those that are timed, and parameters are set back in place. Where arrays happen
to lie matters too (copies between addresses that agree in their last 12 bits are several times slower), so
every few rounds all processes are started afresh.
"""

import pickle
import statistics
import subprocess
import sys
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from typing import Any

from benchmarks.report import Report, absence, duration, short
from benchmarks.setting import ROOT, environment, wanted
from benchmarks.targets import verdicts
from benchmarks.workload import BY_HAND, OURS, disagreement

QUIET = 0.97
FRESH = 5


class Worker:
    """A competitor's process, seen from here."""

    def __init__(self, letter, name, threads, variables=None):
        """Start it, in an environment that has these `variables` as well."""
        command = [sys.executable, "-m", "benchmarks.worker", letter, name]
        pipe, env = subprocess.PIPE, environment(threads) | (variables or {})
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, env=env, cwd=ROOT)

    def ask(self, command):
        """Send a command, wait, and give the answer.

        Raises:
            RuntimeError: the competitor failed.
        """
        try:
            pickle.dump(command, self.process.stdin)
            self.process.stdin.flush()
            reply = pickle.load(self.process.stdout)
        except (EOFError, OSError):
            raise RuntimeError(f"{self.process.args[-1]}: its process ended, code {self.process.wait()}") from None
        if isinstance(reply, Exception):
            raise reply
        return reply

    def __enter__(self):
        return self

    def __exit__(self, *_):
        """Close the pipes, at which the process ends."""
        for pipe in (self.process.stdin, self.process.stdout):
            with suppress(BrokenPipeError):
                pipe.close()
        self.process.wait()


@dataclass
class Timing:
    """What was measured of one competitor."""

    first: list[float] = field(default_factory=list)
    rounds: list[Any] = field(default_factory=list)

    def of(self, name):
        """One quantity by round."""
        return [getattr(r, name) for r in self.rounds]

    @property
    def cores(self):
        """How many cores it kept busy; less than one when the machine was busy with something else."""
        return sum(self.of("cpu_seconds")) / sum(self.of("seconds"))


def agree(letter, workload, names, options):
    """Check that all compute the same; give the peers that failed to, by why.

    Raises:
        ValueError: one differs from the hand-written by more than rounding.
        RuntimeError: ours or the hand-written failed.
    """
    expected, failures = None, {}
    for name in names:
        with Worker(letter, name, options.threads) as worker:
            try:
                given = worker.ask("results")
            except RuntimeError as error:
                if workload.competitors[name].package in {None, OURS}:
                    raise
                failures[name] = short(str(error))
                continue
        expected = expected or given
        problem = disagreement(given, expected, workload)
        if problem:
            raise ValueError(f"{name} does not agree with {names[0]}: {problem}")
    return failures


def entrants(workload, options):
    """The names of those who can take part."""
    competitors = workload.competitors.items()
    return [name for name, c in competitors if wanted(c.package, options) and (options.slow or not c.slow)]


def race(letter, workload, options):
    """Time every competitor that can take part; give the timings, and why peers failed.

    Each round goes once through all of them, starting one further on than the round before.

    Raises: as `agree`.
    """
    names = entrants(workload, options)
    failures = agree(letter, workload, names, options)
    names = [name for name in names if name not in failures]
    timings = {name: Timing() for name in names}
    for start in range(0, options.rounds, FRESH):
        with ExitStack() as stack:
            workers = {name: stack.enter_context(Worker(letter, name, options.threads)) for name in names}
            for name, worker in workers.items():
                timings[name].first.append(worker.ask("first"))
            for i in range(start, min(start + FRESH, options.rounds)):
                k = i % len(names)
                for name in names[k:] + names[:k]:
                    timings[name].rounds.append(workers[name].ask("round"))
                    if options.threads > 1:
                        time.sleep(0.1)  # until the idle threads of its BLAS stop spinning
    return timings, failures


def measure(letter, workload, options):
    """Run the race and report it."""
    timings, failures = race(letter, workload, options)
    best = {name: min(t.of("seconds")) for name, t in timings.items()}
    middle = {name: statistics.median(t.of("seconds")) for name, t in timings.items()}
    columns = ["", "min", "median", "× by hand", "of medians", "first call", "cores", "page faults"]
    report = Report(f"{letter}  {workload.title}", columns, data=best)
    for name, t in timings.items():
        times = duration(best[name]), duration(middle[name])
        ratios = f"{best[name] / best[BY_HAND]:.2f}", f"{middle[name] / middle[BY_HAND]:.2f}"
        machine = f"{t.cores:.2f}", f"{statistics.median(t.of('faults')):.0f}"
        report.rows.append([name, *times, *ratios, duration(min(t.first)), *machine])
    agreed = f"value, gradients and three steps of all agree, to {workload.tolerance:.0e} of their norm"
    report.notes.append(f"{agreed}; {workload.dtype}")
    first = {name: min(t.first) for name, t in timings.items()}
    report.notes += verdicts(workload, best, options.threads, first)
    if min(t.cores for t in timings.values()) < QUIET:
        report.notes.append("the machine was BUSY: others took some of the time; measure again when it is quiet")
    report.notes += [f"{name} failed: {problem}" for name, problem in failures.items()]
    present = {name: c for name, c in workload.competitors.items() if wanted(c.package, options)}
    left_out = set(present) - set(entrants(workload, options))
    report.notes += [f"with --slow: {', '.join(sorted(left_out))}"] if left_out else []
    report.notes += absence({c.package for name, c in workload.competitors.items() if name not in present})
    return report
