"""Programs as plain data: text, shapes, constants; nothing in them runs until a program is called.

data  of a program: numbers, strings, arrays, and collections of them
"""

from typing import Any, NoReturn

import numpy as np

from tinygrad_edu.compiler.checks import HELPERS
from tinygrad_edu.core.value import Value

_SCALARS = (type(None), bool, int, float, complex, str, bytes, range, np.dtype)
_NUMPY = {np.dtype(code).type for code in "?bhilqBHILQefdgFDG"}
_TYPES = {kind.__name__: kind for kind in (*_SCALARS, list, tuple, dict, set, frozenset, np.ndarray, Value, *_NUMPY)}


class Missing:
    """Stands for the function of a program that was loaded: it is not there."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, *_: Any, **__: Any) -> NoReturn:
        """Say so."""
        raise RuntimeError(
            f"{self.name} was loaded, and has programs only for arguments like those it was called with before; "
            "the function itself is not there: call tg.compile on it again"
        )


def is_plain(x: Any) -> bool:
    """Tell whether something is plain data."""
    if type(x) in (list, tuple, set, frozenset):
        return all(map(is_plain, x))
    if type(x) is dict:
        return all(is_plain(part) for item in x.items() for part in item)
    if isinstance(x, (np.ndarray, np.generic)):
        return type(x) in (np.ndarray, *_NUMPY) and x.dtype.kind in "biufc"
    return isinstance(x, _SCALARS)


def packed(bound: dict[str, Any]) -> dict[str, Any] | None:
    """Give names with what they stand for as plain data, if that can be: types by their names."""
    kinds = {name: x.__name__ for name, x in bound.items() if isinstance(x, type)}
    data = {name: x for name, x in bound.items() if not isinstance(x, type)}
    known = all(_TYPES.get(kinds[name]) is bound[name] for name in kinds)
    return {"kinds": kinds, "data": data} if known and is_plain(data) else None


def unpacked(names: dict[str, Any]) -> dict[str, Any]:
    """Undo `packed`."""
    return {**HELPERS, **names["data"], **{name: _TYPES[kind] for name, kind in names["kinds"].items()}}
