"""Photographs of a dahlia and of a pagoda: 64 × 64 pixels in colour, small enough to learn from in a second."""

from importlib.resources import files

import numpy as np

from tinygrad_edu.data.digits import Array


def load_flower() -> Array:
    """Load the dahlia, (64, 64, 3): rows, columns, and red, green and blue from 0.0 to 1.0.

    >>> load_flower().shape
    (64, 64, 3)

    Source: a photograph from https://www.flickr.com/photos/vultilion/6056698931/, CC BY 2.0, cropped and scaled;
    see LICENSE-flower.txt.
    """
    return _load("flower.npz")


def load_pagoda() -> Array:
    """Load the pagoda, (64, 64, 3): rows, columns, and red, green and blue from 0.0 to 1.0.

    >>> load_pagoda().shape
    (64, 64, 3)

    Source: a photograph from https://www.flickr.com/photos/danielbuechele/6061409035/, CC BY 2.0, cropped and scaled;
    see LICENSE-pagoda.txt.
    """
    return _load("pagoda.npz")


def _load(name: str) -> Array:
    with files("tinygrad_edu.data").joinpath(name).open("rb") as file:
        return np.load(file, allow_pickle=False)["image"] / 255.0
