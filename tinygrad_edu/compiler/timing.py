"""Where the time goes: each statement of a program timed, as a table and as a picture.

marks    the time after each statement
"""

import re
import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygrad_edu.compiler.ir import Input

_BAR, _WIDTH = 20, 64


@dataclass(frozen=True)
class Statement:
    """One statement: its text, the remark beside it, and its least time in seconds."""

    text: str
    remark: str
    seconds: float


@dataclass(frozen=True)
class Timing:
    """The statements of a program, in order, with their times."""

    statements: list[Statement]

    @property
    def seconds(self) -> float:
        """The time of all of them."""
        return sum(each.seconds for each in self.statements)

    def __str__(self) -> str:
        most = max((each.seconds for each in self.statements), default=0.0) or 1.0
        lines = [f"{self.seconds * 1e6:9.1f} µs in all"]
        for each in self.statements:
            bar = "█" * round(_BAR * each.seconds / most)
            shown = each.text if len(each.text) <= _WIDTH else each.text[: _WIDTH - 1] + "…"
            lines.append(f"{each.seconds * 1e6:9.1f} µs  {bar:<{_BAR}}  {shown:<{_WIDTH}}  {each.remark}".rstrip())
        return "\n".join(lines)

    def plot(self, axes: Any = None, most: int = 25) -> Any:
        """Draw the slowest statements as bars, in the order of running; give the axes.

        Raises:
            ImportError: matplotlib is not installed: the extra `show` brings it.
        """
        try:
            from matplotlib import pyplot  # noqa: PLC0415
        except ImportError:
            raise ImportError("Timing.plot draws with matplotlib: pip install 'tinygrad_edu[show]'") from None
        slowest = sorted(self.statements, key=lambda each: -each.seconds)[:most]
        shown = [each for each in self.statements if each in slowest]
        if axes is None:
            _, axes = pyplot.subplots(figsize=(10, 0.28 * len(shown) + 1), layout="constrained")
        axes.barh([_short(each.text) for each in shown], [each.seconds * 1e6 for each in shown], color="#4477aa")
        axes.invert_yaxis()
        axes.set_xlabel("µs")
        axes.set_title(f"where {self.seconds * 1e6:.0f} µs go")
        axes.tick_params(axis="y", labelfontfamily="monospace", labelsize=8)
        return axes


def _short(text: str) -> str:
    return text if len(text) <= 48 else text[:47] + "…"


def timed(text: str, name: str, names: dict[str, Any], numbers: tuple[Any, ...], rounds: int) -> Timing:
    """Run the text `rounds` times with a clock between its statements; questions are not asked."""
    _, _, body = text.rpartition(f"\ndef {name}(")
    signature, *lines = re.sub(r'"""[^"]*"""', "", body).splitlines()
    found, marked = [], []
    for line in lines:
        statement, _, remark = line.strip().partition("  # ")
        if not statement or statement.startswith(("#", "return ")):
            continue
        statement = re.sub(r"^if (.*): return None$", r"\1", statement.strip())
        found.append((statement, remark.strip()))
        marked += [f"    {statement}", "    mark(clock())"]
    source = "\n".join([f"def timed({signature[:-2]}{', ' * (signature != '):')}mark, clock):", *marked])
    scope = dict(names)
    exec(source, scope)
    with np.errstate(all="ignore"):
        runs = [_marks(scope["timed"], numbers, names) for _ in range(rounds)]
    least = np.min(np.diff(runs, axis=1), axis=0) - np.min(np.diff([time.perf_counter() for _ in range(50)]))
    times = np.maximum(least, 0.0).tolist()
    return Timing(
        [Statement(*each, seconds) for each, seconds in zip(found, times, strict=True) if " = work" not in each[0]]
    )


def _marks(function: Any, numbers: tuple[Any, ...], names: dict[str, Any]) -> list[float]:
    marks: list[float] = []
    work = (names["make_work"](),) if "make_work" in names else ()
    marks.append(time.perf_counter())
    function(*numbers, *work, marks.append, time.perf_counter)
    return marks


def made_up(inputs: list[Input], seed: int = 0) -> tuple[Any, ...]:
    """Make numbers for inputs: normal ones, and zero for integers, which is right as an index too."""
    rng = np.random.default_rng(seed)
    return tuple(_made_up(node, rng) for node in inputs)


def _made_up(node: Input, rng: np.random.Generator) -> Any:
    if node.shape is None:
        return node.kind(1)
    numbers = rng.normal(size=node.shape) if node.dtype.kind == "f" else np.zeros(node.shape)
    array = np.empty(node.shape, node.dtype)
    array[...] = numbers
    return array[()]
