"""A loop as one entry of the tape: forward it keeps the carries; backward, its steps are run again, last one first.

What is differentiated of a step is found by running it on variables. So the sweep through a loop is a loop itself, and
its derivative a third one: there is one rule for every order.

c     the carry: what a step hands to the next
x     what a step is given: the i-th of each array of xs
y     what a step gives beside the carry
k     Values that the step closes over
body  a step on lists of leaves: body(c, x) gives the next c, and y
"""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygrad_edu.core.arrays import unwrap_scalar
from tinygrad_edu.core.context import KEPT, OuterArray, Recording, is_recording, loops, transforming
from tinygrad_edu.core.kinks import count_kinks
from tinygrad_edu.core.replay import replay
from tinygrad_edu.core.results import Layout
from tinygrad_edu.core.rules import Array, Each, Row, table
from tinygrad_edu.core.tape import MANY, Entry, contributions, order, payload, record, serials, sweep
from tinygrad_edu.core.value import Value
from tinygrad_edu.transforms.batching.loops import WholeLoop
from tinygrad_edu.transforms.pullback import sum_seeds

Leaves = list[Any]
Body = Callable[[Leaves, Leaves], tuple[Leaves, Leaves]]


@dataclass(frozen=True, eq=False)
class Loop:
    """A body, how often it is run, and from which end."""

    body: Body
    n: int
    reverse: bool = False

    def run(self, c: Leaves, xs: Leaves, keep: bool = False, values: bool = True) -> tuple[Leaves, Leaves, Leaves]:
        """The last carry, the ys, stacked, and with `keep`, the carries before each step, stacked.

        values: whether Values may come out; else they raise `_ClosesOverValues` at the first step
        """
        writer = loops.get()
        if writer is not None and not _has_values((*c, *xs)):
            written = self._written(writer, c, xs, keep)
            if written is not None:
                return written
        columns: list[_Column] = []
        for i in range(self.n)[:: -1 if self.reverse else 1]:
            before = c if keep else []
            c, y = self.body(c, [x[i] for x in xs])
            if not columns:
                if not values and any(isinstance(a, Entry) for a in (*c, *y)):
                    raise _ClosesOverValues
                columns = [_Column(self.n, a) for a in (*y, *before)]
            for column, a in zip(columns, (*y, *before), strict=True):
                column.put(i, a)
        stacked = [column.stacked() for column in columns]
        return c, stacked[: len(y)], stacked[len(y) :]

    def _written(self, writer: Any, c: Leaves, xs: Leaves, keep: bool) -> tuple[Leaves, Leaves, Leaves] | None:
        """What the loop gives, written down as one call; None where it has to be written out."""
        if not any(isinstance(a, OuterArray) for a in (*c, *xs)):
            return writer.loop(self, c, xs, keep)  # type: ignore[no-any-return]
        whole = WholeLoop.of(self.body, c, xs)
        written = whole and writer.loop(Loop(whole.body, self.n, self.reverse), whole.c, whole.xs, keep)
        return whole.results(*written) if whole and written else None

    def __repr__(self) -> str:
        return f"{self.n} × {getattr(self.body, '__name__', repr(self.body))}"


class _ClosesOverValues(Exception):  # noqa: N818 - a signal
    """Values came out of a body that was given none."""


class _Column:
    """What n steps give in one place: kept in one array, if it is plain, or else in a list."""

    def __init__(self, n: int, first: Array) -> None:
        self.parts: Any = np.empty((n, *first.shape), first.dtype) if _is_plain(first) else [None] * n

    def put(self, i: int, a: Array) -> None:
        """Keep what step i gave."""
        if type(self.parts) is np.ndarray and not _is_plain(a):
            self.parts = [*self.parts]
        self.parts[i] = a

    def stacked(self) -> Array:
        """All of it, in one array."""
        return self.parts if type(self.parts) is np.ndarray else np.stack(self.parts)


def _is_plain(x: Any) -> bool:
    return issubclass(type(x), (np.ndarray, np.generic))  # which a tracer only claims to be


def _is_float(x: Any) -> bool:
    return bool(x.dtype.kind == "f")


def _has_values(leaves: Sequence[Any]) -> bool:
    return any(isinstance(a, Entry) for a in leaves)


def run(loop: Loop, c: Leaves, xs: Leaves) -> tuple[Leaves, Leaves]:
    """The last carry and the ys of a loop: one entry of the tape, if Values are involved."""
    given = (*c, *xs)
    batched = any(isinstance(a, OuterArray) for a in given)
    if is_recording() and not batched:
        if _has_values(given):
            return _recorded(loop, c, xs)
        try:
            return loop.run(c, xs, values=False)[:2]
        except _ClosesOverValues:
            return _recorded(loop, c, xs)
    return loop.run(c, xs)[:2]


