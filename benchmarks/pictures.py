"""Draws what was measured: every competitor's step beside the hand-written, and how time and memory grow."""

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.ticker import FuncFormatter, NullFormatter

from benchmarks.growth import size
from benchmarks.report import duration
from benchmarks.summary import COLUMNS, COMPILED, EAGER, SHORT, ratios

BLUE, LIGHT, GREY = "#1f4e79", "#6fa8dc", "#777777"
LOOKS = {
    EAGER: (LIGHT, "o", 9),
    COMPILED: (BLUE, "o", 11),
    "torch eager": ("#d9531e", "s", 6),
    "torch.compile": ("#8c2d04", "D", 6),
    "jax.jit": ("#2e8b57", "^", 7),
    "micrograd": ("#333333", "x", 7),
    "autograd": ("#9467bd", "v", 6),
    "mygrad": ("#c49c00", "P", 7),
    "tinygrad jit": ("#e377c2", "*", 9),
}
GROWTH = {"eager": (LIGHT, "o-"), "compiled": (BLUE, "o-"), "first call": (GREY, "s--")}
PEAKS = {"eager": "its peak", "compiled": "peak", "first call": "peak of it"}


def draw_speed(bests, path):
    """Draw a row for each workload; `bests` gives by its letter the smallest time of a step of each competitor."""
    figure, axes = plt.subplots(figsize=(9.6, 0.62 * len(bests) + 1.5), layout="constrained")
    rows = [ratios(best) for best in bests.values()]
    for i in range(0, len(rows), 2):
        axes.axhspan(i - 0.5, i + 0.5, color="#f4f4f4", zorder=0)
    for k, column in enumerate(COLUMNS):
        height = (k / (len(COLUMNS) - 1) - 0.5) * 0.7  # so that equals do not hide each other
        places = [(row[column], i + height) for i, row in enumerate(rows) if column in row]
        if places:
            colour, marker, points = LOOKS[column]
            axes.plot(*zip(*places, strict=True), marker, color=colour, ms=points, label=column, zorder=2)
    axes.axvline(1, color="black", linewidth=1, zorder=1)
    axes.set(xscale="log", xlabel="time of a step, as a multiple of the same written by hand (smaller is faster)")
    axes.set_yticks(range(len(rows)), [f"{letter}: {SHORT[letter]}" for letter in bests])
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.grid(axis="x", which="major", color="#dddddd", zorder=0)
    figure.legend(loc="outside upper center", ncols=5, frameon=False, fontsize=9)
    figure.savefig(path, dpi=130)
    plt.close(figure)


def draw_growth(reports, path):
    """Draw time above and memory below, a column for each series."""
    figure, grid = plt.subplots(2, len(reports), figsize=(3.4 * len(reports), 5.6), layout="constrained", squeeze=False)
    for k, report in enumerate(reports):
        for way, (colour, style) in GROWTH.items():
            for axes, title in zip(grid[:, k], (way, PEAKS[way]), strict=True):
                column = report.data.get(title, {})
                axes.loglog([*column], [*column.values()], style, color=colour, ms=4, label=way)
        for axes, amount in zip(grid[:, k], (duration, size), strict=True):
            _guide(axes, report.data["eager" if amount is duration else "its peak"])
            axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _, amount=amount: amount(y)))
            axes.grid(color="#eeeeee")
        grid[0, k].set_title(report.title.partition("  ")[2].partition(",")[0], fontsize=10)
        grid[1, k].set_xlabel(report.columns[0])
    grid[0, 0].set_ylabel("time")
    grid[1, 0].set_ylabel("memory at the peak")
    grid[0, 0].legend(frameon=False, fontsize=9)
    figure.savefig(path, dpi=130)
    plt.close(figure)


def _guide(axes, column):
    """Draw what would be exactly linear, through the last point."""
    (first, *_, last) = column
    axes.loglog(
        [first, last], [column[last] * first / last, column[last]], ":", color="black", linewidth=1, label="∝ n"
    )
