"""Pictures of learning, by matplotlib: each function draws on `axes`, new ones by default, and returns them.

f     a surface: the height above x and y, written in NumPy
span  the ends of what is drawn, (low, high), along each axis
tree  parameters or their gradients, such as a network
"""

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tinygrad_edu import tree as trees
from tinygrad_edu.core.rules import Array
from tinygrad_edu.core.tape import payload
from tinygrad_edu.core.value import Value, no_grad
from tinygrad_edu.tree import Tree

try:
    import matplotlib.pyplot as plt
    from matplotlib.axes import Axes
except ModuleNotFoundError as error:
    if error.name is None or error.name.partition(".")[0] != "matplotlib":
        raise
    needed = "tinygrad_edu.show.plots: this needs matplotlib; pip install 'tinygrad_edu[show]'"
    raise ModuleNotFoundError(needed, name=error.name) from error

Surface = Callable[[Any, Any], Any]
Span = tuple[float, float]

BLUE, RED, GREY = "#1f4e79", "#b3261e", "#777777"
HEIGHTS = "YlOrRd_r"  # the post's colours: light yellow high, dark red low
_STYLES = (("white", "o-"), ("black", "s--"), ("#1f4e79", "^:"))


def loss_curve(losses: Sequence[float], window: int = 1, axes: Axes | None = None) -> Axes:
    """The loss at each step, counted from 1, and with a `window` their mean over so many steps.

    The scale is logarithmic if all losses are positive.

    Raises:
        ValueError: there is no loss, or the window is longer than they are.
    """
    if not 1 <= window <= len(losses):
        raise ValueError(f"loss_curve: the window is {window} for {len(losses)} losses; choose one of 1 to as many")
    axes = axes or _new(5, 3.4)
    steps = np.arange(1, len(losses) + 1)
    axes.plot(steps, losses, ".", color=GREY, markersize=2, alpha=0.6 if window > 1 else 1.0, label="each step")
    if window > 1:
        smooth = np.convolve(losses, np.full(window, 1 / window), mode="valid")
        axes.plot(steps[: len(smooth)] + (window - 1) / 2, smooth, color=BLUE, label=f"mean of {window}")
        axes.legend()
    axes.set(xlabel="step", ylabel="loss", yscale="log" if min(losses) > 0 else "linear")
    return axes


def contour(
    f: Surface,
    paths: Mapping[str, Sequence[tuple[float, float]]] | None = None,
    x: Span = (-2, 2),
    y: Span = (-2, 2),
    axes: Axes | None = None,
) -> Axes:
    """A surface from the top, light yellow high and dark red low, with walks on it: places (x, y) by their names.

    Source: the post, "Finding the minimum point on a surface".
    """
    axes = axes or _new(4.6, 3.8)
    grid, heights = _heights(f, x, y)
    filled = axes.contourf(*grid, heights, levels=24, cmap=HEIGHTS)
    axes.figure.colorbar(filled, ax=axes, label="height")
    for (name, places), (colour, mark) in zip((paths or {}).items(), itertools.cycle(_STYLES), strict=False):
        axes.plot(*np.transpose(places), mark, color=colour, markersize=3.5, linewidth=1.2, label=name)
    if paths:
        axes.legend(loc="lower left", facecolor="#d9d9d9")
    axes.set(xlabel="x", ylabel="y", xlim=x, ylim=y, aspect="equal")
    return axes


def surface(f: Surface, x: Span = (-2, 2), y: Span = (-2, 2), axes: Axes | None = None) -> Axes:
    """A surface from the side, in the same colours.

    Raises:
        TypeError: `axes` are flat.
    """
    solid: Any = axes or plt.figure(figsize=(5, 4), layout="constrained").add_subplot(projection="3d")
    if not hasattr(solid, "plot_surface"):
        raise TypeError('surface: these axes are flat; make them by figure.add_subplot(projection="3d")')
    grid, heights = _heights(f, x, y)
    solid.plot_surface(*grid, heights, cmap=HEIGHTS)
    solid.set(xlabel="x", ylabel="y", zlabel="height")
    return solid  # type: ignore[no-any-return]


def decision_boundary(
    score: Callable[[Array], Array], points: Array, labels: Array, threshold: float = 0.5, axes: Axes | None = None
) -> Axes:
    """Where a classifier of points (n, 2) decides what: its score on each place, and the line where it is `threshold`.

    Args:
        score: gives a number for each of many points (n, 2), as (n,) or (n, 1); a network may be passed as it is.
        points: the examples, (n, 2).
        labels: what they are, 0 or 1, (n,).
        threshold: the score from which on a point counts as 1.
        axes: where to draw.

    Raises:
        ValueError: points are not (n, 2), or there is not one label each.
    """
    points, labels = np.asarray(points), np.ravel(labels)
    if points.ndim != 2 or points.shape[1] != 2 or len(labels) != len(points):
        raise ValueError(
            f"decision_boundary: points have shape {points.shape} and labels {labels.shape}; pass (n, 2) and (n,)"
        )
    axes = axes or _new(4.4, 3.8)
    low, high, room = points.min(axis=0), points.max(axis=0), 0.2 * np.ptp(points, axis=0)
    x, y = zip((low - room).tolist(), (high + room).tolist(), strict=True)

    def height(x: Array, y: Array) -> Array:
        return np.reshape(payload(score(np.stack([x.ravel(), y.ravel()], axis=1))), x.shape)

    grid, scores = _heights(height, x, y)
    reach = max(abs(scores.max() - threshold), abs(scores.min() - threshold)) or 1.0
    axes.contourf(*grid, scores, levels=np.linspace(threshold - reach, threshold + reach, 25), cmap="RdBu", alpha=0.6)
    if scores.min() < threshold < scores.max():
        axes.contour(*grid, scores, levels=[threshold], colors="black", linewidths=1.2)
    for label, colour, mark in ((0, RED, "o"), (1, BLUE, "^")):
        axes.plot(*points[labels == label].T, mark, color=colour, markeredgecolor="white", label=str(label))
    axes.legend(title="label")
    axes.set(xlabel="x", ylabel="y")
    return axes


