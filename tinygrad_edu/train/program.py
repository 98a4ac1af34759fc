"""A function of training that is compiled where that can be, and else runs as it stands."""

import warnings
from collections.abc import Callable
from typing import Any

from tinygrad_edu.compiler import TraceError, compile
from tinygrad_edu.core.value import no_grad


class TrainingWarning(UserWarning):
    """Training goes on, but something about it is probably not what was meant."""


class Program:
    """A function that runs as a compiled program where it can be one, and else as it stands, which is said once.

    The same arguments give the same bits, however often it has run: what a first call gives, which is what the
    function itself gives, is not used, since a program may round differently.
    """

    def __init__(self, function: Callable[..., Any], compiled: bool = True) -> None:
        self.function = function
        self.compiled = compile(function) if compiled else None

    def __call__(self, *args: Any) -> Any:
        """What the function gives, off the tape."""
        with no_grad():
            if self.compiled is None:
                return self.function(*args)
            traces = self.compiled.traces
            try:
                result = self.compiled(*args)
                return result if self.compiled.traces == traces else self.compiled(*args)
            except TraceError as error:
                self.compiled = None
                what = f"the loss, a metric or the optimizer cannot be compiled, so it runs as it is, slower: {error}"
                warnings.warn(f"training: {what}", TrainingWarning, stacklevel=2)
                return self.function(*args)
