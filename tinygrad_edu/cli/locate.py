"""A function by its path: ``package.module:function``, or ``path/file.py:function``.

path   the module or file
name   the function's name in it, with dots if it is in a class
given  the values that the user gave, by name
"""

import contextlib
import difflib
import importlib
import importlib.util
import inspect
import operator
import sys
import sysconfig
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

_NOT_THEIRS = ("<", str(Path(__file__).parents[1]), sysconfig.get_path("stdlib"), sysconfig.get_path("purelib"))
FORMS = "write package.module:function or path/file.py:function"

Function = Callable[..., Any]


class UsageError(ValueError):
    """The command was called wrongly."""


def locate(what: str) -> Function:
    """The function that `what` names, its module imported or its file run.

    Raises:
        UsageError: there is no such module, file or function, or it cannot be imported.
    """
    path, _, name = what.rpartition(":")
    if not path.strip(":") or path.endswith(":") or not name:
        raise UsageError(f"{what} names no function; {FORMS}")
    module = _run_file(path) if path.endswith(".py") else _import(path)
    try:
        f = operator.attrgetter(name)(module)
    except AttributeError:
        own = [n for n, x in vars(module).items() if callable(x) and not n.startswith("_")]
        raise UsageError(f"{path} has no {name}{nearest(name, own)}; {FORMS}") from None
    if not callable(f):
        raise UsageError(f"{what} is of type {type(f).__name__}, not a function; {FORMS}")
    return f  # type: ignore[no-any-return]


def parameters(what: str, f: Function, given: Mapping[str, Any]) -> tuple[Function, Sequence[str]]:
    """`f` as a function by position, and the names of those of its parameters that have a value or need one."""
    try:
        known = inspect.signature(f).parameters.values()
    except (TypeError, ValueError):  # written in C
        return f, list(given)
    named = [p for p in known if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    wanted = [p.name for p in named if p.default is p.empty or p.name in given]
    if any(p.kind is p.VAR_KEYWORD for p in known):
        wanted += [name for name in given if name not in wanted]
    if not wanted:
        raise UsageError(f"{what} takes no argument, and so has no slope")
    if wanted == [p.name for p in named if p.kind is not p.KEYWORD_ONLY][: len(wanted)]:
        return f, wanted  # in order, as functions written in C demand
    return lambda *args: f(**dict(zip(wanted, args, strict=True))), wanted


def nearest(name: str, known: Iterable[str]) -> str:
    """A suggestion of what was meant, or nothing.

    >>> nearest("lenght", ["length", "width"])
    ' (did you mean length?)'
    """
    close = difflib.get_close_matches(name, list(known), n=2)
    return f" (did you mean {' or '.join(close)}?)" if close else ""


def described(error: BaseException) -> str:
    """An error of the user's code in one line, with the place in that code that raised it."""
    theirs = [
        frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.startswith(_NOT_THEIRS)
    ]
    line = f", in line {theirs[-1].lineno} of {Path(theirs[-1].filename).name}" if theirs else ""
    return f"{type(error).__name__}: {error}{line}"


def _import(path: str) -> ModuleType:
    if not all(map(str.isidentifier, path.split("."))):
        raise UsageError(f"{path!r} is no name of a module; {FORMS}")
    with _beside(""), _explained(path):  # what lies in the working directory can be imported, as under python -m
        try:
            return importlib.import_module(path)
        except ModuleNotFoundError as error:
            if error.name is None or not f"{path}.".startswith(f"{error.name}."):
                raise  # it is there, and imports what is not
            remedy = f"for the file, write {path}.py:function" if Path(f"{path}.py").is_file() else FORMS
            raise UsageError(f"there is no module {error.name}, neither here nor installed; {remedy}") from None


def _run_file(path: str) -> ModuleType:
    file = Path(path)
    if not file.is_file():
        near = nearest(file.name, (beside.name for beside in file.parent.glob("*.py")))
        raise UsageError(f"there is no file {path}{near}; {FORMS}")
    name = file.stem if file.stem not in sys.modules else f"_{file.stem}"  # a file may be called numpy.py
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    sys.modules[name] = module = importlib.util.module_from_spec(spec)  # dataclasses look for it there
    with _beside(str(file.parent)), _explained(path):
        spec.loader.exec_module(module)
    return module


@contextlib.contextmanager
def _beside(folder: str) -> Iterator[None]:
    """A context in which what lies in a folder can be imported."""
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        sys.path.remove(folder)


@contextlib.contextmanager
def _explained(path: str) -> Iterator[None]:
    """A context in which whatever an import raises, also by asking to exit, is a usage error."""
    try:
        yield
    except (UsageError, KeyboardInterrupt):
        raise
    except BaseException as error:
        raise UsageError(f"{path} cannot be imported: {described(error)}") from error
