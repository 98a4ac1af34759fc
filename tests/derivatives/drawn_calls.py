"""Calls as anyone might write them, right and wrong: drawn argument by argument, from what is plausible for its name.

POOLS   for each name of a parameter what may be passed there
draw    one call of a function, with at least one array to draw in it
"""

import inspect
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_edu.core.rules import table
from tinygrad_edu.derivatives import padding
from tinygrad_edu.testing import A, above_one, of, positive, spread, unit
from tinygrad_edu.testing.calls import Arguments, Call

SHAPES = [(), (1,), (3,), (0,), (2, 3), (3, 2), (3, 3), (1, 3), (2, 1), (0, 3), (2, 3, 2), (2, 1, 3), (1, 2, 3)]
PARTNERS = [(), (3,), (3,), (2,), (2, 3), (3, 2), (3, 3), (1, 3), (2, 1), (2, 3, 2)]  # beside another array
OFTEN_OUT = 0.06  # how often `out=` is passed, and other keywords that are refused by name
PADDED_BY = sorted({*padding.KEYWORDS.values()} - {None})
OFTEN = 0.35  # how often an optional argument is passed
SPANS = {np.sqrt: positive, np.log: positive, np.arcsin: unit, np.arccos: unit, np.arctanh: unit, np.power: positive,
         np.log2: positive, np.log10: positive, np.float_power: positive, np.log1p: unit,
         np.arccosh: above_one}  # fmt: skip

AXIS = [None, 0, 1, -1, -2, 2, -3, 5, (0, 1), (1, 0), (0, 0), (), (1, -1), (0, 7), 1.0, "0", np.int64(1), [0]]
FLAGS = [True, False, 1, 0, None]
WHOLE = [0, 1, 2, -1, -2, 3, 5, True, 1.0, 1.5, "1", np.int64(1), None]
BOOLS = np.array([True, False, True])
MASK = np.array([[True, False, True], [False, False, True]])
ORDERS = ["C", "F", "A", "K", None, "X"]
PLACES = [
    *(0, 1, -1, 2, 3, -4, 1.0, True, None, "0", ..., slice(1, None), slice(None, None, -1), slice(5, 2), np.int64(1)),
    *([], [0], [2, 0, 2], [0, 5], [1.0], [True, False], [True, False, True], [[0, 1], [1, 0]], BOOLS, MASK),
    *(np.array([0, 1]), np.array([], int), np.array([], float), np.array([1], np.uint8), np.array(1), np.array(True)),
    *((), (0,), (0, 1), (0, 1, 0), (slice(None), 1), (..., 0), (None, 0), (0, None, ...), ([0, 1], [1, 0])),
    (0, 1, 2, 3),
    *(([0, 1], slice(None)), (slice(None), [True, False, True]), (np.array([[0], [1]]), [0, 1]), (..., ...), (1.0, 0)),
    *((0, [1]), (BOOLS, 0), (slice(None), None, [0]), ([0], slice(None), [1])),
]
SHAPES_GIVEN = [-1, 3, 6, 12, 0, (3, 2), (2, 3), (-1,), (3, -1), (-1, -1), (2, 2, 3), (), (1, -1), (0,), (0, -1),
                [3, 2], 2.0, (2.0, 3), "3", (4, 2, 3), (2, 3, 2)]  # fmt: skip
WEIGHTS = [None, [1.0, 2.0, 5.0], np.array([1.0, 2.0]), np.ones((2, 3)), np.ones((1, 3)), np.array([1, 2, 3]), 2.0,
           np.array([1.0, -1.0]), [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], np.ones((3, 2))]  # fmt: skip
WIDTHS = [0, 1, 2, (1, 2), ((1, 2),), ((1, 0), (0, 2)), ((0, 1), (2, 0), (1, 1)), [1, 2], 1.5, -1, (1, 2, 3), {},
          {0: 1}, {-1: (1, 2)}, {0: (0, 1), 1: 2}, np.array([1, 0]), "1", None, (1,)]  # fmt: skip
