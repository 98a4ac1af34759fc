"""Results of a program as Values: recorded, with a row that differentiates the function the program was made of.

g           cotangent of a result
entries     the Values and plain numbers that went in
invocation  one run of a program
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_edu import tree
from tinygrad_edu.compiler.tracing.trace import DERIVED, LEAF, PLAIN
from tinygrad_edu.core.context import is_recording
from tinygrad_edu.core.rules import Each, derivative, table
from tinygrad_edu.core.tape import MANY, NOTHING, record
from tinygrad_edu.core.value import Value
from tinygrad_edu.transforms import vjp

MISS, ABORTED = object(), object()  # in place of results: there is no program, or it does not hold for these numbers


class Invocation:
    """One run of a program, to be differentiated: the k-th result of `program`, on these arguments.

    within: the invocation whose derivative this one computes, if any
    """

    def __init__(self, program: Any, k: int, args: Any, keywords: Any, within: "Invocation | None") -> None:
        self.program, self.k, self.args, self.keywords, self.within = program, k, args, keywords, within
        self._last: tuple[Any, Any] = NOTHING, None

    def holds(self) -> bool:
        """Whether the function would still do the same."""
        unchanged = self.program.read(self.args, self.keywords) is not None
        return unchanged and (self.within is None or self.within.holds())

    def contributions(self, g: Any, inputs: Sequence[Any]) -> Any:
        """What each input gets of `g`; each input asks, and the answer to the same `g` is kept."""
        cotangent, found = self._last
        if cotangent is not g:
            found = self._pull_back(g, inputs)
            self._last = g, found
        return found

    def _pull_back(self, g: Any, inputs: Sequence[Any]) -> Any:
        pullback = self.program.pullback(self.k)
        done = pullback.attempt((g, *inputs), {}, is_recording(), self)
        if done is MISS or done is ABORTED:
            if not self.holds():
                raise RuntimeError(
                    f"{self.program.name}: what it was given or closes over is not what it was; call backward() earlier"
                )
            done = pullback(g, *inputs)
        return dict(zip(self.program.wrt, done, strict=True))


class CompiledVJP:
    """A function of a cotangent and of all that went in: what the Values among that get of it."""

    def __init__(self, program: Any, k: int) -> None:
        self.program, self.k = program, k
        self.__name__ = f"derivative_of_{program.name}"

    def __call__(self, g: Any, *entries: Any) -> Any:
        """Pull `g` back."""

        def result(*variables: Any) -> Any:
            leaves = list(entries)
            for i, variable in zip(self.program.wrt, variables, strict=True):
                leaves[i] = variable
            return tree.leaves(self.program.traced.call(leaves))[self.k]

        return vjp(result, *[entries[i] for i in self.program.wrt])[1](g)


def replayed(*inputs: Any, run: Invocation) -> Any:
    """One result of a program, run again."""
    return run.program.executable.run(inputs)[run.k]


def as_values(program: Any, results: Sequence[Any], args: Any, keywords: Any, within: Invocation | None) -> list[Any]:
    """The results with Values in place of those that are, on the tape if the function leaves them there.

    What is on a tape must stay as it is: it does not lie in memory that the program uses again.
    """
    if replayed not in table:
        derivative(replayed, Each(lambda i, g, z, *inputs, run: run.contributions(g, inputs)[i]))
    entries = program.signature.entries(args, keywords) if max(program.kinds) > LEAF else ()
    derived = entries if DERIVED in program.kinds else ()
    inputs = tuple(x.copy(order="K") if isinstance(x, np.ndarray) else x for x in derived)
    first, second = (*inputs, NOTHING, NOTHING)[:2] if len(inputs) < 3 else (inputs, MANY)

    def made(k: int, x: Any, kind: int) -> Any:
        if program.keeps and kind in (DERIVED, LEAF) and isinstance(x, np.ndarray):
            x = x.copy(order="K")
        if kind == DERIVED:
            invocation = Invocation(program, k, args, keywords, within)
            return record(Value, x, replayed, first, second, {"run": invocation})
        if kind == LEAF:
            return record(Value, x)
        return x if kind == PLAIN else entries[kind]

    return [made(k, x, kind) for k, (x, kind) in enumerate(zip(results, program.kinds, strict=True))]
