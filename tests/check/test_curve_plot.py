"""The picture shows the errors, the branches, their names and the best steps."""

from itertools import combinations

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.path import Path
from matplotlib.transforms import Affine2D

from tests.check.test_curve import METHODS, once
from tinygrad_edu.check import slope_curve

mpl.use("Agg")
import matplotlib.pyplot as plt


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


def lines(axes, style):
    return [line for line in axes.lines if line.get_linestyle() == style]


def test_the_picture():
    curve = slope_curve(np.exp, 1.0)
    axes = curve.plot()
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    assert (axes.get_xlabel(), axes.get_title()) == ("q", "How far slopes over q are from the tape's: np.exp at x = 1")
    points = lines(axes, "None")[0::2]
    rings = lines(axes, "None")[1::2]
    low, high = axes.get_ylim()
    for method, line, ring in zip(METHODS, points, rings, strict=True):
        assert line.get_label() == f"{method}, best at q = {curve.best[method]:.0e}"
        np.testing.assert_array_equal(line.get_xdata(), curve.q)
        np.testing.assert_array_equal(line.get_ydata(), np.maximum(getattr(curve, method), low))
        assert ring.get_xdata() == [curve.best[method]]
        assert line.get_ydata().max() < high
    assert len({to_hex(line.get_color()) for line in points}) == len({line.get_marker() for line in points}) == 3
    forward, central = lines(axes, "--")
    np.testing.assert_array_equal(forward.get_ydata(), curve.forward_truncation)
    np.testing.assert_array_equal(central.get_ydata(), curve.central_truncation)
    assert (forward.get_color(), central.get_color()) == (points[0].get_color(), points[1].get_color())
    (rounding,) = lines(axes, ":")
    np.testing.assert_array_equal(rounding.get_ydata(), curve.rounding)
    assert axes.get_legend_handles_labels()[0] == points


def places(line):
    """Where the points of a line are on the screen."""
    return line.axes.transData.transform(np.transpose([line.get_xdata(), line.get_ydata()]))


def outline(text):
    """The rotated rectangle around a text on the screen."""
    turn = Affine2D().rotate_deg_around(*text.get_transform().transform(text.get_position()), text.get_rotation())
    text.set_rotation(0)
    return Path(turn.transform(text.get_window_extent().corners()[[0, 1, 3, 2, 0]]))


def names(axes):
    return [text.get_text().partition(":")[0] for text in axes.texts]


@pytest.mark.parametrize("size", [(5.2, 3.6), (5.8, 4.2), (10, 4)])
@pytest.mark.parametrize(("f", "x"), [(np.exp, 1.0), (np.sin, np.float32(1)), (np.log, 1e6)])
def test_names_stand_along_their_branches_and_clear_of_each_other(f, x, size):
    figure, axes = plt.subplots(figsize=size, layout="constrained")
    assert slope_curve(f, x).plot(axes) is axes
    figure.canvas.draw()
    assert names(axes) == ["truncation", "truncation", "rounding"]
    branches = [*lines(axes, "--"), *lines(axes, ":")]
    for text, branch in zip(axes.texts, branches, strict=True):
        box = text.get_window_extent()
        assert text.get_color() == branch.get_color()
        on_screen = places(branch)
        beside = on_screen[(on_screen[:, 0] > box.x0) & (on_screen[:, 0] < box.x1)]
        across, up = beside[-1] - beside[0]
        # Half a degree: float32's rounding branch bends a little, where q nears x.
        assert abs((text.get_rotation() + 180) % 360 - 180 - np.degrees(np.arctan2(up, across))) <= 0.5
    legend = Path(axes.get_legend().get_window_extent().corners()[[0, 1, 3, 2, 0]])
    texts = [outline(text) for text in axes.texts]
    for text, other in combinations([*texts, legend], 2):
        assert not text.intersects_path(other)
    for text in [*texts, legend]:
        assert not any(text.contains_points(places(line)).any() for line in axes.lines)


def test_an_error_of_zero_stands_on_the_lower_edge():
    axes = slope_curve(lambda x: x**2 + 1, -2.0).plot()
    assert axes.get_ylabel() == "error (0 on the lower edge)"
    central = lines(axes, "None")[2]
    assert central.get_ydata()[-1] == axes.get_ylim()[0] > 0
    assert names(axes) == ["truncation", "rounding"]


@pytest.mark.parametrize(("f", "x", "drawn"), [(np.sqrt, 0.0, []), (abs, 0.0, []), (once, 0.5, ["rounding"])])
def test_what_is_not_known_is_not_drawn(f, x, drawn):
    axes = slope_curve(f, x).plot()
    axes.figure.canvas.draw()
    assert names(axes) == drawn
    labels = axes.get_legend_handles_labels()[1]
    assert (labels[0] == "forward, never finite") == (f is np.sqrt)
