"""Trees: nested dicts, lists, tuples and dataclasses whose leaves are numbers.

leaf       a number, an array, or a Value
structure  what is left of a tree when its leaves are taken out
path       where in the tree one stands, as Python would write it: ``.layers[0].weights``
"""

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from typing import Any

Structure = tuple[Any, ...]

_ALONG_FOR_THE_RIDE = (type(None), str, bytes, bool, type)


def is_leaf(tree: Any) -> bool:
    """Tell whether `tree` is itself a number: a Python or NumPy number, an array, a Value."""
    number = isinstance(tree, (int, float, complex)) and not isinstance(tree, bool)
    return number or (hasattr(tree, "dtype") and hasattr(tree, "shape"))


def _children(tree: Any, path: str) -> tuple[Structure, list[tuple[str, Any]]]:
    """Take one level of a tree apart: what it is, and its children with their paths."""
    if isinstance(tree, dict):
        keys = tuple(tree)
        return ("dict", type(tree), keys), [(f"{path}[{key!r}]", tree[key]) for key in keys]
    if isinstance(tree, (list, tuple)):
        kind = "named tuple" if hasattr(tree, "_fields") else "sequence"
        return (kind, type(tree), len(tree)), [(f"{path}[{i}]", x) for i, x in enumerate(tree)]
    if dataclasses.is_dataclass(tree) and not isinstance(tree, type):
        fields = dataclasses.fields(tree)
        fixed = {f.name: getattr(tree, f.name) for f in fields if f.metadata.get("static")}
        names = tuple(f.name for f in fields if f.name not in fixed)
        kept = tuple(fixed.items())
        return ("dataclass", type(tree), names, kept), [(f"{path}.{name}", getattr(tree, name)) for name in names]
    if isinstance(tree, _ALONG_FOR_THE_RIDE) or callable(tree):
        return ("fixed", tree), []
    raise TypeError(
        f"tree: {path or 'the argument'} is a {type(tree).__name__}, whose numbers cannot be found; "
        "use dicts, lists, tuples, dataclasses, arrays or numbers"
    )


def _assemble(structure: Structure, children: list[Any]) -> Any:
    """Put one level of a tree together again."""
    match structure:
        case ("fixed", value):
            return value
        case ("dict", kind, keys):
            return kind(zip(keys, children, strict=True))
        case ("sequence", kind, _):
            return kind(children)
        case ("named tuple", kind, _):
            return kind(*children)
        case (_, kind, names, fixed):
            made = object.__new__(kind)
            for name, value in (*fixed, *zip(names, children, strict=True)):
                object.__setattr__(made, name, value)
            return made


def _same(a: Structure, b: Structure) -> bool:
    """Compare two levels; dicts may list their keys in any order."""
    if a[:2] != b[:2]:
        return False
    return set(a[2]) == set(b[2]) if a[0] == "dict" else a[0] == "fixed" or a[2] == b[2]


def map(function: Callable[..., Any], tree: Any, *others: Any, path: str = "") -> Any:
    """Apply `function` to every leaf of `tree`, beside the same leaf of each other tree.

    >>> map(lambda p, g: p - 0.5 * g, {"w": 3.0, "b": [1.0]}, {"w": 2.0, "b": [4.0]})
    {'w': 2.0, 'b': [-1.0]}

    Raises:
        TypeError: a tree holds something that is neither a container nor a number.
        ValueError: the trees differ in structure; the message says where.
    """
    if is_leaf(tree):
        return function(tree, *others)
    structure, children = _children(tree, path)
    columns = [dict(children)]
    for other in others:
        beside, its_children = ((), []) if is_leaf(other) else _children(other, path)
        if not beside or not _same(structure, beside):
            raise ValueError(
                f"tree.map: trees differ at {path or 'the top'}: {_describe(tree)} "
                f"against {_describe(other)}; they must have the same structure"
            )
        columns.append(dict(its_children))
    return _assemble(
        structure,
        [map(function, *(column[place] for column in columns), path=place) for place, _ in children],
    )


def _describe(tree: Any) -> str:
    """Say in a few words what stands at the top of a tree."""
    if is_leaf(tree):
        return "a number"
    sized = isinstance(tree, (dict, list, tuple))
    return f"a {type(tree).__name__}" + (f" of {len(tree)}" if sized else "")


def _walk(tree: Any, path: str) -> Iterator[tuple[str, Any]]:
    if is_leaf(tree):
        yield path, tree
    else:
        for place, child in _children(tree, path)[1]:
            yield from _walk(child, place)


def paths(tree: Any) -> list[str]:
    """Name every leaf by its place.

    >>> paths({"w": 3.0, "b": [1.0, 2.0]})
    ["['w']", "['b'][0]", "['b'][1]"]
    """
    return [path for path, _ in _walk(tree, "")]


def flatten(tree: Any) -> list[Any]:
    """List the leaves of a tree, in order.

    >>> flatten({"w": 3.0, "b": [1.0, (2.0, None)]})
    [3.0, 1.0, 2.0]
    """
    return [leaf for _, leaf in _walk(tree, "")]


def unflatten(like: Any, leaves: Iterable[Any]) -> Any:
    """Build a tree of the structure of `like` from `leaves`.

    >>> unflatten({"w": 3.0, "b": [1.0, None]}, [7, 8])
    {'w': 7, 'b': [8, None]}

    Raises:
        ValueError: there are more leaves, or fewer, than `like` has places.
    """
    given = list(leaves)
    wanted = len(flatten(like))
    if len(given) != wanted:
        raise ValueError(f"tree.unflatten: got {len(given)} leaves for {wanted} places")
    supply = iter(given)
    return map(lambda _: next(supply), like)
