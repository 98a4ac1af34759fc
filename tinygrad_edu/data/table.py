"""Tables in CSV: a row for each example, a column for what is to be learnt, and numbers in the others."""

import csv
import math
import os
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from tinygrad_edu.data.errors import DataError

Path = str | os.PathLike[str]
T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Table:
    """What a table holds.

    x        the numbers: (n, d)
    y        what is to be learnt: class numbers, integers (n,), or numbers, floats (n,)
    names    of the columns of x
    target   the name of the column of y
    classes  what the class numbers stand for; empty if y is numbers
    """

    x: NDArray[Any]
    y: NDArray[Any]
    names: tuple[str, ...]
    target: str
    classes: tuple[str, ...]


def read_csv(path: Path, target: str | None = None, delimiter: str = ",") -> Table:
    """The table in a CSV file, whose first line has the names of the columns.

    Args:
        path: the file, in UTF-8.
        target: the column that is to be learnt; the last one by default. If its entries are all integers or not all
            numbers, they are classes, and numbered in order.
        delimiter: what stands between two entries.

    Raises:
        DataError: a line has more or fewer entries than the first, an entry is no finite number, there are no lines, or
            no such column; the message names the line and the column.
        OSError: there is no such file, or it may not be read.
    """
    return _read(
        path, delimiter, lambda name, head, rows: _table(name, head, rows, head[-1] if target is None else target)
    )


def read_columns(path: Path, names: Sequence[str], delimiter: str = ",") -> NDArray[Any]:
    """Some columns of numbers of a CSV file: (n, d), in the order of their names.

    Raises: as `read_csv`.
    """
    return _read(path, delimiter, lambda name, head, rows: _columns(name, head, rows, names))


def _read(path: Path, delimiter: str, take: Callable[[str, list[str], Any], T]) -> T:
    """What `take` makes of a file's name, its first line, and its other lines."""
    name = os.fspath(path)
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(file, delimiter=delimiter, strict=True)
            head = [one.strip() for one in next(rows, [])]
            if len({*head}) < len(head) or all(map(_is_number, head)):
                what = "of which no two are the same, and not all are numbers"
                raise DataError(f"read_csv: the first line of {name} should name columns, {what}; it is {head}")
            return take(name, head, rows)
    except UnicodeDecodeError as error:
        raise DataError(f"read_csv: {name} is no text in UTF-8: {error}") from None
    except csv.Error as error:
        raise DataError(f"read_csv: {name} is no CSV: {error}") from None


def _table(name: str, head: Sequence[str], rows: Any, target: str) -> Table:
    names = tuple(one for one in head if one != target)
    if not names:
        raise DataError(f"read_csv: {name} has no column but {target!r}, and so nothing to learn it from")
    wanted: list[str] = []
    x = _columns(name, head, rows, names, (target, wanted))
    y, classes = _targets(name, target, wanted)
    return Table(x, y, names, target, classes)


def _columns(
    name: str, head: Sequence[str], rows: Any, names: Sequence[str], beside: tuple[str, list[str]] | None = None
) -> NDArray[Any]:
    """Columns of numbers, and the entries of another one, which are put into a list."""
    for one in (*names, *beside[:1]) if beside else names:
        if one not in head:
            raise DataError(f"read_csv: {name} has no column {one!r}; there are {', '.join(head)}")
    places = [head.index(one) for one in names]
    numbers = array("d")
    for row in _whole(name, rows, head):
        entries = [row[i] for i in places]
        try:
            values = [*map(float, entries)]
        except ValueError:
            values = [math.nan]
        if not all(map(math.isfinite, values)):
            raise _no_number(name, rows.line_num, entries, names)
        numbers.extend(values)
        if beside:
            beside[1].append(row[head.index(beside[0])].strip())
    if not numbers:
        raise DataError(f"read_csv: {name} has no lines but the first")
    return np.array(numbers).reshape(-1, len(names))


def _whole(name: str, rows: Any, head: Sequence[str]) -> Iterator[list[str]]:
    """The lines that are not empty, each as long as the first."""
    for row in rows:
        if len(row) != len(head) and row:
            what = f"line {rows.line_num} of {name} has {len(row)} entries"
            raise DataError(f"read_csv: {what}, and there are {len(head)} columns: {', '.join(head)}")
        if row:
            yield row


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _no_number(name: str, line: int, row: Sequence[str], names: Sequence[str]) -> DataError:
    column, text = next((column, text) for column, text in zip(names, row, strict=True) if not _is_number(text))
    what = f"{text!r}, which is no finite number" if text.strip() else "nothing"
    return DataError(f"read_csv: line {line} of {name} has {what}, in column {column!r}")


def _targets(name: str, column: str, texts: Sequence[str]) -> tuple[NDArray[Any], tuple[str, ...]]:
    """What is to be learnt, as integers with what they stand for, or as numbers."""
    if "" in texts:
        raise DataError(f"read_csv: {name} has nothing in column {column!r}, in its entry number {texts.index('') + 1}")
    numbers = all(map(_is_number, texts))
    if numbers and not all(float(text).is_integer() for text in texts):
        return np.array([*map(float, texts)]), ()
    classes = sorted({*texts}, key=float if numbers else str)
    place = {text: i for i, text in enumerate(classes)}
    return np.array([place[text] for text in texts], np.int64), tuple(classes)
