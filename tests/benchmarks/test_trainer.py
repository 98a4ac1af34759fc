"""The trainer and torch's loop learn the same before they are timed, and who does not is noticed."""

import numpy as np
import pytest

from benchmarks import trainer
from benchmarks.setting import Options
from benchmarks.workload import OURS

DRAWN = [name for name in trainer.CONTESTS if name != "Fashion-MNIST"]


@pytest.mark.parametrize("name", DRAWN)
def test_an_epoch_of_ours_learns(name):
    losses = trainer.Ours(trainer.CONTESTS[name]()).epoch()
    assert len(losses) == trainer.BATCHES
    assert np.mean(losses[-10:]) < np.mean(losses[:10])


@pytest.mark.parametrize("name", DRAWN)
def test_torch_learns_the_same(name):
    torch = pytest.importorskip("torch")
    assert set(trainer.seconds(trainer.CONTESTS[name](), 1, torch)) == {OURS, "torch"}


def test_who_learns_something_else_is_noticed(monkeypatch):
    class Wrong(trainer.Ours):
        def __init__(self, contest, _):
            super().__init__(contest)

        def epoch(self):
            losses = super().epoch()
            return [*losses[:9], losses[9] * 1.001]

    monkeypatch.setattr(trainer, "Theirs", Wrong)
    with pytest.raises(ValueError, match="torch does not learn what tinygrad_edu learns"):
        trainer.seconds(trainer.CONTESTS["B"](), 1, "torch")


def test_the_table_holds_ours_alone_where_there_are_no_peers(monkeypatch):
    monkeypatch.setattr(trainer, "CONTESTS", {"B": trainer.CONTESTS["B"]})
    report = trainer.measure(Options(rounds=1, peers=False))
    assert [row[:2] for row in report.rows] == [["B", "50"]]
    assert report.rows[0][3:] == ["", ""]
    assert report.data["B"].keys() == {OURS}
