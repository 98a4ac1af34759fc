"""The tape: what was computed, in order, and the chain rule run backward over it.

g     cotangent, the slope of the result with respect to an entry
z     an entry, the output of its function
x, y  the inputs of an entry
"""

import itertools
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from operator import attrgetter
from typing import Any, TypeVar

import numpy as np

from tinygrad_edu.broadcast import fit

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
    for z in found:
        if z.serial >= since:
            for x in z.inputs:
                if isinstance(x, Entry) and x not in seen:
                    seen.add(x)
                    found.append(x)
    found.sort(key=_by_serial)
    return found


def sweep(
    tape: list[Any],
    seeds: Mapping[Any, Any],
    since: int = 0,
    keep: Container[Any] | None = None,
    recorded: bool = False,
) -> dict[Any, Any]:
    """Run the chain rule backward: multiply by the slope of each entry, add where paths meet.

    Returns the cotangent of every entry of the tape, or of leaves and those in `keep` only;
    entries older than `since` count as leaves. With `recorded` the rules work on the recorded numbers
    themselves, so that the sweep leaves a tape of its own, to be swept for second derivatives.

    Raises:
        RuntimeError: a leaf was given new data after an entry had used the old.
    """
    sums = dict(seeds)
    leaves = {}
    for z in reversed(tape):
        if not z.inputs or z.serial < since:
            leaves[z] = sums.pop(z, None)
            continue
        try:
            _pull(z, sums[z] if keep is None or z in keep else sums.pop(z), sums, recorded)
        except ValueError as error:
            raise ValueError(f"sweeping back through {label(z.function)}: {error}") from error
    for x in leaves.keys() & sums.keys():
        raise RuntimeError(
            f"{x!r} was given new data after it had been used; call backward() before assigning to .data"
        )
    return sums | leaves


def _pull(z: Any, g: Any, sums: dict[Any, Any], recorded: bool) -> None:
    """Add to the sum at each input of `z` its share of `g`, the cotangent of `z`."""
    inputs = z.inputs
    row = rules[z.function]
    if len(inputs) > 2 or z.keywords or recorded:
        arguments = inputs if recorded else [payload(x) for x in inputs]
        for i, x in enumerate(inputs):
            if isinstance(x, Entry):
                c = fit(row[i](g, z if recorded else z._data, *arguments, **(z.keywords or {})), arguments[i])
                sums[x] = sums[x] + c if x in sums else c
        return
    # The same, written out for two inputs and for one: nearly every entry is one of these.
    x, y = inputs if len(inputs) == 2 else (*inputs, None)
    a = x._data if isinstance(x, Entry) else x
    b = y._data if isinstance(y, Entry) else y
    if isinstance(x, Entry):
        c = row[0](g, z._data, a) if len(inputs) == 1 else row[0](g, z._data, a, b)
        if not type(c) is type(a) is _float64:
            c = fit(c, a)
        sums[x] = sums[x] + c if x in sums else c
    if isinstance(y, Entry):
        c = row[1](g, z._data, a, b)
        if not type(c) is type(b) is _float64:
            c = fit(c, b)
        sums[y] = sums[y] + c if y in sums else c


def payload(x: Any) -> Any:
    """Give the plain number or array behind `x`."""
    return x._data if isinstance(x, Entry) else x


def label(function: Any) -> str:
    """Name a function as its users write it: ``np.sum``, ``np.linalg.norm``, ``relu``."""
    module = getattr(function, "__module__", None) or ("numpy" if isinstance(function, np.ufunc) else "")
    own = getattr(function, "__name__", repr(function))
    return f"np{module[5:]}.{own}" if module.startswith("numpy") else own
