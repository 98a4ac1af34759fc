"""Layers of a directed graph, and an order in each with few crossings.

Every edge that spans several layers is a chain of cells, one in each layer between, so that all lead from one layer
to the next. Nodes stand in even layers; in the odd ones each edge has a cell of its own, where its label finds room.

Source: Sugiyama, Tagawa and Toda, 1981; Eades and Wormald, 1994 (medians); Gansner et al., 1993 (transposing).
"""

import bisect
import itertools
import random
from collections.abc import Sequence
from dataclasses import dataclass, field

Pair = tuple[int, int]


@dataclass
class Layers:
    """Cells in layers; the first cells are the nodes themselves.

    order:  the cells of each layer, from top to bottom.
    before, after: the cells of the layer before and after that a cell is joined to.
    chains: for each edge its cells, from its source to its target.
    """

    order: list[list[int]]
    before: dict[int, list[int]] = field(default_factory=dict)
    after: dict[int, list[int]] = field(default_factory=dict)
    chains: list[list[int]] = field(default_factory=list)

    @property
    def crossings(self) -> int:
        """How many pairs of edges cross."""
        return sum(_crossings(above, below, self.after) for above, below in itertools.pairwise(self.order))


def arrange(count: int, edges: Sequence[Pair]) -> Layers:
    """Layers for `count` nodes, sources before targets; of several orders tried, the one with the fewest crossings."""
    layers = _assign(count, edges)
    best, fewest = layers.order, layers.crossings
    effort = max(1, min(8, 4_000 // (1 + sum(map(len, layers.order)))))
    for start in range(effort):
        if fewest == 0:
            break
        if start:
            shuffle = random.Random(start)
            layers.order = [shuffle.sample(layer, len(layer)) for layer in best]
        order, crossings = _improve(layers)
        if crossings < fewest:
            best, fewest = order, crossings
    layers.order = best
    return layers


def _assign(count: int, edges: Sequence[Pair]) -> Layers:
    """Each node just before its first user, in a first order that follows the edges back from the last node."""
    incoming: list[list[int]] = [[] for _ in range(count)]
    outgoing: list[list[int]] = [[] for _ in range(count)]
    for source, target in edges:
        incoming[target].append(source)
        outgoing[source].append(target)
    behind = [0] * count  # layers between a node and the end
    waiting = [len(targets) for targets in outgoing]
    ready = [node for node in range(count) if not waiting[node]]
    while ready:
        target = ready.pop()
        for source in incoming[target]:
            behind[source] = max(behind[source], behind[target] + 2)
            waiting[source] -= 1
            if not waiting[source]:
                ready.append(source)
    depth = max(behind, default=0)
    layers = Layers([[] for _ in range(depth + 1)])
    place = [depth - n for n in behind]
    fresh = count
    for source, target in edges:
        between = list(range(fresh, fresh + place[target] - place[source] - 1))
        fresh += len(between)
        layers.chains.append([source, *between, target])
    for chain in layers.chains:
        for a, b in itertools.pairwise(chain):
            layers.after.setdefault(a, []).append(b)
            layers.before.setdefault(b, []).append(a)
    layer_of = {node: place[node] for node in range(count)}
    for chain in layers.chains:
        layer_of.update({cell: place[chain[0]] + i for i, cell in enumerate(chain[:-1])})
    for cell in _walk(count, layers.before, [node for node in range(count) if not outgoing[node]]):
        layers.order[layer_of[cell]].append(cell)
    return layers


def _walk(count: int, before: dict[int, list[int]], ends: list[int]) -> list[int]:
    """All cells in the order of a walk back from the ends, depth first: a tree drawn so has no crossings."""
    seen: set[int] = set()
    walked, ahead = [], list(reversed(ends))
    while ahead:
        cell = ahead.pop()
        if cell not in seen:
            seen.add(cell)
            walked.append(cell)
            ahead += reversed(before.get(cell, []))
    return walked


def _crossings(above: list[int], below: list[int], after: dict[int, list[int]]) -> int:
    """The crossings between two layers: pairs of edges whose ends are in opposite orders."""
    at = {cell: i for i, cell in enumerate(below)}
    found: list[int] = []  # the ends so far, sorted
    crossings = 0
    for cell in above:
        ends = sorted(at[b] for b in after.get(cell, ()))
        for end in ends:
            crossings += len(found) - bisect.bisect_right(found, end)
        for end in ends:
            bisect.insort(found, end)
    return crossings


def _improve(layers: Layers, rounds: int = 12) -> tuple[list[list[int]], int]:
    """The best order that sweeps to and fro find from the present one, and its crossings."""
    best, fewest = layers.order, layers.crossings
    for round_ in range(rounds):
        order = [list(layer) for layer in layers.order]
        for i in range(1, len(order)):
            order[i] = _sorted(order[i], order[i - 1], layers.before, round_ % 2)
        for i in reversed(range(len(order) - 1)):
            order[i] = _sorted(order[i], order[i + 1], layers.after, round_ % 2)
        layers.order = order
        _transpose(layers)
        crossings = layers.crossings
        if crossings < fewest:
            best, fewest = [list(layer) for layer in layers.order], crossings
        if not fewest:
            break
    return best, fewest


def _sorted(layer: list[int], fixed: list[int], joined: dict[int, list[int]], backwards: int) -> list[int]:
    """A layer by the mean place of what its cells are joined to; cells that tie stay in order, or turn round."""
    at = {cell: i for i, cell in enumerate(fixed)}
    means: dict[int, float] = {}
    for i, cell in enumerate(layer):
        ends = [at[b] for b in joined.get(cell, ())]
        means[cell] = sum(ends) / len(ends) if ends else i
    tied = reversed(layer) if backwards else layer
    return sorted(tied, key=means.__getitem__)


def _transpose(layers: Layers) -> None:
    """Swap neighbours as long as that takes away crossings."""
    improved = True
    while improved:
        improved = False
        for k, layer in enumerate(layers.order):
            sides = []
            if k:
                sides.append(({cell: i for i, cell in enumerate(layers.order[k - 1])}, layers.before))
            if k + 1 < len(layers.order):
                sides.append(({cell: i for i, cell in enumerate(layers.order[k + 1])}, layers.after))
            for i in range(len(layer) - 1):
                a, b = layer[i], layer[i + 1]
                gain = 0
                for at, joined in sides:
                    ends = [at[x] for x in joined.get(a, ())], [at[x] for x in joined.get(b, ())]
                    gain += sum((x > y) - (x < y) for x in ends[0] for y in ends[1])
                if gain > 0:
                    layer[i], layer[i + 1] = b, a
                    improved = True
