"""The recorder: it writes down what is done to tracers.

numbers    what a call gave in this run
node       what is written down of it
"""

import operator
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_edu.compiler.bytecode import is_library
from tinygrad_edu.compiler.errors import NeededError, TraceError, trace_error
from tinygrad_edu.compiler.ir import Input, Node, assume, map_nested
from tinygrad_edu.compiler.patience import look
from tinygrad_edu.compiler.tracing.source_info import note
from tinygrad_edu.compiler.tracing.supported import (
    FACTS,
    errors_are_raised,
    in_c_order,
    known_operands,
    substitute,
    unsupported_reason,
    unsupported_result,
    write_target,
)
from tinygrad_edu.compiler.tracing.tracer import SINGLE, TracedArray, concrete, tracers
from tinygrad_edu.core.operators import BINARY, BITWISE, COMPARISONS, UNARY
from tinygrad_edu.core.rules import is_elementwise, is_opaque

_OPERATORS = {compute for _, compute in {**BINARY, **UNARY, **COMPARISONS, **BITWISE}.values()}


class Recorder:
    """The nodes so far, and what went wrong."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.fault: Exception | None = None  # kept, so that a function which catches it does not get away with it
        self.raised: Exception | None = None  # by NumPy
        self.closed = False
        self.watched: dict[Node, Any] | None = None  # the numbers behind what calls are given, while a loop asks
        self._integers: set[Input] = set()

    def given(self, numbers: Any, place: str) -> TracedArray:
        """The tracer for an input."""
        node = Input(place, type(numbers))
        node.describe(numbers)
        if isinstance(numbers, (int, np.integer, np.bool_)):
            self._integers.add(node)
        return TracedArray(numbers, node, self)

    def integers(self) -> list[str]:
        """The places of the integers that went in."""
        return [node.place for node in self._integers]

    def refused(self, what: str, instead: str) -> TraceError:
        """The error for the line that runs now."""
        error = trace_error(f"the function {what}", instead)
        self.fault = self.fault or error
        return error

    def need(self, x: TracedArray) -> None:
        """Ask for another trace in which a number is known, if it depends on given integers only."""
        behind: set[Node] = set()
        ahead = [x.node]
        while ahead:
            node = ahead.pop()
            if node not in behind:
                behind.add(node)
                ahead += node.operands
        inputs = {node for node in behind if isinstance(node, Input)}
        if inputs and inputs <= self._integers:
            needed = NeededError([node.place for node in inputs if isinstance(node, Input)])
            self.fault = self.fault or needed
            raise needed

    def call(self, function: Callable[..., Any], arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        """Run a function on the numbers, and write it down; what it writes into must be its own.

        Raises:
            TraceError: what would be written down cannot be right for other numbers.
            NeededError: a shape depends on an integer that is given.
        """
        look()
        if self.watched is not None:
            self.watched |= {x.node: x.numbers for x in tracers((arguments, [*keywords.values()]))}
        if self.closed:
            raise trace_error("the function kept a traced array from a run that is over", "give it back as a result")
        if not keywords and (isinstance(function, np.ufunc) or function in _OPERATORS):
            done = self._call_with_numbers(function, arguments)
            if done is not None:
                return done
        if (made := self._rewritten(function, arguments, keywords)) is not None:
            return made
        into = self._target(function, arguments, keywords)
        if wrong := unsupported_reason(function, arguments, keywords):
            raise self.refused(*wrong)
        given = map_nested(arguments, self._kept)
        named = {key: map_nested(x, self._kept) for key, x in keywords.items()}
        numbers = self._run(function, given, named)
        if function in FACTS:
            return numbers
        written = {key: map_nested(x, written_down) for key, x in named.items()}
        node = Node(function, map_nested(given, written_down), written)
        note(node, sys._getframe(1))
        self.nodes.append(node)
        if function is assume:
            return None
        if into is not None:
            node.writes = into.node
            return into if numbers is not None else None
        if wrong := unsupported_result(numbers):
            raise self.refused(*wrong)
        result = self.result(node, numbers, [*tracers(arguments), *tracers([*keywords.values()])])
        if is_opaque(function) and not is_elementwise(function) and not is_library(function.__module__):
            self._hold_to_shapes(result)
        return result

    def _rewritten(self, function: Callable[..., Any], arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        """What gives the same as a call that cannot be written down as it is; None where it can be."""
        if (instead := substitute(function, arguments)) is not None:
            return instead(*arguments, **keywords)
        for x in known_operands(function, arguments, keywords):
            x.__index__()
        return in_c_order(function, arguments, keywords)

    def _hold_to_shapes(self, result: Any) -> None:
        """Write down that the program holds only where results have the shapes and dtypes that they have now."""
        for x in tracers(result):
            for fact, found in ((np.shape, x.shape), (np.result_type, x.dtype)):
                asked = Node(fact, (x.node,), {})
                same = Node(operator.eq, (asked, found), {})
                self.nodes += [asked, same, Node(assume, (same, True), {})]

    def _call_with_numbers(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> TracedArray | None:
        """As `call`, where all that goes in and comes out are single numbers, of which there may be very many."""
        numbers: Any = tuple([x.numbers if type(x) is TracedArray else x for x in arguments])
        if not SINGLE.issuperset(map(type, numbers)) or errors_are_raised():
            return None
        try:
            numbers = function(*numbers)
        except Exception as error:
            self.raised = self.raised or error
            raise
        if type(numbers) not in SINGLE:
            return None
        node = Node(function, tuple([x.node if type(x) is TracedArray else x for x in arguments]), {})
        note(node, sys._getframe(2))
        self.nodes.append(node)
        node.describe(numbers)
        return TracedArray(numbers, node, self)

    def _kept(self, x: Any) -> Any:
        """A constant that cannot be written into later."""
        if isinstance(x, np.ndarray) and not isinstance(x, TracedArray):
            return _own(x)
        if isinstance(x, tuple):  # one with names
            return map_nested(tuple(x), self._kept)
        return x

    def _run(self, function: Callable[..., Any], arguments: Any, keywords: dict[str, Any]) -> Any:
        try:
            return function(*concrete(arguments), **{key: concrete(x) for key, x in keywords.items()})
        except Exception as error:
            self.raised = self.raised or error
            raise

    def _target(self, function: Any, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> TracedArray | None:
        """The array that a call writes into, if any; it must be the program's own."""
        into = write_target(function, arguments, keywords)
        if into is None:
            return None
        if isinstance(into, tuple):
            raise self.refused("writes into two arrays at once", "use the results")
        if not isinstance(into, TracedArray):
            make = "make that array with np.zeros_like(x, shape=…), or collect the parts and np.stack them"
            raise self.refused("writes into an array that is not traced", make)
        if isinstance(into.node.memory, Input):
            place = into.node.memory.place
            raise self.refused(f"writes into its input {place}", "work on a copy, or give a new array back")
        return into

    def result(self, node: Node, numbers: Any, sources: list[TracedArray]) -> Any:
        """Tracers for what came out; parts of a tuple are taken out of it by nodes of their own."""
        if isinstance(numbers, (tuple, list)):
            parts = [self._part(node, i, part, sources) for i, part in enumerate(numbers)]
            return type(numbers)(*parts) if hasattr(numbers, "_fields") else type(numbers)(parts)
        node.describe(numbers)
        if isinstance(numbers, np.ndarray):
            for x in sources:
                if isinstance(x.numbers, np.ndarray) and _shares_memory(numbers, x.numbers):
                    node.memory = x.node.memory
        return TracedArray(numbers, node, self)

    def _part(self, parent: Node, i: int, part: Any, sources: list[TracedArray]) -> Any:
        node = Node(operator.getitem, (parent, i), {})
        node.origin, node.backward = parent.origin, parent.backward
        self.nodes.append(node)
        return self.result(node, part, sources)


def _own(x: Any) -> Any:
    """A copy of an array; what is stretched stays so."""
    if 0 in x.strides and x.size:
        once = x[tuple(slice(None) if step else slice(0, 1) for step in x.strides)]
        return np.broadcast_to(once.copy(order="K"), x.shape)
    return x.copy(order="K")


def _shares_memory(x: Any, y: Any) -> bool:
    """Whether one array is a view of the other, or both are of a third; an empty one has no memory to compare."""
    return np.may_share_memory(x, y) or (not x.size and _owner(x) is _owner(y))


def _owner(x: Any) -> Any:
    while isinstance(x.base, np.ndarray):
        x = x.base
    return x


def written_down(x: Any) -> Any:
    """The node of a tracer, or the constant as it is."""
    return x.node if isinstance(x, TracedArray) else x
