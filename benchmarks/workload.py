"""What a workload is: a task, and those who compete at it.

run         a competitor with its data, ready to go
step        what is timed: a NumPy batch goes in, a float comes out, every gradient is there, parameters are updated
competitor  how to build a run; `needs` names the module it is handed
"""

import ctypes
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, Protocol

import numpy as np

OURS = "tinygrad_edu"
COMPILED = f"{OURS}, compiled"
REUSING = f"{COMPILED}, reuse_outputs"
BY_HAND = "hand-written"
BLAS = (  # why frameworks that bring products of their own may be faster
    "it is products of matrices mostly, and NumPy's BLAS takes a processor that it does not know for an older one: "
    "where that has AVX-512, OPENBLAS_CORETYPE=SKYLAKEX makes ours 1.4 times as fast"
)


class Run(Protocol):
    """A competitor with its data, ready to go."""

    def reset(self) -> None:
        """Go back to the first parameters."""

    def step(self) -> float:
        """The value, by the step that is timed."""

    def gradients(self) -> Sequence[Any]:
        """The value and its gradients at the present parameters, as NumPy arrays or floats."""

    def parameters(self) -> Sequence[Any]:
        """The present parameters, as NumPy arrays or floats."""


class Pure:
    """A run without parameters: a function that gives its value and gradients."""

    def __init__(self, function: Callable[[], Sequence[Any]]) -> None:
        self.gradients = function

    def reset(self) -> None:
        """Do nothing: there is no state."""

    def step(self) -> float:
        """The value; the gradients were computed with it."""
        return self.gradients()[0]

    def parameters(self) -> Sequence[Any]:
        """There are no parameters."""
        return ()


def of_slopes(slopes: Callable[..., Any], *arguments: Any) -> Pure:
    """A run of a function of these arguments that gives the value and its gradients, as ``value_and_grad`` does."""

    def run() -> Sequence[Any]:
        value, gradients = slopes(*arguments)
        return float(value), *gradients

    return Pure(run)


class Round(NamedTuple):
    """The mean step of one round: seconds on the clock and on all cores, and pages the kernel had to hand out."""

    seconds: float
    cpu_seconds: float
    faults: float


@dataclass(frozen=True)
class Competitor:
    """How to build a run: ``build(module)`` where `needs` names one, else ``build()``; `slow` ones start slowly."""

    build: Callable[..., Run]
    needs: str | None = None
    slow: bool = False

    @property
    def package(self) -> str | None:
        """The package that must be installed."""
        return self.needs.partition(".")[0] if self.needs else None


@dataclass(frozen=True)
class Workload:
    """A task; `roundings` is how many may add up in a result.

    Where they are set, `target` bounds the ratio of ours to the hand-written, `compiled` that of ours compiled, and
    `frameworks` that of the best of ours compiled to the fastest of the big frameworks, on `frameworks_on` threads.
    With `ahead_of_all`, ours is to be faster than every peer, eagerly and compiled. The best of ours is to be `torchs`
    times as fast as torch eager, and the first call compiled to take at most `first` seconds. `because` says, by the
    name of a target, in half a sentence what stands in the way of it, for where it is missed.
    """

    title: str
    dtype: str
    target: float | None
    competitors: dict[str, Competitor]
    roundings: int = 1000
    compiled: float | None = None
    frameworks: float | None = None
    frameworks_on: int = 1
    ahead_of_all: bool = False
    torchs: float | None = None
    first: float | None = None
    because: Mapping[str, str] = field(default_factory=dict)

    @property
    def tolerance(self) -> float:
        """How far apart results may be, relative to their norm."""
        return self.roundings * float(np.finfo(self.dtype).eps)


def differs(given: Any, wanted: Any, tolerance: float) -> bool:
    """Whether two results of one computation are too far apart to be the same."""
    if given.shape != wanted.shape:
        return True
    return not np.linalg.norm(given - wanted) <= tolerance * np.linalg.norm(wanted)


def results(run: Run) -> dict[str, list[Any]]:
    """What competitors must agree on: value and gradients, then the parameters after three steps."""
    run.reset()
    first = [np.array(x, np.float64) for x in run.gradients()]
    run.reset()
    values = [run.step() for _ in range(3)]
    return {
        "value and gradients": first,
        "three steps": [np.array(x, np.float64) for x in (*values, *run.parameters())],
    }


def disagreement(given: dict[str, list[Any]], wanted: dict[str, list[Any]], workload: Workload) -> str | None:
    """The name of the first result that differs, or None."""
    for what, expected in wanted.items():
        if len(given[what]) != len(expected):
            return f"{what}: {len(given[what])} results instead of {len(expected)}"
        for i, (x, y) in enumerate(zip(given[what], expected, strict=True)):
            if differs(x, y, workload.tolerance):
                return f"{what}, number {i}: {x} instead of {y}"
    return None


def set_malloc(from_heap, kept):
    """Set, in bytes, which arrays glibc takes from its heap and how much it keeps free there; elsewhere do nothing.

    Larger ones come from the kernel, and go back to it when they are freed. Left alone, glibc starts with 128 KiB of
    both, and moves both up as it sees large arrays freed.
    """
    if platform.libc_ver()[0] == "glibc":
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(-3, from_heap)  # M_MMAP_THRESHOLD
        mallopt(-1, kept)  # M_TRIM_THRESHOLD


def keeping_pages(build):
    """The same competitor in a process where glibc keeps the memory of freed arrays."""

    def with_pages_kept(*modules):
        set_malloc(from_heap=32 << 20, kept=1 << 30)
        return build(*modules)

    return with_pages_kept


def with_pages_kept(competitors):
    """The hand-written and ours, run once more in such a process."""
    again = {f"{name}, pages kept": competitors[name] for name in (BY_HAND, OURS)}
    return competitors | {name: replace(one, build=keeping_pages(one.build)) for name, one in again.items()}
