"""A page in the terminal: headings, tables, pictures, and claims that are checked as they are made."""

import tempfile
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.progress import BarColumn, Progress, TextColumn
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from tinygrad_edu.cli.report import Report
from tinygrad_edu.cli.terminal import NARROW, prepare, shown

SHADES = " .:-=+*#%@"
BARS = "▁▂▃▄▅▆▇█"
LOW, HIGH = (128, 0, 38), (255, 255, 178)  # dark red and light yellow, as in the post's top view


def shade(level: float, colour: bool = False) -> Text:
    """A level from 0 to 1 as a character, readable without colour too."""
    level = min(max(level, 0.0), 1.0)
    red, green, blue = (round(low + level * (high - low)) for low, high in zip(LOW, HIGH, strict=True))
    style = f"rgb({red},{green},{blue})" if colour else ""
    return Text(SHADES[round(level * (len(SHADES) - 1))], style)


def sparkline(levels: Sequence[float]) -> str:
    """Levels from 0 to 1 as a row of bars."""
    return "".join(BARS[round(min(max(level, 0.0), 1.0) * (len(BARS) - 1))] for level in levels)


class Page:
    """What is printed, under a title; it remembers which claims failed."""

    def __init__(self, title: str) -> None:
        prepare()
        self.console = Console(highlight=False, markup=False)
        self.console.width = min(self.console.width, NARROW)
        self.report = Report(self.console.width, title)
        self.failed: list[str] = []
        self.claims = 0
        self._sections = 0

    def heading(self, title: str) -> None:
        """Begin a section."""
        self._sections += 1
        self._print()
        self._print(Rule(Text(shown(f"{self._sections}  {title}"), "bold"), align="left", style="dim"))

    def _print(self, what: RenderableType = "") -> None:
        self.console.print(what)
        self.report.console.print(what)

    def say(self, text: str) -> None:
        """Print a paragraph."""
        self._print(textwrap.fill(shown(" ".join(text.split())), self.console.width))

    def table(self, columns: Mapping[str, Sequence[Any]], left: Sequence[str] = ()) -> None:
        """Print a table from its columns; those named in `left` are text, the others numbers."""
        table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
        for name in columns:
            text = name in left  # which may be broken where a terminal is narrow, as numbers may not
            table.add_column(shown(name), justify="left" if text else "right", no_wrap=not text)
        for row in zip(*columns.values(), strict=True):
            table.add_row(*[cell if isinstance(cell, Text) else Text(shown(str(cell))) for cell in row])
        self._print_indented(table)

    def picture(self, lines: Sequence[Text]) -> None:
        """Print lines of characters."""
        self._print_indented(Group(*lines))

    def _print_indented(self, what: RenderableType) -> None:
        self._print()
        self._print(Padding(what, (0, 0, 0, 2), expand=False))
        self._print()

    def claim(self, text: str, holds: bool) -> None:
        """Print what has been shown, with a tick if it holds and a cross if it does not."""
        self.claims += 1
        if not holds:
            self.failed.append(text)
        mark, style = ("✓", "green") if holds else ("✗", "bold red")
        lines = textwrap.wrap(shown(" ".join(text.split())), self.console.width - 2)
        self._print(Text(f"{mark} " + "\n  ".join(lines), style))

    @contextmanager
    def progress(self, title: str, total: int) -> Iterator[Callable[[int, float], None]]:
        """Make a context with a progress bar, and a function to call with the steps done and the loss."""
        columns = (
            TextColumn("  {task.description}"),
            BarColumn(24),
            TextColumn("{task.percentage:>3.0f} %  {task.fields[loss]}"),
        )
        with Progress(*columns, console=self.console) as progress:
            task = progress.add_task(title, total=total, loss="")

            def done(step: int, loss: float) -> None:
                progress.update(task, completed=step, loss=f"loss {loss:.4f}")

            yield done

    def close(self, seconds: float) -> None:
        """End the page with what came of its claims."""
        self._print()
        if self.failed:
            self._print(Text(f"{len(self.failed)} of {self.claims} claims do not hold:", "bold red"))
            for text in self.failed:
                self._print(Text(shown(f"✗ {' '.join(text.split())}"), "red"))
        else:
            self._print(Text(f"All {self.claims} claims hold; {seconds:.0f} s.", "bold green"))

    def write(self, name: str, files: Mapping[str, bytes] | None = None) -> Path:
        """Write what was printed as a page for a browser, with pictures, and `files` beside it; say where they are."""
        folder = Path(tempfile.mkdtemp(prefix="tinygrad-edu-"))
        for file, data in (files or {}).items():
            (folder / file).write_bytes(data)
            self.console.print(Text(str(folder / file)), soft_wrap=True)
        path = folder / f"{name}.html"
        self.report.write(path)
        self.console.print(Text(f"The same with pictures:\n{path}"), soft_wrap=True)
        return path
