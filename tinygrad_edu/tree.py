"""Trees: nested dicts, lists, tuples and dataclasses whose leaves are numbers.

leaf      a number, an array, or a Value
children  what hangs one level below
place     where a child hangs, as Python would write it: ``[0]``, ``['w']``, ``.weights``
"""

import collections
import dataclasses
import functools
import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

Tree = Any  # a number, an array, a Value, or dicts, lists, tuples and dataclasses of trees
Level = tuple[list[Tree], Callable[[list[Tree]], Tree]]

_NUMBERS = frozenset({float, int, np.ndarray, np.float64, np.float32})
_BUILT_IN = frozenset({dict, list, tuple})
_HEAP_TYPE = 1 << 9  # the flag of classes that are written in Python
_WITHOUT_LEAVES = (type(None), str, bytes, bool, type)


class _MisfitError(Exception):
    """A fault somewhere in a tree; each level puts its place in front on the way up."""

    def __init__(self, kind: type[Exception], fault: str) -> None:
        self.kind, self.fault, self.path = kind, fault, ""

    def explain(self, caller: str) -> Exception:
        return self.kind(f"tree.{caller}: at {self.path or 'the top'} {self.fault}")


def is_leaf(tree: Tree) -> bool:
    """Whether `tree` is itself a number: a Python or NumPy number, an array, a Value."""
    kind: Any = type(tree)
    if kind in _NUMBERS:
        return True
    return kind is complex or (hasattr(tree, "dtype") and hasattr(tree, "shape"))


def open_level(tree: Tree) -> Level | None:
    """The children of one level, and the function that builds it again from others; None for a leaf."""
    kind: Any = type(tree)
    if kind not in _BUILT_IN and is_leaf(tree):
        return None
    if isinstance(tree, dict):
        rebuild = (lambda children: dict(zip(tree, children, strict=True))) if kind is dict else None
        return list(dict.values(tree)), rebuild or functools.partial(_rebuilt, tree)
    if isinstance(tree, (list, tuple)):
        return list(tree), kind if kind in _BUILT_IN else functools.partial(_rebuilt, tree)
    if dataclasses.is_dataclass(tree) and not isinstance(tree, type):
        names = field_names(kind)
        return [getattr(tree, name) for name in names], functools.partial(_rebuilt, tree)
    if isinstance(tree, _WITHOUT_LEAVES) or callable(tree):
        return [], lambda _: tree
    what = f"is a {kind.__name__}, whose numbers cannot be found"
    raise _MisfitError(TypeError, f"{what}; use dicts, lists, tuples, dataclasses, arrays or numbers")


@functools.cache
def field_names(kind: Any) -> tuple[str, ...]:
    """The fields of a dataclass that are part of the tree: all that are not marked ``metadata={"static": True}``."""
    return tuple(field.name for field in dataclasses.fields(kind) if not field.metadata.get("static"))


def _rebuilt(tree: Tree, children: list[Any]) -> Tree:
    """The same container with other children and all its attributes; no constructor or method of its class is run."""
    kind: Any = type(tree)
    base: Any = next(each for each in kind.__mro__ if not each.__flags__ & _HEAP_TYPE)  # list, dict, object …
    made = base.__new__(kind, children) if issubclass(base, tuple) else base.__new__(kind)
    if isinstance(tree, list):
        list.extend(made, children)
    elif isinstance(tree, dict):
        for key, child in zip(tree, children, strict=True):
            base.__setitem__(made, key, child)
    state = dict(_attributes(tree))
    if dataclasses.is_dataclass(tree) and not isinstance(tree, (dict, list, tuple)):
        state |= zip(field_names(kind), children, strict=True)
    for name, value in state.items():
        object.__setattr__(made, name, value)
    return made


def _attributes(tree: Tree) -> Iterator[tuple[str, Any]]:
    """What an object holds beside its children, but for what its class has computed of them and kept."""
    state = object.__getstate__(tree)
    for part in state if isinstance(state, tuple) else (state,):
        for name, value in (part or {}).items():
            if not isinstance(getattr(type(tree), name, None), functools.cached_property):
                yield name, value
    if isinstance(tree, collections.defaultdict):
        yield "default_factory", tree.default_factory


def _place(tree: Tree, i: int) -> str:
    """Where the i-th child hangs, as Python would write it."""
    if isinstance(tree, dict):
        return f"[{list(tree)[i]!r}]"
    kind: Any = type(tree)
    return f"[{i}]" if isinstance(tree, (list, tuple)) else f".{field_names(kind)[i]}"


