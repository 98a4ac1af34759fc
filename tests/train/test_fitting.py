"""Training deals every example, walks downhill, keeps what it learnt, and leaks nothing."""

import gc
import itertools
import re
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_edu import Value
from tinygrad_edu.losses import squared_error
from tinygrad_edu.nn import Network
from tinygrad_edu.optim import adam, sgd
from tinygrad_edu.train import Fit, TrainingWarning, fit, minibatches


def parabola(p, x):
    return (p - x) ** 2


@given(st.integers(1, 50), st.integers(1, 60), st.integers(0, 3), st.integers(0, 2**32))
def test_every_row_is_dealt_once_an_epoch(n, size, epochs, seed):
    rows = np.arange(n)
    batches = list(minibatches(rows, rows**2, size=size, epochs=epochs, seed=seed))
    an_epoch = -(-n // size)
    assert len(batches) == epochs * an_epoch
    assert all(np.array_equal(squares, numbers**2) for numbers, squares in batches)
    for epoch in range(epochs):
        dealt = [numbers for numbers, _ in batches[epoch * an_epoch : (epoch + 1) * an_epoch]]
        assert sorted(np.concatenate(dealt)) == list(rows)
        assert max(map(len, dealt)) - min(map(len, dealt)) <= 1
        assert max(map(len, dealt)) <= size


def test_epochs_differ_and_the_seed_decides():
    def order(seed):
        return np.concatenate([rows for (rows,) in minibatches(np.arange(99), size=10, epochs=2, seed=seed)])

    assert np.array_equal(order(1), order(1))
    assert not np.array_equal(order(1), order(2))
    assert not np.array_equal(order(1)[:99], order(1)[99:])


def test_minibatches_says_what_is_wrong():
    with pytest.raises(ValueError, match=r"arrays of \[2, 3\] rows"):
        minibatches(np.zeros(2), np.zeros(3), size=1, epochs=1, seed=0)
    with pytest.raises(ValueError, match=r"arrays of \[0\] rows"):
        minibatches(np.zeros(0), size=1, epochs=1, seed=0)
    with pytest.raises(ValueError, match="size is 0"):
        minibatches(np.zeros(2), size=0, epochs=1, seed=0)


def test_fit_learns_a_linear_function():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(64, 3))
    y = x @ [[23.0], [42.0], [51.0]] + 7
    batches = minibatches(x, y, size=16, epochs=200, seed=0)
    learnt = fit(Network.random([3, 1], 0), lambda n, x, y: squared_error(n(x), y), batches, 0.1)
    (neuron,) = learnt.parameters.layers[0].neurons
    # There is no noise, so each step shrinks the error by a constant factor until rounding stops it.
    np.testing.assert_allclose(neuron.weights.data, [23, 42, 51], rtol=1e3 * np.finfo(float).eps)
    np.testing.assert_allclose(neuron.bias.data, 7, rtol=1e3 * np.finfo(float).eps)
    assert len(learnt.losses) == 800
    assert not learnt.interrupted


def test_values_and_plain_numbers_learn_the_same():
    plain = fit({"w": np.array([4.0, -1.0])}, lambda p, x: np.sum(parabola(p["w"], x)), [(1.0,)] * 5, 0.25)
    start = {"w": Value([4.0, -1.0])}
    values = fit(start, lambda p, x: np.sum(parabola(p["w"], x)), [(1.0,)] * 5, 0.25)
    np.testing.assert_array_equal(plain.parameters["w"], values.parameters["w"].data)
    assert plain.losses == values.losses
    assert values.parameters["w"].function is None
    np.testing.assert_array_equal(start["w"].data, [4.0, -1.0])


def test_an_optimizer_may_stand_for_the_learning_rate():
    plain, given = (fit(4.0, parabola, [(1.0,)] * 5, rate) for rate in (0.25, sgd(0.25)))
    assert plain == given
    assert fit(4.0, parabola, [(1.0,)] * 300, adam(0.1)).losses[-1] < plain.losses[0] / 1000


