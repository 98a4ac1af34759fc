"""What is put before the checkers of gradients: rules to be mutated, right ones, and kinks.

xp      NumPy, or a library's own version of it
g       the cotangent of the part's output
x, y    inputs of a part; a, b matrices
w       weights
random  a generator of random numbers
"""

import functools
from collections.abc import Callable
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np

from tinygrad_edu import functions


class Case(NamedTuple):
    """A part with its rule, and the function of `arrays` in which it stands."""

    forward: Callable[..., Any]
    pullback: Callable[..., tuple[Any, ...]]
    whole: Callable[..., Any]
    arrays: tuple[np.ndarray, ...]

    @property
    def inputs(self):
        """How many inputs the part has."""
        return self.forward.__code__.co_argcount - 1


def mutated(case, factor):
    """Multiply the rule's results by a factor: a number, or an array with one for each element."""

    def pullback(xp, g, *inputs):
        # Through NumPy, for torch would make Python's floats float32.
        return tuple(c * xp.asarray(np.asarray(factor)) for c in case.pullback(xp, g, *inputs))

    return case._replace(pullback=pullback)


def draw(seed, *shapes):
    """Draw arrays of numbers of either sign, from 0.2 to 1.4 away from 0; so sines and cosines are not near 0."""
    random = np.random.default_rng(seed)
    return tuple(random.choice([-1.0, 1.0], shape) * random.uniform(0.2, 1.4, shape) for shape in shapes)


def tanh(xp, x):
    return xp.tanh(x)


def tanh_rule(xp, g, x):
    return (g / xp.cosh(x) ** 2,)


def weighted_sum(xp, part, w, x):
    return xp.sum(w * part(x))


def exp(xp, x):
    return xp.exp(x)


def product(xp, x, y):
    return x * y


def matmul(xp, a, b):
    return a @ b


def hypot(xp, x, y):
    return xp.hypot(x, y)


def hypot_rule(xp, g, x, y):
    z = xp.hypot(x, y)
    return g * x / z, g * y / z


def standard(seed):
    """The cases whose rules are wrong by ever less; hypot takes no complex numbers, which helps some."""
    return (
        Case(tanh, tanh_rule, weighted_sum, draw(seed, 5, 5)),
        Case(exp, lambda xp, g, x: (g * xp.exp(x),), lambda xp, part, x: xp.sum(part(x)), draw(seed, 5)),
        Case(hypot, hypot_rule, lambda xp, part, x, y: xp.sum(part(x, y)), draw(seed, 5, 5)),
        Case(product, lambda xp, g, x, y: (g * y, g * x), lambda xp, part, x, y: xp.sum(part(x, y)), draw(seed, 5, 5)),
        Case(
            matmul,
            lambda xp, g, a, b: (g @ b.T, a.T @ g),
            lambda xp, part, a, b, w: xp.sum(part(a, b) * w),
            draw(seed, (2, 3), (3, 2), (2, 2)),
        ),
    )


WRONG_IN_ONE = mutated(standard(0)[0], [1, 1, 1, 1.5, 1])  # in element 3 of the second argument


def flipped(scale, seed):
    """The function scale · sin(x), whose rule has the wrong sign."""

    def sine(xp, x):
        return scale * xp.sin(x)

    def rule(xp, g, x):
        return (-scale * g * xp.cos(x),)

    return Case(sine, rule, lambda xp, part, x: part(x), draw(seed, ()))


def one_wrong(seed, elements, factor=1.5):
    """Σ tanh(x), whose rule is wrong in one element of x, drawn at random."""
    factors = np.ones(elements)
    factors[np.random.default_rng(seed).integers(elements)] = factor
    return mutated(Case(tanh, tanh_rule, lambda xp, part, x: xp.sum(part(x)), draw(seed, elements)), factors)


def softmax(xp, x, w):
    e = xp.exp(x)
    return xp.sum(e * w) / xp.sum(e)


# Functions that every library has, by its own rules, and the shapes of their arrays.
SMOOTH = {
    "sin": (lambda xp, x, w: xp.sum(xp.sin(x) * w), (5, 5)),
    "exp": (lambda xp, x, w: xp.sum(xp.exp(x) * w), (5, 5)),
    "tanh": (lambda xp, x, w: xp.sum(xp.tanh(x) * w), (5, 5)),
    "matmul": (lambda xp, a, b, w: xp.sum((a @ b) * w), ((2, 3), (3, 2), (2, 2))),
    "softmax": (softmax, (5, 5)),
}


def smooth(xp, count):
    """Draw functions that every library has, with arrays."""
    for i in range(count):
        name = [*SMOOTH][i % len(SMOOTH)]
        function, shapes = SMOOTH[name]
        yield f"{name}, seed {i}", functools.partial(function, xp), draw(i, *shapes)


def table(count):
    """Draw the calls on which the table of derivatives is tested, by turns; those of empty arrays have no slope."""
    every = import_module("tests.domains").CALLS  # here, for it needs what tests need
    calls = [call for call in every if any(0 not in place.shape for place in call.places)]
    for i in range(count):
        seed, which = divmod(i, len(calls))
        sample = calls[which].draw(seed)
        yield f"{sample.call}, seed {seed}", sample, sample.arrays


SOME = np.array([0.0, 1.0, 0.0, 1.0])  # where x · SOME is at a kink, and where not

# Functions, and how an array x of four numbers becomes arguments at a kink.
KINKS = {
    "absolute at 0": (np.absolute, lambda x: (x * SOME,)),
    "fabs at 0": (np.fabs, lambda x: (x * SOME,)),
    "relu at 0": (functions.relu, lambda x: (x * SOME,)),
    "leaky_relu at 0": (functions.leaky_relu, lambda x: (x * SOME,)),
    "maximum of equals": (np.maximum, lambda x: (x, x + SOME)),
    "minimum of equals": (np.minimum, lambda x: (x, x + SOME)),
    "fmax of equals": (np.fmax, lambda x: (x, x + SOME)),
    "fmin of equals": (np.fmin, lambda x: (x, x + SOME)),
    "clip on a bound": (lambda x: np.clip(x, -0.1, 0.1), lambda x: (0.1 * np.sign(x) + x * SOME,)),
    "max of equals": (np.max, lambda x: (np.tile(x, 2),)),
    "min of equals": (np.min, lambda x: (np.tile(x, 2),)),
    "ptp of equals": (np.ptp, lambda x: (np.tile(x, 2),)),
    "sort of equals": (np.sort, lambda x: (np.tile(x, 2),)),
    "hypot at 0": (np.hypot, lambda x: (x * SOME, x * SOME)),
    "norm at 0": (np.linalg.norm, lambda x: (0 * x,)),
    "norm of rows at 0": (lambda x: np.linalg.norm(x, axis=1), lambda x: (np.outer(SOME, x),)),
    "std of a constant": (np.std, lambda x: (np.repeat(x[0], 4),)),
}


def kinks(count):
    """Draw functions with arrays at their kinks."""
    for i in range(count):
        name = [*KINKS][i % len(KINKS)]
        function, onto = KINKS[name]
        yield f"{name}, seed {i}", function, onto(*draw(i, 4))
