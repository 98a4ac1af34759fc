"""A program with its way in and its way out.

numbers   what goes in, in the order of the program's parameters
results   what comes out, before it is put where the function has it
"""

import functools
from collections.abc import Callable
from typing import Any

from tinygrad_edu.compiler import pipeline
from tinygrad_edu.compiler.autodiff import FAILED, PLAIN, Run, as_values
from tinygrad_edu.compiler.outputs import Build, builder
from tinygrad_edu.compiler.tracing.trace import Traced


class Executable:
    """How to read what goes in, to run, and to give back what comes out."""

    pull: Callable[[int], Any]

    def __init__(self, traced: Traced, name: str, recording: bool, options: dict[str, Any]) -> None:
        """Print what was traced."""
        self.name, self.recording, self.kinds, self.structure = name, recording, traced.kinds, traced.structure
        self.printed, self.reader = pipeline.Executable(traced.program, **options), traced.reader
        self.run, self.keeps, self.fallbacks = self.printed.run, options["reuse_outputs"], 0
        self.read, self.entries = self.reader.read, self.reader.entries
        self.wrt = [i for i, value in enumerate(self.reader.values) if value]
        self.gives_values = any(kind != PLAIN for kind in self.kinds)

    @functools.cached_property
    def rebuild(self) -> Build:
        """Put results where the function has them."""
        return builder(self.structure)

    def __call__(self, numbers: Any, args: Any, keywords: Any, within: Run | None = None) -> Any:
        """Run; FAILED tells that the program does not hold for these numbers, or fails."""
        try:
            results = self.run(numbers)
        except Exception:
            results = None
        if results is None:
            self.fallbacks += 1
            return FAILED
        return self.rebuild(as_values(self, results, args, keywords, within) if self.gives_values else results)
