"""What goes on from a checkpoint is what would have been without it, to the bit, in another process too."""

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.train import killing
from tests.train.networks import classes, classified, examples, line, linear, same, small
from tinygrad_edu import optim
from tinygrad_edu.train import Checkpoint, CheckpointError, Trainer, read_network

OPTIMIZERS = {
    "sgd": optim.sgd(0.05),
    "nesterov": optim.sgd(0.05, momentum=0.9, nesterov=True),
    "adagrad": optim.adagrad(0.05),
    "rmsprop": optim.rmsprop(0.01),
    "adam": optim.adam(0.01),
    "adamw": optim.adamw(optim.one_cycle(0.02, 30)),
    "lion": optim.lion(0.01),
    "lbfgs": optim.lbfgs(0.1),
    "chain": optim.chain(optim.clip_by_global_norm(1.0), optim.weight_decay(0.01), optim.adam(0.01)),
}


@given(st.sampled_from(sorted(OPTIMIZERS)), st.integers(1, 14), st.sampled_from([1, 3]))
def test_going_on_is_the_same_as_never_stopping(tmp_path_factory, name, stop, shards):
    file = tmp_path_factory.mktemp("kept") / "c"

    def made():
        return Trainer(small(), classified, OPTIMIZERS[name], batch_size=13, seed=2, shards=shards, advice=False)

    def fit(trainer, **options):
        trainer.fit(classes(), 3, validation=classes(seed=1), **options)

    whole, stopped, resumed = made(), made(), made()
    fit(whole)
    fit(stopped, callbacks=[lambda t: t.steps == stop], save=file)
    assert stopped.steps == stop
    resumed.load(file)
    fit(resumed)
    assert same(whole.network, resumed.network)
    assert same(whole.best, resumed.best)
    assert same(whole._state.optimizer, resumed._state.optimizer)
    assert whole.history == resumed.history


def test_early_stopping_goes_on_counting(tmp_path):
    ones = np.ones(4)

    def made():
        loss = lambda p, x, y: np.mean((p["w"] - y) ** 2)  # noqa: E731
        return Trainer({"w": np.float64(0.0)}, loss, optim.sgd(0.05), batch_size=None, advice=False)

    def fit(trainer, epochs):
        return trainer.fit((ones, ones), epochs, validation=(ones, ones / 2), patience=3, save=tmp_path / "c")

    whole, resumed = made(), made()
    length = len(fit(whole, 100).epochs)
    fit(made(), length - 2)
    resumed.load(tmp_path / "c")
    assert len(fit(resumed, 100).epochs) == length
    assert same(whole.best, resumed.best)


IN_ANOTHER_PROCESS = """
import sys
from tests.train.killing import trainer, train
one = trainer()
if len(sys.argv) > 2:
    one.load(sys.argv[1])
train(one, sys.argv[1], [] if len(sys.argv) > 2 else [lambda t: t.steps == 31])
"""


def test_another_process_goes_on_to_the_bit(tmp_path):
    file = tmp_path / "c"
    for seed, more in (("1", []), ("2", ["resume"])):
        environment = os.environ | {"PYTHONHASHSEED": seed}
        subprocess.run([sys.executable, "-c", IN_ANOTHER_PROCESS, file, *more], check=True, env=environment)
    whole, found = killing.trainer(), killing.trainer()
    killing.train(whole, tmp_path / "whole")
    found.load(file)
    assert killing.state_of(found) == killing.state_of(whole)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_being_killed_loses_nothing():
    script = [sys.executable, "-m", "tests.train.killing", "12"]
    done = subprocess.run(script, capture_output=True, text=True, check=True)
    assert "12 kills: 0 unloadable, 0 different" in done.stdout


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (
            lambda: Trainer(line(4), linear, optim.adam(0.1)),
            r"is of another network: \['w'\] is \(3,\) float64 there, and \(4,",
        ),
        (lambda: Trainer(line(dtype=np.float32), linear, optim.adam(0.1)), "float64 there, and .* float32 here"),
        (
            lambda: Trainer({"w": line()["w"]}, linear, optim.adam(0.1)),
            r"network: at \['b'\] there is an array of",
        ),
        (lambda: Trainer(line() | {"c": 1.0}, linear, optim.adam(0.1)), r"network: at \['c'\] there is nothing"),
        (lambda: Trainer(line(), linear, optim.sgd(0.1)), "is of another optimizer: at "),
        (
            lambda: Trainer(line(), linear, optim.adam(0.1), batch_size=5),
            "made with batch_size=32, and here it is 5",
        ),
        (lambda: Trainer(line(), linear, optim.adam(0.1), seed=5), "was made with seed=0, and here it is 5"),
        (lambda: Trainer(line(), linear, optim.adam(0.1), shards=5), "was made with shards=1, and here it is 5"),
    ],
)
def test_a_checkpoint_of_something_else_is_refused_and_changes_nothing(tmp_path, other, message):
    trainer = Trainer(line(), linear, optim.adam(0.1))
    trainer.fit(examples(), 2, save=tmp_path / "c")
    one = other()
    before = one.network
    with pytest.raises(CheckpointError, match=message):
        one.load(tmp_path / "c")
    assert same(one.network, before)
    assert one.steps == 0


def test_a_checkpoint_that_no_trainer_made_is_refused(tmp_path):
    Checkpoint({"x": 1.0}, {"settings": {}}).write(tmp_path / "c")
    with pytest.raises(CheckpointError, match="was not made by a trainer"):
        Trainer(line(), linear, optim.adam(0.1)).load(tmp_path / "c")


def test_networks_are_read_by_themselves(tmp_path):
    trainer = Trainer(small(), classified, optim.adam(0.01), notes={"classes": ["a", "b", "c"]})
    trainer.fit(classes(), 2, save=tmp_path / "c")
    assert same(read_network(tmp_path / "c", small(7)), trainer.network)
    assert Checkpoint.read(tmp_path / "c").notes["notes"] == {"classes": ["a", "b", "c"]}
    trainer.fit(classes(), 6, validation=classes(seed=1), save=tmp_path / "c")
    assert same(read_network(tmp_path / "c", small(7)), trainer.best)
    with pytest.raises(CheckpointError, match="is of another best: at "):
        read_network(tmp_path / "c", line())
