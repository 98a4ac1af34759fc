"""The words that expressions know: functions, constants and operators, and what to write in place of others."""

import ast
from typing import Any

import numpy as np

from tinygrad_edu import functions as ours
from tinygrad_edu.core.rules import Function, table

ALLOWED = "write names, numbers, [lists], + - * / // % ** @, comparisons, and calls such as tanh(x)"
CONSTANTS = {"pi": np.float64(np.pi), "e": np.float64(np.e)}

# fmt: off
OPERATORS: dict[type[ast.AST], Function] = {
    ast.Add: np.add,        ast.Sub: np.subtract,          ast.Mult: np.multiply,      ast.USub: np.negative,
    ast.Div: np.divide,     ast.FloorDiv: np.floor_divide, ast.Mod: np.remainder,      ast.UAdd: np.positive,
    ast.Pow: np.power,      ast.MatMult: np.matmul,        ast.Eq: np.equal,           ast.NotEq: np.not_equal,
    ast.Lt: np.less,        ast.LtE: np.less_equal,        ast.Gt: np.greater,         ast.GtE: np.greater_equal,
}
PRODUCTS: tuple[Function, ...] = (np.matmul, np.dot, np.inner, np.outer, np.linalg.solve)
ALONG_AXIS: tuple[Function, ...] = (
    np.sum, np.mean, np.prod, np.max, np.min, np.ptp, np.var, np.std, np.cumsum, np.linalg.norm, np.sort, np.flip,
    np.diff, ours.softmax, ours.log_softmax, ours.logsumexp)
_OF_ONE = (
    *ALONG_AXIS, np.round, np.ravel, np.transpose, np.trace, np.tril, np.triu, np.linalg.det, np.linalg.inv,
    ours.relu, ours.leaky_relu, ours.sigmoid, ours.softplus, ours.gelu, ours.erf)

# What is said of signs and parts of Python that have no meaning here.
SIGNS = {
    "^": "a power is written **, as in x**2",      "²": "write **2",        "³": "write **3",     "√": "write sqrt(x)",
    "|": "write abs(x), or maximum(a, b)",         "&": "write (a > 0) * (b > 0)",                "π": "write pi",
    "−": "write a minus sign, -",                  "×": "write *",          "·": "write *",       "÷": "write /",
    ":": "a function is given as package.module:function or path/file.py:function",
    **dict.fromkeys("{}", "lists are written [1, 2]"),
    **dict.fromkeys("'\"", "names and numbers are written without quotes"),
}
_TOGETHER = "write a product, such as (a > 0) * (b > 0)"
FOREIGN: dict[type[ast.AST], tuple[str, str]] = {
    ast.Attribute: ("attribute access", "call functions as sin(x); one of a module is given as module:function"),
    ast.IfExp: ("a conditional", "write where(a > 0, x, y)"),
    ast.BoolOp: ("a logical operator", _TOGETHER),   ast.Compare: ("such a comparison", _TOGETHER),
    ast.UnaryOp: ("a logical operator", "write a == 0"),
    ast.ListComp: ("a comprehension", ALLOWED),      ast.GeneratorExp: ("a comprehension", ALLOWED),
    ast.BinOp: ("a shift", ALLOWED),                 ast.Starred: ("a star in front", ALLOWED),
}
INSTEAD = {
    "ln": "log(x)",                 "lg": "log10(x)",                   "sqr": "x**2",          "int": "trunc(x)",
    "sec": "1/cos(x)",              "csc": "1/sin(x)",                  "cot": "1/tan(x)",      "erfc": "1 - erf(x)",
    "silu": "x * sigmoid(x)",       "swish": "x * sigmoid(x)",          "logistic": "sigmoid(x)",
    "elu": "where(x > 0, x, expm1(x))",                                 "logit": "log(x / (1 - x))",
    "step": "heaviside(x, 0.5)",    "array": "[1, 2]",                  "average": "mean(x)",   "lse": "logsumexp(x)",
}
OF_MORE = {"max": "maximum(a, b)", "min": "minimum(a, b)", "sum": "a + b", "prod": "a * b", "log": "log(a) / log(b)",
           "norm": "hypot(a, b)", "where": "where(a > 0, x, y)", "clip": "clip(x, low, high)"}
# fmt: on


def _has_row(function: Function) -> bool:
    return function in table and table[function].substitute is None


def _takes_floats(ufunc: np.ufunc) -> bool:
    return "d" * ufunc.nin in {types.partition("->")[0] for types in ufunc.types}


def is_plain(function: Function) -> bool:
    """Whether what a function gives has no slope."""
    return function in table and table[function].nondifferentiable


# The table's ufuncs, by every name NumPy has for them, and others whose results are as easily foretold in size.
FUNCTIONS: dict[str, tuple[Any, int]] = {
    **{
        name: (f, f.nin) for name, f in vars(np).items() if isinstance(f, np.ufunc) and _has_row(f) and _takes_floats(f)
    },
    **{f.__name__: (f, count) for count, group in ((1, _OF_ONE), (2, PRODUCTS)) for f in group},
    "clip": (np.clip, 3),
    "where": (lambda c, x, y: np.where(np.not_equal(c, 0), x, y), 3),  # the table refuses a Value as a condition
}


def listed() -> list[tuple[str, str]]:
    """What expressions know, by kind, for whoever asks for help."""
    groups = {count: sorted(name for name, (_, n) in FUNCTIONS.items() if n == count) for count in (1, 2, 3)}
    along = sorted(function.__name__ for function in ALONG_AXIS)
    return [
        ("operators", "+ - * / // % ** @ == != < <= > >=, [lists], and (brackets)"),
        ("constants", " ".join(CONSTANTS)),
        ("f(x)", " ".join(name for name in groups[1] if name not in along)),
        ("f(x[, axis=0])", " ".join(along)),
        ("f(x, y)", " ".join(groups[2])),
        ("f(x, y, z)", "clip(x, low, high) where(condition, x, y)"),
    ]