class Run:
    """One run of a body on variables, ready to be swept back; `closed` are the Values that it closes over."""

    def __init__(self, body: Body, c: Leaves, x: Leaves) -> None:
        with Recording(True):
            self.variables = [_variable(a) if _is_float(a) else a for a in (*c, *x)]
            self.since = next(serials)
            token = transforming.set(KEPT)
            try:
                self.c, self.y = body(self.variables[: len(c)], self.variables[len(c) :])
            finally:
                transforming.reset(token)
        self.tape = order([z for z in (*self.c, *self.y) if isinstance(z, Entry)], self.since)
        ours = {z for z in self.variables if isinstance(z, Entry)}
        self.closed = [z for z in self.tape if z.serial < self.since and z not in ours]

    def pull(self, g: Sequence[Array], recorded: bool) -> dict[Any, Array]:
        """The cotangents of variables and of what is closed over, for those of the floats of c and y.

        Where one is NaN, or a kink, whoever sweeps the tape outside looks at the loop as it is unrolled.
        """
        outputs = [z for z in (*self.c, *self.y) if _is_float(z)]
        seeded = [(z, seed) for z, seed in zip(outputs, g, strict=True) if isinstance(z, Entry)]
        seeds = sum_seeds([z for z, _ in seeded], [seed for _, seed in seeded])
        on_values = functools.partial(contributions, recorded=True) if recorded else None
        return {z: g for z, g in sweep(self.tape, seeds, self.since, contribute=on_values)[0].items() if g is not None}


def _variable(x: Array) -> Any:
    return +x if isinstance(x, Value) else record(Value, unwrap_scalar(x))


def _recorded(loop: Loop, c: Leaves, xs: Leaves) -> tuple[Leaves, Leaves]:
    """The last carry and the ys of a loop, its floats the results of one entry."""
    closed: dict[Any, None] = {}

    def forward(c: Leaves, x: Leaves) -> tuple[Leaves, Leaves]:
        step = Run(loop.body, c, x)
        closed.update(dict.fromkeys(step.closed))
        return [*map(payload, step.c)], [*map(payload, step.y)]

    given = [a if isinstance(a, Entry) else _own(a) for a in (*c, *xs)]
    numbers = [*map(payload, given)]
    c, ys, carries = Loop(forward, loop.n, loop.reverse).run(numbers[: len(c)], numbers[len(c) :], keep=True)
    results = [*c, *ys]
    floats = [i for i, z in enumerate(results) if _is_float(z)]
    if floats:
        layout = Layout.of(tuple(results[i] for i in floats))
        if looped not in table:
            table[looped] = Row(Each(_share), kink=_kinks, unrolled=_unrolled)
        entry = LoopEntry(loop, len(c), given, tuple(closed), layout, carries)
        joined = layout.join([results[i] for i in floats])
        z = record(Value, joined, looped, (*given, *closed), MANY, {"loop": entry})
        for i, part in zip(floats, layout.cut(z), strict=True):
            results[i] = part
    return results[: len(c)], results[len(c) :]


def _own(x: Array) -> Array:
    """A constant that nobody else can write into."""
    return x.copy() if x.shape else x


