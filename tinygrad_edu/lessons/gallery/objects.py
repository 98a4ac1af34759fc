"""Objects: a network sees a scene once, and says for each of its cells whether a digit is there, where, and which.

cell   4 × 4 pixels; the one with a digit's middle answers for it
grid   what the network says of each cell: whether there is a digit, its box, and ten numbers for which it is
"""

from typing import Any

import numpy as np

from tinygrad_edu import tree
from tinygrad_edu.compiler import compile
from tinygrad_edu.data import Array, load_digits
from tinygrad_edu.functions import leaky_relu, sigmoid, softmax
from tinygrad_edu.lessons.gallery import Shown
from tinygrad_edu.lessons.gallery.scenes import (
    SIDE,
    SIZES,
    Found,
    average_precision,
    draw,
    make_scenes,
    resize,
    suppress,
)
from tinygrad_edu.losses import binary_cross_entropy, cross_entropy, squared_error
from tinygrad_edu.nn import Conv2d, GroupNorm, MaxPool, Sequential
from tinygrad_edu.optim import adam, one_cycle
from tinygrad_edu.train import Trainer

CELL = 4
CELLS = SIDE // CELL
BATCH, UNSEEN = 16, 200
TYPICAL = 11.0  # pixels of a digit: boxes are told as multiples


def detector(rng: np.random.Generator) -> Sequential:
    """Scenes (n, 1, SIDE, SIDE) to grids (n, 15, CELLS, CELLS)."""
    layers: list[Any] = []
    for before, after, size, stride in ((1, 16, 4, 2), (16, 32, 3, 1), (32, 64, 3, 1), (64, 64, 3, 1)):
        layers += [Conv2d(before, after, size, rng, stride=stride, padding=1, dtype=np.float32)]
        layers += [GroupNorm(4, after, dtype=np.float32), leaky_relu]
    layers.insert(6, MaxPool(2))
    return Sequential([*layers, Conv2d(64, 15, 1, rng, dtype=np.float32)])


def to_grid(truths: list[Found]) -> tuple[Array, Array, Array]:
    """What the network is to say: whether a digit is there (n, c, c), which one, and its box (n, c, c, 4)."""
    there = np.zeros((len(truths), CELLS, CELLS), np.float32)
    which, box = there.astype(int), np.zeros((*there.shape, 4), np.float32)
    for i, truth in enumerate(truths):
        middle, size = (truth.boxes[:, :2] + truth.boxes[:, 2:]) / 2, truth.boxes[:, 2:] - truth.boxes[:, :2]
        row, column = (middle // CELL).astype(int).T
        there[i, row, column], which[i, row, column] = 1, truth.labels
        box[i, row, column, :2] = middle / CELL - np.stack([row, column], axis=1) - 0.5
        box[i, row, column, 2:] = np.log(size / TYPICAL)
    return there, which, box


def distance(network: Any, scenes: Array, there: Array, which: Array, box: Array) -> Array:
    """Is it there (every cell), and where and which (cells with a digit): three distances, added, for each digit."""
    grid = np.transpose(network(scenes), (0, 2, 3, 1))
    count = there.sum()
    at_all = binary_cross_entropy(grid[..., 0], there, reduction="sum")
    places = (squared_error(grid[..., 1:5], box, reduction="none").sum(axis=-1) * there).sum()
    names = (cross_entropy(grid[..., 5:], which, reduction="none") * there).sum()
    return (at_all + 5 * places + names) / count


@compile
def look(network: Any, scenes: Array) -> tuple[Array, Array, Array]:
    """How sure it is that a digit is in a cell, which, and boxes: (n, c²), (n, c², 10), (n, c², 4)."""
    grid = np.transpose(network(scenes), (0, 2, 3, 1)).reshape(len(scenes), -1, 15)
    cells = np.stack(np.meshgrid(np.arange(CELLS), np.arange(CELLS), indexing="ij"), axis=-1).reshape(-1, 2)
    middle, size = (grid[..., 1:3] + cells + 0.5) * CELL, np.exp(grid[..., 3:5]) * TYPICAL
    return (
        sigmoid(grid[..., 0]),
        softmax(grid[..., 5:]),
        np.concatenate([middle - size / 2, middle + size / 2], axis=-1),
    )


def find(network: Any, scenes: Array) -> list[Found]:
    """What it finds in each scene, surest first."""
    founds = []
    for sure, names, boxes in zip(*look(network, scenes), strict=True):
        likely = np.flatnonzero(sure > 0.02)
        labels = names[likely].argmax(axis=1)
        founds.append(suppress(Found(boxes[likely], labels, sure[likely] * names[likely, labels])))
    return founds


def slide(templates: Array, scenes: Array) -> list[Found]:
    """What templates (10, 8, 8) find: slid over each scene in every third size, by the correlation of pixels."""
    founds = []
    for scene in scenes[:, 0]:
        parts = []
        for size in SIZES[::3]:
            patches = np.lib.stride_tricks.sliding_window_view(scene, (size, size))
            flat = patches.reshape(-1, size * size)
            wanted = resize(templates, size).reshape(10, -1)
            flat, wanted = (x - x.mean(axis=1, keepdims=True) for x in (flat, wanted))
            match = flat @ (wanted / np.linalg.norm(wanted, axis=1, keepdims=True)).T
            match /= np.linalg.norm(flat, axis=1, keepdims=True) + 0.5
            best = np.argsort(-match.max(axis=1), kind="stable")[:30]
            top, left = np.divmod(best, patches.shape[1])
            parts.append(
                Found(np.stack([top, left, top + size, left + size], 1), match[best].argmax(1), match[best].max(1))
            )
        founds.append(suppress(Found(*(np.concatenate(part) for part in zip(*parts, strict=True)))))
    return founds


def show(quick: bool = False, seed: int = 0) -> Shown:
    """Learn on scenes of some digits, and look for others."""
    rng = np.random.default_rng(seed)
    train, test = load_digits()
    count, epochs = (64, 1) if quick else (6000, 7)
    scenes, truths = make_scenes(train, count, rng)
    unseen, wanted = make_scenes(test, 20 if quick else UNSEEN, rng)
    crowded, crowd = make_scenes(test, len(unseen), rng, clutter=40)
    schedule = one_cycle(4e-3, epochs * count // BATCH)
    trainer = Trainer(detector(rng), distance, adam(schedule), batch_size=BATCH, seed=seed, advice=False)
    trainer.fit((scenes, *to_grid(truths)), epochs=epochs)
    network = tree.map(lambda weights: weights.data, trainer.network)
    templates = np.stack([train.images[train.labels == k].mean(axis=0).reshape(8, 8) for k in range(10)])
    founds, in_crowd = find(network, unseen), find(network, crowded)
    ours, harder = average_precision(wanted, founds), average_precision(crowd, in_crowd)
    return Shown(
        measure=f"average precision, {len(unseen)} scenes of unseen digits",
        scores={"the detector": ours, "sliding templates": average_precision(wanted, slide(templates, unseen))},
        more_is_better=True,
        pictures={
            "What it finds in scenes of unseen digits.": lambda: draw(unseen, wanted, founds),
            "Where it fails: in five times the clutter.": lambda: draw(crowded, crowd, in_crowd),
        },
        failure=f"in five times the clutter, its average precision is {harder:.2f}, not {ours:.2f}.",
    )
