"""Trees: nested dicts, lists, tuples and dataclasses whose leaves are numbers.

leaf      a number, an array, or a Value
children  what hangs one level below
place     where a child hangs, as Python would write it: ``[0]``, ``['w']``, ``.weights``
"""

import copy
import dataclasses
import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

Tree = Any  # a number, an array, a Value, or dicts, lists, tuples and dataclasses of trees
Level = tuple[list[Tree], Callable[[list[Tree]], Tree]]

_NUMBERS = frozenset({float, int, np.ndarray, np.float64, np.float32})
_ALONG_FOR_THE_RIDE = (type(None), str, bytes, bool, type)


class _MisfitError(Exception):
    """A fault somewhere in a tree; each level puts its place in front on the way up."""

    def __init__(self, kind: type[Exception], fault: str) -> None:
        self.kind, self.fault, self.path = kind, fault, ""

    def explain(self, caller: str) -> Exception:
        return self.kind(f"tree.{caller}: at {self.path or 'the top'} {self.fault}")


def is_leaf(tree: Any) -> bool:
    """Tell whether `tree` is itself a number: a Python or NumPy number, an array, a Value."""
    kind: Any = type(tree)
    if kind in _NUMBERS:
        return True
    return kind is complex or (hasattr(tree, "dtype") and hasattr(tree, "shape"))


def open_level(tree: Any) -> Level | None:
    """The children of one level, and how to put it together again; None for a leaf."""
    kind: Any = type(tree)
    if is_leaf(tree):
        return None
    if isinstance(tree, dict):
        return list(tree.values()), lambda children: kind(zip(tree, children, strict=True))
    if isinstance(tree, (list, tuple)):
        return list(tree), (lambda children: kind(*children)) if hasattr(tree, "_fields") else kind
    if dataclasses.is_dataclass(tree) and not isinstance(tree, type):
        names = field_names(kind)
        return [getattr(tree, name) for name in names], lambda children: _rebuilt(tree, names, children)
    if isinstance(tree, _ALONG_FOR_THE_RIDE) or callable(tree):
        return [], lambda _: tree
    what = f"is a {kind.__name__}, whose numbers cannot be found"
    raise _MisfitError(TypeError, f"{what}; use dicts, lists, tuples, dataclasses, arrays or numbers")


@functools.cache
def field_names(kind: Any) -> tuple[str, ...]:
    """The fields of a dataclass that are part of the tree: all that are not marked ``metadata={"static": True}``."""
    return tuple(field.name for field in dataclasses.fields(kind) if not field.metadata.get("static"))


def _rebuilt(tree: Any, names: tuple[str, ...], children: list[Any]) -> Any:
    made = copy.copy(tree)
    for name, child in zip(names, children, strict=True):
        object.__setattr__(made, name, child)
    return made


def _place(tree: Any, i: int) -> str:
    """Write where the i-th child hangs."""
    if isinstance(tree, dict):
        return f"[{list(tree)[i]!r}]"
    kind: Any = type(tree)
    return f"[{i}]" if isinstance(tree, (list, tuple)) else f".{field_names(kind)[i]}"


def _beside(tree: Any, children: list[Any], other: Any) -> list[Any]:
    """Give the children of `other`, in the order of those of `tree`, if the two are alike."""
    level = open_level(other)
    alike = type(tree) is type(other) and level is not None and len(level[0]) == len(children)
    if alike and isinstance(tree, dict):
        alike = tree.keys() == other.keys()
    elif alike and not children and not dataclasses.is_dataclass(tree):
        alike = bool(tree == other)
    if level is None or not alike:
        fault = f"the trees differ: {_describe(tree)} against {_describe(other)}"
        raise _MisfitError(ValueError, f"{fault}; they must have the same structure")
    return [other[key] for key in tree] if isinstance(tree, dict) else level[0]


