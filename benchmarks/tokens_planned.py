"""Workload F by hand once more, nothing allocated: every result is written into a buffer with `out=`.

qkv       queries, keys and values in one, (3, n, heads, t, d / heads)
many      buffers of the shape of the tokens, (n * t, d); row is (n * t, 1)
others    as in `tokens`
"""
# ruff: noqa: D102 - workload.Run describes the methods of a run

import numpy as np

from benchmarks.tokens import EPS
from benchmarks.training import PlannedTraining


class PlannedNorm:
    """Normalise tokens and scale them, into buffers that are made once."""

    def __init__(self, p, g, tokens):
        self.scale, self.shift = p
        self.scale_d, self.shift_d = g
        shape, dtype = (tokens, len(self.scale)), self.scale.dtype
        self.h, self.y, self.scratch = (np.empty(shape, dtype) for _ in range(3))
        self.s, self.row = (np.empty((tokens, 1), dtype) for _ in range(2))
        self.mean = np.full((shape[1], 1), 1 / shape[1], dtype)  # to multiply by it is the quickest way to a mean

    def forward(self, x):
        np.dot(x, self.mean, self.s)
        np.subtract(x, self.s, self.h)
        np.multiply(self.h, self.h, self.y)
        np.dot(self.y, self.mean, self.s)
        np.add(self.s, EPS, self.s)
        np.sqrt(self.s, self.s)
        np.divide(1, self.s, self.s)
        np.multiply(self.h, self.s, self.h)
        np.multiply(self.h, self.scale, self.y)
        return np.add(self.y, self.shift, self.y)

    def backward(self, d, into_x):
        """Write the slopes of scale and shift, and, where it is asked for, that of x in place of `d`."""
        np.add.reduce(d, axis=0, out=self.shift_d)
        np.multiply(d, self.h, self.scratch)
        np.add.reduce(self.scratch, axis=0, out=self.scale_d)
        if into_x:
            np.multiply(d, self.scale, d)
            np.multiply(d, self.h, self.scratch)
            np.dot(self.scratch, self.mean, self.row)
            np.multiply(self.h, self.row, self.scratch)
            np.dot(d, self.mean, self.row)
            np.subtract(d, self.row, d)
            np.subtract(d, self.scratch, d)
            np.multiply(d, self.s, d)


