"""Scenes for the exhibit `objects`: handwritten digits of several sizes among clutter, and how well they are found.

box      top, left, bottom, right, in pixels
truth    of a scene, its digits: boxes (k, 4) and labels (k,)
found    the same, and how sure of each: scores (k,)
"""

from typing import Any, NamedTuple

import numpy as np

from tinygrad_edu.data import Array, Examples

SIDE = 36  # pixels of a scene
SIZES = range(8, 15)  # pixels of a digit
MOST = 5  # digits of a scene


class Found(NamedTuple):
    """Boxes (k, 4), labels (k,) and scores (k,), 1 where it is the truth."""

    boxes: Array
    labels: Array
    scores: Array


def resize(images: Array, size: int) -> Array:
    """Square images (n, s, s) in another size, (n, size, size): what is between pixels is interpolated.

    >>> resize(np.array([[[0.0, 1.0], [0.0, 1.0]]]), 3)[0, 0].tolist()
    [0.0, 0.5, 1.0]
    """
    places = np.linspace(0, images.shape[-1] - 1, size)
    weights = np.maximum(0, 1 - abs(places[:, None] - np.arange(images.shape[-1])))
    resized: Array = weights @ images @ weights.T
    return resized


def make_scenes(
    examples: Examples, count: int, rng: np.random.Generator, clutter: int = 8
) -> tuple[Array, list[Found]]:
    """Scenes (count, 1, SIDE, SIDE), and the truth of each: one to five digits that do not overlap.

    Clutter is pieces of digits, as bright as they are, and noise.
    """
    digits = {size: resize(examples.images.reshape(-1, 8, 8), size) for size in SIZES}
    pictures, truths = np.abs(rng.normal(scale=0.1, size=(count, 1, SIDE, SIDE))), []
    for picture in pictures[:, 0]:
        for _ in range(clutter):
            size = int(rng.integers(3, 7))
            a, b = rng.integers(SIZES.start - size + 1, size=2)
            top, left = rng.integers(SIDE - size + 1, size=2)
            piece = digits[8][rng.integers(len(examples.labels)), a : a + size, b : b + size]
            picture[top : top + size, left : left + size] += piece
        boxes, labels = np.zeros((0, 4), int), np.zeros(0, int)
        for size in rng.choice(SIZES, rng.integers(2, MOST + 1)):
            top, left = rng.integers(SIDE - size + 1, size=2)
            box = np.array([top, left, top + size, left + size])
            if (overlap(box[None], boxes) > 0).any():
                continue
            nth = rng.integers(len(examples.labels))
            picture[top : top + size, left : left + size] *= 0.3
            picture[top : top + size, left : left + size] += digits[size][nth]
            boxes, labels = np.vstack([boxes, box]), np.append(labels, examples.labels[nth])
        truths.append(Found(boxes, labels, np.ones(len(labels))))
    return np.clip(pictures, 0, 1).astype(np.float32), truths


def overlap(a: Array, b: Array) -> Array:
    """For boxes (n, 4) and (m, 4), the area that is in both over the area that is in either, (n, m).

    >>> overlap(np.array([[0, 0, 2, 2]]), np.array([[0, 1, 2, 3], [2, 2, 4, 4]])).round(3).tolist()
    [[0.333, 0.0]]
    """
    a, b = a[:, None], b[None]
    both = np.prod(np.maximum(0, np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2])), axis=-1)
    areas = [np.prod(x[..., 2:] - x[..., :2], axis=-1) for x in (a, b)]
    shared: Array = both / (areas[0] + areas[1] - both)
    return shared


def suppress(found: Found, most: float = 0.3) -> Found:
    """Non-maximum suppression: of boxes that overlap by more than `most`, the one that is surest, surest first."""
    order, kept = np.argsort(-found.scores, kind="stable"), []
    shared = overlap(found.boxes, found.boxes)
    while len(order):
        first, order = order[0], order[1:]
        kept.append(first)
        order = order[shared[first, order] <= most]
    return Found(*(x[kept] for x in found))


def average_precision(truths: list[Found], founds: list[Found]) -> float:
    """Average precision at an overlap of 0.5, the mean over the digits, from 0 to 1.

    Boxes of a digit are gone through from the surest of all scenes to the least sure. A box is right if it overlaps
    by at least half with one of that digit that no surer box has found. Precision, the share that is right so far,
    is averaged over the digits that are there to be found; what is never found counts 0.

    Source: Everingham et al., 2010, "The Pascal Visual Object Classes (VOC) Challenge", section 4.2, all points.
    """
    return float(np.mean([_precision_of(digit, truths, founds) for digit in range(10)]))


def _precision_of(digit: int, truths: list[Found], founds: list[Found]) -> float:
    scores, right, there = [], [], 0
    for truth, found in zip(truths, founds, strict=True):
        wanted, mine = truth.boxes[truth.labels == digit], found.labels == digit
        there, free = there + len(wanted), np.full(len(wanted), True)
        for i in np.flatnonzero(mine)[np.argsort(-found.scores[mine], kind="stable")]:
            shared = overlap(found.boxes[i : i + 1], wanted)[0] * free
            hit = len(wanted) > 0 and shared.max() >= 0.5
            if hit:
                free[shared.argmax()] = False
            scores.append(found.scores[i])
            right.append(hit)
    hits = np.array(right)[np.argsort(-np.array(scores), kind="stable")]
    precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    best_after = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.sum(best_after * hits) / there)


def draw(scenes: Array, truths: list[Found], founds: list[Found]) -> Any:
    """Ten scenes, with boxes around what is found: blue where it is right, red where it is not."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - an extra
    from matplotlib.patches import Rectangle  # noqa: PLC0415

    figure = Figure(figsize=(10, 4.4), layout="constrained")
    for axes, scene, truth, found in zip(figure.subplots(2, 5).flat, scenes, truths, founds, strict=False):
        axes.imshow(scene[0], cmap="Greys", vmin=0, vmax=1.4)
        axes.set(xticks=[], yticks=[])
        for (top, left, bottom, right), label, score in zip(*found, strict=True):
            if score > 0.4:
                same = truth.boxes[truth.labels == label]
                colour = (
                    "#1f4e79" if (overlap(np.array([[top, left, bottom, right]]), same) >= 0.5).any() else "#b3261e"
                )
                corner = left - 0.5, top - 0.5
                axes.add_patch(Rectangle(corner, right - left, bottom - top, fill=False, edgecolor=colour, linewidth=2))
                axes.text(min(right, SIDE - 4), max(top, 3), str(label), color=colour, fontweight="bold")
    return figure
