"""An entry of a tape, and the ways from it back to its inputs, with all that is said of them.

z, x   an entry, and one of its inputs
g      the gradient of z: the slope of the result with respect to it
k      the one element of x that is followed through, where x is an array
share  what x gets from z: g times the local slope, in the shape of x
"""

import functools
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tinygrad_edu.core.dtypes import is_complex
from tinygrad_edu.core.rules import Array, table
from tinygrad_edu.core.source_info import label
from tinygrad_edu.core.tape import payload
from tinygrad_edu.core.unbroadcast import unbroadcast
from tinygrad_edu.core.value import Value
from tinygrad_edu.derivatives.norms import root
from tinygrad_edu.functions.activations import relu, sigmoid
from tinygrad_edu.show import scopes
from tinygrad_edu.show.symbols import constant, formula, text_of
from tinygrad_edu.slope import slope

Index = tuple[int, ...]
_LONGEST = 160  # characters of a formula that is still read
_ELEMENTWISE = (relu, sigmoid, root)  # besides NumPy's own
_MOST_TERMS = 64  # elements of an output whose share in one element of an input is worked out one by one


@dataclass
class Node:
    """An entry: `place` is where it stands on the tape, `text` how its function is written with its operands."""

    place: int
    value: Value
    name: str
    text: str
    gradient: Array
    edges: list["Edge"] = field(default_factory=list)
    uses: list["Edge"] = field(default_factory=list)

    @property
    def function(self) -> str:
        """What made it, by name; empty for a leaf."""
        return label(self.value.function) if self.value.function else ""

    @property
    def data(self) -> Array:
        """The number or array."""
        return self.value._payload

    @property
    def is_scalar(self) -> bool:
        """Whether it is a single number."""
        return bool(self.value.size == 1)

    scope = property(lambda self: scopes.scope_of(self.value), doc="The scopes it was recorded in, outermost first.")
    line = property(lambda self: scopes.line_of(self.value), doc="The line of the user's that recorded it, if known.")


