"""Where the boxes, edges and labels of a graph go: columns from left to right, and no two things in one place.

The cells of a column keep their order and a distance; apart from that each is as near as can be to those it is joined
to.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from tinygrad_edu.show.layers import Layers, Pair, arrange

Point = tuple[float, float]
Size = tuple[float, float]  # width and height

GAP = 14.0  # between two boxes of a column, and half of that around labels and lines
BEND = 20.0  # between columns, where edges bend
_LINE = 4.0  # the height that a line without label takes in a column
_ROUNDS = 60


@dataclass
class Layout:
    """Centres of boxes and labels, and for each edge the points that it runs through; and the size of it all."""

    boxes: list[Point]
    labels: list[Point]
    paths: list[list[Point]]
    size: Size
    crossings: int


def place(boxes: Sequence[Size], edges: Sequence[Pair], labels: Sequence[Size]) -> Layout:
    """The layout of boxes of these sizes, joined by edges with labels of these sizes; sources stand to the left."""
    layers = arrange(len(boxes), edges)
    sizes: dict[int, Size] = dict(enumerate(boxes))
    for chain, label in zip(layers.chains, labels, strict=True):
        sizes.update(dict.fromkeys(chain[1:-1], (0.0, _LINE)))
        sizes[chain[-2]] = label if label[0] else (0.0, _LINE)
    y = _vertical(layers, sizes, len(boxes))
    left, columns = 0.0, []  # where each column begins and ends
    for layer in layers.order:
        width = max(sizes[cell][0] for cell in layer)
        steepest = max((abs(y[cell] - y[b]) for cell in layer for b in layers.after.get(cell, ())), default=0.0)
        columns.append((left, left + width))
        left += width + BEND + min(3 * BEND, steepest / 8)
    column_of = {cell: columns[k] for k, layer in enumerate(layers.order) for cell in layer}
    x = {cell: sum(column_of[cell]) / 2 for cell in y}
    top = min(y[cell] - sizes[cell][1] / 2 for cell in y)
    y = {cell: at - top for cell, at in y.items()}
    ports = _ports(layers, sizes, y, len(boxes))
    paths = []
    for i, chain in enumerate(layers.chains):
        source, *between, target = chain
        points = [(x[source] + sizes[source][0] / 2, y[source]), (column_of[source][1], y[source])]
        for cell in between:
            points += [(column_of[cell][0], y[cell]), (column_of[cell][1], y[cell])]
        points += [(column_of[target][0], ports[i]), (x[target] - sizes[target][0] / 2, ports[i])]
        paths.append(points)
    height = max(y[cell] + sizes[cell][1] / 2 for cell in y)
    return Layout(
        [(x[cell], y[cell]) for cell in range(len(boxes))],
        [(x[chain[-2]], y[chain[-2]]) for chain in layers.chains],
        paths,
        (columns[-1][1], height),
        layers.crossings,
    )


def _vertical(layers: Layers, sizes: dict[int, Size], boxes: int) -> dict[int, float]:
    """The height at which each cell stands."""
    y: dict[int, float] = {}
    for layer in layers.order:
        offsets = _offsets(layer, sizes, boxes)
        y.update({cell: at - offsets[-1] / 2 for cell, at in zip(layer, offsets, strict=True)})
    last = len(layers.order)
    for round_ in range(_ROUNDS):
        both = round_ >= _ROUNDS // 2
        for k in [*range(last), *reversed(range(last))]:
            layer = layers.order[k]
            wanted, weights = [], []
            sides = (layers.before, layers.after) if both else ((layers.before, layers.after)[round_ % 2],)
            for cell in layer:
                pulls = [(y[b], _straightness(cell, b, boxes)) for side in sides for b in side.get(cell, ())]
                weight = sum(w for _, w in pulls)
                wanted.append(sum(at * w for at, w in pulls) / weight if pulls else y[cell])
                weights.append(weight or 0.1)
            y.update(zip(layer, _spread(wanted, weights, _offsets(layer, sizes, boxes)), strict=True))
    return y


def _straightness(a: int, b: int, boxes: int) -> float:
    """How much two cells want to be at one height: long edges most of all."""
    return (1.0, 2.0, 100.0)[(a >= boxes) + (b >= boxes)]


def _offsets(layer: list[int], sizes: dict[int, Size], boxes: int) -> list[float]:
    """How far below the first each cell of a column must at least be."""
    offsets = [0.0]
    for a, b in itertools.pairwise(layer):
        gap = GAP if a < boxes or b < boxes else GAP / 2
        offsets.append(offsets[-1] + (sizes[a][1] + sizes[b][1]) / 2 + gap)
    return offsets


def _spread(wanted: list[float], weights: list[float], offsets: list[float]) -> list[float]:
    """The heights nearest to those wanted, in least squares, that keep the offsets between neighbours.

    Source: isotonic regression by pooling adjacent violators; Barlow et al., 1972.
    """
    pools: list[tuple[float, float, int]] = []  # mean, weight, count
    for at, weight, offset in zip(wanted, weights, offsets, strict=True):
        mean, total, count = at - offset, weight, 1
        while pools and pools[-1][0] >= mean:
            other, w, n = pools.pop()
            mean, total, count = (mean * total + other * w) / (total + w), total + w, count + n
        pools.append((mean, total, count))
    spread = [mean for mean, _, count in pools for _ in range(count)]
    return [mean + offset for mean, offset in zip(spread, offsets, strict=True)]


def _ports(layers: Layers, sizes: dict[int, Size], y: dict[int, float], boxes: int) -> dict[int, float]:
    """For each edge the height at which it enters its box: several that enter one are spread along its side."""
    ports: dict[int, float] = {}
    for node in range(boxes):
        entering = sorted((y[chain[-2]], i) for i, chain in enumerate(layers.chains) if chain[-1] == node)
        room = sizes[node][1] * 0.7
        for k, (_, i) in enumerate(entering):
            ports[i] = y[node] + room * ((k + 0.5) / len(entering) - 0.5)
    return ports
