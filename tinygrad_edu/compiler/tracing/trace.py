"""Tracing: a function is run twice on tracers, and what both runs did is its program.

numbers   what goes in
fill      the stand-ins for it
entries   the Values among them, or the numbers themselves
"""

import inspect
from typing import Any

import numpy as np

from tinygrad_edu import tree
from tinygrad_edu.compiler.autodiff import DERIVED, LEAF, PLAIN
from tinygrad_edu.compiler.effects import Effects, culprit
from tinygrad_edu.compiler.errors import NeededError, TraceError, misused, raised_at, written_at
from tinygrad_edu.compiler.inputs import Reader
from tinygrad_edu.compiler.ir import Graph
from tinygrad_edu.compiler.tracing.recorder import Recorder
from tinygrad_edu.compiler.tracing.tracer import TracedArray
from tinygrad_edu.compiler.tracing.verify import agree, compared, evaluated
from tinygrad_edu.core.context import tracing
from tinygrad_edu.core.tape import Entry, order, payload, record, serials
from tinygrad_edu.core.value import Value


class Traced:
    """What came of tracing: the program, how to read its inputs, and the structure of what it gives."""

    def __init__(self, function: Any, args: tuple[Any, ...], keywords: dict[str, Any]) -> None:
        self.function, self.args, self.keywords = function, args, keywords
        known: set[str] = set()
        while True:
            try:
                self.reader = Reader(function, args, keywords, known)
                self._trace()
                break
            except NeededError as needed:
                known |= {*needed.places}

    def _trace(self) -> None:
        numbers = self.reader.read(self.args, self.keywords)
        if numbers is None:
            place = self.reader.broken(self.args, self.keywords)
            raise misused(f"is given {place}, which cannot be read twice", "pass numbers and arrays", self.reader.where)
        first, second = (self._run(numbers) for _ in range(2))
        compared(first, second, self.reader.where)
        self.program, self.structure, self.kinds = first.program, first.structure, first.kinds
        self.program.named(tree.paths(first.result), _gradient_names(self.function))
        agree(
            plainly(self.function, self.args, self.keywords),
            self.structure,
            evaluated(first.program, numbers),
            self.reader.where,
        )

    def _run(self, numbers: tuple[Any, ...]) -> "Run":
        """Run once; what goes wrong because numbers are traced is told from what goes wrong anyway.

        Raises:
            TraceError: the function does what cannot be traced, or changes what is not its own.
        """
        effects, run = Effects(self.reader, self.args, self.keywords), Run(self.reader, numbers)
        try:
            run.go()
            if run.recorder.fault is not None:
                raise run.recorder.fault
        except Exception as error:
            effects.undo()
            if run.recorder.fault is not None:
                raise run.recorder.fault from None
            plainly(self.function, self.args, self.keywords)
            what = f"raises {error!r} when it is traced, and not otherwise"
            raise misused(what, "use NumPy's functions", raised_at(error)) from error
        if (caught := run.recorder.raised) is not None:
            effects.undo()
            raise misused(f"goes on after {caught!r}, which depends on numbers", "use np.where", raised_at(caught))
        if effects.of(run.filling) is not None:
            effects.undo()
            raise self._changes(numbers)
        run.finish()
        return run

    def _changes(self, numbers: tuple[Any, ...]) -> TraceError:
        """Run again to find the line that changes something."""
        effects, run = Effects(self.reader, self.args, self.keywords), Run(self.reader, numbers)
        where = culprit(run.go, lambda: effects.of(run.filling) is not None)
        found = effects.of(run.filling) or ("changes what is not its own", "give new values back")
        effects.undo()
        return misused(*found, where)


def _gradient_names(function: Any) -> dict[str, str]:
    """The arguments by which the result holds slopes, place by place: `tg.grad` notes which they are."""
    places: dict[str, int] = getattr(function, "gradients", {})
    try:
        names = [*inspect.signature(function).parameters] if places else []
    except ValueError:  # a function written in C
        names = []
    return {place: names[i] for place, i in places.items() if 0 <= i < len(names)}


def plainly(function: Any, args: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
    """Give what the function gives without tracing; functions compiled themselves run as they are written."""
    token = tracing.set(Recorder())
    try:
        with np.errstate(all="ignore"):
            return function(*args, **keywords)
    finally:
        tracing.reset(token)


class Run:
    """One run on tracers."""

    def __init__(self, reader: Reader, numbers: tuple[Any, ...]) -> None:
        self.recorder, self.where = Recorder(), reader.where
        self.given = [self.recorder.given(x, place) for x, place in zip(numbers, reader.places, strict=True)]
        self.since = next(serials)
        self.fill = [record(Value, x) if value else x for x, value in zip(self.given, reader.values, strict=True)]
        self.filling = reader.filled(self.fill)

    def go(self) -> None:
        """Run the function."""
        token = tracing.set(self.recorder)
        try:
            with np.errstate(all="ignore"):
                self.result = self.filling.call()
        finally:
            tracing.reset(token)
            self.recorder.closed = True

    def finish(self) -> None:
        """Take the result apart."""
        try:
            self.leaves, rebuild = tree.flatten(self.result)
        except TypeError as misfit:
            message = str(misfit).partition(" at ")[2]
            raise misused("returns what is no tree of numbers", f"at {message}", self.where) from None
        self.structure = rebuild([0.0] * len(self.leaves))
        self.kinds = [self._kind(x) for x in self.leaves]
        outputs = [numbers.node if isinstance(numbers := payload(x), TracedArray) else numbers for x in self.leaves]
        inputs: Any = [x.node for x in self.given]
        self.program = Graph("program", inputs, self.recorder.nodes, outputs)

    def _kind(self, x: Any) -> int:
        """Tell of a result whether it is a Value, and hangs on one that went in."""
        if not isinstance(x, Entry):
            return PLAIN
        mine = {id(v): i for i, v in enumerate(self.fill)}
        if id(x) in mine:
            return mine[id(x)]
        past = order([x])
        for z in past:
            foreign = [
                y for y in (z, *z.inputs) if isinstance(y, Entry) and y.serial < self.since and id(y) not in mine
            ]
            if foreign:
                origin = z._data.node.origin if isinstance(z._data, TracedArray) else None
                where = written_at(*origin) if origin else self.where
                raise misused("uses a Value that was not given", "pass it as an argument", where)
        return DERIVED if any(id(z) in mine for z in past) else LEAF
