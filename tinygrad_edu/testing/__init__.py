"""For tests of your own: `assert_gradient`, `check_derivative` for a new row, and strategies for hypothesis.

gradients   `assert_gradient`
domains     `between`, `line`, `positive`, `nonzero`, `unit`, `above_one`, `spread`, `regular` (matrices): where from
calls       `of(A(2, 3), axis=1)`: the arguments of a call, A an array to draw, C a complex one; `elementwise`
strategies  `shapes`, `broadcastable_shapes`, `dtypes`, `layouts`, `arrays`, `like`
programs    `programs`: random functions as source text
checks      `check_derivative`, made of `oracles` (slopes), `behaviour` (side effects) and `mutants` (of the domain)
"""

try:
    import hypothesis as hypothesis
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "tinygrad_edu.testing needs hypothesis; pip install 'tinygrad_edu[test]'", name="hypothesis"
    ) from error

from tinygrad_edu.testing.calls import (
    A,
    C,
    above_one,
    between,
    elementwise,
    line,
    nonzero,
    of,
    positive,
    regular,
    spread,
    unit,
)
from tinygrad_edu.testing.checks import check_derivative
from tinygrad_edu.testing.gradients import assert_gradient
from tinygrad_edu.testing.programs import Program, programs
from tinygrad_edu.testing.strategies import arrays, broadcastable_shapes, dtypes, layouts, like, shapes

__all__ = [
    "A",
    "C",
    "Program",
    "above_one",
    "arrays",
    "assert_gradient",
    "between",
    "broadcastable_shapes",
    "check_derivative",
    "dtypes",
    "elementwise",
    "layouts",
    "like",
    "line",
    "nonzero",
    "of",
    "positive",
    "programs",
    "regular",
    "shapes",
    "spread",
    "unit",
]
