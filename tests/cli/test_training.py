"""The commands train and predict: what is saved goes on and is used, and what is wrong is said in a line."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tinygrad_edu import cli
from tinygrad_edu.data import load_digits
from tinygrad_edu.train import Checkpoint, CheckpointError

FASHION = Path("/usr/share/datasets/fashion-mnist")


def run(capsys, *arguments):
    status = cli.main([*map(str, arguments)])
    out, err = capsys.readouterr()
    return status, out, " ".join(err.split())


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    """A checkpoint after three epochs."""
    file = tmp_path_factory.mktemp("digits") / "d.checkpoint"
    assert cli.main(["train", "digits", "--epochs", "3", "--seed", "1", "--save", str(file)]) == 0
    return file


@pytest.fixture
def table(tmp_path):
    """A table of two kinds that the sum of two columns tells apart, and of that sum."""
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(200, 2)) * [1.0, 100.0] + [0.0, 50.0]
    sums = rows[:, 0] + (rows[:, 1] - 50) / 100
    lines = [
        f"{a!r},{s!r},{'up' if s > 0 else 'down'},{b!r}" for (a, b), s in zip(rows.tolist(), sums.tolist(), strict=True)
    ]
    file = tmp_path / "t.csv"
    file.write_text("\n".join(["a,sum,kind,b", *lines]))
    return file


def test_digits_are_read(capsys, digits, tmp_path):
    _, held_out = load_digits()
    np.save(tmp_path / "x.npy", held_out.images)
    status, out, err = run(capsys, "predict", digits, tmp_path / "x.npy")
    assert (status, err) == (0, "")
    answers = [line.split("\t") for line in out.splitlines()]
    assert len(answers) == 355
    assert np.mean([int(one) == label for (one, _), label in zip(answers, held_out.labels, strict=True)]) > 0.85
    assert all(0 < float(sure) <= 1 for _, sure in answers)
    pixels = np.round(held_out.images[:20].reshape(20, 8, 8) * 255).astype(np.uint8)
    (tmp_path / "x").write_bytes(bytes([0, 0, 8, 3]) + np.array(pixels.shape, ">u4").tobytes() + pixels.tobytes())
    status, out, _ = run(capsys, "predict", digits, tmp_path / "x")
    assert [line.split("\t")[0] for line in out.splitlines()] == [one for one, _ in answers[:20]]


def test_going_on_is_the_same_as_never_stopping(capsys, tmp_path):
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    options = ["train", "digits", "--network", "mlp:16", "--optimizer", "rmsprop", "--rate", "0.002"]
    assert run(capsys, *options, "--epochs", 4, "--save", whole)[0] == 0
    assert run(capsys, *options, "--epochs", 4, "--save", parts)[0] == 0
    kept = Checkpoint.read(whole)
    assert all(np.array_equal(x, kept.arrays[name]) for name, x in Checkpoint.read(parts).arrays.items())
    status, out, _ = run(capsys, "train", "digits", "--resume", parts, "--epochs", 5)
    assert status == 0
    assert out.count("\n    5 ") == 1
    assert Checkpoint.read(parts).notes["counts"]["epoch"] == 5


def test_a_signal_saves_and_the_next_run_goes_on(tmp_path):
    file = tmp_path / "c"
    options = ["train", "digits", "--epochs", "40"]
    process = subprocess.Popen(
        [sys.executable, "-m", "tinygrad_edu", *options, "--save", str(file)], stderr=subprocess.PIPE, text=True
    )
    while not file.exists():
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "training stopped after step" in " ".join(err.split())
    assert cli.main(["train", "digits", "--resume", str(file)]) == 0
    assert cli.main([*options, "--save", str(tmp_path / "whole")]) == 0
    kept, whole = Checkpoint.read(file), Checkpoint.read(tmp_path / "whole")
    assert all(np.array_equal(x, whole.arrays[name]) for name, x in kept.arrays.items())


@pytest.mark.parametrize(("target", "said"), [("kind", "it gets 9"), ("sum", "it is off by 0.")])
def test_tables(capsys, table, tmp_path, target, said):
    other = {"kind": "sum", "sum": "kind"}[target]
    lines = [line.split(",") for line in table.read_text().splitlines()]
    without = [[x for x, name in zip(line, lines[0], strict=True) if name != other] for line in lines]
    table.write_text("\n".join(map(",".join, without)))
    status, out, _ = run(capsys, "train", "csv", table, "--target", target, "--epochs", 30, "--save", tmp_path / "c")
    assert status == 0
    assert f"On 40 examples held out, {said}" in out or f"Of 40 examples held out, {said}" in out
    asked = tmp_path / "asked.csv"
    asked.write_text("b,a\n450,4\n-350,-4\n")  # other columns, in another order: sums of 8 and -8
    status, out, _ = run(capsys, "predict", tmp_path / "c", asked)
    answers = [line.split("\t")[0] for line in out.splitlines()]
    if target == "kind":
        assert answers == ["up", "down"]
    else:
        assert float(answers[0]) > 3
        assert float(answers[1]) < -3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "numbers"], "there is no data 'numbers'; write digits, mnist FOLDER, or csv FILE"),
        (["train", "mnist"], "mnist: write where the data is, as in digits, mnist FOLDER, or csv FILE"),
        (["train", "digits", "here"], "digits: digits come with the package; write no place"),
        (["train", "digits", "--target", "x"], "--target names a column of a table; digits has none"),
        (["train", "mnist", "/nowhere"], "there is no train-images-idx3-ubyte in /nowhere"),
        (["train", "csv", "/nowhere.csv"], "/nowhere.csv: No such file or directory"),
        (
            ["train", "digits", "--network", "deep"],
            "no network 'deep'; there are linear, mlp, mlp:256,128, conv",
        ),
        (["train", "digits", "--network", "mlp:9,x"], "there is no network 'mlp:9,x'"),
        (["train", "digits", "--optimizer", "adm"], "there is no optimizer 'adm' (did you mean adam or adamw?)"),
        (["train", "digits", "--resume", "/nowhere"], "/nowhere: No such file or directory"),
        (["train", "digits", "--save", "/nowhere/c"], "there is no folder for /nowhere/c; make it first"),
        (["predict", "/nowhere", "x"], "/nowhere: No such file or directory"),
        (["predict", __file__, "x"], "is no checkpoint of tinygrad_edu"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(capsys, arguments, message):
    status, _, err = run(capsys, *arguments)
    assert status == 2
    assert err.startswith(f"tinygrad-edu {arguments[0]}: ")
    assert message in err


@pytest.mark.parametrize("option", [["--rate", "0"], ["--rate", "x"], ["--epochs", "0"], ["--seed", "-1"]])
def test_options_that_are_no_numbers(capsys, option):
    with pytest.raises(SystemExit) as caught:
        cli.main(["train", "digits", *option])
    assert caught.value.code == 2
    assert "invalid" in capsys.readouterr().err


def test_a_checkpoint_of_something_else(capsys, digits, table, tmp_path):
    for options, message in [
        (["digits", "--optimizer", "sgd"], "was trained with optimizer 'adam', and here it is 'sgd'"),
        (["digits", "--seed", "2"], "was trained with seed 1, and here it is 2"),
        (["csv", table, "--target", "kind"], "was trained with data 'digits', and here it is 'csv'"),
    ]:
        status, _, err = run(capsys, "train", *options, "--resume", digits)
        assert status == 2
        assert message in err
    np.save(tmp_path / "x.npy", np.zeros((3, 5)))
    status, _, err = run(capsys, "predict", digits, tmp_path / "x.npy")
    assert status == 2
    assert "holds an array of shape (3, 5); the network reads images of 8 × 8" in err
    Checkpoint({}).write(tmp_path / "other")
    assert "was not made by tinygrad-edu train" in run(capsys, "predict", tmp_path / "other", "x")[2]
    damaged = bytearray(digits.read_bytes())
    damaged[-9] ^= 8
    (tmp_path / "damaged").write_bytes(damaged)
    with pytest.raises(CheckpointError):
        Checkpoint.read(tmp_path / "damaged")
    assert "it is damaged" in run(capsys, "train", "digits", "--resume", tmp_path / "damaged")[2]


def test_digits_to_98_percent(capsys):
    status, out, _ = run(capsys, "train", "digits")
    assert status == 0
    share = float(out.split("it gets ")[1].partition("%")[0])
    assert share >= 98


@pytest.mark.skipif(not FASHION.is_dir(), reason="dataset-fashion-mnist is not installed (a package of Debian's)")
def test_fashion_mnist_to_88_percent(capsys):
    status, out, _ = run(capsys, "train", "mnist", FASHION, "--epochs", 8)
    assert status == 0
    assert float(out.split("it gets ")[1].partition("%")[0]) >= 88


@pytest.mark.skipif(not FASHION.is_dir(), reason="dataset-fashion-mnist is not installed (a package of Debian's)")
@pytest.mark.skipif(
    os.environ.get("HYPOTHESIS_PROFILE") != "thorough", reason="it takes two minutes: HYPOTHESIS_PROFILE=thorough"
)
def test_fashion_mnist_to_91_percent_by_convolutions(capsys):
    status, out, _ = run(capsys, "train", "mnist", FASHION, "--network", "conv")
    assert status == 0
    assert float(out.split("it gets ")[1].partition("%")[0]) >= 91
