"""What an optimizer is: transformations of gradients, one after the other, and a step along what comes out.

p      a parameter
g      the slope of the loss with respect to it
state  what is kept from step to step, a tree: it goes in and comes out, and is hidden nowhere
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from tinygrad_edu import tree
from tinygrad_edu.core.dtypes import is_complex
from tinygrad_edu.tree import Tree

Schedule = Callable[[Any], Any]  # from the number of steps done to the learning rate


class Transformation(NamedTuple):
    """A pure function on gradients, with a state.

    ``init(parameters)`` makes the first state; ``update(gradients, state, parameters)`` gives other gradients and the
    next state.
    """

    init: Callable[[Tree], Tree]
    update: Callable[[Tree, Tree, Tree], tuple[Tree, Tree]]


@dataclass(frozen=True)
class Optimizer:
    """Makes better parameters of parameters and gradients.

    >>> import tinygrad_edu as tg
    >>> optimizer = tg.optim.sgd(0.5, momentum=0.9)
    >>> state = optimizer.init({"w": 3.0})
    >>> parameters, state = optimizer.update({"w": 2.0}, state, {"w": 3.0})
    >>> optimizer.update({"w": 2.0}, state, parameters)[0]
    {'w': np.float64(0.10000000000000009)}

    A complex parameter is two real ones to all transformations, its real and its imaginary part in an axis in front.

    Args:
        transformations: what is made of the gradients, in order.
        learning_rate: how far to go along what comes out; a number, or a schedule: a function of the steps done.

    Source: the form of optax, DeepMind, 2020.
    """

    transformations: tuple[Transformation, ...]
    learning_rate: float | Schedule

    def init(self, parameters: Tree) -> Tree:
        """The state before the first step."""
        given = tree.map(in_parts, parameters)
        return {"steps": np.float64(0.0), "states": tuple(t.init(given) for t in self.transformations)}

    def update(self, gradients: Tree, state: Tree, parameters: Tree) -> tuple[Tree, Tree]:
        """The parameters one step on, each in its own dtype, and the next state; nothing is written into.

        Raises:
            TypeError: the state is not one of this optimizer's, or a gradient is complex and its parameter real.
            ValueError: the trees differ in structure; the message says where.
        """
        tree.map(_check_shape, parameters, gradients)
        known = isinstance(state, dict) and {*state} == {"steps", "states"}
        if not known or len(state["states"]) != len(self.transformations):
            remedy = "call update(gradients, state, parameters) with what init or the last update gave"
            raise TypeError(f"optim: got a {type(state).__name__} that is no state of this optimizer; {remedy}")
        given, states = tree.map(in_parts, parameters), []
        gradients = tree.map(lambda p, g: in_parts(np.conj(g)) if is_complex(p) else g, parameters, gradients)
        for transformation, own in zip(self.transformations, state["states"], strict=True):
            gradients, following = transformation.update(gradients, own, given)
            states.append(following)
        rate = self.learning_rate(state["steps"]) if callable(self.learning_rate) else self.learning_rate
        after = tree.map(lambda p, g: p - times(rate, g), given, gradients)
        after = tree.map(lambda p, new: new[0] + 1j * new[1] if is_complex(p) else new, parameters, after)
        return after, {"steps": state["steps"] + 1.0, "states": tuple(states)}


def chain(*parts: Transformation | Optimizer) -> Optimizer:
    """An optimizer with transformations before it; the optimizer comes last.

    >>> import tinygrad_edu as tg
    >>> optimizer = chain(tg.optim.clip_by_global_norm(1.0), tg.optim.sgd(0.5))
    >>> optimizer.update([30.0, 40.0], optimizer.init([0.0, 0.0]), [0.0, 0.0])[0]
    [np.float64(-0.3), np.float64(-0.4)]

    Raises:
        TypeError: the last part is no optimizer, or one before it is.
    """
    *before, last = parts or (None,)
    if not isinstance(last, Optimizer) or not all(isinstance(part, Transformation) for part in before):
        got = ", ".join(type(part).__name__ for part in parts) or "nothing"
        raise TypeError(f"optim.chain: got {got}; pass transformations, and an optimizer such as optim.adam(1e-3) last")
    return replace(last, transformations=(*before, *last.transformations))  # type: ignore[arg-type]


def masked(transformation: Transformation, mask: Callable[[str], bool]) -> Transformation:
    """A transformation that sees and changes only the gradients at places of the tree for which `mask` is true.

    >>> import tinygrad_edu as tg
    >>> decay = masked(tg.optim.weight_decay(0.1), lambda place: place == "['w']")
    >>> decay.update({"w": 1.0, "b": 1.0}, decay.init(None), {"w": 10.0, "b": 10.0})[0]
    {'w': 2.0, 'b': 1.0}
    """

    def update(gradients: Tree, state: Tree, parameters: Tree) -> tuple[Tree, Tree]:
        chosen = [mask(place) for place in tree.paths(gradients)]
        own = tree.leaves(gradients)
        seen = tree.unflatten(gradients, [g if on else 0.0 * g for g, on in zip(own, chosen, strict=True)])
        changed, state = transformation.update(seen, state, parameters)
        after = zip(own, tree.leaves(changed), chosen, strict=True)
        return tree.unflatten(gradients, [new if on else g for g, new, on in after]), state

    return Transformation(transformation.init, update)


def in_parts(x: Any) -> Any:
    """`x`, of complex numbers the real and the imaginary part, in an axis in front."""
    return np.stack([np.real(x), np.imag(x)]) if is_complex(x) else x


def times(number: Any, x: Any) -> Any:
    """``number * x`` in the dtype of `x`, whatever that of the number is."""
    dtype = getattr(x, "dtype", None)
    if dtype is not None and getattr(number, "dtype", dtype) != dtype:
        number = number.astype(dtype)
    return number * x


def stateless(update: Callable[[Tree, Tree], Tree]) -> Transformation:
    """A transformation that keeps nothing: ``update(gradients, parameters)`` gives other gradients."""
    return Transformation(lambda parameters: (), lambda g, state, parameters: (update(g, parameters), state))


def unzip(like: Tree, pairs: Sequence[tuple[Any, ...]]) -> tuple[Tree, ...]:
    """Trees of the structure of `like`, one for each member of some tuples that stand in for its leaves."""
    return tuple(tree.unflatten(like, part) for part in zip(*pairs, strict=True))


def _check_shape(p: Any, g: Any) -> None:
    if is_complex(g) and not is_complex(p):
        raise TypeError("optim: a gradient is complex, and its parameter real; make the parameter complex, p + 0j")
    if np.shape(p) != np.shape(g):
        raise ValueError(f"optim: a gradient of shape {np.shape(g)} for a parameter of shape {np.shape(p)}")
