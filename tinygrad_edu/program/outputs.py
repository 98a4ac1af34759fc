"""The way out: the results of a program, put together again as the function gave them.

r  the results, one after the other
"""

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from tinygrad_edu import tree
from tinygrad_edu.tape import Entry, record

Build = Callable[[Sequence[Any]], Any]


def builder(structure: Any, as_values: bool = True) -> Build:
    """Give the function that builds a tree like `structure` from a sequence of results.

    It is printed and run, since a display such as ``{'w': r[0]}`` is quicker than any other way to build one.
    """
    bound: dict[str, Any] = {"record": record}
    text = _display(structure, itertools.count(), bound, as_values)
    return eval(f"lambda r: {text}", bound)  # type: ignore[no-any-return]


def _display(x: Any, places: Iterator[int], bound: dict[str, Any], as_values: bool) -> str:
    """Write one level and what is below."""
    if tree.is_leaf(x):
        text = f"r[{next(places)}]"
        return f"record({_bind(type(x), bound)}, {text})" if as_values and isinstance(x, Entry) else text
    count = len(tree.flatten(x))
    if not count:
        return _bind(x, bound)
    if type(x) in (list, tuple):
        inside = "".join(f"{_display(child, places, bound, as_values)}, " for child in x)
        return f"[{inside}]" if type(x) is list else f"({inside})"
    if type(x) is dict:
        pairs = (f"{_bind(key, bound)}: {_display(child, places, bound, as_values)}" for key, child in x.items())
        return f"{{{', '.join(pairs)}}}"
    leaves = ", ".join(_display(leaf, places, bound, as_values) for leaf in tree.flatten(x))
    return f"{_bind(tree.take_apart(x)[1], bound)}([{leaves}])"


def _bind(x: Any, bound: dict[str, Any]) -> str:
    """Write a constant, by a name if it cannot be written out."""
    if type(x) in (str, int, bool, type(None)):
        return repr(x)
    name = f"k{len(bound)}"
    bound[name] = x
    return name
