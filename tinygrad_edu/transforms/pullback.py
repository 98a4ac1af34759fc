"""One run of a function on fresh Values, ready to be swept back from its outputs to them.

f          the function, of any arguments; those differentiated are trees of numbers
argnums    which arguments: an index, the name of one that is given by keyword, or several of these
variables  fresh Values that stand in for the numbers differentiated
sizes      inside `vmap`: how many examples there are. Variables hold all of them, and since each has its own slope, the
           sweep of their sum has the slopes of all
"""

import functools
import itertools
import types
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygrad_edu import tree
from tinygrad_edu.core.arrays import accept, unwrap_scalar
from tinygrad_edu.core.context import KEPT, ONCE, OuterArray, Recording, Tracer, is_recording, transforming
from tinygrad_edu.core.dtypes import cast
from tinygrad_edu.core.kinks import recorded_gradients
from tinygrad_edu.core.masking import gradients
from tinygrad_edu.core.rules import NO_KEYWORDS, Array, Function, Inputs, Keywords
from tinygrad_edu.core.tape import Entry, order, payload, record, serials
from tinygrad_edu.core.value import Value
from tinygrad_edu.transforms.batching import Batch, levels, unwrapped, wrapped
from tinygrad_edu.tree import Tree

Argnums = int | str | Sequence[int | str]
_UNCHANGED = nullcontext()


@dataclass(frozen=True, eq=False)
class Transformed:
    """The function that `transform` makes of `f`; it can be pickled if `f` can, and is a method where `f` is one."""

    transform: Callable[[Function, Any, Inputs, Keywords], Any]
    f: Function
    argnums: Any  # or what else the transform is told

    def __post_init__(self) -> None:
        for name in functools.WRAPPER_ASSIGNMENTS:
            if hasattr(self.f, name):
                self.__dict__[name] = getattr(self.f, name)
        self.__dict__["__wrapped__"] = self.f

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        """What the transform gives for these arguments."""
        return self.transform(self.f, self.argnums, args, keywords)

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else types.MethodType(self, instance)


def function_of(caller: str, f: Any) -> Function:
    """`f`, which must be a function.

    Raises:
        TypeError: it is none, such as what a function gave.
    """
    if not callable(f):
        raise TypeError(f"{caller}: got a {type(f).__name__} in place of a function; pass f itself, not f(x)")
    function: Function = f
    return function


def several(argnums: Argnums) -> bool:
    """Whether `argnums` names a sequence of arguments, for which a tuple is given back."""
    return isinstance(argnums, Sequence) and not isinstance(argnums, str)


def _variable(x: Array) -> Value:
    """A Value that stands in for `x`: recorded of a Value, so that outer derivatives see through, or else a leaf."""
    if isinstance(x, Value):
        return +x
    if levels.get():  # it was copied before it was repeated for every example
        return record(Value, x)  # type: ignore[no-any-return]
    quick = type(x) is np.ndarray and x.dtype.kind == "f" and x.ndim
    leaf: Value = record(Value, x.copy(order="K") if quick else accept(x))
    return leaf


def _owned(x: Any) -> Any:
    """A number of a function inside `vmap`, in memory of its own; a Value stays what it is."""
    if isinstance(x, Batch):
        return Batch(_owned(x.array), x.depth)
    return x if isinstance(x, Entry) else accept(x)


def _is_own_kind(x: Any) -> bool:
    return isinstance(x, (Entry, OuterArray))


def chosen_arguments(argnums: Argnums, count: int, keywords: Keywords, caller: str) -> tuple[int | str, ...]:
    """`argnums` as indices from 0 and names, checked against the arguments."""
    if isinstance(argnums, int) and 0 <= argnums < count:
        return (argnums,)
    wanted: Any = argnums if several(argnums) else (argnums,)
    places = tuple(int(i) % count if isinstance(i, (int, np.integer)) and -count <= i < count else i for i in wanted)
    known = (*range(count), *keywords)
    if any(not isinstance(i, (int, str)) or i not in known for i in places) or len({*places}) < len(places):
        given = f"{count} positional arguments" + (f" and {', '.join(keywords)} by keyword" if keywords else "")
        raise ValueError(
            f"{caller}: argnums={argnums!r} with {given}; name each at most once, by its position or its keyword"
        )
    return places


