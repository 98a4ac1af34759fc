"""The commands ``tinygrad-edu train`` and ``tinygrad-edu predict``.

recipe  how a network is made and trained, which a checkpoint keeps
"""

import argparse
import dataclasses
import os
import sys
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_edu.cli.locate import UsageError
from tinygrad_edu.cli.recipes import Recipe, default_rate, load
from tinygrad_edu.cli.terminal import paragraph
from tinygrad_edu.core.value import no_grad
from tinygrad_edu.data import DataError, Dataset, read_columns, read_idx
from tinygrad_edu.data.npz import open_npy
from tinygrad_edu.functions import softmax
from tinygrad_edu.train import Checkpoint, CheckpointError, Trainer, TrainingWarning, accuracy, read_network

_BLUR = 0.2  # added to digits, so that none can be learnt by heart
_EPOCHS = {"digits": 40, "mnist": 10, "csv": 100}
_CHOSEN = ("network", "optimizer", "rate", "epochs", "batch_size", "seed")


def train(options: argparse.Namespace) -> int:
    """Train a network, say how good it is, and return the exit status."""
    return _status("train", lambda: _train(options))


def predict(options: argparse.Namespace) -> int:
    """Print what a trained network makes of each example in a file, and return the exit status."""
    return _status("predict", lambda: _predict(options.checkpoint, options.file))


def _status(command: str, run: Callable[[], None]) -> int:
    status = 2
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("always", TrainingWarning)
            warnings.showwarning = lambda message, *_: print(paragraph(str(message)), file=sys.stderr)
            run()
        return 0
    except KeyboardInterrupt as stopped:
        message, status = str(stopped) or "stopped", 130
    except OSError as error:
        message = f"{error.filename}: {error.strerror}" if error.filename else str(error)
    except (UsageError, DataError, CheckpointError, FloatingPointError, ModuleNotFoundError) as error:
        message = str(error)
    print(paragraph(f"tinygrad-edu {command}: {message}"), file=sys.stderr)
    return status


def _train(options: argparse.Namespace) -> None:
    known, examples, held_out = load(options.data, options.place, options.target)
    recipe = _chosen(options, known)
    prepared, tested = (_prepared(recipe, each) for each in (examples, held_out))
    steps = recipe.epochs * -(-len(examples) // recipe.batch_size)
    trainer = Trainer(
        recipe.made_network(),
        recipe.loss(),
        recipe.made_optimizer(steps),
        batch_size=recipe.batch_size,
        seed=recipe.seed,
        augment=_blur if recipe.data == "digits" else None,
        metrics={"accuracy": accuracy} if recipe.classes else {},
        notes={"recipe": recipe.notes()},
    )
    if options.resume is not None:
        trainer.load(options.resume)
    save = options.save or options.resume
    history = trainer.fit(prepared, recipe.epochs, validation=tested, save=save)
    print(history)
    print(paragraph(_score(recipe, trainer.evaluate(tested), len(held_out))))
    if save is not None:
        print(paragraph(f"saved in {save}; tinygrad-edu predict {save} FILE"))


def _chosen(options: argparse.Namespace, known: Recipe) -> Recipe:
    """The recipe that was asked for, or, where training goes on, that of the checkpoint.

    Raises:
        UsageError: something else is asked for than what the checkpoint is of.
    """
    asked = {name: getattr(options, name) for name in _CHOSEN if getattr(options, name) is not None}
    if options.resume is None:
        optimizer = asked.get("optimizer", "adam")
        usual = {"rate": default_rate(optimizer), "epochs": _EPOCHS[known.data], "batch_size": 32}
        return dataclasses.replace(known, **(usual | {"batch_size": 128} if known.data == "mnist" else usual) | asked)
    recipe = _recipe(options.resume)
    for field in dataclasses.fields(Recipe):
        name, kept = field.name, getattr(recipe, field.name)
        here = asked.get(name, kept) if name in _CHOSEN else getattr(known, name)
        if name != "epochs" and (list(here) if isinstance(here, (list, tuple)) else here) != kept:
            raise UsageError(f"{options.resume} was trained with {name} {kept!r}, and here it is {here!r}")
    return dataclasses.replace(recipe, epochs=asked.get("epochs", recipe.epochs))


def _recipe(checkpoint: str) -> Recipe:
    """The recipe in a checkpoint.

    Raises:
        CheckpointError: the file is damaged, or another program made it.
    """
    notes = Checkpoint.read(checkpoint).notes
    try:
        return Recipe(**notes["notes"]["recipe"])
    except (KeyError, TypeError):
        raise CheckpointError(f"{checkpoint} was not made by tinygrad-edu train") from None


def _prepared(recipe: Recipe, examples: Dataset) -> Dataset:
    x, y = examples
    if not recipe.classes:
        y = ((y - recipe.centre[-1]) / recipe.spread[-1]).astype(np.float32)
    return Dataset(recipe.prepare(x), y)


def _blur(rng: np.random.Generator, images: NDArray[Any], labels: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    return images + np.float32(_BLUR) * rng.standard_normal(images.shape, np.float32), labels


def _score(recipe: Recipe, measured: dict[str, float], count: int) -> str:
    if recipe.classes:
        return f"Of {count:,} examples held out, it gets {measured['accuracy']:.2%} right."
    error = measured["loss"] ** 0.5 * recipe.spread[-1]
    return f"On {count:,} examples held out, it is off by {error:.4g} (root mean square)."


def _predict(checkpoint: str, file: str) -> None:
    recipe = _recipe(checkpoint)
    network = read_network(checkpoint, recipe.made_network())
    x = recipe.prepare(_read(recipe, file))
    with no_grad():
        for start in range(0, len(x), 1024):
            given = network(x[start : start + 1024]).data
            if recipe.classes:
                for p in softmax(given, axis=1):
                    print(f"{recipe.classes[int(np.argmax(p))]}\t{p.max():.4f}")
            else:
                for y in given[:, 0]:
                    print(f"{y * recipe.spread[-1] + recipe.centre[-1]:.6g}")


def _read(recipe: Recipe, file: str) -> NDArray[Any]:
    """The examples in a file of the kind that the network was trained on.

    Raises:
        DataError: it holds something else.
    """
    if recipe.names:
        return read_columns(file, recipe.names)
    x = open_npy(file) if os.path.splitext(file)[1] == ".npy" else read_idx(file)
    if x.shape[1:] not in (tuple(recipe.shape), (int(np.prod(recipe.shape)),)):
        what = f"{file} holds an array of shape {x.shape}"
        raise DataError(f"{what}; the network reads images of {recipe.shape[0]} × {recipe.shape[1]}")
    return x / np.float32(255) if x.dtype == np.uint8 else x
