"""A function with stand-ins for what its names are bound to: tracers for arrays, and a NumPy that knows of tracers.

While a function is traced it must not see that it is. What NumPy's protocols do not reach is answered here: functions
that make arrays (``np.asarray(x)``, ``np.array([x, y])``, ``np.full(n, x)``), ``type(x)``, ``print``. What goes on from
call to call, such as a random generator, is refused here. The function itself is left alone: another is made of the
same code, with other cells and globals.

f         a Python function
replaced  what stands in for what a name is bound to, by the key of its binding
"""

import dataclasses
import functools
import random
import secrets
import time
import types
import uuid
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_edu.compiler.bytecode import is_of_library, names_in
from tinygrad_edu.compiler.captures import is_compiled
from tinygrad_edu.compiler.errors import trace_error
from tinygrad_edu.compiler.tracing.tracer import ABOVE, tracers
from tinygrad_edu.core.rules import table
from tinygrad_edu.transforms.pullback import Transformed

Function = Callable[..., Any]


def _recorded(function: Function) -> Function:
    """A function of NumPy's that does not ask all its arguments, written down if it is given tracers."""

    @functools.wraps(function)
    def make(*arguments: Any, **keywords: Any) -> Any:
        given = (*arguments, *keywords.values())
        found = next(tracers(given), None)
        if found is None or any(isinstance(x, ABOVE) for x in given):
            return function(*arguments, **keywords)
        return found.recorder.call(function, arguments, keywords)

    return make


class _Restricted(types.ModuleType):
    """A module of which only a few names may be used: the others depend on what goes on from call to call."""

    def __init__(self, module: types.ModuleType, allowed: tuple[str, ...], instead: str) -> None:
        super().__init__(module.__name__)
        self._module, self._allowed, self._instead = module, allowed, instead

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._module, name)
        if name in self._allowed or not callable(found):
            return found
        raise trace_error(
            f"the function calls {self._module.__name__}.{name}, which is another each time", self._instead
        )


class _NumPy(types.ModuleType):
    """NumPy, as code that is traced sees it."""

    def __getattr__(self, name: str) -> Any:
        return _STAND_INS.get(id(found := getattr(np, name)), found)


class _TypeOfType(type):
    def __call__(cls, *arguments: Any) -> Any:
        return arguments[0].__class__ if len(arguments) == 1 else type(*arguments)

    def __instancecheck__(cls, x: Any) -> bool:
        return isinstance(x, type)

    def __subclasscheck__(cls, kind: type) -> bool:
        return issubclass(kind, type)


class _Type(metaclass=_TypeOfType):
    """Python's `type`, to which a tracer is what it stands for."""


def _print(*_: Any, **__: Any) -> None:
    """Print nothing: what the function prints is printed where it runs on numbers, at the first call."""


def _set_attribute(x: Any, name: str, value: Any) -> None:
    """Python's `setattr`, but not on what lives outside of a function."""
    if isinstance(x, (types.ModuleType, type, types.FunctionType)):
        what = f"the function assigns to {x.__name__}.{name}, which lives outside of it"
        raise trace_error(what, "give the new value back as a result")
    setattr(x, name, value)


_DRAW = "draw outside, or pass an integer seed to np.random.default_rng"
_CLOCK = "ask for the time outside, and pass it as an argument"
_MAKERS = np.array, np.asarray, np.asanyarray, np.ascontiguousarray, np.asfortranarray, np.full, np.take
_SEEDED = "default_rng", "Generator", "RandomState", "SeedSequence", "PCG64", "MT19937", "Philox", "SFC64"
_STAND_INS: dict[int, Any] = {
    id(np): _NumPy("numpy"),
    id(np.random): _Restricted(np.random, _SEEDED, _DRAW),
    id(random): _Restricted(random, ("Random",), _DRAW),
    id(secrets): _Restricted(secrets, (), _DRAW),
    id(uuid): _Restricted(uuid, ("UUID", "uuid3", "uuid5"), _DRAW),
    id(time): _Restricted(time, ("sleep", "struct_time", "strftime"), _CLOCK),
    **{id(make): _recorded(make) for make in _MAKERS},
}
_BUILTINS = {"type": _Type, "print": _print, "setattr": _set_attribute}


class StandIns:
    """What stands in for functions, made once each."""

    def __init__(self, replaced: dict[tuple[int, str], Any], traced: bool = True) -> None:
        self._replaced, self._made = replaced, dict(_STAND_INS) if traced else {}
        self._builtins = _BUILTINS if traced else {}
        self._scopes: dict[int, dict[str, Any]] = {}

    def of(self, x: Any) -> Any:
        """What stands in for `x`: itself, if nothing does."""
        if id(x) in self._made:
            return self._made[id(x)]
        if isinstance(x, types.FunctionType):
            return self._function(x)
        if isinstance(x, types.MethodType):
            return types.MethodType(self.of(x.__func__), x.__self__)
        if type(x) is functools.partial:
            return functools.partial(self.of(x.func), *map(self.of, x.args), **x.keywords)
        if isinstance(x, Transformed):
            return dataclasses.replace(x, f=self.of(x.f))
        if type(x) is tuple:
            return tuple(map(self.of, x))
        return self.of(x.__wrapped__) if is_compiled(x) else x

    def _function(self, f: types.FunctionType) -> Any:
        library = is_of_library(f)
        if f in table or (library and not f.__closure__):
            return f
        scope = f.__globals__ if library else self._scope(f)
        cells = tuple(types.CellType() for _ in f.__closure__ or ())
        made = types.FunctionType(f.__code__, scope, f.__name__, f.__defaults__, cells or None)
        made.__kwdefaults__, made.__dict__ = f.__kwdefaults__, f.__dict__
        made.__qualname__, made.__module__, made.__doc__ = f.__qualname__, f.__module__, f.__doc__
        self._made[id(f)] = made
        for name, cell, original in zip(f.__code__.co_freevars, cells, f.__closure__ or (), strict=True):
            try:
                contents = original.cell_contents
            except ValueError:  # it is empty
                continue
            key = id(original), name
            cell.cell_contents = self._replaced[key] if key in self._replaced else self.of(contents)
        if not library:
            for name in names_in(f.__code__).globals:
                if name not in f.__globals__:
                    scope |= {name: self._builtins[name]} if name in self._builtins else {}
                elif scope[name] is f.__globals__[name]:
                    key = id(f.__globals__), name
                    scope[name] = self._replaced[key] if key in self._replaced else self.of(f.__globals__[name])
        return made

    def _scope(self, f: types.FunctionType) -> dict[str, Any]:
        names = f.__globals__
        return self._scopes.setdefault(id(names), dict(names))
