"""What makes numbers, arrays and copies of a Value; what would leave the tape unseen is refused, with the remedy.

written  the expression of the user's that runs now, and the modules that it went through
"""

import math
import operator
import re
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from tinygrad_edu.core.context import is_recording, transforming
from tinygrad_edu.core.rules import remedies
from tinygrad_edu.core.source_info import expression, frame_of_user, line

_RULE = "give the whole computation a rule, with tinygrad_edu.primitive and tinygrad_edu.derivative"
_REMEDIES = {  # what stands in the user's code, and what to write instead; the first that is found counts
    r"\bscipy\.sparse\b": f"pass x.toarray(), or {_RULE}",
    r"\bscipy\.linalg\b|^(?!.*\bscipy\.(special|stats|optimize|integrate)\b).*\bscipy\._lib\b": (
        f"write np.linalg.qr and its like; tinygrad_edu.scipy has some of these that NumPy has not; else {_RULE}"
    ),
    r"\bscipy\.(special|stats)\b": f"tinygrad_edu.scipy has some of these functions for Values; else {_RULE}",
    r"\bscipy\.signal\b": f"write np.convolve, np.correlate or a product of np.fft.fft; else {_RULE}",
    r"\b(scipy|quad|brentq|solve_ivp|odeint|minimize|fsolve)\b": f"of a solution write tg.implicit; else {_RULE}",
    r"\b(pandas|xarray|polars)\b": "pass x.to_numpy(), in the order that is meant",
    r"\bma\b": "pass x.filled(0), or np.asarray(x) to forget the mask",
    r"(?<!np)(?<!numpy)\.dot\(": "write X @ w, or np.dot(X, w)",
    r"\bvectorize\b": "call the function on the whole array, or write np.stack([f(v) for v in x])",
    r"\b[rc]_[\[(]": "write np.concatenate([...]) for np.r_, np.column_stack([...]) for np.c_",
    r"\bfull(_like)?\(|\.fill\(": "write v * np.ones(shape)",
    r"\bnumpy\.testing\b": "compare its numbers: pass x.data",
    r"\bpolynomial\b|\bPolynomial\(": "write np.polyval(coefficients, x), the highest power's coefficient first",
    r"\.(choice|permut\w+|shuffle)\(": "draw places, and pick them: x[rng.permutation(len(x))]",
    r"\.(normal|uniform|gamma|beta|poisson|exponential|laplace)\(": "take plain draws: m + d * rng.normal(size=n)",
    r"\barange\(": "write start + step * np.arange(n), with a plain n",
    r"\bfill_diagonal\(": "write np.where(np.eye(n, dtype=bool), v, x)",
    r"\bround\(": "write np.round(x)",
    r"\b(np|numpy)\.(float|complex|longdouble|half|single|double)\w*\(": "write x, or x.astype(dtype)",
    r"\b(np|numpy)\.u?int\d*\(": "whole numbers have no slope: write x.data.astype(int)",
    r"\b(fromiter|\w*array\w*)\(": "write np.stack([...]) to make an array of Values, and x for np.asarray(x)",
    r"\][^=!<>]*=(?!=)|\bput\w*\(|\bcopyto\(": "write np.stack([...]) or np.where(...), not into an array",
}

_AS_IT_IS = "leave it a Value, which NumPy's functions take as it is"
_STACK = "write np.stack([...]) to make an array of Values; lists are trees, so pass np.array([...]) for an array"
_INTO = "Values are not written into: write"
_INSTEAD = {  # of attributes that arrays have and Values lack
    **dict.fromkeys(("fill", "put", "setfield"), f"{_INTO} x.at[index].set(v), or np.where(mask, x, y)"),
    **dict.fromkeys(("sort", "partition", "resize"), f"{_INTO} np.sort(x), np.partition(x, kth), np.resize(x, shape)"),
    "choose": "write np.choose(places, choices), of plain places",
    **dict.fromkeys(("dump", "dumps", "tofile", "tobytes"), "a Value is pickled with its gradient; or write x.data"),
}