CUTS = [1, 2, 3, 0, -1, [1], [1, 2], (2, 1), [], [-1], [5], np.array([1, 2]), 1.0, 1.5, "1", None, [1.0], True]
CONDITIONS = [MASK, BOOLS, [True, False, True], [True, False], True, np.array(False), [1, 0, 1], [0.0, 2.0], [], MASK.T,
              np.ones((1, 3), bool), np.array([], bool), None]  # fmt: skip
SUBSCRIPTS = ["i", "i->", "ij->ji", "ij->", "ii", "ii->i", "ij->i", "...->...", "i...->...", "ij", "ji", "ij,jk->ik",
              "ij,jk", "i,i", "i,i->", "ij,j", "i,j->ij", "...i,...i", "ij,ij->ij", " ij , jk ", "ij->k", "ij,j->ii",
              "", ",", "->", "i->ij", "iJ,Jk", "i,->i", ",i", "ij,kj", "ijk->kji", "i j", "i.j",
              "ij->j..."]  # fmt: skip
DTYPES = [None, np.float32, np.float64, "f4", float, int, np.int32, bool, complex, "nonsense", np.longdouble]

NUMBERS_3 = np.array([1.0, 2.0, 0.5])
POOLS: dict[str, list[Any]] = {
    "axis": AXIS,
    "axes": [None, *AXIS, 2, (0, 2, 1), [1, 0], (1,), ([0], [0]), ([1], [0]), (0, 1), ([0, 1], [0, 1]), (-1, 0)],
    "axis1": WHOLE, "axis2": WHOLE,
    "source": [*AXIS, [0, 1]], "destination": [*AXIS, [1, 0]],
    "keepdims": FLAGS, "copy": FLAGS, "subok": [False, True], "returned": FLAGS, "optimize": [True, False, "greedy"],
    "ddof": [0, 1, 2, 3, 7, -1, 0.5, None, "1"], "correction": [0, 1, 2], "mean": [np.array(0.5)],
    "initial": [0.0, 1.0, None], "where": [True, False, BOOLS, MASK], "out": [None, np.empty(3), np.empty(())],
    "dtype": DTYPES, "casting": ["same_kind", "unsafe", "no"], "order": ORDERS, "device": [None, "cpu"],
    "decimals": [0, 1, -1, 2, 1.0, None, "1"], "kind": [None, "stable", "quicksort"], "stable": [None, True, False],
    "k": WHOLE, "n": WHOLE, "offset": WHOLE,
    "shift": [0, 1, -1, 5, (1, 2), [1], (1, 1, 1), 1.0, "1", np.array([1, 2])],
    "shape": SHAPES_GIVEN, "newshape": SHAPES_GIVEN,
    "indices": [i for i in PLACES if not isinstance(i, slice)], "b": PLACES, "mode": ["raise", "wrap", "clip"],
    "condition": CONDITIONS, "weights": WEIGHTS, "prepend": [0.0], "append": [0.0],
    "indices_or_sections": CUTS,
    "repeats": [0, 1, 2, -1, [1, 2, 0], (2, 1), np.array([1, 1, 2]), 1.0, None, [2], "2", True],
    "reps": [0, 1, 2, -1, (2, 1), (1, 2, 3), (), [2], 1.0, (1.5,), None, "2", np.array([2, 1]), (-1, 2), True],
    "end_values": [0, 1.5, (1, 2), None, (1, 2, 3)],
    "stat_length": [None, 1, 2, (1, 3), ((1, 2), (2, 1)), 1.4, (1, 2, 3)],
    "reflect_type": ["odd", "even", None],
    "pad_width": WIDTHS, "constant_values": [0, 1.5, (1, 2), ((1, 2), (3, 4)), [1.0], "1", None, (1, 2, 3), np.nan],
    "ord": [None, 1, 2, 3, -1, -2, 0, 0.5, np.inf, -np.inf, "fro", "nuc", "other"],
    "a_min": [None, 0.0, -1, 0.5, [0.0, 0.1, 0.2], np.array([[0.0], [0.5]]), np.nan, "0", True],
    "a_max": [None, 1.0, 0, 0.5, [0.5, 1.0, 0.2], np.array(0.5), np.array([1, 2]), np.nan],
    "min": [None, 0.0, -1], "max": [None, 1.0, np.array([0.5, 1.0, 2.0])],
    "atol": [1e-8], "rtol": [1e-5], "equal_nan": [True, False], "side": ["left", "right"],
    "eps": [1e-5, 0.5],
    "num": [3, 0, 1, 2.0, -1], "endpoint": FLAGS, "retstep": [False, True], "base": [2.0, 10], "sparse": FLAGS,
    "indexing": ["xy", "ij", "z"], "return_index": FLAGS, "return_inverse": FLAGS, "return_counts": FLAGS,
    "sorted": [True], "N": [None, 2, 0, -1, 4], "increasing": FLAGS, "m": [0, 1, 2, -1], "deg": [0, 1, 2, -1],
    "full": [False], "w": [None, NUMBERS_3], "cov": [False],
    "func1d": [np.sum, np.cumsum, np.max], "func": [np.sum, np.max, np.cumsum],
    "funclist": [[np.sin, 2.0], [np.exp], []],
    "condlist": [[BOOLS], MASK, BOOLS, [BOOLS, ~BOOLS]],
    "q": [0.5, 0.3, [0.25, 1.0], np.array([[0.1], [0.9]]), 0, 1.5, [], "x"], "overwrite_input": [False],
    "method": ["linear", "lower", "hazen", "median_unbiased", "inverted_cdf", "nearest", "midpoint", "other"],
    "interpolation": [None], "rowvar": FLAGS, "bias": [True, False], "fweights": [None, [1, 2, 3], [1.5, 1.0, 1.0]],
    "aweights": [None, [0.5, 1.0, 2.0], [-1.0, 1.0, 1.0]], "minlength": [0, 5, -1],
    "nan": [0.0, 2.0], "posinf": [None, 5.0], "neginf": [None, -5.0],
    "include_initial": FLAGS, "edge_order": [1, 2, 3], "period": [None, 1.5, 0, -2.0], "discont": [None, 0.5],
    "dx": [1.0, 0.5, 2], "to_end": [None, 1.0, [1.0, 2.0]], "to_begin": [None, 1.0, [1.0, 2.0]],
    "left": [None, 1.0], "right": [None, 2.0], "trim": ["f", "b", "fb", "x"], "start": WHOLE, "obj": [*PLACES],
    "new_shape": SHAPES_GIVEN, "window_shape": [1, 2, (1, 2), (2,), 5, (1, 1), 0], "kth": [0, 1, 2, -1, (0, 1), 7],
    "UPLO": ["L", "U", "l", "u", "X", None], "upper": FLAGS, "hermitian": [False, True], "full_matrices": FLAGS,
    "compute_uv": FLAGS, "p": [None, 1, 2, 3, -1, -2, np.inf, -np.inf, "fro", "nuc", "other"], "ind": WHOLE,
    "rcond": [None, 0.1, 1e-10, "1"], "axisa": AXIS, "axisb": AXIS, "axisc": AXIS,
}  # fmt: skip
OWN: dict[Any, dict[str, Any]] = {  # a function's own pools; none for an array where the name says otherwise
    **{function: {"p": None} for function in (np.unwrap, np.polyval, np.polyder, np.polyint)},
    np.pad: {"mode": [*padding.KEYWORDS, "empty", "other"]},
    np.rot90: {"axes": [(0, 1), (1, 0), (0, 2), (-1, 0), (0, 0), (0,), (0, 5), [0, 1], (-1, -2), (1, -1), (0, 1, 2)]},
    np.einsum: {"subscripts": SUBSCRIPTS},
    np.interp: {"xp": [np.array([0.5, 1.0, 2.0]), [0.0, 0.5, 2.0], [0.0, 1.0], 1.0, np.ones((2, 3)), []]},
    np.polyfit: {"deg": [0, -1]},  # of so few points NumPy warns that more is poorly conditioned
    np.linalg.qr: {"mode": ["reduced", "complete", "r", "raw", "full", "economic", "other", None]},
    np.linalg.pinv: {"rtol": [None, 0.1, 1e-10]},
    np.take: {"axis": [None, 0, 1, -1, -2, 2, -3, 1.0, (0,), "0"]},
    operator.getitem: {"b": PLACES},
    **{
        f: {"out": [None]}
        for f in (  # NumPy itself crashes where its shape is wrong
            np.cumsum,
            np.cumprod,
            np.cumulative_sum,
            np.cumulative_prod,
            np.nancumsum,
            np.nancumprod,
        )
    },
}
CONSTANTS = [2.0, -1, True, [1.0, 2.0, 3.0], [[1.0], [2.0]], np.array([2, 1, 3]), np.array([2, 1, 3], np.uint8), "x",
             None, BOOLS, np.ones((2, 3)), np.float32(1.5), 1j, np.ones(3, np.float32), [], np.ones((3, 1)), {},
             (1.0, 2.0, 3.0), np.array(2.0), np.array([1, 0, 2], np.int8), np.zeros((0, 3))]  # fmt: skip
