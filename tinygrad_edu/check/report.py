"""What a comparison of gradients found, in words, as a table, and as data.

slope      the numeric derivative, measured
error, ±   the estimated error of that
relative   how far the two are apart, in units of the larger
bound      how far the analytic and the numeric one may be apart before one of them is wrong
q          the step of the post's slope formula
"""

import html
import math
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

import numpy as np

from tinygrad_edu.check.places import picture, svg, where
from tinygrad_edu.slope import Array

Kind = Literal["agrees", "kink", "precision-limited", "wrong"]

_RANKS: dict[Kind, int] = {"agrees": 0, "kink": 1, "precision-limited": 2, "wrong": 3}
_SHOWN = 24
_SAFE = 4.0  # so many estimated errors are allowed for
_HEAD = ("argument", "worst at", "analytic", "numeric", "relative", "±", "post's slope", "verdict")


class GradientError(AssertionError):
    """An analytic gradient is not the slope."""


@dataclass(frozen=True)
class Compared:
    """One derivative, in one element or along one direction: analytic beside numeric."""

    place: str
    analytic: float
    slope: float
    error: float
    bound: float
    kind: Kind
    jump: float = 0.0

    @property
    def difference(self) -> float:
        """How far apart the two are."""
        return abs(self.analytic - self.slope)

    @property
    def relative(self) -> float:
        """The difference, relative to the larger of the two."""
        size = max(abs(self.analytic), abs(self.slope))
        if math.isinf(size):
            return float(self.analytic != self.slope)
        return self.difference / size if size else 0.0

    @property
    def rank(self) -> tuple[int, float]:
        """The key by which the worst is found: the kind, then the difference as a share of its bound."""
        excess = self.difference / self.bound if self.bound else math.inf * (self.difference > 0 or 0)
        return _RANKS[self.kind], -1.0 if math.isnan(excess) else excess

    @property
    def verdict(self) -> str:
        """The finding in words."""
        if self.kind == "agrees":
            size = max(abs(self.analytic), abs(self.slope))
            if size <= self.bound:
                return f"agrees: 0 to within {self.bound:.0e}" if self.bound else "agrees: 0"
            return f"agrees to {_digits(self.relative)} digits"
        if self.kind == "kink":
            low, high = sorted((self.slope - self.jump / 2, self.slope + self.jump / 2))
            return f"kink: the slope goes from {low:.4g} to {high:.4g}"
        if self.kind == "precision-limited" and math.isinf(self.bound):
            why = ": it grows without bound" if math.isinf(self.slope) else ""
            return f"precision-limited: no finite slope can be measured here{why}"
        if self.kind == "precision-limited":
            if 2 * self.error < self.bound / _SAFE:
                return f"precision-limited: the gradient itself may round by {self.bound:.0e}"
            return f"precision-limited: the slope can be measured to ±{self.bound:.0e} only"
        return f"wrong: {self._error}"

    @property
    def _error(self) -> str:
        """How it is wrong."""
        if self.jump:
            left, right = self.slope - self.jump / 2, self.slope + self.jump / 2
            return f"at a kink with slopes {left:.4g} and {right:.4g}"
        if math.isinf(self.slope) and not math.isnan(self.analytic):
            return f"{self.analytic:.4g} where the slope grows without bound"
        if math.isnan(self.analytic):
            return f"not a number where the slope is {self.slope:.4g}"
        if abs(self.slope) <= self.bound:
            return f"{self.analytic:.4g} where the slope is 0 to within {self.bound:.0e}"
        if not self.analytic:
            return f"0 where the slope is {self.slope:.4g}"
        if abs(self.analytic + self.slope) <= self.bound:
            return "the sign"
        return f"relative error {self.relative:.2g}"


def _digits(relative: float) -> int:
    return 16 if relative < 1e-16 else int(-math.log10(relative))


