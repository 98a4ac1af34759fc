"""Everything put together: a network learns to read handwritten digits.

n      how many images there are
sizes  inputs, then neurons in each layer: (64, 10) is linear, softmax regression
noise  the spread of what is added to each pixel, anew each time an image is shown
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygrad_edu.core.value import no_grad
from tinygrad_edu.data import Examples, load_digits
from tinygrad_edu.losses import cross_entropy
from tinygrad_edu.nn import Network
from tinygrad_edu.train import fit, minibatches

LINEAR = (64, 10)
NETWORK = (64, 128, 10)
NOISE = 0.2
EPOCHS = 150
LEARNING_RATE = 0.3
BATCH = 32


@dataclass(frozen=True)
class Learnt:
    """A trained network, the loss before each step, and the share of images that it reads rightly."""

    network: Network
    losses: list[float]
    on_training: float
    on_held_out: float


def loss(network: Network, images: Any, labels: Any) -> Any:
    """Give the cross-entropy of what `network` makes of images (n, 64)."""
    return cross_entropy(network(images), labels)


def learn(
    sizes: Sequence[int],
    seed: int,
    noise: float = NOISE,
    epochs: int = EPOCHS,
    progress: Callable[[int, float], object] | None = None,
) -> Learnt:
    """Train a random network by gradient descent, and test it on digits that it has not seen.

    Without noise a network with a hidden layer learns the training images by heart and reads new
    ones no better than the linear one does; noise makes the same image never come twice. The
    settings of this file were chosen on a fifth of the training images, not on the held-out ones.

    Source: the post, "Putting it together"; for noise, Bishop, 1995, "Training with noise is
    equivalent to Tikhonov regularization".

    Raises:
        KeyboardInterrupt: Ctrl-C was pressed while it trained.
    """
    train, test = load_digits()
    for_weights, for_order, for_noise = (int(s) for s in np.random.SeedSequence(seed).generate_state(3))
    batches = minibatches(*train, size=BATCH, epochs=epochs, seed=for_order)
    fitted = fit(
        Network.random(sizes, for_weights), loss, blur(batches, noise, for_noise), LEARNING_RATE, progress=progress
    )
    if fitted.interrupted:
        raise KeyboardInterrupt
    network = fitted.parameters
    return Learnt(network, fitted.losses, accuracy(network, train), accuracy(network, test))


def blur(batches: Iterator[tuple[Any, Any]], noise: float, seed: int) -> Iterator[tuple[Any, Any]]:
    """Add noise to the images of each batch."""
    rng = np.random.default_rng(seed)
    for images, labels in batches:
        yield images + noise * rng.normal(size=images.shape), labels


def steps(epochs: int) -> int:
    """Count the steps that `learn` takes."""
    train, _ = load_digits()
    return epochs * -(-len(train.labels) // BATCH)


def read(network: Network, images: Any) -> Any:
    """Give the digit that each of the images (n, 64) looks most like, integers (n,)."""
    with no_grad():
        return np.argmax(network(images), axis=1)


def accuracy(network: Network, examples: Examples) -> float:
    """Give the share of images read rightly, from 0 to 1."""
    return float(np.mean(read(network, examples.images) == examples.labels))


def confusion(network: Network, examples: Examples) -> Any:
    """Count how often each digit (row) is read as each digit (column): integers (10, 10)."""
    counts = np.zeros((10, 10), int)
    np.add.at(counts, (examples.labels, read(network, examples.images)), 1)
    return counts


@dataclass(frozen=True)
class Mistake:
    """An image (8, 8) of `digit`, read as `guess`."""

    image: Any
    digit: int
    guess: int


def mistakes(network: Network, examples: Examples) -> list[Mistake]:
    """Give every image that is read wrongly."""
    guesses = read(network, examples.images)
    wrong = np.flatnonzero(guesses != examples.labels)
    return [Mistake(examples.images[i].reshape(8, 8), int(examples.labels[i]), int(guesses[i])) for i in wrong.tolist()]
