"""Draws the pictures of the README and the docs: ``python docs/draw.py``, from the repository's root."""

from pathlib import Path

import matplotlib as mpl
import numpy as np

mpl.use("Agg")
import matplotlib.pyplot as plt

from tinygrad_edu.check import slope_curve
from tinygrad_edu.compiler import compile
from tinygrad_edu.core.value import Value
from tinygrad_edu.data import load_digits
from tinygrad_edu.lessons import digits, landscape
from tinygrad_edu.losses import cross_entropy
from tinygrad_edu.nn import Network
from tinygrad_edu.show import Tape
from tinygrad_edu.transforms import value_and_grad

PICTURES = Path(__file__).parent / "pictures"
BLUE, GREY = "#1f4e79", "#777777"


def draw_slope() -> None:
    """Draw how far slopes are from the tape's, over the step."""
    slope_curve(np.exp, 1.0).plot().figure.savefig(PICTURES / "slope.png", dpi=130)


def draw_descent() -> None:
    """Draw a walk down the surface x² + y²/2, seen from the top, high in light yellow and low in dark red."""
    grid = np.linspace(-1.25, 1.25, 201)
    height = landscape.bowl(grid[None, :], grid[:, None])
    figure, axes = plt.subplots(figsize=(4.4, 3.6), layout="constrained")
    filled = axes.contourf(grid, grid, height, levels=24, cmap="YlOrRd_r")
    figure.colorbar(filled, label="z = x² + y²/2", ticks=np.arange(0, 2.5, 0.5))
    for learning_rate, colour, mark in ((0.2, "white", "o-"), (0.9, "black", "s--")):
        walk = landscape.descend(landscape.bowl, 1.0, 1.0, learning_rate, 14)
        places = [p.x for p in walk], [p.y for p in walk]
        axes.plot(*places, mark, color=colour, markersize=3, linewidth=1, label=f"step {learning_rate}")
    axes.legend(loc="lower left", facecolor="#d9d9d9")
    axes.set(xlabel="x", ylabel="y", title="Downhill in the dark", aspect="equal")
    figure.savefig(PICTURES / "descent.png", dpi=130)


def draw_report() -> None:
    """Draw where the time of a training step of a network goes, statement by statement."""
    rng = np.random.default_rng(0)
    network = Network.random([64, 32, 10], seed=0)
    slopes = compile(value_and_grad(lambda network, x, labels: cross_entropy(network(x), labels)))
    axes = slopes.report(network, rng.random((32, 64)), rng.integers(0, 10, 32), rounds=500).plot()
    axes.figure.savefig(PICTURES / "report.png", dpi=130)


def draw_tape() -> None:
    """Draw the tape of a small expression."""
    a, b, c = (Value(x, name=name) for x, name in ((0.5, "a"), (2.0, "b"), (1.0, "c")))
    (PICTURES / "tape.svg").write_text(Tape(np.tanh(a * b) + c).to_svg() + "\n", "utf-8")


def draw_digits() -> None:
    """Draw how training goes, and digits the network gets wrong."""
    learnt = digits.learn(digits.NETWORK, seed=0)
    figure = plt.figure(figsize=(9.6, 3.2), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=(1.2, 1))
    axes = left.subplots()
    losses = np.array(learnt.losses)
    smooth = np.convolve(losses, np.ones(45) / 45, mode="valid")
    axes.semilogy(losses, ".", color=GREY, markersize=1, alpha=0.5)
    axes.semilogy(np.arange(len(smooth)) + 22, smooth, color=BLUE)
    axes.set(xlabel="step", ylabel="cross-entropy", title=f"held-out accuracy {learnt.on_held_out:.1%}")
    wrong = digits.mistakes(learnt.network, load_digits()[1])[:8]
    grid = np.atleast_1d(right.subplots(2, 4)).ravel()
    right.suptitle("what it still gets wrong")
    for place in grid:
        place.axis("off")
    for place, mistake in zip(grid, wrong, strict=False):
        place.imshow(mistake.image, cmap="Greys")
        place.set_title(f"{mistake.digit} read as {mistake.guess}", fontsize=9)
    figure.savefig(PICTURES / "digits.png", dpi=110)


if __name__ == "__main__":
    for draw in (draw_tape, draw_slope, draw_descent, draw_report, draw_digits):
        draw()
