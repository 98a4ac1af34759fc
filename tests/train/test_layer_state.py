"""Networks whose layers keep a state train as by hand, are measured in evaluation, and are kept whole."""

import numpy as np
import pytest

import tinygrad_edu as tg
from tests.train.networks import classes, same
from tinygrad_edu import nn, optim
from tinygrad_edu.data import deal
from tinygrad_edu.losses import cross_entropy
from tinygrad_edu.train import CheckpointError, Trainer, accuracy, read_network


def network():
    rng = np.random.default_rng(0)
    layers = [nn.Linear(4, 16, rng), nn.BatchNorm(16), np.tanh, nn.Dropout(0.2, rng), nn.Linear(16, 3, rng)]
    return nn.Sequential(layers)


def loss(network, state, x, labels, training):
    logits, state = network.apply(x, state, training=training)
    return cross_entropy(logits, labels), state


def trainer(**more):
    made = network()
    state = made.initial_state()
    return Trainer(made, loss, optim.adam(0.01), state=state, batch_size=20, metrics={"accuracy": accuracy}, **more)


def fit(one, **more):
    return one.fit(classes(), 4, validation=classes(100, seed=1), **more)


def test_it_is_the_loop_written_by_hand():
    one = trainer()
    history = fit(one)
    slopes = tg.value_and_grad(lambda p, s, x, y: loss(p, s, x, y, training=True), has_aux=True)
    optimizer = optim.adam(0.01)

    @tg.compile
    def step(p, memory, state, x, labels):
        (value, state), g = slopes(p, state, x, labels)
        return value, *optimizer.update(g, memory, p), state

    p, losses = tg.tree.map(lambda v: v.data, network()), []
    state, memory = network().initial_state(), optimizer.init(p)
    x, labels = classes()
    with tg.no_grad():
        for epoch in range(4):
            for rows in deal(60, 3, 0, epoch):
                step(p, memory, state, x[rows], labels[rows])
                value, p, memory, state = step(p, memory, state, x[rows], labels[rows])
                losses.append(float(value))
    assert history.losses == losses
    assert same(one.network, p)
    assert same(one.state, state)


def test_it_is_measured_in_evaluation():
    one = trainer()
    history = fit(one)
    x, labels = classes(100, seed=1)
    logits, _ = one.network.apply(x, one.state, training=False)
    assert history["validation_loss"][-1] == pytest.approx(cross_entropy(logits, labels).item(), rel=1e-12)
    right = float(np.mean(np.argmax(logits.data, axis=1) == labels))
    assert history["validation_accuracy"][-1] == pytest.approx(right, rel=1e-12)
    assert one.check_gradients().ok


def test_its_state_is_kept(tmp_path):
    whole, stopped, resumed = trainer(), trainer(), trainer()
    fit(whole)
    fit(stopped, callbacks=[lambda t: t.steps == 7], save=tmp_path / "c")
    resumed.load(tmp_path / "c")
    fit(resumed, save=tmp_path / "c")
    for name in ("network", "state", "best", "best_state"):
        assert same(getattr(whole, name), getattr(resumed, name))
    made = network()
    best, state = read_network(tmp_path / "c", made, made.initial_state())
    assert same(best, whole.best)
    assert same(state, whole.best_state)
    with pytest.raises(CheckpointError, match="is of another best_layers: at "):
        read_network(tmp_path / "c", made)


def test_parts_of_a_batch_would_each_have_a_state():
    with pytest.raises(ValueError, match="each part of a batch would have a state of its own"):
        trainer(shards=2)


def test_a_network_whose_layers_keep_a_state_is_refused_without_it():
    network = nn.Sequential([nn.Linear(3, 4, np.random.default_rng(0)), nn.Dropout(0.5, np.random.default_rng(1))])
    with pytest.raises(ValueError, match=r"layers that keep a state, .*pass state=network\.initial_state\(\)"):
        Trainer(network, lambda network, x: np.mean(network(x) ** 2), optim.sgd(0.1))
