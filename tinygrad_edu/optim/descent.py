"""Gradient descent as the post has it.

p  a parameter
g  the slope of the loss with respect to it
"""

import numpy as np

from tinygrad_edu import tree
from tinygrad_edu.core.dtypes import is_complex
from tinygrad_edu.tree import Tree


def descend(parameters: Tree, gradients: Tree, learning_rate: float) -> Tree:
    """One step of gradient descent: ``p - learning_rate * g`` for every number of a tree.

    Nothing is written into; both trees stay as they are. Of a complex number it is the conjugate of the slope that
    leads up (docs/complex.md).

    >>> descend({"w": 3.0, "b": 1.0}, {"w": 2.0, "b": -4.0}, 0.5)
    {'w': 2.0, 'b': 3.0}

    Source: the post, "Finding the minimum point on a surface", where the learning rate is 1.

    Raises:
        ValueError: the trees differ in structure.
    """
    return tree.map(lambda p, g: p - learning_rate * (np.conj(g) if is_complex(g) else g), parameters, gradients)
