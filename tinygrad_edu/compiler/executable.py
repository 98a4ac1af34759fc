"""A printed program with its way in and its way out.

numbers   what goes in, in the order of the program's parameters
results   what comes out, before it is put where the function has it
"""

import functools
from collections.abc import Callable
from typing import Any

from tinygrad_edu.compiler import stored
from tinygrad_edu.compiler.autodiff import FAILED, PLAIN, Run, as_values
from tinygrad_edu.compiler.checks import Read
from tinygrad_edu.compiler.choosing import AnyPrinted, printed
from tinygrad_edu.compiler.inputs import Reader
from tinygrad_edu.compiler.outputs import Build, builder
from tinygrad_edu.compiler.runtime import Runner
from tinygrad_edu.compiler.tracing.trace import Traced


class Executable:
    """How to read what goes in, to run, and to give back what comes out."""

    name: str
    recording: bool
    kinds: list[int]
    structure: Any
    run: Callable[[tuple[Any, ...]], tuple[Any, ...] | None]
    printed: AnyPrinted | None = None
    reader: Reader | None = None
    fallbacks = 0
    keeps = False
    pull: Callable[[int], Any]
    _stored: dict[str, Any] | None = None

    @classmethod
    def made(cls, traced: Traced, name: str, recording: bool, options: dict[str, Any]) -> "Executable":
        """Print what was traced."""
        self = cls()
        self.name, self.recording, self.kinds, self.structure = name, recording, traced.kinds, traced.structure
        self.printed, self.reader = printed(traced.program, **options), traced.reader
        self.run, self.keeps = self.printed.run, options["reuse_outputs"]
        self._finish(traced.reader.read, traced.reader.entries, traced.reader.values)
        return self

    def _finish(self, read: Read, entries: Read, values: list[bool]) -> None:
        self.read, self.entries, self.values = read, entries, values
        self.wrt = [i for i, value in enumerate(values) if value]
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

    @property
    def text(self) -> str:
        """The text that runs, or that will."""
        return self.printed.text if self.printed is not None else str((self._stored or {})["text"])

    @property
    def details(self) -> AnyPrinted:
        """What the passes did.

        Raises:
            RuntimeError: the program was loaded, and only its text is there.
        """
        if self.printed is None:
            raise RuntimeError(f"{self.name} was loaded: of its programs only the text is there")
        return self.printed

    def data(self) -> dict[str, Any] | None:
        """Give the program as plain data, with what the function closes over as it is now; None if that cannot be."""
        if self.reader is None or self.printed is None:
            return self._stored
        run = self.printed.portable
        captured = self.reader.checks.of_function()((), {})
        if captured is None:
            return None
        texts, bound = self.reader.checks.of_arguments(captured)
        names, constants = stored.packed(bound), stored.packed(run.constants)
        if names is None or constants is None or not stored.is_plain(self.structure):
            return None
        return {
            "name": self.name, "recording": self.recording, "kinds": self.kinds, "structure": self.structure,
            "values": self.values, "texts": texts, "names": names, "text": run.text, "constants": constants,
            "program": run.name, "keeps": run.keeps,
        }  # fmt: skip

    @classmethod
    def loaded(cls, data: dict[str, Any]) -> "Executable":
        """Make a program of plain data; its texts run when it is called first."""
        self = cls()
        self._stored = data
        self.name, self.recording, self.kinds = data["name"], data["recording"], data["kinds"]
        self.structure = data["structure"]
        self.run = Runner(data["text"], stored.unpacked(data["constants"]), data["program"], data["keeps"])
        names = stored.unpacked(data["names"])

        def later(k: int) -> Read:
            def read(args: Any, keywords: Any) -> Any:
                defined = dict(names)
                exec(data["texts"][k], defined)
                setattr(self, ("read", "entries")[k], defined[("read", "entries")[k]])
                return defined[("read", "entries")[k]](args, keywords)

            return read

        self._finish(later(0), later(1), data["values"])
        self.pull = lambda _: stored.Missing(self.name)()
        return self