class PlannedAttention:
    """Mix the tokens (n * t, d) by attention, into buffers that are made once."""

    def __init__(self, task, p, g):
        self.matrices, self.slopes, dtype = p, g, p[0].dtype
        n, t, heads, d = task.batch, task.length, task.heads, task.width
        self.tokens, self.tokens_d = np.empty((3, n * t, d), dtype), np.empty((3, n * t, d), dtype)
        self.mixed, self.mixed_d = self.tokens_d[0], np.empty((n * t, d), dtype)
        split = (n, t, heads, d // heads)
        self.split = lambda x: x.reshape(split).swapaxes(1, 2)
        self.qkv, self.qkv_d = (np.empty((3, n, heads, t, d // heads), dtype) for _ in range(2))
        self.head = np.empty(self.qkv.shape[1:], dtype)
        self.a, self.scores, self.product = (np.empty((n, heads, t, t), dtype) for _ in range(3))
        self.row = np.empty((n, heads, t, 1), dtype)
        self.root = np.asarray((d // heads) ** -0.5, dtype)

    def forward(self, y, out):
        """Add what comes of the normalised tokens y to `out`."""
        for w, token, part in zip(self.matrices, self.tokens, self.qkv, strict=False):
            np.dot(y, w, token)
            np.copyto(part, self.split(token))
        q, k, v = self.qkv
        np.multiply(q, self.root, q)
        np.matmul(q, k.swapaxes(-1, -2), self.a)
        np.maximum.reduce(self.a, axis=-1, keepdims=True, out=self.row)
        np.subtract(self.a, self.row, self.a)
        np.exp(self.a, self.a)
        np.add.reduce(self.a, axis=-1, keepdims=True, out=self.row)
        np.divide(self.a, self.row, self.a)
        np.matmul(self.a, v, self.head)
        np.copyto(self.split(self.mixed), self.head)
        np.dot(self.mixed, self.matrices[3], self.mixed_d)
        np.add(out, self.mixed_d, out)

    def backward(self, d, y):
        """Write the slopes of the matrices, and in place of `d` that of y."""
        np.dot(self.mixed.T, d, self.slopes[3])
        np.dot(d, self.matrices[3].T, self.mixed_d)
        np.copyto(self.head, self.split(self.mixed_d))
        (q, k, v), (q_d, k_d, v_d) = self.qkv, self.qkv_d
        np.matmul(self.a.swapaxes(-1, -2), self.head, v_d)
        np.matmul(self.head, v.swapaxes(-1, -2), self.scores)
        np.multiply(self.scores, self.a, self.product)
        np.add.reduce(self.product, axis=-1, keepdims=True, out=self.row)
        np.multiply(self.a, self.row, self.a)
        np.subtract(self.product, self.a, self.scores)
        np.matmul(self.scores.swapaxes(-1, -2), q, k_d)
        np.matmul(self.scores, k, q_d)
        np.multiply(q_d, self.root, q_d)
        for i, (part, token) in enumerate(zip(self.qkv_d, self.tokens_d, strict=True)):
            np.copyto(self.split(token), part)
            np.dot(y.T, token, self.slopes[i])
            np.dot(token, self.matrices[i].T, self.mixed_d if i else d)
            if i:
                np.add(d, self.mixed_d, d)


class Planned(PlannedTraining):
    """Forward and backward into buffers that are made once."""

    def __init__(self, task):
        super().__init__(task)
        p, g, tokens, d, dtype = self.p, self.g, task.batch * task.length, task.width, task.dtype
        self.norms = [PlannedNorm(p[i : i + 2], g[i : i + 2], tokens) for i in (0, 6)]
        self.attention = PlannedAttention(task, p[2:6], g[2:6])
        self.middle, self.x_d, self.d = (np.empty((tokens, d), dtype) for _ in range(3))
        self.hidden, self.hidden_d = (np.empty((tokens, 4 * d), dtype) for _ in range(2))
        self.on = np.empty((tokens, 4 * d), bool)

    def slopes(self, x, wanted):
        np.copyto(self.middle, x.reshape(self.middle.shape))
        y = self.norms[0].forward(self.middle)
        self.attention.forward(y, self.middle)
        value = self._network(self.norms[1].forward(self.middle), wanted.reshape(self.middle.shape))
        self.norms[1].backward(self.d, into_x=True)
        np.add(self.x_d, self.d, self.x_d)
        self.attention.backward(self.x_d, y)
        self.norms[0].backward(self.x_d, into_x=False)
        return value, self.g

    def _network(self, z, wanted):
        """The loss; its slopes with respect to the outputs are left in x_d, and those to z in d."""
        (w0, b0, w1, b1), (w0_d, b0_d, w1_d, b1_d) = self.p[8:], self.g[8:]
        np.dot(z, w0, self.hidden)
        np.add(self.hidden, b0, self.hidden)
        np.greater(self.hidden, 0, self.on)
        np.maximum(self.hidden, 0, out=self.hidden)
        error = np.dot(self.hidden, w1, self.x_d)
        np.add(error, b1, error)
        np.add(error, self.middle, error)
        np.subtract(error, wanted, error)
        flat = error.reshape(-1)
        value = np.dot(flat, flat) / flat.size
        np.multiply(error, error.dtype.type(2 / flat.size), error)
        np.dot(self.hidden.T, error, w1_d)
        np.add.reduce(error, axis=0, out=b1_d)
        np.dot(error, w1.T, self.hidden_d)
        np.multiply(self.hidden_d, self.on, self.hidden_d)
        np.dot(z.T, self.hidden_d, w0_d)
        np.add.reduce(self.hidden_d, axis=0, out=b0_d)
        np.dot(self.hidden_d, w0.T, self.d)
        return value
