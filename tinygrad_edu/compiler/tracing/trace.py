"""Tracing: a function is run on tracers, and what NumPy did to them is its graph.

numbers   what goes in
leaves    what stands in for it: tracers, and Values around tracers
"""

import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np

from tinygrad_edu import tree
from tinygrad_edu.compiler.errors import NeededError, TraceError, error_location, format_location, trace_error
from tinygrad_edu.compiler.ir import Graph
from tinygrad_edu.compiler.signature import Arguments, Signature
from tinygrad_edu.compiler.tracing.loop_writer import LoopWriter
from tinygrad_edu.compiler.tracing.recorder import Recorder
from tinygrad_edu.compiler.tracing.stand_ins import StandIns
from tinygrad_edu.compiler.tracing.tracer import TracedArray
from tinygrad_edu.core.context import Tracer, loops
from tinygrad_edu.core.tape import Entry, order, payload, record, serials
from tinygrad_edu.core.value import Value

PLAIN, LEAF, DERIVED = -3, -2, -1  # kinds of results; from 0 on: the Value that went in there

_inlining: ContextVar[bool] = ContextVar("inlining", default=False)


def is_inlining() -> bool:
    """Whether compiled functions run as they are written, since another is being traced or compared with."""
    return _inlining.get()


@contextmanager
def inlining() -> Iterator[None]:
    """Let compiled functions run as they are written, and keep NumPy quiet, as programs do."""
    token = _inlining.set(True)
    try:
        with np.errstate(all="ignore"):
            yield
    finally:
        _inlining.reset(token)


def run_eagerly(
    function: Callable[..., Any], args: tuple[Any, ...], keywords: dict[str, Any], writer: Any = None
) -> Any:
    """What the function gives without being traced; `writer` is asked for its loops."""
    token = loops.set(writer)
    try:
        with inlining():
            return function(*args, **keywords)
    finally:
        loops.reset(token)


def _gradient_names(function: Any) -> dict[str, str]:
    """The arguments by which the result holds slopes, place by place: `tg.grad` notes which they are."""
    places: dict[str, int] = getattr(function, "gradients", {})
    try:
        names = [*inspect.signature(function).parameters] if places else []
    except ValueError:  # a function written in C
        names = []
    return {place: names[i] for place, i in places.items() if 0 <= i < len(names)}


