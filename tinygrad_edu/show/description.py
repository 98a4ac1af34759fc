"""One plain description of a tape, from which tables, explanations, pictures and pages are made.

z, x   an entry, and one of its inputs
share  what x gets from z
"""

import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tinygrad_edu.compiler.codegen.templates import ATOM, UNARY
from tinygrad_edu.core.context import listening
from tinygrad_edu.core.masking import gradients
from tinygrad_edu.core.rules import Array
from tinygrad_edu.core.tape import Entry
from tinygrad_edu.core.value import Value
from tinygrad_edu.show.nodes import Edge, Node
from tinygrad_edu.show.symbols import call_text, constant

_MOST_COUNTED = 4  # functions of which it is said how often they stand among entries left out


@dataclass
class Description:
    """The nodes of a tape, oldest first, and the seed that the backward sweep begins with."""

    nodes: list[Node]
    seed: Array

    @property
    def result(self) -> Node:
        """The last entry."""
        return self.nodes[-1]

    def chosen(self, entries: range | None, ends: int) -> list[Node]:
        """The nodes at these places; by default all, or so many of each end of a long tape.

        Raises:
            TypeError: `entries` is no range.
            ValueError: it reaches beyond the tape.
        """
        if entries is None:
            return self.nodes if len(self) <= 2 * ends else [*self.nodes[:ends], *self.nodes[-ends:]]
        if not isinstance(entries, range):
            raise TypeError(f"entries: got {entries!r}; give a range of places on the tape, such as range(10, 20)")
        if any(not 0 <= i < len(self) for i in (*entries[:1], *entries[-1:])):
            raise ValueError(f"entries: got {entries}, and the tape has {len(self):,}, from 0 to {len(self) - 1}")
        return [self.nodes[i] for i in sorted(entries)]

    def left_out(self, ends: int, method: str) -> str:
        """What is between the ends of a long tape, in a line, and how to see it."""
        inside = self.nodes[ends:-ends]
        functions = Counter(node.function or "leaf" for node in inside).most_common()
        counts = [f"{count:,} {name}" for name, count in functions[:_MOST_COUNTED]]
        counts += ["others"] if len(functions) > _MOST_COUNTED else []
        middle = max(ends, len(self) // 2 - ends // 2)
        there = f"{method}(entries=range({middle}, {min(middle + ends, len(self))}))"
        return f"… {len(inside):,} entries left out: {', '.join(counts)}; .{there} shows some …"

    def __iter__(self) -> Iterator[Node]:
        return iter(self.nodes)

    def __len__(self) -> int:
        return len(self.nodes)


class _Shares:
    """A listener that keeps what goes along each edge in the sweep."""

    def __init__(self) -> None:
        self.shares: dict[Entry, list[Array]] = {}

    def entry(self, z: Entry) -> None:
        """Ignore what is recorded."""

    def share(self, z: Entry, g: Array, x: Entry, share: Array) -> None:
        """Keep a share; those of an entry come in the order of its inputs."""
        self.shares.setdefault(z, []).append(share)


def describe(entries: list[Value], seed: Array | None = None) -> Description:
    """What a tape holds and what its backward sweep does, in numbers; `.grad` of no entry is changed.

    Args:
        entries: the tape, oldest first.
        seed: the cotangent to begin with, 1 for each element of the result by default.

    Raises:
        ValueError: the seed has another shape than the result.
    """
    result = entries[-1]
    start = np.broadcast_to(result.data.dtype.type(1), result.shape) if seed is None else np.asarray(seed, result.dtype)
    if start.shape != result.shape:
        raise ValueError(f"the seed has shape {start.shape}, the result {result.shape}; give one number for each")
    collector = _Shares()
    with listening(collector):
        leaves, inner = gradients(entries, {result: start[()]}, inner=True)
    slopes = {**leaves, **inner}
    names = _names(entries)
    nodes: dict[Value, Node] = {}
    for place, z in enumerate(entries):
        g = slopes.get(z)
        nodes[z] = Node(place, z, names[z], "", np.zeros_like(z._payload)[()] if g is None else g[()])
    for z, node in nodes.items():
        node.text = _written(z, names)
        arguments = [i for i, x in enumerate(z.inputs) if isinstance(x, Entry)]
        for i, share in zip(arguments, collector.shares.get(z, ()), strict=True):
            edge = Edge(node, nodes[z.inputs[i]], i, share[()])
            node.edges.append(edge)
            edge.input.uses.append(edge)
    return Description(list(nodes.values()), start)


def _names(entries: list[Value]) -> dict[Value, str]:
    """What each entry is called: its name where that tells it from all others, else its place, as in #3."""
    given = Counter(z.name for z in entries)
    meant = {"g", "const"} if any(z.ndim for z in entries) else set()  # in formulas of arrays these mean something else
    own = {z for z in entries if z.name and given[z.name] == 1 and z.name not in meant and not z.name.startswith("#")}
    return {z: str(z.name) if z in own else f"#{i}" for i, z in enumerate(entries)}


def _written(z: Value, names: dict[Value, str]) -> str:
    """The function of an entry with its operands, as in ``#2 ** 2``; empty for a leaf."""
    if z.function is None:
        return ""
    operands = []
    for x in z.inputs:
        text = names[x] if isinstance(x, Value) else constant(x)
        operands.append((text, UNARY if text.startswith("-") else ATOM))
    return call_text(z.function, operands, z.keywords)[0]


def running_totals(node: Node) -> Iterator[tuple[Edge, Array]]:
    """The shares that an entry gets, in the order of the sweep, and what they sum to so far."""
    arrival = sorted(node.uses, key=lambda e: (-e.node.place, e.argument))
    return zip(arrival, itertools.accumulate(e.share for e in arrival), strict=True)
