"""Draws the pictures of the README and the docs: ``python docs/draw.py``, from the repository's root."""

import itertools
from pathlib import Path

import matplotlib as mpl
import numpy as np

mpl.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap

from tinygrad_edu import optim
from tinygrad_edu.check import slope_curve
from tinygrad_edu.compiler import compile
from tinygrad_edu.core.value import Value
from tinygrad_edu.data import load_digits, load_flower
from tinygrad_edu.functions import sigmoid
from tinygrad_edu.lessons import colorization, digits, landscape, nonlinearity
from tinygrad_edu.losses import cross_entropy, squared_error
from tinygrad_edu.nn import Network
from tinygrad_edu.show import Tape, plots, scope
from tinygrad_edu.train import fit
from tinygrad_edu.transforms import grad, value_and_grad

PICTURES = Path(__file__).parent / "pictures"


def draw_slope() -> None:
    """Draw how far slopes are from the tape's, over the step."""
    slope_curve(np.exp, 1.0).plot().figure.savefig(PICTURES / "slope.png", dpi=130)


def draw_descent() -> None:
    """Draw walks down the surface x² + y²/2, seen from the top."""

    def walk(rate: float) -> list[tuple[float, float]]:
        return [(place.x, place.y) for place in landscape.descend(landscape.bowl, 1.0, 1.0, rate, 14)]

    ends = (-1.25, 1.25)
    axes = plots.contour(landscape.bowl, {f"step {rate}": walk(rate) for rate in (0.2, 0.9)}, ends, ends)
    axes.set_title("Downhill in the dark: x² + y²/2")
    axes.figure.savefig(PICTURES / "descent.png", dpi=130)


def draw_colorization() -> None:
    """Draw the half of a picture that a network has not seen: real, grey, and as it is coloured."""
    plain, mirrored = colorization.learn(seed=0), colorization.learn(seed=0, mirrored=True)
    shown = {
        "real": plain.real,
        "what it sees": np.repeat(colorization.to_grey(plain.real)[..., None], 3, axis=2),
        f"coloured\nerror {plain.network:.4f}": plain.coloured,
        f"mirror image too\nerror {mirrored.network:.4f}": mirrored.coloured,
        f"the mean colour\nerror {plain.mean_colour:.4f}": np.broadcast_to(
            load_flower()[:, :32].mean(axis=(0, 1)), plain.real.shape
        ),
    }
    figure, places = plt.subplots(1, len(shown), figsize=(7.2, 3.3), layout="constrained")
    for axes, (title, picture) in zip(places, shown.items(), strict=True):
        axes.imshow(picture)
        axes.set_title(title, fontsize=9)
        axes.axis("off")
    figure.savefig(PICTURES / "colorization.png", dpi=110)


def draw_plots() -> None:
    """Draw what tinygrad_edu.show.plots draws, side by side."""
    train, test = load_digits()
    learnt = digits.learn(digits.NETWORK, seed=0, epochs=30)
    wrong = digits.mistakes(learnt.network, test)[:8]
    examples = nonlinearity.INPUTS, nonlinearity.XOR
    start, batches = Network.random([2, 4, 1], 0), itertools.repeat(examples, 1000)
    xor = fit(start, lambda g, x, y: squared_error(g(x), y), batches, 0.2).parameters
    slopes = grad(lambda network: cross_entropy(network(train.images), train.labels))
    history = [Network.random(digits.NETWORK, 0)]
    for _ in range(60):
        history.append(optim.descend(history[-1], slopes(history[-1]), 0.3))
    figure = plt.figure(figsize=(13, 9.5), layout="constrained")
    places = [figure.add_subplot(3, 3, i, projection="3d" if i == 2 else None) for i in range(1, 10)]
    plots.loss_curve(learnt.losses, 45, places[0]).set_title("loss_curve")
    plots.surface(landscape.bowl, axes=places[1]).set_title("surface")
    plots.decision_boundary(xor, *examples, axes=places[2]).set_title("decision_boundary: XOR")
    plots.activations(np.tanh, sigmoid, axes=places[3]).set_title("activations")
    deep = Network.random([64, *[30] * 5, 10], 0, sigmoid)
    plots.gradient_flow(slopes(deep), places[4]).set_title("gradient_flow: five layers of sigmoids")
    plots.update_ratios(history, places[5]).set_title("update_ratios")
    walk = [(place.x, place.y) for place in landscape.descend(landscape.ravine, -1.8, 1.0, 0.09, 20)]
    plots.contour(landscape.ravine, {"step 0.09": walk}, axes=places[6]).set_title("contour: a ravine")
    neurons = learnt.network.layers[0].weights.data.T[:16].reshape(-1, 8, 8)
    plots.images([*neurons], axes=places[7]).set_title("images: weights")
    plots.images([m.image for m in wrong], [f"{m.digit} as {m.guess}" for m in wrong], 4, places[8])
    places[8].set_title("images: misread digits")
    figure.savefig(PICTURES / "plots.png", dpi=80)


