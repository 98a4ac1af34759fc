"""The graph of a program before it is printed: nodes, each one call of NumPy's, in the order they run.

node       what one call makes: its function and arguments, and what is known of the result beforehand
operands   the nodes among the arguments
memory     the node whose memory a node shares: the array it is a view of, or itself
settled    a node whose memory and whose operands' memory nothing writes into after it

    x ──┐
        ├─ np.multiply ── t1 ──┬─ np.sin ── t2 ──┐
    w ──┘                      │                 ├─ np.add ── result
                               └─────────────────┘
    inputs        nodes, in the order they run       outputs
"""

import math
import os
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from tinygrad_edu.core import rules
from tinygrad_edu.core.source_info import label

Function = Callable[..., Any]
Array = Any  # an array, a number of NumPy's or a number of Python's
Origin = tuple[str, int]
Shape = tuple[int, ...]

VERIFY = os.environ.get("TINYGRAD_EDU_VERIFY") == "1"  # check every graph and every memory plan that is made


class GraphError(Exception):
    """A graph, or its memory plan, is not sound: a fault of the compiler, never of the function that was traced."""


class Node:
    """One call: ``function(*arguments, **keywords)``, where other nodes may stand in tuples, lists and slices too."""

    __slots__ = (
        "arguments", "backward", "dtype", "function", "keywords", "kind", "memory", "name", "origin", "shape",
        "strides", "writes",
    )  # fmt: skip

    def __init__(self, function: Function, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> None:
        self.function, self.arguments, self.keywords = function, arguments, keywords
        self.shape: Shape | None = None  # None: no array, and no number of NumPy's
        self.strides: Shape | None = None  # None: no memory of its own
        self.dtype: Any = None
        self.kind: type | None = None  # None: not known
        self.memory: Node = self
        self.writes: Node | None = None  # the node whose memory the call changes
        self.origin: Origin | None = None
        self.backward = False
        self.name: str | None = None

    def describe(self, result: Array) -> None:
        """Record what is known of the result before later runs."""
        self.kind = type(result)
        if isinstance(result, (np.ndarray, np.generic)):
            self.shape, self.dtype = result.shape, result.dtype
            if isinstance(result, np.ndarray):
                self.strides = result.strides

    def sibling(
        self, function: Function, arguments: tuple[Any, ...], shape: Shape | None, strides: Shape | None, dtype: Any
    ) -> "Node":
        """Make a node that comes from the same line."""
        node = Node(function, arguments, {})
        node.shape, node.strides, node.dtype = shape, strides, dtype
        node.origin, node.backward = self.origin, self.backward
        return node

    @property
    def operands(self) -> list["Node"]:
        """The nodes among the arguments, as often as they stand there."""
        found: list[Node] = []
        for x in self.arguments:
            kind = type(x)  # asked for so often that isinstance would be a tenth of a first call
            if kind is Node or kind is Input:
                found.append(x)
            elif kind in _NESTED:
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
        return math.prod(self.shape or ())

    @property
    def is_contiguous(self) -> bool:
        """Whether the elements stand in memory row by row, without gaps."""
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


_NESTED = (tuple, list, slice)


def nodes_in(x: Any) -> Iterator[Node]:
    """The nodes in nested tuples, lists and slices."""
    if isinstance(x, Node):
        yield x
    elif isinstance(x, (tuple, list)):
        for part in x:
            yield from nodes_in(part)
    elif isinstance(x, slice):
        yield from nodes_in((x.start, x.stop, x.step))


def map_nested(x: Any, change: Callable[[Any], Any]) -> Any:
    """The same nested tuples, lists and slices, with `change` applied to whatever else is in them."""
    kind = type(x)
    if kind is tuple or kind is list:
        return kind([map_nested(part, change) if type(part) in _NESTED else change(part) for part in x])
    if isinstance(x, slice):
        return slice(*(map_nested(part, change) for part in (x.start, x.stop, x.step)))
    return change(x)


def substitute(node: Node, by: dict[Node, Any]) -> None:
    """Put what operands are replaced by in their place."""
    if not by:
        return

    def change(x: Any) -> Any:
        return by.get(x, x) if isinstance(x, Node) else x

    if not by.keys().isdisjoint(node.operands):
        node.arguments = map_nested(node.arguments, change)
        node.keywords = {key: map_nested(x, change) for key, x in node.keywords.items()}
    if node.memory in by:
        base = by[node.memory]
        node.memory = base.memory if isinstance(base, Node) else node
    if node.writes in by:
        node.writes = by[node.writes]


def copied(graph: "Graph") -> "Graph":
    """The same graph of nodes of its own, which passes may change."""
    by: dict[Node, Any] = {x: x for x in graph.inputs}
    nodes = []
    for node in graph.nodes:
        copy = by[node] = node.sibling(node.function, node.arguments, node.shape, node.strides, node.dtype)
        copy.keywords, copy.kind, copy.name = node.keywords, node.kind, node.name
        copy.memory, copy.writes = copy if node.memory is node else node.memory, node.writes
        substitute(copy, by)
        nodes.append(copy)
    return Graph(graph.name, graph.inputs, nodes, [by[x] if isinstance(x, Node) else x for x in graph.outputs])


def fingerprint(x: Any) -> Any:
    """What two constants have in common only if they are the same, to the bit."""
    if isinstance(x, (np.ndarray, np.generic)):
        return type(x), x.dtype.str, x.shape, getattr(x, "strides", ()), x.tobytes()
    if isinstance(x, (float, complex)):
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


def cast(x: Any, dtype: Any, **keywords: Any) -> Any:
    """Another kind of number."""
    return x.astype(dtype, **keywords) if isinstance(x, (np.ndarray, np.generic)) else dtype.type(x)


def assume(condition: Any, answer: bool) -> None:
    """Stand for a check at run time: the program holds only for numbers that answer `condition` as the traced did."""


class Graph:
    """Nodes in the order they run, with what goes in and what comes out (nodes or constants)."""

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
        """The graph of these nodes, with outputs replaced as `by` says."""
        outputs = [by.get(x, x) if isinstance(x, Node) else x for x in self.outputs]
        return Graph(self.name, self.inputs, nodes, outputs)

    def __str__(self) -> str:
        """One line for each node: what it is called, its call, its dtype and shape."""
        names = {x: x.place for x in self.inputs} | {x: f"t{i}" for i, x in enumerate(self.nodes, 1)}
        lines = [f"{self.name}({', '.join(names[x] for x in self.inputs)})"]
        for node in self.nodes:
            arguments = [_shown(x, names) for x in node.arguments]
            arguments += [f"{key}={_shown(x, names)}" for key, x in node.keywords.items()]
            into = f"{_shown(node.writes, names)} <- " if node.writes is not None else f"{names[node]} = "
            known = "" if node.dtype is None or node.writes is not None else f"  {node.dtype} {node.shape}"
            lines.append(f"{into}{_called(node.function)}({', '.join(arguments)}){known}")
        return "\n".join([*lines, f"return {', '.join(_shown(x, names) for x in self.outputs)}"])


def _called(function: Function) -> str:
    """A function as its users write it."""
    owner = getattr(function, "__self__", None)
    return f"{label(owner)}.{function.__name__}" if isinstance(owner, np.ufunc) else label(function)


def _shown(x: Any, names: dict[Node, str]) -> str:
    """An argument in one short line: a node by its name, an array by its dtype and shape."""
    if isinstance(x, Node):
        return names.get(x, "?")
    if isinstance(x, (tuple, list)):
        inside = ", ".join(_shown(part, names) for part in x)
        return f"[{inside}]" if isinstance(x, list) else f"({inside}{',' * (len(x) == 1)})"
    if isinstance(x, slice):
        return f"slice({', '.join(_shown(part, names) for part in (x.start, x.stop, x.step))})"
    return f"{x.dtype} {x.shape}" if isinstance(x, np.ndarray) and x.ndim else repr(x)


def is_elementwise(node: Node) -> bool:
    """Whether each element of the result comes of the elements in its place of the operands."""
    return rules.is_elementwise(node.function) and getattr(node.function, "nout", 1) == 1


def written_memory(nodes: Iterable[Node]) -> set[Node]:
    """The memory that is written into after it was made."""
    return {node.writes.memory for node in nodes if node.writes is not None}


def settled(nodes: list[Node]) -> set[Node]:
    """The nodes whose call may be looked into, or used again, by later ones: it would still give what they hold.

    Nothing writes, after such a node, into its memory or into that of its operands: both keep their version.
    """
    written: set[Node] = set()
    found = set()
    if not any(node.writes is not None for node in nodes):
        return {*nodes}
    for node in reversed(nodes):
        if node.writes is not None:
            written.add(node.writes.memory)
        elif node.memory not in written and (not written or written.isdisjoint(x.memory for x in node.operands)):
            found.add(node)
    return found
