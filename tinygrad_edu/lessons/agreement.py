"""The slope against the tape: the gradient of a whole network, measured and derived."""

from tinygrad_edu.check import Report, compare_gradients
from tinygrad_edu.data import load_digits
from tinygrad_edu.losses import cross_entropy
from tinygrad_edu.nn import Network


def compare_on_digits(seed: int, hidden: int = 16, images: int = 8) -> Report:
    """Compare both gradients of an untrained network of 64 → hidden → 10 on a few handwritten digits, in full.

    >>> compare_on_digits(seed=0, hidden=2, images=2).ok
    True

    Source: the post's slope, (d(x + q) - d(x)) / q.
    """
    train, _ = load_digits()
    x, labels = train.images[:images], train.labels[:images]
    return compare_gradients(
        lambda network: cross_entropy(network(x), labels), Network.random([64, hidden, 10], seed), full=True
    )
