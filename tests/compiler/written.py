"""Functions as people write them: drawn line by line from tables, run as they grow, given as source text.

seed    everything follows from it
names   what the function has made, by the names that it has given to it
sizes   how long the axes n and m are
"""

import ast
import functools
import linecache
import random
import re
import unicodedata
from dataclasses import dataclass
from textwrap import indent
from typing import Any

import numpy as np

import tinygrad_edu as tg
from tests.compiler import written_lines as lines
from tinygrad_edu.testing.calls import LAYOUTS, outcome
from tinygrad_edu.testing.programs import LINES

HEAD = """\
import dataclasses
import enum
import functools
from typing import NamedTuple

import numpy as np

import tinygrad_edu as tg
"""
MOST, LARGEST, MANY = 96, 1e4, 140_000  # elements that a line may make; numbers, in most functions; of a long axis
EXTREMES = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    1000.0,
    -1000.0,
    1e-8,
    5e-324,
    -1e-310,
    1e-200,
    1e200,
    -1.7e308,
    np.inf,
    -np.inf,
    np.nan,
]
TABLES = [lines.EXPRESSIONS] * 4 + [lines.WRITING] * 4 + [lines.VIEWS] * 2 + [lines.BLOCKS] * 3 + [lines.UPDATES]
SMOOTH = [
    *LINES,
    "softmax({x})",
    "logsumexp({x} * 100)",
    "relu({x}) + 0.1 * {y}",
    "np.where({x} > 0.1, {x}, {y})",
    "scaled({x}, 0.5, shift={y})",
    "sum(np.sin(row) for row in {x})",
    "[{x}, {y}][1] * RATE",
]
_SQUARES_ITS_AXES = re.compile(
    r"None|outer|einsum|@|dot|expand|-1, 1\)|tri|eye|stack|row|range\(len|pad|tile|broadcast|\.T"
)


@dataclass(frozen=True)
class Slot:
    """A number or an array among the arguments: its kind, and its axes."""

    kind: str
    axes: str = ""

    def draw(
        self, generator: np.random.Generator, sizes: dict[str, int], dtype: Any, layout: str, extreme: bool
    ) -> Any:
        """Draw the numbers."""
        shape = tuple(1 if axis == "1" else sizes[axis] for axis in self.axes)
        if self.kind == "flag":
            return bool(generator.integers(2))
        if self.kind == "count":
            return int(generator.integers(4))
        if self.kind == "integers":
            x = generator.integers(0, 5, shape)
        elif self.kind == "mask":
            x = generator.random(shape) > 0.5
        else:
            x = generator.choice(EXTREMES, shape) if extreme else np.round(generator.uniform(-2, 2, shape), 3)
            x = np.asarray(x).astype(dtype)
        if self.kind == "number":
            return x.item() if layout == "C" else x[()]
        return LAYOUTS[layout](x) if shape else np.array(x)


def _mapped(function: Any, x: Any) -> Any:
    """Put something in the place of each leaf of an argument."""
    if isinstance(x, dict):
        return {key: _mapped(function, child) for key, child in x.items()}
    if isinstance(x, (list, tuple)):
        children = [_mapped(function, child) for child in x]
        return type(x)(*children) if hasattr(x, "_fields") else type(x)(children)
    return function(x)


def protected(x: Any) -> Any:
    """The same arguments, their arrays read-only."""

    def view(x: Any) -> Any:
        if isinstance(x, np.ndarray):
            x = x.view()
            x.flags.writeable = False
        return x

    return _mapped(view, x)


