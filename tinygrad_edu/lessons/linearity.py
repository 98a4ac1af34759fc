"""Why a network needs a nonlinearity: without one it is a single neuron in disguise.

x  inputs, (n, 3)
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from tinygrad_edu import tree
from tinygrad_edu.core.tape import payload
from tinygrad_edu.core.value import Value, no_grad
from tinygrad_edu.data import Array
from tinygrad_edu.nn import Layer, Network, Neuron, collapse, count_parameters

POSTS_NETWORK = (3, 3, 3, 1)
NEURONS_IN_A_BRAIN = 86e9
SYNAPSES_IN_A_BRAIN = 1e14, 1e15


@dataclass(frozen=True)
class Straight:
    """What makes a neuron a straight line, and what keeps it from being linear in the strict sense.

    `bend` is the greatest |f(u + v) - 2 f(u) + f(u - v)|, twice how far the middle of three points in a row is from the
    line through the other two; 0 for every line and plane. `at_zero` is its answer to (0, 0, 0), and
    `not_added` how far f(u + v) is from f(u) + f(v): a strictly linear function has 0 for both. Its bias is to
    blame; functions such as this are called affine.
    """

    parameters: int
    bend: float
    rounding: float
    at_zero: float
    not_added: float


def straight(weights: Sequence[float], bias: float, seed: int = 0, n: int = 100) -> Straight:
    """Look at the post's neuron, with three weights and a bias, on n random inputs.

    >>> neuron = straight([23.0, 42.0, 51.0], 7.0)
    >>> neuron.parameters, neuron.bend <= neuron.rounding, neuron.at_zero, round(neuron.not_added, 9)
    (4, True, 7.0, 7.0)
    """
    neuron = Neuron(Value(np.asarray(weights)), Value(np.float64(bias)))
    u, v = np.random.default_rng(seed).normal(size=(2, n, 3))
    with no_grad():
        line = Network([Layer(neuron.weights.reshape(3, 1), neuron.bias.reshape(1))])
        return Straight(
            count_parameters(neuron),
            bend=_largest(neuron(u + v) - 2 * neuron(u) + neuron(u - v)),
            rounding=4 * _rounding(line, np.abs(u) + np.abs(v)),
            at_zero=float(payload(neuron(np.zeros(3)))),
            not_added=_largest(neuron(u + v) - neuron(u) - neuron(v)),
        )


@dataclass(frozen=True)
class Collapse:
    """The post's network without nonlinearities, beside the one neuron that equals it."""

    parameters: int
    neuron: Neuron
    difference: float
    rounding: float
    bend: float
    bend_with_tanh: float


def collapse_posts_network(seed: int, n: int = 1000, sizes: Sequence[int] = POSTS_NETWORK) -> Collapse:
    """Collapse the post's network of 28 random parameters to one neuron of 4; or another of one output.

    Args:
        seed: of all that is random.
        n: how many inputs are tried.
        sizes: how many inputs, then how many neurons in each layer, 1 in the last. The post draws n1 to n3, n4 to n6
            and n8; it never says what n7 is.

    Returns:
        The neuron; the greatest difference between the two on n random inputs, and the greatest that
        rounding could make; and the bend (see `Straight`), which is 0 for every straight line,
        of the network and of the same network with tanh.

    Source: the post, "Artificial neurons", n1 to n8.
    """
    rng = np.random.default_rng(seed)
    x, step = rng.normal(size=(2, n, sizes[0]))
    network = Network.random(sizes, seed, nonlinearity=None)
    linear = tree.map(lambda p: Value(rng.normal(size=p.shape)), network)
    *hidden, last = linear.layers
    bent = Network([*[replace(layer, nonlinearity=np.tanh) for layer in hidden], last])
    with no_grad():
        (neuron,) = collapse(linear).neurons
        difference = _largest(linear(x)[:, 0] - neuron(x))
        return Collapse(
            parameters=count_parameters(linear),
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
