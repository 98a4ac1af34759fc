"""The table of calculus: one row for each function of NumPy's.

Importing this package fills the table; each module holds the rows of one kind of function.
"""

from tinygrad_edu.derivatives import (  # noqa: F401 - they fill the table
    arithmetic,
    construction,
    decompositions,
    exponential,
    fourier,
    indexing,
    inverses,
    linear_algebra,
    norms,
    padding,
    polynomials,
    rearranging,
    reductions,
    refused,
    sequences,
    shapes,
    special,
    statistics,
    trigonometric,
    updating,
)
