"""The program before it is printed: a list of nodes, each one call of NumPy's, in the order of running.

node       what one call gave: its function and arguments, and what is known of the result beforehand
operands   the nodes among the arguments
memory     the node whose memory a node shares: the array it is a view of, or itself
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

Origin = tuple[str, int]


class Node:
    """One call: ``function(*arguments, **keywords)``, where other nodes may stand in tuples, lists and slices too."""

    __slots__ = (
        "arguments",
        "backward",
        "dtype",
        "function",
        "keywords",
        "kind",
        "memory",
        "name",
        "origin",
        "shape",
        "strides",
        "writes",
    )

    def __init__(self, function: Callable[..., Any], arguments: tuple[Any, ...], keywords: dict[str, Any]) -> None:
        self.function, self.arguments, self.keywords = function, arguments, keywords
        self.shape: tuple[int, ...] | None = None  # None: no array, and no number of NumPy's
        self.strides: tuple[int, ...] | None = None  # None: no memory of its own
        self.dtype: Any = None
        self.kind: type | None = None  # None: not known
        self.memory: Node = self
        self.writes: Node | None = None  # the node whose memory the call changes
        self.origin: Origin | None = None
        self.backward = False
        self.name: str | None = None

    def describe(self, numbers: Any) -> None:
        """Note what is known of the result before later runs."""
        self.kind = type(numbers)
        if isinstance(numbers, (np.ndarray, np.generic)):
            self.shape, self.dtype = numbers.shape, numbers.dtype
            if isinstance(numbers, np.ndarray):
                self.strides = numbers.strides

    def sibling(
        self, function: Callable[..., Any], arguments: tuple[Any, ...], shape: Any, strides: Any, dtype: Any
    ) -> "Node":
        """Make a node that stands in the same place."""
        node = Node(function, arguments, {})
        node.shape, node.strides, node.dtype = shape, strides, dtype
        node.origin, node.backward = self.origin, self.backward
        return node

    @property
    def operands(self) -> list["Node"]:
        """The nodes among the arguments, as often as they stand there."""
        found: list[Node] = []
        for x in self.arguments:
            if isinstance(x, Node):
                found.append(x)
            elif isinstance(x, (tuple, list, slice)):
                found.extend(nodes_in(x))
        if self.keywords:
            found.extend(nodes_in(tuple(self.keywords.values())))
        return found

    @property
    def is_view(self) -> bool:
        """Whether it shares the memory of another."""
        return self.memory is not self

    @property
    def size(self) -> int:
        """The number of elements."""
        n = 1
        for m in self.shape or ():
            n *= m
        return n

    @property
    def is_contiguous(self) -> bool:
        """Whether the numbers stand in memory one after the other."""
        step = int(self.dtype.itemsize)
        for n, stride in zip(reversed(self.shape or ()), reversed(self.strides or ()), strict=True):
            if n != 1 and stride != step:
                return False
            step *= n
        return self.strides is not None

    @property
    def nbytes(self) -> int:
        """The bytes of the result."""
        return self.size * int(self.dtype.itemsize) if self.shape is not None else 0


def nodes_in(x: Any) -> Iterator[Node]:
    """Go through the nodes in nested tuples, lists and slices."""
    if isinstance(x, Node):
        yield x
    elif isinstance(x, (tuple, list)):
        for part in x:
            yield from nodes_in(part)
    elif isinstance(x, slice):
        yield from nodes_in((x.start, x.stop, x.step))


_NESTED = (tuple, list, slice)


def map_nested(x: Any, change: Callable[[Any], Any]) -> Any:
    """Give nested tuples, lists and slices with `change` applied to whatever else is in them."""
    kind = type(x)
    if kind is tuple or kind is list:
        return kind([map_nested(part, change) if type(part) in _NESTED else change(part) for part in x])
    if isinstance(x, slice):
        return slice(*(map_nested(part, change) for part in (x.start, x.stop, x.step)))
    return change(x)


def substitute(node: Node, by: dict[Node, Any]) -> None:
    """Put in place of operands what they are replaced by."""

    def change(x: Any) -> Any:
        return by.get(x, x) if isinstance(x, Node) else x

    if any(x in by for x in node.operands):
        node.arguments = map_nested(node.arguments, change)
        node.keywords = {key: map_nested(x, change) for key, x in node.keywords.items()}
    if node.memory in by:
        base = by[node.memory]
        node.memory = base.memory if isinstance(base, Node) else node
    if node.writes in by:
        node.writes = by[node.writes]


def same(x: Any, y: Any, places: dict[Node, Node]) -> bool:
    """Tell whether two arguments are the same, where `places` says which node of one run is which of the other."""
    if isinstance(x, Node):
        return places.get(x) is y
    if type(x) is not type(y):
        return False
    if isinstance(x, (tuple, list)):
        return len(x) == len(y) and all(same(a, b, places) for a, b in zip(x, y, strict=True))
    if isinstance(x, slice):
        return same((x.start, x.stop, x.step), (y.start, y.stop, y.step), places)
    return x is y or fingerprint(x) == fingerprint(y)


def fingerprint(x: Any) -> Any:
    """Give what two constants have in common only if they are the same, to the bit."""
    if isinstance(x, (np.ndarray, np.generic)):
        return type(x), x.dtype.str, x.shape, getattr(x, "strides", ()), x.tobytes()
    if isinstance(x, (float, int, bool)):
        return type(x), repr(x)
    try:
        hash(x)
    except TypeError:
        return type(x), id(x)
    return type(x), x


class Input(Node):
    """What a run is given: an argument, or what the function closes over."""

    __slots__ = ("place",)
    kind: type

    def __init__(self, place: str, kind: type = np.ndarray) -> None:
        super().__init__(given, (), {})
        self.place, self.kind = place, kind


def given() -> None:
    """Stand where a node has no function, being an input."""


def assume(condition: Any, answer: bool) -> None:
    """Stand for the question whether a program holds for these numbers: if not, the function itself is run."""


class Graph:
    """Nodes in the order of running, with what goes in and what comes out (nodes or constants)."""

    def __init__(self, name: str, inputs: list[Input], nodes: list[Node], outputs: list[Any]) -> None:
        self.name, self.inputs, self.nodes, self.outputs = name, inputs, nodes, outputs

    def named(self, places: list[str], gradients: dict[str, str] | None = None) -> "Graph":
        """Call outputs by where they stand in the result: the slope that stands at ``[1]['w']`` is ``d_w``.

        gradients: the argument by which the slope stands at a place, where the place itself has no words
        """
        for x, place in zip(self.outputs, places, strict=True):
            words = re.sub(r"^(\[\d+\])+", "", place).lstrip(".[' ")
            prefix = next((each for each in gradients or {} if place.startswith(each)), None)
            if gradients and prefix is not None:
                words = words or gradients[prefix] + place[len(prefix) :]
            if isinstance(x, Node) and x.name is None:
                swept = x.backward or any(y.backward for y in x.operands if x.function is np.copy)
                x.name = f"{'d' if swept or prefix is not None else 'new'}_{words}" if words else "result"
        return self

    @property
    def results(self) -> list[Node]:
        """The outputs that are nodes."""
        return [x for x in self.outputs if isinstance(x, Node)]

    def with_outputs(self, nodes: list[Node], by: dict[Node, Any]) -> "Graph":
        """Give the program of these nodes, with `by` telling what outputs were replaced by."""
        outputs = [by.get(x, x) if isinstance(x, Node) else x for x in self.outputs]
        return Graph(self.name, self.inputs, nodes, outputs)


def written_memory(nodes: Iterable[Node]) -> set[Node]:
    """Collect the memory that is written into after it was made."""
    return {node.writes.memory for node in nodes if node.writes is not None}
