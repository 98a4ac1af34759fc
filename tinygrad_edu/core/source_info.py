"""Where things come from: the line of the user's that runs now, and the names of functions."""

import dis
import itertools
import linecache
import opcode
import os
import sys
from types import CodeType, FrameType
from typing import Any, NoReturn

import numpy as np

_WIDTH = 80
OURS = os.path.join(os.path.dirname(os.path.dirname(__file__)), "")
_INSTALLED = os.path.dirname(os.path.dirname(np.__file__))
_LIBRARIES = OURS, *(os.path.join(_INSTALLED, name, "") for name in ("numpy", "scipy", "pandas", "xarray"))
ERRORS = IndexError, ValueError, TypeError  # what NumPy raises; its own two are kinds of ValueError
_NAMELESS = frozenset({*ERRORS, np.exceptions.AxisError, np.linalg.LinAlgError})
_ATTRIBUTES = frozenset({"LOAD_ATTR", "LOAD_METHOD"})
_COPY, _LOAD_ATTR = opcode.opmap.get("COPY"), opcode.opmap["LOAD_ATTR"]


def frame_of_user(frame: FrameType | None, boundary: str = "") -> FrameType | None:
    """The innermost frame outside the libraries, if there is one before the function called `boundary`."""
    while frame is not None and frame.f_code.co_filename.startswith(_LIBRARIES):
        if frame.f_code.co_name == boundary:
            return None
        frame = frame.f_back
    return frame


def line(boundary: str = "") -> str:
    """The file, number and text of the innermost line of the user's; empty if there is none."""
    frame = frame_of_user(sys._getframe(1), boundary)
    if frame is None:
        return ""
    name, number = frame.f_code.co_filename, frame.f_lineno
    text = linecache.getline(name, number, frame.f_globals).strip()
    shown = text if len(text) <= _WIDTH else text[: _WIDTH - 1] + "…"
    return f"{os.path.basename(name)}:{number}" + (f": {shown}" if text else "")


def expression(frame: FrameType | None) -> str:
    """The text of the expression that a frame is at, or what names are in it; empty on several lines."""
    if frame is None:
        return ""
    positions = itertools.islice(frame.f_code.co_positions(), frame.f_lasti // 2, None)
    first, last, start, stop = next(positions)
    text = linecache.getline(frame.f_code.co_filename, first or 0, frame.f_globals)
    if text:
        return text.encode()[start:stop].decode() if first == last else ""
    return _names_in(frame.f_code, first, range(start or 0, stop or 0))


def _names_in(code: CodeType, line: int | None, columns: range) -> str:
    """The names in an expression whose text is not kept, as where it was typed at Python's prompt: ``( np.sin( x(``."""
    names = []
    for each in dis.get_instructions(code):
        here = each.positions
        if here and here.lineno == line and here.col_offset in columns and each.opname.startswith("LOAD_"):
            names.append(f".{each.argval}" if each.opname in _ATTRIBUTES else f"( {each.argval}")
    return "".join(names) + "("


def is_augmented(frame: FrameType) -> bool:
    """Whether a frame is at an attribute that it is about to assign to, as in ``x.data -= step``.

    Python copies the object just before it looks up such an attribute, and at no other.
    """
    code, at = frame.f_code.co_code, frame.f_lasti
    if code[at] != _LOAD_ATTR:
        return False
    while code[at - 2] == opcode.EXTENDED_ARG:
        at -= 2
    return at >= 2 and (code[at - 2], code[at - 1]) == (_COPY, 1)


def label(function: Any) -> str:
    """A function as its users write it: ``np.sum``, ``np.linalg.norm``, ``relu``."""
    own = getattr(function, "__name__", repr(function))
    module = getattr(function, "__module__", None) or ("numpy" if getattr(np, own, None) is function else "")
    return f"np{module[5:]}.{own}" if module.startswith("numpy") else own


def raise_named(error: Exception, name: str) -> NoReturn:
    """Raise what NumPy raised, of the same class, with the name of the function that was called in front of it.

    What names a function already is raised as it is, and so are errors of other classes.
    """
    said = str(error)
    if type(error) not in _NAMELESS or said.startswith("np.") or name in said:
        raise error
    own = name.rpartition(".")[2]
    fresh: Exception = type(error)(f"{name}: {said.removeprefix(f'{own}: ')}")
    axis, ndim = (getattr(error, each, None) for each in ("axis", "ndim"))  # of an AxisError
    if axis is not None and ndim is not None and said.startswith("axis "):
        fresh = type(error)(axis, ndim, name)
    elif said.endswith("cannot be interpreted as an integer"):
        fresh = type(error)(f"{fresh}; a place, an axis or a length is a plain int")
    raise fresh.with_traceback(error.__traceback__) from error.__cause__ or error.__context__
