"""All that training has come to, as it is kept in a checkpoint.

p       parameters: a network as a tree of plain arrays
layers  what its layers keep and is not learnt; None if they keep nothing
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tinygrad_edu import tree
from tinygrad_edu.core.arrays import accept
from tinygrad_edu.core.tape import payload
from tinygrad_edu.core.value import Value
from tinygrad_edu.train.checkpoint import Checkpoint, CheckpointError
from tinygrad_edu.train.history import History
from tinygrad_edu.tree import Tree

Path = str | os.PathLike[str]
Notes = Mapping[str, Any]

_TREES = ("network", "optimizer", "layers", "best", "best_layers")
_COUNTS = ("steps", "epoch", "step_in_epoch", "rows")


@dataclass
class State:
    """What a step goes on from, what was measured, and how far training is.

    The order of the examples and their noise depend on a seed, the epoch and the step in it, so that there is no
    generator whose state would have to be kept.
    """

    network: Tree
    optimizer: Tree
    layers: Tree = None
    best: Tree = None
    best_layers: Tree = None
    history: History = field(default_factory=History)
    steps: int = 0
    epoch: int = 0
    step_in_epoch: int = 0
    rows: int = 0

    def after_step(self, loss: float, norm: float, network: Tree, optimizer: Tree, layers: Tree) -> None:
        """Go on to what a step made; `norm` is that of the gradients."""
        self.network, self.optimizer, self.layers = network, optimizer, layers
        self.history.losses.append(loss)
        self.history.norms.append(norm)
        self.steps += 1
        self.step_in_epoch += 1

    def after_epoch(self, measured: dict[str, float]) -> None:
        """Note what was measured at the end of an epoch, and keep the network if it is the best so far."""
        self.history.epochs.append(measured)
        if np.isfinite(measured.get("validation_loss", np.nan)) and self.history.since_lowest == 0:
            self.best, self.best_layers = self.network, self.layers
        self.epoch += 1
        self.step_in_epoch = 0

    def write(self, path: Path, settings: Notes, notes: Notes) -> None:
        """Keep it in a file, with the settings that it depends on, and notes.

        Raises:
            CheckpointError: the file cannot be written.
            FloatingPointError: the network is not finite; nothing is written.
        """
        for place, x in places(self.network):
            if not np.isfinite(x).all():
                raise FloatingPointError(f"checkpoint: the network is not finite at {place}; nothing was written")
        arrays = {f"{name}:{place}": x for name in _TREES for place, x in places(getattr(self, name))}
        arrays |= {f"history:{name}": x for name, x in self.history.arrays().items()}
        counts = {name: getattr(self, name) for name in _COUNTS}
        Checkpoint(arrays, {"counts": counts, "settings": dict(settings), "notes": dict(notes)}).write(path)

    def read(self, path: Path, settings: Notes) -> "State":
        """What a file holds, if it is of the same network, optimizer and settings as this.

        Raises:
            CheckpointError: it is not, or it is damaged.
        """
        found = Checkpoint.read(path)
        try:
            self._compare(found.notes["settings"], settings)
            kept = {name: kept_tree(found, name, getattr(self, name)) for name in ("network", "optimizer", "layers")}
            if group(found, "best"):
                kept |= {"best": kept_tree(found, "best", self.network)}
                kept |= {"best_layers": kept_tree(found, "best_layers", self.layers)}
            counts = {name: int(found.notes["counts"][name]) for name in _COUNTS}
            return State(**kept, history=History.from_arrays(group(found, "history")), **counts)
        except _MisfitError as misfit:
            raise CheckpointError(f"checkpoint: {os.fspath(path)} {misfit}") from None
        except (KeyError, TypeError, ValueError) as error:
            raise CheckpointError(f"checkpoint: {os.fspath(path)} was not made by a trainer: {error!r}") from None

    def _compare(self, there: Notes, here: Notes) -> None:
        for name, value in here.items():
            if there[name] != value:
                raise _MisfitError(f"was made with {name}={there[name]!r}, and here it is {value!r}")


class _MisfitError(Exception):
    """What a checkpoint is of, where it should be of something else."""


def read_network(path: Path, like: Tree, state: Tree = None) -> Tree:
    """The network that a trainer kept in a checkpoint: the best, if it was looked for, or else the last.

    Args:
        path: the file.
        like: a network of the same structure.
        state: the state of its layers before training, if they have one; then there is a pair, network and state.

    Raises:
        CheckpointError: the file is damaged, or of another network.
    """
    found = Checkpoint.read(path)
    try:
        names = ("best", "best_layers") if group(found, "best") else ("network", "layers")
        network = as_given(like, kept_tree(found, names[0], plain(like)))
        layers = kept_tree(found, names[1], state)
        return network if state is None else (network, layers)
    except _MisfitError as misfit:
        raise CheckpointError(f"checkpoint: {os.fspath(path)} {misfit}") from None


def plain(network: Tree) -> Tree:
    """A copy of a network whose leaves are arrays of floats."""
    return tree.map(lambda leaf: accept(payload(leaf)), network)


def as_given(like: Tree, p: Tree) -> Tree:
    """A copy of parameters, as Values of the same names where `like` has some."""
    return tree.map(lambda leaf, x: Value(x, leaf.name) if isinstance(leaf, Value) else np.copy(x)[()], like, p)


def places(p: Tree) -> list[tuple[str, Any]]:
    """The places of a tree and what is there."""
    return [*zip(tree.paths(p), tree.leaves(p), strict=True)]


def group(found: Checkpoint, name: str) -> dict[str, Any]:
    """The arrays that are kept under a name."""
    return {key.removeprefix(f"{name}:"): x for key, x in found.arrays.items() if key.startswith(f"{name}:")}


def kept_tree(found: Checkpoint, name: str, like: Tree) -> Tree:
    """The tree that is kept under a name, which must have the places, shapes and dtypes of another."""
    kept, wanted = group(found, name), dict(places(like))
    for place in [*wanted, *kept]:
        if place not in kept or place not in wanted:
            which = "nothing" if place not in kept else f"an array of shape {kept[place].shape}"
            raise _MisfitError(f"is of another {name}: at {place or 'the top'} there is {which}")
        here, there = np.asarray(wanted[place]), kept[place]
        if (here.shape, here.dtype) != (there.shape, there.dtype):
            what = f"{there.shape} {there.dtype} there, and {here.shape} {here.dtype} here"
            raise _MisfitError(f"is of another {name}: {place} is {what}")
    return tree.unflatten(like, [kept[place] for place in wanted])
