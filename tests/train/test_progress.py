"""Progress is a bar in a terminal, lines where rich is missing, and nothing in a log file."""

import sys

from tests.train.networks import examples, line, linear
from tinygrad_edu import optim
from tinygrad_edu.train import Trainer


def fit(progress=None):
    trainer = Trainer(line(), linear, optim.sgd(0.1), batch_size=8)
    return trainer.fit(examples(), 2, validation=examples(seed=1), progress=progress)


def test_a_log_file_stays_empty(capsys):
    fit()
    assert capsys.readouterr() == ("", "")


def test_a_bar_with_the_loss(capsys):
    history = fit(progress=True)
    out, err = capsys.readouterr()
    assert out == ""
    assert "epoch 2/2" in err
    assert f"loss {history.losses[-1]:.4g}" in err
    assert f"validation loss {history['validation_loss'][0]:.4g}" in err


def test_lines_without_rich(capsys, monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == "rich"]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, "rich.console", None)
    history = fit(progress=True)
    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith(f"epoch 1/2  loss {history['loss'][0]:.4g}  gradient norm")
    assert second.startswith("epoch 2/2")
