"""The plots draw what they are given, on axes that are handed back."""

import subprocess
import sys

import matplotlib as mpl
import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.functions import relu
from tinygrad_edu.nn import Network

mpl.use("Agg")
import matplotlib.pyplot as plt

from tinygrad_edu.show import plots

SPIRAL = np.array([[-1.0, 0.0], [1.0, 0.5], [0.0, 2.0], [0.5, -1.0]])


@pytest.fixture(autouse=True)
def close():
    yield
    plt.close("all")


def bowl(x, y):
    return x**2 + y**2 / 2


def test_losses_and_their_mean():
    axes = plots.loss_curve([4.0, 2.0, 1.0, 0.5], window=2)
    raw, smooth = axes.get_lines()
    np.testing.assert_array_equal(raw.get_ydata(), [4.0, 2.0, 1.0, 0.5])
    np.testing.assert_array_equal(smooth.get_xydata(), [[1.5, 3.0], [2.5, 1.5], [3.5, 0.75]])
    assert axes.get_yscale() == "log"
    assert len(plots.loss_curve([1.0, 0.5]).get_lines()) == 1
    assert plots.loss_curve([1.0, -0.5]).get_yscale() == "linear"


def test_a_surface_from_the_top_is_dark_red_where_it_is_low():
    paths = {name: [(1.0, 1.0), (0.5, 0.8)] for name in "abcd"}
    axes = plots.contour(bowl, paths, (-1, 1), (-1, 1))
    assert [line.get_label() for line in axes.get_lines()] == ["a", "b", "c", "d"]
    np.testing.assert_array_equal(axes.get_lines()[3].get_xydata(), paths["d"])
    (filled,) = axes.collections
    red, green, blue, _ = filled.cmap(0.0)
    assert red > 0.4 > 0.2 > green
    assert min(filled.cmap(1.0)[:2]) > 0.9 > blue
    assert len(plots.contour(bowl).get_lines()) == 0


def test_a_surface_from_the_side():
    axes = plots.surface(bowl, (-1, 1), (-2, 2))
    assert axes.name == "3d"
    assert axes.get_zlabel() == "height"
    with pytest.raises(TypeError, match="these axes are flat"):
        plots.surface(bowl, axes=plt.subplots()[1])


@pytest.mark.parametrize(
    "score", [lambda p: p[:, 0] + 0.5, lambda p: np.full(len(p), 0.2), Network.random([2, 4, 1], seed=0)]
)
def test_where_a_classifier_decides(score):
    axes = plots.decision_boundary(score, SPIRAL, [0, 1, 1, 0])
    drawn = [line.get_xydata() for line in axes.get_lines()]
    np.testing.assert_array_equal(drawn[0], SPIRAL[[0, 3]])
    np.testing.assert_array_equal(drawn[1], SPIRAL[[1, 2]])


def test_the_boundary_is_where_the_score_is_the_threshold():
    axes = plots.decision_boundary(lambda p: p[:, 0] + 0.5, SPIRAL, [0, 1, 1, 0])
    (line,) = [c for c in axes.collections if np.size(c.levels) == 1]
    x = np.concatenate([path.vertices[:, 0] for path in line.get_paths()])
    assert np.max(np.abs(x)) <= 8 * np.finfo(float).eps  # interpolated between neighbours


def test_activations_and_their_slopes():
    axes = plots.activations(np.tanh, relu, x=(-2, 2))
    lines = {line.get_label(): line for line in axes.get_lines()}
    assert [*lines] == ["tanh", "slope of tanh", "relu", "slope of relu"]
    x, slope = lines["slope of tanh"].get_data()
    np.testing.assert_allclose(slope, 1 / np.cosh(x) ** 2, rtol=8 * np.finfo(float).eps)
    np.testing.assert_array_equal(lines["relu"].get_ydata(), np.maximum(x, 0))


def test_pictures_side_by_side():
    pictures = [np.eye(3) * i for i in range(1, 6)]
    axes = plots.images(pictures, ["a", "b", "c", "d", "e"], columns=3)
    assert len(axes.get_images()) == 5
    for given, drawn in zip(pictures, axes.get_images(), strict=True):
        np.testing.assert_array_equal(drawn.get_array(), given)
    assert [text.get_text() for text in axes.texts] == ["a", "b", "c", "d", "e"]
    boxes = [image.get_extent() for image in axes.get_images()]
    assert boxes[0][:2] == boxes[3][:2] != boxes[1][:2]
    assert len(plots.images(pictures).texts) == 0


def test_gradients_by_layer():
    network = Network.random([3, 4, 2], seed=0)
    gradient = tg.grad(lambda network: np.sum(network(np.ones((2, 3))) ** 2))(network)
    axes = plots.gradient_flow(gradient)
    wanted = [np.sqrt(np.mean(leaf.data**2)) for leaf in tg.tree.leaves(gradient)]
    assert [bar.get_height() for bar in axes.patches] == wanted
    assert next(tick.get_text() for tick in axes.get_xticklabels()) == "layers[0].weights"


def test_steps_beside_parameters():
    history = [{"w": np.array([2.0, -2.0]), "b": 0.0}, {"w": np.array([2.2, -1.8]), "b": 1.0}]
    w, b = plots.update_ratios(history).get_lines()[:2]
    ratios = {line.get_label(): line.get_ydata() for line in (w, b)}
    assert abs(ratios["['w']"][0] - 0.1) <= 1e-15
    assert np.isnan(ratios["['b']"][0])


def test_axes_that_are_given_are_drawn_on():
    axes = plt.subplots()[1]
    network = Network.random([2, 1], seed=0)
    for draw in (
        lambda: plots.loss_curve([1.0], axes=axes),
        lambda: plots.contour(bowl, axes=axes),
        lambda: plots.decision_boundary(network, SPIRAL, [0, 1, 1, 0], axes=axes),
        lambda: plots.activations(np.tanh, axes=axes),
        lambda: plots.images([np.eye(2)], axes=axes),
        lambda: plots.gradient_flow(network, axes=axes),
        lambda: plots.update_ratios([network, network], axes=axes),
    ):
        axes.clear()
        assert draw() is axes


@pytest.mark.parametrize(
    ("draw", "says"),
    [
        (lambda: plots.loss_curve([]), "window is 1 for 0 losses"),
        (lambda: plots.loss_curve([1.0], window=2), "window is 2 for 1 losses"),
        (lambda: plots.decision_boundary(np.sum, np.ones((3, 3)), [0, 1, 0]), r"shape \(3, 3\)"),
        (lambda: plots.decision_boundary(np.sum, SPIRAL, [0, 1]), r"labels \(2,\)"),
        (lambda: plots.images([]), "got 0 pictures"),
        (lambda: plots.images([np.eye(2), np.eye(3)]), "of one shape"),
        (lambda: plots.images([np.eye(2)], ["a", "b"]), "2 titles"),
        (lambda: plots.update_ratios([{"w": 1.0}]), "got 1 trees"),
    ],
)
def test_what_cannot_be_drawn_is_refused(draw, says):
    with pytest.raises(ValueError, match=says):
        draw()


def test_without_matplotlib_it_says_what_to_install():
    code = "import sys; sys.modules['matplotlib'] = None; import tinygrad_edu.show.plots"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "this needs matplotlib; pip install 'tinygrad_edu[show]'" in done.stderr
