"""Numbers to run programs on, and how far two ways to compute the same may be apart.

node  a call of a program; value: what it gives; spread: how far that may be off
"""

import itertools
import math

import numpy as np
from hypothesis import strategies as st

from tinygrad_edu.compiler.codegen import scalar_table as scalars
from tinygrad_edu.compiler.ir import Node, assume

EXTREMES = [
    0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, 2.5, -3.0, 1e-8, 5e-324, -1e-310, 1e-200, -1e200, 1.7e308, 709.9, -746.0,
    1024.0, 2.0**53, 0.49999999999999994, math.inf, -math.inf, math.nan,
]  # fmt: skip
ORDINARY = [0.3, -0.7, 1.9, 1.1]

# NumPy's own loops keep within 4 units in the last place, the C library within 1; some formulas take three of them.
ULPS = 16
# np.square and np.reciprocal may stand for powers.
_EXACT = {
    *scalars.COMPARISONS, *scalars.TRUTHS, np.add, np.subtract, np.multiply, np.divide, np.negative, np.absolute,
    np.fabs, np.sqrt, np.copysign, np.isposinf, np.isneginf, np.nextafter, np.remainder, np.floor_divide, np.fmod,
    np.floor, np.ceil, np.trunc, np.rint, np.maximum, np.minimum, np.fmax, np.fmin, np.sign, np.heaviside, np.isnan,
    np.isinf, np.isfinite, np.signbit, np.where, np.max,
}  # fmt: skip

ordinary = st.floats(-4, 4).filter(lambda x: abs(x) > 1e-3 or x == 0)
anything = st.one_of(ordinary, st.sampled_from(EXTREMES), st.floats())


def own_spread(function, value, arguments):
    """How far two ways to compute a function of the same numbers may be apart."""
    if function in _EXACT:
        return 0.0
    largest = abs(value)
    if function in (np.logaddexp, np.logaddexp2):  # they add something to the larger one
        largest = max(largest, *map(abs, arguments))
    return ULPS * float(np.spacing(largest)) if math.isfinite(largest) else 0.0


def spreads(program, numbers):
    """Run a program node by node; give for each result how far off it may be, infinite where a branch is in doubt.

    Each node is run again with each operand moved by its spread: what comes of that adds to its own.
    """
    value = dict(zip(program.inputs, numbers, strict=True))
    spread = dict.fromkeys(program.inputs, 0.0)
    with np.errstate(all="ignore"):
        for node in program.nodes:
            if node.function is not assume:
                value[node], spread[node] = _run(node, value, spread)
    return [spread.get(x, 0.0) if isinstance(x, Node) else 0.0 for x in program.outputs]


def _run(node, value, spread):
    arguments = [value.get(x, x) if isinstance(x, Node) else x for x in node.arguments]
    result = node.function(*arguments, **node.keywords)
    moved = 0.0
    for (i, x), sign in itertools.product(enumerate(node.arguments), (1, -1)):
        if isinstance(x, Node) and spread[x] > 0:
            if np.asarray(arguments[i]).dtype == bool:
                return result, math.inf  # it is in doubt which way to go
            changed = [*arguments[:i], arguments[i] + sign * spread[x], *arguments[i + 1 :]]
            there = node.function(*changed, **node.keywords)
            apart = abs(float(there) - float(result))
            moved = max(moved, apart if apart == apart else 0.0)
    return result, 2 * moved + own_spread(node.function, float(result), arguments)


def agree(given, expected, spread):
    """Whether two numbers are the same, or as near as they can be; infinities and NaN are the same or not."""
    if type(given) is not type(expected):
        return False
    if math.isnan(expected) or math.isinf(expected) or spread == 0:
        return str(given) == str(expected)
    return abs(given - expected) <= spread
