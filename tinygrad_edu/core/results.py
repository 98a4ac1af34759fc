"""Several results of one function: an entry holds them in one flat array, from which each is cut.

So nothing else knows of them: cotangents of the results meet in the array, by the rules of indexing and reshaping.
"""

import itertools
import math
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from tinygrad_edu.core.dtypes import in_dtype


@dataclass(frozen=True, repr=False)
class Layout:
    """What kind of tuple the results are, and the shape and dtype of each.

    >>> layout = Layout.of((np.array([[1.0], [2.0]]), 3.0))
    >>> layout.join((np.array([[1.0], [2.0]]), 3.0))
    array([1., 2., 3.])
    >>> layout.cut(np.array([1.0, 2.0, 3.0]))
    (array([[1.],
           [2.]]), np.float64(3.0))
    """

    kind: type
    shapes: tuple[tuple[int, ...], ...]
    dtypes: tuple[Any, ...]

    @classmethod
    def of(cls, results: Any) -> Self:
        """The layout of a tuple of numbers and arrays."""
        return cls(type(results), tuple(map(np.shape, results)), tuple(map(np.result_type, results)))

    def join(self, results: Any) -> Any:
        """Results in one flat array."""
        return np.concatenate([np.reshape(z, (-1,)) for z in results])

    def cut(self, joined: Any) -> Any:
        """The results in a flat array, of whatever kind of array."""
        ends = itertools.accumulate(map(math.prod, self.shapes))
        parts = [self._part(joined, *place) for place in zip(ends, self.shapes, self.dtypes, strict=True)]
        return self.kind(*parts) if hasattr(self.kind, "_fields") else tuple(parts)

    def _part(self, joined: Any, end: int, shape: tuple[int, ...], dtype: Any) -> Any:
        part = joined[end - math.prod(shape) : end] if shape else joined[end - 1]
        part = part.reshape(shape) if len(shape) > 1 else part
        return in_dtype(part, dtype)

    def __repr__(self) -> str:
        return ", ".join(map(str, self.shapes))
