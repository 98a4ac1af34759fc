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


class DrawnLoop:
    """A loop of `n` steps of a program, as a function of arrays for each way to run it."""

    def __init__(self, program, n, orders):
        self.program, self.n, self.order = program, n, orders
        first, *rest = program.arrays
        scales = np.cos(np.arange(n))
        along = [np.multiply.outer(scales, x).astype(x.dtype) for x in rest[:1]]
        self.arrays = [np.asarray(x)[()] for x in (first, *along, *rest[1:])]

    def step_of(self, arrays):
        """The step, which closes over the arrays behind the first two."""
        closed = arrays[2:]

        def step(c, x):
            z = self.program(c, *x, *closed)
            return np.sin(c + np.mean(z)).astype(c.dtype), {"z": z, "last": (c, 1)}

        return step

    def unrolled(self, *arrays):
        """The plain Python loop."""
        step, c, ys = self.step_of(arrays), arrays[0], []
        for i in range(self.n):
            c, y = step(c, [x[i] for x in arrays[1:2]])
            ys.append(y)
        return c, {"z": np.stack([y["z"] for y in ys]), "last": (np.stack([y["last"][0] for y in ys]), None)}

    def scanned(self, *arrays, **how):
        """The same by `tg.scan`."""
        c, ys = tg.scan(self.step_of(arrays), arrays[0], [*arrays[1:2]], self.n, **how)
        np.testing.assert_array_equal(ys["last"][1], np.ones(self.n))
        return c, ys | {"last": (ys["last"][0], None)}

    def checkpointed(self, *arrays):
        """The plain Python loop, each step of which is forgotten."""
        step, c, ys = tg.checkpoint(self.step_of(arrays)), arrays[0], []
        for i in range(self.n):
            c, y = step(c, [x[i] for x in arrays[1:2]])
            ys.append(y)
        return c, {"z": np.stack([y["z"] for y in ys]), "last": (np.stack([y["last"][0] for y in ys]), None)}

    def loss_of(self, run):
        """One number of all that a loop gives, such that no slope is lost."""

        def loss(*arrays):
            leaves = tg.tree.leaves(run(*arrays))
            return sum(np.sum(np.sin(z) * np.cos(np.arange(z.size)).reshape(z.shape)) for z in leaves)

        return loss

    def slopes_of(self, run):
        """The gradient, or of the second order that of a number made of the gradient."""
        places = tuple(range(len(self.arrays)))
        slopes = tg.value_and_grad(self.loss_of(run), places)
        if self.order == 1:
            return slopes
        return tg.value_and_grad(lambda *arrays: sum(np.sum(np.sin(g)) for g in slopes(*arrays)[1]), places)

    def assert_same(self, way):
        """Fail unless `way` has the slopes of the plain loop but for roundings, which are measured by moving inputs."""
        wanted = self.slopes_of(self.unrolled)
        here, got = (tg.tree.leaves(f(*self.arrays)) for f in (wanted, self.slopes_of(way)))
        step = eps(self.arrays)
        bounds = [step * np.max(abs(z), initial=0.0) for z in here]
        for seed in range(4):
            moved = [(x * (1 + 4 * step * signs(np.shape(x), seed))).astype(x.dtype)[()] for x in self.arrays]
            there = tg.tree.leaves(wanted(*moved))
            bounds = [max(b, np.max(abs(z - y), initial=0.0)) for b, z, y in zip(bounds, here, there, strict=True)]
        for x, y, bound in zip(here, got, bounds, strict=True):
            assert (x.shape, x.dtype, type(x)) == (y.shape, y.dtype, type(y)), self
            assert np.max(abs(x - y), initial=0.0) <= ROUNDINGS * bound, self

    def __repr__(self):
        return f"{self.program!r}\n{self.n} steps, order {self.order}"


@st.composite
def drawn_loops(draw, orders=(1, 2)):
    """Draw loops of up to five steps."""
    program = draw(programs(max_lines=4, lines=LINES))
    return DrawnLoop(program, draw(st.integers(1, 5)), draw(st.sampled_from(orders)))
