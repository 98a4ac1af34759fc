"""A photo in the style of another photo, which stays a photo: its colours change, its edges stay where they are.

Everything but one term is that of `painting`, which this module builds on: pixels move until their Gram matrices are
those of the other photo. The new term lets colours change as they like, if only, in each window of 3 × 3 pixels, the
new ones are made of the old ones by one and the same affine map: what was plain stays plain, and an edge stays an edge.

photo      pixels (1, 3, h, w), from 0.0 to 1.0
residual   for each of n windows, what takes from 9 numbers all that is affine in the photo's colours (n, 9, 9)

Source: Luan, Paris, Shechtman and Bala, "Deep Photo Style Transfer", 2017; the term is the matting Laplacian of Levin,
Lischinski and Weiss, "A Closed-Form Solution to Natural Image Matting", 2008.
"""

from itertools import repeat
from typing import Any

import numpy as np

from tinygrad_edu.data import Array, load_flower, load_pagoda
from tinygrad_edu.lessons.gallery import Shown
from tinygrad_edu.lessons.gallery import painting as gram_matrices
from tinygrad_edu.lessons.gallery.painting import content_distance, draw, features, looked_at, make_network, to_pixels
from tinygrad_edu.optim import adam
from tinygrad_edu.train import fit

STEPS = 300
CONTENT = 0.1  # how much the content counts beside the style
EDGES = 100.0  # how much it counts that colours change by affine maps
FAINT = 1e-3  # the variance of colours below which a window counts as plain


def windows(photo: Array) -> Array:
    """The 9 numbers of each window of 3 × 3 pixels of each channel (3, n, 9), of a photo (1, 3, h, w)."""
    _, channels, h, w = photo.shape
    shifted = [photo[0, :, i : h - 2 + i, j : w - 2 + j] for i in range(3) for j in range(3)]
    return np.reshape(np.stack(shifted, axis=-1), (channels, -1, 9))


def residual_of(photo: Array) -> Array:
    """For each window, the matrix that takes from 9 numbers what is affine in the photo's colours there (n, 9, 9).

    >>> photo = to_pixels(load_flower())
    >>> changed = 0.5 * photo[:, ::-1] + 0.25  # red and blue change places, all is paler: an affine map
    >>> float(unlike(changed, residual_of(photo))) < 0.1
    True
    """
    x = np.moveaxis(windows(photo), 0, 2).astype(np.float64)
    x = x - x.mean(axis=1, keepdims=True)
    turned = np.swapaxes(x, 1, 2)
    by_colours = x @ np.linalg.inv(turned @ x + 9 * FAINT * np.eye(3)) @ turned
    return (np.eye(9) - 1 / 9 - by_colours).astype(np.float32)


def spread(photo: Array, residual: Array) -> Array:
    """The mean square of what no affine map of the old colours explains in windows of new ones."""
    w = windows(photo)
    return np.mean(np.matmul(w[:, :, None], residual)[:, :, 0] * w)


def unlike(photo: Array, residual: Array) -> Array:
    """The share of the variance within windows that no affine map of the old colours explains, 0 to 1.

    It is not quite 0 for the photo itself, since windows that are nearly plain count as plain.
    """
    w = windows(photo)
    return spread(photo, residual) / np.mean((w - np.mean(w, axis=2, keepdims=True)) ** 2)


def distance(
    photo: Array, network: list[Any], style: list[Array], content: Array, residual: Array, edges: float
) -> Array:
    """How far a photo is from a style, from a content, and from edges that are those of the old photo."""
    found = features(network, photo)
    kept = CONTENT * content_distance(found[0], content) + edges * spread(photo, residual)
    return gram_matrices.style_distance(found, style) + kept


def restyle(photo: Array, style: Array, steps: int, seed: int) -> Array:
    """A photo (1, 3, h, w) in the style of another, by descent in its pixels, from the photo itself."""
    network = make_network(seed)
    grams, content = looked_at(network, style)[0], looked_at(network, photo)[1]
    wanted = network, grams, content, residual_of(photo), np.float32(EDGES)
    pixels: Array = fit(photo, distance, repeat(wanted, steps), adam(0.015)).parameters
    return np.clip(pixels, 0, 1)


def matched(photo: Array, style: Array) -> Array:
    """The photo with each channel's histogram that of the style: its darkest pixel as dark as the darkest there."""
    old, new = photo.reshape(3, -1), np.sort(style.reshape(3, -1), axis=1)
    ranks = np.argsort(np.argsort(old, axis=1, kind="stable"), axis=1)
    return np.take_along_axis(new, ranks, axis=1).reshape(photo.shape)


def show(quick: bool = False, seed: int = 0) -> Shown:
    """A pagoda in the style of a flower, and the other way round; other networks judge."""
    pagoda, flower = to_pixels(load_pagoda()), to_pixels(load_flower())
    steps, residual = 5 if quick else STEPS, residual_of(pagoda)
    ours, painted = restyle(pagoda, flower, steps, seed), gram_matrices.paint(pagoda, flower, 0.15, steps, seed)
    shown = {"ours": ours, "histograms matched": matched(pagoda, flower), "the photo itself": pagoda}
    back = restyle(flower, pagoda, steps, seed)
    before, after = (np.linalg.norm((it[..., :20, :16] - it[..., :20, 48:]).mean(axis=(2, 3))) for it in (pagoda, ours))
    return Shown(
        measure=f"distance to the flower's style, as {gram_matrices.JUDGES} other networks see it",
        scores={who: gram_matrices.judged(it, flower, pagoda, seed)[0] for who, it in shown.items()},
        more_is_better=False,
        lines=[
            f"variance in windows that is not made of the photo's colours there: {who} {unlike(it, residual):.1%}"
            for who, it in {**shown, "a painting": painted}.items()
        ],
        failure=f"it knows no sky: its colours on the left and on the right were {before:.2f} apart, and now are"
        f" {after:.2f} apart, orange like petals on one side and grey on the other.",
        pictures={
            "A pagoda in the style of a flower; beside it, what keeps no edges, and what knows colours only.": lambda: (
                draw(
                    {"photo": pagoda, "style": flower, "ours": ours, "as a painting": painted}
                    | {"histograms": shown["histograms matched"]}
                )
            ),
            "The other way round.": lambda: draw(
                {"photo": flower, "style": pagoda, "ours": back, "histograms": matched(flower, pagoda)}
            ),
        },
    )
