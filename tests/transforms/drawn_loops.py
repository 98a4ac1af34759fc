"""Loops drawn at random: a step made of a random program, to be run in whatever way, and what its gradients round.

c  the carry, the first array of the program
x  what each step is given, the second, if there is one
k  what the step closes over, the third, if there is one
"""

import numpy as np
from hypothesis import strategies as st

import tinygrad_edu as tg
from tinygrad_edu.testing.oracles import ROUNDINGS, eps, signs
from tinygrad_edu.testing.programs import LINES, programs


def step_of(run, k):
    """A step, which closes over `k`."""

    def step(c, x):
        z = run(c, *x, *k)
        return np.sin(c + np.mean(z)).astype(c.dtype), (z, c, 1)

    return step


def unrolled(run, n):
    """The plain Python loop."""
    return lambda *arrays: _plain(step_of(run, arrays[2:]), arrays, n)


def checkpointed(run, n):
    """The plain Python loop, each step of which is forgotten."""
    return lambda *arrays: _plain(tg.checkpoint(step_of(run, arrays[2:])), arrays, n)


def _plain(step, arrays, n):
    c, ys = arrays[0], []
    for i in range(n):
        c, y = step(c, [x[i] for x in arrays[1:2]])
        ys.append(y)
    return c, np.stack([y[0] for y in ys]), np.stack([y[1] for y in ys])


def scanned(run, n, checkpoint=False):
    """The same by `tg.scan`."""

    def scanned(*arrays):
        c, ys = tg.scan(step_of(run, arrays[2:]), arrays[0], [*arrays[1:2]], n, checkpoint)
        return c, ys[0], ys[1]

    return scanned


def loss_of(loop):
    """One number of all that a loop gives, such that no slope is lost."""

    def loss(*arrays):
        return sum(np.sum(np.sin(z) * np.cos(np.arange(z.size)).reshape(z.shape)) for z in loop(*arrays))

    return loss


def slopes_of(loop, order, count):
    """The gradient, or of the second order that of a number made of the gradient."""
    places = tuple(range(count))
    slopes = tg.value_and_grad(loss_of(loop), places)
    if order == 1:
        return slopes
    return tg.value_and_grad(lambda *arrays: sum(np.sum(np.sin(g)) for g in slopes(*arrays)[1]), places)


class DrawnLoop:
    """A loop of `n` steps of a program, and the order to which it is differentiated."""

    def __init__(self, program, n, order):
        self.program, self.n, self.order = program, n, order
        first, *rest = program.arrays
        scales = np.cos(np.arange(n))
        along = [np.multiply.outer(scales, x).astype(x.dtype) for x in rest[:1]]
        self.arrays = [np.asarray(x)[()] for x in (first, *along, *rest[1:])]

    def assert_same(self, way, compiled=False, *options):
        """Fail unless `way` has the slopes of the plain loop but for roundings, which are measured by moving inputs."""
        run, count = self.program.run, len(self.arrays)
        wanted = slopes_of(unrolled(run, self.n), self.order, count)
        other = slopes_of(way(run, self.n, *options), self.order, count)
        here = tg.tree.leaves(wanted(*self.arrays))
        step = eps(self.arrays)
        bounds = [step * np.max(abs(z), initial=0.0) for z in here]
        for seed in range(4):
            moved = [(x * (1 + 4 * step * signs(np.shape(x), seed))).astype(x.dtype)[()] for x in self.arrays]
            there = tg.tree.leaves(wanted(*moved))
            bounds = [max(b, np.max(abs(z - y), initial=0.0)) for b, z, y in zip(bounds, here, there, strict=True)]
        other = tg.compile(other) if compiled else other
        for _ in range(1 + compiled):
            for x, y, bound in zip(here, tg.tree.leaves(other(*self.arrays)), bounds, strict=True):
                assert (x.shape, x.dtype, type(x)) == (y.shape, y.dtype, type(y)), self
                assert np.max(abs(x - y), initial=0.0) <= ROUNDINGS * bound, self
        if compiled:
            assert other.fallbacks == 0, self

    def __repr__(self):
        return f"{self.program!r}\n{self.n} steps, order {self.order}"


@st.composite
def drawn_loops(draw, orders=(1, 2)):
    """Draw loops of up to five steps."""
    program = draw(programs(max_lines=4, lines=LINES))
    return DrawnLoop(program, draw(st.integers(1, 5)), draw(st.sampled_from(orders)))
