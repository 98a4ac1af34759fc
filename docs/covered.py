"""Writes docs/coverage.md, what becomes of each public name of NumPy's: ``python docs/covered.py``, from the root.

name   what users write after ``np.`` (of a method, after ``x.``)
kind   what becomes of it, one of KINDS
row    what the table says of a function
"""

import ast
import functools
import importlib
import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from scipy import special

import tinygrad_edu.scipy.special  # noqa: F401 - its rows
from docs import measured
from tinygrad_edu import Value
from tinygrad_edu.core.conversions import Conversions
from tinygrad_edu.core.rules import Each, Row, parameters, remedies, table
from tinygrad_edu.core.source_info import label
from tinygrad_edu.derivatives.arithmetic import flat

PAGE = Path(__file__).with_name("coverage.md")
MODULES = ("numpy", "numpy.linalg", "numpy.fft", "numpy.lib.stride_tricks", "numpy.lib.scimath")
KINDS = ("rule", "composed", "no slope", "construction", "refused")
CONSTRUCTION = frozenset((  # they take shapes and numbers of Python's, tell of types and settings, or read files
    "arange", "bartlett", "base_repr", "binary_repr", "blackman", "broadcast_shapes", "datetime_data",
    "diag_indices", "empty", "eye", "fft.fftfreq", "fft.rfftfreq", "format_float_positional",
    "format_float_scientific", "fromfile", "fromfunction", "fromregex", "fromstring", "genfromtxt", "get_include",
    "get_printoptions", "getbufsize", "geterr", "geterrcall", "hamming", "hanning", "identity", "indices", "info",
    "isdtype", "isfortran", "isscalar", "issubdtype", "iterable", "load", "loadtxt", "mask_indices", "mintypecode",
    "ones", "printoptions", "promote_types", "set_printoptions", "setbufsize", "seterr", "seterrcall",
    "show_config", "show_runtime", "test", "tri", "tril_indices", "triu_indices", "typename", "zeros",
))  # fmt: skip
INTRODUCTION = """# What becomes of NumPy

Every public name of {modules},
and every method of arrays, for NumPy {version}; made from the table of derivatives itself by `python docs/covered.py`.

Rules stand as they are written in `tinygrad_edu/derivatives/`: `g` is the cotangent, `z` the output, and
the other letters are inputs. Where a function has several inputs, "·" stands between their rules, and – for an input
that must not be a Value. What is composed of other functions has their slopes. Keywords behind "not" are refused by
name where a Value is involved, and so are all of a ufunc's (`out`, `where`, `dtype`, `casting` …) that are not listed.
Under "error" stands how far slopes are from the exact ones, at the worst of some hundred points over the float range,
in ulps (the distance of neighbouring floats), and behind "of" how far the function itself is: both are measured with
mpmath (`docs/measured.py`), where exact slopes are between 1e-300 and 1e300.
What stands under "at kinks" is derived from [the conventions](conventions.md). Functions take [complex
numbers](complex.md) as well, but for those of which the last column says what to write instead.

"""
OF_SCIPY = """They are found when SciPy is imported, and [derived](special_functions.md) on a page of their own, with
functions of `tg.scipy`. Other functions of SciPy's are refused, unless you give them a row.

"""
TITLES = {
    "rule": "Differentiated, by a rule",
    "composed": "Differentiated, by what it is composed of",
    "no slope": "Without slope: it runs on the numbers, and its result is plain",
    "construction": "Of shapes, types, settings and files: no Value is passed there",
    "refused": "Refused, with what to write instead",
}


def public() -> Iterator[tuple[str, Any]]:
    """The public names of NumPy's modules, and what they stand for."""
    for path in MODULES:
        module = importlib.import_module(path)
        names = getattr(module, "__all__", None) or [name for name in vars(module) if not name.startswith("_")]
        for name in sorted(names):
            yield f"{path}.{name}".partition(".")[2], getattr(module, name)


def kind_of(name: str, what: Any) -> str | None:
    """What becomes of a public name; None if nothing says so."""
    row = table.get(what) if callable(what) and not inspect.isclass(what) else None
    if row is not None:
        return "rule" if row.rules else "composed" if row.substitute else "no slope"
    if name == "row_stack":  # np.vstack, under a name that warns
        return "composed"
    if f"np.{name}" in remedies:
        return "refused"
    return "construction" if name in CONSTRUCTION or inspect.isclass(what) or not callable(what) else None


@functools.cache
def _lambdas(path: str) -> list[ast.Lambda]:
    """The lambdas of a file."""
    return [node for node in ast.walk(ast.parse(Path(path).read_text("utf-8"))) if isinstance(node, ast.Lambda)]


def text_of(function: Callable[..., Any]) -> str:
    """What a rule or a substitute computes: the text of a lambda, or what the docstring says."""
    code = inspect.unwrap(function).__code__
    if function is flat:
        return "`0.0`"
    if function.__doc__:
        return " ".join(function.__doc__.partition("\n\n")[0].split())
    places = [(line, column) for line, _, column, _ in code.co_positions() if line and column]
    for node in _lambdas(code.co_filename):
        end = (node.end_lineno or 0, node.end_col_offset or 0)
        if node.lineno == code.co_firstlineno and all((node.lineno, node.col_offset) <= p <= end for p in places):
            return f"`{ast.unparse(node.body)}`"
    return ""


