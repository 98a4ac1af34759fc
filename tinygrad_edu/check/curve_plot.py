"""The picture of a slope curve: errors as points, the branches that theory predicts as lines.

q         the steps of the slope formula, growing
errors    by method, an array like q
best      by method, the q of its least error; nan if none is finite
rounding and truncations are what theory predicts, the latter by method, None where it is not known
low       the lower edge of the picture, where errors of 0 stand
"""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.transforms import ScaledTranslation
from numpy.typing import NDArray

from tinygrad_edu.check.curve_table import Floats

BLUE, RED, GREY, BLACK = "#1f4e79", "#b3261e", "#777777", "#222222"
MARKS = {"forward": (BLUE, "o"), "central": (RED, "s"), "richardson": (GREY, "^")}


def draw(
    title: str,
    q: Floats,
    errors: Mapping[str, Floats],
    best: Mapping[str, float],
    rounding: Floats,
    truncations: Mapping[str, Floats | None],
    axes: Axes | None = None,
) -> Axes:
    """Draw a slope curve on `axes`, new ones by default, and return them."""
    if axes is None:
        _, axes = plt.subplots(figsize=(5.8, 4.2), layout="constrained")
    low, high = _edges(errors)
    axes.set(xscale="log", yscale="log", xlim=(q[0] / 2, q[-1] * 2), ylim=(low, high))
    for method in MARKS:
        _points(axes, method, q, errors[method], best[method], low)
    # Labels stand clear of points: rounding's and forward's above their lines, inside the V, and central's below.
    forward, central = truncations["forward"], truncations["central"]
    ruling = np.ones(len(q), bool)
    if forward is not None:
        ruling &= rounding > forward
        _branch(axes, q, forward, forward > rounding, r"truncation: $q/2\,\cdot\,|f''|$", BLUE, "--", (-2, 3))
    if central is not None:
        ruling &= rounding > central
        _branch(axes, q, central, central > rounding, r"truncation: $q^2/6\,\cdot\,|f'''|$", RED, "--", (4, -2))
    _branch(axes, q, rounding, ruling, r"rounding: $\epsilon\,(|f| + |x f'|)\,/\,q$", BLACK, ":", (2, 3))
    exact = any(np.any(errors[method] == 0) for method in MARKS)
    axes.set(xlabel="q", ylabel="error (0 on the lower edge)" if exact else "error")
    axes.set_title(f"How far slopes over q are from the tape's: {title}", fontsize="medium")
    axes.legend(loc="upper center", fontsize="small")
    return axes


def _edges(errors: Mapping[str, Floats]) -> tuple[float, float]:
    """The lower edge, a decade below the errors that can be drawn, and the upper, with a fifth for the legend."""
    together = np.concatenate([*errors.values()])
    drawn = together[np.isfinite(together) & (together > 0)]
    low, most = (drawn.min() / 10, drawn.max()) if drawn.size else (0.1, 1.0)
    return low, most * (most / low) ** 0.25


def _points(axes: Axes, method: str, q: Floats, errors: Floats, best: float, low: float) -> None:
    """Draw the errors of a method, with a ring around the least."""
    colour, mark = MARKS[method]
    heights = np.where(np.isfinite(errors), np.maximum(errors, low), np.nan)
    least = q == best
    label = f"{method}, best at q = {best:.0e}" if least.any() else f"{method}, never finite"
    axes.plot(q, heights, mark, color=colour, markersize=3.5, clip_on=False, label=label)
    axes.plot(q[least], heights[least], "o", color=colour, markersize=11, fillstyle="none", clip_on=False)


def _branch(
    axes: Axes,
    q: Floats,
    height: Floats,
    ruling: NDArray[np.bool_],
    name: str,
    colour: str,
    style: str,
    offset: tuple[float, float],
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
