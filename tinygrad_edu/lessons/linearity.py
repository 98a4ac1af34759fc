"""Why a network needs a nonlinearity: without one it is a single neuron in disguise.

x  inputs, (n, 3)
"""

from dataclasses import dataclass, replace

import numpy as np

from tinygrad_edu import tree
from tinygrad_edu.core.tape import payload
from tinygrad_edu.core.value import Value, no_grad
from tinygrad_edu.data import Array
from tinygrad_edu.nn import Network, Neuron, collapse, count_parameters

POSTS_NETWORK = (3, 3, 3, 1)


@dataclass(frozen=True)
class Collapse:
    """The post's network without nonlinearities, beside the one neuron that equals it."""

    constants: int
    neuron: Neuron
    difference: float
    rounding: float
    bend: float
    bend_with_tanh: float


def collapse_posts_network(seed: int, n: int = 1000) -> Collapse:
    """Collapse the post's network of 28 random constants to one neuron of 4.

    Returns:
        The neuron; the greatest difference between the two on n random inputs, and the greatest that
        rounding could make; and the greatest second difference, which is 0 for every straight line,
        of the network and of the same network with tanh.

    Source: the post, "Artificial neurons", n1 to n8.
    """
    rng = np.random.default_rng(seed)
    x, step = rng.normal(size=(2, n, 3))
    network = Network.random(POSTS_NETWORK, seed, nonlinearity=None)
    linear = tree.map(lambda constant: Value(rng.normal(size=constant.shape)), network)
    *hidden, last = linear.layers
    bent = Network([*[replace(layer, nonlinearity=np.tanh) for layer in hidden], last])
    with no_grad():
        (neuron,) = collapse(linear).neurons
        difference = _largest(linear(x)[:, 0] - neuron(x))
        return Collapse(
            constants=count_parameters(linear),
            neuron=neuron,
            difference=difference,
            rounding=_rounding(linear, x),
            bend=_largest(linear(x + step) - 2 * linear(x) + linear(x - step)),
            bend_with_tanh=_largest(bent(x + step) - 2 * bent(x) + bent(x - step)),
        )


def _rounding(network: Network, x: Array) -> float:
    """A bound on the rounding of a linear network's output.

    A sum of d products is off by at most d·eps times the sum of their sizes; each layer adds its own,
    and the order of the products, which collapsing changes, adds as much again.
    """
    operations = 2 * sum(layer.weights.shape[0] + 1 for layer in network.layers)
    sizes = tree.map(np.abs, network)(np.abs(x))
    return float(operations * np.finfo(np.float64).eps * _largest(sizes))


def _largest(x: Array) -> float:
    """The largest magnitude."""
    return float(payload(np.max(np.abs(x))))
