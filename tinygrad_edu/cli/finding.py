"""What ``tinygrad-edu check`` found: its exit status, in words, and as JSON.

what     what was checked
report   the comparison
found    where the function jumps
outputs  how many numbers the function gives
a        what was found for one argument
"""

import json
import math
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np

from tinygrad_edu.check.jumps import Jump
from tinygrad_edu.check.report import Argument, Report
from tinygrad_edu.cli.terminal import coloured, paragraph, table
from tinygrad_edu.slope import Array

_LISTED = 4  # how many jumps are listed at most
_EXPENDABLE = ("post's slope", "relative", "±", "worst at", "numeric")  # columns that narrow terminals do without


class Status(IntEnum):
    """The exit status."""

    RIGHT = 0
    WRONG = 1
    ERROR = 2
    UNDECIDED = 3


_MEANINGS = {Status.RIGHT: "good", Status.WRONG: "bad", Status.UNDECIDED: "unsure"}


@dataclass(frozen=True)
class Finding:
    """A comparison of gradients, and the jumps that it does not see."""

    what: str
    report: Report
    found: list[Jump]
    outputs: int

    @property
    def status(self) -> Status:
        """Wrong if something is wrong where there is a slope, undecided if somewhere there is none to be seen."""
        arguments = list(enumerate(self.report.arguments))
        if any(self._wrong(k, a) for k, a in arguments) or (self.report.faults and not self.found):
            return Status.WRONG
        unseen = self.found or any(a.worst.kind not in ("agrees", "kink") for _, a in arguments)
        return Status.UNDECIDED if unseen else Status.RIGHT

    @property
    def summary(self) -> str:
        """The outcome in one line."""
        if self.status is not Status.UNDECIDED:
            return self.report.summary
        if self.found:
            names = dict.fromkeys(self.report.arguments[jump.argument].name for jump in self.found)
            return f"UNDECIDED: the function jumps in {', '.join(names)}, and has no slope there"
        a = next(a for a in self.report.arguments if a.worst.kind not in ("agrees", "kink"))
        return f"UNDECIDED in {a.name}: {a.worst.verdict}"

    def _wrong(self, k: int, a: Argument) -> bool:
        """Whether an argument's gradient is wrong where the function does not jump."""
        wrong, jumping = np.array(a.wrong), [jump.place for jump in self.found if jump.argument == k]
        for place in jumping:
            wrong[place] = False
        return bool(np.any(wrong)) or (a.worst.kind == "wrong" and not jumping)

    def text(self) -> str:
        """The finding for people: a table, what there is to say of it, and the outcome."""
        head, *rows = self.report.rows()
        jumping = {self.report.arguments[jump.argument].name for jump in self.found}
        meanings = []
        for i, a in enumerate(self.report.shown):
            if a.name in jumping and not self._wrong(self.report.arguments.index(a), a):
                rows[i] = (*rows[i][:-1], "jumps")
                meanings.append("unsure")
            else:
                meanings.append({"agrees": "good", "wrong": "bad"}.get(a.worst.kind, "unsure"))
        more = len(self.report.arguments) - len(rows)
        lines = [
            *self.report.places(),
            *self._jumps(),
            *(
                [f"these are slopes of all {self.outputs} outputs, weighed at random and added up"]
                if self.outputs > 1
                else []
            ),
            *([f"{more} more arguments, none of them worse, are not shown"] if more else []),
            *self.report.notes,
            *(f"FAULT: {fault}" for fault in self.report.faults if self.status is Status.WRONG),
        ]
        outcome = coloured(paragraph(self.summary), _MEANINGS[self.status])
        return "\n".join([table([head, *rows], _EXPENDABLE, meanings), "", *map(paragraph, lines), outcome])

    def _jumps(self) -> list[str]:
        told = []
        for k, index, *values in self.found[:_LISTED]:
            place = str(list(index)) if index else ""
            below, here, above = (f"{x:.6g}" for x in _without_dust(np.array(values)))
            told.append(
                f"{self.report.arguments[k].name}{place}: just below, here and just above, the function is "
                f"{below}, {here} and {above}"
            )
        more = len(self.found) - _LISTED
        return told + ([f"and it jumps in {more} more numbers"] if more > 0 else [])

    def json(self) -> str:
        """The finding for machines."""
        own = self.report.to_dict()
        for given, a in zip(own["arguments"], self.report.arguments, strict=True):
            given |= {"analytic": np.asarray(a.analytic).tolist(), "numeric": np.asarray(a.numeric).tolist()}
        jumps = [jump._asdict() | {"argument": self.report.arguments[jump.argument].name} for jump in self.found]
        verdict = self.status.name.lower()
        first = {
            "status": int(self.status),
            "verdict": verdict,
            "what": self.what,
            "summary": self.summary,
            "outputs": self.outputs,
        }
        return to_json(first | {"jumps": jumps} | {k: x for k, x in own.items() if k not in ("ok", *first)})


def to_json(tree: Any) -> str:
    """A tree as JSON, in ASCII; numbers that JSON does not know are the texts "nan", "inf" and "-inf".

    >>> print(to_json({"slope": math.inf, "at": (0, 1)}))
    {
      "slope": "inf",
      "at": [
        0,
        1
      ]
    }
    """

    def known(x: Any) -> Any:
        if isinstance(x, dict):
            return {str(key): known(value) for key, value in x.items()}
        if isinstance(x, (list, tuple)):
            return [known(value) for value in x]
        if isinstance(x, np.generic):
            x = x.item()
        return str(x) if isinstance(x, float) and not math.isfinite(x) else x

    return json.dumps(known(tree), indent=2, allow_nan=False)


def _without_dust(values: Array) -> Array:
    """The values, with 0 for those that are only there because one cannot stand just beside a number."""
    size = np.max(abs(values), initial=0.0, where=np.isfinite(values))
    return np.where(abs(values) < 1e-9 * size, 0.0, values)