def draw_report() -> None:
    """Draw where the time of a training step of a network goes, statement by statement."""
    rng = np.random.default_rng(0)
    network = Network.random([64, 32, 10], seed=0)
    slopes = compile(value_and_grad(lambda network, x, labels: cross_entropy(network(x), labels)))
    axes = slopes.report(network, rng.random((32, 64)), rng.integers(0, 10, 32), rounds=500).plot()
    axes.figure.savefig(PICTURES / "report.png", dpi=130)


def draw_modes() -> None:
    """Draw which slopes of a Jacobian one sweep gives: forward a column, in reverse a row."""
    figure, places = plt.subplots(1, 3, figsize=(9.6, 3.2), layout="constrained")
    draw_jacobian(places[0], (3, 4), (slice(None), 1), "forward, along with the computation:\na column, by one input")
    draw_jacobian(places[1], (3, 4), (1, slice(None)), "reverse, back from an output:\na row, of one output")
    draw_jacobian(places[2], (1, 4), (0, slice(None)), "a loss is one output:\none sweep in reverse gives all")
    figure.savefig(PICTURES / "modes.png", dpi=110)


def draw_jacobian(axes: Axes, shape: tuple[int, int], found: tuple[int | slice, int | slice], title: str) -> None:
    """Draw a Jacobian as a grid, a row an output and a column an input, with what one sweep finds of it in colour."""
    m, n = shape
    colour = np.zeros(shape)
    colour[found] = 1
    axes.imshow(colour, cmap=ListedColormap(["#f0f2f4", "#9ec5f0"]), vmin=0, vmax=1)
    for i, j in np.ndindex(shape):
        output = f"y$_{i + 1}$" if m > 1 else "loss"
        axes.text(j, i, f"∂{output}/∂x$_{j + 1}$", ha="center", va="center", fontsize=9.5)
    axes.set_xticks(range(n), [f"x$_{j + 1}$" for j in range(n)])
    axes.set_yticks(range(m), [f"y$_{i + 1}$" for i in range(m)] if m > 1 else ["loss"])
    axes.set_xticks(np.arange(n + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(m + 1) - 0.5, minor=True)
    axes.grid(which="minor", color="white", linewidth=2)
    axes.tick_params(which="both", length=0)
    axes.xaxis.tick_top()
    axes.spines[:].set_visible(False)
    axes.set_title(title, fontsize=11)


def draw_tape() -> None:
    """Draw the tape of a small expression."""
    a, b, c = (Value(x, name=name) for x, name in ((0.5, "a"), (2.0, "b"), (1.0, "c")))
    tape = Tape(np.tanh(a * b) + c)
    (PICTURES / "tape.svg").write_text(tape.to_svg() + "\n", "utf-8")


def draw_network() -> None:
    """Draw the tape of the post's network, number by number, each neuron a part."""
    generator = np.random.default_rng(0)
    values, count = [Value(x, name=name) for x, name in ((0.5, "x"), (-1.0, "y"), (2.0, "z"))], itertools.count(1)
    for size in (3, 3, 1):
        before, values = values, []
        for _ in range(size):
            with scope(f"n{next(count)}"):
                values.append(np.tanh(sum((x * Value(generator.normal()) for x in before), Value(generator.normal()))))
    (PICTURES / "network.svg").write_text(Tape(values[0]).to_svg() + "\n", "utf-8")


def draw_digits() -> None:
    """Draw how training goes, and digits the network gets wrong."""
    learnt = digits.learn(digits.NETWORK, seed=0)
    wrong = digits.mistakes(learnt.network, load_digits()[1])[:8]
    figure = plt.figure(figsize=(9.6, 3.2), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1.2, 1))
    plots.loss_curve(learnt.losses, 45, left).set(
        ylabel="cross-entropy", title=f"held-out accuracy {learnt.on_held_out:.1%}"
    )
    plots.images([m.image for m in wrong], [f"{m.digit} read as {m.guess}" for m in wrong], 4, right)
    right.set_title("what it still gets wrong")
    figure.savefig(PICTURES / "digits.png", dpi=110)


if __name__ == "__main__":
    pictures = (draw_descent, draw_modes, draw_colorization, draw_plots, draw_report, draw_digits)
    for draw in (draw_tape, draw_network, draw_slope, *pictures):
        draw()
