"""The slope over q: how far measured slopes are from the tape's, for steps from the smallest to large ones.

f    a function of one number
x    where its slope is taken
q    the step of the slope formula
eps  the distance from 1 to the next float
"""

import contextlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_edu.check.curve_table import CurveTable, Floats, error_rows, least
from tinygrad_edu.check.measure import Number
from tinygrad_edu.core.source_info import label
from tinygrad_edu.core.tape import payload
from tinygrad_edu.slope import slope
from tinygrad_edu.transforms import grad

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Function = Callable[[Number], Number]
METHODS = ("forward", "central", "richardson")


@dataclass(frozen=True, eq=False, repr=False)
class SlopeCurve:
    """How far the measured slopes of `f` at `x` are from the tape's, over the step.

    `forward`, `central` and `richardson` are the errors, one for each of `q`; nan or inf where `f` is not finite.
    `value` is f(x); `slope`, `second` and `third` are the derivatives there, by the tape. The last two are None if
    it cannot give them: a rule on the way cannot be differentiated, or the slope is one claimed.
    """

    f: Function
    x: Number
    value: Number
    slope: Number
    second: Number | None
    third: Number | None
    q: Floats
    forward: Floats
    central: Floats
    richardson: Floats
    by: str = "the tape's"

    @property
    @np.errstate(all="ignore")
    def rounding(self) -> Floats:
        """What rounding adds to the error, about: eps·|f| / q, and eps·|x + q| / q, which f′ carries into f.

        That is the most it adds to a forward slope if `f` is right to half of its last digit; to a central one it
        adds half of that, to Richardson's 3/2.

        Source: Numerical Recipes, section 5.7.
        """
        f, slope, x = (float(abs(known)) for known in (self.value, self.slope, self.x))
        return self.eps * (f + slope * (x + self.q)) / self.q

    @property
    @np.errstate(all="ignore")
    def forward_truncation(self) -> Floats | None:
        """How far the chord from x to x + q is from the tangent, about: q/2 · |f″|."""
        return None if self.second is None else self.q / 2 * float(abs(self.second))

    @property
    @np.errstate(all="ignore")
    def central_truncation(self) -> Floats | None:
        """How far the chord from x - q to x + q is from the tangent, about: q²/6 · |f‴|."""
        return None if self.third is None else self.q**2 / 6 * float(abs(self.third))

    @property
    @np.errstate(all="ignore")
    def meeting(self) -> dict[str, float]:
        """Where truncation and rounding are equal, in theory: √(2r / |f″|) and ∛(6r / |f‴|), r = eps·(|f| + |x·f′|).

        It is 0, inf or nan where they do not meet: one of the two is nothing, or not known.
        """
        r = self.eps * (abs(self.value) + abs(self.x * self.slope))
        second, third = (math.nan if known is None else abs(known) for known in (self.second, self.third))
        return {"forward": float(np.sqrt(2 * r / second)), "central": float(np.cbrt(6 * r / third))}

    @property
    def best(self) -> dict[str, float]:
        """The q at which each method errs least, the largest if several do; nan if none of its errors is finite."""
        return {method: self._best(errors) for method, errors in self.errors.items()}

    def _best(self, errors: Floats) -> float:
        finite = np.isfinite(errors)
        return float(self.q[errors == errors[finite].min()][-1]) if finite.any() else math.nan

    @property
    def errors(self) -> dict[str, Floats]:
        """The errors by method."""
        return {method: getattr(self, method) for method in METHODS}

    @property
    def eps(self) -> np.float64:
        """The distance from 1 to the next float of the kind of `x`."""
        return np.float64(np.finfo(self.x.dtype).eps)

    @property
    def title(self) -> str:
        """What was measured, and where: `f` by its name, if it has one."""
        name = label(self.f)
        return f"{'f' if '<' in name else name} at x = {self.x:g}"

    def __repr__(self) -> str:
        return f"<SlopeCurve: {self.title}, {len(self.q)} steps from {self.q[0]:.1e} to {self.q[-1]:.1e}>"

    def __str__(self) -> str:
        return self._table().as_text()

    def _repr_html_(self) -> str:
        return self._table().as_html()

    def _table(self) -> CurveTable:
        head = f"{self.title}: {self.by} slope is {self.slope:.8g}, and slopes over a step of q miss it by"
        return CurveTable(head, error_rows(self.q, self.errors, self.best), self._remarks())

    def _remarks(self) -> list[str]:
        """Where truncation and rounding meet, in theory, and where the error was least."""
        lines = []
        for method, name, known, root in (
            ("forward", "f″", self.second, f"√eps = {np.sqrt(self.eps):.1e}"),
            ("central", "f‴", self.third, f"∛eps = {np.cbrt(self.eps):.1e}"),
        ):
            q = self.meeting[method]
            if known is None:
                theory = f"{name} is not known, so truncation is not predicted"
            elif 0 < q < math.inf:
                theory = f"truncation and rounding meet at q = {q:.1e} ({root})"
            else:
                sizes = f"|f| = {abs(self.value):.2g} and |{name}| = {abs(known):.2g}"
                theory = f"truncation and rounding do not meet, for {sizes}"
            lines.append(f"{method}: {theory}; {least(self.best[method])}")
        return [*lines, f"richardson: {least(self.best['richardson'])}"]

    def plot(self, axes: "Axes | None" = None) -> "Axes":
        """Draw the errors over q, both logarithmic, with the branches that theory predicts, and return the axes.

        The branches are labelled, a ring marks the best q of each method, and errors of 0 stand on the lower edge.

        Raises:
            ModuleNotFoundError: matplotlib is not installed.
        """
        try:
            from tinygrad_edu.check.curve_plot import draw  # noqa: PLC0415 - matplotlib is an extra
        except ModuleNotFoundError as error:
            if error.name is None or error.name.partition(".")[0] != "matplotlib":
                raise
            needed = "SlopeCurve.plot: this needs matplotlib; pip install 'tinygrad_edu[show]'"
            raise ModuleNotFoundError(needed, name=error.name) from error
        truncations = {"forward": self.forward_truncation, "central": self.central_truncation}
        return draw(self.title, self.q, self.errors, self.best, self.rounding, truncations, axes)


