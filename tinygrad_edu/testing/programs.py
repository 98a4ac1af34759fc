"""Random programs: straight lines of NumPy, smooth and bounded, for comparing two ways to run or differentiate them.

x, y  the operands of a line, made by lines before it
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from string import ascii_lowercase
from typing import Any

import numpy as np
from hypothesis import strategies as st

from tinygrad_edu.testing.calls import outcome
from tinygrad_edu.testing.strategies import Draw, arrays, shapes

LINES = [  # simple ones first: examples shrink towards them
    "{x} + {y}",
    "{x} * {y}",
    "{x} - {y}",
    "-{x}",
    "np.sin({x})",
    "np.tanh({x})",
    "np.exp(-{x} * {x})",
    "np.sqrt(1 + {x} * {x})",
    "np.log(2 + np.cos({x}))",
    "np.logaddexp({x}, {y})",
    "np.arctan2({x}, 2 + np.sin({y}))",
    "{x} / (1 + {y}**2)",
    "np.sum({x})",
    "np.mean({x}, axis=-1, keepdims=True)",
    "np.var({x}, axis=0)",
    "np.cumsum({x}, axis=0)",
    "np.prod({x}, axis=-1)",
    "{x} @ {y}",
    "np.transpose({x}) @ {y}",
    "np.outer({x}, {y})",
    "np.einsum('...i,...i->...', {x}, {y})",
    "np.transpose({x})",
    "np.reshape({x}, -1)",
    "np.expand_dims({x}, 0)",
    "np.broadcast_to({x}, (2, *{x}.shape))",
    "np.flip({x})",
    "np.roll({x}, 1)",
    "np.repeat({x}, 2, axis=0)",
    "{x}[0]",
    "{x}[..., None]",
    "{x}[::2]",
    "{x}[..., ::-1]",
    "{x}[[0, 0, -1]]",
    "np.concatenate([{x}, {y}])",
    "np.stack([{x}, {y}], axis=-1)",
    "np.where(np.arange({x}.size).reshape({x}.shape) % 2, {x}, {y})",
    "np.split({x}, [1])[0]",
]
RUN: dict[str, Callable[[Any, Any], Any]] = {
    text: eval(f"lambda x, y: {text.format(x='x', y='y')}", {"np": np}) for text in LINES
}
LARGEST, MOST = 8.0, 32  # of numbers, and how many of them a line may make


@dataclass(frozen=True, eq=False)
class Program:
    """A function as its source in Python, with arrays to call it with."""

    source: str
    arrays: tuple[Any, ...]
    run: Callable[..., Any] = field(init=False)

    def __post_init__(self) -> None:
        names: dict[str, Any] = {"np": np}
        exec(self.source, names)
        object.__setattr__(self, "run", names["program"])

    def __call__(self, *arrays: Any) -> Any:
        """Run the program on arrays or Values."""
        return self.run(*arrays)

    @property
    def names(self) -> list[str]:
        """Name the arrays."""
        return [*ascii_lowercase[: len(self.arrays)]]

    def __repr__(self) -> str:
        given = zip(self.names, self.arrays, strict=True)
        made = [f"{name} = np.array({x.tolist()}, np.{x.dtype})  # strides {x.strides}" for name, x in given]
        return "\n".join([self.source, *made, f"program({', '.join(self.names)})"])


@st.composite
def programs(draw: Draw, max_lines: int = 8) -> Program:
    """Draw programs of one to three arrays, of up to `max_lines` lines, that give one number or an array.

    Lines use any values made before them, some more than once and some never. All are smooth, and their
    numbers stay bounded near the arrays that come with the program.
    """
    given = draw(st.lists(arrays(shapes(max_side=3).filter(np.prod)), min_size=1, max_size=3))
    values = dict(zip(ascii_lowercase, given, strict=False))
    head = f"def program({', '.join(values)}):"
    lines = [_line(draw, values, name) for name in ascii_lowercase[len(given) :][: draw(st.integers(1, max_lines))]]
    last = [*values][-1]
    end = draw(st.sampled_from([last, f"np.sum({last})"]))
    return Program("\n    ".join([head, *lines, f"return {end}"]), tuple(given))


def _line(draw: Draw, values: dict[str, Any], name: str) -> str:
    """Draw a line that works, and add what it makes to the values."""
    x, y = (draw(st.sampled_from([*values][::-1])) for _ in range(2))
    made = {text: outcome(run, values[x], values[y]) for text, run in RUN.items()}
    works = [text for text, z in made.items() if not isinstance(z, Exception) and 0 < z.size <= MOST]
    chosen = draw(st.sampled_from(works))
    source = chosen.format(x=x, y=y)
    values[name] = made[chosen]
    if np.max(abs(values[name])) > LARGEST:
        source, values[name] = f"np.tanh({source})", np.tanh(values[name])
    return f"{name} = {source}"
