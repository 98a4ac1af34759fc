"""What happened while a network was trained: to read, to draw, and to export.

step   one update of the parameters
epoch  the steps in which each example is seen once
"""

import csv
import html
import io
import math
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SHOWN = 12


def _short(x: float) -> str:
    return str(int(x)) if float(x).is_integer() else f"{x:.4g}"


def _exact(x: float) -> str:
    return str(int(x)) if float(x).is_integer() else repr(float(x))


@dataclass
class History:
    """The loss and the norm of the gradients at each step, and what was measured at the end of each epoch.

    >>> history = History([0.5, 0.3], [2.0, 1.0], [{"loss": 0.4, "validation_loss": 0.25}])
    >>> print(history)
    epoch  loss  validation_loss
        1   0.4             0.25
    >>> history["validation_loss"]
    [0.25]
    """

    losses: list[float] = field(default_factory=list)
    norms: list[float] = field(default_factory=list)
    epochs: list[dict[str, float]] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        """What was measured at the end of epochs."""
        return list(dict.fromkeys(name for row in self.epochs for name in row))

    def __getitem__(self, name: str) -> list[float]:
        """What `name` was at the end of each epoch; NaN where it was not measured.

        Raises:
            KeyError: it was never measured.
        """
        if name not in self.names:
            raise KeyError(f"History: {name!r} was not measured; there are {', '.join(self.names) or 'no epochs yet'}")
        return [row.get(name, np.nan) for row in self.epochs]

    @property
    def since_lowest(self) -> int:
        """How many epochs ago the validation loss was lowest, for the first time; those before count as infinite.

        >>> History(epochs=[{"validation_loss": 0.3}, {"validation_loss": 0.2}, {"validation_loss": 0.2}]).since_lowest
        1
        """
        losses = np.nan_to_num([row.get("validation_loss", np.inf) for row in self.epochs], nan=np.inf)
        return len(losses) - 1 - int(np.argmin(losses)) if len(losses) else 0

    def _rows(self, written: Callable[[float], str]) -> Iterator[list[str]]:
        for epoch, row in enumerate(self.epochs, 1):
            yield [str(epoch), *(written(row.get(name, math.nan)) for name in self.names)]

    def __str__(self) -> str:
        rows = [["epoch", *self.names], *self._rows(_short)]
        if len(rows) > _SHOWN + 1:
            rows[2 : 2 - _SHOWN] = [["…"] + [""] * len(self.names)]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return "\n".join("  ".join(map(str.rjust, row, widths)).rstrip() for row in rows)

    def _repr_html_(self) -> str:
        """The table of epochs, for notebooks."""
        lines = [["epoch", *self.names], *self._rows(_short)]
        cells = (
            "".join(f"<{kind}>{html.escape(cell)}</{kind}>" for cell in line)
            for kind, line in zip(["th"] + ["td"] * len(lines), lines, strict=False)
        )
        return f"<table>{''.join(f'<tr>{row}</tr>' for row in cells)}</table>"

    def to_csv(self, path: str | os.PathLike[str] | None = None) -> str:
        """The epochs as CSV, a line for each with all digits, and written to `path` if there is one.

        >>> print(History(epochs=[{"loss": 0.1}, {"loss": 0.05}]).to_csv())
        epoch,loss
        1,0.1
        2,0.05
        <BLANKLINE>
        """
        made = io.StringIO()
        rows = csv.writer(made, lineterminator="\n")
        rows.writerows([["epoch", *self.names], *self._rows(_exact)])
        if path is not None:
            with open(path, "w", encoding="utf-8", newline="") as file:
                file.write(made.getvalue())
        return made.getvalue()

    def plot(self, axes: "Axes | None" = None) -> "Axes":
        """Draw the loss of each step, and what losses were at the end of each epoch, on `axes`, new ones by default.

        Raises:
            ModuleNotFoundError: Matplotlib is missing; it comes with the extra ``show``.
            ValueError: there was no step yet.
        """
        from tinygrad_edu.show import plots  # noqa: PLC0415 - an extra

        axes = plots.loss_curve(self.losses, axes=axes)
        ends = [row["steps"] for row in self.epochs]
        for name, colour in (("loss", plots.BLUE), ("validation_loss", plots.RED)):
            if name in self.names:
                label = f"{name.replace('_', ' ')}, each epoch"
                axes.plot(ends, self[name], color=colour, marker="o", markersize=3, label=label)
        axes.legend(fontsize="small")
        return axes

    def arrays(self) -> dict[str, Any]:
        """All of it as arrays by name, as a checkpoint keeps it."""
        columns = {f"epochs[{name!r}]": np.array(self[name], np.float64) for name in self.names}
        return {"losses": np.array(self.losses, np.float64), "norms": np.array(self.norms, np.float64), **columns}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Any]) -> "History":
        """What `arrays` gave.

        Raises:
            KeyError: something is missing.
        """
        columns = {name[len("epochs['") : -2]: x for name, x in arrays.items() if name.startswith("epochs[")}
        rows = [
            {name: float(x) for name, x in zip(columns, row, strict=True)}
            for row in zip(*columns.values(), strict=True)
        ]
        return cls(arrays["losses"].tolist(), arrays["norms"].tolist(), rows)
