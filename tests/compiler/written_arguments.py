"""What functions are called with: trees of slots, in which numbers and arrays of all kinds and layouts are drawn.

sizes   how long the axes n and m are
layout  how an array lies in memory; of a number: C if it is Python's, or else NumPy's
"""

import ast
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from tests.compiler.written_lines import KEYS, NAMES
from tinygrad_edu.testing.calls import LAYOUTS

MANY = 140_000  # elements of a long axis
Parameters = dict[str, Any]  # trees of slots

EXTREMES = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    1000.0,
    -1000.0,
    1e-8,
    5e-324,
    -1e-310,
    1e-200,
    1e200,
    -1.7e308,
    np.inf,
    -np.inf,
    np.nan,
]


class State(NamedTuple):
    """Two arrays with names."""

    m: Any
    v: Any


@dataclass(frozen=True)
class Point:
    """Two arrays with names, in an object that does not change."""

    x: Any
    y: Any


@dataclass(frozen=True)
class Slot:
    """A number or an array among the arguments: its kind, and its axes."""

    kind: str
    axes: str = ""

    def draw(
        self, generator: np.random.Generator, sizes: dict[str, int], dtype: Any, layout: str, extreme: bool
    ) -> Any:
        """Draw the numbers."""
        shape = tuple(1 if axis == "1" else sizes[axis] for axis in self.axes)
        if self.kind == "flag":
            return bool(generator.integers(2))
        if self.kind == "count":
            return int(generator.integers(4))
        if self.kind == "integers":
            x = generator.integers(0, 5, shape)
        elif self.kind == "mask":
            x = generator.random(shape) > 0.5
        else:
            x = generator.choice(EXTREMES, shape) if extreme else np.round(generator.uniform(-2, 2, shape), 3)
            x = np.asarray(x).astype(dtype)
        if self.kind == "number":
            return x.item() if layout == "C" else x[()]
        return LAYOUTS[layout](x) if shape else np.array(x)


def mapped(function: Any, x: Any) -> Any:
    """An argument with something in the place of each leaf."""
    if isinstance(x, dict):
        return {key: mapped(function, child) for key, child in x.items()}
    if isinstance(x, (list, tuple)):
        children = [mapped(function, child) for child in x]
        return type(x)(*children) if hasattr(x, "_fields") else type(x)(children)
    if isinstance(x, Point):
        return Point(mapped(function, x.x), mapped(function, x.y))
    return function(x)


def protected(x: Any) -> Any:
    """The same arguments, their arrays read-only."""

    def view(x: Any) -> Any:
        if isinstance(x, np.ndarray):
            x = x.view()
            x.flags.writeable = False
        return x

    return mapped(view, x)


def places(parameters: Parameters) -> Iterator[str]:
    """The expressions under which a function finds the numbers that it is given; small integers and flags aside."""
    for name, x in parameters.items():
        if isinstance(x, (State, Point)):
            yield from (f"{name}.{field}" for field in x.__annotations__)
            continue
        if isinstance(x, dict):
            yield from (f"{name}[{key!r}]" for key in x)
        elif isinstance(x, (list, tuple)):
            yield from (f"{name}[{k}]" for k in range(len(x)))
        elif x.kind not in ("flag", "count"):
            yield name


def draw_parameters(dice: random.Random, large: bool) -> Parameters:
    """Draw the parameters of a function: trees of slots by name."""
    axes = ["", "n", "n"] if large else ["", "n", "n", "nm", "nm", "nm", "m", "1m", "n1", "mn", "nmn"]

    def array() -> Slot:
        return Slot("array", dice.choice(axes))

    found: Parameters = {}
    *names, last = dice.sample([name for name in NAMES if name != "_"], 4)
    for name in names[: dice.randint(1, 3)]:
        found[name] = array()
    tree: Any = dice.choice([None, None, dict, list, tuple, State, Point])
    if tree is dict:
        found[last] = {ast.literal_eval(key): array() for key in dice.sample(KEYS, 2)}
    elif tree is not None:
        found[last] = tree(array(), array()) if tree in (State, Point) else tree([array(), array()])
    found |= {"s": Slot("number"), "n": Slot("count"), "flag": Slot("flag")}
    if dice.random() < 0.3:
        found["rows"] = Slot("integers", dice.choice(["n", "m", ""]))
    if dice.random() < 0.3:
        found["chosen"] = Slot("mask", "n" if large else dice.choice(["n", "nm"]))
    return found


def draw_arguments(parameters: Parameters, seed: int, call: int, large: bool, extreme: bool) -> list[Any]:
    """Draw the arguments of the k-th call.

    Those of 0 and 1 differ in their numbers alone; 2 has other dtypes and layouts, 3 other shapes, 4 numbers of NumPy's
    for those of Python's, and 5 is 0 again.
    """
    call %= 5
    kinds = np.random.default_rng([seed, call if call in (2, 3) else 0])
    generator = np.random.default_rng([seed, 10 + call])
    sizes = {"n": MANY if large else 2, "m": 3}
    if call == 3:
        sizes = {"n": MANY + 77 if large else int(kinds.integers(5)), "m": int(kinds.integers(5))}
    rare = [np.int64, np.int32, np.float16, np.bool_] if kinds.random() < (0.5 if call == 2 else 0.15) else []
    dtypes = [np.float64] * 6 + [np.float32] * 3 + rare
    other = kinds.random() < (0.9 if call == 2 else 0.3)

    def draw(slot: Slot) -> Any:
        dtype = dtypes[kinds.integers(len(dtypes))]
        layout = [*LAYOUTS][kinds.integers(len(LAYOUTS))] if other else "C"
        if slot.kind == "number":
            dtype = [np.float64, np.float64, np.float64, np.float32, np.int64][kinds.integers(5)]
            layout = "Fortran" if (call == 4) != (kinds.random() < 0.2) else "C"
        return slot.draw(generator, sizes, dtype, layout, extreme and kinds.random() < 0.5)

    with np.errstate(all="ignore"):
        return [mapped(draw, x) for x in parameters.values()]
