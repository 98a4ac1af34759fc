"""The tape: what was computed, in order, and the chain rule run backward over it.

g     cotangent, the slope of the result with respect to an entry
z     an entry, the output of its function
x, y  the inputs of an entry
"""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from operator import attrgetter, getitem
from typing import Any

import numpy as np

from tinygrad_edu.core.context import ONCE, OuterArray, recording, transforming
from tinygrad_edu.core.released import LARGE, Released, releasable, release, release_behind, release_unread
from tinygrad_edu.core.rules import Array, Function, table
from tinygrad_edu.core.unbroadcast import unbroadcast

_recording = recording.get
serials = itertools.count(1)
_new = object.__new__
_float64, _ndarray = np.float64, np.ndarray
_PLAIN = (np.ndarray, np.generic)
_VIEWS = frozenset({int, slice, type(None), type(...), np.int64})  # indices

NOTHING = object()  # in place of an input that is not there
MANY = object()  # in place of the second input, when the first is a tuple of three or more


class Entry:
    """The bare slots of a recorded number; `Value` gives them operators."""

    # Two inputs in slots rather than a tuple: half as much for the garbage collector to look through.
    __slots__ = ("__weakref__", "_grad", "_payload", "_x", "_y", "function", "keywords", "name", "serial")

    _payload: Array
    _grad: Array | None
    _x: Any
    _y: Any
    name: str | None
    function: Function | None
    keywords: dict[str, Any] | None
    serial: int

    @property
    def inputs(self) -> tuple[Any, ...]:
        """What went in: Values and constants."""
        return self._x if self._y is MANY else tuple(x for x in (self._x, self._y) if x is not NOTHING)


Contributions = Iterator[tuple[Entry, Array]]


def record(
    kind: type[Entry],
    data: Array,
    function: Function | None = None,
    x: Any = NOTHING,
    y: Any = NOTHING,
    keywords: Any = None,
) -> Any:
    """A new recorded number; every entry of every tape comes through here."""
    z = _new(kind)
    z._payload = data
    z._grad = z.name = None
    z.serial = next(serials)
    if state := _recording():
        z.function, z._x, z._y = function, x, y
        z.keywords = keywords
        if state is not True:
            state.listener.entry(z)
        elif type(data) is _ndarray and data.nbytes >= LARGE and transforming.get() == ONCE:
            release_behind(z)
    else:
        z.function = z.keywords = None
        z._x = z._y = NOTHING
    return z


def order(roots: Iterable[Any], since: int = 0) -> list[Any]:
    """What led to `roots`, oldest first; entries older than `since` are not looked behind."""
    seen = {*roots}
    found, ahead = [], [*seen]
    while ahead:  # the newest first: that finds them nearly in order, and what is nearly in order is sorted quickly
        z = ahead.pop()
        found.append(z)
        if z.serial < since:
            continue
        x, y = z._x, z._y
        if isinstance(x, Entry) and x not in seen:
            seen.add(x)
            ahead.append(x)
        if y is MANY:
            behind = {x for x in x if isinstance(x, Entry)} - seen
            seen |= behind
            ahead += behind
        elif y is not NOTHING and isinstance(y, Entry) and y not in seen:
            seen.add(y)
            ahead.append(y)
    found.sort(key=attrgetter("serial"))
    return found


def sweep(
    tape: list[Any],
    seeds: Mapping[Any, Array],
    since: int = 0,
    inner: bool = False,
    contribute: Callable[[Any, Array], Contributions] | None = None,
    once: bool = False,
) -> tuple[dict[Any, Array], dict[Any, Array]]:
    """Run the chain rule backward: multiply by the slope of each entry, add where paths meet.

    Returns the cotangents of the leaves (entries older than `since` are leaves too), and with `inner` those of
    the others. `contribute` makes what each entry gives its inputs; `contributions`, if nothing else is given. A tape
    that is swept but `once` lets go of large results as it is passed.

    Raises:
        RuntimeError: a leaf was given new data after an entry had used the old.
    """
    sums, leaves = dict(seeds), {}
    owned = set()  # entries whose sums are arrays that nothing else holds, and may be added into
    found = sums.get
    for z in reversed(tape):
        x, y = z._x, z._y
        if x is NOTHING or z.serial < since:
            leaves[z] = sums.pop(z, None)
            continue
        g = sums[z] if inner else sums.pop(z)
        # Nearly every entry has one or two inputs and no keywords: for those, `contributions` is written out below.
        if y is MANY or contribute or z.keywords or (once and releasable(z)):
            a = b = share = None  # names that would hold on to what is let go
            for x, share in (contribute or (_last_contributions if once else contributions))(z, g):
                sums[x] = share if (others := found(x)) is None else others + share
            continue
        rules = table[z.function].rules
        a = x._payload if isinstance(x, Entry) else x
        if y is NOTHING:
            share = rules[0](g, z._payload, a)
        else:
            b = y._payload if isinstance(y, Entry) else y
            if b is not y:
                share = rules[1](g, z._payload, a, b)
                share = share if type(share) is type(b) is _float64 else unbroadcast(share, b, z.function)
                sums[y] = share if (others := found(y)) is None else others + share
            if a is x:  # a constant
                continue
            if z.function is getitem and is_view(b):  # added in place, so that x[i] for every i takes linear time
                if x in owned and type(sums[x]) is np.ndarray and issubclass(type(g), _PLAIN):
                    sums[x][b] += g
                    continue
                owned.add(x)
            share = rules[0](g, z._payload, a, b)
        share = share if type(share) is type(a) is _float64 else unbroadcast(share, a, z.function)
        sums[x] = share if (others := found(x)) is None else others + share
    for x in leaves.keys() & sums.keys():
        raise RuntimeError(f"{x!r} was given new data after it was used; call backward() before assigning to .data")
    return leaves, sums


def is_view(index: Any) -> bool:
    """Whether an index picks no element twice, and so what is picked is a view of NumPy's."""
    return type(index) in _VIEWS or (type(index) is tuple and _VIEWS.issuperset(map(type, index)))


def contributions(z: Any, g: Array, recorded: bool = False) -> Contributions:
    """Each recorded input of `z` with its share of `g`; with `recorded`, itself on a tape."""
    rules = table[z.function].rules
    numbers = [x._payload if isinstance(x, Entry) else payload(x) for x in z.inputs]  # or what stands for them
    arguments, output = (z.inputs, z) if recorded else (numbers, z._payload)
    for i, x in enumerate(z.inputs):
        if isinstance(x, Entry):
            share = rules[i](g, output, *arguments, **(z.keywords or {}))
            yield x, unbroadcast(share, arguments[i], z.function)


def _last_contributions(z: Any, g: Array) -> Contributions:
    """The same, where `z` is let go as soon as its rules need it no longer."""
    release_unread(z)
    yield from contributions(z, g)
    release(z)


def payload(x: Any) -> Any:
    """The plain number or array behind `x`, which rules and compositions hold constant; of a batch, all of them."""
    if isinstance(x, Entry):
        if type(x._payload) is Released:
            x._payload = x._payload.numbers()
        return x._payload
    return x.payload() if isinstance(x, OuterArray) else x
