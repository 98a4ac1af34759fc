"""What a function is given: the numbers in its arguments and in what it closes over, and all else it depends on.

A reader is made by walking through both once. It is a small program of its own, printed and run: it lists the
numbers that go in, or tells that something is not as it was, so that the program made for it does not hold.

leaf     a number or array that goes in anew at each call
place    where it is found, as the user would write it
fill     what is put in place of leaves, in order
"""

import dataclasses
import functools
import itertools
import sys
import types
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinygrad_edu.tape import Entry

Build = Callable[[Sequence[Any]], Any]

_TRUSTED = {*sys.stdlib_module_names, "numpy", "tinygrad_edu", "scipy"} - {"__main__"}
_BY_VALUE = (str, bytes, bool, int, float, complex, type(None), range, frozenset, np.dtype)


def _trusted(module: str | None) -> bool:
    """Tell whether a module is of a library, which does not change."""
    return (module or "builtins").partition(".")[0] in _TRUSTED


class Reader:
    """How to find the numbers that go in, and how to call the function with others in their places.

    known: places of integers that lengths or indices depend on, and that therefore do not go in
    """

    def __init__(self, function: Any, args: tuple[Any, ...], keywords: dict[str, Any], known: set[str]) -> None:
        self.known = known
        self.leaves: list[Any] = []
        self.places: list[str] = []
        self.values: list[bool] = []
        self._code: list[str] = []
        self._bound: dict[str, Any] = {}
        self._seen: dict[int, tuple[str, Build | None, Any]] = {}
        self._made: list[tuple[Any, Any, Any]] = []
        self._numbers = itertools.count()
        names = _parameter_names(function, len(args))
        parts = [self._visit(x, f"args[{i}]", names[i]) for i, x in enumerate(args)]
        named = {key: self._visit(x, f"keywords[{key!r}]", key) for key, x in keywords.items()}
        self._check(f"len(args) == {len(args)} and [*keywords] == {self._bind([*keywords])}", first=True)
        itself = self._visit(function, self._bind(function), "")
        self._parts = itself or (lambda _: function), parts, named, args, keywords
        self.read = self._compiled()

    def called(self, fill: Sequence[Any]) -> Any:
        """Call the function with `fill` in place of the leaves."""
        itself, parts, named, args, keywords = self._parts
        self._made.clear()
        self._cache: dict[int, Any] = {}
        given = [x if part is None else part(fill) for part, x in zip(parts, args, strict=True)]
        more = {key: keywords[key] if part is None else part(fill) for key, part in named.items()}
        return itself(fill)(*given, **more)

    def changed(self) -> str | None:
        """Name what the last call wrote into that was not its own, if anything."""
        for made, children, place in self._made:
            now = _children(made)
            if now.keys() != children.keys() or any(now[key] is not children[key] for key in now):
                return place
        return None

    def _compiled(self) -> Callable[..., Any]:
        """Print the reader, and run it."""
        found = ", ".join(f"v{i}" for i in self.leaves)
        body = "\n        ".join([*self._code, f"return ({found}{',' * bool(found)})"])
        faults = "(AttributeError, IndexError, KeyError, TypeError, ValueError)"
        text = f"def read(args, keywords):\n    try:\n        {body}\n    except {faults}:\n        return None\n"
        names = dict(self._bound)
        exec(text, names)
        return names["read"]  # type: ignore[no-any-return]

    def _bind(self, x: Any) -> str:
        """Give a name to something that the reader compares with."""
        name = f"k{len(self._bound)}"
        self._bound[name] = x
        return name

    def _check(self, condition: str, first: bool = False) -> None:
        self._code.insert(0 if first else len(self._code), f"if not ({condition}): return None")

    def _visit(self, x: Any, expression: str, place: str, captured: bool = False) -> Build | None:
        """Find the leaves in `x`; give the function that puts others in their places, None if there are none."""
        if id(x) in self._seen:
            name, build, _ = self._seen[id(x)]
            self._check(f"{expression} is {name}")
            return build
        name = f"v{next(self._numbers)}"
        self._code.append(f"{name} = {expression}")
        shared = not isinstance(x, (*_BY_VALUE, np.ndarray, np.generic))
        if shared:
            self._seen[id(x)] = name, None, x
        build = self._inside(x, name, place, captured or not place)
        if shared:
            self._seen[id(x)] = name, build, x
        return build

    def _inside(self, x: Any, name: str, place: str, captured: bool) -> Build | None:
        kind = type(x)
        if isinstance(x, Entry):
            return self._leaf(x._data, name, place, kind)
        if _is_number(x) and not (captured and kind in (int, float)) and place not in self.known:
            return self._leaf(x, name, place, None)
        if isinstance(x, types.FunctionType):
            return self._function(x, name, place)
        if isinstance(x, types.MethodType):
            return self._bound_method(x, name, place)
        if isinstance(x, functools.partial):
            return self._partial(x, name, place)
        if _is_container(x):
            return self._container(x, name, place, captured)
        if isinstance(x, _BY_VALUE):
            same = f"{name} == {self._bind(x)}" if x == x else f"{name} != {name}"  # noqa: PLR0124 - NaN
            self._check(f"type({name}) is {self._bind(kind)} and {same}")
        else:
            self._check(f"{name} is {self._bind(x)}")
        return None

    def _leaf(self, numbers: Any, name: str, place: str, value: Any) -> Build:
        """Note a number that goes in; its kind, shape and layout are what programs are made for."""
        self._check(f"type({name}) is {self._bind(value or type(numbers))}")
        found = f"v{name[1:]}_"
        if value:
            self._code.append(f"{found} = {name}._data")
            self._check(f"type({found}) is {self._bind(type(numbers))}")
        else:
            found = name
        if isinstance(numbers, np.ndarray):
            layout = f"{found}.shape == {numbers.shape} and {found}.strides == {numbers.strides}"
            self._check(f"{layout} and {found}.dtype == {self._bind(numbers.dtype)}")
        i = len(self.leaves)
        self.leaves.append(found[1:])
        self.places.append(place)
        self.values.append(value is not None)
        return lambda fill: fill[i]

    def _container(self, x: Any, name: str, place: str, captured: bool) -> Build | None:
        children = _children(x)
        self._check(f"type({name}) is {self._bind(type(x))} and [*_children({name})] == {self._bind([*children])}")
        self._bound["_children"] = _children
        builds = {
            key: self._visit(child, _access(x, name, key), f"{place}{_access(x, '', key)}", captured)
            for key, child in children.items()
        }
        if not any(builds.values()):
            return None
        return self._once(x, lambda fill: self._remember(_rebuilt(x, _filled(children, builds, fill)), place))

    def _once(self, x: Any, build: Build) -> Build:
        """Have one thing that stands in several places built once."""

        def built(fill: Sequence[Any]) -> Any:
            if id(x) not in self._cache:
                self._cache[id(x)] = build(fill)
            return self._cache[id(x)]

        return built

    def _remember(self, made: Any, place: str) -> Any:
        self._made.append((made, _children(made), place))
        return made

    def _bound_method(self, x: types.MethodType, name: str, place: str) -> Build | None:
        self._check(f"{name}.__func__ is {self._bind(x.__func__)}")
        build = self._visit(x.__self__, f"{name}.__self__", place or "self", True)
        return build and (lambda fill: types.MethodType(x.__func__, build(fill)))

    def _partial(self, x: Any, name: str, place: str) -> Build | None:
        parts = [
            self._visit(getattr(x, key), f"{name}.{key}", f"{place}.{key}") for key in ("func", "args", "keywords")
        ]
        if not any(parts):
            return None

        def built(fill: Sequence[Any]) -> Any:
            whole = (x.func, x.args, x.keywords)
            function, args, keywords = (p if b is None else b(fill) for p, b in zip(whole, parts, strict=True))
            return functools.partial(function, *args, **keywords)

        return built

    def _function(self, f: types.FunctionType, name: str, place: str) -> Build | None:
        """Go through what a function closes over: cells, defaults, and the globals of one that is the user's own."""
        self._check(f"{name} is {self._bind(f)}")
        cells = dict(zip(f.__code__.co_freevars, f.__closure__ or (), strict=True))
        module = f.__globals__.get("__name__")
        used = {} if _trusted(module) else {k: f.__globals__[k] for k in _names_in(f.__code__) & {*f.__globals__}}
        scope, inner = self._bind(f.__globals__), {}
        for key, cell in cells.items():
            try:
                inner[key] = self._visit(cell.cell_contents, f"{self._bind(cell)}.cell_contents", key, True)
            except ValueError:  # the cell is empty
                inner[key] = None
        outer = {key: self._visit(x, f"{scope}[{key!r}]", key, True) for key, x in sorted(used.items())}
        defaults = self._visit(f.__defaults__, f"{name}.__defaults__", f"{f.__name__}'s defaults", True)
        if not any([*inner.values(), *outer.values(), defaults]):
            return None

        def built(fill: Sequence[Any]) -> Any:
            closure = tuple(c if inner[k] is None else types.CellType(inner[k](fill)) for k, c in cells.items())
            names = dict(f.__globals__)
            made = types.FunctionType(f.__code__, names, f.__name__, f.__defaults__, closure or None)
            made.__kwdefaults__ = f.__kwdefaults__
            self._cache[id(f)] = made
            names.update({key: build(fill) for key, build in outer.items() if build is not None})
            made.__defaults__ = f.__defaults__ if defaults is None else defaults(fill)
            self._made.append((made, _children(made), f.__name__))
            return made

        return self._once(f, built)