def slope_curve(
    f: Function, x: Number, q: Sequence[float] | None = None, *, gradient: Function | None = None
) -> SlopeCurve:
    """Measure the slope of `f` at x with steps from far too small to far too large, and compare it with the tape's.

    forward is the post's slope, (f(x + q) - f(x)) / q; central is c(q) = (f(x + q) - f(x - q)) / 2q; richardson
    is one step of extrapolation, (4·c(q/2) - c(q)) / 3, in which the error of order q² cancels.
    (``numeric_gradient(method="richardson")`` goes on to a whole tableau.)

    Args:
        f: a function of one number that gives one number.
        x: the number; integers are taken as floats, and float32 stays float32.
        q: the steps, growing; by default 1, 2 and 5 in each decade from a tenth of eps to 1, all of it
            times a power of ten if |x| is 10 or more. Powers of 2 would hide what rounding x + q does.
        gradient: the slope claimed, a function of `x`, in place of the tape's; `f` need not be on a tape then.

    Returns:
        A `SlopeCurve`: `print` it for a table, `plot` it for a picture.

    >>> curve = slope_curve(np.exp, 1.0)
    >>> f"{curve.meeting['forward']:.0e} {curve.meeting['central']:.0e}"
    '3e-08 1e-05'
    >>> curve.best["forward"] < curve.best["central"] < curve.best["richardson"] < 1
    True

    Source: the post: "what if we made q really really small?"; Numerical Recipes, section 5.7.

    Raises:
        TypeError: `x`, `f(x)` or the steps are not real numbers, or `f` left the tape.
        ValueError: `x` is not finite, or the steps are not positive and growing.
    """
    if gradient is not None and not callable(gradient):
        raise TypeError(f"slope_curve: gradient= is a {type(gradient).__name__}; pass a function of x")
    x = _number(x)
    steps = _default_steps(x) if q is None else _steps(q, x.dtype)

    def d(moved: Number) -> Number:
        return _single(f(moved), moved)

    with np.errstate(all="ignore"):
        value = d(x)
        first, second, third = _derivatives(f, x) if gradient is None else (_single(gradient(x), x), None, None)
        apart = (np.array([abs(s - first) for s in slopes], float) for slopes in _slopes(d, x, steps))
        forward, central, extrapolated = apart
    by = "the tape's" if gradient is None else "the claimed"
    return SlopeCurve(f, x, value, first, second, third, steps.astype(float), forward, central, extrapolated, by)


