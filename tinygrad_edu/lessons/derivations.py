"""How the gradients of a neuron, of softmax and of cross-entropy come about, by hand and by the tape.

w, b    the parameters of a neuron, and x what it reads: z = w · x + b
p       probabilities that softmax makes of logits: e to each, divided by their sum
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tinygrad_edu.data import Array
from tinygrad_edu.functions import softmax
from tinygrad_edu.losses import cross_entropy
from tinygrad_edu.transforms import grad, jacobian


@dataclass(frozen=True, eq=False)
class Derived:
    """The same gradient twice: derived on paper, and by the tape."""

    by_hand: Array
    by_tape: Array

    @property
    def apart(self) -> float:
        """The greatest difference."""
        return float(np.max(np.abs(self.by_hand - self.by_tape)))


def neuron(w: Sequence[float], b: float, x: Sequence[float]) -> Derived:
    """The gradient of tanh(w · x + b) by w and, last, by b.

    z changes with wᵢ at the rate xᵢ, and with b at the rate 1. tanh changes with z at the rate 1 - tanh². The chain
    rule multiplies: (1 - tanh²)·xᵢ, and 1 - tanh².

    >>> neuron([1.0, -2.0], 3.0, [1.0, 2.0]).by_hand
    array([1., 2., 1.])
    """
    weights, inputs = np.asarray(w), np.asarray(x)
    out = np.tanh(weights @ inputs + b)
    by_w, by_b = grad(lambda w, b: np.tanh(w @ inputs + b), argnums=(0, 1))(weights, b)
    return Derived((1 - out**2) * np.append(inputs, 1.0), np.append(by_w, by_b))


def softmax_jacobian(logits: Sequence[float]) -> Derived:
    """How each probability changes with each logit: pᵢ·(1 - pᵢ) with its own, -pᵢ·pⱼ with another.

    pᵢ = eᵢ / S. The numerator changes with logit i at the rate eᵢ, the sum S with logit j at the rate eⱼ; the rule
    for quotients gives eᵢ/S - eᵢ·eᵢ/S² and -eᵢ·eⱼ/S².

    >>> softmax_jacobian([0.0, 0.0]).by_hand.tolist()
    [[0.25, -0.25], [-0.25, 0.25]]
    """
    given = np.asarray(logits)
    p = softmax(given)
    return Derived(np.diag(p) - np.outer(p, p), jacobian(softmax)(given))


def cross_entropy_gradient(logits: Sequence[Sequence[float]], labels: Sequence[int]) -> Derived:
    """The gradient of cross-entropy by the logits (n, k): what is thought, less what is so, over n.

    -log pᵢ = log S - logitᵢ, for the right class i. log S changes with logit j at the rate eⱼ/S = pⱼ, and logitᵢ with
    itself at the rate 1. So the slope is pⱼ, less 1 at the right class, and the mean over n examples divides by n.

    >>> cross_entropy_gradient([[0.0, 0.0]], [1]).by_hand.tolist()
    [[0.5, -0.5]]
    """
    given, right = np.asarray(logits), np.asarray(labels)
    by_hand = (softmax(given) - np.eye(given.shape[1])[right]) / len(given)
    return Derived(by_hand, grad(lambda logits: cross_entropy(logits, right))(given))