def _is_number(x: Any) -> bool:
    if type(x) in (int, float):
        return True
    return isinstance(x, (np.ndarray, np.generic)) and x.dtype.kind in "biufc" and type(x) is not bool


def _is_container(x: Any) -> bool:
    """Tell whether there may be numbers inside: in collections, in objects of the user's, in modules of the user's."""
    if isinstance(x, (dict, list, tuple)) or (dataclasses.is_dataclass(x) and not isinstance(x, type)):
        return True
    return (
        not isinstance(x, type)
        and not _trusted(type(x).__module__)
        and (hasattr(x, "__dict__") or hasattr(type(x), "__slots__"))
    )


def _children(x: Any) -> dict[Any, Any]:
    """Give what hangs one level below, by key, index or attribute."""
    if isinstance(x, dict):
        return dict(x)
    if isinstance(x, (list, tuple)):
        return dict(enumerate(x))
    if isinstance(x, types.FunctionType):
        cells = zip(x.__code__.co_freevars, x.__closure__ or (), strict=True)
        return {**x.__globals__, **{key: getattr(cell, "cell_contents", None) for key, cell in cells}}
    slots = [name for kind in type(x).__mro__ for name in getattr(kind, "__slots__", ()) if hasattr(x, name)]
    return {name: getattr(x, name) for name in slots} | getattr(x, "__dict__", {})


