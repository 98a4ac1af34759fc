"""A gradient that was given, not made by the tape: hand-written, SciPy's, torch's, JAX's.

f, args  the function and its arguments, trees of numbers
leaves   the arrays in them that are differentiated
"""

from collections.abc import Callable
from typing import Literal

import numpy as np

from tinygrad_edu import tree
from tinygrad_edu.check.measure import EPS, Array, Leaves, Tree
from tinygrad_edu.check.parts import slopes_by_parts
from tinygrad_edu.check.report import Fault
from tinygrad_edu.check.subject import CALLER, Subject, plain
from tinygrad_edu.transforms.pullback import Argnums, several


class Claimed(Subject):
    """A function with a gradient that was given: neither need be on a tape.

    `claimed` is called with the same arguments; True says that the function itself gives its value and its gradient.
    """

    on_tape = False

    def __init__(
        self,
        f: Callable[..., Tree],
        args: tuple[Tree, ...],
        argnums: Argnums | None,
        cotangent: Tree,
        claimed: Callable[..., Tree] | Literal[True],
    ) -> None:
        if claimed is not True and not callable(claimed):
            remedy = "pass a function, or True if f itself gives its value and its gradient"
            raise TypeError(f"{CALLER}: gradient= is a {type(claimed).__name__}; {remedy}")
        self.claimed = claimed
        argnums = 0 if argnums is None else argnums
        self.several = several(argnums)
        super().__init__(f, args, argnums, cotangent)

    def output(self, leaves: Leaves) -> Tree:
        """What the function gives for a list of leaves, as NumPy's."""
        z = super().output(leaves)
        return tree.map(plain, _pair(z)[0] if self.claimed is True else z)

    def _run(self) -> tuple[Leaves, float]:
        """What the function gives, and the step between numbers of its precision; that of the gradient is its own."""
        outputs = tree.leaves(self.call([x[()] for x in self.leaves]))
        if [z.size for z in outputs] != [1] and self.cotangent is None:
            shapes = ", ".join(str(z.shape) for z in outputs) or "no number"
            remedy = "sum it in f, or pass cotangent=, like the output, for the gradient of the sum of their product"
            raise TypeError(f"{CALLER}: with gradient=, f must give one real number, and gave {shapes}; {remedy}")
        step = _coarsest(outputs)
        self.step_of_gradient = max(step, _coarsest(self._claims(self.leaves)))
        return outputs, step

    def _claims(self, leaves: Leaves) -> Leaves:
        """The gradient as claimed, in the places of what is differentiated."""
        args = self.filled([x.copy()[()] for x in leaves])
        claimed = _pair(self.f(*args))[1] if self.claimed is True else self.claimed(*args)
        wanted = len(self.positions)
        if self.several and not (isinstance(claimed, (tuple, list)) and len(claimed) == wanted):
            what = f"a {type(claimed).__name__}" + (f" of {len(claimed)}" if isinstance(claimed, (tuple, list)) else "")
            remedy = "return a tuple with one for each, or name the one that it is of with argnums="
            raise TypeError(f"{CALLER}: gradient= gave {what} for {wanted} arguments; {remedy}")
        trees = list(claimed) if self.several else [claimed]
        given: dict[int, Array] = {}
        ahead = [sum(len(tree.leaves(arg)) for arg in args[:i]) for i in self.positions]
        for start, i, one in zip(ahead, self.positions, trees, strict=True):
            found: Leaves = []
            try:
                tree.map(lambda x, g, found=found: found.append(g), args[i], one)
            except (TypeError, ValueError):
                found = [one]
            if not all(map(tree.is_leaf, found)):
                remedy = "argnums= says which arguments it is of, by default the first alone"
                what = f"gradient= gave a {type(one).__name__} that is not built like argument {i}"
                raise TypeError(f"{CALLER}: {what}; {remedy}")
            given |= dict(enumerate(found, start))
        for k, x, name in zip(self.places, self.parts.join(leaves), self.wholes, strict=True):
            if np.shape(given[k]) != np.shape(x):
                raise ValueError(f"{CALLER}: gradient= gave shape {np.shape(given[k])} for {name} of shape {x.shape}")
        claims = zip(self.places, self.parts.complex, strict=True)
        return slopes_by_parts(plain(given[k]) + 0j if both else plain(given[k]) for k, both in claims)

    def gradient(self, leaves: Leaves, weights: Leaves) -> Leaves:
        """The gradient claimed, which is of the outputs as they are weighed."""
        return [g.astype(np.result_type(g, np.float64)) for g in self._claims(leaves)]

    def gradient_of_read_only(self) -> Leaves:
        """The gradient: what is not on the tape is not watched."""
        return self.gradient(self.leaves, self.weighed.weights)

    def transposes(self, analytic: Leaves, rounds: Leaves) -> tuple[str, Fault | None]:
        """None: a gradient that was given has no forward mode."""
        return "", None

    def faults_of_precision(self, analytic: Leaves) -> list[Fault]:
        """Nothing: a gradient of one's own has the precision that it has."""
        return []


def _coarsest(numbers: Leaves) -> float:
    """The step between numbers of the coarsest precision among some arrays."""
    return max((float(np.finfo(x.dtype).eps) for x in numbers if x.dtype.kind == "f"), default=EPS)


def _pair(z: Tree) -> tuple[Tree, Tree]:
    """A value and its gradient, or an error."""
    if not (isinstance(z, tuple) and len(z) == 2):
        what = f"a {type(z).__name__}" + (f" of {len(z)}" if isinstance(z, tuple) else "")
        raise TypeError(
            f"{CALLER}: with gradient=True, f must give a pair, its value and its gradient, and gave {what}"
        )
    return z
