"""Layers one after the other."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tinygrad_edu.core.rules import Array
from tinygrad_edu.nn.module import Module, State, apply, check_state


@dataclass(frozen=True, eq=False, repr=False)
class Sequential(Module):
    """Layers one after the other, each reading what the one before gave; plain functions may stand among them.

    >>> import numpy as np
    >>> from tinygrad_edu import nn
    >>> rng = np.random.default_rng(0)
    >>> network = Sequential([nn.Linear(2, 16, rng), np.tanh, nn.Dropout(0.2, rng), nn.Linear(16, 1, rng)])
    >>> print(network)
                Sequential                          65 parameters
    .layers[0]  Linear weights (2, 16), bias (16,)  48
    .layers[1]  tanh                                0
    .layers[2]  Dropout rate 0.2                    0
    .layers[3]  Linear weights (16, 1), bias (1,)   17
    >>> network(np.ones((5, 2))).shape
    (5, 1)

    Args:
        layers: modules, and functions of one array.
    """

    layers: list[Module | Callable[[Array], Array]]

    def __init__(self, layers: Iterable[Module | Callable[[Array], Array]]) -> None:
        given = [*layers]
        for i, layer in enumerate(given):
            if isinstance(layer, type) or not callable(layer):
                what = f"the class {layer.__name__}" if isinstance(layer, type) else f"a {type(layer).__name__}"
                raise TypeError(f"Sequential: layer {i} is {what}; pass modules, and functions such as np.tanh")
        self._set(layers=given)

    def apply(self, x: Array, state: State, *, training: bool) -> tuple[Array, State]:
        """The output of the last layer, and the states of all.

        Raises: what a layer raises.
        """
        check_state(self, state)
        if len(state["layers"]) != len(self.layers):
            what = f"got the states of {len(state['layers'])} layers for {len(self.layers)}"
            raise ValueError(
                f"Sequential: {what}; pass what initial_state() or the last apply(...) of this network gave"
            )
        states = []
        for layer, own in zip(self.layers, state["layers"], strict=True):
            x, following = apply(layer, x, own, training=training)
            states.append(following)
        return x, {"layers": states}