def activations(*functions: Callable[[Any], Any], x: Span = (-4, 4), axes: Axes | None = None) -> Axes:
    """Functions of one number, and their slopes as dashed lines, by the tape."""
    axes = axes or _new(5, 3.4)
    at = np.linspace(*x, 401)
    for i, function in enumerate(functions):
        value = Value(at)
        out = function(value)
        np.sum(out).backward()
        name, colour = getattr(function, "__name__", repr(function)), f"C{i}"
        axes.plot(at, payload(out), color=colour, label=name)
        axes.plot(at, value.grad, "--", color=colour, linewidth=1, label=f"slope of {name}")
    axes.legend(fontsize="small")
    axes.set(xlabel="x")
    return axes


def images(pictures: Sequence[Array], titles: Sequence[str] = (), columns: int = 8, axes: Axes | None = None) -> Axes:
    """Pictures (h, w) side by side, each with its title: what a network misreads, or the weights of its neurons.

    Each picture is drawn on its own scale, dark for its highest number.

    Raises:
        ValueError: there are no pictures, they differ in shape, or there is not one title each.
    """
    shapes = {np.shape(picture) for picture in pictures}
    if len(shapes) != 1 or len(next(iter(shapes))) != 2 or len(titles) not in (0, len(pictures)):
        raise ValueError(
            f"images: got {len(pictures)} pictures of shapes {sorted(shapes)} and {len(titles)} titles; pass pictures "
            "of one shape (h, w), and a title for each or none"
        )
    ((height, width),) = shapes
    rows = -(-len(pictures) // columns)
    across, down = width * 1.2, height * (1.5 if titles else 1.2)
    axes = axes or _new(1.1 * min(columns, len(pictures)), 1.1 * rows * down / across)
    for i, picture in enumerate(pictures):
        left, top = i % columns * across, i // columns * down
        axes.imshow(payload(picture), cmap="Greys", extent=(left, left + width, top + height, top))
        if titles:
            axes.text(left + width / 2, top - 0.06 * height, titles[i], ha="center", va="bottom", fontsize=8)
    axes.set(
        xlim=(-0.1 * width, min(columns, len(pictures)) * across), ylim=(rows * down - 0.2 * height, -0.35 * height)
    )
    axes.axis("off")
    return axes


def gradient_flow(gradients: Tree, axes: Axes | None = None) -> Axes:
    """The root mean square of each array of a gradient, in the order of the tree, first layer first."""
    axes = axes or _new(5, 3.4)
    names, sizes = _spreads(gradients)
    axes.bar(range(len(names)), sizes, color=BLUE)
    axes.set_xticks(range(len(names)), names, rotation=45, ha="right", fontsize="small")
    axes.set(yscale="log", ylabel="root mean square of the gradient")
    return axes


def update_ratios(history: Sequence[Tree], axes: Axes | None = None) -> Axes:
    """How large each step was beside what it changed, array by array, from the parameters before and after each step.

    About a thousandth is a good pace: far below, learning is slow; far above, it may be unstable. Where an array was 0,
    as biases are at first, there is no ratio.

    Source: A. Karpathy, "makemore", part 3, 2022.

    Raises:
        ValueError: there are fewer than two trees.
    """
    if len(history) < 2:
        raise ValueError(
            f"update_ratios: got {len(history)} trees of parameters; pass them as before and after each step"
        )
    axes = axes or _new(5, 3.4)
    names, _ = _spreads(history[0])
    leaves = [[np.asarray(payload(leaf)) for leaf in trees.leaves(parameters)] for parameters in history]
    for i, name in enumerate(names):
        ratios = [
            _spread(after[i] - before[i]) / (_spread(before[i]) or np.nan)
            for before, after in itertools.pairwise(leaves)
        ]
        axes.plot(range(1, len(history)), ratios, label=name)
    axes.axhline(1e-3, color=GREY, linestyle=":", linewidth=1)
    axes.set(yscale="log", xlabel="step", ylabel="step / parameter")
    axes.legend(fontsize="small")
    return axes


def _new(width: float, height: float) -> Axes:
    return plt.subplots(figsize=(width, height), layout="constrained")[1]


def _heights(f: Surface, x: Span, y: Span, points: int = 121) -> tuple[tuple[Array, Array], Array]:
    """A grid over x and y, and the heights of f on it."""
    grid = np.meshgrid(np.linspace(*x, points), np.linspace(*y, points))
    with no_grad():
        return (grid[0], grid[1]), np.asarray(payload(f(*grid)))


def _spreads(tree: Tree) -> tuple[list[str], list[float]]:
    """The names of the arrays of a tree, and the root mean square of each."""
    names = [place.strip(".") for place in trees.paths(tree)]
    return names, [_spread(np.asarray(payload(leaf))) for leaf in trees.leaves(tree)]


def _spread(array: Array) -> float:
    return float(np.sqrt(np.mean(np.square(array))))
