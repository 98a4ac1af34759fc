"""Workers give the same bits whatever their number, and a shard that one of them loses is worked on again."""

import importlib.util
import multiprocessing
import os
import shutil
import subprocess
import sys
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import settings

from tests.train.networks import classes, classified, examples, line, linear, same, small
from tinygrad_edu import optim
from tinygrad_edu.train import Trainer, TrainingWarning

ROOT = Path(__file__).parents[2]


def trained(executor=None, loss=classified):
    trainer = Trainer(small(), loss, optim.adam(0.01), batch_size=30, shards=4, executor=executor, advice=False)
    trainer.fit(classes(), 3)
    return trainer.network


@pytest.fixture(scope="module")
def here():
    """The network as this process trains it by itself."""
    return trained()


@pytest.mark.parametrize("workers", [1, 4])
def test_the_number_of_workers_changes_no_bit(here, workers):
    with ThreadPoolExecutor(workers) as executor:
        assert same(trained(executor), here)


def test_other_processes_give_the_same_bits(here):
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as executor:
        assert same(trained(executor), here)


class Backwards:
    """An executor that works on what came last first, and fails where it is told to."""

    def __init__(self, fails=()):
        self.waiting, self.fails, self.count = [], {*fails}, 0

    def submit(self, function, *args):
        future = Future()
        self.waiting.append((future, function, args, self.count in self.fails))
        self.count += 1
        result = future.result

        def work():
            while self.waiting:
                one, function, args, fails = self.waiting.pop()
                if fails:
                    one.set_exception(OSError("the worker is gone"))
                else:
                    one.set_result(function(*args))
            return result()

        future.result = work
        return future


def test_the_order_of_the_results_changes_no_bit(here):
    assert same(trained(Backwards()), here)


def test_a_lost_shard_is_worked_on_again(here):
    executor = Backwards(fails=[1, 2, 9])
    assert same(trained(executor), here)
    assert executor.count == 6 * 4 + 3


def test_what_workers_lose_again_and_again_is_worked_on_here(here):
    with pytest.warns(TrainingWarning, match="a worker failed with OSError: the worker is gone; its shard is"):
        assert same(trained(Backwards(fails=range(5))), here)


def deadly(network, x, labels):
    """A loss that ends the process of a worker."""
    if multiprocessing.parent_process() is not None:
        os._exit(1)
    return classified(network, x, labels)


def test_a_pool_whose_process_died_does_not_stop_training(here):
    with (
        ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as executor,
        pytest.warns(TrainingWarning, match="a worker failed with BrokenProcessPool"),
    ):
        assert same(trained(executor, deadly), here)


def wrong(network, x, labels):
    raise ValueError("no such thing")


def test_faults_of_the_loss_are_its_own():
    with ThreadPoolExecutor(2) as executor, pytest.raises(ValueError, match="no such thing"):
        trained(executor, wrong)


def test_a_loss_that_cannot_be_sent_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "cloudpickle", None)
    with (
        ThreadPoolExecutor(1) as executor,
        pytest.raises(TypeError, match="the loss cannot be sent to other processes"),
    ):
        Trainer(line(), lambda p, x, y: 2 * linear(p, x, y), optim.sgd(0.1), executor=executor)


def test_cloudpickle_sends_inner_functions():
    pytest.importorskip("cloudpickle")
    scale = 2.0

    def inner(p, x, y):
        return scale * linear(p, x, y)

    networks = []
    with ThreadPoolExecutor(1) as executor:
        for each in (None, executor):
            trainer = Trainer(line(), inner, optim.sgd(0.1), shards=2, executor=each)
            trainer.fit(examples(), 1)
            networks.append(trainer.network)
    assert same(*networks)


def test_there_may_be_fewer_rows_than_shards():
    trainer = Trainer(line(), linear, optim.sgd(0.1), batch_size=3, shards=7)
    trainer.fit(examples(), 1)
    assert trainer.steps == 8


@pytest.mark.skipif(settings().max_examples < 50, reason="it takes a minute: HYPOTHESIS_PROFILE=thorough")
@pytest.mark.skipif(importlib.util.find_spec("distributed") is None, reason="the extra `scale` is not installed")
@pytest.mark.filterwarnings("ignore")
def test_a_cluster_that_loses_a_worker_finishes_with_the_right_answer():
    cluster = pytest.importorskip("tests.train.cluster")
    assert cluster.main(8, "1GB") == 0


@pytest.mark.skipif(
    shutil.which("mpiexec") is None or importlib.util.find_spec("mpi4py") is None, reason="MPI or mpi4py is missing"
)
def test_workers_of_mpi_come_to_the_same_bits():
    variables = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
    variables |= {"OMPI_MCA_rmaps_base_oversubscribe": "1", "PYTHONPATH": str(ROOT)}
    command = ["mpiexec", "-n", "3", sys.executable, "-m", "mpi4py.futures", str(ROOT / "tests/train/mpi.py")]
    done = subprocess.run(command, env=os.environ | variables, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout == "2 workers, the same bits\n", done.stderr
