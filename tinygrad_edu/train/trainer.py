"""The trainer: minibatches, validation, early stopping and checkpoints around one compiled step.

p  parameters: the network as a tree of plain arrays
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from tinygrad_edu import tree
from tinygrad_edu.check import compare_gradients
from tinygrad_edu.check.report import Report
from tinygrad_edu.core.rules import Function
from tinygrad_edu.core.value import no_grad
from tinygrad_edu.data import Dataset
from tinygrad_edu.optim import Optimizer
from tinygrad_edu.train.advice import Adviser
from tinygrad_edu.train.batches import Batch, Batches
from tinygrad_edu.train.checkpoint import CheckpointError
from tinygrad_edu.train.history import History
from tinygrad_edu.train.interrupts import leave, postponed
from tinygrad_edu.train.measuring import Measures
from tinygrad_edu.train.objective import Objective
from tinygrad_edu.train.progress import Progress, shown
from tinygrad_edu.train.state import State, as_given, plain
from tinygrad_edu.train.step import Stepper
from tinygrad_edu.tree import Tree

Callback = Callable[["Trainer"], object]
Data = Dataset | tuple[ArrayLike, ...]
Path = str | os.PathLike[str]


class Trainer:
    """Trains a network, step by step, and loses nothing of it.

    >>> import tinygrad_edu as tg
    >>> x = np.linspace(-1.0, 1.0, 50)[:, None]
    >>> def loss(p, x, y):
    ...     return tg.losses.squared_error(x @ p["w"] + p["b"], y)
    >>> trainer = Trainer({"w": np.ones((1, 1)), "b": np.zeros(1)}, loss, tg.optim.sgd(0.3), batch_size=10)
    >>> history = trainer.fit((x, 3 * x + 1), epochs=30)
    >>> trainer.network["w"].round(3), trainer.network["b"].round(3)
    (array([[3.]]), array([1.]))

    Args:
        network: the tree that learns; it is not written into.
        loss: ``loss(network, *batch)`` gives one number, a mean over the rows of the batch. With a `state`,
            ``loss(network, state, *batch, training=...)`` gives that number and the next state.
        optimizer: such as ``optim.adam(1e-3)``.
        state: what layers keep and is not learnt, such as running statistics: ``network.initial_state()``. It is part
            of what is trained, and of a checkpoint.
        batch_size: rows a minibatch, at most; None for all at once.
        seed: of the order of the examples, and of `augment`.
        augment: ``augment(rng, *batch)`` gives another batch, with noise, say; `rng` is a generator of each step's own.
        metrics: by name, functions of a network and a batch, means over the rows, which are measured on validation
            data. With a `state`, the network is called with it.
        shards: how many parts each minibatch is worked on in, one after the other, to need less memory, or by the
            workers of `executor`. The result depends on the number of parts, to rounding, and on nothing else.
        executor: such as a `concurrent.futures.ProcessPoolExecutor`.
        compiled: whether the step is compiled, if it can be.
        advice: whether to warn of what often goes wrong.
        notes: more to be kept in checkpoints, in words of JSON.

    Raises:
        TypeError: the optimizer is none.
        ValueError: `batch_size` or `shards` is less than 1, a metric is called loss, the network's layers keep a state
            and none is given, or one is given with `shards` or an `executor`.
    """

    def __init__(
        self,
        network: Tree,
        loss: Function,
        optimizer: Optimizer,
        *,
        state: Tree = None,
        batch_size: int | None = 32,
        seed: int = 0,
        augment: Callable[..., Sequence[Any]] | None = None,
        metrics: Mapping[str, Function] | None = None,
        shards: int = 1,
        executor: Executor | None = None,
        compiled: bool = True,
        advice: bool = True,
        notes: Mapping[str, Any] | None = None,
    ) -> None:
        if not isinstance(optimizer, Optimizer):
            what = f"the optimizer is a {type(optimizer).__name__}"
            raise TypeError(f"Trainer: {what}; pass one of tinygrad_edu.optim's, such as optim.adam(1e-3)")
        if shards < 1 or (batch_size is not None and batch_size < 1):
            raise ValueError(f"Trainer: batch_size is {batch_size} and shards {shards}; pass at least 1")
        if "loss" in (metrics or {}):
            raise ValueError("Trainer: the loss is measured anyway; give the metric another name")
        if state is not None and (shards > 1 or executor is not None):
            raise ValueError("Trainer: each part of a batch would have a state of its own; with state=, pass shards=1")
        if state is None and hasattr(network, "initial_state") and tree.leaves(network.initial_state()):
            remedy = "pass state=network.initial_state(), and a loss that is given it and returns the next one"
            raise ValueError(f"Trainer: the network has layers that keep a state, and none was passed; {remedy}")
        self._objective = Objective(loss, state is not None)
        self._batches, self.shards = Batches(batch_size, seed, augment), shards
        self._like = network
        p = plain(network)
        with no_grad():
            self._state = State(p, optimizer.init(p), tree.map(np.copy, state))
        self._stepper = Stepper(self._objective, optimizer, shards, executor, compiled)
        self._measures = Measures(self._objective, metrics or {}, compiled)
        self.notes = dict(notes or {})
        self._adviser = Adviser(self._objective) if advice else None
        self._saved: tuple[Path, int] | None = None
        self.batch: Batch = ()

    @property
    def network(self) -> Tree:
        """The network as it is now; a copy."""
        return as_given(self._like, self._state.network)

    @property
    def best(self) -> Tree:
        """The network after the epoch with the lowest validation loss; None if none was measured."""
        return None if self._state.best is None else as_given(self._like, self._state.best)

    @property
    def state(self) -> Tree:
        """The state of the layers as it is now; a copy. None if they keep none."""
        return tree.map(np.copy, self._state.layers)

    @property
    def best_state(self) -> Tree:
        """The state of the layers that goes with the best network."""
        return tree.map(np.copy, self._state.best_layers)

    @property
    def history(self) -> History:
        """The losses, the norms of the gradients, and what was measured after each epoch."""
        return self._state.history

    @property
    def steps(self) -> int:
        """How many steps are done."""
        return self._state.steps

    @property
    def epoch(self) -> int:
        """How many epochs are done."""
        return self._state.epoch

    def fit(
        self,
        data: Data,
        epochs: int,
        *,
        validation: Data | None = None,
        patience: int | None = None,
        callbacks: Sequence[Callback] = (),
        save: Path | None = None,
        save_every: int | None = None,
        progress: bool | None = None,
    ) -> History:
        """Train until `epochs` epochs are done in all; what is done already, also before a checkpoint, counts.

        Args:
            data: the examples: arrays of the same number of rows, or a `Dataset`.
            epochs: how often each example has been seen at the end.
            validation: examples to measure loss and metrics on after each epoch.
            patience: stop after so many epochs without a lower validation loss.
            callbacks: called with the trainer after each step, after an epoch's last one when that is measured. One
                that returns something true stops training.
            save: where to keep a checkpoint, after each epoch and at the end, and if SIGINT or SIGTERM comes.
            save_every: and after so many steps.
            progress: whether to show it; by default, where there is a terminal.

        Raises:
            FloatingPointError: the loss or a gradient is infinite or not a number; the message names the operation
                that made it, and the network is as it was before the step.
            KeyboardInterrupt, SystemExit: after SIGINT, and SIGTERM; the step was finished, and saved.
            CheckpointError: the checkpoint cannot be written.
        """
        train, held_out = Dataset.of(data), None if validation is None else Dataset.of(validation)
        self._check(train, held_out, epochs, patience, save, save_every)
        limit = np.inf if patience is None else patience
        with postponed() as signals, shown(progress, epochs) as bar:
            stopped = False
            while self.epoch < epochs and self.history.since_lowest < limit and not (stopped or signals):
                for ended in self._steps(train, held_out, bar):
                    if ended and bar is not None:
                        bar.epoch(epochs, self.history)
                    for callback in callbacks:
                        stopped = bool(callback(self)) or stopped
                    if save is not None and (ended or (save_every and self.steps % save_every == 0)):
                        self.save(save)
                    if stopped or signals:
                        break
        if save is not None and self._saved != (save, self.steps):
            self.save(save)
        if signals:
            at = f"after step {self._state.step_in_epoch} of epoch {self.epoch + 1}"
            leave(signals[0], f"training stopped {at}" + (f"; saved in {os.fspath(save)}" if save is not None else ""))
        return self.history

    def _check(
        self,
        train: Dataset,
        held_out: Dataset | None,
        epochs: int,
        patience: int | None,
        save: Path | None,
        save_every: int | None,
    ) -> None:
        if epochs < 0:
            raise ValueError(f"Trainer.fit: epochs is {epochs}; pass how many there are to be in all")
        if save_every is not None and (save is None or save_every < 1):
            raise ValueError(f"Trainer.fit: save_every={save_every} needs save=, and at least 1 step")
        if save is not None and not os.path.isdir(os.path.dirname(os.path.realpath(save))):
            raise CheckpointError(f"Trainer.fit: there is no folder for {os.fspath(save)}; make it first")
        if patience is not None and (held_out is None or patience < 1):
            raise ValueError(f"Trainer.fit: patience={patience} needs validation data, and at least 1 epoch")
        if len(self._measures.names) > 1 and held_out is None:
            raise ValueError("Trainer.fit: metrics are measured on validation data; pass validation=")
        if self._state.step_in_epoch and self._state.rows != len(train):
            what = f"{self._state.step_in_epoch} steps into an epoch of {self._state.rows} examples"
            raise ValueError(f"Trainer.fit: this trainer is {what}, and got {len(train)}; go on with the same data")
        self._state.rows = len(train)

    def _steps(self, train: Dataset, held_out: Dataset | None, bar: Progress | None) -> Iterator[bool]:
        """Make the steps that are left of an epoch; each gives whether the epoch has ended."""
        state, count = self._state, self._batches.count(train)
        for batch in self._batches.left(train, state.epoch, state.step_in_epoch):
            self.batch, before = batch, state.network
            value, *made = self._stepper(before, state.optimizer, state.layers, batch)
            if not state.steps and self._adviser is not None:
                self._adviser.before_training(state, self.batch)
            state.after_step(value, *made)
            if bar is not None:
                bar.step(state.epoch + 1, state.step_in_epoch, count, value)
            ended = state.step_in_epoch == count
            if ended:
                self._end_epoch(held_out, count, before)
            yield ended

    def _end_epoch(self, held_out: Dataset | None, count: int, before: Tree) -> None:
        """Measure, keep the best, and warn of what often goes wrong; `before` is what the last step began with."""
        state = self._state
        losses, norms = state.history.losses[-count:], state.history.norms[-count:]
        row = {"steps": float(state.steps), "loss": float(np.mean(losses)), "gradient_norm": float(np.mean(norms))}
        if held_out is not None:
            measured = self._measures(state.network, state.layers, held_out)
            row |= {f"validation_{name}": x for name, x in measured.items()}
        state.after_epoch(row)
        if self._adviser is not None:
            self._adviser.after_epoch(before, state, norms, self.batch)

    def evaluate(self, data: Data) -> dict[str, float]:
        """The loss and the metrics of the network as it is now, means over the rows of `data`."""
        return self._measures(self._state.network, self._state.layers, Dataset.of(data))

    def check_gradients(self, rows: int = 8) -> Report:
        """Compare the gradient of the loss, here and on the first rows of the last minibatch, with its slope.

        Raises:
            RuntimeError: there was no minibatch yet.
        """
        if not self.batch:
            raise RuntimeError("Trainer.check_gradients: there was no minibatch yet; call fit first")
        part = tuple(x[:rows] for x in self.batch)
        return compare_gradients(lambda p: self._objective(p, self._state.layers, *part)[0], self._state.network)

    def save(self, path: Path) -> None:
        """Write all there is to go on from into one file; what was there before stays until the new one is whole.

        Raises:
            FloatingPointError: the network is not finite; nothing is written.
            CheckpointError: it cannot be written.
        """
        self._state.write(path, self._settings(), self.notes)
        self._saved = path, self.steps

    def load(self, path: Path) -> None:
        """Go on from a checkpoint, as if training had never stopped, to the bit.

        The trainer must have been made with the same network, optimizer and settings, and goes on with the same data.

        Raises:
            CheckpointError: the file is damaged, or of another network, optimizer or settings.
            OSError: there is no such file, or it may not be read.
        """
        self._state = self._state.read(path, self._settings())
        self._saved = None

    def _settings(self) -> dict[str, Any]:
        """What the course of training depends on, beside what a checkpoint holds."""
        return {"seed": self._batches.seed, "batch_size": self._batches.size, "shards": self.shards}