ARRAYS = {"a", "p", "x", "x1", "x2", "arr", "v", "m", "ary", "array", "A", "b", "y", "val", "values", "to", "from_"}
SEQUENCES = {"arrays", "tup", "choicelist", "keys"}  # of arrays


# Of nothing, NumPy's make numbers out of what happens to stand in memory.
READ_BEYOND = {np.einsum, np.fft.irfft, np.fft.hfft, np.fft.irfft2, np.fft.irfftn}


class Drawing:
    """The drawing of one call."""

    def __init__(self, function: Callable[..., Any], generator: np.random.Generator) -> None:
        self.function, self.generator = function, generator
        self.span = SPANS.get(function, spread)
        safe = [s for s in SHAPES if 0 not in s]
        self.shape = self.pick(safe if function in READ_BEYOND else SHAPES)

    def pick(self, pool: Any) -> Any:
        """One of a pool."""
        return pool[self.generator.integers(len(pool))]

    def chance(self, p: float) -> bool:
        """True with this probability."""
        return bool(self.generator.random() < p)

    def array(self) -> A:
        """An array to draw, often of a shape that goes with that of the others."""
        shape = self.shape if self.chance(0.6) else self.pick([*PARTNERS, self.shape[1:], self.shape[::-1]])
        return A(*shape, span=self.span)

    def operand(self, first: bool) -> Any:
        """An array, or beside another one a constant."""
        return self.array() if first or self.chance(0.7) else self.pick(CONSTANTS)

    def sequence(self) -> Any:
        """A list, sometimes a tuple, of arrays."""
        many = [self.operand(i == 0) for i in range(self.pick([1, 2, 2, 2, 3]))]
        return tuple(many) if self.chance(0.3) else many

    def argument(self, name: str, first: bool) -> Any:
        """What to pass for a parameter of this name."""
        own = OWN.get(self.function, {})
        if name in own:
            return self.pick(own[name]) if own[name] else self.operand(first)
        if name in SEQUENCES:
            return self.sequence()
        if name in ARRAYS:
            return self.operand(first)
        return self.pick(POOLS[name]) if name in POOLS else self.operand(first)

    def arguments(self) -> Arguments:
        """The arguments of one call."""
        if isinstance(self.function, np.ufunc):
            return self.of_ufunc()
        if self.function is np.einsum:
            return of(self.argument("subscripts", False), *self.sequence())
        if self.function is np.select:
            choices = self.sequence()
            conditions = [self.pick(CONDITIONS) for _ in choices]
            return of(conditions, choices, *([self.pick([0, 1.5, "x"])] if self.chance(0.3) else []))
        positional: list[Any] = []
        named: dict[str, Any] = {}
        first, by_position = True, True
        for parameter in inspect.signature(self.function).parameters.values():
            name, kind = parameter.name, parameter.kind
            if kind is parameter.VAR_POSITIONAL:
                positional += self.sequence()
            elif kind is parameter.VAR_KEYWORD:
                for key in PADDED_BY if self.function is np.pad else ():
                    if self.chance(OFTEN / len(PADDED_BY)):
                        named[key] = self.argument(key, False)
            elif parameter.default is parameter.empty or self.chance(self.how_often(name)):
                given = self.argument(name, first)
                first = first and not isinstance(given, A)
                by_position = by_position and kind is not parameter.KEYWORD_ONLY
                by_position &= kind is parameter.POSITIONAL_ONLY or self.chance(0.85)
                if by_position or kind is parameter.POSITIONAL_ONLY:
                    positional.append(given)
                else:
                    named[name] = given
            else:
                by_position = False
        return Arguments(tuple(positional), named)

    def how_often(self, name: str) -> float:
        """How often an optional argument is passed."""
        return (
            OFTEN_OUT if name in ("out", "dtype", "casting", "where", "subok", "initial", "mean", "device") else OFTEN
        )

    def of_ufunc(self) -> Arguments:
        """The arguments of one call of a ufunc."""
        first = self.generator.integers(self.function.nin)
        given = [self.operand(i == first) for i in range(self.function.nin)]
        refused = () if table[self.function].nondifferentiable else ("out", "where", "dtype")
        named = {key: self.pick(POOLS[key]) for key in refused if self.chance(OFTEN_OUT / 2)}
        if self.function.signature and self.chance(0.1):
            named["axis"] = self.pick(AXIS)
        return Arguments(tuple(given), named)