@dataclass(frozen=True, eq=False)
class Argument:
    """The finding for one array: how many of its numbers were looked at, and the worst of them.

    `analytic` is its gradient as claimed, `numeric` the measured slopes and `error` the estimated errors of these,
    `bound` how far apart the two may be, nan in elements that were not looked at; `wrong` says where the two do not
    agree. All are of its shape.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    looked_at: int
    size: int
    directions: int
    worst: Compared
    post: float
    q: float
    analytic: Array
    numeric: Array
    error: Array
    bound: Array
    wrong: Array
    seen: Array

    def by_convention(self) -> "Argument":
        """The same finding, unless all that is wrong is a slope without bound: then it is what cannot be measured."""
        endless = math.isinf(self.worst.slope) and np.all(np.isinf(self.numeric[self.wrong]))
        if self.worst.kind != "wrong" or not endless:
            return self
        worst = replace(self.worst, kind="precision-limited")
        return replace(self, worst=worst, wrong=np.zeros_like(self.wrong))

    @property
    def where(self) -> str:
        """Where it is wrong, in words; empty if it is nowhere, or a single number."""
        return where(self.wrong, self.seen) if self.worst.kind == "wrong" and self.shape else ""

    @property
    def picture(self) -> list[str]:
        """Where it is wrong, as rows of signs: # wrong, . right, blank not looked at; empty where words say it all."""
        partly = self.where and np.any(self.wrong) and np.any(self.seen & ~self.wrong)
        return picture(self.wrong, self.seen) if partly else []


@dataclass(frozen=True)
class Fault:
    """What is wrong, in which operation, recorded in which line of the user's code."""

    what: str
    operation: str | None = None
    line: str | None = None

    def __str__(self) -> str:
        parts = [self.operation, self.line and f"recorded in {self.line}"]
        where = ", ".join(part for part in parts if part)
        return f"{where}: {self.what}" if where else self.what


