"""What a terminal can show: its width, its characters and its colours, the same for every command.

stream  where text goes, standard output or standard error
"""

import codecs
import itertools
import os
import shutil
import sys
import textwrap
from collections.abc import Sequence

NARROW = 80  # what is piped, and all prose, is at most so wide
_LEAST = 24  # columns that the last cell of a row needs at least, before others are left out

STAND_INS = {
    "²": "^2", "³": "^3", "√": "sqrt", "∛": "cbrt", "±": "+-", "×": "x", "·": ".", "°": " deg", "−": "-",
    "≤": "<=", "≥": ">=", "≠": "!=", "≈": "~", "∞": "inf", "…": "...", "→": "->", "∂": "d", "∑": "sum", "Σ": "sum",
    "ε": "eps", "π": "pi", "α": "alpha", "φ": "phi", "⟨": "<", "⟩": ">", "ᵀ": "^T", "¹": "^1", "⁰": "^0",
    "₁": "1", "ᵢ": "_i", "ⱼ": "_j", "½": "1/2", "¼": "1/4",
    "“": '"', "”": '"', "‘": "'", "’": "'", "–": "-", "—": "-", "✓": "+", "✗": "x", "─": "-", "━": "-", "│": "|",
    **{bar: str(level) for level, bar in enumerate("▁▂▃▄▅▆▇█", 1)},
}  # fmt: skip
_COLOURS = {"good": "32", "unsure": "33", "bad": "1;31", "heading": "1"}


def _stand_in(error: UnicodeError) -> tuple[str, int]:
    """What to write for characters that an encoding lacks: plain ones that say the same, or a question mark."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(STAND_INS.get(c, "?") for c in error.object[error.start : error.end]), error.end


codecs.register_error("stand_in", _stand_in)


def prepare() -> None:
    """Let standard output and standard error write stand-ins where they cannot write a character."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="stand_in")


def shown(text: str) -> str:
    """`text` as standard output can show it: to be called before lines are broken, since stand-ins may be longer."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    return text.encode(encoding, "stand_in").decode(encoding)


def width() -> int:
    """The columns of the terminal, or 80 where there is none; the variable COLUMNS overrules both."""
    return max(20, shutil.get_terminal_size((NARROW, 24)).columns)


def coloured(text: str, meaning: str) -> str:
    """`text` in the colour of its meaning, "good", "unsure", "bad" or "heading", if there are colours."""
    shows = (
        meaning and text and sys.stdout.isatty() and os.environ.get("TERM") != "dumb" and "NO_COLOR" not in os.environ
    )
    if not shows or (sys.platform == "win32" and "WT_SESSION" not in os.environ):
        return text
    return f"\x1b[{_COLOURS[meaning]}m{text}\x1b[0m"


def paragraph(text: str, indent: str = "") -> str:
    r"""`text` in lines that fit; those that begin with a space, such as excerpts, are left as they are.

    >>> print(paragraph("too many words " * 6 + "for one line\n    x^2\n     ^", "  "))
    too many words too many words too many words too many words too many words too
      many words for one line
        x^2
         ^
    """
    columns = min(width(), NARROW)

    def filled(line: str) -> str:
        # Hyphens are signs here, as in x=-1.
        return (
            line if line[:1] == " " else textwrap.fill(line, columns, subsequent_indent=indent, break_on_hyphens=False)
        )

    return "\n".join(filled(line) for line in shown(text).splitlines())


def table(rows: Sequence[Sequence[str]], expendable: Sequence[str], meanings: Sequence[str]) -> str:
    """A table that fits, the first row its head, without columns that are empty.

    Where it is too wide, columns named in `expendable` are left out, one after the other, and cells go on in further
    lines. `meanings` has for each row below the head that of its last cell, which is coloured.

    >>> print(table([("x", "at", "slope", "verdict"), ("[0]", "", "1.5", "agrees")], (), ["good"]))
    x    slope  verdict
    [0]  1.5    agrees
    """
    columns = [[shown(cell) for cell in column] for column in zip(*rows, strict=True) if any(column[1:])]
    needed = min(_LEAST, max(map(len, columns[-1])))
    for name in map(shown, expendable):
        if _room(columns) < needed:
            columns = [column for column in columns if column[0] != name]
    widths = [*map(_width, columns[:-1]), max(_room(columns), 8)]
    lines = []
    for row, meaning in zip(zip(*columns, strict=True), ["", *meanings], strict=True):
        cells = [textwrap.wrap(cell, size) for cell, size in zip(row, widths, strict=True)]
        for parts in itertools.zip_longest(*cells, fillvalue=""):
            line = "  ".join(f"{part:<{size}}" for part, size in zip(parts[:-1], widths, strict=False))
            lines.append(f"{line}  {coloured(parts[-1], meaning)}".rstrip())
    return "\n".join(lines)


def _width(column: Sequence[str]) -> int:
    return min(width() // 3, max(map(len, column)))


def _room(columns: Sequence[Sequence[str]]) -> int:
    """What is left of a line for the last column."""
    return width() - sum(2 + _width(column) for column in columns[:-1])
