"""The tape: what was computed, in order, and the chain rule run backward over it.

g     cotangent, the slope of the result with respect to an entry
z     an entry, the output of its function
x, y  the inputs of an entry
"""

import itertools
from bisect import bisect_left
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from operator import attrgetter
from typing import Any, TypeVar

import numpy as np

Rule = Callable[..., Any]

rules: dict[Callable[..., Any], Any] = {}
recording: ContextVar[bool] = ContextVar("recording", default=True)

_is_recording = recording.get
_serials = itertools.count(1)
_by_serial = attrgetter("serial")
_new = object.__new__
_float64 = np.float64


class Entry:
    """The bare slots of a recorded number; `Value` gives them operators."""

    __slots__ = ("__weakref__", "_data", "_grad", "function", "inputs", "keywords", "name", "serial")

    _data: Any
    _grad: Any
    name: str | None
    function: Callable[..., Any] | None
    inputs: tuple[Any, ...]
    keywords: dict[str, Any] | None
    serial: int


Kind = TypeVar("Kind", bound=Entry)


def record(
    kind: type[Kind],
    data: Any,
    function: Callable[..., Any] | None = None,
    inputs: tuple[Any, ...] = (),
    keywords: dict[str, Any] | None = None,
) -> Kind:
    """Make a recorded number: the gate through which every entry of every tape comes."""
    z = _new(kind)
    z._data = data
    z._grad = z.name = None
    if _is_recording():
        z.function = function
        z.inputs = inputs
        z.keywords = keywords
    else:
        z.function = z.keywords = None
        z.inputs = ()
    z.serial = next(_serials)
    return z


def stamp() -> int:
    """Give the next serial number; whatever is recorded later has a greater one."""
    return next(_serials)


@contextmanager
def set_recording(state: bool) -> Iterator[None]:
    """Switch recording on or off for the calling thread or task."""
    token = recording.set(state)
    try:
        yield
    finally:
        recording.reset(token)


def order(roots: Iterable[Any], since: int = 0) -> list[Any]:
    """List what led to `roots`, oldest first; entries older than `since` are not looked behind."""
    seen = set(roots)
    found = list(seen)
    for entry in found:
        if entry.serial >= since:
            for x in entry.inputs:
                if isinstance(x, Entry) and x not in seen:
                    seen.add(x)
                    found.append(x)
    found.sort(key=_by_serial)
    return found


def name(entry: Entry) -> str:
    """Name the function that made an entry."""
    return "leaf" if entry.function is None else getattr(entry.function, "__name__", "function")


def sweep(
    seeds: Mapping[Any, Any], since: int = 0, keep: Container[Any] | None = None, recorded: bool = False
) -> dict[Any, Any]:
    """Run the chain rule backward: multiply by the slope of each entry, add where paths meet.

    Returns the cotangent of every entry that led to `seeds`, or of those in `keep` and of leaves;
    entries older than `since` count as leaves. With `recorded` the rules work on the recorded numbers
    themselves, so that the sweep leaves a tape of its own, to be swept for second derivatives.

    Raises:
        RuntimeError: a leaf was given new data after an entry had used the old.
    """
    tape = order(seeds, since)
    sums: dict[Any, Any] = dict.fromkeys(tape) | seeds
    leaves: dict[Any, Any] = {}
    try:
        for z in reversed(tape):
            if z.inputs and z.serial >= since:
                _pull(z, sums[z], sums, recorded)
                if keep is not None and z not in keep:
                    sums[z] = None
            else:
                leaves[z] = sums.pop(z)
    except KeyError as error:
        x = error.args[0]
        if x not in leaves:
            raise
        raise RuntimeError(
            f"{x!r} was given new data after an entry had used the old; call backward() before assigning to .data"
        ) from None
    return sums | leaves


def _pull(z: Any, g: Any, sums: dict[Any, Any], recorded: bool) -> None:
    """Add to the sum at each input of `z` its share of `g`, the cotangent of `z`."""
    inputs = z.inputs
    row = rules[z.function]
    if recorded or z.keywords or len(inputs) > 2:
        arguments = inputs if recorded else [payload(x) for x in inputs]
        for i, x in enumerate(inputs):
            if isinstance(x, Entry):
                c = fit(row[i](g, z if recorded else z._data, *arguments, **(z.keywords or {})), arguments[i], z)
                so_far = sums[x]
                sums[x] = c if so_far is None else so_far + c
        return
    # The same, written out for one input and for two: nearly every entry is one of these.
    if len(inputs) == 1:
        (x,) = inputs
        a = x._data
        c = row[0](g, z._data, a)
        if not type(c) is type(a) is _float64:
            c = fit(c, a, z)
        so_far = sums[x]
        sums[x] = c if so_far is None else so_far + c
        return
    x, y = inputs
    a = x._data if isinstance(x, Entry) else x
    b = y._data if isinstance(y, Entry) else y
    if isinstance(x, Entry):
        c = row[0](g, z._data, a, b)
        if not type(c) is type(a) is _float64:
            c = fit(c, a, z)
        so_far = sums[x]
        sums[x] = c if so_far is None else so_far + c
    if isinstance(y, Entry):
        c = row[1](g, z._data, a, b)
        if not type(c) is type(b) is _float64:
            c = fit(c, b, z)
        so_far = sums[y]
        sums[y] = c if so_far is None else so_far + c


def payload(x: Any) -> Any:
    """Give the plain number or array behind `x`."""
    return x._data if isinstance(x, Entry) else x


def fit(g: Any, x: Any, z: Entry) -> Any:
    """Give cotangent `g` the shape and dtype of `x`: what was broadcast is summed, what was summed is broadcast.

    Raises:
        ValueError: the shapes have nothing to do with each other, so the rule of `z` is wrong.
    """
    if not hasattr(g, "shape"):
        g = np.float64(g)
    given, wanted = g.shape, x.shape
    if given != wanted:
        extra = len(given) - len(wanted)
        sizes = enumerate(wanted, extra)
        axes = (*range(extra), *(i for i, n in sizes if i >= 0 and n == 1 != given[i]))
        if axes:
            g = np.add.reduce(g, axis=axes, keepdims=True)
            g = g.reshape(g.shape[max(extra, 0) :])
        try:
            g = np.broadcast_to(g, wanted)
        except ValueError:
            raise ValueError(
                f"the rule of {name(z)} gave a cotangent of shape {given} for an input of shape {wanted}; "
                "it must have the input's shape, or one that broadcasts with it"
            ) from None
    return g if g.dtype == x.dtype else g.astype(x.dtype)
