"""One run of a function on fresh Values, ready to be swept back from its outputs to them.

f          the function, of any arguments; those differentiated are trees of numbers
argnums    which arguments: an index, or several of them
variables  fresh Values that stand in for the numbers differentiated
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinygrad_edu import tree
from tinygrad_edu.core.arrays import accept, arrays, bare
from tinygrad_edu.core.context import Recording, is_recording
from tinygrad_edu.core.masking import gradients
from tinygrad_edu.core.tape import Entry, order, payload, record, serials
from tinygrad_edu.core.value import Value

Function = Callable[..., Any]
Argnums = int | Sequence[int]


def _variable(x: Any) -> Any:
    """Stand in for `x`: behind a Value, so that what is outside still sees through; else afresh."""
    if isinstance(x, Value):
        return +x
    whole = type(x) in arrays and x.dtype.kind == "f" and x.ndim
    return record(Value, x.view() if whole else accept(x))


def _positions(argnums: Argnums, count: int, caller: str) -> tuple[int, ...]:
    """Check `argnums` against the number of arguments."""
    if isinstance(argnums, int) and 0 <= argnums < count:
        return (argnums,)
    wanted = (argnums,) if isinstance(argnums, int) else tuple(argnums)
    if any(not -count <= i < count for i in wanted) or len({i % count for i in wanted}) != len(wanted):
        raise ValueError(f"{caller}: argnums={argnums!r} with {count} positional arguments; name each at most once")
    return tuple(i % count for i in wanted)


class Trace:
    """One run of a function on variables, ready to be swept back from its outputs to them."""

    def __init__(self, caller: str, f: Function, args: tuple[Any, ...], argnums: Argnums = 0) -> None:
        positions = _positions(argnums, len(args), caller)
        self.numbers, self.rebuild = tree.flatten([args[i] for i in positions])
        if not self.numbers:
            raise TypeError(f"{caller}: argument {argnums} holds no number to differentiate; got {args}")
        with Recording(True):
            self.variables = [_variable(x) for x in self.numbers]
            self.since = next(serials)
            given = list(args)
            for i, variable in zip(positions, self.rebuild(self.variables), strict=True):
                given[i] = variable
            self.output = f(*given)
        self.outputs, self.rebuild_output = tree.flatten(self.output)
        for z in self.outputs or [self.output]:
            if not isinstance(z, Entry):
                raise TypeError(
                    f"{caller}: the function returned {z!r}, to which nothing on the tape led; "
                    "NumPy's functions stay on the tape, math's, float() and .data leave it"
                )
        self.tape = order(self.outputs, self.since)
        self.from_values = any(isinstance(x, Entry) for x in self.numbers)
        ours = set(self.variables)
        others = any(z.serial < self.since and z not in ours for z in self.tape)
        self.recorded = is_recording() and (self.from_values or others)

    def value(self) -> Any:
        """Give the output."""
        return self.rebuild_output([to_caller(z, self.recorded, self.from_values) for z in self.outputs])

    def sweep(self, cotangents: Sequence[Any], recorded: bool | None = None) -> Any:
        """Give the cotangents of the differentiated arguments, for those of the flattened outputs."""
        recorded = self.recorded if recorded is None else recorded
        swept = self.cotangents(cotangents, recorded)
        return self.rebuild(
            [to_caller(g, recorded, isinstance(number, Entry)) for number, g in zip(self.numbers, swept, strict=True)]
        )

    def cotangents(self, cotangents: Sequence[Any], recorded: bool) -> list[Any]:
        """Give the cotangents of the variables, as the sweep left them."""
        swept, _ = gradients(self.tape, sum_seeds(self.outputs, cotangents), self.since, recorded=recorded)
        return [swept[x] if x in swept else np.zeros_like(x._data) for x in self.variables]


def sum_seeds(outputs: list[Any], cotangents: Sequence[Any]) -> dict[Any, Any]:
    """Give each output its cotangent; one that stands there twice gets the sum."""
    seeds: dict[Any, Any] = {}
    for z, g in zip(outputs, cotangents, strict=True):
        seeds[z] = seeds[z] + g if z in seeds else g
    return seeds


def to_caller(x: Any, recorded: bool, as_value: bool) -> Any:
    """Give a result as the caller's own: a Value where it may be differentiated further, else a plain number."""
    if recorded and isinstance(x, Entry):
        return x
    plain = payload(x)
    own = bare(plain.copy()) if isinstance(plain, np.ndarray) else plain
    return record(Value, own) if recorded or as_value else own


def alike(caller: str, what: str, given: Any, wanted: Any) -> list[Any]:
    """Check that the tree `given` has the structure and shapes of `wanted`, and give its leaves those dtypes."""

    def check(x: Any, z: Any) -> Any:
        if np.shape(x) != z.shape:
            raise ValueError(f"{caller}: a {what} has shape {np.shape(x)} where {z.shape} was expected")
        return x if isinstance(x, Entry) else accept(x).astype(z.dtype)

    return tree.leaves(tree.map(check, given, wanted))
