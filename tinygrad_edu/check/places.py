"""Where in an array something is wrong: in words, and as a small picture.

wrong  an array of truth values
seen   of the same shape: which elements were looked at
n      the length of an axis
"""

import numpy as np

from tinygrad_edu.slope import Array

ROWS, COLUMNS = 8, 32  # a picture has so many at most
_BLOCKS = 8  # an axis may be made of so many blocks, as that of an LSTM's four gates is
_LISTED = 4


def where(wrong: Array, seen: Array) -> str:
    """Where an array is wrong, in words.

    >>> everything = np.ones((3, 8), bool)
    >>> where(np.arange(3)[:, None] + np.zeros(8) == 2, everything)
    'in the last row'
    >>> where(np.zeros((3, 1)) + np.arange(8) // 2 == 1, everything)
    'in columns 2 to 3, block 2 of 4'
    """
    count, looked_at = int(np.sum(wrong)), int(np.sum(seen))
    if not count:
        return f"in none of the {looked_at:,} elements looked at, but along a direction through all"
    if count == wrong.size:
        return "everywhere"
    first = np.argwhere(wrong)[0].tolist()
    if count == looked_at:
        return f"in all of the {looked_at:,} elements looked at"
    if looked_at < wrong.size:
        return f"in {count:,} of the {looked_at:,} elements looked at, such as {first}; full=True looks at every one"
    return _region(wrong) or f"in {count:,} of {wrong.size:,} elements, such as {first}"


def _region(wrong: Array) -> str | None:
    """The region of the wrong elements if it has a name: slices of some axes, a diagonal, a triangle."""
    hit = [
        np.flatnonzero(np.any(wrong, axis=tuple(other for other in range(wrong.ndim) if other != axis)))
        for axis in range(wrong.ndim)
    ]
    if np.sum(wrong) == np.prod([indices.size for indices in hit]):
        partial = [axis for axis in range(wrong.ndim) if hit[axis].size < wrong.shape[axis]]
        if len(partial) == wrong.ndim > 1 and all(indices.size == 1 for indices in hit):
            last = all(i == n - 1 for (i,), n in zip(hit, wrong.shape, strict=True))
            return f"in the {'last ' if last else ''}element {[int(i) for (i,) in hit]}"
        parts = [_slice(_name(axis, wrong.ndim), hit[axis], wrong.shape[axis]) for axis in partial]
        return f"in {' of '.join(reversed(parts))}"
    if wrong.ndim == 2:
        row, column = np.indices(wrong.shape)
        named = {
            "on the diagonal": row == column,
            "above the diagonal": row < column,
            "below the diagonal": row > column,
            "on and above the diagonal": row <= column,
            "on and below the diagonal": row >= column,
            "off the diagonal": row != column,
        }
        return next((name for name, mask in named.items() if np.array_equal(mask, wrong)), None)
    return None


def _name(axis: int, ndim: int) -> str:
    """What is counted along an axis."""
    if ndim == 1:
        return "element"
    return ("row", "column")[axis] if ndim == 2 else f"slice along axis {axis},"


def _slice(name: str, indices: Array, n: int) -> str:
    """Some indices along an axis, in words."""
    first, last, count = int(indices[0]), int(indices[-1]), indices.size
    noun, comma, axis = name.partition(" along")
    several = f"{noun}s{comma}{axis}"
    if count == 1:
        return f"the last {name.rstrip(',')}" if last == n - 1 else f"{name} {first}"
    steps = {int(step) for step in np.diff(indices)}
    if steps == {1}:
        block = n % count == 0 and first % count == 0 and n // count <= _BLOCKS
        return f"{several} {first} to {last}" + (f", block {first // count + 1} of {n // count}" if block else "")
    if len(steps) == 1 and count > 2:
        return f"{several} {first}, {int(indices[1])}, …, {last}"
    listed = ", ".join(str(int(i)) for i in indices[:_LISTED])
    return f"{several} {listed}" + (", …" if count > _LISTED else "")


def picture(wrong: Array, seen: Array) -> list[str]:
    """Return rows of signs: # where something is wrong, . where all is right, and a blank where nobody looked.

    The last axis runs to the right, the others down; in a large array a sign stands for several elements.

    >>> picture(np.eye(2, dtype=bool), np.ones((2, 2), bool))
    ['#.', '.#']
    """
    columns = wrong.shape[-1]
    tables = [np.reshape(x, (-1, columns)) for x in (wrong, seen)]
    found, looked = (_reduced(_reduced(table, ROWS, 0), COLUMNS, 1) for table in tables)
    signs = np.where(found, "#", np.where(looked, ".", " "))
    return ["".join(row) for row in signs]


def _reduced(table: Array, most: int, axis: int) -> Array:
    """A table of truth values with at most so many along an axis, true where any of those stood for is."""
    n = table.shape[axis]
    if n <= most:
        return table
    starts = np.arange(most) * n // most
    return np.logical_or.reduceat(table, starts, axis)


def svg(rows: list[str]) -> str:
    """The same picture for a page: red where something is wrong, green where all is right."""
    side, colours = 8, {"#": "#c33", ".": "#9c9", " ": "#ddd"}
    squares = [
        f'<rect x="{side * j}" y="{side * i}" width="{side - 1}" height="{side - 1}" fill="{colours[sign]}"/>'
        for i, row in enumerate(rows)
        for j, sign in enumerate(row)
    ]
    size = f'width="{side * max(map(len, rows))}" height="{side * len(rows)}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{"".join(squares)}</svg>'
