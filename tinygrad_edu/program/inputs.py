"""What a function is given: the numbers in its arguments and in what it closes over, and all else it depends on.

A reader is made by walking through both once. It is a small program of its own, printed and run: it lists the
numbers that go in, or tells that something is not as it was, so that the program made for it does not hold.

leaf     a number or array that goes in anew at each call
place    where it is found, as the user would write it
name     what is found is called in the text; expression: how it is reached there
fixed    what cannot be replaced, in classes and modules: it is part of what a program is made for
"""

import collections
import functools
import itertools
import random
import sys
import types
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from tinygrad_edu.program import codes
from tinygrad_edu.program.checks import Checks, is_number, refuse_foreign
from tinygrad_edu.program.filling import Build, Filling
from tinygrad_edu.program.parts import Part, below, children, is_container, slots
from tinygrad_edu.tape import Entry

_ALONE = (np.ndarray, np.generic, str, bytes, int, float, complex, type(None))
_GENERATORS = (np.random.Generator, np.random.RandomState, np.random.BitGenerator, random.Random)


class Reader:
    """How to find the numbers that go in, and how to call the function with others in their places.

    known: places of whole numbers that lengths or indices depend on, and that therefore do not go in
    """

    def __init__(self, function: Any, args: tuple[Any, ...], keywords: dict[str, Any], known: Collection[str]) -> None:
        self.known, self.checks = known, Checks()
        self.places: list[str] = []
        self.values: list[bool] = []
        self.generators: list[Any] = []
        self.originals: list[tuple[Any, str]] = []  # what the function gets as it is, and must not change
        self._seen: dict[int, tuple[str, Build | None, Any]] = {}
        self._numbers = itertools.count()
        self._later: list[tuple[Any, str, str]] = []
        self._classes: dict[Any, tuple[str, str, set[str]]] = {}
        self._used: set[str] = set()
        self._fixed = False
        names = codes.parameter_names(function, len(args))
        self.checks.arguments(len(args), [*keywords])
        parts = [self._visit(x, f"args[{i}]", names[i]) for i, x in enumerate(args)]
        named = {key: self._visit(x, f"keywords[{key!r}]", key) for key, x in keywords.items()}
        self.checks.mark()
        itself = self._visit(function, self.checks.bind(function), "self" * is_container(function), True)
        self._visit_fixed()
        self._seen.clear()
        left = [None if part else x for part, x in zip(parts, args, strict=True)]
        self._parts = itself or (lambda _: function), parts, named, left, keywords
        self.read, self.entries, self.broken = self.checks.printed()

    def filled(self, fill: Sequence[Any]) -> Filling:
        """Put `fill` in place of the leaves, ready to be called."""
        itself, parts, named, args, keywords = self._parts
        filling = Filling(fill)
        function = itself(filling)
        given = [x if part is None else part(filling) for part, x in zip(parts, args, strict=True)]
        more = {key: keywords[key] if part is None else part(filling) for key, part in named.items()}
        filling.ready(functools.partial(function, *given, **more))
        return filling

    def _visit(self, x: Any, expression: str, place: str, captured: bool = False) -> Build | None:
        """Find the leaves in `x`; give what builds it with others in their places, None if there are none."""
        if id(x) in self._seen:
            name, build, _ = self._seen[id(x)]
            self.checks.require(f"{expression} is {name}", place)
            return build
        name = f"v{next(self._numbers)}"
        self.checks.call(name, expression)
        if isinstance(x, _ALONE):
            return self._inside(x, name, place, captured)
        self._seen[id(x)] = name, lambda filling: filling.looped(x), x
        build = self._inside(x, name, place, captured)
        self._seen[id(x)] = name, build, x
        return build

    def _inside(self, x: Any, name: str, place: str, captured: bool) -> Build | None:
        refuse_foreign(x, place)
        if isinstance(x, Entry) or is_number(x):
            return self._number(x, name, place, captured)
        if isinstance(x, types.FunctionType):
            return self._function(x, name, place)
        if isinstance(x, (types.MethodType, functools.partial)) or _is_method_of_an_object(x):
            return self._bound(x, name, place)
        if is_container(x):
            return self._container(x, name, place, captured)
        self.checks.same(x, name, place)
        if isinstance(x, set):
            self.originals.append((x, place))
        elif isinstance(x, _GENERATORS):
            self.generators.append(x)
        elif hasattr(x, "inlined"):
            return self._visit(x.inlined, f"{name}.inlined", place, True)
        elif hasattr(x, "__wrapped__"):
            self._later.append((x.__wrapped__, f"{name}.__wrapped__", place))
        elif isinstance(x, types.ModuleType) and not codes.is_library(x.__name__):
            self._classes[x] = name, place, set()
        elif isinstance(x, type) and not codes.is_library(x.__module__):
            self._class(x)
        return None

    def _number(self, x: Any, name: str, place: str, captured: bool) -> Build | None:
        numbers = x._data if isinstance(x, Entry) else x
        if self._fixed and not isinstance(x, (int, float)):
            self.checks.content(x, name, place)
            return None
        if self._fixed or (captured and type(x) in (int, float)) or place in self.known:
            self.checks.same(x, name, place)
            return None
        i = len(self.places)
        self.places.append(place)
        self.values.append(x is not numbers)
        self.checks.leaf(numbers, name, place, type(x) if x is not numbers else None)
        return lambda filling: filling.fill[i]

    def _container(self, x: Any, name: str, place: str, captured: bool) -> Build | None:
        parts = children(x)
        self._check_parts(x, name, place, [key for kind, key in parts if kind == "[]"])
        builds = {
            part: self._visit(child, self._access(x, name, part), below(place, *part), captured)
            for part, child in parts.items()
        }
        if codes.is_users_object(x):
            self._class(type(x))
        if not any(builds.values()):
            self.originals.append((x, place))
            return None
        kept = {part: None if builds[part] else child for part, child in parts.items()}
        return lambda filling: filling.container(x, kept, builds, place)

    def _check_parts(self, x: Any, name: str, place: str, keys: list[Any]) -> None:
        conditions = [f"type({name}) is {self.checks.bind(type(x))}"]
        if isinstance(x, dict):
            conditions.append(f"[*{name}] == {self.checks.bind(keys)}")
        elif isinstance(x, (list, tuple, collections.deque)):
            conditions.append(f"len({name}) == {len(keys)}")
        if hasattr(x, "__dict__"):
            conditions.append(f"[*{name}.__dict__] == {self.checks.bind([*x.__dict__])}")
        if found := slots(x):
            conditions.append(f"_slots({name}) == {found}")
        self.checks.require(" and ".join(conditions), place)

    def _access(self, x: Any, name: str, part: Part) -> str:
        kind, key = part
        if kind == ".":
            return f"{name}.{key}"
        return f"{name}[{repr(key) if type(key) in (str, int) else self.checks.bind(key)}]"

    def _bound(self, x: Any, name: str, place: str) -> Build | None:
        """Go through what a bound method or a partial function holds."""
        keys = ("func", "args", "keywords") if isinstance(x, functools.partial) else ("__self__",)
        self.checks.require(f"type({name}) is {self.checks.bind(type(x))}", place)
        place = place or "self" * isinstance(x, types.MethodType)
        if isinstance(x, types.MethodType):
            self._later.append((x.__func__, f"{name}.__func__", place))
        elif isinstance(x, types.BuiltinMethodType):
            self.checks.require(f"{name}.__name__ == {x.__name__!r}", place)
        builds = [self._visit(getattr(x, k), f"{name}.{k}", place if k == "__self__" else below(place, ".", k), True) for k in keys]
        if not any(builds):
            return None

        def built(filling: Filling) -> Any:
            made = [getattr(x, k) if b is None else b(filling) for k, b in zip(keys, builds, strict=True)]
            if isinstance(x, functools.partial):
                return functools.partial(made[0], *made[1], **made[2])
            return types.MethodType(x.__func__, *made) if isinstance(x, types.MethodType) else getattr(*made, x.__name__)

        return built

    def _function(self, f: types.FunctionType, name: str, place: str) -> Build | None:
        """Go through what a function closes over: cells, defaults, and the globals of one that is the user's own."""
        if codes.is_library(f.__module__) and not f.__closure__:
            self.checks.same(f, name, place)
            return None
        code, scope = self.checks.bind(f.__code__), self.checks.bind(f.__globals__)
        self.checks.require(f"{name}.__code__ is {code} and {name}.__globals__ is {scope}", place)
        inner = self._cells(f, name)
        outer = {} if codes.is_library(f.__module__) else self._globals(f, scope)
        holders = (("__defaults__", f.__defaults__), ("__kwdefaults__", f.__kwdefaults__), ("__dict__", f.__dict__))
        places = (f"{f.__name__}'s defaults", f"{f.__name__}'s defaults", f.__name__)
        rest = [
            self._visit(x, f"{name}.{key}", where, True) if x else None
            for (key, x), where in zip(holders, places, strict=True)
        ]
        if not any([*inner.values(), *outer.values(), *rest]):
            self.originals += [(cell, key) for key, cell in zip(f.__code__.co_freevars, f.__closure__ or (), strict=True)]
            self.originals += [(f.__globals__, "")] * bool(outer)
            return None
        return lambda filling: filling.function(f, inner, outer, rest)

    def _cells(self, f: types.FunctionType, name: str) -> dict[str, Build | None]:
        found: dict[str, Build | None] = {}
        for i, (key, cell) in enumerate(zip(f.__code__.co_freevars, f.__closure__ or (), strict=True)):
            expression = f"{name}.__closure__[{i}]"
            try:
                contents = cell.cell_contents
            except ValueError:  # it is empty
                self.checks.require(f"{expression} == {self.checks.bind(types.CellType())}", key)
                found[key] = None
            else:
                found[key] = self._visit(contents, f"{expression}.cell_contents", key, True)
        return found

    def _globals(self, f: types.FunctionType, scope: str) -> dict[str, Build | None]:
        used, missing = codes.global_names(f)
        if missing:
            self.checks.require(f"{scope}.keys().isdisjoint({self.checks.bind(missing)})", "its globals")
        attributes, modules = codes.lookups(f.__code__)[1:]
        self._used |= attributes | {*used, *missing}
        for module in modules & sys.modules.keys():
            self._later.append((sys.modules[module], self.checks.bind(sys.modules[module]), module))
        return {key: self._visit(x, f"{scope}[{key!r}]", key, True) for key, x in used.items()}

    def _class(self, kind: type) -> None:
        for base in kind.__mro__:
            if not codes.is_library(base.__module__) and base not in self._classes:
                self._classes[base] = self.checks.bind(base), base.__name__, set()

    def _visit_fixed(self) -> None:
        """Go through what cannot be replaced, as far as its names are looked up anywhere."""
        self._fixed = True
        while True:
            for x, expression, place in self._later:
                self._visit(x, expression, place, True)
            self._later.clear()
            todo = [(x, key) for x in self._classes for key in [*vars(x)] if self._wants(x, key)]
            if not todo:
                return
            for x, key in todo:
                name, place, done = self._classes[x]
                done.add(key)
                self._member(vars(x)[key], f"{name}.__dict__[{key!r}]", f"{place}.{key}")

    def _wants(self, x: Any, key: str) -> bool:
        wanted = key in self._used or codes.looks_up_names(self._used)
        method = isinstance(x, type) and key.startswith("__") and isinstance(vars(x)[key], types.FunctionType)
        own = not key.startswith("__") or key in self._used
        return key not in self._classes[x][2] and ((wanted and own) or method)

    def _member(self, x: Any, expression: str, place: str) -> None:
        """Go into what stands in a class or a module."""
        if isinstance(x, property):
            parts = ("fget", "fset", "fdel")
        elif isinstance(x, (staticmethod, classmethod)):
            parts = ("__func__",)
        elif isinstance(x, functools.cached_property):
            parts = ("func",)
        else:
            parts = ()
        self._visit(x, expression, place, True)
        for part in parts:
            if getattr(x, part) is not None:
                self._visit(getattr(x, part), f"{expression}.{part}", place, True)


def _is_method_of_an_object(x: Any) -> bool:
    """Tell whether something is a method of an object that is not Python's own, such as that of a dict."""
    return isinstance(x, types.BuiltinMethodType) and not isinstance(x.__self__, (types.ModuleType, type, type(None)))
