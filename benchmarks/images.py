"""Workload E: one training step of a small convolutional network, by hand and by ours.

x, labels       the batch (n, 1, 28, 28), and its classes, integers of shape (n,)
p               parameters, [w0, b0, w1, b1, w2, b2]: two convolutions (o, c, 5, 5), and a layer (256, 10)
g               slopes of the mean cross-entropy, a list like p
columns         what the kernel meets, (c * 5 * 5, h * w * n), so that convolving is multiplying by (o, c * 5 * 5)

Each convolution is pooled, 2 by 2, and then relu'd, which gives the same as the other way round. By hand images are
kept as (c, h, w, n): then windows are made of longer runs of memory than as (n, c, h, w), and are copied sooner.
"""
# ruff: noqa: D102 - workload.Run describes the methods of a run

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from benchmarks.training import PlannedTraining, Training, cross_entropy

K = 5


@dataclass(frozen=True)
class Task:
    """What to train, on how many images at a time, and how."""

    batch: int = 32
    dtype: str = "float32"
    rule: str = "sgd"
    rate: float = 0.05
    names = "w0", "b0", "w1", "b1", "w2", "b2"

    def first_parameters(self):
        """The parameters [w0, b0, …], normal with variance 2 / n for sums of n products, and 0 (He et al., 2015)."""
        draw = np.random.default_rng(0)
        p = []
        for shape, outputs, n in (((8, 1, K, K), 8, 25), ((16, 8, K, K), 16, 200), ((256, 10), 10, 256)):
            p += [draw.normal(0, (2 / n) ** 0.5, shape).astype(self.dtype), np.zeros(outputs, self.dtype)]
        return p

    def data(self):
        """The images and their labels, at random."""
        draw = np.random.default_rng(1)
        return draw.random((self.batch, 1, 28, 28)).astype(self.dtype), draw.integers(0, 10, self.batch)


TASK = Task()


def matrix(w):
    """Weights (o, c, 5, 5) as (o, c * 5 * 5)."""
    return w.reshape(len(w), -1)


