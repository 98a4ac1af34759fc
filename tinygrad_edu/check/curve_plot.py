"""The picture of a slope curve: errors as points, the branches that theory predicts as lines.

q    the step of the slope formula
low  the lower edge of the picture, where errors of 0 stand
"""

from typing import TYPE_CHECKING, Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.transforms import ScaledTranslation

if TYPE_CHECKING:
    from tinygrad_edu.check.curve import SlopeCurve

BLUE, RED, GREY, BLACK = "#1f4e79", "#b3261e", "#777777", "#222222"
MARKS = {"forward": (BLUE, "o"), "central": (RED, "s"), "richardson": (GREY, "^")}


def draw(curve: "SlopeCurve", axes: Axes | None = None) -> Axes:
    """Draw `curve` on `axes`, new ones by default, and give them."""
    if axes is None:
        _, axes = plt.subplots(figsize=(5.8, 4.2), layout="constrained")
    low, high = _edges(curve)
    axes.set(xscale="log", yscale="log", xlim=(curve.q[0] / 2, curve.q[-1] * 2), ylim=(low, high))
    for method in MARKS:
        _points(axes, curve, method, low)
    # Labels stand clear of points: rounding's and forward's above their lines, inside the V, and central's below.
    rounding, forward, central = curve.rounding, curve.forward_truncation, curve.central_truncation
    ruling = np.ones(len(curve.q), bool)
    if forward is not None:
        ruling &= rounding > forward
        _branch(axes, curve.q, forward, forward > rounding, r"truncation: $q/2\,\cdot\,|f''|$", BLUE, "--", (-2, 3))
    if central is not None:
        ruling &= rounding > central
        _branch(axes, curve.q, central, central > rounding, r"truncation: $q^2/6\,\cdot\,|f'''|$", RED, "--", (4, -2))
    _branch(axes, curve.q, rounding, ruling, r"rounding: $\epsilon\,(|f| + |x f'|)\,/\,q$", BLACK, ":", (2, 3))
    exact = any(np.any(getattr(curve, method) == 0) for method in MARKS)
    axes.set(xlabel="q", ylabel="error (0 on the lower edge)" if exact else "error")
    axes.set_title(f"How far slopes over q are from the tape's: {curve.title}", fontsize="medium")
    axes.legend(loc="upper center", fontsize="small")
    return axes


def _edges(curve: "SlopeCurve") -> tuple[float, float]:
    """Give the lower edge, a decade below the errors that can be drawn, and the upper, with a fifth for the legend."""
    errors = np.concatenate([getattr(curve, method) for method in MARKS])
    drawn = errors[np.isfinite(errors) & (errors > 0)]
    low, most = (drawn.min() / 10, drawn.max()) if drawn.size else (0.1, 1.0)
    return low, most * (most / low) ** 0.25


def _points(axes: Axes, curve: "SlopeCurve", method: str, low: float) -> None:
    """Draw the errors of a method, with a ring around the least."""
    errors, best = getattr(curve, method), curve.best[method]
    colour, mark = MARKS[method]
    heights = np.where(np.isfinite(errors), np.maximum(errors, low), np.nan)
    least = curve.q == best
    label = f"{method}, best at q = {best:.0e}" if least.any() else f"{method}, never finite"
    axes.plot(curve.q, heights, mark, color=colour, markersize=3.5, clip_on=False, label=label)
    axes.plot(curve.q[least], heights[least], "o", color=colour, markersize=11, fillstyle="none", clip_on=False)


def _branch(
    axes: Axes, q: Any, height: Any, ruling: Any, name: str, colour: str, style: str, offset: tuple[float, float]
) -> None:
    """Draw a branch, and write its name along it, in the middle of where it is the `ruling` one and can be seen.

    `offset`, in points, keeps the name off the line.
    """
    axes.plot(q, height, style, color=colour, linewidth=1.1)
    low, high = axes.get_ylim()
    seen = ruling & (height > low) & (height < low**0.3 * high**0.7)  # above, the legend would be near
    across, up = np.log10(q[seen]), np.log10(height[seen])
    room = max(np.ptp(across) / np.ptp(np.log10(q)), np.ptp(up) / np.log10(high / low)) if across.size > 1 else 0
    if room < 0.2:
        return
    aside = ScaledTranslation(offset[0] / 72, offset[1] / 72, axes.figure.dpi_scale_trans)
    # In logarithms a branch is straight. Text that is placed in them turns with it when the picture changes its shape.
    axes.text(
        across.mean(),
        np.interp(across.mean(), across, up),
        name,
        color=colour,
        fontsize="small",
        ha="center",
        va="bottom" if offset[1] > 0 else "top",
        rotation=np.degrees(np.arctan2(up[-1] - up[0], across[-1] - across[0])),
        rotation_mode="anchor",
        transform=axes.transLimits + axes.transAxes + aside,
        transform_rotates_text=True,
    )
