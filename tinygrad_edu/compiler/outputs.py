"""The way out: the results of a program, put together again as the function gave them.

r  the results, one after the other
"""

import dataclasses
import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from tinygrad_edu import tree

Build = Callable[[Sequence[Any]], Any]


def builder(structure: Any) -> Build:
    """Give the function that builds a tree like `structure` from a sequence of results.

    It is printed and run, since a display such as ``{'w': r[0]}`` is quicker than any other way to build one.
    """
    bound: dict[str, Any] = {"remade": _remade}
    text = _display(structure, itertools.count(), bound)
    return eval(f"lambda r: {text}", bound)  # type: ignore[no-any-return]


def _display(x: Any, places: Iterator[int], bound: dict[str, Any]) -> str:
    """Write one level and what is below."""
    if tree.is_leaf(x):
        return f"r[{next(places)}]"
    if not tree.leaves(x):
        return f"{_bind(tree.flatten(x)[1], bound)}(())" if _can_change(x) else _bind(x, bound)
    if type(x) in (list, tuple):
        inside = "".join(f"{_display(child, places, bound)}, " for child in x)
        return f"[{inside}]" if type(x) is list else f"({inside})"
    if type(x) is dict:
        return _dict(x, {*x}, places, bound)
    if dataclasses.is_dataclass(x) and hasattr(x, "__dict__"):
        learnt = {each.name: getattr(x, each.name) for each in dataclasses.fields(x) if not each.metadata.get("static")}
        return f"remade({_bind(type(x), bound)}, {_dict(learnt | vars(x), {*learnt}, places, bound)})"
    leaves = ", ".join(_display(leaf, places, bound) for leaf in tree.leaves(x))
    return f"{_bind(tree.flatten(x)[1], bound)}([{leaves}])"


def _can_change(x: Any) -> bool:
    return isinstance(x, (list, dict, tuple)) or (dataclasses.is_dataclass(x) and not isinstance(x, type))


def _dict(x: dict[Any, Any], opened: set[Any], places: Iterator[int], bound: dict[str, Any]) -> str:
    """Write a dict, in the values of which numbers may be, if their keys are among those `opened`."""
    pairs = (
        f"{_bind(key, bound)}: {_display(child, places, bound) if key in opened else _bind(child, bound)}"
        for key, child in x.items()
    )
    return f"{{{', '.join(pairs)}}}"


def _remade(kind: Any, fields: dict[str, Any]) -> Any:
    """Make a dataclass of what stands in its fields, frozen or not."""
    made = object.__new__(kind)
    made.__dict__.update(fields)
    return made


def _bind(x: Any, bound: dict[str, Any]) -> str:
    """Write a constant, by a name if it cannot be written out."""
    if type(x) in (str, int, bool, type(None)):
        return repr(x)
    name = f"k{len(bound)}"
    bound[name] = x
    return name
