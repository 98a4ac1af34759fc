"""What a function closes over: constants, arrays that go in anew at each call, and what is refused.

A name (a cell, or a global) may be bound to numbers, text, functions, modules, classes, enums, frozen dataclasses,
tuples of these and read-only arrays: such things cannot change. That the name is still bound to the same is checked at
each call. A writeable array that a name is bound to goes in anew. All else could change unseen. Python functions are
followed, and so are those they reach by a name or an attribute, except in libraries.

f         a Python function
place     what something is called in the user's code
binding   where a name is bound: a cell, or the globals of a module and the name
"""

import dataclasses
import datetime
import decimal
import enum
import fractions
import functools
import re
import types
from collections.abc import Callable
from typing import Any, NamedTuple, NoReturn

import numpy as np

from tinygrad_edu.compiler.bytecode import Names, definition, is_library, is_of_library, names_in
from tinygrad_edu.compiler.errors import trace_error
from tinygrad_edu.compiler.guard import Guard
from tinygrad_edu.core.rules import Each, table
from tinygrad_edu.core.tape import Entry

CONSTANTS: tuple[Any, ...] = (
    bool, int, float, complex, str, bytes, type(None), type(Ellipsis), type(NotImplemented), range, slice, np.generic,
    np.dtype, np.ufunc, type(np.sum), types.BuiltinFunctionType, types.GenericAlias, types.UnionType, re.Pattern,
    enum.Enum, datetime.date, datetime.time, datetime.timedelta, decimal.Decimal, fractions.Fraction,
)  # fmt: skip
_ATTRIBUTED: tuple[Any, ...] = enum.Enum, np.ufunc, type(np.sum), types.GenericAlias  # their attributes are no state
_REMEDIES: dict[type, str] = {
    list: "pass it as an argument, or make it a tuple",
    np.ndarray: "bind it to a name of its own, pass it as an argument, or make it read-only: .flags.writeable = False",
    np.random.Generator: "draw outside, or pass an integer seed",
    np.random.RandomState: "draw outside, or pass an integer seed",
}


class Binding(NamedTuple):
    """Where a name is bound to an array: a cell, or the globals of a module."""

    holder: Any
    name: str

    @property
    def key(self) -> tuple[int, str]:
        """What the binding is found by."""
        return id(self.holder), self.name


def is_frozen_dataclass(x: Any) -> bool:
    """Whether `x` is an object whose fields cannot be bound to something else."""
    parameters = getattr(type(x), "__dataclass_params__", None)
    return parameters is not None and bool(parameters.frozen)


def _parts(x: Any, place: str) -> list[tuple[Any, str]] | None:
    """What a constant is made of, each with its place; None for what is not made of others."""
    if isinstance(x, types.MethodType):
        return [(x.__self__, f"self of {place}"), (x.__func__, place)]
    if isinstance(x, types.BuiltinMethodType) and not isinstance(x.__self__, (types.ModuleType, type(None))):
        return [(x.__self__, f"self of {place}")]
    if isinstance(x, functools.partial):
        return [(part, place) for part in (x.func, *x.args, *x.keywords.values())]
    if is_compiled(x):
        return [(x.__wrapped__, place)]
    if isinstance(x, (tuple, frozenset)):
        return [(part, place) for part in x]
    if is_frozen_dataclass(x):
        return [(getattr(x, field.name), f"{place}.{field.name}") for field in dataclasses.fields(x)]
    return None


def _is_constant(x: Any) -> bool:
    """Whether something that is not made of others cannot change."""
    if isinstance(x, np.ndarray):
        return type(x) is np.ndarray and not may_change(x)
    ours = type(x).__module__.partition(".")[0] == "tinygrad_edu"
    if type(x).__module__.startswith("tinygrad_edu.compiler") or (ours and getattr(x, "__dict__", None) == {}):
        return True
    return isinstance(x, _ATTRIBUTED) or (isinstance(x, CONSTANTS) and not hasattr(x, "__dict__"))


def may_change(x: Any) -> bool:
    """Whether anybody can write into an array."""
    while isinstance(x, np.ndarray):
        if x.flags.writeable:
            return True
        x = x.base
    return False


