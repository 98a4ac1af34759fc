"""The judge and the checks: an analytic gradient must equal the slope, to within what rounding explains.

f, arrays  a function, and where its slope is taken
w          cotangent: weights by which the outputs are added up to the one number whose slope is judged
v          tangent: the direction in which the slope is taken
"""

from collections.abc import Callable
from typing import Any

import numpy as np

import tinygrad_edu as tg
from tinygrad_edu import tree

Arrays = tuple[Any, ...]
Function = Callable[..., Any]
PRECISE = np.longdouble  # the judge measures in the finest numbers there are
DOUBT = 4  # the judge estimates its own error; that estimate may be this many times too small
ROUNDINGS = 16  # as many roundings may add up in a gradient, each of the size that `rounding` measures


def signs(shape: tuple[int, ...], seed: int = 0) -> Any:
    """Draw numbers of 0.5 to 1, of either sign."""
    generator = np.random.default_rng(seed)
    return generator.choice([-1.0, 1.0], shape) * generator.uniform(0.5, 1.0, shape)


def weights(f: Function, arrays: Arrays) -> Any:
    """Draw a weight for every number of the output."""
    return tree.map(lambda z: signs(np.shape(z)).astype(np.result_type(z))[()], f(*arrays))


def directions(arrays: Arrays) -> Arrays:
    """Draw a direction in the space of the inputs."""
    return tuple(signs(x.shape, 1 + i).astype(x.dtype)[()] for i, x in enumerate(arrays))


def dot(z: Any, w: Any) -> Any:
    """Add up the products of two trees of arrays."""
    return sum((np.sum(a * b) for a, b in zip(tree.flatten(z), tree.flatten(w), strict=True)), 0.0)


def cast(numbers: Any, dtype: Any) -> Any:
    """Give a tree of arrays another dtype."""
    return tree.map(lambda x: np.asarray(x).astype(dtype)[()], numbers)


def size(numbers: Any) -> Any:
    """Give a tree without its signs."""
    return tree.map(abs, numbers)


def largest(numbers: Any) -> Any:
    """Give the largest size of any number in a tree."""
    return max((np.max(abs(x), initial=0.0) for x in tree.flatten(numbers)), default=0.0)


def eps(*numbers: Any) -> float:
    """Give the distance from 1 to the next number in the coarsest dtype of a tree."""
    return max((float(np.finfo(np.asarray(x).dtype).eps) for x in tree.flatten(numbers)), default=0.0)


def gradient(f: Function, arrays: Arrays, w: Any) -> Arrays:
    """Give the analytic gradient of the outputs weighted by `w`."""
    return tg.vjp(f, *arrays)[1](w)


def derived(f: Function, w: Any) -> Function:
    """Give the gradient as a function, to be differentiated again."""
    return lambda *arrays: gradient(f, arrays, w)


def rounding(f: Function, arrays: Arrays, w: Any) -> Arrays:
    """Measure how far roundings move a gradient: move every input and weight by one, in double precision."""
    generator, step = np.random.default_rng(0), eps(arrays, w)

    def wiggled(numbers: Any) -> Any:
        return tree.map(lambda x: x * (1 + step * generator.choice([-1.0, 1.0], np.shape(x))), numbers)

    x, u = cast(arrays, np.float64), cast(w, np.float64)
    here = gradient(f, x, u)
    moved = [tree.map(np.subtract, gradient(f, wiggled(x), wiggled(u)), here) for _ in range(4)]
    return tree.map(lambda g, *others: ROUNDINGS * (step * abs(g) + sum(map(abs, others))), here, *moved)


def measured(f: Function, arrays: Arrays, w: Any, method: str = "richardson") -> tuple[Arrays, Arrays]:
    """Measure the gradient, and the error of that.

    To the weighted sum comes a constant larger than its terms, so that the judge, who sees only the
    sum, knows how much they round.
    """
    dtype = np.float64 if method == "complex" else PRECISE
    x, u = cast(arrays, dtype), cast(w, dtype)
    terms = 2 * dot(size(f(*x)), size(u))
    return tg.numeric_gradient(lambda y: dot(f(*y), u) + terms, x, method=method, error=True)


def along(f: Function, arrays: Arrays, v: Arrays) -> Function:
    """Give `f` on the line through `arrays` in direction `v`, as a function of how far one goes."""
    x, ahead = cast(arrays, PRECISE), cast(v, PRECISE)
    return lambda t: f(*(a + t * b for a, b in zip(x, ahead, strict=True)))


def assert_close(got: Any, wanted: Any, bounds: Any, what: Any) -> None:
    """Fail where two trees of arrays differ by more than `bounds`."""
    for g, z, bound in zip(*map(tree.flatten, (got, wanted, bounds)), strict=True):
        assert np.shape(g) == np.shape(z), f"{what}: shape {np.shape(g)} is not {np.shape(z)}"
        excess = abs(g - z) - bound
        assert np.all(excess <= 0), f"{what}: {g} is not {z} to within {bound}"


def check(f: Function, arrays: Arrays, method: str = "richardson") -> None:
    """Fail unless the gradient equals the slope in every input."""
    w = weights(f, arrays)
    slopes, errors = measured(f, arrays, w, method)
    bounds = tree.map(lambda e, r: DOUBT * e + r, errors, rounding(f, arrays, w))
    assert_close(gradient(f, arrays, w), slopes, bounds, f)


def check_along(f: Function, arrays: Arrays, method: str = "richardson") -> None:
    """Fail unless the gradient equals the slope in one random direction, which is quicker."""
    w, v = weights(f, arrays), directions(arrays)
    (slope,), (error,) = measured(along(f, arrays, v), (0.0,), w, method)
    bound = DOUBT * error + dot(rounding(f, arrays, w), size(v))
    assert_close(dot(gradient(f, arrays, w), v), slope, bound, f)


def check_transposes(f: Function, arrays: Arrays) -> None:
    """Fail unless ⟨Jv, w⟩ = ⟨v, Jᵀw⟩."""
    w, v = weights(f, arrays), directions(arrays)
    forward = tg.jvp(f, arrays, v)[1]
    bound = 2 * dot(rounding(f, arrays, w), size(v)) + ROUNDINGS * eps(arrays) * dot(size(forward), size(w))
    assert_close(dot(forward, w), dot(gradient(f, arrays, w), v), bound, f)


def check_taylor(f: Function, arrays: Arrays) -> None:
    """Fail unless f(x + hv) - f(x) - hJv falls to a quarter, or to rounding, when h is halved."""
    v = directions(arrays)
    here, forward = tg.jvp(f, arrays, v)
    floor = ROUNDINGS * eps(arrays) * largest((here, arrays))

    def remainder(h: float) -> Any:
        there = f(*(x + h * a for x, a in zip(arrays, v, strict=True)))
        return largest(tree.map(lambda z, y, s: z - y - h * s, there, here, forward))

    h = 2.0**-9
    assert remainder(h) <= max(remainder(2 * h) / 3.5, floor), f"{f}: {remainder(2 * h)} falls to {remainder(h)}"
