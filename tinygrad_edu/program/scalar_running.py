"""How a program of single numbers runs: on Python's floats, and where those give up, on NumPy's.

numbers  what goes in, in the order of the program's parameters
kinds    of the results of machine code: what kind of number each is to be
"""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_edu.program import stored
from tinygrad_edu.program.running import Runner

GIVES_UP = ArithmeticError, ValueError
_MAKE: dict[Any, Callable[[Any], Any]] = {np.ndarray: np.array}
_KINDS: dict[str | None, Any] = {kind.__name__: kind for kind in (np.ndarray, np.float64, np.bool_)}


class ScalarRunner(Runner):
    """The text of a program of single numbers, run as it is.

    numpy:    gives the same program of NumPy's functions, when it is needed.
    kinds:    given for machine code only, which gives Python's numbers.
    converts: NumPy's numbers go in where the program was made for Python's.
    """

    def __init__(
        self, text: str, constants: dict[str, Any], name: str, numpy: Callable[[], Runner],
        kinds: list[type | None] | None = None, converts: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(text, constants, name, False)
        self.numpy, self.kinds, self.converts = numpy, kinds, converts

    def __call__(self, numbers: tuple[Any, ...]) -> tuple[Any, ...] | None:
        """Run the text; None tells that it does not hold for these numbers.

        Where `math` raises an error, NumPy's functions give an infinity or NaN, and go on.
        """
        if self._function is None:
            self._define()
        if self.converts:
            numbers = tuple(map(float, numbers))
        try:
            results: tuple[Any, ...] | None = self._function(*numbers)
        except GIVES_UP:
            return self.numpy()(numbers)
        if results is None or self.kinds is None:
            return results
        pairs = zip(results, self.kinds, strict=True)
        return tuple(x if kind is None else _MAKE.get(kind, kind)(x) for x, kind in pairs)

    def converting(self) -> "ScalarRunner":
        """Give one for NumPy's numbers."""
        return ScalarRunner(self.text, self.constants, self.name, self.numpy, self.kinds, True)

    def data(self) -> dict[str, Any] | None:
        """Give the text with all it needs as plain data."""
        own, numpy = super().data(), self.numpy().data()
        if own is None or numpy is None:
            return None
        kinds = None if self.kinds is None else [kind and kind.__name__ for kind in self.kinds]
        return own | {"numpy": numpy, "results": kinds, "converts": self.converts}


def runner_of(data: dict[str, Any]) -> Runner:
    """Make what runs of plain data."""
    text, constants, name = data["text"], stored.unpacked(data["constants"]), data["program"]
    if "numpy" not in data:
        return Runner(text, constants, name, data["keeps"])
    kinds = None if data["results"] is None else [_KINDS.get(kind) for kind in data["results"]]
    numpy = functools.cache(lambda: runner_of(data["numpy"]))
    return ScalarRunner(text, constants, name, numpy, kinds, data["converts"])
