"""The judge and the checks: an analytic gradient must equal the slope, to within what rounding explains.

f, arrays  a function, and where its slope is taken
w          cotangent: weights by which the outputs are added up to the one number whose slope is judged
v          tangent: the direction in which the slope is taken
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
from numpy.exceptions import ComplexWarning
from numpy.typing import DTypeLike

from tinygrad_edu import tree
from tinygrad_edu.check.measure import SAFETY, Array, Number, Tree, signs
from tinygrad_edu.slope import Method, numeric_gradient, richardson
from tinygrad_edu.testing.closely import moved_by_roundings, noise_along
from tinygrad_edu.transforms import jvp, vjp

Arrays = tuple[Array, ...]
Function = Callable[..., Tree]
PRECISE = np.longdouble  # the judge measures in the finest numbers there are
ROUNDINGS = 16  # as many roundings may add up in a gradient, each of the size that `rounding` measures


def weights(f: Function, arrays: Arrays) -> Tree:
    """Draw a weight for every number of the output."""
    return tree.map(lambda z: signs(np.shape(z), 0).astype(np.result_type(z))[()], f(*arrays))


def directions(arrays: Arrays) -> Arrays:
    """Draw a direction in the space of the inputs."""
    return tuple(signs(x.shape, 1 + i).astype(x.dtype)[()] for i, x in enumerate(arrays))


def dot(z: Tree, w: Tree) -> Number:
    """The sum of the products of two trees of arrays."""
    return sum((np.sum(a * b) for a, b in zip(tree.leaves(z), tree.leaves(w), strict=True)), 0.0)


def cast(numbers: Tree, dtype: DTypeLike) -> Tree:
    """A tree of arrays in this dtype, and all in C order: what is measured must not depend on layout."""
    return tree.map(lambda x: np.asarray(x).astype(dtype, order="C")[()], numbers)


def size(numbers: Tree) -> Tree:
    """The magnitudes of a tree of arrays."""
    return tree.map(abs, numbers)


def largest(numbers: Tree) -> Number:
    """The largest magnitude in a tree."""
    return max((np.max(abs(x), initial=0.0) for x in tree.leaves(numbers)), default=0.0)


def eps(*numbers: Tree) -> float:
    """The distance from 1 to the next number in the coarsest dtype of a tree."""
    return max((float(np.finfo(np.asarray(x).dtype).eps) for x in tree.leaves(numbers)), default=0.0)


def gradient(f: Function, arrays: Arrays, w: Tree) -> Arrays:
    """The analytic gradient of the outputs weighted by `w`."""
    pulled: Arrays = vjp(f, *arrays)[1](w)
    return pulled


@dataclass(frozen=True, eq=False)
class Gradient:
    """The gradient of `f` as a function, to be differentiated again."""

    f: Any
    w: Tree

    def __call__(self, *arrays: Array) -> Arrays:
        """The gradient at these arrays."""
        return gradient(self.f, arrays, self.w)

    @property
    def names(self) -> list[str]:
        """The places of the arrays."""
        found: list[str] = self.f.names
        return found

    def __str__(self) -> str:
        return f"the gradient of {self.f}"


def differentiated(f: Function, arrays: Arrays, order: int) -> Function:
    """The derivative of `f` of this order, the outputs weighted each time."""
    for _ in range(order):
        f = Gradient(f, weights(f, arrays))
    return f


def rounding(f: Function, arrays: Arrays, w: Tree) -> Arrays:
    """How far roundings move a gradient: every input and weight is moved by one, in double precision."""
    generator, step = np.random.default_rng(0), eps(arrays, w)

    def perturbed(numbers: Tree) -> Tree:
        return tree.map(lambda x: x * (1 + step * generator.choice([-1.0, 1.0], np.shape(x))), numbers)

    x, u = cast(arrays, np.float64), cast(w, np.float64)
    here = gradient(f, x, u)
    moved = [tree.map(np.subtract, gradient(f, perturbed(x), perturbed(u)), here) for _ in range(4)]
    bounds: Arrays = tree.map(lambda g, *others: ROUNDINGS * (step * abs(g) + sum(map(abs, others))), here, *moved)
    return bounds


def in_finest(f: Function, arrays: Arrays) -> tuple[Arrays, Tree]:
    """The arrays in the finest dtype that `f` computes in, and its output.

    Much of what is not NumPy's own, and NumPy's linear algebra, knows no long double, or falls back to double.
    """
    x = cast(arrays, PRECISE)
    try:
        z = f(*x)
    except TypeError:
        z = None
    if z is None or eps(z) > eps(x):
        x = cast(arrays, np.float64)
        z = f(*x)
    return x, z


def measured(f: Function, arrays: Arrays, w: Tree, method: Method = "richardson") -> tuple[Arrays, Arrays]:
    """Measure the gradient, and the error of the measurement.

    A constant larger than its terms is added to the weighted sum, so that the judge, which sees only the
    sum, knows how much they round.
    """
    if method == "complex":
        x = cast(arrays, np.float64)
        z = f(*x)
    else:
        x, z = in_finest(f, arrays)
    u = cast(w, x[0].dtype)
    terms = 2 * dot(size(z), size(u))
    found: tuple[Arrays, Arrays] = numeric_gradient(lambda y: dot(f(*y), u) + terms, x, method=method, error=True)
    return found


class Line:
    """`f` on the line through `arrays` in direction `v`, as a function of the distance."""

    def __init__(self, f: Function, arrays: Arrays, v: Arrays) -> None:
        self.f, self.arrays, self.ahead = f, cast(arrays, PRECISE), cast(v, PRECISE)

    def place(self, t: Number) -> Arrays:
        """The arrays at a distance, in its precision."""
        return tuple((a + t * b).astype(t.dtype) for a, b in zip(self.arrays, self.ahead, strict=True))

    def __call__(self, t: Number) -> Tree:
        """The outputs there."""
        return self.f(*self.place(t))


def fail(claim: str, f: Any, **facts: Any) -> NoReturn:
    """Raise the error of a check: what does not hold, of which function, and what was found."""
    found = "".join(f"\n  {what:<9} {fact}" for what, fact in {"of": f, **facts}.items())
    raise AssertionError(f"{claim}{found}")


def assert_close(got: Tree, wanted: Tree, bounds: Tree, claim: str, f: Any) -> None:
    """Fail where two trees of arrays differ by more than `bounds`."""
    for g, z, bound in zip(*map(tree.leaves, (got, wanted, bounds)), strict=True):
        if np.shape(g) != np.shape(z):
            fail(claim, f, expected=f"shape {np.shape(z)}", got=f"shape {np.shape(g)}")
        excess = np.asarray(abs(g - z) - bound)
        if not np.all(excess <= 0):
            worst = np.unravel_index(np.argmax(excess), excess.shape)  # a NaN counts as the largest
            expected, came, within = (float(np.broadcast_to(x, excess.shape)[worst]) for x in (z, g, bound))
            place = f" at {tuple(map(int, worst))}" if worst else ""
            fail(claim, f, expected=f"{expected!r} to within {within:.0e}", got=f"{came!r}{place}")


def check(f: Function, arrays: Arrays, method: Method = "richardson") -> None:
    """Fail unless the gradient equals the slope in every input."""
    w = weights(f, arrays)
    slopes, errors = measured(f, arrays, w, method)
    bounds = tree.map(lambda e, r: SAFETY * e + r, errors, rounding(f, arrays, w))
    names: list[str] = getattr(f, "names", [f"argument {i}" for i in range(len(arrays))])
    for name, got, slope, bound in zip(names, gradient(f, arrays, w), slopes, bounds, strict=True):
        assert_close(got, slope, bound, f"the gradient by {name} is not the slope ({method})", f)


def check_along(f: Function, arrays: Arrays, method: Method = "richardson") -> None:
    """Fail unless the gradient equals the slope in one random direction, which is quicker."""
    w, v = weights(f, arrays), directions(arrays)
    line = Line(f, arrays, v)
    (slope,), (error,) = measured(line, (0.0,), w, method)
    rounds = dot(rounding(f, arrays, w), size(v))
    got = dot(gradient(f, arrays, w), v)
    if method == "richardson" and not abs(got - slope) <= SAFETY * error + rounds:
        slope, error = _measured_closely(line, w)
        rounds = rounds + ROUNDINGS * dot(moved_by_roundings(f, arrays, w), size(v))
    bound = SAFETY * error + rounds
    assert_close(got, slope, bound, f"the gradient, along a random direction, is not the slope ({method})", f)


def _measured_closely(line: Line, w: Tree) -> tuple[Number, Number]:
    """The slope along a line, and the error of the measurement, where roundings inside the function are counted."""
    (t,), _ = in_finest(line, (0.0,))
    u = cast(w, t.dtype)
    noise = noise_along(line.f, line.place, u, eps(t))
    return richardson(lambda q: dot(line(q), u), t, eps(t), noise=noise)


def check_transposes(f: Function, arrays: Arrays) -> None:
    """Fail unless ⟨Jv, w⟩ = ⟨v, Jᵀw⟩."""
    w, v = weights(f, arrays), directions(arrays)
    forward = jvp(f, arrays, v)[1]
    bound = 2 * dot(rounding(f, arrays, w), size(v)) + ROUNDINGS * eps(arrays) * dot(size(forward), size(w))
    backward = dot(gradient(f, arrays, w), v)
    if not abs(dot(forward, w) - backward) <= bound:
        bound = bound + 2 * ROUNDINGS * dot(moved_by_roundings(f, arrays, w), size(v))
    assert_close(dot(forward, w), backward, bound, "pushing forward is not the transpose of pulling back", f)


def check_taylor(f: Function, arrays: Arrays) -> None:
    """Fail unless f(x + hv) - f(x) - hJv falls to a quarter, or to rounding, when h is halved."""
    v = directions(arrays)
    here, forward = jvp(f, arrays, v)
    floor = ROUNDINGS * eps(arrays) * largest((here, arrays))

    def remainder(h: float) -> Number:
        there = f(*(x + h * a for x, a in zip(arrays, v, strict=True)))
        return largest(tree.map(lambda z, y, s: z - y - h * s, there, here, forward))

    h = 2.0**-9
    before, after = remainder(2 * h), remainder(h)
    if not after <= max(before / 3.5, floor):
        claim = "f(x + hv) - f(x) - hJv does not fall at second order"
        fail(claim, f, expected=f"a quarter of {float(before)!r}", got=f"{float(after)!r}, when h is halved")


def takes_complex_step(f: Function, arrays: Arrays) -> bool:
    """Whether a complex step gives the slope of `f`: it takes complex numbers, keeps them, and is holomorphic."""
    w = weights(f, arrays)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", ComplexWarning)
            slopes, errors = measured(f, arrays, w, "complex")
    except Exception:  # whatever a function says to numbers that it was not written for
        return False
    real, doubts = measured(f, arrays, w)
    every = zip(slopes, errors, real, doubts, strict=True)
    return all(np.all(abs(s - z) <= SAFETY * (np.minimum(e, d) + d)) for s, e, z, d in every)
