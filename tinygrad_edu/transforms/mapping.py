"""A function of one example, run on many at once: `vmap`.

axes  for each leaf of an argument, or of the result: the axis that goes through the examples; None, if there is none
n     how many examples
"""

import traceback
from typing import Any

import numpy as np

from tinygrad_edu import tree
from tinygrad_edu.core.rules import Array, Function, Inputs, Keywords
from tinygrad_edu.core.source_info import expression, frame_of_user
from tinygrad_edu.transforms.batching import Batch, levels
from tinygrad_edu.transforms.batching.array import NotBatchableError
from tinygrad_edu.transforms.pullback import Transformed
from tinygrad_edu.tree import Tree

Axes = Any  # an int or None, or a tuple, list, dict or dataclass of axes


def vmap(f: Function, in_axes: Axes = 0, out_axes: Axes = 0) -> Function:
    """The function that does with many examples, stacked along an axis, what `f` does with one.

    It gives what a loop over the examples gives, stacked, but runs `f` once, on arrays with an axis more that `f` does
    not see. Functions that NumPy has no such form for run on one example after the other. It goes through all other
    transforms, and they through it: ``vmap(grad(loss), in_axes=(None, 0, 0))`` gives the gradient of each example.

    >>> from tinygrad_edu.transforms.gradients import grad
    >>> vmap(grad(lambda w, x: np.sin(w * x)), in_axes=(None, 0))(2.0, np.array([0.0, 0.5]))
    array([0.        , 0.27015115])

    Args:
        f: a function of numbers, arrays and trees of them, that gives such.
        in_axes: the axis of each positional argument that goes through the examples; None, for what is the same for
            all. One for all arguments, or a tuple of one for each; for a tree, one or a tree like it. Arguments by
            keyword are the same for all.
        out_axes: where the axis of examples stands in the result, likewise; None, for what is the same for all.

    Raises:
        TypeError: `f` does what cannot be done with many examples at once, such as a branch on numbers.
        ValueError: the arguments have different numbers of examples, or none, or `in_axes` does not fit them.

    Source: `jax.vmap`; R. Frostig, M. Johnson, C. Leary, 2018.
    """
    if not callable(f):
        raise TypeError(f"vmap: f is a {type(f).__name__}; give a function of one example")
    return Transformed(_mapped, f, (in_axes, out_axes))


def _mapped(f: Function, axes: tuple[Axes, Axes], args: Inputs, keywords: Keywords) -> Any:
    """What `f` gives for all examples."""
    in_axes, out_axes = axes
    if isinstance(in_axes, (tuple, list)) and len(in_axes) != len(args):
        raise ValueError(f"vmap: in_axes={in_axes!r} with {len(args)} positional arguments; give one for each")
    leaves, rebuild = tree.flatten(args)
    places = _spread(in_axes if isinstance(in_axes, (tuple, list)) else (in_axes,) * len(args), args, "in_axes")
    n = _count(leaves, places, tree.paths(args))
    outer = levels.get()
    given = [
        x if axis is None else Batch(_ahead(_array(x), axis), len(outer))
        for x, axis in zip(leaves, places, strict=True)
    ]
    token = levels.set((*outer, n))
    try:
        result = f(*rebuild(given), **keywords)
    except NotBatchableError as error:
        raise _refusal(error) from None
    finally:
        levels.reset(token)
    results, rebuild = tree.flatten(result)
    ends = zip(results, _spread(out_axes, result, "out_axes"), tree.paths(result), strict=True)
    return rebuild([_result(z, axis, len(outer), n, path, leaves) for z, axis, path in ends])


def _spread(axes: Axes, tree_of: Tree, name: str) -> list[int | None]:
    """The axis of each leaf of a tree."""
    if axes is None or isinstance(axes, int):
        return [axes] * len(tree.leaves(tree_of))
    level, given = tree.open_level(tree_of), tree.open_level(axes) if not tree.is_leaf(axes) else None
    if (
        level is None
        or given is None
        or len(level[0]) != len(given[0])
        or not isinstance(axes, (tuple, list, type(tree_of)))
    ):
        raise ValueError(
            f"vmap: {name} has {axes!r} for a {type(tree_of).__name__}; give an int, None, or a tree like it"
        )
    below = [axes[key] for key in tree_of] if isinstance(axes, dict) else given[0]
    return [axis for part, child in zip(below, level[0], strict=True) for axis in _spread(part, child, name)]


def _ahead(x: Array, axis: int) -> Array:
    """The array with that axis first."""
    return np.moveaxis(x, axis, 0) if axis else x


def _array(x: Any) -> Array:
    return x if hasattr(x, "dtype") else np.asarray(x)


def _count(leaves: list[Any], places: list[int | None], paths: list[str]) -> int:
    """How many examples there are."""
    counts = {}
    for x, axis, path in zip(leaves, places, paths, strict=True):
        if axis is None:
            continue
        shape = np.shape(x)
        if not -len(shape) <= axis < len(shape):
            what = f"argument {path} has shape {shape} and no axis {axis}"
            raise ValueError(
                f"vmap: {what}; lists are trees: pass arrays, and in_axes=None for what is the same for all"
            )
        counts[path] = shape[axis]
    if not counts:
        raise ValueError("vmap: no argument has an axis of examples; give one an axis, with in_axes")
    if len({*counts.values()}) > 1:
        told = ", ".join(f"{n} (argument {path})" for path, n in counts.items())
        raise ValueError(f"vmap: the numbers of examples differ: {told}; give as many for each, or in_axes=None")
    n = next(iter(counts.values()))
    if n == 0:
        raise ValueError("vmap: there is no example, so it is not known what the function gives; give at least one")
    return int(n)


def _result(z: Any, axis: int | None, depth: int, n: int, path: str, given: list[Any]) -> Array:
    """A leaf of the result with its axis of examples, in memory of its own."""
    batched = isinstance(z, Batch) and z.depth in (depth, None)
    if axis is None:
        if batched:
            raise ValueError(
                f"vmap: the result{path} differs from example to example, and out_axes says None; give an axis"
            )
        return z
    z = z.array if batched else np.broadcast_to(_array(z), (n, *np.shape(z)))
    z = np.moveaxis(z, 0, axis) if axis else z
    if type(z) is not np.ndarray:
        return z
    shared = not batched or any(type(x) is np.ndarray and np.may_share_memory(z, x) for x in given)
    return z.copy() if shared else z


def _refusal(error: NotBatchableError) -> TypeError:
    """The error for the line of the user's that cannot be run on many examples at once."""
    what, instead = error.args or (
        "writes into an array of one example",
        "use np.where, np.stack, or x.at[index].set(v)",
    )
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__) if frame_of_user(frame) is frame]
    where = f" ({expression(frames[-1])})" if frames and expression(frames[-1]) else ""
    remedy = f"{instead}, or loop over the examples: np.stack([f(x) for x in xs])"
    return TypeError(f"vmap: the function {what}{where}; {remedy}")
