"""Large results are let go while a gradient is computed, as soon as nothing on the tape reads them.

Of ``np.tanh(2 * x + 1)`` the sweep needs the sum, not the product. Should somebody ask for its numbers after all,
because masks need them or a tape is printed, they are computed again.

z     an entry of the tape
x, y  the inputs of an entry
"""

import dis
import functools
import sys
import types
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from tinygrad_edu.core.rules import Array, Each, Rule, table

LARGE = 1 << 20  # bytes; of smaller arrays the questions that are asked would cost more than is spared
_UNSHARED = 2  # references to an object that one slot holds and nobody else: that slot's, and the question's


class Released(NDArrayOperatorsMixin):
    """What stands for an array that was let go: its shape and dtype, and to whoever computes with it, its numbers."""

    __slots__ = ("dtype", "function", "inputs", "made", "shape")

    def __init__(self, z: Any) -> None:
        self.shape, self.dtype = z._payload.shape, z._payload.dtype
        self.function, self.inputs = z.function, z.inputs
        self.made: Array = None

    def numbers(self) -> Array:
        """The array, computed again; what it was computed from may have been let go, too."""
        ahead = [self]
        while ahead:  # no recursion, as a chain may be long
            last = ahead[-1]
            data = [getattr(x, "_payload", x) for x in last.inputs]
            behind = [x for x in data if type(x) is Released and x.made is None]
            if not behind:
                with np.errstate(all="ignore"):
                    last.made = last.function(*map(_numbers, data)) if last.made is None else last.made
                ahead.pop()
            ahead += behind
        return self.made

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.array(self.numbers(), dtype, copy=copy)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **keywords: Any) -> Any:
        return getattr(ufunc, method)(*map(_numbers, inputs), **keywords)

    def __array_function__(self, function: Any, types: Any, arguments: Any, keywords: Any) -> Any:
        return function(*map(_numbers, arguments), **keywords)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.numbers(), name)

    def __getitem__(self, index: Any) -> Any:
        return self.numbers()[index]


def _numbers(x: Any) -> Any:
    return x.numbers() if type(x) is Released else x


def releasable(z: Any) -> bool:
    """Whether the numbers of `z` are many, and a ufunc made them, which can do so again."""
    large = type(z._payload) is np.ndarray and z._payload.nbytes >= LARGE
    return large and isinstance(z.function, np.ufunc) and z.function.nout == 1 and not z.keywords


def release(z: Any) -> None:
    """Let go of the numbers of `z`, if that can be."""
    if releasable(z):
        z._payload = Released(z)


def release_unread(z: Any) -> None:
    """The same, if the rules of `z` do not read its output."""
    if not _reads(z, 0):
        release(z)


def release_behind(z: Any) -> None:
    """Let go of what an input of `z` was computed from, if no rule reads it, and nobody else refers to it."""
    for x in z.inputs:
        if _is_result(x):
            if sys.getrefcount(x._x) == _UNSHARED and _is_result(x._x) and not _reads(x, 1):
                release_unread(x._x)
            if sys.getrefcount(x._y) == _UNSHARED and _is_result(x._y) and not _reads(x, 2):
                release_unread(x._y)


def _is_result(x: Any) -> bool:
    return getattr(x, "_payload", None) is not None and x.function is not None


def _reads(z: Any, place: int) -> bool:
    """Whether the sweep reads the output of `z`, place 0, or one of its inputs, from place 1 on."""
    rules = table[z.function].rules
    given = [i for i, x in enumerate(z.inputs) if hasattr(x, "_payload")]
    return isinstance(rules, Each) or any(_names(rules[i], place) for i in given)


@functools.lru_cache(maxsize=1000)
def _names(rule: Rule, place: int) -> bool:
    """Whether the text of a rule names its output, or an input; what is not written in Python may read all."""
    if not isinstance(rule, types.FunctionType) or place + 1 >= rule.__code__.co_argcount:
        return True
    name = rule.__code__.co_varnames[place + 1]
    named = (each.argval for each in dis.get_instructions(rule.__code__))
    return any(x == name or (isinstance(x, tuple) and name in x) for x in named)
