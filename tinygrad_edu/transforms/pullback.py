"""One run of a function on fresh Values, ready to be swept back from its outputs to them.

f          the function, of any arguments; those differentiated are trees of numbers
argnums    which arguments: an index, or several of them
variables  fresh Values that stand in for the numbers differentiated
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_edu import tree
from tinygrad_edu.core.arrays import accept, arrays, unwrap_scalar
from tinygrad_edu.core.context import OuterArray, Recording, Tracer, is_recording
from tinygrad_edu.core.masking import gradients
from tinygrad_edu.core.rules import Array, Function
from tinygrad_edu.core.tape import Entry, order, payload, record, serials
from tinygrad_edu.core.value import Value
from tinygrad_edu.tree import Tree

Argnums = int | Sequence[int]


def _variable(x: Array) -> Value:
    """A Value that stands in for `x`: recorded of a Value, so that outer derivatives see through, or else a leaf."""
    if isinstance(x, Value):
        return +x  # type: ignore[no-any-return]
    is_array = type(x) in arrays and x.dtype.kind == "f" and x.ndim
    leaf: Value = record(Value, x.view() if is_array else accept(x))
    return leaf


def _positions(argnums: Argnums, count: int, caller: str) -> tuple[int, ...]:
    """`argnums` as indices from 0, checked against the number of arguments."""
    if isinstance(argnums, int) and 0 <= argnums < count:
        return (argnums,)
    wanted = (argnums,) if isinstance(argnums, int) else tuple(argnums)
    if any(not -count <= i < count for i in wanted) or len({i % count for i in wanted}) != len(wanted):
        raise ValueError(f"{caller}: argnums={argnums!r} with {count} positional arguments; name each at most once")
    return tuple(i % count for i in wanted)


class Pullback:
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

    def value(self) -> Tree:
        """The output, as the caller's own."""
        return self.rebuild_output([to_caller(z, self.recorded, self.from_values) for z in self.outputs])

    def pull(self, cotangents: Sequence[Array], recorded: bool | None = None) -> list[Tree]:
        """The cotangents of the differentiated arguments, for those of the flattened outputs."""
        recorded = self.recorded if recorded is None else recorded
        swept = self.cotangents(cotangents, recorded)
        pulled: list[Tree] = self.rebuild(
            [to_caller(g, recorded, isinstance(number, Entry)) for number, g in zip(self.numbers, swept, strict=True)]
        )
        return pulled

    def cotangents(self, cotangents: Sequence[Array], recorded: bool) -> list[Array]:
        """The cotangents of the variables, as the sweep left them."""
        swept, _ = gradients(self.tape, sum_seeds(self.outputs, cotangents), self.since, recorded=recorded)
        return [_own(swept[x], x._data) if x in swept else np.zeros_like(x._data) for x in self.variables]


def _own(g: Array, x: Array) -> Array:
    """A cotangent of `x`: where `x` is traced, so is a constant slope, since the caller may write into it."""
    traced: Any = x  # of the class that it stands for, to a reader of types
    constant = isinstance(x, Tracer) and traced.ndim and not isinstance(payload(g), (Tracer, OuterArray))
    return np.full_like(traced, g) if constant else g


def sum_seeds(outputs: list[Any], cotangents: Sequence[Array]) -> dict[Any, Array]:
    """The cotangent of each output; of one that stands there twice, the sum."""
    seeds: dict[Any, Array] = {}
    for z, g in zip(outputs, cotangents, strict=True):
        seeds[z] = seeds[z] + g if z in seeds else g
    return seeds


def to_caller(x: Array, recorded: bool, as_value: bool) -> Array:
    """A result as the caller's own: a Value where it may be differentiated further, else a plain number."""
    if recorded and isinstance(x, Entry):
        return x
    numbers = payload(x)
    own = unwrap_scalar(numbers.copy()) if isinstance(numbers, np.ndarray) else numbers
    return record(Value, own) if recorded or as_value else own


def match_tree(caller: str, what: str, given: Tree, wanted: Tree) -> list[Array]:
    """The leaves of `given`, in the dtypes of `wanted`, whose structure and shapes it must have."""

    def check(x: Array, z: Array) -> Array:
        if np.shape(x) != z.shape:
            raise ValueError(f"{caller}: a {what} has shape {np.shape(x)} where {z.shape} was expected")
        return x if isinstance(x, Entry) else accept(x).astype(z.dtype)

    return tree.leaves(tree.map(check, given, wanted))
