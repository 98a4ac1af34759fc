"""Tracing: a function is run twice on tracers, and what both runs did is its program.

fill      the stand-ins for what goes in
"""

from typing import Any

import numpy as np

from tinygrad_edu import tree
from tinygrad_edu.program.errors import TraceError
from tinygrad_edu.program.inputs import Reader
from tinygrad_edu.program.nodes import Node, Program, same
from tinygrad_edu.program.tracing import NeededError, Recorder, TracedArray
from tinygrad_edu.recording import Recording
from tinygrad_edu.tape import Entry, payload, record
from tinygrad_edu.value import Value


class Traced:
    """What came of tracing: the program, how to read its inputs, and the structure of what it gives."""

    def __init__(self, function: Any, args: tuple[Any, ...], keywords: dict[str, Any]) -> None:
        known: set[str] = set()
        while True:
            try:
                self.reader = Reader(function, args, keywords, known)
                self._trace(function, args, keywords)
                break
            except NeededError as needed:
                known.add(needed.wanted.place)

    def _trace(self, function: Any, args: tuple[Any, ...], keywords: dict[str, Any]) -> None:
        numbers = self.reader.read(args, keywords)
        if numbers is None:
            raise TraceError("tg.compile: the arguments cannot be read a second time; pass numbers, arrays and trees")
        first, second = (self._run(numbers) for _ in range(2))
        if self.reader.read(args, keywords) is None:
            raise TraceError("tg.compile: the function changes what it was given or closes over; return new values")
        _compare(first, second)
        self.program, self.structure, self.kinds = first.program, first.structure, first.kinds

    def _run(self, numbers: tuple[Any, ...]) -> "_Run":
        return _Run(self.reader, numbers)


class _Run:
    """One run on tracers."""

    def __init__(self, reader: Reader, numbers: tuple[Any, ...]) -> None:
        recorder = Recorder()
        given = [recorder.given(x, place) for x, place in zip(numbers, reader.places, strict=True)]
        with Recording(True), np.errstate(all="ignore"):
            fill = [record(Value, x) if value else x for x, value in zip(given, reader.values, strict=True)]
            result = reader.called(fill)
        changed = reader.changed()
        for x, stand_in in zip(given, fill, strict=True):
            if stand_in is not x and (stand_in._data is not x or stand_in._grad is not None):
                changed = f"{x.node.place} (its .data or .grad)"
        if changed is not None:
            raise TraceError(f"tg.compile: the function changes {changed}; return new values instead")
        leaves, _ = tree.take_apart(result)
        self.structure, self.kinds = result, [isinstance(x, Entry) for x in leaves]
        outputs = [_output(x) for x in leaves]
        inputs = [x.node for x in given]
        program = Program("program", inputs, recorder.nodes, outputs)  # type: ignore[arg-type]
        self.program = program.named(tree.paths(result))


def _output(x: Any) -> Any:
    numbers = payload(x)
    return numbers.node if isinstance(numbers, TracedArray) else numbers


def _compare(first: _Run, second: _Run) -> None:
    """Make sure that two runs on the same numbers did the same."""
    a, b = first.program, second.program
    places: dict[Node, Node] = dict(zip(a.inputs, b.inputs, strict=True))
    for x, y in zip(a.nodes, b.nodes, strict=False):
        alike = x.function == y.function and same(x.arguments, y.arguments, places)
        if not alike or x.keywords.keys() != y.keywords.keys() or not same(
            tuple(x.keywords.values()), tuple(y.keywords.values()), places
        ):  # fmt: skip
            raise _differs(x)
        places[x] = y
    if len(a.nodes) != len(b.nodes) or not same(tuple(a.outputs), tuple(b.outputs), places):
        raise _differs((a.nodes or [None])[-1])


def _differs(node: Node | None) -> TraceError:
    where = f" [{node.origin[0].rpartition('/')[2]}:{node.origin[1]}]" if node and node.origin else ""
    return TraceError(
        "tg.compile: two runs of the function on the same numbers did different things, because of randomness or a "
        f"hidden count; pass what differs as an argument, such as a seed or a step number{where}"
    )
