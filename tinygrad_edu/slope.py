"""The judge: the post's slope, and its more exact relatives, of plain functions that know no tape.

"The post", here and elsewhere: V. Panyam, "Deep learning made simple, part 1", 2017.

d    a function that gives one number
x    where its slope is taken
q    the step, a small number that is not 0
eps  the distance from 1 to the next float
"""

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np

from tinygrad_edu import tree

Method = Literal["forward", "central", "richardson", "complex"]
Array = Any  # a number or an array
ScalarFunction = Callable[[Array], Array]
Estimate = tuple[Array, Array]  # a slope, and how far it may be off
_FINE = 16  # of so many last digits, the shortest step that shows is one of theirs


def slope(d: ScalarFunction, x: Array, q: Array) -> Array:
    """The slope of `d` between x and x + q, exactly as the post writes it.

    >>> slope(lambda x: x**2 + 1, -2.0, 0.5)
    -3.5

    Source: the post, "Hot and cold": slope_d(x₁) = (d(x₁ + q) - d(x₁)) / q.

    Raises:
        ZeroDivisionError: q is 0, and there is no line through one point.
    """
    if np.any(np.equal(q, 0)):
        raise ZeroDivisionError("slope(d, x, q): q is 0, and one point has no slope; use a small q such as 1e-6")
    return (d(x + q) - d(x)) / q


def _step(x: Array, size: float, given: float | None = None) -> Array:
    """A step of about `size`, relative where x is large, or the one given, that x + step - x gives back exactly."""
    step = x.dtype.type(size) * max(1, abs(x)) if given is None else x.dtype.type(given)
    return (x + step) - x


def _grain(d: ScalarFunction, x: Array, eps: float, slope: Array, longest: Array) -> float:
    """How coarse the values of `d` are about x: the least by which they differ at all, seen from the shortest steps on.

    They may be coarser than their last digit: rounded to float32 inside, or what is left where large numbers cancel.
    """
    here = d(x)
    shows = eps * abs(here) / abs(slope) if slope and np.isfinite(slope) else longest
    q = min(max(eps * abs(x), shows) or eps * longest, longest)
    while q <= longest:
        values = [z for z in (d(x - q), here, d(x + q)) if np.isfinite(z)]
        apart = float(max(values) - min(values)) if values else 0.0
        if apart > 0:
            return apart
        q = 4 * q
    return 0.0


def _rounding(x: Array, size: Array, eps: float, grain: float) -> Array:
    """How much a value of this size rounds, near x: by its last digit, the least number there is, or its grain."""
    return max(eps * size, float(np.finfo(x.dtype).smallest_subnormal), grain)


def _forward(d: ScalarFunction, x: Array, eps: float, step: float | None) -> Estimate:
    q = _step(x, eps**0.5, step)
    here, near, far = d(x), d(x + q), d(x + 2 * q)
    estimate = (near - here) / q
    rounding = 2 * _rounding(x, max(abs(here), abs(near)), eps, _grain(d, x, eps, estimate, 64 * q)) / q
    return estimate, abs(far - 2 * near + here) / (2 * q) + rounding


def _central(d: ScalarFunction, x: Array, eps: float, step: float | None) -> Estimate:
    q = _step(x, eps ** (1 / 3), step)
    near = d(x + q), d(x - q)
    far = d(x + 2 * q), d(x - 2 * q)
    estimate = (near[0] - near[1]) / (2 * q)
    rounding = 2 * _rounding(x, max(abs(near[0]), abs(near[1])), eps, _grain(d, x, eps, estimate, 64 * q)) / q
    return estimate, abs((far[0] - far[1]) / (4 * q) - estimate) / 3 + rounding


def _side(d: ScalarFunction, x: Array, eps: float) -> int:
    """Where `d` is defined beside x, at the edge of where it is: 1 above only, -1 below only, 0 on both sides."""
    for size in (eps ** (1 / 8), eps):  # the step that extrapolation begins with, or else a tiny one
        above, below = (bool(np.isfinite(d(x + side * _step(x, size)))) for side in (1, -1))
        if above and below:
            break
    return int(above) - int(below)


def _tail(chords: list[Array], rounding: Array, known: float) -> float:
    """How far chords still have to go if they go on as the last three do; 0 if that is as quickly as the step falls.

    Where rounding hides that, it is what was `known` of longer steps.

    At the edge of where it is defined a function may be like x ** 1.1 at 0: its chords fall with q ** 0.1, and no
    extrapolation in powers of q tells where to.
    """
    if len(chords) < 3:
        return np.inf
    last, before = abs(chords[-1] - chords[-2]), abs(chords[-2] - chords[-3])
    if not last > 4 * rounding:
        return known if known < np.inf else 0.0
    if last <= 0.3 * before:
        return 0.0
    return float(last * last / (before - last)) if last < before else np.inf


