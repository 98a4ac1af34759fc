"""What is printed: tables through rich where it is installed, else as plain text.

best, middle   the minimum and the median over the rounds
"""

import shutil
import sys
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec

WIDTH = 200  # letters of what others say


@dataclass
class Report:
    """A table, what is to be said below it, and the numbers that pictures are drawn of."""

    title: str
    columns: list[str]
    rows: list[list[str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    data: dict = field(default_factory=dict)


def duration(seconds):
    """Write a time with three digits and its unit.

    >>> duration(0.00123)
    '1.23 ms'
    """
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if abs(seconds) >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"


def size(count):
    """Write a number of bytes with three digits.

    >>> size(123_456)
    '123 kB'
    """
    for unit, one in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= one:
            return f"{count / one:.3g} {unit}"
    return f"{count} B"


def short(text):
    """Text on one line, cut off if it is long."""
    line = " ".join(text.split())
    return line if len(line) <= WIDTH else f"{line[: WIDTH - 2]} …"


def verdict(target, met, got, because=None):
    """Whether a target was met, and where it was missed, why, if that is known."""
    return f"target {target}: {'met' if met else 'MISSED'}, {got}" + (f"; {because}" if because and not met else "")


def absence(packages):
    """Who is not there, if anyone."""
    return [f"absent: {', '.join(sorted(packages))}"] if packages else []


def watched(items, what, count):
    """Go through `count` items, with a bar on the terminal if there is one."""
    if not (find_spec("rich") and sys.stderr.isatty()):
        return items
    console = import_module("rich.console").Console(stderr=True)
    return import_module("rich.progress").track(items, what, count, console=console, transient=True)


def show(report):
    """Print a report."""
    if find_spec("rich"):
        _show_rich(report)
    else:
        print(plain(report))


def plain(report):
    """A report as text: the first column to the left, numbers to the right."""
    table = [report.columns, *report.rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = [report.title]
    for row in table:
        cells = [row[0].ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(row[1:], widths[1:], strict=True))]
        lines.append("  ".join(cells).rstrip())
    return "\n".join([*lines, *(f"  {note}" for note in report.notes), ""])


def _show_rich(report):
    console = import_module("rich.console").Console(width=max(shutil.get_terminal_size().columns, 160), highlight=False)
    box = import_module("rich.box").SIMPLE
    table = import_module("rich.table").Table(title=report.title, title_justify="left", box=box)
    for i, column in enumerate(report.columns):
        table.add_column(column, justify="right" if i else "left", no_wrap=True)
    for row in report.rows:
        table.add_row(*row, style="bold" if row[0].startswith("tinygrad_edu") else None)
    console.print(table, *(f"  {note}" for note in report.notes), "", sep="\n", markup=False)
