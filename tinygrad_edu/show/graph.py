"""A description as boxes and arrows: an entry is a box, and of a tape that is too long to draw, a whole part is one.

parts  which box each entry goes into, by its place on the tape
"""

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

from tinygrad_edu.show.description import Description
from tinygrad_edu.show.nodes import Edge, Node
from tinygrad_edu.show.numbers import short, shown
from tinygrad_edu.show.scopes import scope, scopes_of

MOST = 60  # boxes that can be read
_TITLE = 30  # characters of a title


@dataclass
class Box:
    """One entry, or a part of the tape; `kind` is leaf, entry, result or part."""

    nodes: list[Node]
    title: str
    lines: list[str]
    kind: str

    @property
    def about(self) -> str:
        """What there is to say of it at length."""
        if len(self.nodes) == 1:
            (node,) = self.nodes
            line = f"; recorded in {node.line}" if node.line else ""
            made = f"{node.name} = {node.text}" if node.text else node.name
            return f"{made}: value {shown(node.data, 200)}, gradient {shown(node.gradient, 200)}{line}"
        counts = Counter(node.function or "leaf" for node in self.nodes)
        return f"{self.title}: {', '.join(f'{n} × {function}' for function, n in counts.most_common())}"


@dataclass
class Arrow:
    """The edges from one box to another: one edge, or all those between two parts."""

    source: int
    target: int
    edges: list[Edge] = field(default_factory=list)

    @property
    def label(self) -> str:
        """The local slope, as a number or a short formula; of several edges, how many there are."""
        if len(self.edges) > 1:
            return f"{len(self.edges)} edges"
        (edge,) = self.edges
        if edge.local_number is not None:
            return f"{edge.local_number:.4g}"
        return edge.formula if len(edge.formula) <= 18 else ""

    @property
    def about(self) -> str:
        """What goes along it, at length."""
        if len(self.edges) > 1:
            return f"{len(self.edges)} edges"
        (edge,) = self.edges
        z, x = edge.node.name, edge.input.name
        what = f"∂{z}/∂{x}" if edge.is_elementwise else f"what {x} gets of the gradient g of {z}"
        slope = edge.formula or "…" if edge.local_number is None else f"{edge.local_number:.6g}"
        formula = f"{edge.formula} = " if edge.local_number is not None and edge.formula not in ("", slope) else ""
        return f"{what} = {formula}{slope}; share {shown(edge.share, 200)}"


@dataclass
class Graph:
    """Boxes, each after what leads to it, and the arrows between them."""

    boxes: list[Box]
    arrows: list[Arrow]


def graph_of(tape: Description, most: int = MOST) -> Graph:
    """The boxes and arrows of a tape; if it has more than `most` entries, parts of it are boxes.

    Parts are the scopes that were named, the outermost in which entries differ; where that is not enough, or there are
    none, entries that are as far from the leaves and have the same function; then whole ranges of distances.

    Raises:
        ValueError: `most` is no whole number of at least 1.
    """
    if not isinstance(most, int) or most < 1:
        raise ValueError(f"most is {most!r}; it must be a whole number of at least 1, how many boxes may be drawn")
    if len(tape) <= most:
        return _joined(tape, list(range(len(tape))))
    parts = _by_scope(tape)
    graph = _joined(tape, parts)
    if len(graph.boxes) > most or not _runs_forward(graph):
        distance = _distances(tape)
        parts = [(distance[node.place], node.function) for node in tape]
        graph = _joined(tape, parts)
        if len(graph.boxes) > most:
            width = -(-(max(distance) + 1) // most)
            graph = _joined(tape, [d // width for d in distance])
    return graph


def _joined(tape: Description, parts: Sequence[Hashable]) -> Graph:
    """The graph in which the entries of each part are one box."""
    members: dict[Hashable, list[Node]] = {}
    for node, part in zip(tape, parts, strict=True):
        members.setdefault(part, []).append(node)
    order = sorted(members, key=lambda part: members[part][-1].place)
    number = {part: i for i, part in enumerate(order)}
    box_of = [number[part] for part in parts]
    arrows: dict[tuple[int, int, int], Arrow] = {}
    for node in tape:
        for edge in node.edges:
            ends = box_of[edge.input.place], box_of[node.place]
            if ends[0] != ends[1]:
                alone = len(members[order[ends[0]]]) == len(members[order[ends[1]]]) == 1
                key = (*ends, edge.argument if alone else -1)
                arrows.setdefault(key, Arrow(*ends)).edges.append(edge)
    return Graph([_box(tape, part, members[part]) for part in order], list(arrows.values()))


def _box(tape: Description, part: Hashable, nodes: list[Node]) -> Box:
    if len(nodes) == 1:
        (node,) = nodes
        title = f"{node.name} = {node.text}" if node.text else node.name
        kind = "leaf" if not node.edges else "result" if node is tape.result else "entry"
        return Box(nodes, short(title, _TITLE), [shown(node.data, 22), f"∇ {shown(node.gradient, 22)}"], kind)
    functions = {node.function for node in nodes}
    title = part.name if isinstance(part, scope) else functions.pop() or "leaves" if len(functions) == 1 else "entries"
    shape, _ = Counter(node.value.shape for node in nodes).most_common(1)[0]
    return Box(
        nodes, short(title, _TITLE), [f"{len(nodes):,} entries", f"shape {shape}" if shape else "numbers"], "part"
    )


def _by_scope(tape: Description) -> list[Hashable]:
    """The scope of each entry at the first depth where they differ, and of a leaf that only one of these uses.

    Other entries stand for themselves.
    """
    within, depth = [scopes_of(node.value) for node in tape], 0
    recorded = [scopes for node, scopes in zip(tape, within, strict=True) if node.edges]
    while len(found := {scopes[depth : depth + 1] for scopes in recorded}) == 1 and found != {()}:
        depth += 1
    parts: list[Hashable] = [next(iter(scopes[depth:]), place) for place, scopes in enumerate(within)]
    for node in tape:
        users = {parts[edge.node.place] for edge in node.uses}
        if not node.edges and len(users) == 1 and isinstance(parts[node.place], int):
            (user,) = users
            parts[node.place] = node.place if isinstance(user, int) else user
    return parts


def _runs_forward(graph: Graph) -> bool:
    """Whether no box leads back to itself, as a part may that was left and entered again."""
    return all(arrow.source < arrow.target for arrow in graph.arrows)


def _distances(tape: Description) -> list[int]:
    """For each entry how many steps the longest way from the leaves to it has."""
    distance: list[int] = []
    for node in tape:
        distance.append(1 + max((distance[edge.input.place] for edge in node.edges), default=-1))
    return distance