class ByHand(Training):
    """Windows are copied into columns, so that a product of matrices does the rest."""

    def slopes(self, x, labels):
        p, n = self.p, len(labels)
        images, kept = x.transpose(1, 2, 3, 0), []
        for w, b in (p[:2], p[2:4]):
            columns, out = _columns(images), images.shape[1] - K + 1
            convolved = (matrix(w) @ columns + b[:, None]).reshape(len(w), out // 2, 2, out // 2, 2, n)
            pooled = convolved.max(axis=(2, 4))
            kept.append((columns, convolved, pooled))
            images = np.maximum(pooled, 0)
        units = images.reshape(-1, n)
        value, d = cross_entropy(units.T @ p[4] + p[5], labels)
        g = [units @ d, d.sum(axis=0)]
        d = (p[4] @ d.T).reshape(images.shape)
        for k in (1, 0):
            columns, convolved, pooled = kept[k]
            d *= pooled > 0
            chosen = convolved == pooled[:, :, None, :, None]
            d = (chosen * d[:, :, None, :, None]).reshape(len(pooled), -1)
            g = [(d @ columns.T).reshape(p[2 * k].shape), d.sum(axis=1), *g]
            if k:
                d = _from_columns(matrix(p[2]).T @ d, kept[0][2].shape)
        return value, g


def _columns(images):
    windows = sliding_window_view(images, (K, K), axis=(1, 2))
    return windows.transpose(0, 4, 5, 1, 2, 3).reshape(len(images) * K * K, -1)


def _from_columns(columns, shape):
    """Add up what `_columns` copied."""
    c, h, w, n = shape
    images = np.zeros(shape, columns.dtype)
    columns = columns.reshape(c, K, K, h - K + 1, w - K + 1, n)
    for i in range(K):
        for j in range(K):
            images[:, i : i + h - K + 1, j : j + w - K + 1] += columns[:, i, j]
    return images


class PlannedConvolution:
    """Convolve, pool and relu images (c, h, w, n) into buffers that are made once."""

    def __init__(self, p, g, size, n):
        self.p, self.g = p, g
        o, c = p[0].shape[:2]
        out, half, dtype = size - K + 1, (size - K + 1) // 2, p[0].dtype
        self.columns = np.empty((c * K * K, out * out * n), dtype)
        self.copied = self.columns.reshape(c, K, K, out, out, n)
        self.d_columns, self.d_images = np.empty_like(self.columns), np.empty((c, size, size, n), dtype)
        self.convolved = np.empty((o, out * out * n), dtype)
        self.windows = self.convolved.reshape(o, half, 2, half, 2, n)
        self.rows, self.pooled = np.empty((o, half, half, 2, n), dtype), np.empty((o, half, half, n), dtype)
        self.relu, self.on = np.empty_like(self.pooled), np.empty(self.pooled.shape, bool)
        self.chosen = np.empty(self.windows.shape, bool)

    def forward(self, images):
        """The outputs; the bias is added once the windows are pooled, which is a quarter of the work."""
        windows = sliding_window_view(images, (K, K), axis=(1, 2))
        np.copyto(self.copied, windows.transpose(0, 4, 5, 1, 2, 3))
        np.dot(matrix(self.p[0]), self.columns, self.convolved)
        np.maximum(self.windows[:, :, 0], self.windows[:, :, 1], out=self.rows)
        np.maximum(self.rows[..., 0, :], self.rows[..., 1, :], out=self.pooled)
        np.add(self.pooled, self.p[1][:, None, None, None], self.relu)
        np.greater(self.relu, 0, self.on)
        return np.maximum(self.relu, 0, out=self.relu)

    def backward(self, d, into_images):
        """Write the slopes of the parameters, and give those of the images where they are asked for."""
        np.multiply(d, self.on, d)
        np.add.reduce(d, axis=(1, 2, 3), out=self.g[1])
        np.equal(self.windows, self.pooled[:, :, None, :, None], self.chosen)
        np.multiply(self.chosen, d[:, :, None, :, None], self.windows)
        np.dot(self.convolved, self.columns.T, matrix(self.g[0]))
        if not into_images:
            return None
        np.dot(matrix(self.p[0]).T, self.convolved, self.d_columns)
        self.d_images.fill(0)
        out = self.copied.shape[3]
        columns = self.d_columns.reshape(self.copied.shape)
        for i in range(K):
            for j in range(K):
                into = self.d_images[:, i : i + out, j : j + out]
                np.add(into, columns[:, i, j], into)
        return self.d_images


class Planned(PlannedTraining):
    """The same with nothing allocated for images, columns or slopes; the last layer is too small to matter."""

    def __init__(self, task):
        super().__init__(task)
        self.first_layer = PlannedConvolution(self.p[:2], self.g[:2], 28, task.batch)
        self.second_layer = PlannedConvolution(self.p[2:4], self.g[2:4], 12, task.batch)
        self.d = np.empty_like(self.second_layer.relu)

    def slopes(self, x, labels):
        images = self.second_layer.forward(self.first_layer.forward(x.transpose(1, 2, 3, 0)))
        units, w = images.reshape(-1, len(labels)), self.p[4]
        value, d = cross_entropy(units.T @ w + self.p[5], labels)
        np.dot(units, d, self.g[4])
        np.add.reduce(d, axis=0, out=self.g[5])
        np.dot(w, d.T, self.d.reshape(units.shape))
        self.first_layer.backward(self.second_layer.backward(self.d, into_images=True), into_images=False)
        return value, self.g


def our_loss(tg):
    """Plain NumPy code and three of our functions, over a dict of arrays."""
    conv2d, max_pool2d, relu = tg.functions.conv2d, tg.functions.max_pool2d, tg.functions.relu

    def loss(p, x, labels):
        for w, b in (("w0", "b0"), ("w1", "b1")):
            x = relu(max_pool2d(conv2d(x, p[w]) + p[b][:, None, None], 2))
        return tg.losses.cross_entropy(x.reshape(len(labels), -1) @ p["w2"] + p["b2"], labels)

    return loss
