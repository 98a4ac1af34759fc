"""Optimizers take the steps that other libraries take, pure, compiled or not, and refuse what makes no sense.

A, b    least squares: rows of examples, what they should give
p       parameters {"w": (4,), "b": ()}
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_edu as tg
from tinygrad_edu import optim, tree

EPS = np.finfo(float).eps
A = np.array(
    [
        [0.13, -0.13, 0.64, 0.1, -0.54, 0.36],
        [1.3, 0.95, -0.7, -1.27, -0.62, 0.04],
        [-2.33, -0.22, -1.25, -0.73, -0.54, -0.32],
        [0.41, 1.04, -0.13, 1.37, -0.67, 0.35],
    ]
)
b = np.array([0.9, 0.09, -0.74, -0.92, -0.46, 0.22])
START = {"w": np.array([0.5, -0.3, 0.8, 0.1]), "b": np.float64(0.2)}
STEPS = 100
SIZE = 1.0  # of the largest parameter, on the way


def loss(p):
    return np.sum((p["w"] @ A - p["b"] - b) ** 2) + np.sum(np.cos(p["w"]))


def torchs(p, torch):
    return torch.sum((p["w"] @ torch.tensor(A) - p["b"] - torch.tensor(b)) ** 2) + torch.sum(torch.cos(p["w"]))


CASES = {
    "sgd": (optim.sgd(1e-2), "SGD", {"lr": 1e-2}),
    "momentum": (optim.sgd(1e-2, 0.9), "SGD", {"lr": 1e-2, "momentum": 0.9}),
    "nesterov": (optim.sgd(1e-2, 0.9, nesterov=True), "SGD", {"lr": 1e-2, "momentum": 0.9, "nesterov": True}),
    "adagrad": (optim.adagrad(0.1), "Adagrad", {"lr": 0.1}),
    "rmsprop": (optim.rmsprop(0.01), "RMSprop", {"lr": 0.01}),
    "rmsprop with momentum": (optim.rmsprop(0.01, momentum=0.9), "RMSprop", {"lr": 0.01, "momentum": 0.9}),
    "adam": (optim.adam(0.05), "Adam", {"lr": 0.05}),
    "adamw": (optim.adamw(0.05, weight_decay=0.1), "AdamW", {"lr": 0.05, "weight_decay": 0.1}),
    "lbfgs": (
        optim.lbfgs(0.5, 5),
        "LBFGS",
        {"lr": 0.5, "max_iter": 1, "history_size": 5, "tolerance_grad": 0, "tolerance_change": 0},
    ),
}
# fmt: off
RECORDED = {  # w and b after 100 steps, by torch 2.13.0
    "sgd": [0.4361628607666169, 0.7355575163103623, 0.04613190010569891, -0.16665248536173793, 0.048814883235423275],
    "momentum": [
        0.31812985103815716,
        0.7163192305836018,
        0.012485735487518017,
        -0.1497195817275582,
        0.0697854982898116,
    ],
    "nesterov": [
        0.31921880528313246,
        0.7211048140166197,
        0.015517885083793799,
        -0.14990444057567784,
        0.07224754999627955,
    ],
    "adagrad": [0.4175092786658366, 0.7099893972649275, 0.08433426782423735, -0.177041222864761, 0.002333778552156938],
    "rmsprop": [
        0.40290804928137264,
        0.7261920077582373,
        0.06739934786155377,
        -0.17257390079154353,
        0.020141936105014767,
    ],
    "rmsprop with momentum": [
        0.310029142722751,
        0.7231763420925543,
        0.012760136343295847,
        -0.15069751372189774,
        0.07609027331249191,
    ],
    "adam": [0.35131665755146874, 0.7354437195938248, 0.03422595258960317, -0.15618687068934084, 0.05745650365369698],
    "adamw": [0.24286825287902492, 0.6925182043490634, -0.010618472379645959, -0.1286609044031906, 0.09957592157497797],
    "lbfgs": [0.3157800771495356, 0.7206863327833911, 0.014598883119175234, -0.1491561499600926, 0.07307381465849493],
}
# fmt: on


def trained(optimizer, steps=STEPS):
    step = tg.compile(lambda p, state: optimizer.update(tg.grad(loss)(p), state, p))
    p, state = START, optimizer.init(START)
    for _ in range(steps):
        p, state = step(p, state)
        yield p


def by_torch(name, torch):
    _, kind, options = CASES[name]
    p = {k: torch.tensor(x, requires_grad=True) for k, x in START.items()}
    optimizer = getattr(torch.optim, kind)([p["b"], p["w"]], **options)

    def closure():
        optimizer.zero_grad()
        z = torchs(p, torch)
        z.backward()
        return z

    for _ in range(STEPS):
        optimizer.step(closure)
        yield {k: x.detach().numpy().copy() for k, x in p.items()}


@pytest.mark.parametrize("name", CASES)
def test_a_hundred_steps_end_where_torch_ended(name):
    *_, p = trained(CASES[name][0])
    np.testing.assert_allclose(tree.ravel(p)[0], RECORDED[name], rtol=0, atol=1e-12 * SIZE)


@pytest.mark.parametrize("name", CASES)
def test_each_of_a_hundred_steps_is_torchs(name):
    torch = pytest.importorskip("torch", reason="torch is not installed; its results are recorded")
    for ours, theirs in zip(trained(CASES[name][0]), by_torch(name, torch), strict=True):
        np.testing.assert_allclose(tree.ravel(ours)[0], tree.ravel(theirs)[0], rtol=0, atol=1e-12 * SIZE)


def test_lion_by_its_formula():
    p, m = tree.ravel(START)[0], np.zeros(5)
    for ours in trained(optim.lion(0.01, weight_decay=0.1), 20):
        g = tree.ravel(tg.grad(loss)(tree.ravel(START)[1](p)))[0]
        p, m = p - 0.01 * (np.sign(0.9 * m + 0.1 * g) + 0.1 * p), 0.99 * m + 0.01 * g
        np.testing.assert_allclose(tree.ravel(ours)[0], p, rtol=20 * EPS)


EVERY = {name: case[0] for name, case in CASES.items()} | {
    "lion": optim.lion(0.01, weight_decay=0.1),
    "schedule": optim.sgd(optim.warm_up(optim.cosine(0.01, 50), 5)),
    "one cycle": optim.adam(optim.one_cycle(0.05, 60)),
    "chain": optim.chain(optim.clip_by_value(1.0), optim.clip_by_global_norm(0.5), optim.adamw(0.01)),
    "masked": optim.chain(optim.masked(optim.weight_decay(0.1), lambda place: place == "['w']"), optim.sgd(0.01, 0.9)),
}


@pytest.mark.parametrize("name", EVERY)
def test_compiled_once_and_as_eager_and_pure(name):
    optimizer = EVERY[name]
    step = tg.compile(lambda p, state, g: optimizer.update(g, state, p))
    p, state = START, optimizer.init(START)
    sources = set()
    for _ in range(8):
        g = tg.grad(loss)(p)
        before = [np.copy(x) for x in tree.leaves((p, state, g))]
        expected = optimizer.update(g, state, p)
        for x, y in zip(before, tree.leaves((p, state, g)), strict=True):
            np.testing.assert_array_equal(x, y)
        p, state = step(p, state, g)
        sources.add(step.source)
        for x, y in zip(tree.leaves((p, state)), tree.leaves(expected), strict=True):
            np.testing.assert_allclose(x, y, rtol=64 * EPS, atol=64 * EPS)
    assert len(sources) == 1


@pytest.mark.parametrize("name", EVERY)
def test_the_dtype_stays_whatever_that_of_the_rate(name):
    optimizer = EVERY[name]
    if not callable(optimizer.learning_rate):
        optimizer = optim.Optimizer(optimizer.transformations, np.float64(optimizer.learning_rate))
    single = tree.map(lambda x: x.astype(np.float32), START)
    p, state = single, optimizer.init(single)
    for _ in range(3):
        p, state = optimizer.update(tg.grad(loss)(p), state, p)
        assert {x.dtype for x in tree.leaves(p)} == {np.dtype(np.float32)}


@pytest.mark.parametrize("name", EVERY)
def test_every_optimizer_makes_the_loss_less(name):
    p, state = START, EVERY[name].init(START)
    for _ in range(30):
        p, state = EVERY[name].update(tg.grad(loss)(p), state, p)
    assert loss(p) < loss(START)


@given(st.floats(1e-200, 1e200), st.floats(1e-3, 1e3))
def test_the_global_norm_is_at_most_the_limit_and_the_direction_stays(size, limit):
    g = {"w": size * np.array([3.0, 0.0]), "b": size * 4.0}
    clipped, _ = optim.clip_by_global_norm(limit).update(g, (), g)
    kept = min(1.0, limit / 5 / size)
    np.testing.assert_allclose(tree.ravel(clipped)[0], kept * tree.ravel(g)[0], rtol=16 * EPS)


def test_a_gradient_of_nothing_but_zeros_stays():
    clipped, _ = optim.clip_by_global_norm(1.0).update([np.zeros(3)], (), [np.ones(3)])
    np.testing.assert_array_equal(clipped[0], np.zeros(3))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: optim.sgd(0.0), "optim.sgd: learning_rate=0.0; pass a positive number"),
        (lambda: optim.adam(-1.0), "optim.adam: learning_rate=-1.0"),
        (lambda: optim.adam("fast"), "optim.adam: learning_rate='fast'; pass a positive number, or a schedule"),
        (lambda: optim.adam(np.ones(2)), "optim.adam: learning_rate=array"),
        (lambda: optim.adam(0.1, b1=1.0), "optim.adam: b1=1.0; pass a part"),
        (lambda: optim.sgd(0.1, nesterov=True), "give momentum="),
        (lambda: optim.lbfgs(history=0), "optim.lbfgs: history=0"),
        (lambda: optim.clip_by_value(-1.0), "optim.clip_by_value: limit=-1.0"),
        (lambda: optim.cosine(0.1, 0), "optim.cosine: steps=0"),
        (lambda: optim.one_cycle(0.1, 10, rising=1.0), "optim.one_cycle: rising=1.0"),
        (lambda: optim.sgd(0.1).update([1.0], optim.sgd(0.1).init([1.0]), {"w": 1.0}), "same structure"),
        (lambda: optim.sgd(0.1).update(np.ones(2), optim.sgd(0.1).init(np.ones(3)), np.ones(3)), r"shape \(2,\)"),
        (lambda: tree.ravel(None), "tree.ravel: there are no numbers"),
        (lambda: tree.ravel([1.0, 2.0])[1](np.ones(3)), r"tree.ravel: got an array of shape \(3,\)"),
    ],
)
def test_what_makes_no_sense_is_refused(make, said):
    with pytest.raises(ValueError, match=said):
        make()


@pytest.mark.parametrize("parts", [(), (optim.weight_decay(0.1),), (optim.sgd(0.1), optim.sgd(0.1)), (0.1,)])
def test_a_chain_ends_with_an_optimizer(parts):
    with pytest.raises(TypeError, match=r"optim.chain: got .*last"):
        optim.chain(*parts)


@given(st.lists(st.floats(-1e3, 1e3), min_size=6, max_size=6))
def test_ravel_and_back(numbers):
    parameters = {"w": np.reshape(numbers[:4], (2, 2)), "b": numbers[4], "c": [np.float32(numbers[5])]}
    vector, unravel = tree.ravel(parameters)
    assert vector.dtype == np.float64
    back = unravel(vector)
    assert [x.dtype for x in tree.leaves(back)] == [np.float64, np.float64, np.float32]
    for x, y in zip(tree.leaves(back), tree.leaves(parameters), strict=True):
        np.testing.assert_array_equal(x, y)


@pytest.mark.parametrize("state", [np.zeros(3), START, optim.sgd(0.1, 0.9).init(START)])
def test_the_state_must_be_the_optimizers_own(state):
    with pytest.raises(
        TypeError,
        match=r"optim: got a .* that is no state of this optimizer; call update\(gradients, state, parameters\)",
    ):
        optim.sgd(0.1).update(START, state, START)


def test_ravel_is_differentiated_and_compiled():
    vector, unravel = tree.ravel(START)
    expected = tree.ravel(tg.grad(loss)(START))[0]
    gradient = tg.grad(lambda v: loss(unravel(v)))
    np.testing.assert_array_equal(gradient(vector), expected)
    compiled = tg.compile(lambda p: tree.ravel(p)[1](3.0 * tree.ravel(p)[0]))
    np.testing.assert_array_equal(compiled(START)["w"], 3.0 * START["w"])
    np.testing.assert_array_equal(tg.grad(lambda p: tree.ravel(p)[0] @ np.arange(5.0))(START)["w"], np.arange(4.0))
