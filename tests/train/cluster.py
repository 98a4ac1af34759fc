"""Training on a cluster of two workers, one of which is killed meanwhile: ``python -m tests.train.cluster``.

It needs the extra ``scale``. Gradients over an array of several times the memory that a worker may use are held against
NumPy's, and a network that is trained by workers against one that is trained here.
"""

import os
import signal
import sys
import threading
import time

import dask
import dask.array as da
import numpy as np

import tinygrad_edu as tg
from tests.train.networks import classes, classified, leaves, small
from tinygrad_edu import optim
from tinygrad_edu.train import Trainer

COLUMNS, ROWS = 100, 20_000  # of a block of 16 MB


def block(i):
    """The i-th block of examples, the numbers to learn in the last column."""
    x = np.random.default_rng(int(i)).normal(size=(ROWS, COLUMNS + 1))
    x[:, -1] = np.tanh(x[:, :3].sum(axis=1))
    return x


def loss(p, x, y):
    """The mean squared error of a small network."""
    return np.mean((np.tanh(x @ p["w"] + p["b"]) @ p["v"] - y) ** 2)


def parameters():
    """Where the gradient is taken."""
    rng = np.random.default_rng(0)
    return {"w": rng.normal(size=(COLUMNS, 16)) / 10, "b": np.zeros(16), "v": rng.normal(size=16) / 4}


def examples(blocks):
    """All blocks as one array that is never whole anywhere."""
    parts = [da.from_delayed(dask.delayed(block)(i), (ROWS, COLUMNS + 1), np.float64) for i in range(blocks)]
    return da.concatenate(parts)


def over_blocks(blocks):
    """The loss and its gradient, block by block, with NumPy alone."""
    p = parameters()
    value, sums = 0.0, {name: np.zeros_like(x) for name, x in p.items()}
    n = blocks * ROWS
    for i in range(blocks):
        data = block(i)
        x, y = data[:, :-1], data[:, -1]
        h = np.tanh(x @ p["w"] + p["b"])
        off = h @ p["v"] - y
        value += off @ off / n
        g = 2 * off / n
        back = g[:, None] * p["v"] * (1 - h * h)
        for name, part in (("w", x.T @ back), ("b", back.sum(axis=0)), ("v", h.T @ g)):
            sums[name] += part
    return value, sums


def kill_one(client, after):
    """Kill a worker's process in some seconds."""

    def kill():
        time.sleep(after)
        os.kill(next(iter(client.run(os.getpid).values())), signal.SIGKILL)
        print(f"  a worker was killed after {after} s")

    threading.Thread(target=kill).start()


def whole_batch(client, blocks, after):
    """How far the gradient over all blocks is from NumPy's, relatively."""
    data = examples(blocks)
    value, g = tg.value_and_grad(loss)(parameters(), data[:, :-1], data[:, -1])
    kill_one(client, after)
    value, g = dask.compute(value, g)
    expected, sums = over_blocks(blocks)
    errors = [abs(value - expected) / expected, *(np.max(abs(g[k] - sums[k])) / np.max(abs(sums[k])) for k in g)]
    return float(max(errors))


def minibatches(client, after):
    """Whether a network that workers trained is, to the bit, one that was trained here."""

    def trained(executor):
        trainer = Trainer(small(), classified, optim.adam(0.01), batch_size=30, shards=4, executor=executor)
        trainer.fit(classes(3000), 3)
        return [x.tobytes() for x in leaves(trainer.network)]

    here = trained(None)
    kill_one(client, after)
    return here == trained(client.get_executor())


def main(blocks, limit):
    """Run both, and say what came of it."""
    from distributed import Client, LocalCluster  # noqa: PLC0415 - an extra, and pytest imports every file of tests

    local = LocalCluster(n_workers=2, threads_per_worker=1, memory_limit=limit, dashboard_address=None)
    with local as cluster, Client(cluster) as client:
        began = time.monotonic()
        size = blocks * ROWS * (COLUMNS + 1) * 8 / 1e6
        error = whole_batch(client, blocks, 3)
        print(f"{size:,.0f} MB, workers of {limit}: off by {error:.1e}, {time.monotonic() - began:.0f} s")
        began = time.monotonic()
        same = minibatches(client, 1)
        print(f"minibatches by workers: the same bits: {same}, {time.monotonic() - began:.0f} s")
    return 0 if error <= 1e-12 and same else 1


if __name__ == "__main__":
    sys.exit(main(100, "400MB"))
