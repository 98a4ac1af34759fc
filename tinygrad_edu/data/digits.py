"""Handwritten digits: 1,797 images of 8 × 8 pixels, with what each of them shows."""

from importlib.resources import files
from typing import Any, NamedTuple

import numpy as np

Array = Any  # an array, or a Value


class Examples(NamedTuple):
    """Images (n, 64), row by row from 0.0 for paper to 1.0 for ink, and labels (n,), integers 0 … 9."""

    images: Array
    labels: Array


def load_digits() -> tuple[Examples, Examples]:
    """Load the digits to train on, and those held out to test with.

    Held out is every fifth image of each digit, always the same, so that scores can be compared;
    1,442 images are left to train on and 355 to test with. The 13 people who wrote them wrote in
    both parts: the test asks about new digits, not about new hands.

    >>> train, test = load_digits()
    >>> train.images.shape, test.images.shape
    ((1442, 64), (355, 64))

    Source: E. Alpaydin and C. Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine
    Learning Repository, 1998, https://doi.org/10.24432/C50P49; see LICENSE-digits.txt.
    """
    with files("tinygrad_edu.data").joinpath("digits.npz").open("rb") as file:
        stored = np.load(file, allow_pickle=False)
        images, labels = stored["images"], stored["labels"].astype(np.int64)
    images = images.reshape(-1, 64) / 16.0
    nth = np.zeros_like(labels)
    for digit in range(10):
        nth[labels == digit] = np.arange(np.sum(labels == digit))
    held_out = nth % 5 == 4
    return Examples(images[~held_out], labels[~held_out]), Examples(images[held_out], labels[held_out])
