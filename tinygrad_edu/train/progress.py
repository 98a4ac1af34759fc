"""How far training is: a bar in a terminal, lines where rich is missing, and nothing in a log file."""

import contextlib
import sys
import time
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from tinygrad_edu.train.history import History

_APART = 0.1  # seconds between two movements of the bar


class Progress(Protocol):
    """What is told how far training is."""

    def step(self, epoch: int, done: int, count: int, loss: float) -> None:
        """Show that `done` of the `count` steps of an epoch are taken."""

    def epoch(self, epochs: int, history: History) -> None:
        """Show what was measured at the end of an epoch."""


@contextlib.contextmanager
def shown(wanted: bool | None, epochs: int) -> Iterator[Progress | None]:
    """A context with whom to tell; None where nothing is to be shown: by default, where there is no terminal."""
    if not (sys.stderr.isatty() if wanted is None else wanted):
        yield None
        return
    try:
        from rich.console import Console  # noqa: PLC0415 - an extra
        from rich.progress import BarColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415
        from rich.progress import Progress as Bar  # noqa: PLC0415
    except ModuleNotFoundError:
        yield _Lines()
        return
    columns = TextColumn("epoch {task.fields[epoch]}/{task.fields[epochs]}"), BarColumn(24), TimeElapsedColumn()
    console = Console(stderr=True, highlight=False)
    with Bar(*columns, TextColumn("{task.fields[said]}"), console=console) as bar:
        yield _Bar(bar, bar.add_task("", total=None, epoch=0, epochs=epochs, said=""))


class _Bar:
    """A bar that is full at the end of each epoch; behind it the loss, and what was measured last."""

    def __init__(self, bar: Any, task: Any) -> None:
        self.bar, self.task = bar, task
        self.next = 0.0
        self.measured = ""

    def step(self, epoch: int, done: int, count: int, loss: float) -> None:
        now = time.monotonic()
        if now >= self.next or done == count:
            self.next = now + _APART
            said = f"loss {loss:.4g}{self.measured}"
            self.bar.update(self.task, completed=done, total=count, epoch=epoch, said=said)

    def epoch(self, epochs: int, history: History) -> None:
        row = history.epochs[-1]
        self.measured = "".join(f"  {_said(name, row)}" for name in row if name.startswith("validation"))


class _Lines:
    """A line for each epoch."""

    def step(self, epoch: int, done: int, count: int, loss: float) -> None:
        pass

    def epoch(self, epochs: int, history: History) -> None:
        row = history.epochs[-1]
        said = "  ".join(_said(name, row) for name in row if name != "steps")
        print(f"epoch {len(history.epochs)}/{epochs}  {said}", file=sys.stderr)


def _said(name: str, row: Mapping[str, float]) -> str:
    return f"{name.replace('_', ' ')} {row[name]:.4g}"
