"""The trainer does what the loop written by hand does, to the bit, and stops, measures and keeps what it should."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_edu as tg
from tests.train.networks import classes, classified, examples, leaves, line, linear, same, small
from tinygrad_edu import optim
from tinygrad_edu.data import Dataset, deal
from tinygrad_edu.train import Trainer, TrainingWarning, accuracy
from tinygrad_edu.transforms import value_and_grad

OPTIMIZERS = {
    "sgd": optim.sgd(0.05, momentum=0.9),
    "adam": optim.adam(0.01),
    "chain": optim.chain(optim.clip_by_global_norm(1.0), optim.adamw(optim.cosine(0.02, 30))),
}


def by_hand(p, loss, optimizer, arrays, epochs, size, seed):
    """The loop over the compiled step; what the first call for new shapes gives is the function's own, and not used."""
    slopes = value_and_grad(loss)

    @tg.compile
    def step(p, state, *batch):
        value, g = slopes(p, *batch)
        return value, *optimizer.update(g, state, p)

    losses = []
    with tg.no_grad():
        state = optimizer.init(p)
        for epoch in range(epochs):
            for rows in deal(len(arrays[0]), -(-len(arrays[0]) // size), seed, epoch):
                batch = [x[rows] for x in arrays]
                step(p, state, *batch)
                value, p, state = step(p, state, *batch)
                losses.append(float(value))
    return p, losses


@given(
    st.sampled_from(sorted(OPTIMIZERS)), st.integers(2, 30), st.integers(1, 40), st.integers(0, 3), st.integers(0, 99),
    st.sampled_from([np.float32, np.float64]),
)  # fmt: skip
def test_it_is_the_loop_written_by_hand(name, n, size, epochs, seed, dtype):
    data = examples(n, dtype=dtype)
    trainer = Trainer(line(dtype=dtype), linear, OPTIMIZERS[name], batch_size=size, seed=seed, advice=False)
    history = trainer.fit(data, epochs)
    p, losses = by_hand(line(dtype=dtype), linear, OPTIMIZERS[name], data, epochs, size, seed)
    assert same(trainer.network, p)
    assert history.losses == losses
    assert trainer.steps == len(losses)
    assert trainer.epoch == epochs


def test_compiled_and_not_are_the_same_to_rounding():
    networks = []
    for compiled in (True, False):
        trainer = Trainer(small(), classified, optim.adam(0.01), compiled=compiled)
        trainer.fit(classes(), 3)
        networks.append(leaves(trainer.network))
    for x, y in zip(*networks, strict=True):
        np.testing.assert_allclose(x, y, rtol=1e6 * np.finfo(float).eps, atol=1e4 * np.finfo(float).eps)


def test_values_come_back_with_their_names_and_nothing_is_written_into():
    network = small()
    before = [x.copy() for x in leaves(network)]
    trainer = Trainer(network, classified, optim.sgd(0.1))
    trainer.fit(classes(), 1)
    assert [x.name for x in tg.tree.leaves(trainer.network)] == [x.name for x in tg.tree.leaves(network)]
    assert all(np.array_equal(x, y) for x, y in zip(before, leaves(network), strict=True))
    assert not same(trainer.network, network)
    trainer = Trainer(line(), linear, optim.sgd(0.1))
    trainer.network["w"][:] = 9.0
    assert same(trainer.network, line())


def test_epochs_are_counted_in_all():
    together, apart = (Trainer(line(), linear, optim.adam(0.1), batch_size=5, seed=3) for _ in range(2))
    together.fit(examples(), 5)
    apart.fit(examples(), 2)
    apart.fit(examples(), 5)
    apart.fit(examples(), 4)
    assert same(together.network, apart.network)
    assert together.history == apart.history


def test_validation_and_metrics_are_means_over_all_rows():
    data, held_out = classes(), classes(2500, seed=1)
    trainer = Trainer(small(), classified, optim.adam(0.01), metrics={"accuracy": accuracy})
    history = trainer.fit(data, 2, validation=held_out)
    x, labels = held_out
    network = trainer.network
    right = float(np.mean(np.argmax(network(x).data, axis=1) == labels))
    assert history["validation_accuracy"][-1] == pytest.approx(right, rel=1e-12)
    assert history["validation_loss"][-1] == pytest.approx(classified(network, x, labels).item(), rel=1e-12)
    assert trainer.evaluate(held_out) == {name: history[f"validation_{name}"][-1] for name in ("loss", "accuracy")}
    assert history["loss"][-1] == pytest.approx(np.mean(history.losses[-2:]), rel=1e-12)
    assert history["steps"] == [2, 4]


def drifting(p, x, target):
    """A loss whose minimum over the training examples is not that of the others."""
    return np.mean((p["w"] - target) ** 2)


def test_early_stopping_keeps_the_best():
    trainer = Trainer({"w": np.float64(0.0)}, drifting, optim.sgd(0.05), batch_size=None, advice=False)
    ones = np.ones(4)
    history = trainer.fit((ones, ones), 100, validation=(ones, 0.5 * ones), patience=3)
    measured = history["validation_loss"]
    lowest = int(np.argmin(measured))
    assert len(measured) == lowest + 1 + 3 < 100
    # A step goes a tenth of the way to 1, and 0.5 is nearest after that many of them.
    assert trainer.best["w"] == pytest.approx(1 - 0.9 ** (lowest + 1), rel=1e-12)
    assert trainer.network["w"] == pytest.approx(1 - 0.9 ** len(measured), rel=1e-12)
    trainer.fit((ones, ones), 100, validation=(ones, 0.5 * ones), patience=3)
    assert len(trainer.history.epochs) == len(measured)


def test_callbacks_see_the_network_and_may_stop():
    seen = []

    def stop_at_five(trainer):
        seen.append((trainer.steps, trainer.epoch, float(trainer.network["b"]), len(trainer.history.epochs)))
        return trainer.steps == 5

    trainer = Trainer(line(), linear, optim.sgd(0.1), batch_size=8)
    history = trainer.fit(examples(), 10, callbacks=[stop_at_five])
    assert [one[:2] + one[3:] for one in seen] == [(1, 0, 0), (2, 0, 0), (3, 1, 1), (4, 1, 1), (5, 1, 1)]
    assert len({one[2] for one in seen}) == 5
    assert len(history.losses) == 5
    whole = Trainer(line(), linear, optim.sgd(0.1), batch_size=8)
    whole.fit(examples(), 2)
    trainer.fit(examples(), 2)  # goes on in the middle of the epoch
    assert same(trainer.network, whole.network)


def test_noise_is_new_in_each_step_and_the_seed_decides():
    def noisy(seed, noise=0.1):
        drawn = []

        def augment(rng, x, y):
            drawn.append(rng.normal(size=x.shape))
            return x + noise * drawn[-1], y

        trainer = Trainer(line(), linear, optim.sgd(0.1), batch_size=8, seed=seed, augment=augment)
        trainer.fit(examples(), 2)
        return trainer.network, drawn

    (first, drawn), (again, _), (other, _) = noisy(0), noisy(0), noisy(1)
    assert len({x.tobytes() for x in drawn}) == len(drawn) == 6
    assert same(first, again)
    assert not same(first, other)


def test_what_lies_on_the_disk_trains_the_same(tmp_path):
    data = Dataset(*examples())
    data.save(tmp_path)
    mapped = Dataset.open(tmp_path)
    assert mapped.on_disk
    networks = []
    for each in (data, mapped):
        trainer = Trainer(line(), linear, optim.adam(0.1), batch_size=5)
        trainer.fit(each, 3)
        networks.append(trainer.network)
    assert same(*networks)


@given(st.integers(1, 7), st.integers(2, 24))
def test_a_batch_in_parts_gives_the_gradient_of_the_whole(shards, size):
    whole, parts = (
        Trainer(line(), linear, optim.sgd(0.1), batch_size=size, shards=n, advice=False) for n in (1, shards)
    )
    whole.fit(examples(), 1)
    parts.fit(examples(), 1)
    eps = np.finfo(float).eps
    for x, y in zip(leaves(whole.network), leaves(parts.network), strict=True):
        np.testing.assert_allclose(x, y, rtol=1e4 * eps, atol=1e4 * eps)
    np.testing.assert_allclose(whole.history.norms, parts.history.norms, rtol=1e5 * eps, atol=1e4 * eps)


def test_parts_of_a_sum_are_refused():
    trainer = Trainer(line(), lambda p, x, y: 24 * linear(p, x, y) * len(x), optim.sgd(0.1), shards=2)
    with pytest.raises(ValueError, match="shards=2 needs a loss that is a mean over rows"):
        trainer.fit(examples(), 1)


def test_a_loss_that_cannot_be_compiled_is_told_of_once_and_trains():
    seen = []

    def loss(p, x, y):
        seen.append(1)
        return linear(p, x, y)

    trainer = Trainer(line(), loss, optim.sgd(0.1), batch_size=5)
    with pytest.warns(
        TrainingWarning, match="cannot be compiled, so it runs as it is, slower: .*`seen`, a list"
    ) as told:
        trainer.fit(examples(), 3)
    assert len(told) == 1
    plain = Trainer(line(), linear, optim.sgd(0.1), batch_size=5, compiled=False)
    plain.fit(examples(), 3)
    assert same(trainer.network, plain.network)


def test_the_gradient_is_checked_in_mid_training():
    reports = []
    trainer = Trainer(small(), classified, optim.adam(0.01))
    with pytest.raises(RuntimeError, match="there was no minibatch yet"):
        trainer.check_gradients()
    trainer.fit(classes(), 3, callbacks=[lambda t: reports.append(t.check_gradients()) if t.steps % 2 == 0 else None])
    assert len(reports) == 3
    assert all(reports)

    def leaves_the_tape(p, x, y):
        return linear(p, x, y) + p["b"].item() ** 2

    trainer = Trainer(line(), leaves_the_tape, optim.sgd(0.1), compiled=False)
    trainer.fit(examples(), 1, callbacks=[lambda t: reports.append(t.check_gradients())])
    assert not reports[-1].ok


def test_nothing_is_trained_for_no_epochs():
    trainer = Trainer(line(), linear, optim.sgd(0.1))
    assert trainer.fit(examples(), 0).losses == []
    assert trainer.best is None
    assert same(trainer.network, line())


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"batch_size": 0}, "batch_size is 0 and shards 1; pass at least 1"),
        ({"shards": 0}, "batch_size is 32 and shards 0; pass at least 1"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        Trainer(line(), linear, optim.sgd(0.1), **settings)


def test_wrong_calls_say_what_to_do():
    with pytest.raises(TypeError, match=r"the optimizer is a float; pass one of tinygrad_edu\.optim's"):
        Trainer(line(), linear, 0.1)
    trainer = Trainer(line(), linear, optim.sgd(0.1), batch_size=5)
    with pytest.raises(ValueError, match="epochs is -1; pass how many there are to be in all"):
        trainer.fit(examples(), -1)
    for options in ({"save_every": 3}, {"save_every": 0, "save": "here"}):
        with pytest.raises(ValueError, match="needs save=, and at least 1 step"):
            trainer.fit(examples(), 1, **options)
    with pytest.raises(ValueError, match="the loss is measured anyway; give the metric another name"):
        Trainer(line(), linear, optim.sgd(0.1), metrics={"loss": linear})
    with pytest.raises(ValueError, match="patience=3 needs validation data"):
        trainer.fit(examples(), 1, patience=3)
    with pytest.raises(ValueError, match=r"shapes \[\(24, 3\), \(23,\)\]; pass arrays of the same length"):
        trainer.fit((examples()[0], examples()[1][1:]), 1)
    with pytest.raises(TypeError, match="got a list; pass a tuple of arrays, or a Dataset"):
        trainer.fit([*examples()], 1)
    with pytest.raises(ValueError, match="metrics are measured on validation data; pass validation="):
        Trainer(line(), linear, optim.sgd(0.1), metrics={"error": linear}).fit(examples(), 1)
    trainer.fit(examples(), 1, callbacks=[lambda t: t.steps == 2])
    with pytest.raises(ValueError, match="2 steps into an epoch of 24 examples, and got 23; go on with the same data"):
        trainer.fit(examples(23), 2)


def test_nothing_is_said_of_training_that_goes_well():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        trainer = Trainer(small(nonlinearity=tg.functions.relu), classified, optim.adam(0.01), batch_size=10)
        trainer.fit(classes(), 8, validation=classes(seed=1))
