"""The table of a slope curve, with theory and finding in words below it.

q     the step of the slope formula
eps   the distance from 1 to the next float
"""

import html
import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from tinygrad_edu.check.curve import SlopeCurve

METHODS = ("forward", "central", "richardson")
_ROWS = 18


def as_text(curve: "SlopeCurve") -> str:
    """Write the table in aligned columns."""
    rows = _rows(curve)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join([_head(curve), *("  ".join(map(str.rjust, row, widths)) for row in rows), *_foot(curve)])


def as_html(curve: "SlopeCurve") -> str:
    """Write the table for a notebook."""
    rows = ["".join(f"<td>{cell}</td>" for cell in row) for row in _rows(curve)]
    head, *foot = (f"<p>{html.escape(line)}</p>" for line in [_head(curve), *_foot(curve)])
    return f"{head}<table><tr>{'</tr><tr>'.join(rows)}</tr></table>{''.join(foot)}"


def _rows(curve: "SlopeCurve") -> list[tuple[str, ...]]:
    """Give the names of the columns, at most `_ROWS` rows, one a decade of the default steps, and the best, starred."""
    best, count = curve.best, len(curve.q)
    shown = set(range(0, count, 1 if count <= _ROWS else 3 * math.ceil(count / (3 * _ROWS))))
    shown |= {int(np.searchsorted(curve.q, q)) for q in best.values() if not math.isnan(q)}
    rows: list[tuple[str, ...]] = [("q", *METHODS)]
    for i in sorted(shown):
        q = curve.q[i]
        cells = [("* " if q == best[method] else "") + f"{getattr(curve, method)[i]:.1e}" for method in METHODS]
        rows.append((f"{q:.1e}", *cells))
    return rows


def _head(curve: "SlopeCurve") -> str:
    return f"{curve.title}: the tape's slope is {curve.slope:.8g}, and slopes over a step of q miss it by"


def _foot(curve: "SlopeCurve") -> list[str]:
    """Say where truncation and rounding meet, in theory, and where the error was least."""
    lines = []
    for method, name, known, root in (
        ("forward", "f″", curve.second, f"√eps = {np.sqrt(curve.eps):.1e}"),
        ("central", "f‴", curve.third, f"∛eps = {np.cbrt(curve.eps):.1e}"),
    ):
        q = curve.meeting[method]
        if known is None:
            theory = f"the tape cannot give {name}, so truncation is not predicted"
        elif 0 < q < math.inf:
            theory = f"truncation and rounding meet at q = {q:.1e} ({root})"
        else:
            sizes = f"|f| = {abs(curve.value):.2g} and |{name}| = {abs(known):.2g}"
            theory = f"truncation and rounding do not meet, for {sizes}"
        lines.append(f"{method}: {theory}; {_least(curve.best[method])}")
    return [*lines, f"richardson: {_least(curve.best['richardson'])}"]


def _least(best: float) -> str:
    return "no error is finite" if math.isnan(best) else f"least (*) at {best:.1e}"