@dataclass(frozen=True, repr=False)
class Report:
    """The comparison of a function's analytic gradient with its slope."""

    arguments: list[Argument]
    transposes: str
    faults: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def then(self, other: "Report", order: int) -> "Report":
        """Both reports in one, the arguments of the other named as those of a higher order."""
        named = [replace(a, name=f"order {order}: {a.name}") for a in other.arguments]
        faults = [replace(fault, what=f"in order {order}, {fault.what}") for fault in other.faults]
        notes = list(dict.fromkeys([*self.notes, *other.notes]))
        return Report([*self.arguments, *named], self.transposes, [*self.faults, *faults], notes)

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong: everything agrees, as far as can be seen, or sits on a kink."""
        return not self.faults and all(a.worst.kind != "wrong" for a in self.arguments)

    @property
    def summary(self) -> str:
        """The outcome in one line."""
        looked, size = sum(a.looked_at for a in self.arguments), sum(a.size for a in self.arguments)
        directions = sum(a.directions for a in self.arguments)
        many = f"{looked:,} of {size:,} numbers" if looked < size else f"all {size:,} numbers"
        many += f" and {directions} directions through all of them" if directions else ""
        wrong, kinks = (", ".join(a.name for a in self.arguments if a.worst.kind == kind) for kind in ("wrong", "kink"))
        if wrong:
            return f"WRONG in {wrong}; looked at {many}"
        if self.faults:
            return f"WRONG: {self.faults[0]}"
        worst = max(self.arguments, key=lambda a: a.worst.rank).worst
        return f"ok: {many}, " + (f"on a kink in {kinks}" if kinks else f"the worst {worst.verdict}")

    def __bool__(self) -> bool:
        return self.ok

    def raise_if_wrong(self) -> None:
        """Raise `GradientError`, with the whole report, unless everything is right."""
        if not self.ok:
            raise GradientError(f"\n{self}")

    def to_dict(self) -> dict[str, Any]:
        """Return the report as dicts, lists, strings and numbers: all of it but the arrays."""
        own = asdict(self)
        for given, argument in zip(own["arguments"], self.arguments, strict=True):
            worst = argument.worst
            given["worst"] |= {"verdict": worst.verdict, "relative": worst.relative}
            given["shape"] = list(argument.shape)
            given["where"] = argument.where
            for array in ("analytic", "numeric", "error", "bound", "wrong", "seen"):
                del given[array]
        return {"ok": self.ok, "summary": self.summary, **own}

    @property
    def shown(self) -> list[Argument]:
        """All arguments, or the worst of them if they are very many."""
        worst = sorted(self.arguments, key=lambda a: a.worst.rank, reverse=True)[:_SHOWN]
        return [a for a in self.arguments if any(a is other for other in worst)]

    def rows(self) -> list[tuple[str, ...]]:
        """The table, a row of texts for each argument shown."""
        return [_HEAD, *map(_row, self.shown)]

    def feet(self) -> list[str]:
        """The lines below the table."""
        largest = max((a.q for a in self.arguments), default=0.0)
        post = f"the post's slope is the forward difference (d(x + q) - d(x)) / q, with q up to {largest:.0e}"
        looked = [text for text in (post, self.transposes if self.ok else "") if text] if self.arguments else []
        more = len(self.arguments) - len(self.shown)
        looked += [f"{more} more arguments, none of them worse, are not shown"] if more else []
        return [*looked, *self.notes, *(f"FAULT: {fault}" for fault in self.faults), self.summary]

    def places(self) -> list[str]:
        """The lines that show where arrays are wrong."""
        return [
            line
            for a in self.shown
            if a.where
            for line in (f"{a.name} is wrong {a.where}", *(f"  {row}" for row in a.picture))
        ]

    def __str__(self) -> str:
        rows = self.rows() if self.arguments else []
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        table = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
        return "\n".join([*table, *self.places(), *self.feet()])

    __repr__ = __str__

    def __rich__(self) -> Any:
        from rich.box import SIMPLE_HEAD  # noqa: PLC0415 - an extra, there when rich asks
        from rich.console import Group  # noqa: PLC0415
        from rich.markup import escape  # noqa: PLC0415
        from rich.table import Table  # noqa: PLC0415

        head, *rows = self.rows()
        table = Table(*head, box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
        colours = {"agrees": "green", "kink": "yellow", "precision-limited": "yellow", "wrong": "bold red"}
        for row, argument in zip(rows, self.shown, strict=True):
            *cells, verdict = map(escape, row)
            table.add_row(*cells, f"[{colours[argument.worst.kind]}]{verdict}[/]")
        return Group(*((table, "") if rows else ()), *map(escape, [*self.places(), *self.feet()]))

    def _repr_html_(self) -> str:
        head, *rows = self.rows()
        marks = "".join(f"<th>{html.escape(cell)}</th>" for cell in head)
        lines = ["".join(f"<td>{html.escape(cell)}</td>" for cell in row) for row in rows]
        styles = ["font-weight: bold" if a.worst.kind == "wrong" else "" for a in self.shown]
        body = "".join(f'<tr style="{style}">{line}</tr>' for style, line in zip(styles, lines, strict=True))
        feet = "".join(f"<p>{html.escape(line)}</p>" for line in self.feet())
        wrong = [a for a in self.shown if a.where]
        places = "".join(
            f"<p>{html.escape(f'{a.name} is wrong {a.where}')}</p>" + (svg(a.picture) if a.picture else "")
            for a in wrong
        )
        return f"<table><tr>{marks}</tr>{body}</table>{places}{feet}"


def _row(a: Argument) -> tuple[str, ...]:
    worst = a.worst
    some = f" {a.looked_at} + {a.directions} directions" if a.looked_at < a.size else ""
    name = f"{a.name} {a.shape}{some}" if a.shape else a.name
    return (
        name,
        worst.place,
        f"{worst.analytic:.8g}",
        f"{worst.slope:.8g}",
        f"{worst.relative:.0e}" if worst.relative else "0",
        f"{worst.error:.0e}",
        f"{a.post:.8g}",
        worst.verdict,
    )