@dataclass
class Edge:
    """The way from an entry back to its `argument`-th input, and what goes along it."""

    node: Node
    input: Node
    argument: int
    share: Array

    @property
    def is_scalar(self) -> bool:
        """Whether a single number depends on a single number, so that the local slope is one, too."""
        return self.node.is_scalar and self.input.is_scalar

    @property
    def _numbers(self) -> list[Any]:
        return [payload(x) for x in self.node.value.inputs]

    @functools.cached_property
    def is_elementwise(self) -> bool:
        """Whether each element of the output depends on one element of the input, so that there is one local slope."""
        function = self.node.value.function
        ufunc = function in _ELEMENTWISE or (isinstance(function, np.ufunc) and function.signature is None)
        operands = (self.node.data, *self._numbers)
        return bool(ufunc) or not any(isinstance(x, (tuple, list)) or np.ndim(x) for x in operands)

    def _rule(self, g: Array) -> Array:
        """What the rule of this edge makes of a cotangent."""
        z = self.node.value
        with np.errstate(all="ignore"):
            share = table[z.function].rules[self.argument](g, z._payload, *self._numbers, **(z.keywords or {}))  # type: ignore[index]
        return np.asarray(share)

    @functools.cached_property
    def local(self) -> Array | None:
        """The local slope as a number, or an array of one for each element; None where it is a whole matrix."""
        if not self.is_elementwise:
            return None
        return np.broadcast_to(self._rule(np.ones_like(self.node.data)), self.node.data.shape)[()]

    @property
    def local_number(self) -> float | complex | None:
        """The local slope where it is a single number, from a single number to another."""
        return np.sum(self.local).item() if self.local is not None and self.is_scalar else None

    def slopes(self, place: Index) -> Array:
        """The slopes of one element of the output by each element of the input."""
        one = np.zeros(self.node.data.shape, self.node.data.dtype)
        one[place] = 1
        return np.asarray(unbroadcast(self._rule(one[()]), self.input.data, self.node.value.function))

    def symbol(self, expand: bool = True, operands: list[str] | None = None) -> Any:
        """The local slope as a symbol or a number, or where it is a whole matrix, the share as one with `g`.

        None where symbols are not enough. Without `expand` the helpers of rules stand for themselves. `operands` are
        what the output and the operands are called; they have the names of their entries by default.
        """
        z, numbers, g = self.node, self._numbers, self.node.gradient
        row, output = table[z.value.function], z.data  # type: ignore[index]
        if self.is_elementwise:
            if not np.size(output):
                return None
            place = next(self._places())
            output, g = np.asarray(output)[place], z.data.dtype.type(1)
            numbers = [np.broadcast_to(x, z.data.shape)[place] if np.ndim(x) else x for x in numbers]
        names = ["" if self.is_elementwise else "g", *(operands or [z.name, *(_name(x, z) for x in z.value.inputs)])]
        return formula(row.rules[self.argument], names, [g, output, *numbers], z.value.keywords or {}, expand)

    @functools.cached_property
    def formula(self) -> str:
        """The same as text, with helpers of rules by name where it is long otherwise; empty if it is long even so."""
        symbols = (self.symbol(expand) for expand in (True, False))
        return next((text for made in symbols if made is not None and len(text := text_of(made)) <= _LONGEST), "")

    @functools.cached_property
    def at(self) -> Index:
        """The element of the input that is followed through: the one with the largest share."""
        if not np.size(self.share):
            return ()
        place = np.argmax(np.nan_to_num(np.abs(self.share)))
        return tuple(int(i) for i in np.unravel_index(place, np.shape(self.share)))

    def _places(self) -> Iterator[Index]:
        """The elements of the output that the followed element may have a part in."""
        shape = self.node.data.shape
        if not self.is_elementwise:
            return np.ndindex(shape)
        own = (1,) * (len(shape) - np.ndim(self.input.data)) + np.shape(self.input.data)
        at = (0,) * (len(shape) - len(self.at)) + self.at
        axes = (range(n) if m == 1 else (i,) for n, m, i in zip(shape, own, at, strict=True))
        return itertools.product(*axes)

    @functools.cached_property
    def terms(self) -> list[tuple[Index, Array, Array]]:
        """How the share of the followed element comes about: by output element, gradient and local slope; zeros not.

        Empty where there are too many elements to work them out one by one.
        """
        g, terms = np.asarray(self.node.gradient), []
        places = list(itertools.islice(self._places(), _MOST_TERMS + 1))
        for place in places if len(places) <= _MOST_TERMS else ():
            local = np.asarray(self.local)[place] if self.is_elementwise else self.slopes(place)[self.at]
            if local != 0 or self.is_elementwise:
                terms.append((place, g[place], local))
        return terms

    @functools.cached_property
    def numeric(self) -> float | None:
        """The slope formula's number for this edge: of the output by the input, or of what the followed element gives.

        Where the output is an array, each element counts by its gradient. None where it cannot be computed, or
        where numbers are complex, which have slopes in two directions.
        """
        z, x = self.node, self.input.data
        if not isinstance(x, (np.ndarray, np.generic)) or is_complex(x) or is_complex(z.data):
            return None
        weights = 1.0 if self.is_scalar else z.gradient

        def d(moved: Array) -> Array:
            there = np.array(x)
            there[self.at] = moved
            inputs = self._numbers
            inputs[self.argument] = there[()]
            return np.sum(weights * z.value.function(*inputs, **(z.value.keywords or {})))  # type: ignore[misc]

        here = np.asarray(x)[self.at]
        q = here.dtype.type(np.finfo(x.dtype).eps ** 0.5 * max(1.0, abs(here)))
        try:
            with np.errstate(all="ignore"):
                return float(slope(d, here, q))
        except Exception:  # the function may not be defined a step aside
            return None

    @functools.cached_property
    def stretched(self) -> tuple[int, ...]:
        """The axes of the output along which the input was stretched, so that its share is summed over them."""
        if not (self.is_elementwise and isinstance(self.node.data, np.ndarray)):
            return ()
        shape = self.node.data.shape
        own = (1,) * (len(shape) - np.ndim(self.input.data)) + np.shape(self.input.data)
        return tuple(i for i, (n, m) in enumerate(zip(shape, own, strict=True)) if m == 1 != n)


def _name(x: Any, z: Node) -> str:
    """What an operand is called in formulas; empty for a single number."""
    constant_name = constant(x) if isinstance(x, np.ndarray) and x.ndim else ""
    return next((e.input.name for e in z.edges if e.input.value is x), constant_name)
