"""A network's parameters alone, in a .safetensors file, which other libraries read and write too."""

import os
import re
from importlib import import_module
from typing import Any

import numpy as np

from tinygrad_edu.train.checkpoint import CheckpointError
from tinygrad_edu.train.state import as_given, places, plain
from tinygrad_edu.train.writing import write_whole
from tinygrad_edu.tree import Tree, unflatten

Path = str | os.PathLike[str]


def save_weights(network: Tree, path: Path) -> None:
    """Write the parameters of a network into a .safetensors file; what was there before stays until that is whole.

    They are named as in PyTorch, by where they are in the tree: ``layers.0.weights``.

    Raises:
        CheckpointError: the file cannot be written.
        ModuleNotFoundError: safetensors is missing; it comes with the extra ``safetensors``.
    """
    packed = _library().save({_name(place): x for place, x in _arrays(network).items()})
    try:
        write_whole(path, [packed])
    except OSError as error:
        what = f"{os.fspath(path)} could not be written: {error.strerror or error}"
        raise CheckpointError(f"save_weights: {what}; the file that was there before is untouched") from error


def load_weights(path: Path, like: Tree) -> Tree:
    """The network of the structure of `like` whose parameters are in a .safetensors file.

    Raises:
        CheckpointError: the file is damaged, or its arrays have other names, shapes or dtypes.
        OSError: there is no such file, or it may not be read.
        ModuleNotFoundError: safetensors is missing; it comes with the extra ``safetensors``.
    """
    wanted = {_name(place): x for place, x in _arrays(like).items()}
    library, name = _library(), os.fspath(path)
    with open(path, "rb"):  # errors of the system in Python's own words
        try:
            found = library.load_file(path)
        except Exception as error:
            raise CheckpointError(f"load_weights: {name} is no safetensors file, or damaged: {error}") from None
    for place in [*wanted, *found]:
        here, there = (f"{x[place].shape} {x[place].dtype}" if place in x else "nothing" for x in (wanted, found))
        if here != there:
            raise CheckpointError(f"load_weights: {name} has {there} at {place}, and the network {here}")
    return as_given(like, unflatten(like, [found[place][()] for place in wanted]))


def _arrays(network: Tree) -> dict[str, Any]:
    return {place: np.ascontiguousarray(x) if np.ndim(x) else np.asarray(x) for place, x in places(plain(network))}


def _name(place: str) -> str:
    """The name of a place, as PyTorch would have it.

    >>> _name(".layers[0].weights"), _name("['w'][2]")
    ('layers.0.weights', 'w.2')
    """
    return re.sub(r"\['?(.*?)'?\]", r".\1", place).lstrip(".") or "value"


def _library() -> Any:
    try:
        return import_module("safetensors.numpy")
    except ModuleNotFoundError as error:
        what = "weights in .safetensors files need safetensors; pip install 'tinygrad_edu[safetensors]'"
        raise ModuleNotFoundError(what) from error
