"""What a function is called with: trees of numbers, which go in, and all else, which a program is made for.

leaf    a number or array that goes in anew at each call
place   where it is found, as the user would write it
known   places of integers that lengths, axes, seeds or branches depend on, and that therefore do not go in
"""

import collections
import dataclasses
import enum
import functools
import types
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any, NoReturn

import numpy as np

from tinygrad_edu import tree
from tinygrad_edu.compiler.bytecode import definition, parameter_names
from tinygrad_edu.compiler.captures import Captures, is_compiled
from tinygrad_edu.compiler.errors import trace_error
from tinygrad_edu.compiler.guard import Guard, Read, has_value
from tinygrad_edu.core.context import Tracer
from tinygrad_edu.core.tape import Entry

Rebuild = Callable[[Iterator[Any]], Any]
Arguments = tuple[tuple[Any, ...], dict[str, Any]]

_STATIC = (str, bytes, bool, complex, type(None), type(Ellipsis), range, slice, np.dtype, type)
_FUNCTIONS: tuple[type, ...] = (
    type, types.FunctionType, types.MethodType, types.BuiltinFunctionType, functools.partial, np.ufunc, type(np.sum),
)  # fmt: skip
_CONTAINERS = (dict, collections.OrderedDict, list, tuple)


class Signature:
    """How to read what goes in, and how to call the function with something else in those places.

    read      the numbers that go in, or None if the program was not made for these arguments
    closed_over  the places of what the function closes over
    """

    def __init__(
        self, function: Callable[..., Any], args: tuple[Any, ...], keywords: dict[str, Any], known: Collection[str]
    ) -> None:
        self.where, self._known, self._guard = definition(function), known, Guard()
        self._name = getattr(function, "__name__", type(function).__name__)
        given = f"[*keywords] == {[*keywords]!r}" if keywords else "not keywords"
        self._guard.require(f"len(args) == {len(args)} and {given}", "the number of arguments")
        self._names = names = parameter_names(function, len(args))
        self._callables: list[tuple[Any, str]] = []
        positional = [self._visit(x, f"args[{i}]", names[i]) for i, x in enumerate(args)]
        named = {key: self._visit(x, f"keywords[{key!r}]", key) for key, x in keywords.items()}
        self._rebuild = positional, named
        of_arguments = len(self._guard.required)
        captures = Captures(function, self._guard)
        for x, place in self._callables:
            captures.constant(x, place, self.where)
        captures.follow_attributes()
        self.bindings, self.closed_over = captures.bindings, {*self._guard.required[of_arguments:]}
        self.aliases = self._find_aliases(args, keywords) if captures.compares_identities else None
        self.places, self.values = self._guard.places, self._guard.values
        self.read = self._guard.read()

    @functools.cached_property
    def entries(self) -> Read:
        """What `read` gives, with Values as they are."""
        return self._guard.entries()

    @functools.cached_property
    def mismatch(self) -> Read:
        """The first place at which something is other than it was."""
        return self._guard.mismatch()

    def arguments(self, leaves: Sequence[Any]) -> Arguments:
        """The arguments with `leaves` in place of the numbers; those in place of what is closed over are left over."""
        supply = iter(leaves)
        positional, named = self._rebuild
        return tuple(each(supply) for each in positional), {key: each(supply) for key, each in named.items()}

    def first_change(self, handed: Arguments, leaves: Sequence[Any]) -> str | None:
        """The first place at which arguments made of `leaves` are no longer as they were handed to the function."""
        fresh = self.arguments(leaves)
        pairs = [*zip(handed[0], fresh[0], self._names, strict=True)]
        pairs += [(x, fresh[1][key], key) for key, x in handed[1].items()]
        return next((found for x, y, place in pairs if (found := _changed(x, y, place)) is not None), None)

    def _visit(self, x: Any, expression: str, place: str) -> Rebuild:
        """Find the leaves in `x`; return what builds it again from others."""
        if isinstance(x, Tracer):
            self._refuse(place, "a traced array of another function", "numbers, arrays and trees of them")
        name = self._guard.let(expression)
        if is_number(x) and place not in self._known:
            self._check_array(x._payload if isinstance(x, Entry) else x, place)
            self._guard.leaf(name, x, place)
            return next
        kind = type(x)
        if kind in _CONTAINERS or hasattr(kind, "_fields") or _is_dataclass(x):
            return self._container(x, name, place)
        fixed = is_number(x) or kind in _STATIC or isinstance(x, (enum.Enum, *_FUNCTIONS)) or has_value(x)
        if not fixed and not is_compiled(x):
            what = f"an array of {x.dtype}" if isinstance(x, np.ndarray) else f"a {kind.__name__}"
            self._refuse(place, what, _instead(x))
        self._static(name, x, place)
        return lambda _: x

    def _static(self, name: str, x: Any, place: str) -> None:
        """Make something part of what the program is made for."""
        self._guard.same(name, x, place)
        self._callables.append((x, place))

    def _container(self, x: Any, name: str, place: str) -> Rebuild:
        level = tree.open_level(x)
        assert level is not None
        children, rebuild = level
        self._callables.append((type(x), place))
        kind = self._guard.bind(type(x))
        if _is_dataclass(x):
            names = tree.field_names(type(x))  # type: ignore[arg-type]
            self._guard.require(f"type({name}) is {kind}", place)
            parts = [(child, f"{name}.{key}", f"{place}.{key}") for key, child in zip(names, children, strict=True)]
            if hasattr(x, "__dict__"):
                self._guard.require(f"[*{name}.__dict__] == {[*vars(x)]!r}", place)
            for key in sorted({*vars(x), *_field_names(x)} - {*names}) if hasattr(x, "__dict__") else ():
                self._static(self._guard.let(f"{name}.{key}"), getattr(x, key), f"{place}.{key}")
        elif isinstance(x, dict):
            keys, kinds = self._guard.bind([*x]), self._guard.bind([*map(type, x)])
            alike = f"[*{name}] == {keys} and [*map(type, {name})] == {kinds}" if x else f"not {name}"
            self._guard.require(f"type({name}) is {kind} and {alike}", place)
            keyed = zip(x, children, strict=True)
            parts = [(child, f"{name}[{self._key(key)}]", f"{place}[{key!r}]") for key, child in keyed]
        else:
            self._guard.require(f"type({name}) is {kind} and len({name}) == {len(children)}", place)
            parts = [(child, f"{name}[{i}]", f"{place}[{i}]") for i, child in enumerate(children)]
        built = [self._visit(*part) for part in parts]
        return lambda supply: rebuild([each(supply) for each in built])

    def _key(self, key: Any) -> str:
        return repr(key) if type(key) in (str, int) else self._guard.bind(key)

    def _check_array(self, x: Any, place: str) -> None:
        if not isinstance(x, (np.generic, int, float)) and type(x) not in (np.ndarray, np.memmap):
            self._refuse(place, f"a {type(x).__name__}", "numpy.asarray(x)")

    def _find_aliases(self, args: tuple[Any, ...], keywords: dict[str, Any]) -> list[int]:
        """For each that goes in, the first that is the same object; the function asks, so it has to stay so."""
        ids = [*map(id, self._guard.entries()(args, keywords))]
        pattern = [*map(ids.index, ids)]
        self._guard.aliases(pattern)
        return pattern

    def _refuse(self, place: str, what: str, instead: str) -> NoReturn:
        raise trace_error(f"{self._name} is given {place}, {what}", f"pass {instead}", self.where)