class Captures:
    """What `function`, and the functions in its arguments, close over; the conditions go into `guard`.

    Raises:
        TraceError: something could change unseen, or is assigned to.
    """

    def __init__(self, function: Callable[..., Any], guard: Guard) -> None:
        self.bindings: list[Binding] = []
        self.compares_identities = False
        self._guard, self._function_itself = guard, function
        self._root = getattr(function, "__name__", type(function).__name__)
        self._seen: dict[Any, Any] = {}
        self._attributes: set[str] = set()
        self._owners: list[Any] = []  # modules and classes of the user's, whose functions may be reached by attribute
        self._where = definition(function)
        self.constant(function, "itself", self._where)

    def constant(self, x: Any, place: str, where: str) -> None:
        """Make sure that `x` cannot change, and follow what it refers to."""
        if id(x) in self._seen:
            return
        self._seen[id(x)] = x
        if isinstance(x, types.FunctionType):
            self._function(x)
        elif isinstance(x, (types.ModuleType, type)):
            self._owners.append(x)
        elif (parts := _parts(x, place)) is not None:
            self._owners += [type(x)] if is_frozen_dataclass(x) else []
            for part, of_part in parts:
                self.constant(part, of_part, where)
        elif not _is_constant(x):
            self._refuse(x, place, where)

    def follow_attributes(self) -> None:
        """Follow the functions that code reaches as attributes of modules and classes; those are constants."""
        done: set[tuple[int, str]] = set()
        while True:
            ahead = [
                (owner, name)
                for owner in self._owners
                if not is_library(getattr(owner, "__module__", None) or getattr(owner, "__name__", ""))
                for name in vars(owner)
                if (name in self._attributes or (isinstance(owner, type) and name.startswith("__")))
                and (id(owner), name) not in done
            ]
            if not ahead:
                return
            for owner, name in ahead:
                done.add((id(owner), name))
                self._attribute(vars(owner)[name])

    def _attribute(self, x: Any) -> None:
        x = getattr(x, "__func__", getattr(x, "fget", getattr(x, "func", x)))
        if isinstance(x, types.FunctionType):
            if not is_generated(x) and not is_of_library(x):
                self._function(x, liftable=False)
        elif isinstance(x, (types.ModuleType, type)) and id(x) not in self._seen:
            self._seen[id(x)] = x
            self._owners.append(x)

    def _function(self, f: types.FunctionType, liftable: bool = True) -> None:
        """Follow the names of a function; arrays that they are bound to go in anew where `liftable`."""
        self._seen[id(f)] = f
        if f in table:  # it is known by itself, so that no stand-in can take its place
            liftable = False
            self._follow_rules(table[f].rules)
        library = is_of_library(f)
        names = Names() if library else names_in(f.__code__)
        for name, cell in zip(f.__code__.co_freevars, f.__closure__ or (), strict=True):
            try:
                x = cell.cell_contents
            except ValueError:  # it is empty
                self._guard.require(f"_is_empty({self._guard.bind(cell)})", name)
            else:
                expression = f"{self._guard.bind(cell)}.cell_contents"
                self._bound(x, expression, Binding(cell, name), liftable, names.lines.get(name))
        if not library:
            self._globals(f, names, liftable)
            for x in (*(f.__defaults__ or ()), *(f.__kwdefaults__ or {}).values()):
                self.constant(x, f"a default of {f.__name__}", definition(f))

    def _follow_rules(self, rules: tuple[Any, ...] | Each) -> None:
        for rule in (rules.rule,) if isinstance(rules, Each) else rules:
            if isinstance(rule, types.FunctionType) and id(rule) not in self._seen:
                self._function(rule, liftable=False)

    def _globals(self, f: types.FunctionType, names: Names, liftable: bool) -> None:
        """Follow the globals that a function uses."""
        for name, line in names.assigned.items():
            what = f"{self._root} assigns to {name}, which lives outside of it"
            raise trace_error(what, "give the new value back as a result", line)
        self.compares_identities |= names.compares_identities
        self._attributes |= names.attributes
        scope = self._guard.bind(f.__globals__)
        for name in sorted(names.globals & f.__globals__.keys()):
            binding = Binding(f.__globals__, name)
            if binding.key not in self._seen:
                self._bound(f.__globals__[name], f"{scope}[{name!r}]", binding, liftable, names.lines.get(name))
        if missing := names.globals - f.__globals__.keys():
            self._guard.require(f"{scope}.keys().isdisjoint({self._guard.bind(missing)})", "its globals")

    def _bound(self, x: Any, expression: str, binding: Binding, liftable: bool, where: str | None) -> None:
        """Let what a name is bound to go in anew, or make sure that it is the same and cannot change."""
        self._seen[binding.key] = binding
        name = binding.name
        if type(x) is np.ndarray and may_change(x) and liftable and x.dtype.kind in "biufc":
            self.bindings.append(binding)
            self._guard.leaf(self._guard.let(expression), x, name)
        else:
            self._guard.same(expression, x, name)
            self.constant(x, f"`{name}`", where or self._where)

    def _refuse(self, x: Any, place: str, where: str) -> NoReturn:
        kind = type(x)
        instead = next((_REMEDIES[base] for base in kind.__mro__ if base in _REMEDIES), "pass it as an argument")
        own = not is_library(kind.__module__) and not isinstance(x, Entry)
        instead += ", or make it a frozen dataclass of constants" if own else ""
        if x is self._function_itself:
            what = f"{self._root} is a {kind.__name__}, which could change unseen"
            instead = "make it a frozen dataclass, or compile a function that takes it as an argument"
        else:
            article = "an" if kind.__name__[0] in "aeiouAEIOU" else "a"
            what = f"{self._root} closes over {place}, {article} {kind.__name__}, which could change unseen"
        raise trace_error(what, instead, where)


def is_generated(f: types.FunctionType) -> bool:
    """Whether `f` is a method that `dataclasses` wrote."""
    return f.__name__.startswith("__") and f.__code__.co_filename == "<string>"


def is_compiled(x: Any) -> bool:
    """Whether `x` is an object of this package around a function, such as a compiled function."""
    return type(x).__module__.startswith("tinygrad_edu.compiler") and hasattr(x, "__wrapped__")