class LoopEntry:
    """What an entry of a loop knows beside its inputs: carries, what comes along the loop, and Values closed over.

    n        how many inputs are carries
    wrt      which of the inputs are differentiated
    closed   the Values that the body itself refers to
    layout   of the results that are floats
    carries  those before each step, for the numbers of the inputs as they were
    """

    def __init__(
        self, loop: Loop, n: int, given: Leaves, closed: tuple[Any, ...], layout: Layout, carries: Leaves
    ) -> None:
        self.loop, self.n, self.closed, self.layout, self._carries = loop, n, closed, layout, carries
        self.wrt = [isinstance(a, Entry) for a in given]
        self._numbers = [*map(payload, (*given, *closed))]
        self._last: tuple[Any, dict[int, Array]] = None, {}
        self.__name__ = repr(loop)  # so tapes show it

    def split(self, inputs: Sequence[Any]) -> tuple[Leaves, Leaves, Leaves]:
        """The first carry, what comes along the loop, and what is closed over."""
        n, m = self.n, len(self.wrt)
        return [*inputs[:n]], [*inputs[n:m]], [*inputs[m:]]

    def share(self, i: int, g: Array, inputs: Sequence[Any]) -> Array:
        """What the i-th input gets of `g`; all are found at once, and each is let go when it was asked for."""
        cotangent, shares = self._last
        if cotangent is not g or i not in shares:
            shares = self._pull(g, inputs)
        share = shares.pop(i)
        self._last = (g, shares) if shares else (None, {})
        return share

    def _pull(self, g: Array, inputs: Sequence[Any]) -> dict[int, Array]:
        """The share of each input of `g`, from a loop the other way: it carries the cotangents of the carries."""
        c, xs, k = self.split(inputs)
        body, closed = self.body(k)
        recorded = _has_values((g, *inputs)) or (isinstance(g, OuterArray) and _has_values(g.parts()))
        carried = [i for i, a in enumerate(c) if _is_float(a)]
        along = [i for i, a in enumerate(xs, self.n) if self.wrt[i]]

        def back(g: Leaves, given: Leaves) -> tuple[Leaves, Leaves]:
            x, of_y = given[: len(self.wrt)], given[len(self.wrt) :]
            step = Run(body, x[: self.n], x[self.n :])
            swept = step.pull([*g[: len(carried)], *of_y], recorded)
            of_c, of_x = ([_swept(swept, step.variables[i]) for i in places] for places in (carried, along))
            sums = zip(g[len(carried) :], closed, strict=True)
            return [*of_c, *(total + swept[z] if z in swept else total for total, z in sums)], of_x

        cotangents = self.layout.cut(g)
        start = [*cotangents[: len(carried)], *(np.zeros_like(payload(z))[()] for z in closed)]
        along_it = [*self.carries(inputs), *xs, *cotangents[len(carried) :]]
        last, of_xs = run(Loop(back, self.loop.n, not self.loop.reverse), start, along_it)
        places = [*carried, *range(len(self.wrt), len(inputs)), *along]
        return dict(zip(places, (*last, *of_xs), strict=True))

    def body(self, k: Leaves) -> tuple[Body, Leaves]:
        """The body, and the Values that it closes over: those of `k`, which is mostly what it was."""
        if all(x is z or x is z._payload for x, z in zip(k, self.closed, strict=True)):
            return self.loop.body, [*self.closed]
        by = {z: x if isinstance(x, Entry) else record(Value, x) for z, x in zip(self.closed, k, strict=True)}

        def body(c: Leaves, x: Leaves) -> tuple[Leaves, Leaves]:
            step = Run(self.loop.body, c, x)
            with Recording(True):
                again = replay(step.tape, step.since, lambda z: by.get(z, z))
            made = [again[z] if isinstance(z, Entry) else z for z in (*step.c, *step.y)]
            return made[: len(c)], made[len(c) :]

        return body, [*by.values()]

    def carries(self, inputs: Sequence[Any]) -> Leaves:
        """The carry before each step; found by another run, if they were not kept, or are themselves differentiated."""
        if all(x is y for x, y in zip(inputs, self._numbers, strict=True)):
            return self._carries
        c, xs, k = self.split(inputs)
        body, _ = self.body(k)
        return run(Loop(lambda c, x: (body(c, x)[0], c), self.loop.n, self.loop.reverse), c, xs)[1]


def _swept(swept: dict[Any, Array], z: Any) -> Array:
    return swept[z] if z in swept else np.zeros_like(payload(z))[()]


def looped(*inputs: Array, loop: LoopEntry) -> Array:
    """What an entry of a loop holds: the floats among its results, in one flat array."""
    with Recording(True):
        return payload(_unrolled(*inputs, loop=loop))


looped.__name__ = "scan"


def _share(i: int, g: Array, z: Array, *inputs: Array, loop: LoopEntry) -> Array:
    return loop.share(i, g, inputs)


def _unrolled(*inputs: Array, loop: LoopEntry) -> Array:
    """The same, step by step on the tape."""
    c, xs, k = loop.split(inputs)
    c, ys, _ = Loop(loop.body(k)[0], loop.loop.n, loop.loop.reverse).run(c, xs)
    return loop.layout.join([z for z in (*c, *ys) if _is_float(z)])


def _kinks(_: Array, *inputs: Array, loop: LoopEntry) -> Array:
    """How many elements sit on a kink, step by step."""
    c, xs, k = loop.split(inputs)
    body, _ = loop.body(k)

    def count(c: Leaves, x: Leaves) -> tuple[Leaves, Leaves]:
        step = Run(body, c, x)
        return [*map(payload, step.c)], [np.asarray(count_kinks(step.tape, step.since))[()]]

    (counts,) = run(Loop(count, loop.loop.n, loop.loop.reverse), c, xs)[1]
    return counts
