"""The table of calculus: one row for each function of NumPy's.

Importing this package fills the table; each module holds the rows of one kind of function.
"""

from tinygrad_edu.derivatives import (  # noqa: F401 - they fill the table
    arithmetic,
    decompositions,
    exponential,
    indexing,
    inverses,
    linear_algebra,
    norms,
    rearranging,
    reductions,
    sequences,
    shapes,
    statistics,
    trigonometric,
)
