"""Which names the code of a function looks up and assigns to, and whose code it is."""

import dis
import functools
import sys
import types
from dataclasses import dataclass, field
from typing import Any

from tinygrad_edu.compiler.errors import format_location, trace_error

_LIBRARIES = {*sys.stdlib_module_names, "numpy", "tinygrad_edu"} - {"__main__"}
_LOOKS_UP = {"globals", "locals", "vars", "eval", "exec"}
_SINGLETONS = (None, True, False, Ellipsis, NotImplemented)
_LOADS = {"LOAD_GLOBAL", "LOAD_NAME", "LOAD_DEREF", "LOAD_CLASSDEREF"}


@dataclass
class Names:
    """The names that code uses, with the code defined in it.

    globals: looked up among the globals, or else the builtins
    attributes: looked up on anything
    assigned: what lives outside and is assigned to, with the line
    lines: where each name is first used
    compares_identities: whether ``is`` compares anything but None, True, False and ``...``
    """

    globals: set[str] = field(default_factory=set)
    attributes: set[str] = field(default_factory=set)
    assigned: dict[str, str] = field(default_factory=dict)
    lines: dict[str, str] = field(default_factory=dict)
    compares_identities: bool = False


def is_library(module: str | None) -> bool:
    """Whether a module is of the standard library, NumPy or this package, whose names are taken not to change."""
    return (module or "builtins").partition(".")[0] in _LIBRARIES


def is_of_library(f: types.FunctionType) -> bool:
    """Whether a function is written in a library; an example in a docstring is not."""
    return is_library(f.__globals__.get("__name__")) and not f.__code__.co_filename.startswith("<doctest")


@functools.lru_cache(maxsize=1024)
def names_in(code: types.CodeType) -> Names:
    """Collect the names that code uses.

    Raises:
        TraceError: it looks names up by text, and which ones cannot be known beforehand.
    """
    names = Names()
    _collect(code, names, set(code.co_freevars))
    if unknown := names.globals & _LOOKS_UP:
        name = sorted(unknown)[0]
        what = f"{code.co_name} calls {name}(), so that what it depends on cannot be told"
        raise trace_error(what, "use the names themselves", names.lines[name])
    return names


def _collect(code: types.CodeType, names: Names, outer: set[str]) -> None:
    """Go through the instructions; `outer` are the variables of the functions around the outermost one."""
    before: list[dis.Instruction] = []
    for step in dis.get_instructions(code):
        name, number = step.argval, step.positions.lineno if step.positions else None
        match step.opname:
            case "LOAD_GLOBAL" | "LOAD_NAME":
                names.globals.add(name)
                names.lines.setdefault(name, format_location(code.co_filename, number or code.co_firstlineno))
            case "LOAD_DEREF" | "LOAD_CLASSDEREF":
                names.lines.setdefault(name, format_location(code.co_filename, number or code.co_firstlineno))
            case "LOAD_ATTR" | "LOAD_METHOD" | "IMPORT_FROM" | "LOAD_SUPER_ATTR":
                names.attributes.add(name)
            case "STORE_GLOBAL" | "DELETE_GLOBAL":
                names.assigned[f"`{name}`"] = format_location(code.co_filename, number or code.co_firstlineno)
            case "STORE_DEREF" | "DELETE_DEREF" if name in outer:
                names.assigned[f"`{name}`"] = format_location(code.co_filename, number or code.co_firstlineno)
            case "STORE_ATTR" | "DELETE_ATTR" if (owner := _owner(before, name, outer)) is not None:
                names.assigned[f"`{owner}.{name}`"] = format_location(code.co_filename, number or code.co_firstlineno)
            case "IS_OP":
                constant = any(x.opname == "LOAD_CONST" and x.argval in _SINGLETONS for x in before[-2:])
                names.compares_identities |= not constant
        if step.opname != "CACHE":
            before.append(step)
    names.compares_identities |= "id" in names.globals
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            _collect(constant, names, outer & set(constant.co_freevars))


def _owner(before: list[dis.Instruction], name: str, outer: set[str]) -> str | None:
    """The name of what an attribute is assigned to, if it lives outside: ``f.calls = 1``, or ``f.calls += 1``."""
    step = before[-1]
    if step.opname == "SWAP":
        loads = [i for i, x in enumerate(before) if x.opname == "LOAD_ATTR" and x.argval == name]
        if not loads or loads[-1] < 2 or before[loads[-1] - 1].opname != "COPY":
            return None
        step = before[loads[-1] - 2]
    outside = step.opname in ("LOAD_GLOBAL", "LOAD_NAME") or (step.opname in _LOADS and step.argval in outer)
    return str(step.argval) if outside else None


def parameter_names(function: Any, count: int) -> list[str]:
    """What the function calls its first `count` arguments."""
    while not hasattr(function, "__code__") and hasattr(function, "__wrapped__"):
        function = function.__wrapped__
    inner = getattr(function, "__func__", function)
    while hasattr(inner, "__wrapped__"):
        inner = inner.__wrapped__
    code = getattr(inner, "__code__", None)
    names = list(code.co_varnames[: code.co_argcount]) if code else []
    names = names[isinstance(function, types.MethodType) :]
    return [*names[:count], *(f"argument_{i}" for i in range(len(names), count))]


def definition(function: Any) -> str:
    """The line in which a function is defined; nothing if it was not written in Python."""
    inner = function
    for _ in range(100):  # a wrapper may wrap itself
        if hasattr(inner, "__code__"):
            return format_location(inner.__code__.co_filename, inner.__code__.co_firstlineno)
        found = [getattr(inner, name) for name in ("__wrapped__", "__func__", "func") if hasattr(inner, name)]
        call = vars(type(inner)).get("__call__")
        inner = found[0] if found else call
        if inner is None or not (found or hasattr(call, "__code__")):
            break
    return ""