def draw(function: Callable[..., Any], generator: np.random.Generator) -> Call:
    """A call of `function` that has an array to draw."""
    while True:
        call = Call(function, *Drawing(function, generator).arguments())
        if call.places:
            return call


METHODS = {  # which function says what the arguments of a method are; where they differ, which they are
    **{name: getattr(np, name) for name in (
        *("sum", "mean", "prod", "cumsum", "max", "min", "var", "std", "argmax", "argmin", "argsort", "nonzero"),
        *("cumprod", "argpartition", "clip"),
        *("any", "all", "round", "ravel", "squeeze", "swapaxes", "repeat", "take", "diagonal", "trace", "dot", "copy"),
    )},
    "flatten": np.ravel, "reshape": np.reshape, "transpose": np.transpose,
}  # fmt: skip


NOT_OF_METHODS = ("out", "dtype", "subok", "copy", "correction", "a_min", "a_max")


def draw_method(name: str, generator: np.random.Generator) -> Call:
    """A call of the method of this name: what it must have by position, what else it may have by keyword."""
    function = METHODS[name]
    names = [*inspect.signature(function).parameters]
    given = Drawing(function, generator).arguments()
    named = {**dict(zip(names, given.positional, strict=False)), **given.named}
    array = A(*SHAPES[generator.integers(len(SHAPES))], span=spread)
    ahead = ["shape", "axes", "indices", "repeats", "b", "kth", *(["axis1", "axis2"] if name == "swapaxes" else [])]
    positional = [named.pop(key) for key in ahead if key in named]
    kept = {key: x for key, x in named.items() if key not in (names[0], *NOT_OF_METHODS)}
    return Call(Method(name), (array, *positional), kept)


class Method:
    """A method as a function."""

    def __init__(self, name: str) -> None:
        self.__name__ = name

    def __call__(self, x: Any, *arguments: Any, **keywords: Any) -> Any:
        """Call the method of `x`."""
        return getattr(x, self.__name__)(*arguments, **keywords)
