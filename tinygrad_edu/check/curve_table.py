"""The table of a slope curve: the errors of each method over q, the least of each starred.

q       the steps, growing
errors  by method, an array like q
best    by method, the q of its least error; nan if none is finite
"""

import html
import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_ROWS = 18
Floats = NDArray[np.float64]


class CurveTable(NamedTuple):
    """A line of text above the table, the table as rows of cells, and lines below."""

    head: str
    rows: list[tuple[str, ...]]
    foot: list[str]

    def as_text(self) -> str:
        """The table in aligned columns."""
        widths = [max(map(len, column)) for column in zip(*self.rows, strict=True)]
        return "\n".join([self.head, *("  ".join(map(str.rjust, row, widths)) for row in self.rows), *self.foot])

    def as_html(self) -> str:
        """The table for a notebook."""
        rows = ["".join(f"<td>{cell}</td>" for cell in row) for row in self.rows]
        head, *foot = (f"<p>{html.escape(line)}</p>" for line in [self.head, *self.foot])
        return f"{head}<table><tr>{'</tr><tr>'.join(rows)}</tr></table>{''.join(foot)}"


def error_rows(q: Floats, errors: Mapping[str, Floats], best: Mapping[str, float]) -> list[tuple[str, ...]]:
    """The names of the columns, then at most `_ROWS` rows, one a decade of the default steps, and the best, starred."""
    count = len(q)
    shown = set(range(0, count, 1 if count <= _ROWS else 3 * math.ceil(count / (3 * _ROWS))))
    shown |= {int(np.searchsorted(q, least)) for least in best.values() if not math.isnan(least)}
    rows: list[tuple[str, ...]] = [("q", *errors)]
    for i in sorted(shown):
        cells = [("* " if q[i] == best[method] else "") + f"{errors[method][i]:.1e}" for method in errors]
        rows.append((f"{q[i]:.1e}", *cells))
    return rows


def least(best: float) -> str:
    """Where the error of a method is least, in words."""
    return "no error is finite" if math.isnan(best) else f"least (*) at {best:.1e}"
