"""Arrays with some elements changed: ``x.at[index].set(v)`` is what ``x[index] = v`` would make of a copy.

The names are JAX's. What the index names twice is changed twice; of numbers that are set, the last one stays.
"""

from typing import Any

import numpy as np

from tinygrad_edu.core.arrays import as_array, as_constant
from tinygrad_edu.core.dtypes import is_complex
from tinygrad_edu.core.value import Value
from tinygrad_edu.derivatives.arithmetic import as_kind
from tinygrad_edu.derivatives.indexing import places, put_back
from tinygrad_edu.derivatives.shapes import concatenate


def as_numbers(caller, x):
    """`x` as an array, which must be one of numbers."""
    array = as_array(as_constant(x, at))
    if array.dtype.kind not in "fciub":
        raise TypeError(f"{caller}: got a {type(x).__name__}, not numbers; pass an array, a Value or a number")
    return array


class At:
    """``x.at``, which takes an index."""

    def __init__(self, x) -> None:
        self.x = x

    def __getitem__(self, index):
        return Update(self.x, index)

    def __getattr__(self, name):
        raise AttributeError(f"x.at.{name}: it takes an index first; write x.at[index].{name}(v)")


class Update:
    """``x.at[index]``: copies of `x`, changed at the index.

    >>> x = Value([1.0, 2.0, 3.0])
    >>> x.at[0].set(7.0).data
    array([7., 2., 3.])
    >>> x.at[[1, 1]].add(10.0).data
    array([ 1., 22.,  3.])

    Raises:
        IndexError: the index names elements that are not there.
        ValueError: the new numbers do not broadcast to the elements that are named.
        TypeError: they are no numbers, or complex, and `x` is real.
    """

    def __init__(self, x, index) -> None:
        self.x, self.index = x, index
        try:
            self.places = np.asarray(places(x)[index])
        except IndexError as error:
            raise IndexError(f"x.at[index]: {error}") from None

    def _new(self, v):
        """The new numbers, one for each place, in a row."""
        v, wanted = as_numbers("x.at[index]", v) + 0.0, self.places.shape
        if is_complex(v) and not is_complex(self.x):
            raise TypeError("x.at[index]: got complex numbers for an array of real ones; write (x + 0j).at[index]")
        if v.ndim > len(wanted) or any(n not in (1, m) for n, m in zip(v.shape[::-1], wanted[::-1], strict=False)):
            remedy = "pass one number, or an array that broadcasts to that shape"
            raise ValueError(f"x.at[index]: got numbers of shape {v.shape} where the index names {wanted}; {remedy}")
        return as_kind(np.ravel(np.broadcast_to(v, wanted)), self.x.dtype)

    def __getattr__(self, name):
        known = "get, set, add, multiply, divide, power, min and max"
        raise AttributeError(f"x.at[index].{name}: there are {known}; to subtract, add(-v)")

    def _changed(self, places, numbers):
        """`x` with numbers at places of the flattened array."""
        x, picked = self.x, np.arange(self.x.size)
        picked[places] = x.size + np.arange(places.size)
        return np.reshape(concatenate(np.ravel(x), numbers)[picked], x.shape)

    def get(self):
        """The elements themselves, ``x[index]``."""
        return self.x[self.index]

    def set(self, v):
        """`v` in their place."""
        return self._changed(np.ravel(self.places), self._new(v))

    def add(self, v):
        """`v` added to them."""
        return self.x + np.reshape(put_back(self._new(v), np.ravel(self.places), (self.x.size,)), self.x.shape)

    def multiply(self, v):
        """Them multiplied by `v`."""
        return self._apply(np.multiply, v)

    def divide(self, v):
        """Them divided by `v`."""
        return self._apply(np.divide, v)

    def power(self, v):
        """Them to the power of `v`."""
        return self._apply(np.power, v)

    def min(self, v):
        """The smaller of them and `v`; those that tie share the slope."""
        return self._apply(np.minimum, v)

    def max(self, v):
        """The larger of them and `v`; those that tie share the slope."""
        return self._apply(np.maximum, v)

    def _apply(self, ufunc, v):
        """`x` with ``ufunc(x[index], v)``; what is named again is changed again, in a round of its own."""
        x, left, numbers = self.x, np.ravel(self.places), self._new(v)
        waiting = np.arange(left.size)
        while waiting.size:
            _, first = np.unique(left[waiting], return_index=True)
            now = waiting[first]
            changed = ufunc(np.ravel(x)[left[now]], numbers[now])
            x = Update(x, ())._changed(left[now], changed)
            waiting = np.delete(waiting, first)
        return x if x is not self.x else +x


def at(x: Any) -> At:
    """``x.at`` of any array, so that a function runs on Values and on plain arrays: ``at(x)[index].set(v)``.

    Integers are taken as floats.

    >>> at(np.zeros(3))[1].set(5.0)
    array([0., 5., 0.])

    Raises:
        TypeError: `x` is no array of numbers.
    """
    x = as_numbers("at", x)
    return At(x + 0.0 if x.dtype.kind in "iub" else x)


Value.at = property(
    At, doc="``x.at[index].set(v)``, add, multiply, divide, power, min, max: a copy with elements changed."
)
