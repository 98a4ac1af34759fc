"""Writes docs/performance.md, and the pictures in it, from what was measured.

measured  by its letter, the tables of each workload, on one thread; and of those run again on two
"""

import re
from pathlib import Path

from benchmarks.catalogue import STEPS
from benchmarks.harness import FRESH
from benchmarks.pictures import draw_growth, draw_speed
from benchmarks.report import duration
from benchmarks.setting import ROOT
from benchmarks.summary import COLUMNS, SHORT, ratios, written
from benchmarks.workload import BY_HAND

DOCS = ROOT / "docs"
TEXT = """\
# Speed, measured

Made by `python -m benchmarks --write`; change that, not this.

{machine}

![A step of each competitor as a multiple of the hand-written](pictures/speed.png)

The time of a step as a multiple of the same written by hand: A and A2 as loops of plain Python, the others in NumPy.
Below 1 is faster than that; the fastest but for the hand-written is bold. *ours, compiled* is the faster of its
variants below. Targets were set beforehand.

{summary}

{count}

## How it is measured

- A step is what a user pays for: a NumPy batch goes in, the value and every gradient come out, and where something is
  trained, better parameters. Every competitor is written as its own users write it. Before anything is timed, all must
  agree with the hand-written on value, gradients and three steps.
- Each has a process of its own, where nothing else is imported. They take turns, round by round, a round being about
  30 ms of steps; every {fresh} rounds all processes are started afresh. *min* is the fastest round, and *× by hand*
  compares those; *median* and *of medians* tell how quiet the machine was. Times change from machine to machine and
  from day to day; ratios within one run hold.
- *compiled* is `tg.compile` of the whole step, *reuse_outputs* the same with results in memory that the program owns.
  Both are held against the plain hand-written. *first call* is all that happens in it: tracing, printing, compiling,
  and a step.
- *pages kept* means that the allocator was told to keep the memory of freed arrays. Left alone, glibc hands large ones
  back to the kernel, which hands out fresh pages at the next step: *page faults* counts them, and they may double the
  time.
- *cores* is how many were busy: less than one when something else had the machine.
- One thread unless it says otherwise.

## Every workload

{workloads}

## On two threads

The same where BLAS, torch and jax may use two threads, and beside them what ours does with two of its own.

{summary_of_two}

{two_threads}

## Growth

![Time and memory over the number of operations and the size of arrays](pictures/growth.png)

Dotted is what would be exactly linear. Below, the power is fitted to the last three decades.

{growth}
"""


def write(measured, on_two, machine, docs=DOCS):
    """Write the page and draw its pictures into the folder `docs`."""
    bests = _bests(measured)
    pictures = Path(docs) / "pictures"
    pictures.mkdir(parents=True, exist_ok=True)
    draw_speed(bests, pictures / "speed.png")
    draw_growth(measured["growth"], pictures / "growth.png")
    Path(docs, "performance.md").write_text(page(measured, on_two, machine, bests), encoding="utf-8")


def _bests(measured):
    return {letter: made[0].data for letter, made in measured.items() if letter in STEPS}


def page(measured, on_two, machine, bests):
    """The text of the page."""
    notes = [note for made in measured.values() for report in made for note in report.notes]
    return TEXT.format(
        machine="\n".join(f"- {line}" for line in machine),
        summary=summary(bests),
        count=count(notes),
        fresh=FRESH,
        workloads=sections(made for letter, made in measured.items() if letter != "growth"),
        summary_of_two=summary(_bests(on_two), threads=2),
        two_threads=sections(on_two.values()),
        growth=sections([measured["growth"]]),
    )


def summary(bests, threads=1):
    """The table of all workloads at a glance."""
    rows = []
    for letter, best in bests.items():
        workload, row = STEPS[letter], ratios(best, threads)
        targets = (workload.target, "ours"), (workload.compiled, "ours, compiled")
        rows.append(
            [
                f"{letter}: {SHORT[letter]}",
                duration(best[BY_HAND]),
                *(_ratio(row, column) for column in COLUMNS),
                *(_target(target, row.get(column)) for target, column in targets),
            ]
        )
    return table(["workload", "by hand", *COLUMNS, "target of ours", "of compiled"], rows)


def _ratio(row, column):
    """Write a ratio, the smallest of the row in bold."""
    if column not in row:
        return ""
    return f"**{written(row[column])}**" if row[column] == min(row.values()) else written(row[column])


def _target(target, ratio):
    if target is None or ratio is None:
        return ""
    return f"{target:g}, {'met' if ratio <= target else 'missed'}"


def count(notes):
    """How many targets were met."""
    targets = [note for note in notes if note.startswith("target ")]
    return f"{sum(': met' in note for note in targets)} of {len(targets)} targets met, those of every variant counted."


def sections(made):
    """Every table as a section."""
    return "\n\n".join(section(report) for reports in made for report in reports)


def section(report):
    """A heading, a table, and the notes below it."""
    letter, _, title = report.title.partition("  ")
    notes = "\n".join(f"- {clean(note)}" for note in report.notes)
    return f"### {letter}: {title}\n\n{table(report.columns, report.rows)}\n\n{notes}".rstrip()


def table(columns, rows):
    """A Markdown table: the first column to the left, numbers to the right."""
    marks = ["---"] + ["---:"] * (len(columns) - 1)
    return "\n".join(f"| {' | '.join(map(clean, row))} |" for row in (columns, marks, *rows))


def clean(text):
    """A text without any mark of Markdown, any path, or anything that looks like a doctest."""
    return (
        re.sub(r"(?<!\w)/[\w.+-]+(/[\w.+-]+)+", "…", text).replace("|", "\\|").replace("<", "&lt;").replace(">", "&gt;")
    )
