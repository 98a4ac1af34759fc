"""Weights alone go into .safetensors files, named as PyTorch names them, and what does not fit is refused."""

import sys

import numpy as np
import pytest

from tests.train.networks import leaves, line, same, small
from tinygrad_edu.nn import Linear, Sequential
from tinygrad_edu.train import CheckpointError, load_weights, save_weights

library = pytest.importorskip("safetensors.numpy", reason="the extra `safetensors` is not installed")


@pytest.mark.parametrize("made", [small, line, lambda: line(dtype=np.float32), lambda: 3.0])
def test_weights_come_back(tmp_path, made):
    save_weights(made(), tmp_path / "w")
    zeros = 0.0 if made() == 3.0 else made()
    assert same(load_weights(tmp_path / "w", zeros), made())


def test_names_and_layouts_are_as_elsewhere(tmp_path):
    network = Sequential([Linear(2, 3, np.random.default_rng(0)), np.tanh])
    save_weights(network, tmp_path / "w")
    found = library.load_file(tmp_path / "w")
    assert sorted(found) == ["layers.0.bias", "layers.0.weights"]
    np.testing.assert_array_equal(found["layers.0.weights"], leaves(network)[0])
    columns = {"w": np.asfortranarray(np.arange(6.0).reshape(2, 3))}
    save_weights(columns, tmp_path / "w")
    np.testing.assert_array_equal(load_weights(tmp_path / "w", columns)["w"], columns["w"])


def test_what_does_not_fit_is_refused(tmp_path):
    file = tmp_path / "w"
    save_weights(line(), file)
    with pytest.raises(CheckpointError, match=r"has \(3,\) float64 at w, and the network \(4,\) float64"):
        load_weights(file, line(4))
    with pytest.raises(CheckpointError, match="has nothing at c, and the network"):
        load_weights(file, line() | {"c": 1.0})
    with pytest.raises(CheckpointError, match="float64 at b, and the network nothing"):
        load_weights(file, {"w": line()["w"]})
    whole = file.read_bytes()
    for length in range(len(whole)):
        file.write_bytes(whole[:length])
        with pytest.raises(CheckpointError, match="is no safetensors file, or damaged"):
            load_weights(file, line())
    with pytest.raises(FileNotFoundError):
        load_weights(tmp_path / "none", line())
    with pytest.raises(CheckpointError, match="could not be written: No such file or directory"):
        save_weights(line(), tmp_path / "none" / "w")


def test_without_the_library_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "safetensors.numpy", None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'tinygrad_edu\[safetensors\]'"):
        save_weights(line(), tmp_path / "w")
