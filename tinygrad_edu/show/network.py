"""A network as a table: a row for each layer, with what it holds, what it gives, and how many parameters it has."""

from collections.abc import Callable
from html import escape
from typing import Any

import numpy as np

from tinygrad_edu import tree
from tinygrad_edu.core.rules import Array
from tinygrad_edu.core.value import no_grad
from tinygrad_edu.nn.module import Module, State, count_parameters, rows

Note = Callable[[str, Array], Array]  # note(place, output): the output, of which the shape was noted


class Summary:
    """The layers of a network, and for an example input, the shape of what each of them gives.

    >>> from tinygrad_edu import nn
    >>> rng = np.random.default_rng(0)
    >>> network = nn.Sequential([nn.Linear(2, 16, rng), np.tanh, nn.Linear(16, 1, rng)])
    >>> print(Summary(network, np.ones((5, 2))))
    place       layer                               output   parameters
                Sequential                          (5, 1)           65
    .layers[0]  Linear weights (2, 16), bias (16,)  (5, 16)          48
    .layers[1]  tanh                                (5, 16)           0
    .layers[2]  Linear weights (16, 1), bias (1,)   (5, 1)           17

    In notebooks it is a table, and so is a network by itself, without outputs.

    Args:
        network: a `Module`.
        x: an example of what the network takes, which it is run on once, in evaluation.
        state: the state to run it with; by default its `initial_state()`.

    Raises:
        TypeError: `network` is no Module.
        Exception: whatever the network raises, of an input that does not fit.
    """

    def __init__(self, network: Module, x: Array | None = None, state: State | None = None) -> None:
        if not isinstance(network, Module):
            raise TypeError(f"Summary(network): got a {type(network).__name__}; pass a Module, such as nn.Sequential")
        self.total = count_parameters(network)
        shapes = {} if x is None else shapes_of(network, x, network.initial_state() if state is None else state)
        inside = [(place, what, int(count.replace(",", ""))) for place, what, count in rows(network, "")]
        own = ("", type(network).__name__ if inside else repr(network), self.total)
        self.rows = [(place, what, shapes.get(place, ""), count) for place, what, count in (own, *inside)]
        self.has_outputs = bool(shapes)

    def _cells(self) -> list[list[str]]:
        table = [["place", "layer", "output", "parameters"]]
        table += [[place, what, output, f"{count:,}"] for place, what, output, count in self.rows]
        return table if self.has_outputs else [[*row[:2], row[3]] for row in table]

    def __str__(self) -> str:
        cells = self._cells()
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        lines = ["  ".join([*map(str.ljust, row[:-1], widths), row[-1].rjust(widths[-1])]) for row in cells]
        return "\n".join(line.rstrip() for line in lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """What notebooks show: the table, with a bar for the share that each layer has of all parameters."""
        head, *cells = self._cells()
        left, right = ('<td style="text-align:left">', '<td style="text-align:right">')
        lines = ["".join(f"{right if each == 'parameters' else left}<b>{each}</b></td>" for each in head)]
        for row, (*_, count) in zip(cells, self.rows, strict=True):
            width = round(100 * count / self.total) if self.total else 0
            bar = f'<div style="width:{width}px;height:.7em;background:#4c8dd6" title="{width} %"></div>'
            texts = "".join(f"{left}{escape(each)}</td>" for each in row[:-1])
            lines.append(f"{texts}{right}{row[-1]}</td>{left}{bar}</td>")
        return f"<table>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"


def shapes_of(network: Module, x: Array, state: State) -> dict[str, str]:
    """The shape of what each layer gives for `x` in evaluation, by its place; those that are not called have none."""
    found: dict[str, str] = {}

    def note(place: str, output: Array) -> Array:
        found[place] = str(np.shape(output))
        return output

    with no_grad():
        _noting(network, "", note).apply(x, state, training=False)
    return found


def _noting(part: Any, place: str, note: Note) -> Any:
    """A copy of a network whose layers tell what they give."""
    if isinstance(part, (list, tuple)):
        return type(part)(_noting(each, f"{place}[{i}]", note) for i, each in enumerate(part))
    if not isinstance(part, Module):
        return (lambda x: note(place, part(x))) if callable(part) and not tree.is_leaf(part) else part
    kind: Any = type(part)

    class Noting(kind):  # type: ignore[misc]
        def __call__(self, *args: Any, **keywords: Any) -> Any:
            return note(place, kind.__call__(self, *args, **keywords))

        def apply(self, *args: Any, **keywords: Any) -> Any:
            output, state = kind.apply(self, *args, **keywords)
            return note(place, output), state

    Noting.__name__ = kind.__name__
    copy = object.__new__(Noting)
    for name, value in vars(part).items():
        inside = name in tree.field_names(kind)
        object.__setattr__(copy, name, _noting(value, f"{place}.{name}", note) if inside else value)
    return copy
