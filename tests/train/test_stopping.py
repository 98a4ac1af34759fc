"""NaN stops training before the network changes, signals after a step; what was saved stays loadable."""

import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import tinygrad_edu as tg
from tests.train.networks import examples, line, linear, same
from tinygrad_edu import optim
from tinygrad_edu.train import CheckpointError, Trainer


def rooted(p, x, y):
    return np.mean(np.sqrt(x @ p["w"] + p["b"]) - y)


def blows_up_backward(p, x, y):
    return np.mean(np.sqrt(np.abs((x @ p["w"]) * 0.0)) + p["b"])


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
@pytest.mark.parametrize("shards", [1, 3])
@pytest.mark.parametrize("compiled", [True, False])
def test_nan_names_the_operation_and_changes_nothing(tmp_path, compiled, shards):
    x, y = np.ones((24, 3)), np.zeros(24)
    bad = x.copy()
    bad[5] = -4.0
    file = tmp_path / "kept"
    trainer = Trainer(line(), rooted, optim.sgd(1e-3), batch_size=12, compiled=compiled, shards=shards)
    trainer.fit((x, y), 2, save=file)
    network, steps, kept = trainer.network, trainer.steps, file.read_bytes()
    with pytest.raises(FloatingPointError, match=r"(?s)a step was not made, .* as it was before: np\.sqrt made nan"):
        trainer.fit((bad, y), 3, save=file)
    made = trainer.steps - steps  # a good batch may have come before
    assert trainer.steps == len(trainer.history.losses)
    assert np.isfinite(trainer.history.losses).all()
    if not made:
        assert same(trainer.network, network)
    assert file.read_bytes() == kept


@pytest.mark.filterwarnings("ignore:divide by zero:RuntimeWarning")
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_a_gradient_that_is_not_finite_stops_too():
    def steep(p, x, y):
        return np.mean((x[:, 0] * p["w"][0]) ** 0.5)

    start = {"w": np.zeros(1)}
    trainer = Trainer(start, steep, optim.sgd(0.1), compiled=False)
    with pytest.raises(FloatingPointError, match=r"np\.power: its rule made inf"):
        trainer.fit((np.ones((4, 1)), np.ones(4)), 1)
    assert same(trainer.network, start)


def test_bad_data_is_named():
    x, y = examples()
    y[3] = np.nan
    with pytest.raises(FloatingPointError, match="its loss is nan, and array 1 of the batch is not finite"):
        Trainer(line(), linear, optim.sgd(0.1)).fit((x, y), 1)


def test_squares_of_gradients_may_overflow():
    p = {"w": np.float32(1.0)}
    trainer = Trainer(p, lambda p, x: np.mean(p["w"] * x), optim.sgd(1e-30), advice=False)
    history = trainer.fit((np.full(4, 1e25, np.float32),), 1)
    assert history.norms == [pytest.approx(1e25, rel=1e-6)]


def test_what_is_not_finite_is_not_saved(tmp_path):
    file = tmp_path / "kept"
    trainer = Trainer({"w": np.float64(1.0)}, lambda p, x: np.mean(p["w"] * x), optim.sgd(1.0), advice=False)
    trainer.save(file)
    kept = file.read_bytes()
    trainer = Trainer({"w": np.float64(1.0)}, lambda p, x: np.mean(p["w"] * x), optim.sgd(1e300), advice=False)
    with np.errstate(over="ignore"), pytest.raises(FloatingPointError, match=r"not finite at \['w'\]; nothing was"):
        trainer.fit((np.full(3, 1e100),), 1, save=file)
    assert file.read_bytes() == kept


@pytest.mark.parametrize(("number", "error"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, SystemExit)])
def test_signals_finish_the_step_and_save(tmp_path, capsys, number, error):
    file = tmp_path / "kept"
    handlers = [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)]
    trainer = Trainer(line(), linear, optim.adam(0.1), batch_size=5)

    def interrupt(trainer):
        if trainer.steps == 7:
            signal.raise_signal(number)

    with pytest.raises(error) as caught:
        trainer.fit(examples(), 4, callbacks=[interrupt], save=file)
    said = f"training stopped after step 2 of epoch 2; saved in {file}"
    if number == signal.SIGTERM:
        assert caught.value.code == 128 + signal.SIGTERM
        assert capsys.readouterr().err == f"{said}\n"
    else:
        assert str(caught.value) == said
    assert [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)] == handlers
    assert trainer.steps == 7
    resumed, whole = (Trainer(line(), linear, optim.adam(0.1), batch_size=5) for _ in range(2))
    resumed.load(file)
    assert resumed.steps == 7
    resumed.fit(examples(), 4)
    whole.fit(examples(), 4)
    assert same(resumed.network, whole.network)


def test_a_second_ctrl_c_stops_at_once():
    def impatient(trainer):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        raise AssertionError("the second one stops")

    with pytest.raises(KeyboardInterrupt):
        Trainer(line(), linear, optim.sgd(0.1)).fit(examples(), 1, callbacks=[impatient])


def test_other_threads_train_too():
    trainer = Trainer(line(), linear, optim.sgd(0.1), batch_size=5)
    thread = threading.Thread(target=trainer.fit, args=(examples(), 2))
    thread.start()
    thread.join()
    assert trainer.epoch == 2


ENDLESS = """
import sys
from tests.train.networks import examples, line, linear
from tinygrad_edu import optim
from tinygrad_edu.train import CheckpointError, Trainer

def tell(trainer):
    if trainer.steps == 3:
        print("training", flush=True)

Trainer(line(), linear, optim.adam(1e-3), batch_size=5).fit(examples(), 10**9, callbacks=[tell], save=sys.argv[1])
"""


@pytest.mark.skipif(os.name == "nt", reason="signals are another thing there")
def test_a_process_that_is_terminated_saves_and_exits(tmp_path):
    file = tmp_path / "kept"
    process = subprocess.Popen(
        [sys.executable, "-c", ENDLESS, str(file)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout.readline() == b"training\n"
    time.sleep(0.05)
    process.terminate()
    _, said = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGTERM
    assert f"saved in {file}" in said.decode()
    trainer = Trainer(line(), linear, optim.adam(1e-3), batch_size=5)
    trainer.load(file)
    assert trainer.steps >= 3


def test_networks_come_back_as_values_after_a_stop():
    trainer = Trainer({"w": tg.Value([1.0], name="w")}, lambda p, x: np.mean(p["w"] * x), optim.sgd(0.1), advice=False)
    trainer.fit((np.ones(3),), 1)
    assert trainer.network["w"].name == "w"


def test_where_there_is_no_folder_nothing_is_trained(tmp_path):
    trainer = Trainer(line(), linear, optim.sgd(0.1))
    with pytest.raises(CheckpointError, match=r"there is no folder for .*; make it first"):
        trainer.fit(examples(), 1, save=tmp_path / "none" / "c")
    assert trainer.steps == 0


def test_what_was_loaded_is_saved_again(tmp_path):
    trainer = Trainer(line(), linear, optim.sgd(0.1), batch_size=5)
    trainer.fit(examples(), 2, save=tmp_path / "a")
    other = Trainer(line(), linear, optim.sgd(0.1), batch_size=5)
    other.fit(examples(seed=1), 2, save=tmp_path / "b")
    other.load(tmp_path / "a")
    other.fit(examples(), 2, save=tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == (tmp_path / "a").read_bytes()
