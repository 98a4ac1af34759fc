"""What the commands ``train`` and ``predict`` know by name: data, networks and optimizers."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_edu import nn, optim
from tinygrad_edu.cli.locate import UsageError, nearest
from tinygrad_edu.core.rules import Array
from tinygrad_edu.data import Dataset, load_digits, load_mnist, read_csv
from tinygrad_edu.functions import relu
from tinygrad_edu.losses import cross_entropy, squared_error
from tinygrad_edu.optim import Optimizer

_HIDDEN = "128"
_HELD_OUT = 0.2  # of a table
_MAKERS: dict[str, tuple[Callable[[Any], Optimizer], float]] = {
    "sgd": (lambda rate: optim.sgd(rate, momentum=0.9), 0.05),
    "adagrad": (optim.adagrad, 0.03),
    "rmsprop": (optim.rmsprop, 1e-3),
    "adam": (optim.adam, 3e-3),
    "adamw": (optim.adamw, 3e-3),
    "lion": (optim.lion, 3e-4),
}
OPTIMIZERS = tuple(_MAKERS)


@dataclass(frozen=True)
class Recipe:
    """How a network is made and trained, in words of JSON, so that a checkpoint says it of itself.

    data       digits, mnist or csv
    shape      of one example as the network gets it, without channels
    outputs    how many numbers it gives
    names, centre, spread   of the columns of a table, which are brought to mean 0 and variance 1
    target, classes   what is learnt; without classes it is a number, whose own centre and spread come last
    """

    data: str
    shape: Sequence[int]
    outputs: int
    target: str
    classes: Sequence[str]
    names: Sequence[str] = ()
    centre: Sequence[float] = ()
    spread: Sequence[float] = ()
    network: str = "mlp"
    optimizer: str = "adam"
    rate: float = 0.0
    epochs: int = 0
    batch_size: int = 0
    seed: int = 0

    def made_network(self) -> Any:
        """The network before training.

        Raises:
            UsageError: there is none of this name, or none for such data.
        """
        rng = np.random.default_rng(self.seed)
        kind, _, sizes = self.network.partition(":")
        inputs = int(np.prod(self.shape))

        def linear(d: int, k: int) -> nn.Linear:
            return nn.Linear(d, k, rng, dtype=np.float32)

        if kind == "conv" and len(self.shape) == 2 and not sizes:
            h, w = self.shape
            convolutions: list[Any] = [nn.Conv2d(1, 16, 3, rng, padding=1, dtype=np.float32), relu, nn.MaxPool(2)]
            convolutions += [nn.Conv2d(16, 32, 3, rng, padding=1, dtype=np.float32), relu, nn.MaxPool(2), nn.Flatten()]
            return nn.Sequential([*convolutions, linear(32 * (h // 4) * (w // 4), self.outputs)])
        hidden = sizes or _HIDDEN if kind == "mlp" else ""
        widths = hidden.split(",") if hidden else []
        if kind not in ("linear", "mlp") or (kind == "linear" and sizes) or not all(map(str.isdecimal, widths)):
            images = ", and conv for images" if len(self.shape) < 2 else ", conv"
            raise UsageError(f"there is no network {self.network!r}; there are linear, mlp, mlp:256,128{images}")
        layers: list[Any] = []
        for width in map(int, widths):
            layers += [linear(inputs, width), relu]
            inputs = width
        return nn.Sequential([*layers, linear(inputs, self.outputs)])

    def made_optimizer(self, steps: int) -> Optimizer:
        """The optimizer, its rate going down to nothing along half a cosine."""
        return _MAKERS[self.optimizer][0](optim.cosine(self.rate, steps))

    def loss(self) -> Callable[..., NDArray[Any]]:
        """What is made small."""
        return _classification if self.classes else _regression

    def prepare(self, x: NDArray[Any]) -> NDArray[Any]:
        """Examples as the network gets them."""
        if self.names:
            d = len(self.names)
            x = (x - np.array(self.centre[:d])) / np.array(self.spread[:d])
        x = np.asarray(x, np.float32)
        return x.reshape(len(x), 1, *self.shape) if self.network == "conv" else x.reshape(len(x), -1)

    def notes(self) -> dict[str, Any]:
        """All of it, for a checkpoint."""
        return asdict(self)


def _classification(network: Any, x: NDArray[Any], labels: NDArray[Any]) -> Array:
    return cross_entropy(network(x), labels)


def _regression(network: Any, x: NDArray[Any], y: NDArray[Any]) -> Array:
    return squared_error(network(x), y)


def default_rate(optimizer: str) -> float:
    """The learning rate that an optimizer mostly does well with.

    Raises:
        UsageError: there is no such optimizer.
    """
    if optimizer not in _MAKERS:
        near = nearest(optimizer, OPTIMIZERS)
        raise UsageError(f"there is no optimizer {optimizer!r}{near}; there are {', '.join(OPTIMIZERS)}")
    return _MAKERS[optimizer][1]


def load(data: str, place: str | None, target: str | None) -> tuple[Recipe, Dataset, Dataset]:
    """What can be said of the data, the examples to train on, and those held out.

    Raises:
        UsageError: there is no such data, or it needs a place, or has none.
        DataError: a file is damaged, or holds something else.
    """
    if data not in ("digits", "mnist", "csv"):
        raise UsageError(f"there is no data {data!r}; write digits, mnist FOLDER, or csv FILE")
    if (place is None) != (data == "digits"):
        what = "digits come with the package; write no place" if place else "write where the data is"
        raise UsageError(f"{data}: {what}, as in digits, mnist FOLDER, or csv FILE")
    if target is not None and data != "csv":
        raise UsageError(f"--target names a column of a table; {data} has none")
    if data == "csv":
        return _load_csv(str(place), target)
    parts = load_digits() if place is None else load_mnist(place)
    side = round(parts[0].images.shape[1] ** 0.5)
    classes = [*map(str, range(int(parts[0].labels.max()) + 1))]
    recipe = Recipe(data, [side, parts[0].images.shape[1] // side], len(classes), "label", classes)
    train, held_out = (Dataset(*part) for part in parts)
    return recipe, train, held_out


def _load_csv(file: str, target: str | None) -> tuple[Recipe, Dataset, Dataset]:
    table = read_csv(file, target)
    y = table.y if table.classes else table.y[:, None]
    if len(y) < 2:
        raise UsageError(f"{file} has {len(y)} examples; some are trained on, and some held out, so give two at least")
    train, held_out = Dataset(table.x, y).split(max(_HELD_OUT, 1 / len(y)), seed=0)
    numbers = [train.arrays[0]] if table.classes else [*train.arrays]
    columns = np.concatenate(numbers, axis=1)
    spread = columns.std(axis=0)
    spread[spread == 0] = 1.0
    scale = {"centre": columns.mean(axis=0).tolist(), "spread": spread.tolist()}
    shape, outputs = [len(table.names)], len(table.classes) or 1
    return Recipe("csv", shape, outputs, table.target, table.classes, table.names, **scale), train, held_out