def _changed(x: Any, y: Any, place: str) -> str | None:
    """The first place at which two trees, made alike of the same leaves, differ."""
    if not isinstance(x, (dict, list, tuple)) and not _is_dataclass(x):
        return None if x is y else place
    keyed, other = _keyed(x), _keyed(y)
    if [*keyed] != [*other]:
        return place
    for key, part in keyed.items():
        below = f"{place}.{key}" if _is_dataclass(x) else f"{place}[{key!r}]"
        if (found := _changed(part, other[key], below)) is not None:
            return found
    return None


def _keyed(x: Any) -> dict[Any, Any]:
    """What hangs one level below, by key, place or attribute."""
    if isinstance(x, dict):
        return x
    if isinstance(x, (list, tuple)):
        return dict(enumerate(x))
    return dict(vars(x)) if hasattr(x, "__dict__") else {name: getattr(x, name) for name in _field_names(x)}


def is_number(x: Any) -> bool:
    """Whether something is a Value, a number or an array of numbers."""
    if isinstance(x, Entry) or type(x) in (int, float):
        return True
    return isinstance(x, (np.ndarray, np.generic)) and x.dtype.kind in "biufc"


def _is_dataclass(x: Any) -> bool:
    return dataclasses.is_dataclass(x) and not isinstance(x, type)


def _field_names(x: Any) -> list[str]:
    return [field.name for field in dataclasses.fields(x)]


def _instead(x: Any) -> str:
    if isinstance(x, (np.random.Generator, np.random.RandomState)):
        return "an integer seed, and make the generator inside"
    if isinstance(x, np.ndarray):
        return "an array of real numbers"
    if hasattr(type(x), "__next__"):
        return "a list, since it is used up by the first run"
    if hasattr(type(x), "__array__"):
        return "numpy.asarray(x)"
    if isinstance(x, (int, float, dict, list, tuple, str)):
        return f"a plain {next(base for base in type(x).__mro__ if base.__module__ == 'builtins').__name__}"
    return "numbers, arrays, and dicts, lists, tuples or dataclasses of them"
