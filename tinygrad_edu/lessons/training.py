"""Training: why one starts at random, and what learning by heart is worth.

hidden  how many neurons stand in the layer between
"""

from dataclasses import dataclass, replace
from itertools import repeat

import numpy as np

from tinygrad_edu import tree
from tinygrad_edu.data import Array, Examples, load_digits
from tinygrad_edu.lessons.digits import accuracy
from tinygrad_edu.losses import cross_entropy, squared_error
from tinygrad_edu.nn import Network
from tinygrad_edu.optim import adam
from tinygrad_edu.train import fit

WAVE = np.linspace(-3.0, 3.0, 25)[:, None]  # the sine of these is to be learnt; its mean is 0


@dataclass(frozen=True)
class Start:
    """What a start led to: the loss at the beginning and the end, how far hidden neurons are apart, what moved."""

    first_loss: float
    last_loss: float
    apart: float
    moved: float


def distance_from_wave(network: Network) -> Array:
    """The mean squared distance of what a network gives from the sine wave."""
    return squared_error(network(WAVE), np.sin(WAVE))


def learn_wave(start: Network, steps: int = 300, rate: float = 0.1) -> Start:
    """Train a network of 1 → hidden → 1 on a sine wave."""
    fitted = fit(start, distance_from_wave, repeat((), steps), rate)
    network, losses = fitted.parameters, fitted.losses
    moved = max(
        float(np.max(np.abs(after.data - before.data)))
        for after, before in zip(tree.leaves(network), tree.leaves(start), strict=True)
    )
    weights = np.concatenate([network.layers[0].weights.data, network.layers[1].weights.data.T])
    return Start(losses[0], losses[-1], float(np.max(np.ptp(weights, axis=1))), moved)


def random_start(seed: int, hidden: int = 8) -> Network:
    """A network of 1 → hidden → 1 with random weights."""
    return Network.random([1, hidden, 1], seed)


def equal_start(weight: float, hidden: int = 8) -> Network:
    """The same network, every weight the same number.

    Equal neurons read the same, answer the same and get the same gradient: they stay equal for ever, and eight do the
    work of one. From 0, not even that one: the gradient of the weights is 0, and nothing moves.

    Source: the post, "Putting it together", which starts with a "random" network.
    """
    network = random_start(0, hidden)
    layers = [replace(layer, weights=tree.map(lambda w: w * 0 + weight, layer.weights)) for layer in network.layers]
    return Network(layers)


@dataclass(frozen=True)
class ByHeart:
    """The share of images that a network reads rightly: those learnt, and those held out."""

    on_training: float
    on_held_out: float


def learn_random_labels(seed: int, images: int = 200, hidden: int = 128, steps: int = 200) -> ByHeart:
    """Train a network on digits whose labels were drawn at random: there is nothing to understand.

    It learns every one of them by heart, and of new digits it reads one in ten, as guessing does. That it did well on
    its examples says nothing; that is why some are held out.

    Source: Zhang et al., "Understanding deep learning requires rethinking generalization", 2017.
    """
    images_and_labels, test = load_digits()
    rng = np.random.default_rng(seed)
    shown = images_and_labels.images[:images]
    labels = rng.integers(0, 10, images)
    start, batches = Network.random([64, hidden, 10], seed), repeat((shown, labels), steps)
    network = fit(start, lambda network, x, labels: cross_entropy(network(x), labels), batches, adam(0.01)).parameters
    return ByHeart(accuracy(network, Examples(shown, labels)), accuracy(network, test))
