"""The gradient over an array of blocks is that over the whole array, and is not computed before it is asked for."""

import dask
import dask.array as da
import numpy as np
import pytest
from dask.callbacks import Callback

import tinygrad_edu as tg
from tinygrad_edu.losses import cross_entropy, squared_error


class Count(Callback):
    """How often blocks are computed."""

    def __init__(self):
        self.count = 0

    def _start(self, _):
        self.count += 1


def activation(f):
    def loss(p, x, y):
        return np.mean((f(x @ p["w"] + p["b"]) @ p["v"] - y) ** 2)

    return loss


LOSSES = {
    "tanh": (activation(np.tanh), 0),
    "relu": (activation(lambda x: np.maximum(x, 0)), 0),
    "sigmoid": (activation(tg.functions.sigmoid), None),
    "squared_error": (lambda p, x, y: squared_error(np.sin(x @ p["w"]) @ p["v"], y), 0),
    "cross_entropy": (lambda p, x, y: cross_entropy(np.tanh(x @ p["w"] + p["b"]), (y > 0).astype(int)), None),
}


@pytest.mark.parametrize("name", LOSSES)
def test_blocks_make_no_difference(name):
    loss, computed = LOSSES[name]
    rng = np.random.default_rng(0)
    x = rng.normal(size=(400, 6))
    y = np.tanh(x[:, :3].sum(axis=1))
    p = {"w": rng.normal(size=(6, 5)), "b": np.zeros(5), "v": rng.normal(size=5)}
    with Count() as counted:
        value, g = tg.value_and_grad(loss)(p, da.from_array(x, chunks=(70, 6)), da.from_array(y, chunks=70))
    assert computed in (None, counted.count)
    assert all(isinstance(g[name], (da.Array, np.ndarray)) for name in g)
    value, g = dask.compute(value, g)
    expected, slopes = tg.value_and_grad(loss)(p, x, y)
    assert value == pytest.approx(expected, rel=1e-12)
    for place in p:
        # Sums of 400 numbers in another order: some 400 roundings, of numbers of the size of the largest.
        size = max(np.max(abs(slopes[place])), np.finfo(float).tiny)
        np.testing.assert_allclose(g[place], slopes[place], rtol=0, atol=400 * np.finfo(float).eps * size)
