"""The table of calculus: one row for each function that a recorded number may meet.

A function stands in the table in one of three ways, each entered by one call:

derivative         it has a rule for each array it takes
compose            it has a substitute, written with other functions of the table
nondifferentiable  it has no slope (comparisons, shapes, indices): it runs on the numbers and is not recorded
"""

import functools
import importlib
import inspect
import itertools
import sys
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeVar

import numpy as np

from tinygrad_edu.core.results import Layout
from tinygrad_edu.core.source_info import label

Array = Any  # a number or an array, of any library that speaks NumPy's protocols, or a Value
Rule = Callable[..., Array]  # rule(g, z, *inputs, **keywords): the share of g that one input gets
Function = Callable[..., Any]
AnyFunction = TypeVar("AnyFunction", bound=Function)
Inputs = tuple[Any, ...]  # of a call, what stands in its places
Keywords = Mapping[str, Any]  # and what it is given by name
NO_KEYWORDS: Keywords = MappingProxyType({})


class Each:
    """One rule for every input of a function that takes any number of them; its first argument is which, `i`.

    `ahead` says what stands before them, if anything does; `reordered` makes that form of the arguments out of others.
    """

    def __init__(self, rule: Rule, ahead: str = "", reordered: Function | None = None) -> None:
        self.rule, self.ahead, self.reordered = rule, ahead, reordered

    def __getitem__(self, i: int) -> Any:
        return None if self.ahead and i == 0 else functools.partial(self.rule, i)


@dataclass(frozen=True, slots=True)
class Row:
    """What the table says of one function."""

    rules: tuple[Any, ...] | Each = ()  # one for each array it takes; None where a Value may not stand
    keywords: frozenset[str] = frozenset()  # those it may be called with
    selects: bool = False
    opaque: bool = False
    kink: Function | None = None  # kink(z, *inputs, **keywords): where there is a slope on each side, but not one
    results: int = 1
    joined: Function | None = None  # of a function with several results, the one that gives them in one flat array
    unrolled: Function | None = None  # of an entry that stands for many: it records them, for the same inputs
    substitute: Function | None = None
    nondifferentiable: bool = False
    real: str = ""  # of a function of real numbers only: what to write for complex ones
    quick: bool = False  # whether it is a ufunc with a rule for every input, and may run without further questions


table: dict[Function, Row] = {}
remedies: dict[str, str] = {}  # what to write instead of functions without a row, by their names, as in "np.put"
later: dict[str, str] = {}  # the modules of other libraries, and those that enter rows for them


def find(function: Function) -> Row | None:
    """The row of a function, if it has one.

    Rows of another library are entered when a function is first looked for that has none, and the library is there:
    so it may be imported before or after this package, and costs nothing before it is used. Rows that are there stay.
    """
    if function not in table:
        for library in [name for name in later if name in sys.modules]:
            own = dict(table)
            importlib.import_module(later[library])
            table.update(own)
            later.pop(library, None)
    return table.get(function)


def derivative(
    function: Function,
    *rules: Rule | Each | None,
    selects: bool = False,
    opaque: bool = False,
    kink: Function | None = None,
    results: int = 1,
    real: str = "",
) -> None:
    """Add a row to the table: how `function` passes a cotangent on to each of its inputs.

    Each rule is called as ``rule(g, z, *inputs, **keywords)``: the cotangent `g` and output `z`,
    both of the output's shape, then the inputs as they were given. It returns ``g · ∂z/∂input``;
    broadcasting and dtype are undone for it. Its keyword-only parameters are the keywords that the
    function may be called with. ``None`` stands for an input that must not be a Value, such as an
    index. Write rules in NumPy, and they can be differentiated again.

    >>> import numpy as np, tinygrad_edu as tg
    >>> def cubed(x): return x * x * x
    >>> cubed = tg.primitive(cubed)
    >>> tg.derivative(cubed, lambda g, z, x: g * 3 * x ** 2)
    >>> tg.grad(cubed)(2.0)
    np.float64(12.0)

    Args:
        function: a ufunc or another function of NumPy's, or a `primitive`.
        rules: one for each array that the function takes.
        selects: it chooses between elements, or only lays them out anew: what it leaves out has slope 0.
        opaque: compiled programs call this primitive as it stands, whatever goes on inside, and hold while what it
            returns is of the shape and dtype that it was. One that takes `out`, where to write, at the end goes
            element by element.
        kink: ``kink(z, *inputs, **keywords)``: where the slope of one side is not that of the other, so that the
            rules give one between them. Second derivatives are then the mean of both sides.
        results: how many arrays it returns, in a tuple; if several, `g` and `z` are such tuples, too, and the
            cotangent of a result that was not used is zero.
        real: of a function that must not be called with complex numbers, what to write for those. For any other, rules
            hold for them, too: ``g · ∂z/∂input`` of a holomorphic function is nothing else; docs/complex.md has more.

    Source: the chain rule; one row a function as in HIPS autograd's and DiffRules.jl's tables.

    Raises:
        TypeError: no rule is given, one of them or `kink` cannot be called, or takes another number of arguments; or
            `results` is not the number of several results.
    """
    given = [rule for rule in rules if rule is not None]
    if not given or not all(callable(rule) or isinstance(rule, Each) for rule in given):
        got = ", ".join(map(repr, rules)) or "no rules"
        raise TypeError(f"derivative({label(function)}, *rules): got {got}; give a function for each array, or None")
    first = given[0]
    code = getattr(first.rule if isinstance(first, Each) else first, "__code__", None)
    names = code.co_varnames[code.co_argcount :][: code.co_kwonlyargcount] if code else ()
    for rule in given:
        _check_count(function, rule, len(rules), names)
    if not isinstance(results, int) or results < 1 or (results > 1 and selects):
        what = f"results={results!r}" + (" of a function that selects" if selects else "")
        raise TypeError(f"derivative({label(function)}, *rules): {what}; give the number of arrays that it returns")
    if kink is not None and not callable(kink):
        raise TypeError(f"derivative({label(function)}, kink={kink!r}): give a function, kink(z, *inputs, **keywords)")
    joined = _joined(function) if results > 1 else None
    row = first if isinstance(first, Each) else rules
    table[function] = Row(
        row,
        frozenset(names),
        selects,
        opaque,
        kink,
        results,
        joined,
        real=real,
        quick=getattr(function, "nin", 0) == len(given) == len(rules)
        and results == 1
        and not (real and _computes_complex(function)),
    )


