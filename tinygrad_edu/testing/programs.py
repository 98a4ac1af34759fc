"""Random programs: straight lines of NumPy, smooth and bounded, for comparing two ways to run or differentiate them.

x, y  the operands of a line, made by lines before it
"""

from collections.abc import Callable
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


class Program:
    """A function given as its source in Python, with arrays to call it with."""

    def __init__(self, source: str, arrays: tuple[Any, ...]) -> None:
        names: dict[str, Any] = {"np": np}
        exec(source, names)
        self.source, self.arrays, self.run = source, arrays, names["program"]

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
    given = draw(st.lists(arrays(shapes().filter(np.prod)), min_size=1, max_size=3))
    back = st.integers(0, max_lines)
    choices = draw(st.lists(st.tuples(st.sampled_from(range(len(LINES))), back, back), min_size=1, max_size=max_lines))
    values = dict(zip(ascii_lowercase, given, strict=False))
    head = f"def program({', '.join(values)}):"
    lines = [_line(values, *choice) for choice in choices]
    last = [*values][-1]
    end = draw(st.sampled_from([last, f"np.sum({last})"]))
    return Program("\n    ".join([head, *lines, f"return {end}"]), tuple(given))


def _line(values: dict[str, Any], k: int, back_to_x: int, back_to_y: int) -> str:
    """Write the k-th line, or else the next that works, on values counted back from the last; keep what it makes."""
    newest_first = [*values][::-1]
    x, y = (newest_first[back % len(values)] for back in (back_to_x, back_to_y))
    for text in [*LINES[k:], *LINES[:k]]:
        z = outcome(RUN[text], values[x], values[y])
        if not isinstance(z, Exception) and z.size <= MOST:
            break
    source, name = text.format(x=x, y=y), ascii_lowercase[len(values)]
    if np.max(abs(z)) > LARGEST:
        source, z = f"np.tanh({source})", np.tanh(z)
    values[name] = z
    return f"{name} = {source}"
