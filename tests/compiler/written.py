"""Functions as people write them: drawn line by line from tables, run as they grow, given as source text.

seed    everything follows from it
names   what the function has made, by the names that it has given to it
"""

import functools
import linecache
import random
import re
import unicodedata
from textwrap import indent
from typing import Any

import numpy as np

import tinygrad_edu as tg
from tests.compiler import written_lines as lines
from tests.compiler.written_arguments import MANY, draw_arguments, draw_parameters, places, protected
from tinygrad_edu.testing.calls import outcome
from tinygrad_edu.testing.programs import LINES

HEAD = """\
import dataclasses
import enum
import functools
from typing import NamedTuple

import numpy as np

import tinygrad_edu as tg
"""
MOST, LARGEST = 96, 1e4  # elements that a line may make, unless arrays are long; numbers, unless they are extreme
TABLES = [lines.EXPRESSIONS] * 4 + [lines.WRITING] * 4 + [lines.VIEWS] * 2 + [lines.BLOCKS] * 3 + [lines.UPDATES]
_SQUARES_ITS_AXES = re.compile(
    r"None|outer|einsum|@|dot|expand|-1, 1\)|tri|eye|stack|row|range\(len|pad|tile|broadcast|\.T"
)


class Written:
    """A function as people write it, and what it is called with.

    source: of a module that defines `program`
    """

    def __init__(self, seed: int) -> None:
        self.seed, self.dice = seed, random.Random(seed)
        self.large, self.extreme = self.dice.random() < 0.005, self.dice.random() < 0.1
        self.names: list[str] = []
        self.blocks: list[str] = []
        self.parameters = draw_parameters(self.dice, self.large)
        self.loss = self._loss()
        self.nested = self.dice.random() < 0.3
        self.env = self._started()
        for _ in range(self.dice.randint(1, 4 if self.large else 9)):
            self._add_block()
        self.end = self._fill(self.dice.choice(lines.RESULTS))

    def arguments(self, call: int) -> list[Any]:
        """The arguments of the k-th call."""
        return draw_arguments(self.parameters, self.seed, call, self.large, self.extreme)

    def _loss(self) -> str:
        """Draw a function of two arrays that gives one number."""
        names, body = ["w", "x"], []
        for k in range(self.dice.randint(1, 3)):
            x, y = self.dice.choice(names[-2:]), self.dice.choice(names)
            body.append(f"y{k} = " + self.dice.choice([*LINES, *lines.SMOOTH]).format(x=x, y=y))
            names.append(f"y{k}")
        end = self.dice.choice(["np.sum({})", "np.mean({} ** 2)", "np.sum({} * np.sin({}))"]).replace("{}", names[-1])
        return "\n    ".join(["def loss(w, x):", *body, f"return {end}"])

    def _started(self) -> dict[str, Any]:
        """What stands around the function, and its arguments, and what its lines have made so far."""
        env = {"np": np, "tg": tg, **_definitions()}
        env |= dict(zip(map(_normal, self.parameters), map(protected, self.arguments(0)), strict=True))
        exec(self.loss, env)
        with np.errstate(all="ignore"):
            for block in self.blocks:
                exec(block, env)
        return env

    def _add_block(self) -> None:
        """Add the first of some lines that can be run here."""
        table = self.dice.choice([*TABLES, lines.GRADIENTS])
        for _ in range(40):
            text = self.dice.choice(table)
            if self.large and _SQUARES_ITS_AXES.search(text + self.loss * (table is lines.GRADIENTS)):
                continue
            new = {key: self._new_name() for key in "zu" if f"{{{key}}}" in text}
            block = self._fill(text, new)
            with np.errstate(all="ignore"):
                failed = block is None or isinstance(outcome(exec, block, self.env), Exception)
            if failed or not self._bounded():
                self.env = self._started()
                continue
            self.blocks.append(block)
            self.names += [name for name in new.values() if name not in self.names]
            return

    def _new_name(self) -> str:
        return self.dice.choice([name for name in lines.NAMES if name not in self.parameters])

    def _bounded(self) -> bool:
        """Whether what the function holds is neither large nor long."""
        with np.errstate(all="ignore"):
            for name in {*self.names, *lines.NAMES}:
                x = self.env.get(_normal(name))
                if isinstance(x, (np.ndarray, np.generic, float, int)):
                    if np.size(x) > (3 * MANY if self.large else MOST):
                        return False
                    if not self.extreme and not np.max(np.abs(x), initial=0) < LARGEST:
                        return False
        return True

    def _fill(self, text: str, new: dict[str, str] | None = None) -> str | None:
        """A line with names and numbers put in; None if there is nothing to put there."""
        chosen = dict(new or {})
        given = [*places(self.parameters)]
        fresh = {*chosen.values()} if re.search("[;\n]", text) else set()  # they are not there yet when they are read
        made = [
            name
            for name in self.names
            if name not in fresh and isinstance(self._value(name), (np.ndarray, np.generic, float, int))
        ]

        def fill(match: re.Match[str]) -> str:
            key = match[1]
            if key in "snkt":
                options = {"s": lines.NUMBERS, "n": lines.SMALL, "k": lines.KEYS, "t": made[-4:] or made or given}[key]
                return self.dice.choice(options)
            if key not in chosen:
                chosen[key] = self._operand(key, given, made)
            return chosen[key] or ""

        filled = re.sub(r"\{([a-z])\}", fill, text)
        return filled if all(chosen.values()) else None

    def _operand(self, key: str, given: list[str], made: list[str]) -> str | None:
        """Choose what a line works on, what was made last more often."""
        kinds = {"i": "iu", "m": "b"}.get(key, "f" if self.dice.random() < 0.9 else "fiub")
        values = [(place, self._value(place)) for place in ([] if key == "w" else given) + made + made[-2:]]
        found = [place for place, x in values if np.asarray(x).dtype.kind in kinds and type(x) is not bool]
        if key == "w":
            found = [
                place for place in found if getattr(getattr(self._value(place), "flags", None), "writeable", False)
            ]
        fallback = {"i": "ORDER", "m": f"({self.dice.choice(given)} > 0)"}.get(key)
        return self.dice.choice(found) if found else fallback

    def _value(self, place: str) -> Any:
        return eval(place, self.env)

    @functools.cached_property
    def source(self) -> str:
        """The text of the module."""
        body = indent("\n".join([*self.blocks, f"return {self.end}"]), "    ")
        function = f"def program({', '.join(self.parameters)}):\n{body}"
        text = f"{self.loss}\n\n\n{function}" if re.search(r"\bloss\b", body) else function
        used = _used(text)
        around = "\n\n\n".join([*used, text])
        if self.nested:
            around = f"def make():\n{indent(around, '    ')}\n\n    return program\n\n\nprogram = make()"
        return f"{HEAD}\n\n{around}\n"

    @functools.cached_property
    def function(self) -> Any:
        """The function itself."""
        return defined(self.source, f"<written {self.seed}>")

    def __str__(self) -> str:
        calls = [f"program{tuple(self.arguments(k))!r}" for k in range(1 if self.large else 5)]
        return "\n".join([f"seed {self.seed}", self.source, *([] if self.large else calls)])


def _normal(name: str) -> str:
    """A name as Python spells it."""
    return unicodedata.normalize("NFKC", name)


@functools.cache
def _definitions() -> dict[str, Any]:
    return _executed("\n\n\n".join([HEAD, *lines.DEFINITIONS.values()]), "<definitions>")


def _used(text: str) -> list[str]:
    """The definitions that a text needs, and those that they need."""
    found: list[str] = []
    for name, definition in reversed(lines.DEFINITIONS.items()):
        if re.search(rf"\b{name}\b", "\n".join([text, *found])):
            found.insert(0, definition)
    return found


def _executed(source: str, file: str) -> dict[str, Any]:
    """Run a module; its lines show in tracebacks."""
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    names: dict[str, Any] = {"__name__": "written"}
    exec(compile(source, file, "exec"), names)
    return names


def defined(source: str, file: str) -> Any:
    """The function `program` of a module."""
    return _executed(source, file)["program"]
