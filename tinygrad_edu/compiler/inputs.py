"""What a function is given: the numbers in its arguments and in what it closes over, and all else it depends on.

A reader is made by walking through both once. It is a small program of its own, printed and run: it lists the
numbers that go in, or tells that something is not as it was, so that the program made for it does not hold.

leaf     a number or array that goes in anew at each call
place    where it is found, as the user would write it
name     what is found is called in the text; expression: how it is reached there
fixed    what cannot be map_nested, in classes and modules: it is part of what a program is made for
"""

import collections
import functools
import random
import sys
import types
from collections.abc import Callable, Collection, Sequence
from typing import Any

import numpy as np

from tinygrad_edu.compiler import codes
from tinygrad_edu.compiler.checks import Checks, is_number, refuse_foreign
from tinygrad_edu.compiler.filling import Filling, Found, left_as_it_is, settle
from tinygrad_edu.compiler.members import Members
from tinygrad_edu.compiler.parts import Part, below, children, is_container, slots
from tinygrad_edu.core.rules import Each, table
from tinygrad_edu.core.tape import Entry

_ALONE = (np.ndarray, np.generic, str, bytes, int, float, complex, type(None))
_GENERATORS = (np.random.Generator, np.random.RandomState, np.random.BitGenerator, random.Random)
_HELD = {"__defaults__": "{}'s defaults", "__kwdefaults__": "{}'s defaults", "__dict__": "{}"}