def _refuse(what: str, fallback: str, remedy: str = "") -> TypeError:
    """The error for what makes a plain number or array of a Value while recording; `fallback` if no remedy is found."""
    frame, user = sys._getframe(1), frame_of_user(sys._getframe(1))
    where = line()
    modules = []
    while frame is not None and frame is not user:
        modules.append(frame.f_globals.get("__name__", ""))
        frame = frame.f_back  # type: ignore[assignment]
    written = " ".join([*modules, expression(user)])
    place = f" ({where})" if where else ""
    return TypeError(
        f"{what}{place}: the number would leave the tape, and its slope be lost; "
        f"{remedy or _remedy(written, where) or fallback}; x.item() and x.detach() hold it constant"
    )


def _remedy(written: str, where: str) -> str:
    """What to write instead of an expression, or of the line that it stands on; empty where that is not known."""
    for text in (written, where) if written.endswith(("]", " ")) else (written,):  # of `a[0] = v` only `a[0]`
        if (found := re.search(r"\bc?math\.(\w+)", text)) is not None:
            own = {"fsum": "sum", "pow": "power"}.get(found[1], found[1])
            return f"write np.{own}" if hasattr(np, own) else "write it with NumPy's functions"
        for pattern, remedy in _REMEDIES.items():
            if re.search(pattern, text):
                return remedy
        for own in re.findall(r"\b(?:np|numpy)\.([\w.]+)\(", text):
            if f"np.{own}" in remedies:
                return remedies[f"np.{own}"]
    return ""


def _to_number(
    name: str, convert: Callable[..., Any], remedy: str = "", fallback: str = _AS_IT_IS
) -> Callable[..., Any]:
    """A conversion to a number of Python's, which is refused while recording."""

    def method(self: Any, *arguments: Any) -> Any:
        if is_recording():
            raise _refuse(f"{name} of a Value", fallback, remedy)
        return convert(self.item(), *arguments)

    return method


class _Lacking:
    """An attribute that arrays have and Values lack; with a `__getattr__` instead, all attributes would be slow."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, instance: Any, owner: type) -> NoReturn:
        remedy = _INSTEAD.get(self.name, f"of the numbers alone it is x.data.{self.name}")
        raise AttributeError(f"a Value has no attribute {self.name!r}; {remedy}")


# To NumPy's stubs a ufunc of whatever turns into an array is an ndarray, without backward(); of a scalar it may be
# anything. So type checkers take Values for scalars of NumPy's.
if TYPE_CHECKING:
    Scalar = np.generic
else:
    Scalar = object


class Conversions(Scalar):
    """What Python, NumPy, `copy` and `pickle` ask of a Value when they make something else of it."""

    __slots__ = ()
    __pandas_priority__ = 10_000  # so that pandas leaves the answer to Values, which say what to write

    __float__, __int__, __trunc__ = (_to_number(f"{f.__name__}()", f) for f in (float, int, math.trunc))
    __complex__ = _to_number(
        "complex()", complex, fallback="it is complex already, or is made so by x + 0j, which takes real numbers"
    )
    __round__ = _to_number("round()", round, "write np.round(x)")
    __index__ = _to_number("an index or a length made", operator.index, "a place, an axis or a length is a plain int")

    def __array__(self: Any, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        if is_recording():
            raise _refuse("a Value does not turn into an array by itself", _STACK)
        return np.array(self._payload, dtype, copy=copy)

    def __copy__(self: Any) -> Any:
        """Inside a transform a recorded copy; else a leaf like this one, with its gradient."""
        if transforming.get():
            return +self
        make, arguments, (_, state) = self.__reduce__()
        made = make(*arguments)
        made.grad = state["grad"]
        return made

    def __deepcopy__(self, _: Any) -> Any:
        return self.__copy__()

    def __reduce__(self: Any) -> tuple[Any, ...]:
        if self.function is not None or transforming.get():
            what = "is a result, or the variable of a transform: a copy would lose the tape that led to it"
            raise TypeError(f"copy or pickle: {self!r} {what}; detach() it first, or compute it under no_grad()")
        return type(self), (self._payload, self.name), (None, {"grad": None if self._grad is None else self.grad})


for _name in dir(np.ndarray):
    if not _name.startswith("_"):
        setattr(Conversions, _name, _Lacking(_name))