def richardson(
    d: ScalarFunction,
    x: Array,
    eps: float,
    step: float | None = None,
    noise: Callable[[Array], float] = lambda q: 0.0,
) -> Estimate:
    """The slope at a step of 0, extrapolated from steps that are quartered until rounding outweighs the gain.

    The first is `step`, by default the eighth root of eps. What shorter steps contradict is dropped: longer ones may
    have stepped over a pole or a kink. Where `d` is defined on one side only, the slope is that of this side.
    `noise(q)` is how much the values of `d` at a distance of q are known to round, where that is more than the last
    digit.

    Source: Ridders, 1982; Numerical Recipes, section 5.7.
    """
    best, error = np.nan, np.inf
    row: list[Any] = []
    chords: list[Any] = []
    far = np.inf
    side = _side(d, x, eps)
    base = 4.0 if side else 16.0  # the error of a chord to one side falls with q, that of a central one with q²
    moved = abs(d(x * (1 + eps)) - d(x * (1 - eps))) / 2 if x and not side else 0.0  # by the rounding of x + q
    for k in range(24):
        q = _step(x, eps ** (1 / 8) * 4.0**-k, None if step is None else step * 4.0**-k)
        high, low = x + q * (side >= 0), x - q * (side <= 0)
        above, below = d(high), d(low)
        size = max(abs(above), abs(below))
        rounding = 2 * max(moved, _rounding(x, size, eps, noise(q))) / q * (1 + abs(side))
        previous, row = row, [(above - below) / (high - low)]
        chords.append(row[0])
        far = _tail(chords, rounding, far) if side else 0.0
        found, doubt = np.nan, np.inf
        for j, coarser in enumerate(previous):
            row.append(row[j] + (row[j] - coarser) / (base ** (j + 1) - 1))
            own = max(abs(row[j + 1] - row[j]), abs(row[j + 1] - coarser), far) + rounding
            if own <= doubt:
                found, doubt = row[j + 1], own
        refuted = abs(found - best) > 4 * (error + doubt) and doubt <= 0.1 * max(abs(found), abs(best))
        if doubt <= error or refuted:
            best, error = found, doubt
        if rounding >= error and error <= max(1e-3 * abs(best), eps**0.5 * size):
            break
    return best, error


def _richardson(d: ScalarFunction, x: Array, eps: float, step: float | None) -> Estimate:
    """As `richardson`, where values of `d` are coarser than their last digit, too."""
    slope, error = richardson(d, x, eps, step)
    grain = _grain(d, x, eps, slope, _step(x, eps ** (1 / 8), step))
    if grain <= _FINE * eps * abs(d(x)):
        return slope, error
    return richardson(d, x, eps, step, noise=lambda q: grain)


def _complex(d: ScalarFunction, x: Array, eps: float, step: float | None) -> Estimate:
    """The slope into the imaginary direction, where only the function itself subtracts and loses digits.

    How many is seen from the slope beside, at the next float: it rounds as much as it moves there.

    Source: Squire and Trapp, 1998.
    """
    q = 1e-30 if step is None else step
    z = d(x + q * 1j)
    if not np.iscomplexobj(z):
        raise TypeError(
            'method="complex": the function dropped the imaginary part (abs, maximum, float() and comparisons do); '
            'use method="richardson"'
        )
    estimate = np.imag(z) / q
    moved = abs(np.imag(d(x * (1 + eps) + q * 1j)) / q - estimate)
    return estimate, 4 * eps * abs(estimate) + (moved if np.isfinite(moved) else 0.0)


_METHODS = {"forward": _forward, "central": _central, "richardson": _richardson, "complex": _complex}


