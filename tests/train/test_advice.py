"""Each warning is given where it should be, once, and says what to do."""

import numpy as np
import pytest

import tinygrad_edu as tg
from tests.train.networks import classes, classified, examples, line, linear, small
from tinygrad_edu import optim
from tinygrad_edu.functions import relu
from tinygrad_edu.nn import Layer, Network
from tinygrad_edu.train import Trainer, TrainingWarning


def warned(trainer, data, epochs=1):
    with pytest.warns(TrainingWarning) as told:
        trainer.fit(data, epochs)
    return [str(one.message) for one in told]


def test_a_first_loss_far_above_a_guess():
    first, last = small().layers
    network = Network([first, Layer(last.weights.data * 50, last.bias)])
    (said,) = warned(Trainer(tg.tree.map(lambda x: x, network), classified, optim.sgd(1e-3)), classes())
    assert "begins at" in said
    assert "a guess among 3 classes has ln(3) = 1.1; it is sure of what it does not know" in said


@pytest.mark.parametrize("nonlinearity", [relu, lambda x: np.maximum(x, 0.0), lambda x: np.maximum(0, x)])
def test_dead_units(nonlinearity):
    first, last = small(nonlinearity=nonlinearity).layers
    bias = np.zeros(8)
    bias[:3] = -100.0
    network = Network([Layer(first.weights, tg.Value(bias), nonlinearity), last])
    (said,) = warned(Trainer(network, classified, optim.sgd(1e-2)), classes(), 4)
    assert "3 of 8 units of " in said
    assert "are 0 for all of 30 examples: they are dead" in said


@pytest.mark.parametrize(
    ("rate", "message"),
    [(2.0, r"of its size; some 0.1 % is usual: lower the learning rate"), (1e-9, "is usual: raise the learning rate")],
)
def test_updates_that_are_large_or_tiny(rate, message):
    p = {"w": np.full((3, 1), 0.5)}
    trainer = Trainer(p, lambda p, x, y: np.mean((x @ p["w"])[:, 0] * y), optim.sgd(rate))
    (said,) = warned(trainer, examples(), 2)
    assert said.startswith("Trainer: one step changed ['w'] by ")
    assert message in said


def test_a_norm_that_explodes():
    x, y = examples(20)
    x[7] = 1e6
    (said,) = warned(Trainer(line(), linear, optim.sgd(1e-20), batch_size=1), (x, y))
    assert "the norm of the gradients went up to" in said
    assert "put optim.clip_by_global_norm before the optimizer" in said


def test_advice_can_be_done_without():
    trainer = Trainer({"w": np.full((3, 1), 0.5)}, lambda p, x, y: np.mean(x @ p["w"]), optim.sgd(9.0), advice=False)
    trainer.fit(examples(), 2)