class Traced:
    """What came of tracing: the graph, how to read its inputs, and the structure of what it gives."""

    def __init__(self, function: Callable[..., Any], args: tuple[Any, ...], keywords: dict[str, Any]) -> None:
        self.function = function
        self.loops: list[Any] = []
        known: set[str] = set()
        while True:
            self.signature = Signature(function, args, keywords, known)
            try:
                self._trace(args, keywords)
                return
            except NeededError as needed:
                known |= {*needed.places}

    def call(self, leaves: Sequence[Any]) -> Any:
        """What the function gives for `leaves` in place of the numbers that went in."""
        args, keywords = self.signature.arguments(leaves)
        traced = any(isinstance(payload(x), Tracer) for x in leaves)
        return self._with_closed_over(leaves, traced)(*args, **keywords)

    def _with_closed_over(self, leaves: Sequence[Any], traced: bool) -> Any:
        """The function, with the last of `leaves` in place of the arrays that it closes over."""
        keys = [binding.key for binding in self.signature.bindings]
        return StandIns(dict(zip(keys, leaves[len(leaves) - len(keys) :], strict=True)), traced).of(self.function)

    def _trace(self, args: tuple[Any, ...], keywords: dict[str, Any]) -> None:
        numbers = self.signature.read(args, keywords)
        if numbers is None:
            place = self.signature.mismatch(args, keywords)
            raise trace_error(f"the function is given {place}, which cannot be read twice", "pass numbers and arrays")
        recorder, since = Recorder(), next(serials)
        given = [recorder.given(x, place) for x, place in zip(numbers, self.signature.places, strict=True)]
        leaves = [record(Value, x) if value else x for x, value in zip(given, self.signature.values, strict=True)]
        for i, first in enumerate(self.signature.aliases or ()):
            leaves[i] = leaves[first]
        handed = self.signature.arguments(leaves)
        result = self._run(recorder, leaves, handed, (args, keywords))
        self._refuse_changes(given, leaves, handed)
        self._take_result(result, recorder, leaves, since)
        inputs: Any = [x.node for x in given]
        self.graph = Graph("program", inputs, recorder.nodes, self._outputs)
        self.graph.named(self._places, _gradient_names(self.function))

    def _run(self, recorder: Recorder, leaves: list[Any], handed: Arguments, given: Arguments) -> Any:
        """Run on tracers; what goes wrong because numbers are traced is told from what goes wrong anyway."""
        writer = LoopWriter(recorder)
        token = loops.set(writer)
        try:
            with inlining():
                result = self._with_closed_over(leaves, traced=True)(*handed[0], **handed[1])
        except Exception as error:
            if recorder.fault is not None or isinstance(error, TraceError):
                raise (recorder.fault or error) from None
            if integers := recorder.integers():  # such as a seed that is handed to code which knows no tracers
                raise NeededError(integers) from None
            run_eagerly(self.function, *given)
            what = f"the function raises {error!r} when it is traced, and not otherwise"
            raise trace_error(what, "use NumPy's functions", error_location(error)) from error
        finally:
            loops.reset(token)
            recorder.closed = True
        self.loops = writer.done
        if recorder.fault is not None:
            raise recorder.fault
        if (caught := recorder.raised) is not None:
            what = f"the function goes on after {caught!r}, which depends on numbers"
            raise trace_error(what, "use np.where", error_location(caught))
        return result

    def _refuse_changes(self, given: list[TracedArray], leaves: list[Any], handed: Arguments) -> None:
        """Make sure that the arguments are as they were: what a program is given stays as it is."""
        for x, tracer, place in zip(leaves, given, self.signature.places, strict=True):
            if isinstance(x, Entry) and (x._grad is not None or x._payload is not tracer):
                what = f"the function changes {place} (its .data or .grad)"
                raise trace_error(what, "use tg.grad, and give new values back", self.signature.where)
        if (changed := self.signature.first_change(handed, leaves)) is not None:
            what = f"the function changes its argument {changed}"
            raise trace_error(what, "work on a copy, or give a new one back", self.signature.where)

    def _take_result(self, result: Any, recorder: Recorder, leaves: list[Any], since: int) -> None:
        """Take the result apart: outputs of the graph, their kinds, and the structure around them."""
        try:
            outputs, unflatten = tree.flatten(result)
        except TypeError as misfit:
            message = str(misfit).partition(" at ")[2]
            what = "the function returns what is no tree of numbers"
            raise trace_error(what, f"at {message}", self.signature.where) from None
        self.structure = unflatten([0.0] * len(outputs))
        self.kinds = [self._kind(x, leaves, since) for x in outputs]
        self._outputs = [x.node if isinstance(x := payload(leaf), TracedArray) else x for leaf in outputs]
        self._places = tree.paths(result)

    def _kind(self, x: Any, leaves: list[Any], since: int) -> int:
        """Whether a result is a Value, and depends on one that went in."""
        if not isinstance(x, Entry):
            return PLAIN
        mine = {id(v): i for i, v in enumerate(leaves)}
        if id(x) in mine:
            return mine[id(x)]
        past = order([x])
        for z in past:
            if any(isinstance(y, Entry) and y.serial < since and id(y) not in mine for y in (z, *z.inputs)):
                origin = z._payload.node.origin if isinstance(z._payload, TracedArray) else None
                where = format_location(*origin) if origin else self.signature.where
                raise trace_error("the function uses a Value that was not given", "pass it as an argument", where)
        return DERIVED if any(id(z) in mine for z in past) else LEAF