def test_what_does_not_compile_learns_as_it_is():
    seen = []

    def loss(p, x):
        seen.append(x)
        return parabola(p, x)

    with pytest.warns(TrainingWarning, match="cannot be compiled, so it runs as it is, slower"):
        learnt = fit(4.0, loss, [(1.0,)] * 3, 0.25)
    assert learnt.losses == [9.0, 2.25, 0.5625]


def test_progress_is_told_every_step():
    told = []
    learnt = fit(4.0, parabola, [(1.0,)] * 3, 0.25, progress=lambda step, loss: told.append((step, loss)))
    assert told == [(1, 9.0), (2, 2.25), (3, 0.5625)]
    assert [loss for _, loss in told] == learnt.losses


def test_without_batches_nothing_is_learnt():
    assert fit(4.0, parabola, [], 0.1) == Fit(4.0, [])


def test_a_loss_that_is_no_number_is_refused():
    with pytest.raises(FloatingPointError, match=r"the loss is nan at step 2; lower the learning rate, now 0\.1"):
        fit(1.0, parabola, [(1.0,), (float("nan"),)], 0.1)
    with (
        np.errstate(over="ignore"),
        pytest.raises(FloatingPointError, match="the loss is inf at step"),
    ):
        fit(1.0, parabola, itertools.repeat((0.0,)), 1e9)


def test_a_batch_that_is_no_tuple_is_refused():
    with pytest.raises(TypeError, match=r"^fit: a batch is a float; pass tuples"):
        fit(4.0, parabola, [1.0, 2.0], 0.1)


@pytest.mark.parametrize("where", ["loss", "progress", "batches"])
def test_ctrl_c_keeps_whole_steps(where):
    def stop(at, now):
        if at == where and now == 3:
            raise KeyboardInterrupt

    def batches():
        for step in range(1, 10):
            stop("batches", step)
            yield 1.0, step

    def loss(p, x, step):
        stop("loss", step)
        return parabola(p, x)

    learnt = fit(4.0, loss, batches(), 0.25, progress=lambda step, _: stop("progress", step))
    assert learnt.interrupted
    steps = 3 if where == "progress" else 2
    assert learnt.losses == [9.0, 2.25, 0.5625][:steps]
    assert learnt.parameters == 1 + 3 * 0.5**steps


def test_recording_is_left_as_it_was():
    fit(4.0, parabola, [(1.0,)], 0.1)
    with pytest.raises(FloatingPointError):
        fit(4.0, parabola, [(float("nan"),)], 0.1)
    assert (Value(1.0) + 1).function is np.add


def test_ten_thousand_steps_leave_less_than_a_megabyte_behind():
    network = Network.random([2, 1], 0)
    batch = np.ones((4, 2)), np.zeros((4, 1))

    def train(steps):
        return fit(network, lambda n, x, y: squared_error(n(x), y), itertools.repeat(batch, steps), 0.01)

    train(2_000)  # until Python's own stores of spare objects are full
    gc.disable()
    try:
        before = sys.getallocatedblocks()
        learnt = train(10_000)
        left = sys.getallocatedblocks() - before
    finally:
        gc.enable()
    # Each loss is a float of 24 bytes and 8 in the list. Beyond them, less than one object in ten steps may stay,
    # and a block is of 512 bytes at most: 0.32 MB and 0.52 MB. A single object lost a step would be 10,000 more.
    assert left - len(learnt.losses) < 1_000
    assert len(learnt.losses) == 10_000


def test_what_notebooks_show_of_a_fit():
    html = Fit(None, [float(x) for x in range(1000, 0, -1)], interrupted=True)._repr_html_()
    assert "1,000 steps, then stopped by Ctrl-C: the loss went from 1000 to 1" in html
    points = [tuple(map(float, pair.split(","))) for pair in re.search('points="(.*?)"', html)[1].split()]
    assert points[0] == (0.0, 1.0)
    assert points[-1] == (400.0, 79.0)
    assert 300 < len(points) <= 401
    assert Fit(None, [])._repr_html_() == "<p>0 steps</p>"
    assert Fit(None, [2.0, 2.0])._repr_html_().count(",1.0") == 2
