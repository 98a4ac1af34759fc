"""A history reads as a table, in a terminal and in a notebook, exports CSV without losing digits, and draws itself."""

import csv
import io
import sys

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.train.networks import classes, classified, small
from tinygrad_edu import optim
from tinygrad_edu.train import History, Trainer, accuracy

mpl.use("Agg")

NUMBERS = st.floats(allow_infinity=False, allow_nan=False)


def trained(epochs=3):
    trainer = Trainer(small(), classified, optim.adam(0.01), metrics={"accuracy": accuracy}, batch_size=20)
    return trainer.fit(classes(), epochs, validation=classes(seed=1))


@given(st.lists(st.fixed_dictionaries({"steps": st.integers(0, 10**6), "loss": NUMBERS, "<b>": NUMBERS}), max_size=40))
def test_csv_and_arrays_lose_nothing(rows):
    history = History([1.5, 0.1], [2.0, 3.0], rows)
    read = [*csv.DictReader(io.StringIO(history.to_csv()))]
    assert [{name: float(text) for name, text in row.items() if name != "epoch"} for row in read] == rows
    assert [row["epoch"] for row in read] == [str(i + 1) for i in range(len(rows))]
    assert History.from_arrays(history.arrays()) == history
    assert len(str(history).splitlines()) == min(len(rows), 12) + 1
    html = history._repr_html_()
    assert html.count("<tr>") == len(rows) + 1
    assert "<b>" not in html


def test_csv_is_written(tmp_path):
    history = trained()
    text = history.to_csv(tmp_path / "h.csv")
    assert (tmp_path / "h.csv").read_text() == text
    assert text.splitlines()[0] == "epoch,steps,loss,gradient_norm,validation_loss,validation_accuracy"


def test_names_are_asked_for():
    history = trained()
    assert history["loss"] == [row["loss"] for row in history.epochs]
    with pytest.raises(KeyError, match="'accuracy' was not measured; there are steps, loss, "):
        history["accuracy"]
    with pytest.raises(KeyError, match="no epochs yet"):
        History()["loss"]


def test_the_table_is_aligned_and_short():
    lines = str(trained(20)).splitlines()
    assert len(lines) == 13
    assert lines[2].strip() == "…"
    assert lines[-1].split()[:2] == ["20", "60"]
    assert len({len(line) for line in lines if "…" not in line}) == 1


def test_it_draws_every_step_and_epoch():
    history = trained()
    axes = history.plot()
    lines = {line.get_label(): line.get_xydata() for line in axes.get_lines()}
    np.testing.assert_array_equal(lines["each step"][:, 1], history.losses)
    np.testing.assert_array_equal(
        lines["validation loss, each epoch"], [*zip([3, 6, 9], history["validation_loss"], strict=True)]
    )
    assert axes.get_yscale() == "log"
    assert history.plot(axes) is axes
    mpl.pyplot.close(axes.figure)


def test_without_matplotlib_the_extra_is_named(monkeypatch):
    monkeypatch.delitem(sys.modules, "tinygrad_edu.show.plots", raising=False)
    monkeypatch.delattr("tinygrad_edu.show.plots", raising=False)
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ModuleNotFoundError, match=r"needs matplotlib; pip install 'tinygrad_edu\[show\]'"):
        History([1.0]).plot()


def test_before_the_first_step_there_is_nothing_to_draw():
    with pytest.raises(ValueError, match="for 0 losses"):
        History().plot()