def _describe(tree: Any) -> str:
    """Say in a few words what stands at the top of a tree."""
    if is_leaf(tree):
        return "a number"
    if isinstance(tree, (dict, list, tuple)):
        return f"a {type(tree).__name__} of {len(tree)}"
    return repr(tree) if isinstance(tree, _ALONG_FOR_THE_RIDE) else f"a {type(tree).__name__}"


def _map(function: Callable[..., Any], tree: Any, others: Sequence[Any]) -> Any:
    level = open_level(tree)
    if level is None:
        return function(tree, *others)
    children, rebuild = level
    done: list[Any] = []
    beside = [_beside(tree, children, other) for other in others]
    try:
        for child, *rest in zip(children, *beside, strict=True):
            done.append(_map(function, child, rest))
    except _MisfitError as misfit:
        misfit.path = _place(tree, len(done)) + misfit.path
        raise
    return rebuild(done)


def map(function: Callable[..., Any], tree: Any, *others: Any) -> Any:
    """Apply `function` to every leaf of `tree`, beside the same leaf of each other tree.

    >>> map(lambda p, g: p - 0.5 * g, {"w": 3.0, "b": [1.0]}, {"w": 2.0, "b": [4.0]})
    {'w': 2.0, 'b': [-1.0]}

    Raises:
        TypeError: a tree holds something that is neither a container nor a number.
        ValueError: the trees differ in structure; the message says where.
    """
    try:
        return _map(function, tree, others)
    except _MisfitError as misfit:
        raise misfit.explain("map") from None


def _plan(tree: Any, leaves: list[Any]) -> Callable[[Iterator[Any]], Any]:
    """Collect the leaves of a tree; give the function that builds it again from a supply of others."""
    level = open_level(tree)
    if level is None:
        leaves.append(tree)
        return next
    children, rebuild = level
    plans: list[Callable[[Iterator[Any]], Any]] = []
    try:
        for child in children:
            plans.append(_plan(child, leaves))
    except _MisfitError as misfit:
        misfit.path = _place(tree, len(plans)) + misfit.path
        raise
    return lambda supply: rebuild([plan(supply) for plan in plans])


def flatten(tree: Any) -> tuple[list[Any], Callable[[Iterable[Any]], Any]]:
    """List the leaves of a tree, in order, and give the function that puts others in their places.

    >>> leaves, unflatten = flatten({"w": 3.0, "b": [1.0, None]})
    >>> leaves, unflatten([7, 8])
    ([3.0, 1.0], {'w': 7, 'b': [8, None]})

    Raises:
        TypeError: the tree holds something that is neither a container nor a number.
    """
    if is_leaf(tree):
        return [tree], lambda others: next(iter(others))
    leaves: list[Any] = []
    try:
        plan = _plan(tree, leaves)
    except _MisfitError as misfit:
        raise misfit.explain("flatten") from None
    return leaves, lambda others: plan(iter(others))


def leaves(tree: Any) -> list[Any]:
    """List the leaves of a tree, in order.

    >>> leaves({"w": 3.0, "b": [1.0, (2.0, None)]})
    [3.0, 1.0, 2.0]
    """
    return flatten(tree)[0]


def paths(tree: Any) -> list[str]:
    """Name every leaf by its place.

    >>> paths({"w": 3.0, "b": [1.0, 2.0]})
    ["['w']", "['b'][0]", "['b'][1]"]
    """
    level = open_level(tree)
    if level is None:
        return [""]
    return [_place(tree, i) + path for i, child in enumerate(level[0]) for path in paths(child)]


def unflatten(like: Any, leaves: Iterable[Any]) -> Any:
    """Build a tree of the structure of `like` from `leaves`.

    >>> unflatten({"w": 3.0, "b": [1.0, None]}, [7, 8])
    {'w': 7, 'b': [8, None]}

    Raises:
        ValueError: there are more leaves, or fewer, than `like` has places.
    """
    given = list(leaves)
    places, rebuild = flatten(like)
    if len(given) != len(places):
        raise ValueError(f"tree.unflatten: got {len(given)} leaves for {len(places)} places")
    return rebuild(given)
