"""What workloads that train have in common in tinygrad, whose TinyJit replays the kernels of one step.

p, x, wanted, g   as in `training`; all are its tensors, which stay on its device, as in its own examples
m, v, count       as in `training`

Its first call runs as it stands, its second is recorded, and from the third on that is replayed.
"""
# ruff: noqa: D102 - workload.Run describes the methods of a run

import numpy as np

from benchmarks.training import DECAY, TINY, Training


class WithTinygrad(Training):
    """One TinyJit over value, gradients and update, which is written out, for its optimisers' rates are float32."""

    def __init__(self, tinygrad, task, loss):
        super().__init__(task)
        self.tensor, self.loss = tinygrad.Tensor, loss(tinygrad)
        self.batch = self._tensors([self.x, self.wanted])
        self.p = self._tensors(self.first)
        zeros = [np.zeros_like(p) for p in self.first] if task.rule == "adam" else []
        self.zeros = [*zeros, *zeros, np.zeros(1)]  # TinyJit keeps a scalar as it was recorded
        self.state = self._tensors(self.zeros)
        self.jitted = tinygrad.TinyJit(self._step)

    def _tensors(self, arrays):
        return [self.tensor(x).contiguous().realize() for x in arrays]

    def _step(self, x, wanted):
        loss, p = self.loss(self.p, x, wanted), self.p
        moves = (self._adam if self.task.rule == "adam" else self._sgd)(loss.gradient(*p))
        for q, move in zip(p, moves, strict=True):
            q.assign(q - move)
        self.tensor.realize(loss, *p, *self.state)
        return loss

    def _sgd(self, gradients):
        return [self.task.rate * g for g in gradients]

    def _adam(self, gradients):
        first, second = DECAY
        n = len(gradients)
        m, v, count = self.state[:n], self.state[n:-1], self.state[-1]
        count.assign(count + 1)
        rate, correction = self.task.rate / (1 - first**count), 1 - second**count
        moves = []
        for g, mean, size in zip(gradients, m, v, strict=True):
            mean.assign(first * mean + (1 - first) * g)
            size.assign(second * size + (1 - second) * g * g)
            moves.append(rate.cast(g.dtype) * mean / ((size / correction.cast(g.dtype)).sqrt() + TINY))
        return moves

    def reset(self):
        for tensor, array in zip([*self.p, *self.state], [*self.first, *self.zeros], strict=True):
            tensor.assign(self.tensor(array)).realize()

    def step(self):
        return self.jitted(*self.batch).item()

    def gradients(self):
        loss = self.loss(self.p, *self.batch)
        return [x.numpy() for x in (loss, *loss.gradient(*self.p))]

    def parameters(self):
        return [p.numpy() for p in self.p]
