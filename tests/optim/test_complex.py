"""A complex parameter takes the steps of the two real ones that it is made of."""

import numpy as np
import pytest

import tinygrad_edu as tg

AIMS = np.array([1 + 2j, -3j, 0.5])
OPTIMIZERS = {
    "sgd": tg.optim.sgd(0.02, momentum=0.9, nesterov=True),
    "adagrad": tg.optim.adagrad(0.5),
    "rmsprop": tg.optim.rmsprop(0.05),
    "adamw": tg.optim.adamw(0.1, weight_decay=0.01),
    "lion": tg.optim.lion(0.02),
    "lbfgs": tg.optim.lbfgs(),
    "clipped": tg.optim.chain(tg.optim.clip_by_global_norm(0.5), tg.optim.sgd(0.2)),
}


def loss(z, w):
    return np.sum(abs(z - AIMS * w) ** 2) + abs(np.sum(z)) ** 2 + (w - 2.0) ** 2


def in_parts(p):
    return loss(p[0] + 1j * p[1], p[2][0])


def steps(f, optimizer, p, count=12):
    state = optimizer.init(p)
    slopes = tg.compile(tg.grad(f))
    for _ in range(count):
        p, state = optimizer.update(slopes(p), state, p)
    return p


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_steps_are_those_of_both_parts(name):
    start = np.array([0.1 + 0.2j, -0.3 + 0.1j, 0.4j])
    z, w = steps(lambda p: loss(*p), OPTIMIZERS[name], (start, 1.0))
    x, y, v = steps(in_parts, OPTIMIZERS[name], [start.real, start.imag, np.array([1.0])])
    np.testing.assert_allclose([*z, w], [*(x + 1j * y), *v], rtol=1e-10)
    assert loss(z, w) < loss(start, 1.0)
    assert z.dtype == complex


def test_dtypes_stay():
    p = {"z": np.complex64(1 + 1j), "w": 2.0 + 1j}
    optimizer = tg.optim.adam(0.1)
    after, _ = optimizer.update({"z": np.complex64(1j), "w": 1 + 0j}, optimizer.init(p), p)
    assert [np.result_type(x) for x in after.values()] == [np.complex64, np.complex128]


def test_descend_goes_down():
    g = tg.grad(lambda z: abs(z - 1j) ** 2)(2.0 + 0j)
    assert tg.optim.descend(2.0 + 0j, g, 0.5) == 1j


def test_a_complex_gradient_of_a_real_parameter_is_refused():
    optimizer = tg.optim.sgd(0.1)
    with pytest.raises(TypeError, match="a gradient is complex, and its parameter real"):
        optimizer.update(1j, optimizer.init(1.0), 1.0)
