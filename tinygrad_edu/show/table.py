"""The tape as a table: one row an entry, with its local slopes and its gradient."""

import itertools
import textwrap
from typing import Any

import numpy as np

from tinygrad_edu.show.description import Description
from tinygrad_edu.show.nodes import Edge, Node
from tinygrad_edu.show.numbers import SMALL, number, short, shown
from tinygrad_edu.show.symbols import constant

HEAD = ("entry", "function", "inputs", "value", "local slope", "gradient")
_ENDS = 20  # entries of each end of a long tape
_CELL = 34  # characters of a cell on one line
_LEAST = 8  # characters of a column in a narrow terminal


def table_of(tape: Description, width: int, entries: range | None = None) -> str:
    """The table of these entries, by default of all or of both ends; cells that do not fit go on in further lines."""
    rows = [HEAD, *map(_row, tape.chosen(entries, _ENDS))]
    widths = _fitted([max(map(len, column)) for column in zip(*rows, strict=True)], width)
    lines = ["\n".join(_lines(row, widths)) for row in rows]
    if entries is None and len(tape) > 2 * _ENDS:
        lines.insert(_ENDS + 1, "\n".join(textwrap.wrap(tape.left_out(_ENDS, "table"), width)))
    return "\n".join(lines)


def _row(node: Node) -> tuple[str, ...]:
    """One entry as a row of the table."""
    z, edges = node.value, {e.argument: e for e in node.edges}
    made_by = f"{node.function} → {z.name}" if node.function and z.name else node.function or z.name or "leaf"
    inputs = [f"#{edges[i].input.place}" if i in edges else _constant(x) for i, x in enumerate(z.inputs)]
    inputs += [f"{key}={constant(value)}" for key, value in (z.keywords or {}).items() if key[0] != "_"]
    local = ", ".join(_local(edges[i]) if i in edges else "–" for i in range(len(z.inputs)))
    inside = short(", ".join(inputs), _CELL), shown(z.data), short(local, _CELL), shown(node.gradient)
    return str(node.place), made_by, *inside


def _constant(x: Any) -> str:
    if isinstance(x, np.ndarray) and x.size > SMALL:
        return f"array {x.shape}"
    return shown(x) if isinstance(x, (np.ndarray, float)) else constant(x)


def _local(edge: Edge) -> str:
    """The local slope: a number where it is one, else a formula."""
    return edge.formula or "…" if edge.local_number is None else number(edge.local_number)


def _fitted(widths: list[int], width: int) -> list[int]:
    """The widths of columns so that a row fits: the widest give way first."""
    widths = [*widths]
    while sum(widths) + 2 * (len(widths) - 1) > width and max(widths) > _LEAST:
        widths[widths.index(max(widths))] -= 1
    return widths


def _lines(row: tuple[str, ...], widths: list[int]) -> list[str]:
    """A row in lines, the first column to the right."""
    cells = [textwrap.wrap(cell, size) or [""] for cell, size in zip(row, widths, strict=True)]
    cells[0] = [cells[0][0].rjust(widths[0])]
    return ["  ".join(map(str.ljust, parts, widths)).rstrip() for parts in itertools.zip_longest(*cells, fillvalue="")]