def rule_of(row: Row) -> str:
    """The rules of a row, one for each input."""
    if isinstance(row.rules, Each):
        return text_of(row.rules.rule)
    return " · ".join("–" if rule is None else text_of(rule) for rule in row.rules)


def keywords_of(function: Any, row: Row) -> str:
    """The keywords that a function may be called with, and those that it may not."""
    if isinstance(function, np.ufunc):
        return ", ".join(sorted(row.keywords))
    taken = inspect.signature(row.substitute).parameters if row.substitute else row.keywords
    arrays = 1 if isinstance(row.rules, Each) else len(row.rules)
    optional = [name for name, default in parameters(function).items() if default is not inspect.Parameter.empty]
    named = [name for name in [*parameters(function)][arrays:] if name in optional or row.rules]
    refused = ", ".join(name for name in named if name not in taken)
    known = ", ".join(name for name in named if name in taken)
    return "; ".join(filter(None, [known, refused and f"not {refused}"]))


@functools.cache
def kinks() -> dict[str, str]:
    """For each function in conventions.md, what its slope is where it has none."""
    found: dict[str, list[str]] = {}
    operators = {"abs(x)": "absolute", "x % 1": "remainder"}
    for line in (PAGE.parent / "conventions.md").read_text("utf-8").splitlines():
        if line.startswith("| `"):
            text, at, slope = line.split(" | ")[:3]
            text = text.strip("| `")
            name = operators.get(text) or "power" if "**" in text or text in operators else text
            written = re.search(r"np\.([\w.]+)\(", name)
            found.setdefault(written[1] if written else name, []).append(f"{slope} at {at}: `{text}`")
    return {name: "; ".join(said) for name, said in found.items()}


def error_of(what: Any) -> str:
    """The largest measured errors of slope and function, in ulps; of several results, of each."""
    errors = [measured.measured(part) for part in measured.PARTS.get(what, (what,)) if part in measured.EXACT]
    return ", ".join(f"{each.slope:.1f} of {each.value:.1f}" for each in errors)


def of_scipy() -> Iterator[list[str]]:
    """A row for each ufunc of `scipy.special` that has one of ours."""
    for name, what in sorted(vars(special).items()):
        row = table.get(what) if isinstance(what, np.ufunc) and getattr(np, name, None) is not what else None
        rules = [rule for rule in row.rules if rule] if row and isinstance(row.rules, tuple) else []
        if row and rules and rules[0].__module__.startswith("tinygrad_edu"):
            shown = f"`scipy.special.{name}`"
            if what.__name__ != name:
                yield [shown, f"as `scipy.special.{what.__name__}`", "", ""]
            else:
                kink = "0 at 0, where it has a kink" if row.kink else ""
                yield [shown, rule_of(row), kink, error_of(what)]


def cells(kind: str, name: str, what: Any) -> list[str]:
    """The cells of a name's row in the table of its kind."""
    if kind == "refused":
        return [f"`np.{name}`", remedies[f"np.{name}"]]
    if what not in table or label(what) != f"np.{name}":
        return [f"`np.{name}`", f"as `{label(what if what in table else np.vstack)}`", "", "", "", ""]
    row = table[what]
    said = rule_of(row) if row.rules else text_of(row.substitute)  # type: ignore[arg-type]
    return [f"`np.{name}`", said, keywords_of(what, row), kinks().get(name, ""), error_of(what), row.real]


def methods() -> Iterator[list[str]]:
    """A row for each attribute of arrays: what it is of a Value."""
    for name in dir(np.ndarray):
        if not name.startswith("_"):
            lacking = vars(Conversions).get(name)
            own = inspect.getattr_static(Value, name)
            if own is lacking:
                try:
                    getattr(Value(1.0), name)
                except AttributeError as error:
                    yield [f"`x.{name}`", f"refused: {str(error).partition('; ')[2]}"]
            else:
                said = own.fget.__doc__ if isinstance(own, property) and not own.__doc__ else own.__doc__
                yield [f"`x.{name}`", (said or "").partition("\n")[0]]


def lines(heads: list[str], rows: Iterator[list[str]] | list[list[str]]) -> str:
    """A table in Markdown."""
    shown = [" | ".join(cell.replace("|", "\\|") for cell in row) for row in rows]
    return "\n".join([f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}", *(f"| {row} |" for row in shown)]) + "\n"


def page() -> str:
    """The page."""
    version = ".".join(np.__version__.split(".")[:2])
    text = INTRODUCTION.format(modules=", ".join(f"`{path}`" for path in MODULES), version=version)
    found: dict[str, list[tuple[str, Any]]] = {kind: [] for kind in KINDS}
    for name, what in public():
        found[kind_of(name, what) or "refused"].append((name, what))
    for kind, entries in found.items():
        text += f"## {TITLES[kind]}\n\n"
        if kind in ("no slope", "construction"):
            text += f"{', '.join(f'`np.{name}`' for name, _ in entries)}.\n\n"
        else:
            ruled = ["function", "slope", "keywords", "at kinks", "error", "of complex numbers"]
            heads = ["function", "write instead"] if kind == "refused" else ruled
            text += lines(heads, [cells(kind, *entry) for entry in entries]) + "\n"
    text += f"## Of `scipy.special`\n\n{OF_SCIPY}"
    text += lines(["function", "slope", "at kinks", "error"], of_scipy()) + "\n"
    return text + "## Methods and attributes of arrays\n\n" + lines(["", "of a Value"], methods())


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
