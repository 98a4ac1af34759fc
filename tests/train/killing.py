"""Training that is killed at random moments and resumed, again and again: ``python -m tests.train.killing 1000``.

A child trains and saves after every step; it is killed with SIGKILL. What it left must load and be, to the bit, what an
uninterrupted run was after as many steps; the next child goes on from it, until training is done.
"""

import os
import signal
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from tests.train.networks import classes, classified, leaves, small
from tinygrad_edu import optim
from tinygrad_edu.train import Trainer

EPOCHS = 20


def noisy(rng, x, labels):
    """The examples with noise."""
    return x + 0.1 * rng.normal(size=x.shape), labels


def trainer():
    """The trainer, made anew."""
    return Trainer(small(), classified, optim.adam(0.01), batch_size=7, augment=noisy, seed=5, advice=False)


def state_of(one):
    """All numbers that training depends on, as bytes."""
    parts = [*leaves(one._state.network), *map(np.asarray, leaves(one._state.optimizer))]
    best = leaves(one._state.best) if one._state.best is not None else []
    return b"".join(x.tobytes() for x in [*parts, *best]) + repr((one.history, one.epoch, one.steps)).encode()


def train(one, file, callbacks=()):
    """Train to the end, saving after every step."""
    one.fit(classes(), EPOCHS, validation=classes(30, seed=1), callbacks=callbacks, save=file, save_every=1)


def kill_and_resume(kills, folder, rng):
    """How many kills left a file that does not load, how many another state, and how often training was finished."""
    states = {}
    train(trainer(), Path(folder) / "whole", [lambda t: states.__setitem__(t.steps, state_of(t))])
    file = Path(folder) / "kept"
    unloadable = different = finished = 0
    for _ in range(kills):
        child = os.fork()
        if not child:
            one = trainer()
            if file.exists():
                one.load(file)
            train(one, file)
            os._exit(0)
        time.sleep(rng.uniform(0.02, 0.2))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        if not file.exists():
            continue
        one = trainer()
        try:
            one.load(file)
        except ValueError:
            unloadable += 1
            continue
        different += state_of(one) != states[one.steps]
        if one.steps == max(states):
            finished += 1
            file.unlink()
    return unloadable, different, finished


if __name__ == "__main__":
    count = int(sys.argv[1])
    with tempfile.TemporaryDirectory() as place:
        found = kill_and_resume(count, place, np.random.default_rng())
    print(f"{count} kills: {found[0]} unloadable, {found[1]} different; {found[2]} runs were finished")