def _computes_complex(function: Function) -> bool:
    """Whether a ufunc computes with complex numbers, so that it does not refuse them itself."""
    return any("D" in kinds for kinds in getattr(function, "types", ()))


def _joined(function: Function) -> Function:
    """`function` with its results in one flat array, and a row of its own: that array is an entry like any other."""

    @functools.wraps(function)
    def joined(*inputs: Array, _layout: Layout, **keywords: Any) -> Array:
        return _layout.join(function(*inputs, **keywords))

    def rule(i: int, g: Array, z: Array, *inputs: Array, _layout: Layout, **keywords: Any) -> Array:
        return table[function].rules[i](_layout.cut(g), _layout.cut(z), *inputs, **keywords)

    def body(*inputs: Array, _layout: Layout, **keywords: Any) -> Array:
        return _layout.join(inspect.unwrap(function)(*inputs, **keywords))

    joined.__dict__["__wrapped__"] = body  # as of a primitive: what goes on inside
    table[joined] = Row(Each(rule))
    return joined


def _check_count(function: Function, rule: Any, count: int, keywords: tuple[str, ...]) -> None:
    """Make sure that a rule, if it is written in Python, takes g, z and `count` inputs beside its keywords."""
    code = getattr(rule, "__code__", None)
    if code is None or code.co_flags & inspect.CO_VARARGS:
        return
    names = code.co_varnames[isinstance(rule, types.MethodType) : code.co_argcount]
    least = {*names[: len(names) - len(rule.__defaults__ or ())]}.difference(keywords)
    if not len(least) <= 2 + count <= len({*names}.difference(keywords)):
        takes = f"a rule takes {', '.join(names) or 'nothing'}"
        wanted = f"it is called with g, z and {count} inputs, as many as there are rules; None stands for one without"
        raise TypeError(f"derivative({label(function)}, *rules): {takes}; {wanted}")


def compose(function: Function, real: str = "") -> Callable[[AnyFunction], AnyFunction]:
    """The decorator that enters a substitute: what `function` computes when it is given Values."""

    def enter(substitute: AnyFunction) -> AnyFunction:
        table[function] = Row(substitute=substitute, real=real)
        return substitute

    return enter


def nondifferentiable(*functions: Function) -> None:
    """Add rows for functions without slope: given Values, they run on the numbers."""
    for function in functions:
        table[function] = Row(nondifferentiable=True)


def is_opaque(function: Function) -> bool:
    """Whether tracers write down a call of `function`, not what goes on inside."""
    return function in table and table[function].opaque


def is_elementwise(function: Function) -> bool:
    """Whether a function of one number, for arrays of them, can be told where to write."""
    if isinstance(function, np.ufunc):
        return function.signature is None
    return is_opaque(function) and "out" in parameters(inspect.unwrap(function))


@functools.cache
def parameters(function: Function) -> dict[str, Any]:
    """The parameters of a function that have names, with their defaults."""
    known = inspect.signature(function).parameters.values()
    named = itertools.takewhile(lambda parameter: parameter.kind is not parameter.VAR_POSITIONAL, known)
    return {parameter.name: parameter.default for parameter in named}


def refuse(function: Function, problem: str, remedy: str) -> TypeError:
    """The error for what the table cannot do."""
    return TypeError(f"{label(function)}: {problem}; {remedy}")