class Pullback:
    """One run of a function on variables, ready to be swept back from its outputs to them."""

    def __init__(
        self,
        caller: str,
        f: Function,
        args: Inputs,
        argnums: Argnums = 0,
        keywords: Keywords = NO_KEYWORDS,
        once: bool = False,
    ) -> None:
        f = function_of(caller, f)
        places = chosen_arguments(argnums, len(args), keywords, caller)
        given, named = [*args], {**keywords}
        found, self.rebuild = tree.flatten([named[i] if isinstance(i, str) else given[i] for i in places])
        if not found:
            raise TypeError(f"{caller}: argument {argnums} holds no number to differentiate; got {args}")
        self.sizes = levels.get()
        self.numbers = [self.whole(_owned(x)) for x in found] if self.sizes else found
        with _recording():
            self.variables = [*map(_variable, self.numbers)]
            self.since = next(serials)
            for i, variable in zip(places, self.rebuild(self.wrapped(self.variables)), strict=True):
                if isinstance(i, str):
                    named[i] = variable
                else:
                    given[i] = variable
            self.once = once and not transforming.get()  # else the tape is part of another one
            self.output = _run(f, given, named, ONCE if self.once else KEPT)
            outputs, self.rebuild_output = tree.flatten(self.output)
            self.outputs = [*map(self.whole, outputs)]
        for z in self.outputs or [self.output]:
            if not isinstance(z, Entry):
                raise TypeError(
                    f"{caller}: the function returned {z!r}, to which nothing on the tape led; "
                    "NumPy's functions stay on the tape, math's, float() and .data leave it"
                )
        self.tape = order(self.outputs, self.since)
        self.from_values = any(isinstance(x, Entry) for x in self.numbers)
        older = itertools.takewhile(lambda z: z.serial < self.since, self.tape)  # the tape begins with them
        others = not {*older}.issubset(self.variables)
        self.recorded = is_recording() and (self.from_values or others)

    def whole(self, x: Any) -> Any:
        """All examples of a leaf in one array; outside of `vmap`, the leaf itself."""
        return unwrapped(x if _is_own_kind(x) else accept(x), self.sizes) if self.sizes else x

    def wrapped(self, leaves: Sequence[Any]) -> list[Any]:
        """Leaves as the caller sees them: one example of each."""
        return [wrapped(x, self.sizes) for x in leaves] if self.sizes else [*leaves]

    def shape_of(self, x: Array) -> tuple[int, ...]:
        """The shape that the caller sees."""
        shape: tuple[int, ...] = x.shape[len(self.sizes) :]
        return shape

    def handed_out(self, x: Any) -> Any:
        """A leaf of what the function gave, as the caller's own."""
        z = self.whole(x) if _is_own_kind(x) else x
        if not isinstance(z, Entry):
            return x
        (made,) = self.wrapped([to_caller(z, self.recorded, self.from_values)])
        return made

    def value(self) -> Tree:
        """The output, as the caller's own."""
        return self.rebuild_output(self.wrapped([to_caller(z, self.recorded, self.from_values) for z in self.outputs]))

    def pull(self, cotangents: Sequence[Array], recorded: bool | None = None) -> list[Tree]:
        """The cotangents of the differentiated arguments, for those of the flattened outputs."""
        recorded = self.recorded if recorded is None else recorded
        swept = zip(self.numbers, self.cotangents(cotangents, recorded), strict=True)
        made = [to_caller(g, recorded, isinstance(number, Entry)) for number, g in swept]
        pulled: list[Tree] = self.rebuild(self.wrapped(made))
        return pulled

    def cotangents(self, cotangents: Sequence[Array], recorded: bool) -> list[Array]:
        """The cotangents of the variables, as the sweep left them."""
        swept = self.sweep(sum_seeds(self.outputs, cotangents), recorded)
        return [_own(swept[x], x._payload) if x in swept else np.zeros_like(x._payload) for x in self.variables]

    def sweep(self, seeds: dict[Any, Array], recorded: bool) -> dict[Any, Array]:
        """The cotangents of the leaves of the tape; with `recorded`, on a tape of their own."""
        if self.recorded and recorded:
            return recorded_gradients(self.tape, seeds, self.since)
        return gradients(self.tape, seeds, self.since, recorded=recorded, once=self.once)[0]


def _recording() -> AbstractContextManager[Any]:
    """A context in which what happens is recorded, as it nearly always is anyway."""
    return _UNCHANGED if is_recording() else Recording(True)


def _run(f: Function, args: Sequence[Any], keywords: Keywords, tape: int) -> Any:
    """What `f` gives for its variables; meanwhile copies are recorded, and `tape` says whether all of it is kept."""
    token = transforming.set(tape)
    try:
        return f(*args, **keywords)
    finally:
        transforming.reset(token)


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
        if not tree.is_leaf(z):
            kind = f"{type(z).__name__} of {len(tree.leaves(z))} arrays"
            raise TypeError(f"{caller}: a {what} is a {type(x).__name__} where a {kind} was expected; pass one like it")
        if np.shape(x) != z.shape:
            raise ValueError(f"{caller}: a {what} has shape {np.shape(x)} where {z.shape} was expected")
        x = x if _is_own_kind(x) else accept(x)
        return x if x.dtype == z.dtype else cast(x, z.dtype, f"{caller}: a {what}")

    return tree.leaves(tree.map(check, given, wanted))