def _slopes(d: Function, x: Number, steps: Floats) -> tuple[list[Number], list[Number], list[Number]]:
    """The forward, central and Richardson slopes."""

    def c(q: Number) -> Number:
        return (d(x + q) - d(x - q)) / (2 * q)

    return [slope(d, x, q) for q in steps], [c(q) for q in steps], [(4 * c(q / 2) - c(q)) / 3 for q in steps]


def _derivatives(f: Function, x: Number) -> list[Number | None]:
    """f′, f″ and f‴ by the tape; the latter two None where a rule on the way cannot be differentiated."""
    known = [payload(grad(f)(x)), None, None]
    with contextlib.suppress(TypeError):
        known[1] = payload(grad(grad(f))(x))
        known[2] = payload(grad(grad(grad(f)))(x))
    return known


def _number(x: Any) -> Number:
    """`x` as a float of NumPy's, or an error."""
    array = np.asarray(payload(x))
    if array.dtype.kind not in "iubf":
        raise TypeError(f"slope_curve: x is {x!r}, of type {type(x).__name__}; it must be a real number")
    if array.size != 1:
        remedy = "a curve is of one number: fix the others in a lambda, such as lambda t: f(np.stack([t, 2.0]))"
        raise TypeError(f"slope_curve: x is of shape {array.shape}; {remedy}")
    if not np.isfinite(array).all():
        raise ValueError(f"slope_curve: x is {x!r}, and a slope is taken at a finite number")
    return array.astype(array.dtype if array.dtype.kind == "f" else float).reshape(())[()]


def _single(z: Any, x: Number) -> Number:
    """f(x) as a float of NumPy's, or an error."""
    z = np.asarray(payload(z))
    if z.size != 1 or z.dtype.kind not in "iubf":
        what = f"shape {z.shape}" if z.size != 1 else f"dtype {z.dtype}"
        raise TypeError(f"slope_curve: f({x}) gave {what}; it must give one real number: sum it, or pick one")
    return z.astype(z.dtype if z.dtype.kind == "f" else float).reshape(())[()]


def _default_steps(x: Number) -> Floats:
    decades = np.arange(math.floor(math.log10(np.finfo(x.dtype).eps)) - 1, 0)
    scale = 10.0 ** math.floor(math.log10(max(1, abs(x))))
    return (np.append(np.outer(10.0**decades, (1, 2, 5)), 1.0) * scale).astype(x.dtype)


def _steps(q: Sequence[float], dtype: np.dtype[Any]) -> Floats:
    given = np.asarray(q)
    if given.dtype.kind not in "iuf":
        raise TypeError(f"slope_curve: q is of dtype {given.dtype}; steps are real numbers")
    if given.ndim != 1 or not given.size:
        raise ValueError(f"slope_curve: q is of shape {given.shape}; give a sequence of steps, such as [1e-6, 1e-3]")
    with np.errstate(all="ignore"):
        steps = given.astype(dtype)
    if np.any(steps == 0):
        raise ValueError(f"slope_curve: q holds 0 (as {dtype}), and one point has no slope; begin at a small step")
    if not np.all((steps > 0) & np.isfinite(steps)):
        wrong = given[~((steps > 0) & np.isfinite(steps))][0]
        raise ValueError(f"slope_curve: q holds {wrong} (as {dtype}); steps are positive and finite")
    if np.any(np.diff(steps) <= 0):
        raise ValueError(f"slope_curve: q does not grow from step to step (as {dtype}); sort it with np.unique(q)")
    return steps