def _beside(tree: Tree, children: list[Any], other: Any) -> list[Any]:
    """The children of `other`, in the order of those of `tree`; the two must have the same structure."""
    level = open_level(other)
    same = type(tree) is type(other) and level is not None and len(level[0]) == len(children)
    if same and isinstance(tree, dict):
        same = tree.keys() == other.keys()
    elif same and not children and not dataclasses.is_dataclass(tree):
        same = bool(tree == other)
    if level is None or not same:
        fault = f"the trees differ: {_describe(tree)} against {_describe(other)}"
        raise _MisfitError(ValueError, f"{fault}; they must have the same structure")
    return [other[key] for key in tree] if isinstance(tree, dict) else level[0]


def _describe(tree: Tree) -> str:
    """What stands at the top of a tree, in a few words."""
    if is_leaf(tree):
        return "a number"
    if isinstance(tree, (dict, list, tuple)):
        return f"a {type(tree).__name__} of {len(tree)}"
    return repr(tree) if isinstance(tree, _WITHOUT_LEAVES) else f"a {type(tree).__name__}"


def _map(function: Callable[..., Any], tree: Tree, others: Sequence[Any]) -> Any:
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


def map(function: Callable[..., Any], tree: Tree, *others: Tree) -> Tree:
    """The tree of what `function` gives for every leaf of `tree`, beside the same leaf of each other tree.

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


def _collect(tree: Tree, leaves: list[Any]) -> Callable[[Iterator[Any]], Any]:
    """The function that builds a tree again from an iterator of leaves; its own are added to `leaves`."""
    level = open_level(tree)
    if level is None:
        leaves.append(tree)
        return next
    children, rebuild = level
    builders: list[Callable[[Iterator[Any]], Any]] = []
    try:
        for child in children:
            if type(child) in _NUMBERS:  # as below, but quickly
                leaves.append(child)
                builders.append(next)
            else:
                builders.append(_collect(child, leaves))
    except _MisfitError as misfit:
        misfit.path = _place(tree, len(builders)) + misfit.path
        raise
    fixed = tuple(builders)
    return lambda others: rebuild([build(others) for build in fixed])


def flatten(tree: Tree) -> tuple[list[Any], Callable[[Iterable[Any]], Tree]]:
    """The leaves of a tree, in order, and the function that builds the tree again from others.

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
        build = _collect(tree, leaves)
    except _MisfitError as misfit:
        raise misfit.explain("flatten") from None
    return leaves, lambda others: build(iter(others))


def leaves(tree: Tree) -> list[Any]:
    """The leaves of a tree, in order.

    >>> leaves({"w": 3.0, "b": [1.0, (2.0, None)]})
    [3.0, 1.0, 2.0]
    """
    return flatten(tree)[0]


def paths(tree: Tree) -> list[str]:
    """The place of every leaf, in order.

    >>> paths({"w": 3.0, "b": [1.0, 2.0]})
    ["['w']", "['b'][0]", "['b'][1]"]
    """
    level = open_level(tree)
    if level is None:
        return [""]
    return [_place(tree, i) + path for i, child in enumerate(level[0]) for path in paths(child)]


def unflatten(like: Tree, leaves: Iterable[Any]) -> Tree:
    """A tree of the structure of `like`, built from `leaves`.

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


def ravel(tree: Tree) -> tuple[Any, Callable[[Any], Tree]]:
    """All numbers of a tree as one vector, and the function that makes such a tree of a vector.

    With it, whatever works on vectors works on networks: SciPy's optimizers, for one. The numbers of the vector have
    the dtype that all leaves fit in, those of the tree their own. Both can be differentiated.

    >>> vector, unravel = ravel({"w": np.array([[1.0, 2.0]]), "b": 3.0})
    >>> vector, unravel(vector * 10)
    (array([1., 2., 3.]), {'w': array([[10., 20.]]), 'b': np.float64(30.0)})

    Raises:
        TypeError: the tree holds something that is neither a container nor a number.
        ValueError: there are no numbers in it, or the vector has more or fewer.
    """
    found, rebuild = flatten(tree)
    if not found:
        raise ValueError("tree.ravel: there are no numbers in the tree")
    shapes = tuple(np.shape(x) for x in found)
    dtypes = tuple(np.result_type(getattr(x, "dtype", np.float64), np.float16) for x in found)  # 1 becomes 1.0
    ends = tuple(itertools.accumulate(math.prod(shape) for shape in shapes))

    def unravel(vector: Any) -> Tree:
        if np.shape(vector) != (ends[-1],):
            raise ValueError(f"tree.ravel: got an array of shape {np.shape(vector)} where ({ends[-1]},) was expected")
        parts = (vector[start:end] for start, end in zip((0, *ends), ends, strict=False))
        shaped = (np.reshape(part, shape)[()] for part, shape in zip(parts, shapes, strict=True))
        return rebuild([x if x.dtype == dtype else x.astype(dtype) for x, dtype in zip(shaped, dtypes, strict=True)])

    return np.concatenate([np.reshape(x, -1) for x in found]), unravel
