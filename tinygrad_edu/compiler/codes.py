"""What code looks up by name, and whose code it is."""

import dis
import functools
import os
import sys
import types
from typing import Any

from tinygrad_edu.compiler.errors import written_at

_LIBRARIES = {*sys.stdlib_module_names, "numpy", "tinygrad_edu", "scipy"} - {"__main__"}
_INSTALLED = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")
_GLOBAL = {"LOAD_GLOBAL", "LOAD_NAME", "STORE_GLOBAL", "DELETE_GLOBAL"}
_ATTRIBUTE = {"LOAD_ATTR", "LOAD_METHOD", "STORE_ATTR", "DELETE_ATTR", "LOAD_SUPER_ATTR", "IMPORT_FROM"}
TYPES = {"isinstance", "issubclass", "type", "hasattr", "getattr", "float", "int", "isscalar", "dtype", "__class__"}
_LOOKS_UP = {"getattr", "vars", "globals", "eval", "exec"}


@functools.cache
def is_library(module: str | None) -> bool:
    """Tell whether a module is of a library, whose names are taken not to change."""
    name = (module or "builtins").partition(".")[0]
    file = getattr(sys.modules.get(name), "__file__", None) or ""
    return name in _LIBRARIES or any(part in file for part in _INSTALLED)


def is_of_library(f: types.FunctionType) -> bool:
    """Tell whether a function is written in a library: one that wraps another calls itself by the other's module."""
    return is_library(f.__globals__.get("__name__"))


def is_users_object(x: Any) -> bool:
    """Tell whether something is an object of a class of the user's, or a bare namespace."""
    kind = type(x)
    if isinstance(x, (type, types.ModuleType)) or (kind.__module__, kind.__name__) in _NAMESPACES:
        return not isinstance(x, (type, types.ModuleType))
    return not is_library(kind.__module__) and (hasattr(x, "__dict__") or hasattr(kind, "__slots__"))


_NAMESPACES = {("types", "SimpleNamespace"), ("argparse", "Namespace")}


@functools.cache
def lookups(code: types.CodeType) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """Give the names of globals, attributes and modules that code looks up, with the code defined in it."""
    found: tuple[set[str], ...] = set(), set(), set()
    for step in dis.get_instructions(code):
        for names, operations in zip(found, (_GLOBAL, _ATTRIBUTE, {"IMPORT_NAME"}), strict=True):
            if step.opname in operations:
                names.add(step.argval)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            for names, inner in zip(found, lookups(constant), strict=True):
                names.update(inner)
    return frozenset(found[0]), frozenset(found[1]), frozenset(found[2])


def global_names(f: types.FunctionType) -> tuple[dict[str, Any], set[str]]:
    """Give the globals that a function uses, and the names that it looks up there in vain."""
    used = set(lookups(f.__code__)[0])
    if used & {"globals", "eval", "exec"}:
        used |= f.__globals__.keys()
    return {key: f.__globals__[key] for key in sorted(used & f.__globals__.keys())}, used - f.__globals__.keys()


def looks_up_names(used: set[str]) -> bool:
    """Tell whether code that uses these names may get at others too."""
    return not used.isdisjoint(_LOOKS_UP)


def parameter_names(function: Any, count: int) -> list[str]:
    """Name the arguments as the function does."""
    method = isinstance(function, types.MethodType)
    function = getattr(function, "__wrapped__", function)
    code = getattr(function, "__code__", None)
    names = list(code.co_varnames[: code.co_argcount]) if code else []
    names = names[method:]
    return [*names[:count], *(f"argument_{i}" for i in range(len(names), count))]


def definition(function: Any) -> str:
    """Give the line in which a function is defined."""
    while not hasattr(function, "__code__") and (inner := _behind(function)) is not None:
        function = inner
    code = getattr(function, "__code__", None)
    return written_at(code.co_filename, code.co_firstlineno) if code else ""


def _behind(function: Any) -> Any:
    for name in ("__wrapped__", "function", "func"):
        if hasattr(function, name):
            return getattr(function, name)
    return vars(type(function)).get("__call__")


def is_method_of_an_object(x: Any) -> bool:
    """Tell whether something is a method of an object that is not Python's own, such as that of a dict."""
    return isinstance(x, types.BuiltinMethodType) and not isinstance(x.__self__, (types.ModuleType, type, type(None)))
