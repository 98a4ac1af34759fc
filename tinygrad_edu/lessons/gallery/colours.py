"""Colours for a grey picture: a network learns them on one half of a flower, and colours the other half.

grey      the black-and-white picture (h, w): what the network sees, in patches of 5 × 5, and what stays as it is
colour    what is added to the grey of a pixel to make its red and its blue (..., 2); its green follows
palette   the colours of the half that it learns from, on a grid (k, 2)

Source: Zhang, Isola and Efros, "Colorful Image Colorization", 2016. The post's own way, a network that gives colours
and a squared distance, stands beside it; the lesson `tinygrad_edu.lessons.colorization` tells more of that one.
"""

from itertools import repeat
from typing import Any

import numpy as np

from tinygrad_edu.core.value import no_grad
from tinygrad_edu.data import Array, load_flower, load_pagoda
from tinygrad_edu.functions import softmax
from tinygrad_edu.lessons.colorization import LUMINANCE, patches, to_grey
from tinygrad_edu.lessons.gallery import Shown
from tinygrad_edu.losses import cross_entropy, squared_error
from tinygrad_edu.nn import Network
from tinygrad_edu.optim import adam
from tinygrad_edu.train import fit

HIDDEN = 64
STEPS = 300
GRID = 0.1  # how far colours of the palette are apart
TEMPERATURE = 0.38  # that of the paper: below 1, the mean leans towards the likeliest colours


def to_colour(picture: Array) -> Array:
    """What red and blue have more than grey, (h·w, 2), of a picture (h, w, 3)."""
    return (picture - to_grey(picture)[..., None])[..., [0, 2]].reshape(-1, 2)


def paint(grey: Array, colour: Array) -> Array:
    """The picture (h, w, 3) of that grey (h, w), in colours (h·w, 2).

    >>> flower = load_flower()
    >>> bool(np.allclose(paint(to_grey(flower), to_colour(flower)), flower))
    True
    """
    red, blue = colour.T
    green = -(LUMINANCE[0] * red + LUMINANCE[2] * blue) / LUMINANCE[1]  # so that none of it changes the grey
    return np.clip(grey[..., None] + np.stack([red, green, blue], axis=-1).reshape(*grey.shape, 3), 0.0, 1.0)


def to_palette(colour: Array) -> tuple[Array, Array]:
    """Which of a palette each colour (n, 2) is, (n,), and the palette (k, 2): the mean of each square of a grid."""
    squares, labels = np.unique(np.rint(colour / GRID), axis=0, return_inverse=True)
    return labels, np.stack([colour[labels == k].mean(axis=0) for k in range(len(squares))])


def squared_distance(g: Network, seen: Array, colour: Array) -> Array:
    """How far the colours that g gives for patches (n, 25) are from the real ones (n, 2), squared."""
    return squared_error(g(seen), colour)


def negative_log_likelihood(g: Network, seen: Array, labels: Array) -> Array:
    """How unlikely g holds the real colours (n,) of the palette to be, for patches (n, 25)."""
    return cross_entropy(g(seen), labels)


def show(quick: bool = False, seed: int = 0) -> Shown:
    """Learn from the left half of the flower and its mirror image, and colour the right half and the pagoda."""
    flower = load_flower()
    left, right = flower[:, :32], flower[:, 32:]
    halves = [left, left[:, ::-1]]  # the flower ends on the other side, too
    seen = np.concatenate([patches(to_grey(half)) for half in halves])
    colour = np.concatenate([to_colour(half) for half in halves])
    labels, palette = to_palette(colour)
    steps = 20 if quick else STEPS

    def learn(outputs: int, distance: Any, wanted: Array) -> Network:
        start = Network.random([seen.shape[1], HIDDEN, outputs], seed)
        network: Network = fit(start, distance, repeat((seen, wanted), steps), adam(0.005)).parameters
        return network

    by_distance = learn(2, squared_distance, colour)
    by_classes = learn(len(palette), negative_log_likelihood, labels)

    def colours(grey: Array) -> dict[str, Array]:
        with no_grad():
            x = patches(grey)
            likely = softmax(by_classes(x).data / TEMPERATURE)
            return {
                "classes of colour": paint(grey, likely @ palette),
                "squared distance": paint(grey, by_distance(x).data),
                "the mean colour of each grey": paint(grey, mean_by_grey(seen[:, 12], colour, grey.ravel())),
                "the mean colour": paint(grey, np.broadcast_to(colour.mean(axis=0), (grey.size, 2))),
            }

    found, pagoda = colours(to_grey(right)), load_pagoda()
    abroad = colours(to_grey(pagoda))["classes of colour"]
    worse, drab = (squared_error(each, pagoda) for each in (abroad, in_grey(pagoda)))
    with no_grad():
        likely = softmax(by_classes(patches(to_grey(right))).data)
    each, mean = likely @ np.linalg.norm(palette, axis=1), np.linalg.norm(likely @ palette, axis=1)
    unsure = np.argmax(each - mean)
    return Shown(
        measure="mean squared error of the half that they have not seen",
        scores={who: float(squared_error(picture, right)) for who, picture in found.items()},
        more_is_better=False,
        lines=[
            *(f"{who}: {colourful(it):.3f} from grey" for who, it in {"the photo": right, **found}.items()),
            "Why the mean is grey: where the colours that classes hold possible differ most, they are "
            f"{each[unsure]:.2f} from grey. Their mean, of the least squared distance, is {mean[unsure]:.2f} from it.",
        ],
        failure=f"what is bright was petals: it paints the sky behind a pagoda orange, and errs there by {worse:.3f};"
        f" a pagoda left grey is {drab:.3f} from its colours.",
        pictures={
            "The half that they have not seen.": lambda: draw({"photo": right, "its grey": in_grey(right), **found}),
            "Where it fails: it has learnt from a flower only.": lambda: draw(
                {"photo": pagoda, "its grey": in_grey(pagoda), "classes of colour": abroad}
            ),
        },
    )


def in_grey(picture: Array) -> Array:
    """The black-and-white picture (h, w, 3) of one in colour (h, w, 3)."""
    return np.repeat(to_grey(picture)[..., None], 3, axis=2)


def mean_by_grey(greys: Array, colour: Array, wanted: Array, shades: int = 16) -> Array:
    """The mean colour (m, 2) of those (n, 2) whose grey (n,) is, in so many shades, that wanted (m,)."""
    shade, asked = ((np.minimum(x, 1 - 1e-9) * shades).astype(int) for x in (greys, wanted))
    none = colour.mean(axis=0)
    means = [colour[shade == k].mean(axis=0) if (shade == k).any() else none for k in range(shades)]
    return np.stack(means)[asked]


def colourful(picture: Array) -> float:
    """How far the colours of a picture (h, w, 3) are from grey: the root of the mean square."""
    return float(np.sqrt(squared_error(picture, in_grey(picture))))


def draw(pictures: dict[str, Array]) -> Any:
    """The pictures side by side, with their titles."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - an extra

    figure = Figure(figsize=(7.5, 3), layout="constrained")
    for axes, (title, picture) in zip(figure.subplots(1, len(pictures)), pictures.items(), strict=True):
        axes.imshow(picture)
        axes.set_title(title.replace(" of ", "\nof "), fontsize=8)
        axes.axis("off")
    return figure