class Reader:
    """How to find the numbers that go in, and how to call the function with others in their places.

    known: places of whole numbers that lengths or indices depend on, and that therefore do not go in
    """

    def __init__(self, function: Any, args: tuple[Any, ...], keywords: dict[str, Any], known: Collection[str]) -> None:
        self.known, self.checks = known, Checks()
        self.places: list[str] = []
        self.values: list[bool] = []
        self.generators: list[Any] = []
        self._seen: dict[int, tuple[str, Found]] = {}
        self._expressions: dict[str, Found] = {}
        self._found: list[Found] = []
        self._later: list[Callable[[], Any]] = []
        self._members = Members()
        self._fixed, self.where = False, codes.definition(function)
        names = codes.parameter_names(function, len(args))
        self.checks.arguments(len(args), [*keywords])
        self._args = [self._visit(x, f"args[{i}]", names[i]) for i, x in enumerate(args)]
        self._keywords = {key: self._visit(x, f"keywords[{key!r}]", key) for key, x in keywords.items()}
        self.checks.mark()
        place = "self" if is_container(function) else ""
        self._function = self._visit(function, self.checks.bind(function), place, True)
        self._visit_fixed()
        self.read, self.entries, self.broken = self.checks.printed()
        self.originals = [part for found in self._found for part in left_as_it_is(found)]
        self.originals += self._members.scopes()
        self.asks_for_types = not self._members.used.isdisjoint(codes.TYPES)
        self._seen.clear()

    def filled(self, fill: Sequence[Any]) -> Filling:
        """Put `fill` in place of the leaves, ready to be called."""
        filling = Filling(fill)
        args = [filling.of(found) for found in self._args]
        keywords = {key: filling.of(found) for key, found in self._keywords.items()}
        filling.ready(functools.partial(filling.of(self._function), *args, **keywords))
        return filling

    def _visit(self, x: Any, expression: str, place: str, captured: bool = False) -> Found:
        """Find the leaves in `x`, and what else it depends on."""
        if expression in self._expressions:
            return self._expressions[expression]
        if id(x) in self._seen:
            name, found = self._seen[id(x)]
            self.checks.require(f"{expression} is {name}", place)
            self._expressions[expression] = found
            return found
        name, found = f"v{len(self._found)}", Found(x, place)
        self.checks.call(name, expression)
        self._found.append(found)
        self._expressions[expression] = found
        if not isinstance(x, _ALONE):
            self._seen[id(x)] = name, found
        refuse_foreign(x, place, self.where)
        if isinstance(x, Entry) or is_number(x):
            self._number(found, name, captured)
        elif isinstance(x, types.FunctionType):
            self._function_found(found, name)
        elif isinstance(x, (types.MethodType, functools.partial)) or codes.is_method_of_an_object(x):
            self._bound(found, name)
        elif is_container(x):
            self._container(found, name, captured)
        else:
            self.checks.same(x, name, place)
            self._other(found, name)
        return found

    def _other(self, found: Found, name: str) -> None:
        """Go on from what holds no numbers itself."""
        x = found.x
        if isinstance(x, _GENERATORS):
            self.generators.append(x)
        elif hasattr(x, "inlined"):
            found.whole([self._visit(x.inlined, f"{name}.inlined", found.place, True)], lambda function: function)
        elif hasattr(x, "__wrapped__"):
            self._fix(x.__wrapped__, f"{name}.__wrapped__", found.place)
        elif isinstance(x, types.ModuleType) and not codes.is_library(x.__name__):
            self._members.meet(x, name, found.place)
        elif isinstance(x, type) and not codes.is_library(x.__module__):
            self._class(x)

    def _number(self, found: Found, name: str, captured: bool) -> None:
        x, place = found.x, found.place
        numbers = x._data if isinstance(x, Entry) else x
        if self._fixed and not isinstance(x, (int, float)):
            self.checks.content(x, name, place)
        elif self._fixed or (captured and type(x) in (int, float)) or place in self.known:
            self.checks.same(x, name, place)
        else:
            found.leaf(len(self.places))
            self.places.append(place)
            self.values.append(x is not numbers)
            self.checks.leaf(numbers, name, place, type(x) if x is not numbers else None)

    def _container(self, found: Found, name: str, captured: bool) -> None:
        x, place, parts = found.x, found.place, children(found.x)
        self._check_parts(x, name, place, [key for kind, key in parts if kind == "[]"])
        if codes.is_users_object(x):
            self._class(type(x), by_object=True)
        found.container({
            part: self._visit(child, self._access(name, part), below(place, *part), captured)
            for part, child in parts.items()
        })  # fmt: skip

    def _check_parts(self, x: Any, name: str, place: str, keys: list[Any]) -> None:
        conditions = [f"type({name}) is {self.checks.bind(type(x))}"]
        if isinstance(x, dict):
            conditions.append(f"[*{name}] == {self.checks.bind(keys)}")
        elif isinstance(x, (list, tuple, collections.deque)):
            conditions.append(f"len({name}) == {len(keys)}")
        if hasattr(x, "__dict__"):
            conditions.append(f"[*{name}.__dict__] == {self.checks.bind([*x.__dict__])}")
        if filled := slots(x):
            conditions.append(f"_slots({name}) == {filled}")
        self.checks.require(" and ".join(conditions), place)

    def _access(self, name: str, part: Part) -> str:
        kind, key = part
        if kind == ".":
            return f"{name}.{key}"
        return f"{name}[{repr(key) if type(key) in (str, int) else self.checks.bind(key)}]"

    def _bound(self, found: Found, name: str) -> None:
        """Go through what a bound method or a partial function holds."""
        x, place, checks = found.x, found.place, self.checks
        checks.require(f"type({name}) is {checks.bind(type(x))}", place)
        if isinstance(x, functools.partial):
            keys = ("func", "args", "keywords")
            parts = [self._visit(getattr(x, key), f"{name}.{key}", below(place, ".", key), True) for key in keys]
            found.whole(parts, lambda function, args, keywords: functools.partial(function, *args, **keywords))
            return
        itself = [self._visit(x.__self__, f"{name}.__self__", place or "self", True)]
        if isinstance(x, types.MethodType):
            method = x.__func__
            self._fix(method, f"{name}.__func__", place)
            found.whole(itself, lambda owner: types.MethodType(method, owner))
        else:
            key = x.__name__
            checks.require(f"{name}.__name__ == {key!r}", place)
            found.whole(itself, lambda owner: getattr(owner, key))

    def _function_found(self, found: Found, name: str) -> None:
        """Go through what a function closes over: cells, defaults, and the globals of one that is the user's own."""
        f, place, library = found.x, found.place, codes.is_of_library(found.x)
        if f in table and table[f].rules and not self._fixed:
            self.checks.same(f, name, place)
            self._later.append(lambda: self._cells(f, name))
            rules = table[f].rules
            each = isinstance(rules, Each)
            self._fix(rules.rule if isinstance(rules, Each) else rules, f"_table[{name}].rules{'.rule' * each}", place)
            return
        if library and not f.__closure__:
            self.checks.same(f, name, place)
            return
        code, scope = self.checks.bind(f.__code__), self.checks.bind(f.__globals__)
        filled = [key for key in _HELD if getattr(f, key)]
        bare = "".join(f" and not {name}.{key}" for key in _HELD if key not in filled)
        self.checks.require(f"{name}.__code__ is {code} and {name}.__globals__ is {scope}{bare}", place)
        inner = self._cells(f, name)
        outer = {} if library else self._globals(f, scope)
        rest = {
            key: self._visit(getattr(f, key), f"{name}.{key}", _HELD[key].format(f.__name__), True) for key in filled
        }
        found.function(inner, outer, rest)

    def _cells(self, f: types.FunctionType, name: str) -> dict[str, Found]:
        found: dict[str, Found] = {}
        for i, (key, cell) in enumerate(zip(f.__code__.co_freevars, f.__closure__ or (), strict=True)):
            expression = f"{name}.__closure__[{i}]"
            try:
                contents = cell.cell_contents
            except ValueError:  # it is empty
                self.checks.require(f"{expression} == {self.checks.bind(types.CellType())}", key)
            else:
                found[key] = self._visit(contents, f"{expression}.cell_contents", key, True)
        return found

    def _globals(self, f: types.FunctionType, scope: str) -> dict[str, Found]:
        used, missing = codes.global_names(f)
        if missing:
            self.checks.require(f"{scope}.keys().isdisjoint({self.checks.bind(missing)})", "its globals")
        attributes, modules = codes.lookups(f.__code__)[1:]
        self._members.used |= attributes | {*used, *missing}
        for module in modules & sys.modules.keys():
            self._fix(sys.modules[module], self.checks.bind(sys.modules[module]), module)
        return {key: self._visit(x, f"{scope}[{key!r}]", key, True) for key, x in used.items()}

    def _fix(self, x: Any, expression: str, place: str) -> None:
        """Have something visited when all that goes in is found."""
        self._later.append(lambda: self._visit(x, expression, place, True))

    def _class(self, kind: type, by_object: bool = False) -> None:
        for base in kind.__mro__:
            if not codes.is_library(base.__module__):
                self._members.meet(base, self.checks.bind(base), base.__name__, by_object)

    def _visit_fixed(self) -> None:
        """Go through what cannot be replaced."""
        settle(self._found)
        self._fixed = True
        while True:
            while self._later:
                self._later.pop()()
            for each in self._members.todo():
                self._fix(*each)
            if not self._later:
                break
        for name, missing, place in self._members.absent():
            self.checks.require(f"{name}.__dict__.keys().isdisjoint({self.checks.bind(missing)})", place)