class Written:
    """A function as people write it, and what it is called with.

    source: of a module that defines `program`
    """

    def __init__(self, seed: int) -> None:
        self.seed, self.dice = seed, random.Random(seed)
        self.large, self.extreme = self.dice.random() < 0.005, self.dice.random() < 0.1
        self.names: list[str] = []
        self.blocks: list[str] = []
        self.parameters = self._parameters()
        self.loss = self._loss()
        self.nested = self.dice.random() < 0.3
        self.env = self._started()
        for _ in range(self.dice.randint(1, 4 if self.large else 9)):
            self._add_block()
        self.end = self._fill(self.dice.choice(lines.RESULTS))

    # ---- what it is called with

    def _parameters(self) -> dict[str, Any]:
        """Draw the parameters, as trees of slots by name."""
        flat = ["", "n", "n"]
        axes = flat if self.large else [*flat, "nm", "nm", "nm", "m", "1m", "n1", "mn", "nmn"]

        def array() -> Slot:
            return Slot("array", self.dice.choice(axes))

        found: dict[str, Any] = {}
        names = self.dice.sample([name for name in lines.NAMES if name != "_"], 4)
        for name in names[: self.dice.randint(1, 3)]:
            found[name] = array()
        tree = self.dice.choice([None, None, "dict", "list", "pair"])
        if tree == "dict":
            found[names[3]] = {ast.literal_eval(key): array() for key in self.dice.sample(lines.KEYS, 2)}
        elif tree is not None:
            found[names[3]] = [array(), array()] if tree == "list" else (array(), array())
        found |= {"s": Slot("number"), "n": Slot("count"), "flag": Slot("flag")}
        if self.dice.random() < 0.3:
            found["rows"] = Slot("integers", self.dice.choice(["n", "m", ""]))
        if self.dice.random() < 0.3:
            found["chosen"] = Slot("mask", self.dice.choice(["n", "nm"][: 1 if self.large else 2]))
        return found

    def arguments(self, call: int) -> list[Any]:
        """The arguments of the k-th call: the first two and the last are of the same kinds."""
        call = 0 if call == 5 else call
        kinds = np.random.default_rng([self.seed, call if call in (2, 3) else 0])
        generator = np.random.default_rng([self.seed, 10 + call])
        sizes = {"n": MANY if self.large else 2, "m": 3}
        if call == 3:
            sizes = {"n": MANY + 77 if self.large else int(kinds.integers(5)), "m": int(kinds.integers(5))}
        rare = [np.int64, np.int32, np.float16, np.bool_] if kinds.random() < (0.5 if call == 2 else 0.15) else []
        dtypes = [np.float64] * 6 + [np.float32] * 3 + rare
        other = kinds.random() < (0.9 if call == 2 else 0.3)

        def draw(slot: Slot) -> Any:
            dtype = dtypes[kinds.integers(len(dtypes))]
            layout = [*LAYOUTS][kinds.integers(len(LAYOUTS))] if other else "C"
            if slot.kind == "number":
                dtype = [np.float64, np.float64, np.float64, np.float32, np.int64][kinds.integers(5)]
                layout = "F" if (call == 4) != (kinds.random() < 0.2) else "C"
            return slot.draw(generator, sizes, dtype, layout, self.extreme and kinds.random() < 0.5)

        with np.errstate(all="ignore"):
            return [_mapped(draw, x) for x in self.parameters.values()]

    # ---- what it says

    def _loss(self) -> str:
        """Draw a function of two arrays that gives one number."""
        names, body = ["w", "x"], []
        for k in range(self.dice.randint(1, 3)):
            x, y = self.dice.choice(names[-2:]), self.dice.choice(names)
            body.append(f"y{k} = " + self.dice.choice(SMOOTH).format(x=x, y=y))
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
        """Put names and numbers into a line; None if there is nothing to put there."""
        chosen = dict(new or {})
        given = [*_places(self.parameters)]
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


def _places(parameters: dict[str, Any]) -> Any:
    """The expressions under which a function finds the numbers that it is given; small integers and flags aside."""
    for name, x in parameters.items():
        if isinstance(x, dict):
            yield from (f"{name}[{key!r}]" for key in x)
        elif isinstance(x, (list, tuple)):
            yield from (f"{name}[{k}]" for k in range(len(x)))
        elif x.kind not in ("flag", "count"):
            yield name


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


class _Moving(ast.NodeTransformer):
    """Has every value that a function names or returns moved by a rounding."""

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        node.value = _call(self.visit(node.value))
        return node

    visit_Return = visit_Assign

    def visit_AugAssign(self, node: ast.AugAssign) -> Any:
        node.value = _call(self.visit(node.value))
        if not isinstance(node.target, ast.Name):
            return node
        again = ast.Assign([node.target], _call(ast.Name(node.target.id, ast.Load())))
        return [node, again]


def _call(value: ast.expr) -> ast.expr:
    return ast.Call(ast.Name("moved_", ast.Load()), [value], [])


def moving(source: str, generator: np.random.Generator) -> Any:
    """The function, with every value that it makes moved by as much as it is rounded."""

    def moved(z: Any) -> Any:
        if isinstance(z, (np.ndarray, np.floating, float, tg.Value)) and np.result_type(z).kind == "f":
            dtype = np.result_type(z)
            factor = (1 + np.finfo(dtype).eps * generator.choice([-1.0, 1.0], np.shape(z))).astype(dtype)[()]
            if not isinstance(z, np.ndarray):
                return float(z * factor) if type(z) is float else z * factor
            if z.base is None and z.flags.writeable:
                z *= factor
        return z

    tree = _Moving().visit(ast.parse(source))
    names: dict[str, Any] = {"__name__": "written", "moved_": moved}
    exec(compile(ast.fix_missing_locations(tree), "<moving>", "exec"), names)
    return names["program"]