def _access(x: Any, name: str, key: Any) -> str:
    """Write how a child is reached."""
    return f"{name}[{key!r}]" if isinstance(x, (dict, list, tuple)) else f"{name}.{key}"


def _filled(children: dict[Any, Any], builds: dict[Any, Build | None], fill: Sequence[Any]) -> dict[Any, Any]:
    filled = {}
    for key, child in children.items():
        build = builds[key]
        filled[key] = child if build is None else build(fill)
    return filled


def _rebuilt(x: Any, children: dict[Any, Any]) -> Any:
    """Make the same with other children."""
    if isinstance(x, tuple):
        return type(x)(*children.values()) if hasattr(x, "_fields") else type(x)(children.values())
    if isinstance(x, list):
        return type(x)(children.values())
    if isinstance(x, dict):
        return type(x)(children)
    made = object.__new__(type(x))
    for key, child in children.items():
        object.__setattr__(made, key, child)
    return made


def _names_in(code: types.CodeType) -> set[str]:
    """Collect the names that code looks up, with those of the functions defined in it."""
    names = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            names |= _names_in(constant)
    return names


def _parameter_names(function: Any, count: int) -> list[str]:
    """Name the arguments as the function does."""
    function = getattr(function, "__wrapped__", function)
    code = getattr(function, "__code__", None)
    names = list(code.co_varnames[: code.co_argcount]) if code else []
    names = names[1:] if isinstance(function, types.MethodType) else names
    return [*names[:count], *(f"argument_{i}" for i in range(len(names), count))]
