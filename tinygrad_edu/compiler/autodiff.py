"""Results of a program as Values: recorded, with a row that differentiates the function the program was made of.

g        cotangent of a result
entries  the Values and plain numbers that went in
run      one run of a program
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_edu import tree
from tinygrad_edu.core.context import is_recording
from tinygrad_edu.core.rules import Each, derivative, table
from tinygrad_edu.core.tape import MANY, NOTHING, record
from tinygrad_edu.core.value import Value
from tinygrad_edu.transforms import vjp

PLAIN, LEAF, DERIVED = -3, -2, -1  # kinds of results; from 0 on: the Value that went in there
ABSENT, FAILED = object(), object()  # in place of results: there is no program, or it does not hold


class Run:
    """One run of a program, to be differentiated: the k-th result of `program`, on these arguments.

    within: the run whose derivative this one computes, if any
    """

    def __init__(self, program: Any, k: int, args: Any, keywords: Any, within: "Run | None") -> None:
        self.program, self.k, self.args, self.keywords, self.within = program, k, args, keywords, within
        self._last: tuple[Any, Any] = NOTHING, None

    def holds(self) -> bool:
        """Tell whether the function would still do the same."""
        unchanged = self.program.read(self.args, self.keywords) is not None
        return unchanged and (self.within is None or self.within.holds())

    def shares(self, g: Any, inputs: Sequence[Any]) -> Any:
        """Give what each input gets of `g`; asked for the same `g` again, as each input does, say the same."""
        cotangent, found = self._last
        if cotangent is not g:
            found = self._pulled(g, inputs)
            self._last = g, found
        return found

    def _pulled(self, g: Any, inputs: Sequence[Any]) -> Any:
        pull = self.program.pull(self.k)
        done = pull.attempt((g, *inputs), {}, is_recording(), self)
        if done is ABSENT or done is FAILED:
            if not self.holds():
                raise RuntimeError(
                    f"{self.program.name}: what it was given or closes over is not what it was; call backward() earlier"
                )
            done = pull(g, *inputs)
        return dict(zip(self.program.wrt, done, strict=True))


class Pull:
    """A function of a cotangent and of all that went in: what the Values among that get of it."""

    def __init__(self, program: Any, k: int) -> None:
        self.program, self.k = program, k
        self.__name__ = f"derivative_of_{program.name}"

    def __call__(self, g: Any, *entries: Any) -> Any:
        """Pull `g` back."""

        def result(*variables: Any) -> Any:
            fill = list(entries)
            for i, variable in zip(self.program.wrt, variables, strict=True):
                fill[i] = variable
            return tree.leaves(self.program.reader.filled(fill).call())[self.k]

        return vjp(result, *[entries[i] for i in self.program.wrt])[1](g)


def replayed(*inputs: Any, run: Run) -> Any:
    """Give one result of a program that was run."""
    return run.program.run(inputs)[run.k]


def as_values(program: Any, results: Sequence[Any], args: Any, keywords: Any, within: Run | None) -> list[Any]:
    """Make Values of those results that are, on the tape if the function leaves them there.

    What is on a tape must stay as it is: it does not lie in memory that the program uses again.
    """
    if replayed not in table:
        derivative(replayed, Each(lambda i, g, z, *inputs, run: run.shares(g, inputs)[i]))
    entries = program.entries(args, keywords) if max(program.kinds) > LEAF else ()
    derived = entries if DERIVED in program.kinds else ()
    inputs = tuple(x.copy(order="K") if isinstance(x, np.ndarray) else x for x in derived)
    first, second = (*inputs, NOTHING, NOTHING)[:2] if len(inputs) < 3 else (inputs, MANY)

    def made(k: int, x: Any, kind: int) -> Any:
        if program.keeps and kind in (DERIVED, LEAF) and isinstance(x, np.ndarray):
            x = x.copy(order="K")
        if kind == DERIVED:
            return record(Value, x, replayed, first, second, {"run": Run(program, k, args, keywords, within)})
        if kind == LEAF:
            return record(Value, x)
        return x if kind == PLAIN else entries[kind]

    return [made(k, x, kind) for k, (x, kind) in enumerate(zip(results, program.kinds, strict=True))]
