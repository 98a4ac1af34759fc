"""Everything put together: a network learns to read handwritten digits.

n      how many images there are
sizes  inputs, then neurons in each layer: (64, 10) is linear, softmax regression
noise  the spread of what is added to each pixel, anew each time an image is shown
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from tinygrad_edu.core.value import no_grad
from tinygrad_edu.data import Array, Examples, load_digits
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


def loss(network: Network, images: Array, labels: Array) -> Array:
    """The cross-entropy of the network's scores for images (n, 64)."""
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
    fitted = fit(Network.random(sizes, for_weights), loss, blur(batches, noise, for_noise), LEARNING_RATE, progress)
    if fitted.interrupted:
        raise KeyboardInterrupt
    network = fitted.parameters
    return Learnt(network, fitted.losses, accuracy(network, train), accuracy(network, test))


def blur(batches: Iterator[tuple[Array, Array]], noise: float, seed: int) -> Iterator[tuple[Array, Array]]:
    """The batches with noise added to the images."""
    rng = np.random.default_rng(seed)
    for images, labels in batches:
        yield images + noise * rng.normal(size=images.shape), labels


def steps(epochs: int) -> int:
    """The number of steps that `learn` takes."""
    train, _ = load_digits()
    return epochs * -(-len(train.labels) // BATCH)


def read(network: Network, images: Array) -> Array:
    """The digit that the network reads in each of the images (n, 64), integers (n,)."""
    with no_grad():
        return np.argmax(network(images), axis=1)


def accuracy(network: Network, examples: Examples) -> float:
    """The share of images read rightly, from 0 to 1."""
    return float(np.mean(read(network, examples.images) == examples.labels))


def confusion(network: Network, examples: Examples) -> Array:
    """The confusion matrix, integers (10, 10): how often each digit (row) is read as each digit (column)."""
    counts = np.zeros((10, 10), int)
    np.add.at(counts, (examples.labels, read(network, examples.images)), 1)
    return counts


@dataclass(frozen=True)
class Mistake:
    """An image (8, 8) of `digit`, read as `guess`."""

    image: Array
    digit: int
    guess: int


def mistakes(network: Network, examples: Examples) -> list[Mistake]:
    """The images that are read wrongly."""
    guesses = read(network, examples.images)
    wrong = np.flatnonzero(guesses != examples.labels)
    return [Mistake(examples.images[i].reshape(8, 8), int(examples.labels[i]), int(guesses[i])) for i in wrong.tolist()]
