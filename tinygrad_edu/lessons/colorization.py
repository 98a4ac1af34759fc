"""The post's own example, on a real picture: learn to colour from one half, and colour the other.

grey   the black-and-white picture, (h, w), from 0.0 for black to 1.0 for white
real   the picture in colour, (h, w, 3): red, green and blue
g      the network: a patch of grey around a pixel goes in, the pixel's colour comes out
"""

from dataclasses import dataclass, field
from itertools import repeat

import numpy as np

from tinygrad_edu.core.value import no_grad
from tinygrad_edu.data import Array, load_flower
from tinygrad_edu.losses import squared_error
from tinygrad_edu.nn import Network
from tinygrad_edu.optim import adam
from tinygrad_edu.train import fit

REACH = 2  # a patch is 5 × 5 pixels
HIDDEN = 32
STEPS = 300
LUMINANCE = np.array([0.299, 0.587, 0.114])  # how bright red, green and blue look to the eye; ITU-R BT.601


def to_grey(picture: Array) -> Array:
    """The black-and-white picture (h, w) of one in colour (h, w, 3)."""
    return picture @ LUMINANCE


def patches(grey: Array, reach: int = REACH) -> Array:
    """What the network sees: for each pixel, row by row, the square of greys around it; (h·w, (2·reach + 1)²).

    Beyond the edge the picture goes on with its outermost pixels.

    >>> patches(np.eye(3), reach=1)[4].reshape(3, 3).tolist()
    [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    """
    size = 2 * reach + 1
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(grey, reach, mode="edge"), (size, size))
    return windows.reshape(grey.size, size * size)


def distance(grey: Array, real: Array, g: Network) -> Array:
    """The mean squared distance between the real colours (n, 3) and those that g gives for patches of grey (n, d).

    Source: the post, "Putting it together": d(bw, real, g) = distance(real, g(bw)). It writes d three times. Of bw
    alone, it would need the function that is looked for. Of bw and real, there is nothing left to change. Of g
    too, there is: the parameters of the network.
    """
    return squared_error(g(grey), real)


@dataclass(frozen=True, eq=False)
class Coloured:
    """The half that was not trained on, as it is and as the network colours it, and the distances.

    `mean_colour` is the distance of a painter who knows one colour only, the mean of the half trained on.
    `best_by_grey` is the least that any painter could reach who looks at nothing but the grey of each pixel.
    """

    real: Array = field(repr=False)
    coloured: Array = field(repr=False)
    losses: list[float] = field(repr=False)
    network: float
    mean_colour: float
    best_by_grey: float

    @property
    def errors(self) -> Array:
        """The squared distance at each pixel, (h, w)."""
        return np.mean((self.real - self.coloured) ** 2, axis=-1)


def learn(seed: int, mirrored: bool = False, steps: int = STEPS) -> Coloured:
    """Train on the left half of the flower, and colour the right half.

    On the left, where the flower ends, it is dark on the left side of the edge and bright on the right side. The right
    half has the opposite edge, which the network has never seen: there it paints the leaves red. With `mirrored`, it
    trains on the mirror image too, and has.
    """
    picture = load_flower()
    middle = picture.shape[1] // 2
    left, right = picture[:, :middle], picture[:, middle:]
    examples = [left, left[:, ::-1]] if mirrored else [left]
    seen = np.concatenate([patches(to_grey(half)) for half in examples])
    colours = np.concatenate([half.reshape(-1, 3) for half in examples])
    start = Network.random([seen.shape[1], HIDDEN, 3], seed)
    batches = repeat((seen, colours), steps)
    fitted = fit(start, lambda g, grey, real: distance(grey, real, g), batches, adam(0.01))
    g = fitted.parameters
    with no_grad():
        coloured = np.clip(g(patches(to_grey(right))).data, 0, 1).reshape(right.shape)
    mean = np.broadcast_to(colours.mean(axis=0), right.shape)
    return Coloured(
        right,
        coloured,
        fitted.losses,
        network=float(squared_error(coloured, right)),
        mean_colour=float(squared_error(mean, right)),
        best_by_grey=float(squared_error(mean_colours(right), right)),
    )


def mean_colours(picture: Array, shades: int = 32) -> Array:
    """The picture with each pixel in the mean colour of all that are as grey as it is, in so many shades.

    One grey has many colours. The colour that makes the squared distance least is their mean, and it may be the colour
    of none of them.

    >>> red_and_green = np.array([[[1.0, 0.0, 0.0], [0.0, 0.509369676, 0.0]]])
    >>> mean_colours(red_and_green).round(2).tolist()
    [[[0.5, 0.25, 0.0], [0.5, 0.25, 0.0]]]
    """
    shade = np.minimum((to_grey(picture) * shades).astype(int), shades - 1).ravel()
    colours, count = picture.reshape(-1, 3), np.bincount(shade, minlength=shades)
    sums = np.stack([np.bincount(shade, colour, minlength=shades) for colour in colours.T], axis=1)
    return (sums / np.maximum(count, 1)[:, None])[shade].reshape(picture.shape)
