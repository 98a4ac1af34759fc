"""A drawing into a picture: of a garment's edges, black or white, a network makes the garment in greys.

edges    the drawing (n, 28, 28): 1.0 where neighbours differ by more than a fifth, 0.0 elsewhere
picture  the garment (n, 28, 28), from 0.0 for black to 1.0 for white
painter  goes down to 7 × 7 places and up again, and looks at each size of the drawing on its way up

Source: Isola, Zhu, Zhou and Efros, "Image-to-Image Translation with Conditional Adversarial Networks", 2017; the
pictures are Fashion-MNIST, Xiao, Rasul and Vollgraf, 2017.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tinygrad_edu.core.value import no_grad
from tinygrad_edu.data import Array, load_digits, load_mnist
from tinygrad_edu.functions import relu, sigmoid
from tinygrad_edu.lessons.gallery import Shown
from tinygrad_edu.losses import squared_error
from tinygrad_edu.nn import Conv2d, ConvTranspose2d, Linear, Module
from tinygrad_edu.optim import adam, cosine
from tinygrad_edu.train import Trainer

FOLDER = Path("/usr/share/datasets/fashion-mnist")
NAMES = ["T-shirt", "trousers", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "boot"]
CHANNELS = 8
EPOCHS, EXAMPLES, UNSEEN, BATCH = 3, 20_000, 1_000, 64


def load(examples: int = EXAMPLES) -> tuple[Array, Array, Array]:
    """Pictures to learn from (n, 28, 28), pictures to be measured by, and which garments those are (m,).

    Raises:
        FileNotFoundError: Fashion-MNIST is not there.
    """
    if not FOLDER.exists():
        raise FileNotFoundError("gallery: drawing needs Debian's Fashion-MNIST; apt-get install dataset-fashion-mnist")
    seen, unseen = ((part.images.reshape(-1, 28, 28), part.labels) for part in load_mnist(FOLDER))
    return seen[0][:examples], unseen[0][:UNSEEN], unseen[1][:UNSEEN]


def to_edges(pictures: Array, least: float = 0.2) -> Array:
    """The drawing of pictures (n, h, w): 1.0 where the slope of the greys is steep."""
    wide = np.pad(pictures, ((0, 0), (1, 1), (1, 1)))
    across, down = wide[:, 1:-1, 2:] - wide[:, 1:-1, :-2], wide[:, 2:, 1:-1] - wide[:, :-2, 1:-1]
    return (np.hypot(across, down) / 2 > least).astype(np.float32)


@dataclass(frozen=True, eq=False, repr=False)
class Painter(Module):
    """Drawings (n, 28, 28) become pictures (n, 28, 28)."""

    half: Conv2d  # to 14 × 14
    quarter: Conv2d  # to 7 × 7
    guess: Linear  # what is drawn, of all places
    spread: Linear
    to_half: ConvTranspose2d
    to_whole: ConvTranspose2d
    last: Conv2d

    @classmethod
    def random(cls, rng: np.random.Generator, c: int = CHANNELS) -> "Painter":
        """A painter with random weights, of `c` features at the half size."""
        step: Any = {"stride": 2, "padding": 1, "dtype": np.float32}
        return cls(
            Conv2d(1, c, 3, rng, **step),
            Conv2d(c, 2 * c, 3, rng, **step),
            Linear(2 * c * 49, 64, rng, dtype=np.float32),
            Linear(64, c * 49, rng, dtype=np.float32),
            ConvTranspose2d(3 * c, c, 4, rng, **step),
            ConvTranspose2d(2 * c, c, 4, rng, **step),
            Conv2d(c + 1, 1, 3, rng, padding=1, dtype=np.float32),
        )

    def __call__(self, edges: Array) -> Array:
        """The pictures."""
        whole = edges[:, None]
        half = relu(self.half(whole))
        quarter = relu(self.quarter(half))
        guess = relu(self.guess(np.reshape(quarter, (len(edges), -1))))
        everywhere = np.reshape(self.spread(guess), (len(edges), -1, 7, 7))
        z = relu(self.to_half(np.concatenate([quarter, everywhere], axis=1)))
        z = relu(self.to_whole(np.concatenate([z, half], axis=1)))
        return sigmoid(self.last(np.concatenate([z, whole], axis=1)))[:, 0]


def distance(painter: Painter, edges: Array, real: Array) -> Array:
    """The mean squared distance of the pictures that are painted to the real ones (n, 28, 28)."""
    return squared_error(painter(edges), real)


def show(quick: bool = False, seed: int = 0) -> Shown:
    """Learn from 20,000 garments, and paint drawings of 1,000 others, and of digits."""
    seen, real, labels = load(4 * BATCH if quick else EXAMPLES)
    edges, drawings = to_edges(seen), to_edges(real)
    start, rate = Painter.random(np.random.default_rng(seed)), cosine(3e-3, EPOCHS * (len(seen) // BATCH))
    trainer = Trainer(start, distance, adam(rate), batch_size=BATCH, seed=seed, advice=False)
    trainer.fit((edges, seen), epochs=1 if quick else EPOCHS)

    def paint(drawn: Array) -> Array:
        with no_grad():
            return trainer.network(drawn).data

    digits = load_digits()[0].images[:10].reshape(-1, 8, 8).repeat(3, axis=1).repeat(3, axis=2)
    digits = np.pad(digits, ((0, 0), (2, 2), (2, 2)))
    found = {
        "the network": paint(drawings),
        "nearest drawing": seen[nearest(edges, drawings)],
        "the mean picture": np.broadcast_to(seen.mean(axis=0), real.shape),
    }
    errors = {name: error(found["the network"][labels == k], real[labels == k]) for k, name in enumerate(NAMES)}
    clothed = {"drawing": to_edges(digits), "the network": paint(to_edges(digits)), "real": digits}
    some = [np.flatnonzero(labels == k)[1] for k in range(len(NAMES))]  # the second of each
    rows = {who: pictures[some] for who, pictures in {"drawing": drawings, **found, "real": real}.items()}
    return Shown(
        measure=f"root mean squared error of {len(real):,} pictures that they have not seen",
        scores={who: error(pictures, real) for who, pictures in found.items()},
        more_is_better=False,
        lines=[f"{name}: {far:.3f}" for name, far in errors.items()],
        failure=f"it knows clothes only, and errs by {error(clothed['the network'], digits):.2f} on drawings of digits;"
        f" of clothes, it does worst on {max(errors, key=errors.__getitem__)}, {max(errors.values()):.3f}.",
        pictures={
            "Garments that it has not seen, one of each kind.": lambda: draw(rows),
            "Where it fails: digits, which it clothes.": lambda: draw(clothed),
        },
    )


def error(pictures: Array, real: Array) -> float:
    """The root mean squared error of pictures."""
    return float(np.sqrt(squared_error(pictures, real)))


def nearest(edges: Array, drawings: Array) -> Array:
    """Which of the drawings (n, h, w) differs least from each of others (m, h, w), (m,)."""
    return np.argmin(edges.sum(axis=(1, 2)) - 2 * np.tensordot(drawings, edges, ((1, 2), (1, 2))), axis=1)


def draw(rows: dict[str, Array]) -> Any:
    """Rows of pictures (n, 28, 28), each with its title."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - an extra

    figure = Figure(figsize=(7.5, 0.8 * len(rows)), layout="constrained")
    for axes, (title, pictures) in zip(figure.subplots(len(rows), 1), rows.items(), strict=True):
        axes.imshow(np.hstack(list(pictures)), cmap="gray", vmin=0, vmax=1, interpolation="nearest")
        axes.set_ylabel(title, rotation=0, ha="right", va="center", fontsize=9)
        axes.set(xticks=[], yticks=[])
    return figure
