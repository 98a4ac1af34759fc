"""A program of single numbers as machine code: its text is compiled by Numba.

numbers  what goes in, in the order of the program's parameters
"""

import importlib
from typing import Any

import numpy as np

from tinygrad_edu.compiler.codegen.steps import NotScalarError, is_of_numbers
from tinygrad_edu.compiler.errors import TraceError
from tinygrad_edu.compiler.ir import Graph, Node
from tinygrad_edu.compiler.scalar_printed import ScalarPrinted

BACKENDS = "numpy", "numba"


class NativePrinted(ScalarPrinted):
    """The text of a program of single numbers, compiled when it is first run.

    Raises:
        TraceError: the program has something else than single numbers.
    """

    native = True

    def __init__(self, program: Graph) -> None:
        try:
            if not is_of_numbers(program):
                raise NotScalarError("arrays")
            super().__init__(program)
        except NotScalarError as what:
            raise TraceError(
                f"tg.compile: backend='numba' compiles programs of single numbers only, and this one has {what}; "
                "leave backend out"
            ) from None
        self._results = [(x.kind, None) if isinstance(x, Node) else (None, x) for x in self.program.outputs]

    def run(self, numbers: tuple[Any, ...]) -> tuple[Any, ...] | None:
        """Run the machine code; None tells that it does not hold for these numbers."""
        try:
            found = self._function(*numbers)
        except self.gives_up:
            return self.of_numpy.run(numbers)
        if found is None:
            return None
        supply = iter(found)
        return tuple(_copy(x) if kind is None else _MAKE.get(kind, kind)(next(supply)) for kind, x in self._results)


_MAKE: dict[Any, Any] = {np.ndarray: np.array}


def _copy(x: Any) -> Any:
    return x.copy() if isinstance(x, np.ndarray) else x


def check_backend(backend: str, plain: bool) -> None:
    """Make sure that a backend is there.

    Raises:
        TypeError, ValueError: there is none of this name, or it has no plain form.
        ImportError: Numba is not installed.
    """
    if not isinstance(backend, str):
        raise TypeError(f"tg.compile: backend is a {type(backend).__name__}; it must be one of {', '.join(BACKENDS)}")
    if backend not in BACKENDS:
        raise ValueError(f"tg.compile: backend is {backend!r}; it must be one of {', '.join(BACKENDS)}")
    if backend == "numba" and plain:
        raise ValueError("tg.compile: plain=True prints calculus, which backend='numba' does not run; choose one")
    if backend == "numba":
        try:
            importlib.import_module("numba")
        except ImportError:
            raise ImportError("tg.compile: backend='numba' needs Numba: pip install 'tinygrad_edu[native]'") from None
