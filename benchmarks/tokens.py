"""Workload F: one training step of a transformer block, by hand and by ours.

x, wanted   the batch of tokens (n, t, d), and what the block should make of them; the loss is the mean squared error
p           parameters, by their names in `Task`: two layer norms, four matrices of attention, a network of one layer
g           slopes of the loss, a list like p
h, s        x normalised, and 1 / √(its variance + EPS)
q, k, v, a  queries, keys, values (n, heads, t, d / heads), and how much attention each query pays to each key
*_d         the slope of the loss with respect to *

Norms stand before attention and before the network, whose hidden layer is relu; both are added to what came in.
"""
# ruff: noqa: D102 - workload.Run describes the methods of a run

from dataclasses import dataclass

import numpy as np

from benchmarks.training import Training

EPS = 1e-5


@dataclass(frozen=True)
class Task:
    """What to train, on how many tokens at a time, and how."""

    batch: int = 8
    length: int = 64
    width: int = 64
    heads: int = 4
    dtype: str = "float32"
    rule: str = "sgd"
    rate: float = 0.05
    names = "scale0", "shift0", "wq", "wk", "wv", "wo", "scale1", "shift1", "w0", "b0", "w1", "b1"

    def first_parameters(self):
        """The parameters by `names`: 1 and 0 for the norms, normal with variance 1 / inputs for the matrices."""
        draw, d = np.random.default_rng(0), self.width
        one, zero, hidden = np.ones(d), np.zeros(d), np.zeros(4 * d)
        wq, wk, wv, wo = draw.normal(0, d**-0.5, (4, d, d))
        w0, w1 = draw.normal(0, d**-0.5, (d, 4 * d)), draw.normal(0, 0.5 * d**-0.5, (4 * d, d))
        return [p.astype(self.dtype) for p in (one, zero, wq, wk, wv, wo, one, zero, w0, hidden, w1, zero)]

    def data(self):
        """The tokens and what should come of them, at random."""
        return np.random.default_rng(1).normal(size=(2, self.batch, self.length, self.width)).astype(self.dtype)


TASK = Task()


class ByHand(Training):
    """Tokens are the rows of one matrix, except in attention."""

    def slopes(self, x, wanted):
        scale0, shift0, wq, wk, wv, wo, scale1, shift1, w0, b0, w1, b1 = self.p
        x, wanted = (y.reshape(-1, self.task.width) for y in (x, wanted))
        y, h0, s0 = _norm(x, scale0, shift0)
        q, k, v = (self.apart(y @ w) for w in (wq, wk, wv))
        root = q.shape[-1] ** -0.5
        a = _softmax(q * root @ k.swapaxes(-1, -2))
        mixed = self.together(a @ v)
        x = x + mixed @ wo
        z, h1, s1 = _norm(x, scale1, shift1)
        hidden = np.maximum(z @ w0 + b0, 0)
        error = x + hidden @ w1 + b1 - wanted

        x_d = error * (2 / error.size)
        hidden_d = (x_d @ w1.T) * (hidden > 0)
        g = [z.T @ hidden_d, hidden_d.sum(axis=0), hidden.T @ x_d, x_d.sum(axis=0)]
        slopes, z_d = _norm_back(hidden_d @ w0.T, h1, s1, scale1)
        x_d = x_d + z_d
        g = [mixed.T @ x_d, *slopes, *g]
        mixed_d = self.apart(x_d @ wo.T)
        a_d = mixed_d @ v.swapaxes(-1, -2)
        scores_d = a * (a_d - (a_d * a).sum(axis=-1, keepdims=True)) * root
        q_d, k_d, v_d = scores_d @ k, scores_d.swapaxes(-1, -2) @ q, a.swapaxes(-1, -2) @ mixed_d
        q_d, k_d, v_d = (self.together(each) for each in (q_d, k_d, v_d))
        slopes, _ = _norm_back(q_d @ wq.T + k_d @ wk.T + v_d @ wv.T, h0, s0, scale0)
        return np.mean(error * error), [*slopes, *(y.T @ each for each in (q_d, k_d, v_d)), *g]

    def apart(self, y):
        """The part of the tokens for each head: (n * t, d) becomes (n, heads, t, d / heads)."""
        return y.reshape(-1, self.task.length, self.task.heads, self.task.width // self.task.heads).swapaxes(1, 2)

    def together(self, y):
        """Undo `apart`."""
        return y.swapaxes(1, 2).reshape(-1, self.task.width)


def _norm(x, scale, shift):
    h = x - x.mean(axis=-1, keepdims=True)
    s = 1 / np.sqrt((h * h).mean(axis=-1, keepdims=True) + EPS)
    h *= s
    return h * scale + shift, h, s


def _norm_back(d, h, s, scale):
    """The slopes of scale and shift, and that of x."""
    slopes = (d * h).sum(axis=0), d.sum(axis=0)
    d = d * scale
    d = d - d.mean(axis=-1, keepdims=True) - h * (d * h).mean(axis=-1, keepdims=True)
    return slopes, d * s


def _softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    e /= e.sum(axis=-1, keepdims=True)
    return e


def our_loss(tg):
    """Plain NumPy code and four of our functions, over a dict of arrays."""
    layer_norm, attention, relu = tg.functions.layer_norm, tg.functions.attention, tg.functions.relu
    heads = TASK.heads

    def loss(p, x, wanted):
        n, t, d = x.shape
        x = x.reshape(-1, d)
        y = layer_norm(x, p["scale0"], p["shift0"], eps=EPS)
        q, k, v = ((y @ p[w]).reshape(n, t, heads, -1).swapaxes(1, 2) for w in ("wq", "wk", "wv"))
        x = x + attention(q, k, v).swapaxes(1, 2).reshape(-1, d) @ p["wo"]
        y = layer_norm(x, p["scale1"], p["shift1"], eps=EPS)
        x = x + relu(y @ p["w0"] + p["b0"]) @ p["w1"] + p["b1"]
        return tg.losses.squared_error(x.reshape(n, t, d), wanted)

    return loss
