"""T: epochs of `train.Trainer` beside the loop that torch's users write, over networks of B, C, E, F and Fashion-MNIST.

Both go through the same batches in the same order: rows of NumPy arrays in, parameters updated, the loss as a float
out of each step. Torch's loop is given that order for nothing. The losses of the first ten steps, of which each depends
on the updates before it, must agree before anything is timed; later ones part, since training enlarges roundings. What
is timed is process time, the least of many epochs in turn, so that it can be told on a machine that is not quiet.
"""

import json
import sys
import time
import warnings
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

import tinygrad_edu as tg
from benchmarks import images, images_peers, networks, networks_peers, tokens, tokens_peers
from benchmarks.report import Report, duration, verdict
from benchmarks.setting import python, wanted
from benchmarks.training import DECAY, TINY
from benchmarks.training_peers import WithTorch
from benchmarks.workload import OURS, differs

FASHION = Path("/usr/share/datasets/fashion-mnist")
BATCHES = 50  # of an epoch, where the batch is drawn at random
AGREED = 10  # steps whose losses must be the same
ROUNDINGS = 1000  # that may add up in a loss, as in `workload.Workload`


@dataclass(frozen=True)
class Contest:
    """What to train, the losses of ours and of torch, and all the rows of an epoch."""

    task: Any
    losses: dict[str, Any]
    rows: tuple[Any, ...]

    @property
    def batches(self):
        """How many there are in an epoch."""
        return -(-len(self.rows[0]) // self.task.batch)


def drawn(task, losses):
    """A contest over rows that are drawn as those of the workload's batch are."""
    return Contest(task, losses, tuple(replace(task, batch=BATCHES * task.batch).data()))


def networks_of(task):
    """The losses of B and C, for a task."""
    return {OURS: networks.our_loss, "torch": lambda torch: networks_peers.torch_network(torch, task.sizes)}


def fashion():
    """60,000 pictures of clothes, by a network of one hidden layer."""
    task = networks.Task(sizes=(784, 128, 10), batch=128, dtype="float32", rule="adam", rate=1e-3)
    return Contest(task, networks_of(task), tuple(tg.data.load_mnist(FASHION)[0]))


CONTESTS = {
    "B": lambda: drawn(networks.SMALL, networks_of(networks.SMALL)),
    "C": lambda: drawn(networks.MEDIUM, networks_of(networks.MEDIUM)),
    "E": lambda: drawn(images.TASK, images_peers.LOSSES),
    "F": lambda: drawn(tokens.TASK, tokens_peers.LOSSES),
    "Fashion-MNIST": fashion,
}


class Ours:
    """The trainer, as it comes."""

    def __init__(self, contest):
        task = contest.task
        first = dict(zip(task.names, task.first_parameters(), strict=True))
        optimizers = {"sgd": tg.optim.sgd, "adam": lambda rate: tg.optim.adam(rate, *DECAY, TINY)}
        self.trainer = tg.train.Trainer(
            first, contest.losses[OURS](tg), optimizers[task.rule](task.rate), batch_size=task.batch
        )
        self.contest = contest

    def epoch(self):
        """Train for one more epoch, and give its losses."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", tg.train.TrainingWarning)  # relus die of numbers that are drawn
            history = self.trainer.fit(self.contest.rows, self.trainer.epoch + 1)
        return history.losses[-self.contest.batches :]


class Theirs:
    """The loop over batches that torch's users write."""

    def __init__(self, contest, torch):
        self.run = WithTorch(torch, contest.task, contest.losses["torch"])
        self.run.reset()
        self.contest, self.done = contest, 0

    def epoch(self):
        """Train for one more epoch, and give its losses."""
        x, wanted = self.contest.rows
        losses = []
        for rows in tg.data.deal(len(x), self.contest.batches, 0, self.done):
            self.run.x, self.run.wanted = x[rows], wanted[rows]
            losses.append(self.run.step())
        self.done += 1
        return losses


def seconds(contest, rounds, torch=None):
    """The process time of a step, a mean over an epoch, of ours, and of torch's where it is given.

    Raises:
        ValueError: they do not learn the same.
    """
    runs = {OURS: Ours(contest)} | ({"torch": Theirs(contest, torch)} if torch else {})
    first = {name: np.array(run.epoch()[:AGREED]) for name, run in runs.items()}
    tolerance = ROUNDINGS * float(np.finfo(contest.task.dtype).eps)
    for name, losses in first.items():
        if differs(losses, first[OURS], tolerance):
            raise ValueError(f"{name} does not learn what {OURS} learns: losses {losses}, not {first[OURS]}")
    best = dict.fromkeys(runs, np.inf)
    for _ in range(rounds):
        for name, run in runs.items():
            start = time.process_time()
            run.epoch()
            best[name] = min(best[name], (time.process_time() - start) / contest.batches)
    return best


def measure(options):
    """The table, and whether the trainer is slower than torch anywhere; each contest in a process of one thread."""
    report = Report("T  the trainer: a step of an epoch, process time", ["", "steps", OURS, "torch", "× torch"])
    for name in CONTESTS:
        if name == "Fashion-MNIST" and not FASHION.is_dir():
            report.notes.append("Fashion-MNIST is absent: Debian's package dataset-fashion-mnist")
            continue
        peers = ["torch"] if wanted("torch", options) else []
        count, best = json.loads(python(["-m", "benchmarks.trainer", name, str(options.rounds), *peers]))
        report.data[name] = best
        theirs, ratio = "", ""
        if "torch" in best:
            theirs, ratio = duration(best["torch"]), f"{best[OURS] / best['torch']:.2f}"
            report.notes.append(verdict(f"{name}: not slower than torch", best[OURS] <= best["torch"], f"{ratio} ×"))
        report.rows.append([name, str(count), duration(best[OURS]), theirs, ratio])
    return report


if __name__ == "__main__":
    chosen = CONTESTS[sys.argv[1]]()
    few = max(1, int(sys.argv[2]) * BATCHES // chosen.batches)  # as many steps as in the shorter epochs
    print(json.dumps([chosen.batches, seconds(chosen, few, *map(import_module, sys.argv[3:]))]))
