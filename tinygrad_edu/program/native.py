"""Machine code: which programs it is made of, and whether Numba is there to make it."""

import importlib

from tinygrad_edu.program.errors import TraceError
from tinygrad_edu.program.nodes import Program
from tinygrad_edu.program.scalar_printed import ScalarPrinted
from tinygrad_edu.program.steps import NotScalarError, is_of_numbers

BACKENDS = "numpy", "numba"


def native(program: Program) -> ScalarPrinted:
    """Print a program for Numba.

    Raises:
        TraceError: the program has something else than single numbers.
    """
    try:
        if not is_of_numbers(program):
            raise NotScalarError("arrays")
        return ScalarPrinted(program, native=True)
    except NotScalarError as what:
        raise TraceError(
            f"tg.compile: backend='numba' compiles programs of single numbers only, and this one has {what}; "
            "leave backend out"
        ) from None


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