def numeric_gradient(
    f: Callable[..., Any],
    *args: Any,
    method: Method = "central",
    argnums: int | Sequence[int] | None = None,
    step: float | None = None,
    error: bool = False,
) -> Any:
    """The gradient of `f`, its slope measured in each number of each argument.

    Args:
        f: a function that gives one real number, on any tape or none.
        args: numbers, arrays, or trees of them; integers are taken as floats. A complex number x + iy is moved in
            both directions, and its slopes make one number, ∂f/∂x - i ∂f/∂y.
        method: "forward", the post's slope; "central", both ways; "richardson", central ones
            extrapolated to q = 0; "complex", exact to rounding where `f` takes complex numbers.
        argnums: the arguments to move, by position, the others being constant; by default all.
        step: q, the first one of "richardson"; by default what suits the method, longer where x is above 1.
        error: return an estimate of the error too, of the same structure.

    Returns:
        A tree like the argument, or a tuple of such trees if there are several; with `error`, a pair.

    >>> numeric_gradient(lambda x, y: x * y, 3.0, 4.0, method="complex")
    (np.float64(4.0), np.float64(3.0))
    >>> numeric_gradient(lambda x: x**2 + 1, -2.0, method="forward", step=0.5)
    np.float64(-3.5)

    Raises:
        TypeError: an argument holds no number, or `f` gives more than one number, or a complex one.
        ValueError: there is no such method, argument or number, or the step is not positive.
    """
    if method not in _METHODS:
        raise ValueError(f"numeric_gradient: method is {method!r}; choose from {', '.join(_METHODS)}")
    if step is not None and not (isinstance(step, (int, float)) and 0 < step < np.inf):
        raise ValueError(f"numeric_gradient: step is {step!r}; it must be positive and finite, such as 1e-6")
    wanted = _positions(range(len(args)) if argnums is None else argnums, len(args))
    chosen = [args[i] for i in wanted]
    numbers, rebuild = tree.flatten(chosen)
    if not numbers:
        raise ValueError(f"numeric_gradient: the arguments {args} hold no number; pass where to take the slope")
    leaves = [numeric("numeric_gradient", x, path) for x, path in zip(numbers, tree.paths(chosen), strict=True)]

    def single(changed: list[Any]) -> Any:
        given = [*args]
        for i, arg in zip(wanted, rebuild([leaf[()] for leaf in changed]), strict=True):
            given[i] = arg
        return _single(f(*given), method)

    pairs = [_measured(single, leaves, k, method, step) for k in range(len(leaves))]
    gradient, errors = (tuple(rebuild(column)) for column in zip(*pairs, strict=True))
    if isinstance(argnums, int) or (argnums is None and len(args) == 1):
        gradient, errors = gradient[0], errors[0]
    return (gradient, errors) if error else gradient


def _positions(argnums: int | Sequence[int], count: int) -> list[int]:
    """The positions that `argnums` names, from 0."""
    wanted = (argnums,) if isinstance(argnums, int) else argnums
    known = isinstance(wanted, Sequence) and all(isinstance(i, int) and -count <= i < count for i in wanted)
    positions = [i % count for i in wanted] if known else []
    if not known or len({*positions}) < len(positions):
        remedy = "name each at most once, by its position from 0"
        raise ValueError(f"numeric_gradient: argnums={argnums!r} with {count} arguments; {remedy}")
    return positions


def _measured(f: Callable[[list[Any]], Any], leaves: list[Any], k: int, method: Method, step: float | None) -> Estimate:
    """The slope in each number of the k-th leaf, and estimates of the errors."""
    leaf = leaves[k]
    both = leaf.dtype.kind == "c"
    if both and method == "complex":
        what = f'method="complex" steps into the imaginary direction, where argument {k} of {leaf.dtype} has a slope'
        raise TypeError(f'numeric_gradient: {what} of its own; use method="richardson"')
    kind = np.complex128 if method == "complex" else leaf.dtype
    estimates = np.zeros(leaf.shape, leaf.dtype), np.zeros(leaf.shape, leaf.real.dtype)

    def measured(i: tuple[int, ...], x: Any, rest: Any, unit: complex) -> Estimate:
        """The slope by a number x of which the element of the leaf is ``rest + unit * x``."""

        def d(moved: Any) -> Any:
            changed = leaf.astype(kind)
            changed[i] = rest + unit * moved
            return f([*leaves[:k], changed, *leaves[k + 1 :]])

        return _METHODS[method](d, x, float(np.finfo(leaf.dtype).eps), step)

    for i in np.ndindex(leaf.shape):
        if both:
            x, y = leaf[i].real, leaf[i].imag
            (by_x, error), (by_y, other) = measured(i, x, y * 1j, 1), measured(i, y, x, 1j)
            estimates[0][i], estimates[1][i] = by_x - 1j * by_y, np.hypot(error, other)
        else:
            estimates[0][i], estimates[1][i] = measured(i, leaf[i], 0, 1)
    return estimates[0][()], estimates[1][()]


def numeric(caller: str, leaf: Any, path: str) -> Any:
    """A number of an argument as an array of floats or complex numbers.

    Raises:
        TypeError: it is something else.
    """
    array = np.array(getattr(leaf, "data", leaf) if hasattr(leaf, "backward") else leaf)
    if array.dtype.kind in "iub":
        array = array.astype(np.float64)
    if array.dtype.kind not in "fc":
        raise TypeError(f"{caller}: argument {path} is of dtype {array.dtype}; slopes are of numbers")
    return array


def _single(z: Any, method: Method) -> Any:
    z = getattr(z, "data", z) if hasattr(z, "backward") else z
    if np.size(z) != 1:
        raise TypeError(f"numeric_gradient: the function gave shape {np.shape(z)}; it must give one number")
    if np.iscomplexobj(z) and method != "complex":
        what = f"the function gave a number of {np.result_type(z)}, which does not grow or fall"
        raise TypeError(f"numeric_gradient: {what}; take np.real, np.imag or abs of it")
    return np.reshape(z, ())[()]
